"""Find the packets in a block of a pcap file, and what a packet that was found is (``sections`` does so for pcapng).

Indexing comes before dissecting, so that every question works on every file format, and a selection of packets is a
selection of records. Blocks are cut anywhere: what is not complete yet is left for the next block.
"""

from typing import Any

import numpy as np

from pcaphash.kernels.base import be32, kernel, le32, load16, load32, pointer, step
from pcaphash.kernels.timestamps import NS
from pcaphash.standards import ethernet as eth
from pcaphash.standards import pcap

DIRECTION_UNKNOWN = 0
DIRECTION_IN = 1
DIRECTION_OUT = 2

INTERFACE_UNKNOWN = 0xFFFFFFFF

RECORD = np.dtype(
    [
        ("start", np.uint32),  # of the record or pcapng block that holds the packet, in the block's bytes
        ("offset", np.uint32),  # of the packet's first byte
        ("end", np.uint32),  # of the record or pcapng block
        ("captured_length", np.uint32),  # in bytes
        ("original_length", np.uint32),  # in bytes, as the file says (it may be less than captured_length)
        ("interface", np.uint32),  # number in the pcapng section, counted from 0; INTERFACE_UNKNOWN in pcap
        ("time_ns", np.int64),  # since 1970, UTC, rounded down; NO_TIMESTAMP for none
        ("interface_index", np.uint32),  # that Linux gave it, from cooked headers (SLL2); INTERFACE_UNKNOWN without one
        ("link_type", np.uint16),
        ("direction", np.uint8),
        ("block_type", np.uint8),  # of the pcapng block; 0 in pcap
    ],
    align=True,
)
"""One packet of a block, and all that its file says of it.

If a packet is taken out of what was put around it, its offset, lengths and link type are those of the packet inside;
``start`` and ``end`` still are those of the record. Both are 0 in records of packets that were copied out of a block.
"""

# Why indexing stopped.
NEEDS_MORE = 0  # the block ends within a record
RECORDS_FULL = 1  # no room for what another record needs
IS_DAMAGED = 2  # what follows is no record that can be
IS_CONTROL = 3  # pcapng: a section header or an interface description follows; pcap: the header of another file
IS_SKIPPED = 4  # pcapng: a block without packets follows that does not end in these bytes
IS_UNCOMMON = 5  # a packet follows that is stored in a way that this kernel does not know
IS_PACKET = 6  # of a step: it does not stop, there is a packet

# What is damaged.
RECORD_TOO_LONG = 1
BLOCK_LENGTH_INVALID = 2
BLOCK_LENGTHS_DIFFER = 3
UNDECLARED_INTERFACE = 4
PACKET_TOO_LONG = 5


@step
def cooked_direction(d: Any, offset: int, captured_end: int, link_type: int) -> int:
    """Read from a Linux cooked header whether the capturing host sent the packet."""
    if link_type == eth.LINUX_SLL and offset + 2 <= captured_end:
        packet_type = (np.int64(d[offset]) << 8) | np.int64(d[offset + 1])
    elif link_type == eth.LINUX_SLL2 and offset + eth.SLL2_PACKET_TYPE_OFFSET < captured_end:
        packet_type = np.int64(d[offset + eth.SLL2_PACKET_TYPE_OFFSET])
    else:
        return DIRECTION_UNKNOWN
    if packet_type == eth.SLL_OUTGOING:
        return DIRECTION_OUT
    return DIRECTION_IN if packet_type < eth.SLL_OUTGOING else DIRECTION_UNKNOWN


@step
def cooked_index(d: Any, offset: int, captured_length: int, link_type: int) -> int:
    """Read the index of the interface from a Linux cooked header of the second version, if there is one."""
    if link_type == eth.LINUX_SLL2 and captured_length >= eth.SLL2_PACKET_TYPE_OFFSET:
        return be32(d, offset + eth.SLL2_INTERFACE_OFFSET)
    return INTERFACE_UNKNOWN


@step
def is_file_header(d: Any, offset: int) -> bool:
    """Tell whether 16 bytes where a record is due begin the file header of another pcap file (``pcap.begins_file``).

    Whoever joins files without a tool for it leaves such headers between records. Read as a record's header, one has a
    captured length of 0 or the version as its fraction of a second: only then this needs to be asked.
    """
    magic = le32(d, offset)
    is_little = magic == pcap.MAGIC_MICROSECONDS or magic == pcap.MAGIC_NANOSECONDS or magic == pcap.MAGIC_MODIFIED
    magic = be32(d, offset)
    is_big = magic == pcap.MAGIC_MICROSECONDS or magic == pcap.MAGIC_NANOSECONDS or magic == pcap.MAGIC_MODIFIED
    if not is_little and not is_big:
        return False
    major, minor = load16(d, offset + 4, is_big), load16(d, offset + 6, is_big)
    zone = load32(d, offset + 8, is_big)
    if zone >= 1 << 31:
        zone = (1 << 32) - zone
    is_zone = zone <= pcap.MOST_ZONE and zone % pcap.ZONE_STEP == 0 and (zone == 0 or minor == pcap.VERSION_MINOR)
    return major == pcap.VERSION_MAJOR and minor <= pcap.VERSION_MINOR and is_zone and le32(d, offset + 12) == 0


@kernel
def index_pcap(
    block: Any, start: int, end: int, records: Any, link_type: int, big_endian: bool, header_len: int, fraction_ns: int
) -> tuple[int, int, int, int]:
    """Index the records of a pcap file.

    Parameters
    ----------
    block : uint8 array
        Bytes of the file.
    start, end : int
        Where the first record header starts, and where the valid bytes end.
    records : RECORD array
        Written.
    link_type, big_endian, header_len, fraction_ns
        Of the file: link type, byte order, length of a record header, nanoseconds in a unit of its fraction.

    Returns
    -------
    n_records : int
        How many records were written.
    consumed : int
        Where the first record that was not written starts.
    status, damage : int
        Why indexing stopped, and what is damaged.
    """
    d = pointer(block)
    version = pcap.BIG_VERSION if big_endian else pcap.LITTLE_VERSION
    offset = np.int64(start)
    n = 0
    while offset + header_len <= end:
        captured_length = load32(d, offset + 8, big_endian)
        if captured_length > pcap.MOST_CAPTURED:
            return n, offset, IS_DAMAGED, RECORD_TOO_LONG
        if captured_length == 0 or load32(d, offset + 4, False) == version:
            if is_file_header(d, offset):
                return n, offset, IS_CONTROL, 0
        packet = offset + header_len
        if packet + captured_length > end:
            break
        if n == len(records):
            return n, offset, RECORDS_FULL, 0
        records[n]["start"] = offset
        records[n]["offset"] = packet
        records[n]["end"] = packet + captured_length
        records[n]["captured_length"] = captured_length
        records[n]["original_length"] = load32(d, offset + 12, big_endian)
        records[n]["interface"] = INTERFACE_UNKNOWN
        records[n]["time_ns"] = load32(d, offset, big_endian) * NS + load32(d, offset + 4, big_endian) * fraction_ns
        records[n]["interface_index"] = cooked_index(d, packet, captured_length, link_type)
        records[n]["link_type"] = link_type
        records[n]["direction"] = cooked_direction(d, packet, packet + captured_length, link_type)
        records[n]["block_type"] = 0
        n += 1
        offset = packet + captured_length
    return n, offset, NEEDS_MORE, 0


@kernel
def walk_pcap(block: Any, start: int, end: int) -> tuple[int, int, int, int]:
    """Count the records of the most common kind of file (``census.count_pcap``) without looking at the packets.

    Parameters
    ----------
    block : uint8 array
        Bytes of the file.
    start, end : int
        Where the first record header starts, and where the valid bytes end.

    Returns
    -------
    n_records, consumed, status, damage : int
        As ``index_pcap`` returns them; records are never full.
    """
    d = pointer(block)
    offset = np.int64(start)
    n = 0
    while offset + pcap.RECORD_HEADER_LEN <= end:
        captured_length = le32(d, offset + 8)
        if captured_length > pcap.MOST_CAPTURED:
            return n, offset, IS_DAMAGED, RECORD_TOO_LONG
        if captured_length == 0 or le32(d, offset + 4) == pcap.LITTLE_VERSION:
            if is_file_header(d, offset):
                return n, offset, IS_CONTROL, 0
        after = offset + pcap.RECORD_HEADER_LEN + captured_length
        if after > end:
            break
        n += 1
        offset = after
    return n, offset, NEEDS_MORE, 0
