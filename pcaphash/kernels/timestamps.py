"""Read when packets were captured, from the record headers in front of them; only studies that ask pay for it."""

from typing import Any

import numpy as np

from pcaphash.kernels.base import kernel, load32, pointer, step
from pcaphash.kernels.records import interface_number
from pcaphash.standards import pcap

NO_TIMESTAMP = int(np.iinfo(np.int64).min)  # the file gives none, or none that fits

_NS = 1_000_000_000


@kernel
def timestamps_pcap(
    block: Any, records: Any, big_endian: bool, header_len: int, fraction_ns: int, timestamps: Any
) -> None:
    """Read the timestamps of a pcap file's records.

    Parameters
    ----------
    block, records
        As ``records.index_pcap`` filled them.
    big_endian, header_len, fraction_ns
        Of the file: byte order, length of a record header, nanoseconds in a unit of its fraction.
    timestamps : int64 array of shape (n_records,)
        Written: nanoseconds since 1970, UTC.
    """
    d = pointer(block)
    for i in range(len(records)):
        header = np.int64(records[i]["offset"]) - header_len
        timestamps[i] = load32(d, header, big_endian) * _NS + load32(d, header + 4, big_endian) * fraction_ns


@kernel
def timestamps_pcapng(block: Any, records: Any, interfaces: Any, big_endian: bool, timestamps: Any) -> None:
    """Read the timestamps of a pcapng section's packet blocks.

    Parameters
    ----------
    block, records, interfaces, big_endian
        As ``records.index_pcapng`` took and filled them.
    timestamps : int64 array of shape (n_records,)
        Written: nanoseconds since 1970, UTC, rounded down; NO_TIMESTAMP for simple packet blocks.
    """
    d = pointer(block)
    for i in range(len(records)):
        packet = np.int64(records[i]["offset"])
        block_type = np.int64(records[i]["block_type"])
        timestamps[i] = NO_TIMESTAMP
        if block_type != pcap.SIMPLE_PACKET:
            interface = interfaces[interface_number(d, packet, block_type, big_endian)]
            high = np.uint64(load32(d, packet - 16, big_endian))
            low = np.uint64(load32(d, packet - 12, big_endian))
            timestamps[i] = _timestamp_ns((high << np.uint64(32)) | low, interface)


@step
def _binary_fraction_ns(fraction: Any, exponent: int) -> int:
    """Return ``fraction * 10**9 >> exponent``, exactly, in halves of 32 bits since the product needs 94."""
    high = (fraction >> np.uint64(32)) * np.uint64(_NS)
    low = (fraction & np.uint64(0xFFFFFFFF)) * np.uint64(_NS)
    if exponent < 32:
        return np.int64(low >> np.uint64(exponent))
    if exponent >= 96:
        return np.int64(0)
    return np.int64((high + (low >> np.uint64(32))) >> np.uint64(exponent - 32))


@step
def _timestamp_ns(ticks: Any, interface: Any) -> int:
    """Convert an interface's ticks to nanoseconds since 1970, rounded down; NO_TIMESTAMP where that does not fit."""
    exponent = np.int64(interface["exponent"])
    unit = interface["ticks"]
    if interface["binary"]:
        shift = np.uint64(exponent)
        seconds = ticks >> shift if exponent < 64 else np.uint64(0)
        rest = ticks - (seconds << shift) if exponent < 64 else ticks
        fraction = _binary_fraction_ns(rest, exponent)
    elif exponent <= 9:
        seconds = ticks // unit
        fraction = np.int64((ticks - seconds * unit) * (np.uint64(_NS) // unit))
    else:
        nanoseconds = ticks // unit if unit else np.uint64(0)
        seconds = nanoseconds // np.uint64(_NS)
        fraction = np.int64(nanoseconds - seconds * np.uint64(_NS))
    if seconds > np.uint64(1) << np.uint64(62):
        return NO_TIMESTAMP
    total = np.int64(seconds) + interface["offset_seconds"]
    if total < -9_223_372_036 or total > 9_223_372_035:
        return NO_TIMESTAMP
    return total * _NS + fraction
