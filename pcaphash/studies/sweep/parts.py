"""Which bits of the masks matter to which packets, so that few questions answer for all masks.

A tunnel type matters to a packet only by leading to its inner header or not. Of the base types only those matter that,
enabled alone, give the header that is then hashed a hash: the first enabled one of a list is the packet's hash type. So
packets fall into parts, and a part asks about few bits.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.engine.census.census import Census
from pcaphash.engine.census.decision import Decision, decide
from pcaphash.engine.census.distribution import distribute
from pcaphash.standards import virtio
from pcaphash.studies.sweep.masks import BASE_BITS, N_BASES, configure, tunnel_bits

N_COUNTS = 3
"""Counts of packets in front of the queues in a row of loads: hashed, unhashed, unknown."""

_ANY_ADDRESSES = virtio.HASH_TYPE_IPV4 | virtio.HASH_TYPE_IPV6  # give every IP header a hash, whatever was captured

Decide = Callable[[int, int, int], Decision]


@dataclass(frozen=True)
class Condition:
    """What must hold of a set of tunnel types for a part to count.

    Parameters
    ----------
    tunnels : int
        The tunnel types that lead to the inner header of the packets; 0 where none does, and the condition holds.
    is_enabled : bool
        Whether one of them must be enabled, or none.
    """

    tunnels: int
    is_enabled: bool

    def holds(self, tunnels: int) -> bool:
        """Tell whether it holds of a set of tunnel types."""
        return bool(tunnels & self.tunnels) == self.is_enabled


@dataclass(frozen=True, eq=False)
class CensusPart:
    """Packets for which the same base types matter, and where they go under each choice of these.

    Parameters
    ----------
    condition : Condition
        When they do.
    bases : int
        The base types that matter.
    loads : dict of int to int64 array of shape (N_COUNTS + 2 * queues,)
        By which of them are enabled: packets hashed, unhashed and unknown, packets on each queue, bytes on each queue.
    """

    condition: Condition
    bases: int
    loads: dict[int, npt.NDArray[np.int64]]


def find_parts(census: Census, device: Device) -> list[CensusPart]:
    """Divide a census into parts.

    Parameters
    ----------
    census : Census
        The counts.
    device : Device
        Gives everything but the types.
    """
    configured = cache(lambda base, tunnels: configure(device, base, tunnels))

    def ask(signature: int, base: int, tunnels: int) -> Decision:
        return decide(signature, configured(base, tunnels))

    signatures: dict[tuple[Condition, int], list[int]] = {}
    for signature in census.signatures():
        for condition in _conditions(signature, tunnel_bits(device), ask):
            bases = _bases(signature, _lowest(condition), ask)
            signatures.setdefault((condition, bases), []).append(signature)

    def load(condition: Condition, base: int, of: list[int]) -> npt.NDArray[np.int64]:
        spread = distribute(census, configured(base, _lowest(condition)), of)
        return np.concatenate([[spread.hashed, spread.unhashed, spread.unknown], spread.queues.T.reshape(-1)])

    return [
        CensusPart(condition, bases, {base: load(condition, base, of) for base in _subsets(bases)})
        for (condition, bases), of in signatures.items()
    ]


def _conditions(signature: int, bits: tuple[int, ...], ask: Decide) -> list[Condition]:
    """Say which tunnel types lead elsewhere, both ways: where they do, and where they do not."""
    outer = ask(signature, _ANY_ADDRESSES, 0)
    tunnels = sum(bit for bit in bits if ask(signature, _ANY_ADDRESSES, bit) != outer)
    return [Condition(tunnels, is_enabled) for is_enabled in ((False, True) if tunnels else (False,))]


def _lowest(condition: Condition) -> int:
    """Return the smallest set of tunnel types of which a condition holds."""
    return condition.tunnels & -condition.tunnels if condition.is_enabled else 0


def _bases(signature: int, tunnels: int, ask: Decide) -> int:
    """Return the base types that matter."""
    nothing = ask(signature, 0, tunnels)
    return sum(bit for bit in BASE_BITS if ask(signature, bit, tunnels) != nothing)


def _subsets(mask: int) -> Iterator[int]:
    """Give every mask of some bits, ascending."""
    return (subset for subset in range(N_BASES) if not subset & ~mask)
