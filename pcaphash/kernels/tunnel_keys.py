"""Count packets by signature, and read to which tunnel each belongs.

The key of a tunnel is laid out as the beginning of a flow's (``flows``), without ports: the signature, the number of
the virtual network, and the outer addresses.
"""

from typing import Any

import numpy as np

from pcaphash.kernels.base import kernel, pointer
from pcaphash.kernels.dissect import dissect, signature_of
from pcaphash.kernels.flows import HAS_NETWORK, INNER_ADDRESSES, OUTER_ADDRESSES, hash_words, write_addresses
from pcaphash.kernels.toeplitz import view_key
from pcaphash.kernels.tunnel import NO_NETWORK_NUMBER, is_tunnel, network_number

TUNNEL_WORDS = INNER_ADDRESSES


@kernel
def read_tunnel_keys(
    block: Any, records: Any, n_records: int, key: Any, port_types: Any, departures: Any,
    loads: Any, rows: Any, numbers: Any,
) -> int:  # fmt: skip
    """Count packets by signature, and read the keys of their tunnels.

    Parameters
    ----------
    block, records, n_records, key, port_types, departures
        As ``census.count_packets`` takes them; the key does not matter.
    loads : int64 array of shape (N_SIGNATURES * 2,)
        Added to: packets and bytes (original lengths) by signature.
    rows : uint64 array of shape (n_records * (1 + TUNNEL_WORDS),)
        Written: the key of each tunnelled packet behind its hash, as ``flows.count_flows`` takes them.
    numbers : int64 array of shape (n_records,)
        Written: which record each row is of.

    Returns
    -------
    int
        How many rows were written.
    """
    d = pointer(block)
    types = pointer(port_types)
    prepared = view_key(key)
    sums, keys = pointer(loads), pointer(rows)
    n_rows = 0
    for number in range(n_records):
        offset = np.int64(records[number]["offset"])
        captured_end = offset + np.int64(records[number]["captured_length"])
        length = np.int64(records[number]["original_length"])
        encapsulation, outer, inner = dissect(
            d, offset, max(offset + length, captured_end), captured_end, np.int64(records[number]["link_type"]), types,
            prepared, departures, None,
        )  # fmt: skip
        signature = signature_of(outer.kind, encapsulation, inner.kind)
        sums[2 * signature] += 1
        sums[2 * signature + 1] += length
        if is_tunnel(encapsulation):
            first = n_rows * (1 + TUNNEL_WORDS) + 1
            word = np.uint64(signature) << np.uint64(32)
            network = network_number(d, encapsulation, outer.payload, captured_end)
            keys[first] = word if network == NO_NETWORK_NUMBER else word | HAS_NETWORK
            keys[first + 1] = np.uint64(0) if network == NO_NETWORK_NUMBER else np.uint64(network) << np.uint64(32)
            write_addresses(d, outer.kind, outer.ip, keys, first + OUTER_ADDRESSES)
            keys[first - 1] = hash_words(keys, first, TUNNEL_WORDS)
            numbers[n_rows] = number
            n_rows += 1
    return n_rows
