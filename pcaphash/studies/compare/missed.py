"""Tunnels that no configuration of a comparison looks into, and what looking into them would gain."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pcaphash.device.device import Device
from pcaphash.engine.reading import Reading
from pcaphash.studies.shared.suspicion import Suspected, estimate_excess, find_suspects, join_remedies

MATERIAL = 0.5
"""Looking into a tunnel is worth it where that leaves at most so much of the excess."""

CLEAR = 0.9
"""Looking into more tunnels does better where that leaves at most so much of the excess."""

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
        How far the busiest receive queue would be above ideal if the device looked into them, and into those of
        ``beside``; None where none does.
    is_estimate : bool
        Whether that and ``share`` are estimates, since not all packets were looked at.
    beside : tuple of MissedTunnel
        Other kinds, or other ports, that the device has to look into as well for that.
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
    is_estimate: bool = False
    beside: "tuple[MissedTunnel, ...]" = ()

    @property
    def every(self) -> "list[MissedTunnel]":
        """Every tunnel, the heaviest first."""
        return [self, *self.beside]

    @property
    def whole_share(self) -> float:
        """The share of packets of all of them."""
        return sum(each.share for each in self.every)


def find_missed(reading: Reading, device: Device) -> list[MissedTunnel]:
    """Find the tunnels that a device does not look into, and what it would gain; those with the most packets first.

    Where looking into all of them clearly gains more than looking into any kind alone, those are one entry.
    """
    if not device.has_queue:
        return []
    suspects = [each for each in find_suspects(reading, device) if each.share >= _NOTICEABLE]
    found = []
    for each in suspects:
        remedy = each.remedy
        options = ("", "", ()) if remedy is None else (remedy.spec, remedy.ports_argument, remedy.ports)
        excess = None if remedy is None else estimate_excess(reading, remedy.device)
        about = (each.kind.value, each.port, each.share, each.is_encrypted, each.is_mirrored)
        found.append(MissedTunnel(*about, *options, excess, each.is_estimate))
    return _join(found, _excess_of_all(suspects, reading, device))


def _excess_of_all(suspects: Sequence[Suspected], reading: Reading, device: Device) -> float | None:
    """Return what looking into every tunnel leaves of the excess; None where there is only one kind to look into."""
    remedies = list({each.kind: each.remedy for each in suspects if each.remedy is not None}.values())
    wider = join_remedies(remedies, device) if len(remedies) > 1 else None
    return None if wider is None else estimate_excess(reading, wider)


def _join(found: list[MissedTunnel], excess_of_all: float | None) -> list[MissedTunnel]:
    """Make one entry of all tunnels that can be looked into, if that gains more than one of them alone."""
    chosen = [each for each in found if each.excess is not None]
    if excess_of_all is None or excess_of_all > CLEAR * min(each.excess for each in chosen if each.excess is not None):
        return found
    joined = replace(chosen[0], excess=excess_of_all, beside=tuple(chosen[1:]))
    return [joined, *(each for each in found if each not in chosen)]
