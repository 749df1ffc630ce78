"""Addresses and ports of one header of each flow, in rows that can be grouped and turned round.

A row is seven words of 64 bits: four of addresses, as ``kernels.flows`` lays them out; the IP version, 0 if there is no
IP header; the transport and the ports; the number of the virtual network counted from 1, 0 if there is none. So rows of
which the first words are equal have equal addresses, equal ports too, and are of one virtual network too.
"""

from typing import Any

import numpy as np

from pcaphash.kernels.base import kernel, pointer, step
from pcaphash.kernels.flows import HAS_NETWORK, SIGNATURE_MASK

ADDRESS_WORDS = 4
VERSION, PORTS, NETWORK = 4, 5, 6
TUPLE_LEN = 7
WITHOUT_PORTS_LEN, WITHOUT_NETWORK_LEN = PORTS, NETWORK  # leading words that are equal if only the others differ

# How to read the header of a flow: the first of its address words in the key; which word of the key has its ports;
# IP version and transport as they stand in rows. Without an IP header all are 0.
PLAN_LEN = 4
_FIRST, _PORTS, _VERSION, _TRANSPORT = 0, 1, 2, 3

_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
_PORT, _LOW_PORT = np.uint64(16), np.uint64(0xFFFF)
_IPV6 = 6


@kernel
def read_tuples(flows: Any, n_flows: int, row_len: int, plans: Any, rows: Any) -> None:
    """Read addresses and ports of one header of each flow.

    Parameters
    ----------
    flows : uint64 array of shape (n_flows * row_len,)
        The key of each behind its hash, as ``kernels.flows`` lays them out.
    n_flows, row_len : int
        How many flows there are, and words in the row of each.
    plans : int64 array of shape (N_SIGNATURES * PLAN_LEN,)
        How to read the header of a flow, by its signature.
    rows : uint64 array of shape (n_flows * TUPLE_LEN,)
        Written; all zero if there is no IP header.
    """
    source, results, steps = pointer(flows), pointer(rows), pointer(plans)
    for i in range(n_flows):
        key, at = i * row_len + 1, i * TUPLE_LEN
        plan = np.int64((source[key] >> _HALF) & SIGNATURE_MASK) * PLAN_LEN
        if steps[plan + _VERSION] == 0:
            for word in range(TUPLE_LEN):
                results[at + word] = np.uint64(0)
            continue
        for word in range(ADDRESS_WORDS):
            results[at + word] = source[key + steps[plan + _FIRST] + word]
        results[at + VERSION] = np.uint64(steps[plan + _VERSION])
        ports = source[key + steps[plan + _PORTS]] & _LOW
        results[at + PORTS] = np.uint64(steps[plan + _TRANSPORT]) << _HALF | ports
        network = (source[key + 1] >> _HALF) + np.uint64(1)
        results[at + NETWORK] = network if source[key] & HAS_NETWORK else np.uint64(0)


@step
def _is_less(address: Any, more: Any, port: Any, other: Any, other_more: Any, other_port: Any) -> bool:
    """Tell whether one end of a connection is less than the other: by its address in two words, then by its port."""
    if address != other:
        return address < other
    return more < other_more if more != other_more else port < other_port


@kernel
def turn_tuples(rows: Any, n_rows: int, turned: Any) -> None:
    """Have the lesser end of each connection first, so that rows are equal for both of its directions.

    Parameters
    ----------
    rows : uint64 array of shape (n_rows * TUPLE_LEN,)
        Changed.
    n_rows : int
        How many there are.
    turned : int64 array of shape (n_rows,)
        Written: 1 for each that was turned round, else 0.
    """
    words, results = pointer(rows), pointer(turned)
    for i in range(n_rows):
        at = i * TUPLE_LEN
        ports = words[at + PORTS]
        source_port, destination_port = ports >> _PORT & _LOW_PORT, ports & _LOW_PORT
        is_ipv6 = words[at + VERSION] == np.uint64(_IPV6)
        source, destination = words[at] >> _HALF, words[at] & _LOW
        source_more, destination_more = np.uint64(0), np.uint64(0)
        if is_ipv6:
            source, source_more = words[at], words[at + 1]
            destination, destination_more = words[at + 2], words[at + 3]
        results[i] = 0
        if not _is_less(destination, destination_more, destination_port, source, source_more, source_port):
            continue
        results[i] = 1
        words[at + PORTS] = ports >> _HALF << _HALF | destination_port << _PORT | source_port
        if is_ipv6:
            words[at], words[at + 1] = destination, destination_more
            words[at + 2], words[at + 3] = source, source_more
        else:
            words[at] = destination << _HALF | source
