"""Count the packets of flows that are known already as a census counts packets: one flow at a time.

A flow has all that any hash is calculated over, and every packet of it has the same hashes.
"""

from typing import Any

import numpy as np

from pcaphash.kernels.base import add_pair, kernel, pointer, step
from pcaphash.kernels.census import MOST_ROWS, NO_ROW, rows_of
from pcaphash.kernels.departures import slot_of
from pcaphash.kernels.dissect import N_SIGNATURES
from pcaphash.kernels.flows import (
    BYTES,
    INNER_ADDRESSES,
    INNER_EXTENDED,
    N_SUMS,
    OUTER_ADDRESSES,
    OUTER_EXTENDED,
    PACKETS,
    SIGNATURE_MASK,
)
from pcaphash.kernels.header import KIND_IPV4, KIND_IPV6, N_KINDS, PORTS_WORD_IPV4, PORTS_WORD_IPV6, is_extended
from pcaphash.kernels.toeplitz import WORDS, no_product, product
from pcaphash.kernels.tunnel import N_ENCAPSULATIONS, is_tunnel

_ADDRESS_PAIRS = 4  # words of a key that have the addresses of IPv6, each for two words of the hash input


@step
def _product_of_pair(pair: Any, position: int, key: Any) -> Any:
    """Return the contribution of two words of the hash input."""
    first, second = np.int64(pair >> np.uint64(32)), np.int64(pair & np.uint64(0xFFFFFFFF))
    return product(first, position, key) ^ product(second, position + 1, key)


@step
def _sum_addresses(flows: Any, at: int, kind: int, first_position: int, key: Any) -> Any:
    """Return the contribution of the addresses in the words of a key; 0 if there are none."""
    total = no_product()
    if kind >= KIND_IPV6:
        for pair in range(_ADDRESS_PAIRS):
            total ^= _product_of_pair(flows[at + pair], first_position + 2 * pair, key)
    elif kind >= KIND_IPV4:
        total ^= _product_of_pair(flows[at], first_position, key)
    return total


@step
def _count_header(
    flows: Any, addresses_at: int, extended_at: int, ports_at: int, kind: int, number: int, keys: Any,
    cells: Any, first: int, slots: int, slot_bits: int, packets: int, n_bytes: int,
) -> int:  # fmt: skip
    """Count a flow under the candidates of one header for one key; return where the next candidates start."""
    position = WORDS * number
    ports = no_product()
    if kind >= KIND_IPV4:
        word = PORTS_WORD_IPV6 if kind >= KIND_IPV6 else PORTS_WORD_IPV4
        ports ^= product(np.int64(flows[ports_at] & np.uint64(0xFFFFFFFF)), position + word, keys)
    addresses = _sum_addresses(flows, addresses_at, kind, position, keys)
    n_forms = 2 if is_extended(kind) else 1
    for form in range(n_forms):
        if form:
            addresses = _sum_addresses(flows, extended_at, kind, position, keys)
        add_pair(cells, (first + slot_of(addresses, slots, slot_bits, None)) << 1, packets, n_bytes)
        first += slots
        add_pair(cells, (first + slot_of(addresses ^ ports, slots, slot_bits, None)) << 1, packets, n_bytes)
        first += slots
    return first


@kernel
def count_packets_of_flows(
    flows: Any, sums: Any, start: int, n_flows: int, n_words: int, keys: Any, n_keys: int,
    rows: Any, counts: Any, used: int, capacity: int, slots: int, slot_bits: int,
) -> tuple[int, int]:  # fmt: skip
    """Count all packets of flows, under one hash key or several.

    Parameters
    ----------
    flows, sums, n_words
        Flows as ``flows.count_flows`` lays them out.
    start, n_flows : int
        The first of them to count, and how many there are.
    keys : array
        Hash keys as ``toeplitz.prepare_keys`` returns them.
    n_keys : int
        How many they are.
    rows, counts, used, capacity, slots, slot_bits
        As ``census.count_packets_by_keys`` takes them.

    Returns
    -------
    counted : int
        Up to which flow they were counted: fewer than ``n_flows`` if the next one needs more rows than there is room
        for.
    used : int
        Rows handed out now.
    """
    known, totals, prepared = pointer(flows), pointer(sums), pointer(keys)
    first_slots, cells = pointer(rows), pointer(counts)
    for i in range(start, n_flows):
        at = i * (n_words + 1) + 1
        signature = np.int64((known[at] >> np.uint64(32)) & SIGNATURE_MASK) % N_SIGNATURES
        inner = signature % N_KINDS
        encapsulation = signature // N_KINDS % N_ENCAPSULATIONS
        outer = signature // (N_KINDS * N_ENCAPSULATIONS)
        first = np.int64(first_slots[signature])
        if first == NO_ROW:
            if used + MOST_ROWS * n_keys > capacity:
                return i, used
            first = used * slots
            first_slots[signature] = first
            used += n_keys * rows_of(outer, encapsulation, inner)
        packets, n_bytes = totals[i * N_SUMS + PACKETS], totals[i * N_SUMS + BYTES]
        for number in range(n_keys):
            first = _count_header(
                known, at + OUTER_ADDRESSES, at + OUTER_EXTENDED, at, outer, number, prepared,
                cells, first, slots, slot_bits, packets, n_bytes,
            )  # fmt: skip
            if is_tunnel(encapsulation):
                first = _count_header(
                    known, at + INNER_ADDRESSES, at + INNER_EXTENDED, at + 1, inner, number, prepared,
                    cells, first, slots, slot_bits, packets, n_bytes,
                )  # fmt: skip
    return n_flows, used
