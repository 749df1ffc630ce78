"""What the receive queue of a packet says of its hash, given the indirection table.

A queue says that the table index is one of the entries that lead to it. Where a sum of bits of the index is the same
for all of these, the packet gives an equation: its queue says what this sum of bits of the hash is. With queue i % 8
at entry i these are the three lowest bits. What else a queue says is not linear; ``refine`` uses it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.studies.recover_key.solution import Sums
from pcaphash.studies.shared.linear.equations import Equations, find_basis
from pcaphash.studies.shared.linear.index_bits import index_bits_of

UNKNOWN = -1


@dataclass(frozen=True, eq=False)
class QueueGroup:
    """Sums of bits of the hash that some receive queues tell.

    Parameters
    ----------
    masks : tuple of int
        The bits of the hash in each sum, the lowest being 1.
    values : int64 array of shape (queues,)
        What each queue says the sums are, a bit for each, the first one lowest; UNKNOWN where it does not.
    """

    masks: tuple[int, ...]
    values: npt.NDArray[np.int64]

    @property
    def sums(self) -> Sums:
        """What a value says of a hash."""
        return tuple((mask, place) for place, mask in enumerate(self.masks))

    def values_of(self, queues: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return what receive queues say; UNKNOWN where they do not."""
        inside = (queues >= 0) & (queues < len(self.values))
        return np.where(inside, self.values[np.where(inside, queues, 0)], UNKNOWN)


@dataclass(frozen=True, eq=False)
class QueueSums:
    """What the receive queues of a device say of hashes.

    Parameters
    ----------
    groups : tuple of QueueGroup
        Sums by the queues that tell them; no sum that a queue tells follows from the others that it tells.
    needed : int
        Bits of the hash that queues depend on, the lowest being 1.
    index_bits : int
        Bits of the table index.
    in_table : bool array of shape (queues,)
        Whether any entry leads to each queue.
    table : int64 array of shape (entries,)
        The indirection table.
    """

    groups: tuple[QueueGroup, ...]
    needed: int
    index_bits: int
    in_table: npt.NDArray[np.bool_]
    table: npt.NDArray[np.int64]

    @property
    def masks(self) -> tuple[int, ...]:
        """All sums that some queue tells."""
        return tuple(sorted({mask for group in self.groups for mask in group.masks}))

    @property
    def is_all(self) -> bool:
        """Whether every queue tells all that queues depend on, so that there is nothing that is not linear."""
        bits = self.needed.bit_count()
        return len(self.groups) == 1 and len(self.groups[0].masks) == bits and bool(
            (self.groups[0].values[self.in_table] != UNKNOWN).all()
        )  # fmt: skip


def find_queue_sums(device: Device) -> QueueSums | None:
    """Find what the receive queues of a device say of hashes; None if no bits of the hash are its table index."""
    index_bits = index_bits_of(device)
    if index_bits is None:
        return None
    table = np.asarray(device.indirection_table, np.int64)
    entries_of = {queue: np.flatnonzero(table == queue).tolist() for queue in sorted(set(device.indirection_table))}
    told = {queue: _checks(entries, index_bits) for queue, entries in entries_of.items()}
    groups: dict[tuple[int, ...], list[int]] = {}  # the masks, by the queues that tell them
    chosen: dict[int, list[int]] = {queue: [] for queue in entries_of}
    holding = {
        mask: [queue for queue, entries in entries_of.items() if _is_constant(mask, entries)]
        for mask in sorted({mask for checks in told.values() for mask in checks})
    }
    # Sums that most queues tell come first, so that there are few groups.
    for mask, queues in sorted(holding.items(), key=lambda each: (-len(each[1]), each[0].bit_count(), each[0])):
        new = [queue for queue in queues if len(find_basis([*chosen[queue], mask])) > len(chosen[queue])]
        for queue in new:
            chosen[queue].append(mask)
        if new:
            groups.setdefault(tuple(new), []).append(mask)
    needed = sum(1 << bit for bit in range(index_bits) if (table[np.arange(len(table)) ^ 1 << bit] != table).any())
    in_table = np.isin(np.arange(device.queues), table)
    return QueueSums(
        tuple(_group(masks, queues, entries_of, device.queues) for queues, masks in groups.items()),
        needed,
        index_bits,
        in_table,
        table,
    )


def _checks(entries: Sequence[int], index_bits: int) -> tuple[int, ...]:
    """Return sums of bits that are the same in all entries; all others are sums of these."""
    differences = find_basis([entry ^ entries[0] for entry in entries], index_bits)
    return Equations(differences, index_bits).checks


def _is_constant(mask: int, entries: Sequence[int]) -> bool:
    return len({(mask & entry).bit_count() % 2 for entry in entries}) == 1


def _group(masks: Sequence[int], queues: Sequence[int], entries_of: dict[int, list[int]], n_queues: int) -> QueueGroup:
    values = np.full(n_queues, UNKNOWN, np.int64)
    for queue in queues:
        entry = entries_of[queue][0]
        values[queue] = sum((mask & entry).bit_count() % 2 << place for place, mask in enumerate(masks))
    return QueueGroup(tuple(masks), values)
