"""Count packets and bytes by signature, candidate hash and slot: one pass that serves every configuration.

Counts stand in rows of ``2 * slots`` int64: packets and bytes of the first slot, of the second, and so on, slots in
bit-reversed order (``toeplitz.reversed_slot``). A signature owns two rows for its outer header (candidates over the
addresses, and over addresses and ports), two more where that is extended IPv6, and the same for the inner header of a
tunnel. Every packet is counted in all of them: a candidate that does not exist counts as one with no ports, which
costs less than asking. Rows are handed out as signatures turn up, since most of the thousands possible never do.
"""

from typing import Any

import numpy as np

from pcaphash.kernels.base import add_pair, kernel, pointer, step
from pcaphash.kernels.dissect import dissect, signature_of
from pcaphash.kernels.header import is_extended, sum_ipv6
from pcaphash.kernels.toeplitz import reversed_slot, view_key
from pcaphash.kernels.tunnel import is_tunnel

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
    add_pair(cells, ((row << slot_bits) + reversed_slot(addresses, slot_bits)) << 1, 1, length)
    add_pair(cells, (((row + 1) << slot_bits) + reversed_slot(addresses ^ ports, slot_bits)) << 1, 1, length)
    return row + ROWS_OF_HEADER


@kernel
def count_packets(
    block: Any, records: Any, n_records: int, key: Any, port_types: Any,
    rows: Any, counts: Any, used: int, capacity: int, slot_bits: int,
) -> tuple[int, int]:  # fmt: skip
    """Count the packets of a block.

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
        frame_end = max(offset + length, captured_end)
        (
            encapsulation, outer, _, outer_source, outer_destination, _, outer_addresses, outer_ports,
            inner, _, inner_source, inner_destination, _, inner_addresses, inner_ports,
        ) = dissect(
            d, offset, frame_end, captured_end, np.int64(records[i]["link_type"]), types, prepared
        )  # fmt: skip
        signature = signature_of(outer, encapsulation, inner)
        row = np.int64(first_rows[signature])
        if row == NO_ROW:
            if used + MOST_ROWS > capacity:
                return i, used
            row = used
            first_rows[signature] = row
            used += rows_of(outer, encapsulation, inner)
        row = _add_candidates(cells, row, slot_bits, outer_addresses, outer_ports, length)
        if is_extended(outer):
            addresses = sum_ipv6(d, outer_source, outer_destination, prepared)
            row = _add_candidates(cells, row, slot_bits, addresses, outer_ports, length)
        if is_tunnel(encapsulation):
            row = _add_candidates(cells, row, slot_bits, inner_addresses, inner_ports, length)
            if is_extended(inner):
                addresses = sum_ipv6(d, inner_source, inner_destination, prepared)
                _add_candidates(cells, row, slot_bits, addresses, inner_ports, length)
    return n_records, used
