"""Read headers as QEMU's steering program does, which Linux's tap runs for vhost, where that differs from the texts.

Observed on QEMU 7.2's program, and seen in its source (``tools/ebpf/rss.bpf.c``): the EtherType is read behind one
802.1Q tag, or behind two tags if the first one is 802.1ad, while Linux says where the IP header is; the version of an
IPv4 header is not checked, and any bit of its fragment field counts, "do not fragment" too; an authentication header is
a transport, while ICMPv6 and "no next header" are walked over as if they were extension headers; a header that is not
whole, TCP's and UDP's too, leaves the packet without a hash.
"""

from typing import Any

import numpy as np

from pcaphash.kernels import trace as traces
from pcaphash.kernels.base import be16, rare_step, step
from pcaphash.kernels.ip import IPV4, IPV6, IPV6_EXTENDED, NO_PROTOCOL
from pcaphash.kernels.link import (
    CUT,
    FOUND,
    NETWORK_IPV4,
    NETWORK_IPV6,
    NOT_IP,
    find_header,
    network_named,
    read_ethernet,
    read_tag,
)
from pcaphash.kernels.trace import CAPTURED_END, LENGTH, PACKET_END, VALUE, amend, need, note, stop
from pcaphash.standards import ethernet as eth
from pcaphash.standards import ip

_MOST_EXTENSIONS = 11
_MOST_OPTIONS = 30
_ROUTING_LEN = 4  # what is read of a routing header before its address
_MISSING = -1  # does not fit into the frame
_CUT = -2  # was not captured


@rare_step
def network_behind_ethernet_as_ebpf(
    d: Any, offset: int, frame_end: int, captured_end: int, trace: Any
) -> tuple[int, int]:
    """Name the network layer by the EtherType that the program reads, and where Linux finds it."""
    found, ethertype = read_ethernet(d, offset, frame_end, captured_end, trace)
    if found != FOUND:
        return found, offset
    payload = offset + eth.ETHERNET_LEN
    place = offset + eth.ETHERNET_TYPE_OFFSET
    if ethertype == eth.ETHERTYPE_VLAN:
        place += eth.VLAN_TAG_LEN
    elif ethertype == eth.ETHERTYPE_SERVICE_VLAN:
        place += 2 * eth.VLAN_TAG_LEN
    if place + 2 > min(frame_end, captured_end):
        note(trace, traces.VLAN_TAG, payload, place + 2 - payload, place + 2 - payload)
        is_end = place + 2 > frame_end
        stop(trace, PACKET_END if is_end else CAPTURED_END, frame_end if is_end else captured_end)
        return NOT_IP if is_end else CUT, offset
    while ethertype == eth.ETHERTYPE_VLAN or ethertype == eth.ETHERTYPE_SERVICE_VLAN:
        found, ethertype = read_tag(d, payload, frame_end, captured_end, trace)
        if found != FOUND:
            return found, offset
        payload += eth.VLAN_TAG_LEN
    seen = be16(d, place)
    network = network_named(seen)
    if network == NOT_IP:
        stop(trace, traces.NOT_IP_TYPE if seen == ethertype else traces.TYPE_READ_ELSEWHERE, 0)
    return network, payload


@rare_step
def network_inside_as_ebpf(d: Any, offset: int, frame_end: int, captured_end: int, trace: Any) -> tuple[int, int]:
    """Name the network layer of an inner Ethernet frame that comes out of a tunnel device of Linux.

    Linux has taken the first VLAN tag off by then, and keeps it beside the frame, where the program does not see it. It
    takes the IP header to be right after what is left of the Ethernet header, even if there is another tag.
    """
    found, ethertype = read_ethernet(d, offset, frame_end, captured_end, trace)
    if found != FOUND:
        return found, offset
    payload = offset + eth.ETHERNET_LEN
    if ethertype == eth.ETHERTYPE_VLAN or ethertype == eth.ETHERTYPE_SERVICE_VLAN:
        found, ethertype = read_tag(d, payload, frame_end, captured_end, trace)
        if found != FOUND:
            return found, offset
        payload += eth.VLAN_TAG_LEN
    tags = 1 if ethertype == eth.ETHERTYPE_VLAN else 2 if ethertype == eth.ETHERTYPE_SERVICE_VLAN else 0
    for tag in range(tags):
        found, ethertype = read_tag(d, payload + tag * eth.VLAN_TAG_LEN, frame_end, captured_end, trace)
        if found != FOUND:
            return found, offset
    network = network_named(ethertype)
    if network == NOT_IP:
        stop(trace, traces.NOT_IP_TYPE, 0)
    return network, payload


@rare_step
def read_ip_as_ebpf(
    d: Any, network: int, offset: int, frame_end: int, captured_end: int, trace: Any
) -> tuple[int, int, int, int, int]:
    """Read an IP header; returns what ``ip.read_ip`` returns."""
    if network != NETWORK_IPV4 and network != NETWORK_IPV6:
        return network, NO_PROTOCOL, offset, 0, 0
    header_len = ip.IPV4_LEN if network == NETWORK_IPV4 else ip.IPV6_LEN
    layer = traces.IPV4 if network == NETWORK_IPV4 else traces.IPV6
    found = find_header(layer, offset, header_len, frame_end, captured_end, trace)
    if found != FOUND:
        return found, NO_PROTOCOL, offset, 0, 0
    kind, home_address, routing_address = IPV4, 0, 0
    is_so_for_others = True
    if network == NETWORK_IPV4:
        protocol, payload = np.int64(d[offset + 9]), offset + ((np.int64(d[offset]) & 15) << 2)
        amend(trace, LENGTH, payload - offset)
        amend(trace, VALUE, protocol)
        is_fragment = be16(d, offset + 6) != 0
        is_so_for_others = be16(d, offset + 6) & ip.IPV4_FRAGMENT_MASK != 0
    else:
        amend(trace, VALUE, d[offset + 6])
        kind, protocol, payload, is_fragment, home_address, routing_address = _walk_extensions(
            d, np.int64(d[offset + 6]), offset + header_len, frame_end, captured_end, trace
        )
    if is_fragment:
        stop(trace, traces.FRAGMENT if is_so_for_others else traces.TAKEN_FOR_FRAGMENT, 0)
        return kind, NO_PROTOCOL, payload, home_address, routing_address
    needed = ip.TCP_LEN if protocol == ip.TCP else ip.UDP_LEN if protocol == ip.UDP else 0
    if needed and payload + needed > frame_end and kind != CUT:
        note(trace, traces.TRANSPORT, payload, needed, needed)
        amend(trace, VALUE, protocol)
        stop(trace, PACKET_END, frame_end)
        return NOT_IP, NO_PROTOCOL, payload, 0, 0
    return kind, protocol, payload, home_address, routing_address


@step
def _is_walked(protocol: int) -> bool:
    return (
        protocol == ip.HOP_BY_HOP
        or protocol == ip.ROUTING
        or protocol == ip.FRAGMENT
        or protocol == ip.ICMPV6
        or protocol == ip.NO_NEXT_HEADER
        or protocol == ip.DESTINATION_OPTIONS
        or protocol == ip.MOBILITY
    )


@step
def _missing(offset: int, length: int, frame_end: int, captured_end: int) -> int:
    """Return _MISSING or _CUT for bytes that cannot be read; else 0."""
    if offset + length > frame_end:
        return np.int64(_MISSING)
    return np.int64(_CUT) if offset + length > captured_end else np.int64(0)


@step
def _walk_extensions(
    d: Any, protocol: int, offset: int, frame_end: int, captured_end: int, trace: Any
) -> tuple[int, int, int, bool, int, int]:
    """Follow the chain of extension headers; what cannot be read ends it without a hash."""
    home_address, routing_address = np.int64(0), np.int64(0)
    is_fragment = False
    for _ in range(_MOST_EXTENSIONS):
        if not _is_walked(protocol):
            break
        note(trace, traces.EXTENSION, offset, 2, 2)
        amend(trace, VALUE, protocol)
        problem = _missing(offset, 2, frame_end, captured_end)
        if protocol == ip.ROUTING and problem == 0:
            found = _find_routing_address(d, offset, frame_end, captured_end)
            problem = min(found, np.int64(0))
            routing_address = found if found > 0 else routing_address
        elif protocol == ip.DESTINATION_OPTIONS and problem == 0:
            found = _find_home_address(d, offset, frame_end, captured_end)
            problem = min(found, np.int64(0))
            home_address = found if found > 0 else home_address
        elif protocol == ip.FRAGMENT:
            is_fragment = True
        if problem != 0:
            end = frame_end if problem == _MISSING else captured_end
            amend(trace, LENGTH, max(end - offset + 1, 2))
            need(trace, max(end - offset + 1, 2))
            stop(trace, PACKET_END if problem == _MISSING else CAPTURED_END, end)
            return NOT_IP if problem == _MISSING else CUT, NO_PROTOCOL, offset, False, 0, 0
        protocol = np.int64(d[offset])
        length = (np.int64(d[offset + 1]) + 1) << 3
        amend(trace, LENGTH, length)
        offset += length
    kind = IPV6_EXTENDED if home_address or routing_address else IPV6
    return kind, protocol, offset, is_fragment, home_address, routing_address


@step
def _find_routing_address(d: Any, offset: int, frame_end: int, captured_end: int) -> int:
    """Return where the address of a type 2 routing header stands; 0 for none, or why it cannot be read."""
    problem = _missing(offset, _ROUTING_LEN, frame_end, captured_end)
    if problem != 0:
        return problem
    if (
        d[offset + 1] != ip.ROUTING_TYPE_2_LENGTH
        or d[offset + 2] != ip.ROUTING_TYPE_2
        or d[offset + 3] != ip.ROUTING_TYPE_2_SEGMENTS_LEFT
    ):
        return np.int64(0)
    address = offset + ip.ROUTING_ADDRESS_OFFSET
    return address if address + ip.IPV6_ADDRESS_LEN <= frame_end else np.int64(_MISSING)


@step
def _find_home_address(d: Any, header: int, frame_end: int, captured_end: int) -> int:
    """Return where the address of the first home address option stands; 0 for none, or why it cannot be read."""
    at = np.int64(2)
    for _ in range(_MOST_OPTIONS):
        offset = header + at
        problem = _missing(offset, 2, frame_end, captured_end)
        if problem != 0:
            return problem
        if d[offset] == ip.OPTION_HOME_ADDRESS:
            address = offset + 2
            return address if address + ip.IPV6_ADDRESS_LEN <= frame_end else np.int64(_MISSING)
        at += 1 if d[offset] == ip.OPTION_PAD1 else 2 + np.int64(d[offset + 1])
        if at + 1 >= np.int64(d[header + 1]) << 3:
            break
    return np.int64(0)
