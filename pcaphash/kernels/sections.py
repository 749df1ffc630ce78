"""Find the packets in a block of a pcapng section (draft-ietf-opsawg-pcapng)."""

from typing import Any

import numpy as np

from pcaphash.kernels.base import kernel, load16, load32, pointer, step
from pcaphash.kernels.records import (
    BLOCK_LENGTH_INVALID,
    BLOCK_LENGTHS_DIFFER,
    DIRECTION_IN,
    DIRECTION_OUT,
    DIRECTION_UNKNOWN,
    IS_CONTROL,
    IS_DAMAGED,
    IS_PACKET,
    IS_SKIPPED,
    IS_UNCOMMON,
    NEEDS_MORE,
    PACKET_TOO_LONG,
    RECORD_TOO_LONG,
    RECORDS_FULL,
    UNDECLARED_INTERFACE,
    cooked_direction,
    cooked_index,
)
from pcaphash.kernels.timestamps import NO_TIMESTAMP, interface_time
from pcaphash.standards import pcap

INTERFACE = np.dtype(
    [
        ("offset_seconds", np.int64),  # if_tsoffset
        ("ticks", np.uint64),  # of a decimal resolution in a second, or in a nanosecond where they are shorter
        ("most_plain_ticks", np.uint64),  # up to which a time is ticks * tick_ns + offset_ns, and all of it fits
        ("tick_ns", np.int64),
        ("offset_ns", np.int64),
        ("snap_length", np.uint32),  # in bytes; 0 for none
        ("exponent", np.uint8),  # of the resolution: a tick is base ** -exponent seconds
        ("binary", np.uint8),  # whether the base is 2, not 10
        ("link_type", np.uint16),
    ],
    align=True,
)
"""One interface of a pcapng section."""


@step
def _flags_direction(d: Any, offset: int, end: int, big_endian: bool) -> int:
    """Read the direction from the option epb_flags, where there is one."""
    while offset + 4 <= end:
        code = load16(d, offset, big_endian)
        length = load16(d, offset + 2, big_endian)
        if code == pcap.OPTION_END or offset + 4 + length > end:
            break
        if code == pcap.OPTION_EPB_FLAGS and length == 4:
            flags = load32(d, offset + 4, big_endian) & 3
            if flags == pcap.FLAGS_INBOUND:
                return DIRECTION_IN
            if flags == pcap.FLAGS_OUTBOUND:
                return DIRECTION_OUT
            break
        offset += 4 + ((length + 3) & ~3)
    return DIRECTION_UNKNOWN


@step
def check_packet_block(
    d: Any, offset: int, end: int, block_type: int, big_endian: bool, n_interfaces: int
) -> tuple[int, int, int]:
    """Return what of an enhanced or obsolete packet block is damaged, or 0; its interface, and its captured length."""
    if offset + pcap.PACKET_BLOCK_OFFSET + 4 > end:
        return BLOCK_LENGTH_INVALID, 0, 0
    is_obsolete = block_type == pcap.OBSOLETE_PACKET
    number = load16(d, offset + 8, big_endian) if is_obsolete else load32(d, offset + 8, big_endian)
    if number >= n_interfaces:
        return UNDECLARED_INTERFACE, number, 0
    captured_length = load32(d, offset + 20, big_endian)
    if offset + pcap.PACKET_BLOCK_OFFSET + ((captured_length + 3) & ~3) + 4 > end:
        return PACKET_TOO_LONG, number, captured_length
    return 0, number, captured_length


@step
def _read_packet_block(
    d: Any, offset: int, end: int, block_type: int, big_endian: bool, interfaces: Any, n_interfaces: int, record: Any
) -> int:
    """Read an enhanced or obsolete packet block (sections 4.3 and A of the draft); return what is damaged, or 0."""
    damage, number, captured_length = check_packet_block(d, offset, end, block_type, big_endian, n_interfaces)
    if damage:
        return damage
    packet = offset + pcap.PACKET_BLOCK_OFFSET
    options = packet + ((captured_length + 3) & ~3)
    link_type = np.int64(interfaces[number]["link_type"])
    direction = _flags_direction(d, options, end - 4, big_endian)
    if direction == DIRECTION_UNKNOWN:
        direction = cooked_direction(d, packet, packet + captured_length, link_type)
    record["start"] = offset
    record["offset"] = packet
    record["end"] = end
    record["captured_length"] = captured_length
    record["original_length"] = load32(d, offset + 24, big_endian)
    record["interface"] = number
    high, low = load32(d, offset + 12, big_endian), load32(d, offset + 16, big_endian)
    record["time_ns"] = interface_time(high, low, interfaces[number])
    record["interface_index"] = cooked_index(d, packet, captured_length, link_type)
    record["link_type"] = link_type
    record["direction"] = direction
    record["block_type"] = block_type
    return 0


@step
def _read_simple_block(
    d: Any, offset: int, end: int, big_endian: bool, interfaces: Any, n_interfaces: int, record: Any
) -> int:
    """Read a simple packet block (section 4.4 of the draft); return what is damaged, or 0."""
    packet = offset + pcap.SIMPLE_PACKET_OFFSET
    if packet + 4 > end:
        return BLOCK_LENGTH_INVALID
    if n_interfaces == 0:
        return UNDECLARED_INTERFACE
    original_length = load32(d, offset + 8, big_endian)
    captured_length = min(original_length, end - 4 - packet)
    snap_length = np.int64(interfaces[0]["snap_length"])
    if snap_length > 0:
        captured_length = min(captured_length, snap_length)
    link_type = np.int64(interfaces[0]["link_type"])
    record["start"] = offset
    record["offset"] = packet
    record["end"] = end
    record["captured_length"] = captured_length
    record["original_length"] = original_length
    record["interface"] = 0  # a simple packet block names none: it is the first (section 4.4 of the draft)
    record["time_ns"] = NO_TIMESTAMP
    record["interface_index"] = cooked_index(d, packet, captured_length, link_type)
    record["link_type"] = link_type
    record["direction"] = cooked_direction(d, packet, packet + captured_length, link_type)
    record["block_type"] = pcap.SIMPLE_PACKET
    return 0


@step
def find_packet_block(d: Any, offset: int, end: int, big_endian: bool) -> tuple[int, int, int, int, int]:
    """Step over blocks without packets up to one that has one.

    Returns
    -------
    offset, block_type, block_end : int
        Where the block starts, its type, and where it ends, if the status is IS_PACKET.
    status, damage : int
        Else why there is none, and what is damaged; the offset is where the block starts that is in the way.
    """
    while offset + pcap.BLOCK_OVERHEAD <= end:
        block_type = load32(d, offset, big_endian)
        if block_type == pcap.SECTION_HEADER or block_type == pcap.INTERFACE_DESCRIPTION:
            return offset, block_type, 0, IS_CONTROL, 0
        length = load32(d, offset + 4, big_endian)
        if length < pcap.BLOCK_OVERHEAD or length & 3:
            return offset, block_type, 0, IS_DAMAGED, BLOCK_LENGTH_INVALID
        has_packet = (
            block_type == pcap.ENHANCED_PACKET or block_type == pcap.OBSOLETE_PACKET or block_type == pcap.SIMPLE_PACKET
        )
        if has_packet and length > pcap.MOST_CAPTURED:
            return offset, block_type, 0, IS_DAMAGED, RECORD_TOO_LONG
        block_end = offset + length
        if block_end > end:
            return offset, block_type, 0, NEEDS_MORE if has_packet else IS_SKIPPED, 0
        if load32(d, block_end - 4, big_endian) != length:
            return offset, block_type, 0, IS_DAMAGED, BLOCK_LENGTHS_DIFFER
        if has_packet:
            return offset, block_type, block_end, IS_PACKET, 0
        offset = block_end
    return offset, 0, 0, NEEDS_MORE, 0


@kernel
def index_pcapng(
    block: Any, start: int, end: int, records: Any, interfaces: Any, n_interfaces: int, big_endian: bool
) -> tuple[int, int, int, int]:
    """Index the packet blocks of a pcapng section.

    Parameters
    ----------
    block : uint8 array
        Bytes of the file.
    start, end : int
        Where the first block starts, and where the valid bytes end.
    records : RECORD array
        Written.
    interfaces : INTERFACE array
        The section's interfaces, of which ``n_interfaces`` are declared.
    big_endian : bool
        Byte order of the section.

    Returns
    -------
    n_records, consumed, status, damage : int
        As ``index_pcap`` returns them; consumed is where a pcapng block starts.
    """
    d = pointer(block)
    offset = np.int64(start)
    n = 0
    while True:
        offset, block_type, block_end, status, damage = find_packet_block(d, offset, end, big_endian)
        if status != IS_PACKET:
            return n, offset, status, damage
        if n == len(records):
            return n, offset, RECORDS_FULL, 0
        if block_type == pcap.SIMPLE_PACKET:
            damage = _read_simple_block(d, offset, block_end, big_endian, interfaces, n_interfaces, records[n])
        else:
            damage = _read_packet_block(
                d, offset, block_end, block_type, big_endian, interfaces, n_interfaces, records[n]
            )
        if damage:
            return n, offset, IS_DAMAGED, damage
        n += 1
        offset = block_end


@step
def is_uncommon_packet(d: Any, offset: int, end: int, block_type: int, captured_length: int) -> bool:
    """Tell whether a packet block may not be counted without a closer look: it is of a rare type, or sent by the host.

    This is of little-endian sections.
    """
    options = offset + pcap.PACKET_BLOCK_OFFSET + ((captured_length + 3) & ~3)
    has_options = options + 4 < end
    return block_type != pcap.ENHANCED_PACKET or (
        has_options and _flags_direction(d, options, end - 4, False) == DIRECTION_OUT
    )


@kernel
def walk_pcapng(block: Any, start: int, end: int, n_interfaces: int) -> tuple[int, int, int, int]:
    """Count the packets of the most common kind of section (``census.count_pcapng``) without looking at them.

    Parameters
    ----------
    block : uint8 array
        Bytes of the file.
    start, end : int
        Where the first block starts, and where the valid bytes end.
    n_interfaces : int
        How many interfaces are declared.

    Returns
    -------
    n_packets, consumed, status, damage : int
        As ``index_pcapng`` returns them; records are never full.
    """
    d = pointer(block)
    offset = np.int64(start)
    n = 0
    while True:
        offset, block_type, block_end, status, damage = find_packet_block(d, offset, end, False)
        if status != IS_PACKET:
            return n, offset, status, damage
        if block_type == pcap.SIMPLE_PACKET:
            return n, offset, IS_UNCOMMON, 0
        damage, _, captured_length = check_packet_block(d, offset, block_end, block_type, False, n_interfaces)
        if damage:
            return n, offset, IS_DAMAGED, damage
        if is_uncommon_packet(d, offset, block_end, block_type, captured_length):
            return n, offset, IS_UNCOMMON, 0
        n += 1
        offset = block_end
