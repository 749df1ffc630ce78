"""Steer packets: which entry of its indirection table each configuration takes, and to which flow a packet belongs.

One dissection serves all configurations with the same key, rules and departures. A flow, here, is what the innermost IP
header that the capture shows tells: addresses, protocol and ports; in a tunnel also its virtual network, since tenants
may use the same addresses. 63 bits of a hash over these stand for it. Later fragments have no ports: they belong to the
flow of their first fragment, which a small table remembers. Packets without IP are told apart by their Ethernet
addresses.
"""

from typing import Any

import numpy as np

from pcaphash.kernels.base import be16, be32, kernel, multiply_wrapping, pointer, rare_step, step
from pcaphash.kernels.departures import MODULO, finish_as
from pcaphash.kernels.dissect import N_SIGNATURES, dissect, signature_of
from pcaphash.kernels.header import (
    KIND_IPV4,
    KIND_IPV6,
    N_TRANSPORTS,
    TRANSPORT_NONE,
    TRANSPORT_TCP,
    TRANSPORT_TCP_CUT,
    TRANSPORT_UDP,
    is_extended,
    sum_ipv6,
)
from pcaphash.kernels.rows import EXTENDED, FORMS, NOTHING, UNDECIDED, WITH_PORTS
from pcaphash.kernels.toeplitz import view_key
from pcaphash.kernels.tunnel import NO_NETWORK_NUMBER, network_number
from pcaphash.standards import ip
from pcaphash.standards.ethernet import ETHERNET

UNKNOWN = 1 + 2 * FORMS
"""What a configuration picks, beside ``rows.NOTHING`` and hashes, if the capture does not show what a device does."""

FRAGMENT_PLACES = 4096
FRAGMENT_WORDS = 2  # which packet it is a fragment of, and the flow

_OUTER, _INNER = 1, 1 + FORMS  # what picks the first hash of either header

_ADDRESSES_LEN = 12  # both Ethernet addresses


@step
def _mix(mixed: Any, word: Any) -> Any:
    mixed = multiply_wrapping(mixed ^ word, np.uint64(0xD6E8FEB86659FD93))
    return mixed ^ (mixed >> np.uint64(32))


@step
def _load64(d: Any, offset: int) -> Any:
    return (np.uint64(be32(d, offset)) << np.uint64(32)) | np.uint64(be32(d, offset + 4))


@step
def _finish_flow(addresses: Any, protocol: int, ports: int) -> int:
    mixed = _mix(addresses, (np.uint64(protocol) << np.uint64(32)) | np.uint64(ports))
    return np.int64(_mix(mixed, np.uint64(1)) >> np.uint64(1))


@rare_step
def _find_fragment_header(d: Any, kind: int, ip_header: int, payload: int) -> tuple[int, int]:
    """Return where an IPv6 fragment header stands in front of a payload, or 0; and the protocol of the payload."""
    protocol = np.int64(d[ip_header + 6])
    if kind < KIND_IPV6 + N_TRANSPORTS:
        return np.int64(0), protocol
    offset, found = ip_header + ip.IPV6_LEN, np.int64(0)
    while offset + ip.EXTENSION_LEN <= payload:
        length = (np.int64(d[offset + 1]) + 1) << 3
        if protocol == ip.FRAGMENT:
            length, found = np.int64(ip.EXTENSION_LEN), offset
        elif protocol == ip.AUTHENTICATION:
            length = (np.int64(d[offset + 1]) + 2) << 2
        protocol = np.int64(d[offset])
        offset += length
    return found, protocol


@rare_step
def _flow_without_ports(
    d: Any, addresses: Any, kind: int, ip_header: int, payload: int, captured_end: int, fragments: Any
) -> int:
    """Return the flow of a packet that is a fragment, or neither TCP nor UDP."""
    if kind < KIND_IPV6:
        protocol = np.int64(d[ip_header + 9])
        word = be16(d, ip_header + 6)
        is_fragment = word & ip.IPV4_FRAGMENT_MASK != 0
        is_first = word & ip.IPV4_FRAGMENT_OFFSET_MASK == 0
        identification = be16(d, ip_header + 4)
    else:
        header, protocol = _find_fragment_header(d, kind, ip_header, payload)
        is_fragment = header != 0
        is_first = is_fragment and be16(d, header + 2) & ip.IPV6_FRAGMENT_OFFSET_MASK == 0
        identification = be32(d, header + 4) if is_fragment else np.int64(0)
    if not is_fragment:
        return _finish_flow(addresses, protocol, 0)
    # RFC 791 tells packets apart by their protocol too; RFC 8200 (section 4.5) does not.
    packet = _finish_flow(_mix(addresses, np.uint64(identification)), protocol if kind < KIND_IPV6 else 0, 1)
    at = (packet & (FRAGMENT_PLACES - 1)) * FRAGMENT_WORDS
    if not is_first:
        return fragments[at + 1] if fragments[at] == packet else _finish_flow(addresses, protocol, 0)
    has_ports = (protocol == ip.TCP or protocol == ip.UDP) and payload + 4 <= captured_end
    flow = _finish_flow(addresses, protocol, be32(d, payload) if has_ports else 0)
    fragments[at] = packet
    fragments[at + 1] = flow
    return flow


@step
def _flow_of_header(
    d: Any, kind: int, ip_header: int, payload: int, captured_end: int, network: int, fragments: Any
) -> int:
    """Return the flow that an IP header tells, in a virtual network; 0 for none."""
    mixed = np.uint64(0x9E3779B97F4A7C15) + np.uint64(network)
    if kind < KIND_IPV6:
        mixed = _mix(mixed, _load64(d, ip_header + ip.IPV4_SOURCE_OFFSET))
    else:
        for i in range(4):
            mixed = _mix(mixed, _load64(d, ip_header + ip.IPV6_SOURCE_OFFSET + 8 * i))
    transport = (kind - KIND_IPV4) % N_TRANSPORTS
    if transport == TRANSPORT_NONE:
        return _flow_without_ports(d, mixed, kind, ip_header, payload, captured_end, fragments)
    is_tcp = transport == TRANSPORT_TCP or transport == TRANSPORT_TCP_CUT
    has_ports = transport == TRANSPORT_TCP or transport == TRANSPORT_UDP
    return _finish_flow(mixed, ip.TCP if is_tcp else ip.UDP, be32(d, payload) if has_ports else 0)


@rare_step
def _flow_of_link(d: Any, offset: int, captured_end: int, link_type: int) -> int:
    """Return the flow of a packet without IP."""
    mixed = np.uint64(link_type)
    if link_type == ETHERNET and offset + _ADDRESSES_LEN <= captured_end:
        mixed = _mix(_mix(mixed, _load64(d, offset)), np.uint64(be32(d, offset + 8)))
    return _finish_flow(mixed, 0, 0)


@step
def _entry_of(total: Any, length: int, departures: Any) -> int:
    """Return the entry of an indirection table that a hash leads to."""
    value = np.int64(finish_as(total, departures))
    if departures is not None:
        if departures & MODULO:
            return value % length
    return value & (length - 1)


@kernel
def steer_packets(
    block: Any, records: Any, n_records: int, start: int, key: Any, port_types: Any, departures: Any,
    picks: Any, table_lengths: Any, n_configs: int, candidates: Any, entries: Any, flows: Any, lengths: Any,
    fragments: Any,
) -> tuple[int, int]:  # fmt: skip
    """Steer the packets of a block.

    Parameters
    ----------
    block, records, n_records, key, port_types, departures
        As ``census.count_packets`` takes them.
    start : int
        The first of the records to steer.
    picks : int32 array of shape (n_configs * N_SIGNATURES,)
        What each configuration picks for each signature, as ``rows`` numbers it, or UNKNOWN; ``rows.UNDECIDED`` for
        signatures not met yet, in all configurations.
    table_lengths : int64 array of shape (n_configs,)
        Entries of each configuration's indirection table.
    n_configs : int
        How many configurations there are; none if only flows and lengths are wanted.
    candidates : uint64 array of shape (UNKNOWN + 1,)
        Room for the hashes of one packet, by what picks them.
    entries : int64 array of shape (n_configs * n_records,)
        Written: for each configuration the entry of its table that each packet takes; the length of the table for
        packets without a hash, one more for those of which the capture does not show what a device does.
    flows, lengths : int64 arrays of shape (n_records,)
        Written: the flow of each packet, and its original length in bytes.
    fragments : int64 array of shape (FRAGMENT_PLACES * FRAGMENT_WORDS,)
        The flows of packets whose first fragment was met. Written.

    Returns
    -------
    steered : int
        Up to which record packets were steered: fewer than ``n_records`` where the next one's signature is undecided.
    signature : int
        That signature; -1 without one.
    """
    d = pointer(block)
    types = pointer(port_types)
    picked, steps = pointer(picks), pointer(table_lengths)
    taken, found, sizes, known = pointer(entries), pointer(flows), pointer(lengths), pointer(fragments)
    hashes = pointer(candidates)
    prepared = view_key(key)
    for i in range(start, n_records):
        offset = np.int64(records[i]["offset"])
        captured_end = offset + np.int64(records[i]["captured_length"])
        length = np.int64(records[i]["original_length"])
        link_type = np.int64(records[i]["link_type"])
        encapsulation, outer, inner = dissect(
            d, offset, max(offset + length, captured_end), captured_end, link_type, types, prepared, departures, None
        )
        signature = signature_of(outer.kind, encapsulation, inner.kind)
        if n_configs > 0 and picked[signature] == UNDECIDED:
            return np.int64(i), np.int64(signature)
        sizes[i] = length
        has_inner = inner.kind >= KIND_IPV4
        innermost = inner if has_inner else outer
        if innermost.kind >= KIND_IPV4:
            network = np.int64(0)
            if has_inner:
                number = network_number(d, encapsulation, outer.payload, captured_end)
                network = (encapsulation << 32 | number) if number != NO_NETWORK_NUMBER else np.int64(0)
            found[i] = _flow_of_header(d, innermost.kind, innermost.ip, innermost.payload, captured_end, network, known)
        else:
            found[i] = _flow_of_link(d, offset, captured_end, link_type)
        # All of them: which one a configuration picks is what a processor cannot foresee in mixed traffic.
        hashes[_OUTER] = outer.addresses_sum
        hashes[_OUTER + WITH_PORTS] = outer.addresses_sum ^ outer.ports_sum
        hashes[_INNER] = inner.addresses_sum
        hashes[_INNER + WITH_PORTS] = inner.addresses_sum ^ inner.ports_sum
        if is_extended(outer.kind):
            total = sum_ipv6(d, outer.source, outer.destination, 0, prepared, departures)
            hashes[_OUTER + EXTENDED] = total
            hashes[_OUTER + EXTENDED + WITH_PORTS] = total ^ outer.ports_sum
        if is_extended(inner.kind):
            total = sum_ipv6(d, inner.source, inner.destination, 0, prepared, departures)
            hashes[_INNER + EXTENDED] = total
            hashes[_INNER + EXTENDED + WITH_PORTS] = total ^ inner.ports_sum
        for config in range(n_configs):
            pick = np.int64(picked[config * N_SIGNATURES + signature])
            entry = _entry_of(hashes[pick], steps[config], departures)
            without = steps[config] + np.int64(pick == UNKNOWN)
            is_hashed = pick != NOTHING and pick != UNKNOWN
            taken[config * n_records + i] = entry if is_hashed else without
    return np.int64(n_records), np.int64(-1)
