"""Count packets and bytes by flow: by everything of a packet that any configuration could hash.

The key of a flow is words of 64 bits: the signature and the outer ports, the number of the virtual network and the
inner ports, the outer addresses and the inner ones; where a header is IPv6 with extension headers, also the addresses
that its extended types hash. Flows with such headers are few, and have a table of their own with longer keys.

A table is three arrays: an index (open addressing, linear probing), rows of a key behind its hash, and sums.
"""

from typing import Any

import numpy as np

from pcaphash.kernels.base import be32, kernel, multiply_wrapping, pointer, prefetch, step
from pcaphash.kernels.dissect import dissect, signature_of
from pcaphash.kernels.header import (
    KIND_IPV4,
    KIND_IPV6,
    N_TRANSPORTS,
    TRANSPORT_TCP,
    TRANSPORT_UDP,
    is_extended,
)
from pcaphash.kernels.timestamps import NO_TIMESTAMP
from pcaphash.kernels.toeplitz import view_key
from pcaphash.kernels.tunnel import NO_NETWORK_NUMBER, is_tunnel, network_number

# Words of a key: signature and outer ports, network number and inner ports, and four of addresses for each header;
# of a long one four more for each header.
KEY_WORDS = 10
LONG_KEY_WORDS = 18
OUTER_ADDRESSES, INNER_ADDRESSES, OUTER_EXTENDED, INNER_EXTENDED = 2, 6, 10, 14

HAS_NETWORK = np.uint64(1 << 63)  # in the first word
SIGNATURE_MASK = np.uint64(0x7FFFFFFF)  # of the upper half of the first word

# Sums of a flow.
PACKETS, BYTES, FIRST_TIME, LAST_TIME = 0, 1, 2, 3
N_SUMS = 4

# A place of an index is empty, or has the upper half of a hash and the number of the flow counted from 1.
EMPTY = np.uint64(0)
TAG_MASK = np.uint64(0xFFFFFFFF00000000)
FLOW_MASK = np.uint64(0x00000000FFFFFFFF)

# How many packets ahead a place of the index, and a flow, are fetched.
FAR, NEAR = 32, 16


@step
def _load64(d: Any, offset: int) -> Any:
    return (np.uint64(be32(d, offset)) << np.uint64(32)) | np.uint64(be32(d, offset + 4))


@step
def write_addresses(d: Any, kind: int, ip_header: int, words: Any, at: int) -> None:
    """Write the plain addresses of a header; two IPv4 addresses take one word."""
    for i in range(4):
        words[at + i] = np.uint64(0)
    if kind >= KIND_IPV6:
        for i in range(4):
            words[at + i] = _load64(d, ip_header + 8 + 8 * i)
    elif kind >= KIND_IPV4:
        words[at] = _load64(d, ip_header + 12)


@step
def _write_extended(d: Any, kind: int, source: int, destination: int, words: Any, at: int) -> None:
    """Write the addresses that the extended types of a header hash."""
    for i in range(2):
        words[at + i] = _load64(d, source + 8 * i) if is_extended(kind) else np.uint64(0)
        words[at + 2 + i] = _load64(d, destination + 8 * i) if is_extended(kind) else np.uint64(0)


@step
def _ports_of(d: Any, kind: int, payload: int) -> Any:
    """Return source and destination port; 0 where there are none, or where they were not captured."""
    transport = (kind - KIND_IPV4) % N_TRANSPORTS
    if kind < KIND_IPV4 or (transport != TRANSPORT_TCP and transport != TRANSPORT_UDP):
        return np.uint64(0)
    return np.uint64(be32(d, payload))


@step
def hash_words(words: Any, first: int, n_words: int) -> Any:
    """Mix the words of a key; never 0 in its upper half, which tells used places of an index from empty ones."""
    mixed = np.uint64(0x9E3779B97F4A7C15)
    for i in range(first, first + n_words):
        mixed = multiply_wrapping(mixed ^ words[i], np.uint64(0xD6E8FEB86659FD93))
        mixed ^= mixed >> np.uint64(32)
    return mixed | np.uint64(0x8000000000000000)


@kernel
def read_flow_keys(
    block: Any, records: Any, n_records: int, key: Any, port_types: Any, departures: Any,
    rows: Any, numbers: Any, long_rows: Any, long_numbers: Any,
) -> tuple[int, int]:  # fmt: skip
    """Read to which flow each packet of a block belongs.

    Parameters
    ----------
    block, records, n_records, key, port_types, departures
        As ``census.count_packets`` takes them; the key does not matter.
    rows, long_rows : uint64 arrays of shape (n_records * (1 + KEY_WORDS),), (n_records * (1 + LONG_KEY_WORDS),)
        Written: the key of each packet behind its hash; packets with extended headers in the second array.
    numbers, long_numbers : int64 arrays of shape (n_records,)
        Written: which record each row is of.

    Returns
    -------
    n_rows, n_long_rows : int
        How many rows were written to either.
    """
    d = pointer(block)
    types = pointer(port_types)
    prepared = view_key(key)
    keys, long_keys = pointer(rows), pointer(long_rows)
    n_rows = n_long_rows = 0
    for number in range(n_records):
        offset = np.int64(records[number]["offset"])
        captured_end = offset + np.int64(records[number]["captured_length"])
        frame_end = max(offset + np.int64(records[number]["original_length"]), captured_end)
        encapsulation, outer, inner = dissect(
            d, offset, frame_end, captured_end, np.int64(records[number]["link_type"]), types, prepared, departures,
            None,
        )  # fmt: skip
        ports = np.uint64(signature_of(outer.kind, encapsulation, inner.kind)) << np.uint64(32)
        ports |= _ports_of(d, outer.kind, outer.payload)
        inner_kind = inner.kind if is_tunnel(encapsulation) else 0
        inner_ports = _ports_of(d, inner_kind, inner.payload)
        network = network_number(d, encapsulation, outer.payload, captured_end)
        if network != NO_NETWORK_NUMBER:
            ports |= HAS_NETWORK
            inner_ports |= np.uint64(network) << np.uint64(32)
        if is_extended(outer.kind) or is_extended(inner_kind):
            first = n_long_rows * (1 + LONG_KEY_WORDS) + 1
            _write_plain(d, outer.kind, outer.ip, ports, inner_kind, inner.ip, inner_ports, long_keys, first)
            _write_extended(d, outer.kind, outer.source, outer.destination, long_keys, first + OUTER_EXTENDED)
            _write_extended(d, inner_kind, inner.source, inner.destination, long_keys, first + INNER_EXTENDED)
            long_keys[first - 1] = hash_words(long_keys, first, LONG_KEY_WORDS)
            long_numbers[n_long_rows] = number
            n_long_rows += 1
        else:
            first = n_rows * (1 + KEY_WORDS) + 1
            _write_plain(d, outer.kind, outer.ip, ports, inner_kind, inner.ip, inner_ports, keys, first)
            keys[first - 1] = hash_words(keys, first, KEY_WORDS)
            numbers[n_rows] = number
            n_rows += 1
    return n_rows, n_long_rows


@step
def _write_plain(
    d: Any, outer: int, outer_ip: int, ports: Any, inner: int, inner_ip: int, inner_ports: Any, words: Any, first: int
) -> None:
    words[first] = ports
    words[first + 1] = inner_ports
    write_addresses(d, outer, outer_ip, words, first + OUTER_ADDRESSES)
    write_addresses(d, inner, inner_ip, words, first + INNER_ADDRESSES)


@step
def place_of(mixed: Any, mask: int) -> int:
    """Return where in an index to begin looking for a hash."""
    return np.int64(mixed & np.uint64(0x7FFFFFFF)) & mask


@step
def _find(index: Any, mask: int, rows: Any, row_len: int, new_rows: Any, new_row: int) -> tuple[int, int]:
    """Return the number of the flow with a key, or -1, and the place where its search ended."""
    mixed = new_rows[new_row]
    tag = mixed & TAG_MASK
    place = place_of(mixed, mask)
    while index[place] != EMPTY:
        if index[place] & TAG_MASK == tag:
            flow = np.int64(index[place] & FLOW_MASK) - 1
            i = 1
            while i < row_len and rows[flow * row_len + i] == new_rows[new_row + i]:
                i += 1
            if i == row_len:
                return flow, place
        place = (place + 1) & mask
    return np.int64(-1), place


@step
def _enter(index: Any, place: int, rows: Any, flow: int, row_len: int, new_rows: Any, new_row: int) -> None:
    """Write the hash and key of a new flow, and where in the index it is found."""
    index[place] = (new_rows[new_row] & TAG_MASK) | np.uint64(flow + 1)
    for word in range(row_len):
        rows[flow * row_len + word] = new_rows[new_row + word]


@step
def _add_packet(sums: Any, at: int, length: int, time: int) -> None:
    sums[at + PACKETS] += 1
    sums[at + BYTES] += length
    if time != NO_TIMESTAMP:
        if sums[at + FIRST_TIME] == NO_TIMESTAMP or time < sums[at + FIRST_TIME]:
            sums[at + FIRST_TIME] = time
        if time > sums[at + LAST_TIME]:  # NO_TIMESTAMP is less than any time
            sums[at + LAST_TIME] = time


@kernel
def count_flows(
    new_rows: Any, numbers: Any, n_new: int, n_words: int, records: Any, times: Any, most: Any,
    lumped: Any, index: Any, rows: Any, sums: Any, used: int, capacity: int,
) -> tuple[int, int]:  # fmt: skip
    """Count packets by flow.

    Parameters
    ----------
    new_rows : uint64 array of shape (n_new * (1 + n_words),)
        The key of each packet behind its hash.
    numbers : int64 array of shape (n_new,)
        Which record each is of.
    n_new, n_words : int
        How many packets, and words of a key.
    records : RECORD array (kernels.records), times : int64 array
        Lengths, and nanoseconds since 1970 (or NO_TIMESTAMP), of all records.
    most : uint64
        Flows with a larger hash are not kept.
    lumped : int64 array of shape (N_SIGNATURES * 2,)
        Packets and bytes of such flows by signature. Written.
    index : uint64 array
        Its length is a power of two. Written.
    rows : uint64 array of shape (capacity * (1 + n_words),), sums : int64 array of shape (capacity * N_SUMS,)
        The flows. Written.
    used, capacity : int
        How many flows there are, and how many there is room for, which is less than the places of the index.

    Returns
    -------
    counted : int
        How many packets were counted: fewer than ``n_new`` where the next one is of a new flow and there is no room.
    used : int
        How many flows there are now.
    """
    new, which, when, others = pointer(new_rows), pointer(numbers), pointer(times), pointer(lumped)
    places, table, totals = pointer(index), pointer(rows), pointer(sums)
    mask = len(index) - 1
    row_len = n_words + 1
    for i in range(n_new):
        # The table is larger than the processor's caches: what later packets need is on its way meanwhile.
        if i + FAR < n_new:
            prefetch(places, place_of(new[(i + FAR) * row_len], mask))
        if i + NEAR < n_new:
            entry = places[place_of(new[(i + NEAR) * row_len], mask)]
            flow = np.int64(entry & FLOW_MASK)
            if flow > 0:
                prefetch(table, (flow - 1) * row_len)
                prefetch(table, (flow - 1) * row_len + 8)
                prefetch(table, flow * row_len - 1)
                prefetch(totals, (flow - 1) * N_SUMS)
                prefetch(totals, flow * N_SUMS - 1)
        row = i * row_len
        number = which[i]
        length = np.int64(records[number]["original_length"])
        if new[row] > most:
            signature = np.int64((new[row + 1] >> np.uint64(32)) & SIGNATURE_MASK)
            others[2 * signature] += 1
            others[2 * signature + 1] += length
            continue
        flow, place = _find(places, mask, table, row_len, new, row)
        if flow < 0:
            if used >= capacity:
                return i, used
            flow = np.int64(used)
            used += 1
            _enter(places, place, table, flow, row_len, new, row)
            totals[flow * N_SUMS + PACKETS] = 0
            totals[flow * N_SUMS + BYTES] = 0
            totals[flow * N_SUMS + FIRST_TIME] = NO_TIMESTAMP
            totals[flow * N_SUMS + LAST_TIME] = NO_TIMESTAMP
        _add_packet(totals, flow * N_SUMS, length, when[number])
    return n_new, used


@kernel
def merge_flows(
    new_rows: Any, new_sums: Any, start: int, n_new: int, n_words: int, most: Any, lumped: Any,
    index: Any, rows: Any, sums: Any, used: int, capacity: int,
) -> tuple[int, int]:  # fmt: skip
    """Add the flows of another table.

    Parameters
    ----------
    new_rows, new_sums
        The other table's flows, as ``count_flows`` lays them out.
    start, n_new : int
        The first of them to add, and how many there are.
    n_words, most, lumped, index, rows, sums, used, capacity
        As ``count_flows`` takes them.

    Returns
    -------
    merged : int
        Up to which flow they were added: fewer than ``n_new`` if there is no room for the next one.
    used : int
        How many flows there are now.
    """
    new, added, others = pointer(new_rows), pointer(new_sums), pointer(lumped)
    places, table, totals = pointer(index), pointer(rows), pointer(sums)
    mask = len(index) - 1
    row_len = n_words + 1
    for i in range(start, n_new):
        row, its = i * row_len, i * N_SUMS
        if new[row] > most:
            signature = np.int64((new[row + 1] >> np.uint64(32)) & SIGNATURE_MASK)
            others[2 * signature] += added[its + PACKETS]
            others[2 * signature + 1] += added[its + BYTES]
            continue
        flow, place = _find(places, mask, table, row_len, new, row)
        if flow < 0:
            if used >= capacity:
                return i, used
            flow = np.int64(used)
            used += 1
            _enter(places, place, table, flow, row_len, new, row)
            for item in range(N_SUMS):
                totals[flow * N_SUMS + item] = added[its + item]
            continue
        at = flow * N_SUMS
        totals[at + PACKETS] += added[its + PACKETS]
        totals[at + BYTES] += added[its + BYTES]
        if added[its + LAST_TIME] != NO_TIMESTAMP:  # then it has a first time too
            if totals[at + FIRST_TIME] == NO_TIMESTAMP or added[its + FIRST_TIME] < totals[at + FIRST_TIME]:
                totals[at + FIRST_TIME] = added[its + FIRST_TIME]
            totals[at + LAST_TIME] = max(totals[at + LAST_TIME], added[its + LAST_TIME])
    return n_new, used


@kernel
def index_flows(index: Any, rows: Any, n_flows: int, n_words: int) -> None:
    """Fill an empty index with the flows of a table.

    Parameters
    ----------
    index : uint64 array
        All EMPTY; its length is a power of two, and more than ``n_flows``. Written.
    rows : uint64 array of shape (n_flows * (1 + n_words),)
        Hashes and keys.
    n_flows, n_words : int
        How many flows there are, and words in a key.
    """
    places = pointer(index)
    table = pointer(rows)
    mask = len(index) - 1
    for flow in range(n_flows):
        mixed = table[flow * (n_words + 1)]
        place = place_of(mixed, mask)
        while places[place] != EMPTY:
            place = (place + 1) & mask
        places[place] = (mixed & TAG_MASK) | np.uint64(flow + 1)
