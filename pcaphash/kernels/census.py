"""Count packets and bytes by signature, candidate hash and slot: one pass that serves every configuration.

Counts stand in rows of ``2 * slots`` int64: packets and bytes of the first slot, of the second, and so on, slots in
bit-reversed order (``toeplitz.reversed_slot``). A signature owns two rows for its outer header (candidates over the
addresses, and over addresses and ports), two more where that is extended IPv6, and the same for the inner header of a
tunnel. Every packet is counted in all of them: a candidate that does not exist counts as one with no ports, which
costs less than asking. Rows are handed out as signatures turn up, since most of the thousands possible never do.
"""

from typing import Any

import numpy as np

from pcaphash.kernels.base import add_pair, kernel, load32, pointer, step
from pcaphash.kernels.dissect import dissect, signature_of
from pcaphash.kernels.header import is_extended, sum_ipv6
from pcaphash.kernels.records import (
    DIRECTION_OUT,
    IS_DAMAGED,
    NEEDS_MORE,
    RECORD_TOO_LONG,
    RECORDS_FULL,
    cooked_direction,
)
from pcaphash.kernels.toeplitz import reversed_slot, view_key
from pcaphash.kernels.tunnel import is_tunnel
from pcaphash.standards import ethernet as eth
from pcaphash.standards import pcap

NO_ROW = -1
ROWS_OF_HEADER = 2
MOST_ROWS = 8  # that one signature can own


@step
def rows_of(outer: int, encapsulation: int, inner: int) -> int:
    """Count the rows that a signature owns."""
    n_rows = 2 * ROWS_OF_HEADER if is_extended(outer) else ROWS_OF_HEADER
    if is_tunnel(encapsulation):
        n_rows += 2 * ROWS_OF_HEADER if is_extended(inner) else ROWS_OF_HEADER
    return n_rows


@step
def _add_candidates(cells: Any, row: int, slot_bits: int, addresses: Any, ports: Any, length: int) -> int:
    """Count one packet under the hash over addresses and that with ports; return the next candidates' row."""
    first = row << (slot_bits + 1)
    second = first + (np.int64(2) << slot_bits)
    add_pair(cells, first + (reversed_slot(addresses, slot_bits) << 1), 1, length)
    add_pair(cells, second + (reversed_slot(addresses ^ ports, slot_bits) << 1), 1, length)
    return row + ROWS_OF_HEADER


@step
def _count_packet(
    d: Any, offset: int, captured_end: int, length: int, link_type: int, key: Any, types: Any,
    first_rows: Any, cells: Any, used: int, capacity: int, slot_bits: int,
) -> int:  # fmt: skip
    """Count one packet; return the rows handed out now, or NO_ROW where there is no room for those it needs."""
    (
        encapsulation, outer, _, outer_source, outer_destination, _, outer_addresses, outer_ports,
        inner, _, inner_source, inner_destination, _, inner_addresses, inner_ports,
    ) = dissect(d, offset, max(offset + length, captured_end), captured_end, link_type, types, key)  # fmt: skip
    signature = signature_of(outer, encapsulation, inner)
    row = np.int64(first_rows[signature])
    if row == NO_ROW:
        if used + MOST_ROWS > capacity:
            return NO_ROW
        row = used
        first_rows[signature] = row
        used += rows_of(outer, encapsulation, inner)
    row = _add_candidates(cells, row, slot_bits, outer_addresses, outer_ports, length)
    if is_extended(outer):
        addresses = sum_ipv6(d, outer_source, outer_destination, key)
        row = _add_candidates(cells, row, slot_bits, addresses, outer_ports, length)
    if is_tunnel(encapsulation):
        row = _add_candidates(cells, row, slot_bits, inner_addresses, inner_ports, length)
        if is_extended(inner):
            addresses = sum_ipv6(d, inner_source, inner_destination, key)
            _add_candidates(cells, row, slot_bits, addresses, inner_ports, length)
    return used


@kernel
def count_packets(
    block: Any, records: Any, n_records: int, key: Any, port_types: Any,
    rows: Any, counts: Any, used: int, capacity: int, slot_bits: int,
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
    rows : int32 array of shape (N_SIGNATURES,)
        First row of each signature, NO_ROW for those not met yet. Written.
    counts : int64 array of shape (capacity * slots * 2,)
        The counts. Written.
    used, capacity, slot_bits : int
        Rows handed out so far, rows that there is room for, binary logarithm of the slots in each.

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
    first_rows = pointer(rows)
    prepared = view_key(key)
    for i in range(n_records):
        offset = np.int64(records[i]["offset"])
        captured_end = offset + np.int64(records[i]["captured_length"])
        length = np.int64(records[i]["original_length"])
        link_type = np.int64(records[i]["link_type"])
        now = _count_packet(
            d, offset, captured_end, length, link_type, prepared, types, first_rows, cells, used, capacity, slot_bits
        )
        if now == NO_ROW:
            return i, used
        used = now
    return n_records, used


@kernel
def count_pcap(
    block: Any, start: int, end: int, link_type: int, big_endian: bool, header_len: int, key: Any, port_types: Any,
    rows: Any, counts: Any, used: int, capacity: int, slot_bits: int,
) -> tuple[int, int, int, int, int, int]:  # fmt: skip
    """Find and count the packets of a pcap file in one go, but for those that the capturing host sent.

    Gives what ``index_pcap`` and ``count_packets`` give one after the other, a third faster: the processor looks for
    the next packet while it still works on this one.

    Parameters
    ----------
    block, start, end, link_type, big_endian, header_len
        As ``records.index_pcap`` takes them.
    key, port_types, rows, counts, used, capacity, slot_bits
        As ``count_packets`` takes them.

    Returns
    -------
    n_packets, n_sent : int
        Packets found, and how many of them were left out because the capturing host sent them.
    consumed, status, damage : int
        As ``index_pcap`` returns them; RECORDS_FULL where the next packet needs more rows than there is room for.
    used : int
        Rows handed out now.
    """
    d = pointer(block)
    types = pointer(port_types)
    cells = pointer(counts)
    first_rows = pointer(rows)
    prepared = view_key(key)
    offset = np.int64(start)
    n_packets = n_sent = 0
    is_cooked = link_type == eth.LINUX_SLL or link_type == eth.LINUX_SLL2
    while offset + header_len <= end:
        packet = offset + header_len
        captured_length = load32(d, offset + 8, big_endian)
        if captured_length > pcap.MOST_CAPTURED:
            return n_packets, n_sent, offset, IS_DAMAGED, RECORD_TOO_LONG, used
        captured_end = packet + captured_length
        if captured_end > end:
            break
        if is_cooked and cooked_direction(d, packet, captured_end, link_type) == DIRECTION_OUT:
            n_sent += 1
        else:
            length = load32(d, offset + 12, big_endian)
            now = _count_packet(
                d,
                packet,
                captured_end,
                length,
                link_type,
                prepared,
                types,
                first_rows,
                cells,
                used,
                capacity,
                slot_bits,
            )
            if now == NO_ROW:
                return n_packets, n_sent, offset, RECORDS_FULL, 0, used
            used = now
        n_packets += 1
        offset = captured_end
    return n_packets, n_sent, offset, NEEDS_MORE, 0, used
