"""The indirection table: which receive queue each hash leads to, by ``hash & indirection_table_mask``.

An entry is an rss_rq_id (virtio 1.4, "RSS parameters"): value v stands for virtqueue receiveq(v+1), so that entries are
receive queues counted from 0. Physical NICs may have tables of other lengths than powers of two, and take the remainder
of the hash in place of the mask.
"""

from dataclasses import dataclass
from typing import SupportsIndex

from pcaphash.device.words import Numbers, parse_number, parse_numbers
from pcaphash.errors import ConfigurationError, Field
from pcaphash.standards import virtio

TABLE_FIELD = Field("indirection_table")
SIZE_FIELD = Field("indirection_table_size")
INDEX_FIELD = Field("table_index")
UNCLASSIFIED_FIELD = Field("unclassified_queue")

TABLE_INDEXES = ("mask", "modulo")
"""What of a hash chooses the entry: its low bits, or its remainder by the length of the table."""

_MOST = virtio.MOST_INDIRECTION_TABLE_LENGTH
_LENGTH_RULE = f"a table has 1 to {_MOST} entries, since indirection_table_mask is two bytes"


@dataclass(frozen=True)
class _QueueRule:
    """Which receive queues a device has; the words are found only where somebody needs them."""

    queues: int

    def __str__(self) -> str:
        return (
            "only enabled receive queues are allowed; "
            f"with {Field('queues', self.queues)}, the last is {self.queues - 1}"
        )


def default_table(size: int, queues: int) -> tuple[int, ...]:
    """Return the table that drivers start with: queue ``i % queues`` at entry ``i``."""
    return tuple(i % queues for i in range(size))


def parse_size(value: SupportsIndex, table_index: str = "mask") -> int:
    """Return the number of entries of a table.

    Raises
    ------
    ConfigurationError
        It is not a power of two and the table index is ``mask``, or a two-byte mask cannot reach it.
    """
    size = parse_number(SIZE_FIELD, value, 1, _MOST, _LENGTH_RULE)
    _check_length(SIZE_FIELD, size, table_index)
    return size


def parse_table(value: Numbers, queues: int, table_index: str = "mask") -> tuple[int, ...]:
    """Return an indirection table.

    Parameters
    ----------
    value : str or iterable of int
        Receive queues counted from 0; in text, separated by commas or spaces.
    queues : int
        Receive queues that the device has.
    table_index : str
        One of TABLE_INDEXES.

    Raises
    ------
    ConfigurationError
        The number of entries is too large, or not a power of two under table index ``mask``, or an entry is not a queue
        of the device.
    """
    table = parse_numbers(TABLE_FIELD, value, 0, queues - 1, _QueueRule(queues))
    if not 0 < len(table) <= _MOST:
        raise ConfigurationError(TABLE_FIELD, f"{len(table)} entries: {_LENGTH_RULE}", f"give 1 to {_MOST} entries")
    _check_length(TABLE_FIELD, len(table), table_index)
    return table


def parse_unclassified_queue(value: SupportsIndex, queues: int) -> int:
    """Return the receive queue of packets without a hash.

    Raises
    ------
    ConfigurationError
        It is not a queue of the device.
    """
    return parse_number(UNCLASSIFIED_FIELD, value, 0, queues - 1, _QueueRule(queues))


def _check_length(place: Field | str, size: int, table_index: str) -> None:
    if table_index == "mask" and size & (size - 1):
        below = 1 << (size.bit_length() - 1)
        problem = f"{size} is not a power of two, as the spec requires of the length of a table"
        raise ConfigurationError(
            place, problem, f"give {below} or {2 * below} entries, or use {Field('table_index', 'modulo')}"
        )
