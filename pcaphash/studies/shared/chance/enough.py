"""How many packets it takes to judge how they spread over receive queues, and how much of them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pcaphash.engine.census.decision import REASON_TRUNCATED

if TYPE_CHECKING:
    from pcaphash.engine.census.distribution import Distribution

CUT = 0.2
"""Nothing is judged where the capture does not show enough of so many of the packets."""

ENOUGH_CAPTURED = 256
"""So many bytes of a packet show both headers: VLAN tags, IPv6 and 128 bytes of GENEVE options leave some over."""

LEAST_INPUTS = 4
"""Distinct hash inputs below which halves of them say nothing."""

LEAST_PER_QUEUE, LEAST = 4, 32
"""Packets for each receive queue, and in all, below which nothing is judged: a single packet decides too much then."""


@dataclass(frozen=True)
class CutShort:
    """Why nothing is judged: how many packets there are, and of how many the capture does not show enough."""

    packets: int
    cut: int


def packets_needed(queues: int, parts: int = 1) -> int:
    """Return how many packets it takes to judge how each of so many equal parts spreads over receive queues."""
    return parts * max(LEAST, LEAST_PER_QUEUE * queues)


def cut_packets(distribution: "Distribution") -> int:
    """Return of how many packets the capture does not show enough for a device, if it is too many to judge; else 0."""
    n_cut = distribution.reasons.get(REASON_TRUNCATED, 0)
    return n_cut if is_cut_short(n_cut, distribution.packets) else 0


def is_cut_short(n_cut: int, n_packets: int) -> bool:
    """Tell whether the capture does not show enough of too many packets to judge them."""
    return n_cut > 0 and n_cut >= CUT * n_packets
