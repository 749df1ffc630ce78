"""What about a device's hash key and indirection table bears on tuning, as facts, besides ``find_warnings``."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pcaphash.device.device import Device
from pcaphash.kernels.toeplitz import KEY_LEN
from pcaphash.studies.key.facts import hash_rank_of

_LEAST_ENTRIES = 4  # of a table for each receive queue: with fewer, not even equal entries can be shared out evenly
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


Caution = UnusedQueues | ZeroKey | RepeatingKey | SmallTable | UnequalEntries


def list_cautions(device: Device) -> list[Caution]:
    """List what about a device's key and table bears on tuning."""
    found: list[Caution] = []
    unused = find_unused(device)
    if unused is not None:
        found.append(unused)
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
    if unused is None and queues & queues - 1 and entries.min() < entries.max():
        found.append(UnequalEntries(queues, int(entries.min()), int(entries.max())))
    return found


def find_unused(device: Device) -> UnusedQueues | None:
    """Find receive queues to which a table with room for all of them never leads; None if there are none."""
    used = len(set(device.indirection_table))
    is_possible = len(device.indirection_table) >= device.queues
    return UnusedQueues(used, device.queues) if is_possible and used < device.queues else None
