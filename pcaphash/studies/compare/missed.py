"""Tunnels that no configuration of a comparison looks into, and what looking into them would gain."""

from dataclasses import dataclass

from pcaphash.device.device import Device
from pcaphash.engine.reading import Reading
from pcaphash.studies.shared.suspicion import estimate_excess, find_suspects

MATERIAL = 0.5
"""Looking into a tunnel is worth it where that leaves at most so much of the excess."""

_NOTICEABLE = 0.05  # share of packets below which a tunnel explains nothing


@dataclass(frozen=True)
class MissedTunnel:
    """For ``Cause.MISSED_TUNNEL``: packets that look like a tunnel into which no configuration looks.

    Parameters
    ----------
    kind : str
        What they look like.
    port : int or None
        The UDP port that they have in common.
    share : float
        Their share of packets.
    is_encrypted, is_mirrored : bool
        As ``suspicion.Suspected`` has them.
    spec, ports_argument, ports
        As ``suspicion.Remedy`` has them; empty where nothing looks into them.
    excess : float or None
        How far the busiest receive queue would be above ideal if the device looked into them; None where none does.
    """

    kind: str
    port: int | None
    share: float
    is_encrypted: bool
    is_mirrored: bool
    spec: str
    ports_argument: str
    ports: tuple[int, ...]
    excess: float | None


def find_missed(reading: Reading, device: Device) -> list[MissedTunnel]:
    """Find the tunnels that a device does not look into, and what it would gain; those with the most packets first."""
    if not device.has_queue:
        return []
    found = []
    for each in find_suspects(reading, device):
        if each.share < _NOTICEABLE:
            continue
        remedy = each.remedy
        options = ("", "", ()) if remedy is None else (remedy.spec, remedy.ports_argument, remedy.ports)
        excess = None if remedy is None else estimate_excess(reading, remedy.device)
        about = (each.kind.value, each.port, each.share, each.is_encrypted, each.is_mirrored)
        found.append(MissedTunnel(*about, *options, excess))
    return found
