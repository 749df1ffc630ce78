"""The indirection table: which receive queue each value of ``hash & indirection_table_mask`` leads to.

An entry is an rss_rq_id (virtio 1.4, "RSS parameters"): value v stands for virtqueue receiveq(v+1), so that entries are
receive queues counted from 0.
"""

from typing import SupportsIndex

from pcaphash.device.words import Numbers, parse_number, parse_numbers
from pcaphash.errors import ConfigurationError
from pcaphash.standards import virtio

TABLE_OPTION = "--indirection-table"
SIZE_OPTION = "--indirection-table-size"

_MOST = virtio.MOST_INDIRECTION_TABLE_LENGTH
_LENGTH_RULE = f"a table has 1 to {_MOST} entries, since indirection_table_mask is two bytes"


def default_table(size: int, queues: int) -> tuple[int, ...]:
    """Return the table that drivers start with: queue ``i % queues`` at entry ``i``."""
    return tuple(i % queues for i in range(size))


def parse_size(value: SupportsIndex) -> int:
    """Return the number of entries of a table.

    Raises
    ------
    ConfigurationError
        It is no power of two, or a two-byte mask cannot reach it.
    """
    size = parse_number(SIZE_OPTION, value, 1, _MOST, _LENGTH_RULE)
    _check_power_of_two(SIZE_OPTION, size)
    return size


def parse_table(value: Numbers, queues: int) -> tuple[int, ...]:
    """Return an indirection table.

    Parameters
    ----------
    value : str or iterable of int
        Receive queues counted from 0; in text, separated by commas or spaces.
    queues : int
        Receive queues that the device has.

    Raises
    ------
    ConfigurationError
        The number of entries is no power of two or too large, or an entry is no queue of the device.
    """
    table = parse_numbers(TABLE_OPTION, value, 0, queues - 1, _queue_rule(queues))
    if not 0 < len(table) <= _MOST:
        raise ConfigurationError(TABLE_OPTION, f"{len(table)} entries: {_LENGTH_RULE}", f"give 1 to {_MOST} entries")
    _check_power_of_two(TABLE_OPTION, len(table))
    return table


def parse_unclassified_queue(value: SupportsIndex, queues: int) -> int:
    """Return the receive queue of packets without a hash.

    Raises
    ------
    ConfigurationError
        It is no queue of the device.
    """
    return parse_number("--unclassified-queue", value, 0, queues - 1, _queue_rule(queues))


def _check_power_of_two(option: str, size: int) -> None:
    if size & (size - 1):
        below = 1 << (size.bit_length() - 1)
        problem = f"{size} entries: indirection_table_mask + 1 must be a power of two"
        raise ConfigurationError(option, problem, f"give {below} or {2 * below} entries")


def _queue_rule(queues: int) -> str:
    return f"only enabled receive queues may be named, and with --queues {queues} the last is {queues - 1}"
