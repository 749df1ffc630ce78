"""Count packets and bytes by signature, candidate hash and slot: one pass that serves every configuration.

Counts stand in rows: packets and bytes of the first slot, of the second, and so on, slots in the order of
``departures.slot_of``. A signature owns two rows for its outer header (candidates over the addresses, and over
addresses and ports), two more where that is extended IPv6, and the same for the inner header of a tunnel. Every packet
is counted in all of them: a candidate that does not exist counts as one with no ports, which costs less than asking.
Rows are handed out as signatures turn up, since most of the thousands possible never do. With several hash keys a
signature owns that many rows for the first key, as many for the second, and so on.
"""

from typing import Any

import numpy as np

from pcaphash.kernels.base import add_pair, kernel, le32, pointer, prefetch, step
from pcaphash.kernels.departures import slot_of
from pcaphash.kernels.dissect import dissect, signature_of
from pcaphash.kernels.header import Header, is_extended, sum_addresses, sum_ipv6, sum_ports
from pcaphash.kernels.records import (
    IS_CONTROL,
    IS_DAMAGED,
    IS_PACKET,
    IS_UNCOMMON,
    NEEDS_MORE,
    RECORD_TOO_LONG,
    RECORDS_FULL,
    is_file_header,
)
from pcaphash.kernels.sections import check_packet_block, find_packet_block, is_uncommon_packet
from pcaphash.kernels.toeplitz import view_key
from pcaphash.kernels.tunnel import is_tunnel
from pcaphash.standards import ethernet as eth
from pcaphash.standards import pcap

NO_ROW = -1
ROWS_OF_HEADER = 2
AHEAD = 4096  # bytes: a processor that foresees what is read next stops where a page ends
MOST_ROWS = 8  # that one signature can own for one key


@step
def rows_of(outer: int, encapsulation: int, inner: int) -> int:
    """Count the rows that a signature owns for one key."""
    n_rows = 2 * ROWS_OF_HEADER if is_extended(outer) else ROWS_OF_HEADER
    if is_tunnel(encapsulation):
        n_rows += 2 * ROWS_OF_HEADER if is_extended(inner) else ROWS_OF_HEADER
    return n_rows


@step
def _add_candidates(
    cells: Any, first: int, slots: int, slot_bits: int, addresses: Any, ports: Any, length: int, departures: Any
) -> int:
    """Count one packet under the hash over addresses and that with ports; return where the next candidates start."""
    add_pair(cells, (first + slot_of(addresses, slots, slot_bits, departures)) << 1, 1, length)
    first += slots
    add_pair(cells, (first + slot_of(addresses ^ ports, slots, slot_bits, departures)) << 1, 1, length)
    return first + slots


@step
def _count_packet(
    d: Any, offset: int, captured_end: int, length: int, link_type: int, key: Any, types: Any, departures: Any,
    first_slots: Any, cells: Any, used: int, capacity: int, slots: int, slot_bits: int,
) -> int:  # fmt: skip
    """Count one packet; return the rows handed out now, or NO_ROW where there is no room for those it needs."""
    encapsulation, outer, inner = dissect(
        d, offset, max(offset + length, captured_end), captured_end, link_type, types, key, departures, None
    )
    signature = signature_of(outer.kind, encapsulation, inner.kind)
    first = np.int64(first_slots[signature])
    if first == NO_ROW:
        if used + MOST_ROWS > capacity:
            return NO_ROW
        first = used * slots
        first_slots[signature] = first
        used += rows_of(outer.kind, encapsulation, inner.kind)
    first = _add_candidates(cells, first, slots, slot_bits, outer.addresses_sum, outer.ports_sum, length, departures)
    if is_extended(outer.kind):
        addresses = sum_ipv6(d, outer.source, outer.destination, 0, key, departures)
        first = _add_candidates(cells, first, slots, slot_bits, addresses, outer.ports_sum, length, departures)
    if is_tunnel(encapsulation):
        first = _add_candidates(
            cells, first, slots, slot_bits, inner.addresses_sum, inner.ports_sum, length, departures
        )
        if is_extended(inner.kind):
            addresses = sum_ipv6(d, inner.source, inner.destination, 0, key, departures)
            _add_candidates(cells, first, slots, slot_bits, addresses, inner.ports_sum, length, departures)
    return used


@kernel
def count_packets(
    block: Any, records: Any, n_records: int, key: Any, port_types: Any, departures: Any,
    rows: Any, counts: Any, used: int, capacity: int, slots: int, slot_bits: int,
) -> tuple[int, int]:  # fmt: skip
    """Count indexed packets of a block.

    Parameters
    ----------
    block : uint8 array of shape (n,)
        Bytes of a capture.
    records : RECORD array (kernels.records)
        Where the packets are in the block; each lies within it.
    n_records : int
        How many of the records to count.
    key : tuple or array
        A hash key as ``toeplitz.prepare_key`` returns it.
    port_types : uint8 array
        What ``tunnel.tabulate_ports`` returned.
    departures : None or int
        Where the device departs from the texts (kernels.departures).
    rows : int32 array of shape (N_SIGNATURES,)
        Slots in front of the first row of each signature, NO_ROW for those not met yet. Written.
    counts : int64 array of shape (capacity * slots * 2,)
        The counts. Written.
    used, capacity : int
        Rows handed out so far, and rows that there is room for.
    slots, slot_bits : int
        Slots in a row, and their binary logarithm, which matters only where the slots are no remainders.

    Returns
    -------
    counted : int
        How many records were counted: fewer than ``n_records`` where the next one needs more rows than there is room
        for.
    used : int
        Rows handed out now.
    """
    d = pointer(block)
    types = pointer(port_types)
    cells = pointer(counts)
    first_slots = pointer(rows)
    prepared = view_key(key)
    for i in range(n_records):
        offset = np.int64(records[i]["offset"])
        captured_end = offset + np.int64(records[i]["captured_length"])
        length = np.int64(records[i]["original_length"])
        link_type = np.int64(records[i]["link_type"])
        now = _count_packet(
            d, offset, captured_end, length, link_type, prepared, types, departures,
            first_slots, cells, used, capacity, slots, slot_bits,
        )  # fmt: skip
        if now == NO_ROW:
            return i, used
        used = now
    return n_records, used


@kernel
def count_pcap(
    block: Any, start: int, end: int, key: Any, port_types: Any,
    rows: Any, counts: Any, used: int, capacity: int, slots: int, slot_bits: int,
) -> tuple[int, int, int, int, int]:  # fmt: skip
    """Find and count the packets of the most common kind of file in one go.

    That is a little-endian pcap file of Ethernet packets with record headers of 16 bytes. Gives what ``index_pcap`` and
    ``count_packets`` give one after the other, a third faster: the processor looks for the next packet while it still
    works on this one. (Serving other link types, byte orders and headers too would cost a tenth of that.)

    Parameters
    ----------
    block : uint8 array
        Bytes of the file.
    start, end : int
        Where the first record header starts, and where the valid bytes end.
    key, port_types, rows, counts, used, capacity, slots, slot_bits
        As ``count_packets`` takes them.

    Returns
    -------
    n_packets : int
        Packets found and counted.
    consumed, status, damage : int
        As ``index_pcap`` returns them; RECORDS_FULL where the next packet needs more rows than there is room for.
    used : int
        Rows handed out now.
    """
    d = pointer(block)
    types = pointer(port_types)
    cells = pointer(counts)
    first_slots = pointer(rows)
    prepared = view_key(key)
    offset = np.int64(start)
    n_packets = 0
    while offset + pcap.RECORD_HEADER_LEN <= end:
        prefetch(d, offset + AHEAD)
        packet = offset + pcap.RECORD_HEADER_LEN
        captured_length = le32(d, offset + 8)
        if captured_length > pcap.MOST_CAPTURED:
            return n_packets, offset, IS_DAMAGED, RECORD_TOO_LONG, used
        if captured_length == 0 or le32(d, offset + 4) == pcap.LITTLE_VERSION:
            if is_file_header(d, offset):
                return n_packets, offset, IS_CONTROL, 0, used
        captured_end = packet + captured_length
        if captured_end > end:
            break
        now = _count_packet(
            d, packet, captured_end, le32(d, offset + 12), eth.ETHERNET, prepared, types, None,
            first_slots, cells, used, capacity, slots, slot_bits,
        )  # fmt: skip
        if now == NO_ROW:
            return n_packets, offset, RECORDS_FULL, 0, used
        used = now
        n_packets += 1
        offset = captured_end
    return n_packets, offset, NEEDS_MORE, 0, used


@kernel
def count_pcapng(
    block: Any, start: int, end: int, n_interfaces: int, key: Any, port_types: Any,
    rows: Any, counts: Any, used: int, capacity: int, slots: int, slot_bits: int,
) -> tuple[int, int, int, int, int]:  # fmt: skip
    """Find and count the packets of the most common kind of pcapng section in one go.

    That is a little-endian section whose interfaces all have Ethernet packets, in enhanced packet blocks that do not
    say that the host sent them. Gives what ``index_pcapng`` and ``count_packets`` give one after the other.

    Parameters
    ----------
    block : uint8 array
        Bytes of the file.
    start, end : int
        Where the first block starts, and where the valid bytes end.
    n_interfaces : int
        How many interfaces are declared.
    key, port_types, rows, counts, used, capacity, slots, slot_bits
        As ``count_packets`` takes them.

    Returns
    -------
    n_packets : int
        Packets found and counted.
    consumed, status, damage : int
        As ``index_pcapng`` returns them; RECORDS_FULL where the next packet needs more rows than there is room for,
        IS_UNCOMMON where it is a packet of another kind.
    used : int
        Rows handed out now.
    """
    d = pointer(block)
    types = pointer(port_types)
    cells = pointer(counts)
    first_slots = pointer(rows)
    prepared = view_key(key)
    offset = np.int64(start)
    n_packets = 0
    while True:
        offset, block_type, block_end, status, damage = find_packet_block(d, offset, end, False)
        if status != IS_PACKET:
            return n_packets, offset, status, damage, used
        if block_type == pcap.SIMPLE_PACKET:
            return n_packets, offset, IS_UNCOMMON, 0, used
        damage, _, captured_length = check_packet_block(d, offset, block_end, block_type, False, n_interfaces)
        if damage:
            return n_packets, offset, IS_DAMAGED, damage, used
        if is_uncommon_packet(d, offset, block_end, block_type, captured_length):
            return n_packets, offset, IS_UNCOMMON, 0, used
        packet = offset + pcap.PACKET_BLOCK_OFFSET
        prefetch(d, offset + AHEAD)
        now = _count_packet(
            d, packet, packet + captured_length, le32(d, offset + 24), eth.ETHERNET, prepared, types, None,
            first_slots, cells, used, capacity, slots, slot_bits,
        )  # fmt: skip
        if now == NO_ROW:
            return n_packets, offset, RECORDS_FULL, 0, used
        used = now
        n_packets += 1
        offset = block_end


@kernel
def count_packets_by_keys(
    block: Any, records: Any, n_records: int, keys: Any, n_keys: int, port_types: Any, departures: Any,
    rows: Any, counts: Any, used: int, capacity: int, slots: int, slot_bits: int,
) -> tuple[int, int]:  # fmt: skip
    """Count indexed packets of a block under several hash keys, dissecting each packet once.

    Parameters
    ----------
    keys : array
        Hash keys as ``toeplitz.prepare_keys`` returns them.
    n_keys : int
        How many they are.
    block, records, n_records, port_types, departures, rows, counts, used, capacity, slots, slot_bits
        As ``count_packets`` takes them; a signature owns rows for each key.

    Returns
    -------
    counted, used : int
        As ``count_packets`` returns them.
    """
    d = pointer(block)
    types = pointer(port_types)
    cells = pointer(counts)
    first_slots = pointer(rows)
    prepared = pointer(keys)
    for i in range(n_records):
        offset = np.int64(records[i]["offset"])
        captured_end = offset + np.int64(records[i]["captured_length"])
        length = np.int64(records[i]["original_length"])
        encapsulation, outer, inner = dissect(
            d, offset, max(offset + length, captured_end), captured_end, np.int64(records[i]["link_type"]), types,
            prepared, departures, None,
        )  # fmt: skip
        signature = signature_of(outer.kind, encapsulation, inner.kind)
        first = np.int64(first_slots[signature])
        if first == NO_ROW:
            if used + MOST_ROWS * n_keys > capacity:
                return i, used
            first = used * slots
            first_slots[signature] = first
            used += n_keys * rows_of(outer.kind, encapsulation, inner.kind)
        for number in range(n_keys):
            first = _count_header(d, outer, number, prepared, departures, cells, first, slots, slot_bits, length)
            if is_tunnel(encapsulation):
                first = _count_header(d, inner, number, prepared, departures, cells, first, slots, slot_bits, length)
    return n_records, used


@step
def _count_header(
    d: Any, header: Header, number: int, keys: Any, departures: Any,
    cells: Any, first: int, slots: int, slot_bits: int, length: int,
) -> int:  # fmt: skip
    """Count one packet under the candidates of one header for one of several keys."""
    addresses = sum_addresses(d, header.kind, header.ip, number, keys, departures)
    ports = sum_ports(d, header.kind, header.payload, number, keys, departures)
    first = _add_candidates(cells, first, slots, slot_bits, addresses, ports, length, departures)
    if is_extended(header.kind):
        addresses = sum_ipv6(d, header.source, header.destination, number, keys, departures)
        first = _add_candidates(cells, first, slots, slot_bits, addresses, ports, length, departures)
    return first
