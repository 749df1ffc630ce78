"""Tunnels that no configuration of a comparison looks into, and whether they are why packets spread unevenly."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pcaphash.device.device import Device
from pcaphash.engine.reading import Reading
from pcaphash.studies.compare.causes import Cause, HeavyFlow
from pcaphash.studies.suspicion import estimate_excess, find_suspects

if TYPE_CHECKING:
    from pcaphash.studies.compare.verdict import Finding

MATERIAL = 0.5
"""Looking into a tunnel is worth it where that leaves at most so much of the excess."""

_NOTICEABLE = 0.05  # share of packets below which a tunnel explains nothing
_MAIN = 0.5  # of the packets, or of a heavy flow's, in a tunnel that is said to be the cause
_OF_FLOWS = (Cause.FEW_INPUTS, Cause.HEAVY_FLOWS, Cause.FEW_FLOWS, Cause.UNEVEN)


@dataclass(frozen=True)
class MissedTunnel:
    """Behind ``Cause.MISSED_TUNNEL``: packets that look like a tunnel into which no configuration looks.

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


def blamed_tunnel(finding: "Finding", missed: Sequence[MissedTunnel]) -> MissedTunnel | None:
    """Return the missed tunnel that is why a configuration spreads packets as it does; None where none is."""
    return next((each for each in missed if _is_cause(finding, each) and _helps(finding, each)), None)


def _helps(finding: "Finding", missed: MissedTunnel) -> bool:
    return missed.excess is None or missed.excess <= MATERIAL * finding.excess


def _is_cause(finding: "Finding", missed: MissedTunnel) -> bool:
    facts = finding.facts
    if not isinstance(facts, HeavyFlow):
        return finding.cause in _OF_FLOWS and missed.share >= _MAIN
    has_port = missed.port is not None and f":{missed.port} " in f"{facts.endpoints} "
    is_same = has_port if finding.cause == Cause.SINGLE_FLOW else missed.port is None
    return is_same and missed.share >= _MAIN * facts.share
