"""What about a device's hash key and indirection table bears on tuning, as facts, besides ``find_warnings``."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.device.indirection_table import default_table
from pcaphash.kernels.toeplitz import KEY_LEN
from pcaphash.studies.key.facts import hash_rank_of
from pcaphash.studies.shared.chance.spread import EVEN, spread
from pcaphash.studies.tune.trial import place

_LEAST_ENTRIES = 4  # of a table for each receive queue: with fewer, not even equal entries can be shared out evenly
_OF_EXCESS = 0.5  # what an even table leaves of it at most where the table is named as the cause
_OF_ENTRIES = 0.5  # of the excess must come from the entries that the busiest receive queue has above its share
_WORD = 2  # bytes that a symmetric key repeats


@dataclass(frozen=True)
class ZeroKey:
    """The key is all zero, so every hash is 0."""

    kind: ClassVar[str] = "zero-key"


@dataclass(frozen=True)
class RepeatingKey:
    """The key repeats so many bytes, so hashes have only so many values."""

    kind: ClassVar[str] = "repeating-key"
    repeated_bytes: int
    hash_values: int


@dataclass(frozen=True)
class SmallTable:
    """The indirection table has fewer than ``least_per_queue`` entries for each receive queue."""

    kind: ClassVar[str] = "small-table"
    entries: int
    least_per_queue: int
    queues: int


@dataclass(frozen=True)
class UnequalEntries:
    """The receive queues are not a power of two, and have between ``fewest`` and ``most`` table entries each."""

    kind: ClassVar[str] = "unequal-entries"
    queues: int
    fewest: int
    most: int


@dataclass(frozen=True)
class UnusedQueues:
    """The indirection table leads to only ``used`` of the receive queues."""

    kind: ClassVar[str] = "unused-queues"
    used: int
    queues: int


@dataclass(frozen=True)
class BlamedTable:
    """The indirection table is why the packets spread unevenly.

    Parameters
    ----------
    queue, entries : int
        The receive queue with the most entries, and how many it has.
    table_size, queues : int
        Entries and receive queues in all.
    excess, excess_even : float
        How far the busiest receive queue is above its ideal share of packets, and would be with a table in which the
        receive queues take turns.
    """

    kind: ClassVar[str] = "uneven-table"
    queue: int
    entries: int
    table_size: int
    queues: int
    excess: float
    excess_even: float


Caution = UnusedQueues | BlamedTable | ZeroKey | RepeatingKey | SmallTable | UnequalEntries


def list_cautions(device: Device, loads: npt.NDArray[np.int64], fixed: npt.NDArray[np.int64]) -> list[Caution]:
    """List what about a device's key and table bears on tuning.

    Parameters
    ----------
    device : Device
        The device.
    loads : int64 array of shape (entries, 2)
        Packets and bytes of each entry of its table.
    fixed : int64 array of shape (queues, 2)
        Packets and bytes that each receive queue has whatever the table says.
    """
    found: list[Caution] = []
    unused = find_unused(device)
    if unused is not None:
        found.append(unused)
    elif (uneven := _find_uneven(device, loads[:, :1], fixed[:, :1])) is not None:
        found.append(uneven)
    key = device.hash_key[:KEY_LEN].ljust(KEY_LEN, b"\0")
    if not any(key):
        found.append(ZeroKey())
    else:
        repeated = next((n for n in (1, _WORD) if key == key[:n] * (KEY_LEN // n)), None)
        if repeated is not None:
            found.append(RepeatingKey(repeated, 1 << hash_rank_of(key, 8 * KEY_LEN - 32)))
    n_entries, queues = len(device.indirection_table), device.queues
    if n_entries < _LEAST_ENTRIES * queues:
        found.append(SmallTable(n_entries, _LEAST_ENTRIES, queues))
    entries = np.bincount(device.indirection_table, minlength=queues)
    if not is_table_doubtful(found) and queues & queues - 1 and entries.min() < entries.max():
        found.append(UnequalEntries(queues, int(entries.min()), int(entries.max())))
    return found


def is_table_doubtful(found: list[Caution]) -> bool:
    """Tell whether the table itself is doubtful."""
    return any(isinstance(each, UnusedQueues | BlamedTable) for each in found)


def _find_uneven(device: Device, packets: npt.NDArray[np.int64], fixed: npt.NDArray[np.int64]) -> BlamedTable | None:
    """Find out whether the table is why the packets of its entries spread unevenly; None if it is not."""
    table, queues = device.indirection_table, device.queues
    even = default_table(len(table), queues)
    loads, loads_even = ((place(packets, each, queues) + fixed)[:, 0] for each in (table, even))
    excess, excess_even = (spread(each)["max_ideal"] for each in (loads, loads_even))
    if len(table) < queues or not excess > EVEN or excess_even > _OF_EXCESS * excess:
        return None
    entries = np.bincount(table, minlength=queues)
    # Equal entries in another order may spread better by chance; the busiest queue must have more of them than others.
    if entries[loads.argmax()] * queues / len(table) - 1 < _OF_ENTRIES * excess:
        return None
    return BlamedTable(int(entries.argmax()), int(entries.max()), len(table), queues, excess, excess_even)


def find_unused(device: Device) -> UnusedQueues | None:
    """Find receive queues to which a table with room for all of them never leads; None if there are none."""
    used = len(set(device.indirection_table))
    is_possible = len(device.indirection_table) >= device.queues
    return UnusedQueues(used, device.queues) if is_possible and used < device.queues else None
