"""Read headers as QEMU 7.2's virtio-net device does, where that differs from what the texts say.

Observed on the device, and seen in its sources (``net/eth.c``): at most two VLAN tags; neither the version nor the
length of an IPv4 header is checked; every extension header's length counts in units of 8 bytes, the authentication
header's too; the walk over extension headers goes on behind fragment headers, and where it runs past the frame the
addresses are hashed all the same; a later destination options header makes it forget an earlier home address, and the
option's length is not looked at.

Of an IP header that does not fit into the frame, the device hashes what an earlier frame left in its memory, which no
capture shows: such a packet counts as cut.
"""

from typing import Any

import numpy as np

from pcaphash.kernels import trace as traces
from pcaphash.kernels.base import be16, rare_step, step
from pcaphash.kernels.ip import IPV4, IPV6, IPV6_EXTENDED, NO_PROTOCOL, is_extension
from pcaphash.kernels.link import (
    CUT,
    FOUND,
    NETWORK_IPV4,
    NETWORK_IPV6,
    NOT_IP,
    find_header,
    is_tag,
    network_named,
    read_ethernet,
    read_tag,
)
from pcaphash.kernels.trace import CAPTURED_END, LENGTH, PACKET_END, VALUE, amend, need, note, stop
from pcaphash.standards import ethernet as eth
from pcaphash.standards import ip

_NEXT_HEADER_LEN = 2  # what is read of an extension header


@rare_step
def network_behind_ethernet_as_qemu(
    d: Any, offset: int, frame_end: int, captured_end: int, trace: Any
) -> tuple[int, int]:
    """Name the network layer behind an Ethernet header with up to one 802.1Q tag, or an 802.1ad tag before it."""
    found, ethertype = read_ethernet(d, offset, frame_end, captured_end, trace)
    if found != FOUND:
        return found, offset
    payload = offset + eth.ETHERNET_LEN
    tags = 0
    while (ethertype == eth.ETHERTYPE_VLAN and tags < 2) or (ethertype == eth.ETHERTYPE_SERVICE_VLAN and tags == 0):
        tags += 2 if ethertype == eth.ETHERTYPE_VLAN else 1
        found, ethertype = read_tag(d, payload, frame_end, captured_end, trace)
        if found != FOUND:
            return found, offset
        payload += eth.VLAN_TAG_LEN
    network = network_named(ethertype)
    if network == NOT_IP:
        stop(trace, traces.TAG_NOT_SKIPPED if is_tag(ethertype) else traces.NOT_IP_TYPE, 0)
    return network, payload


@rare_step
def read_ip_as_qemu(
    d: Any, network: int, offset: int, frame_end: int, captured_end: int, trace: Any
) -> tuple[int, int, int, int, int]:
    """Read an IP header; returns what ``ip.read_ip`` returns."""
    if network == NETWORK_IPV4:
        header_len = ip.IPV4_LEN
    elif network == NETWORK_IPV6:
        header_len = ip.IPV6_LEN
    else:
        return network, NO_PROTOCOL, offset, 0, 0
    layer = traces.IPV4 if network == NETWORK_IPV4 else traces.IPV6
    if find_header(layer, offset, header_len, frame_end, captured_end, trace) != FOUND:
        return CUT, NO_PROTOCOL, offset, 0, 0
    if network == NETWORK_IPV4:
        first = np.int64(d[offset])
        payload = offset + ((first & 15) << 2)
        amend(trace, LENGTH, payload - offset)
        amend(trace, VALUE, d[offset + 9])
        if first >> 4 != 4 or be16(d, offset + 6) & ip.IPV4_FRAGMENT_MASK:
            stop(trace, traces.WRONG_VERSION if first >> 4 != 4 else traces.FRAGMENT, 0)
            return IPV4, NO_PROTOCOL, payload, 0, 0
        return IPV4, np.int64(d[offset + 9]), payload, 0, 0
    protocol = np.int64(d[offset + 6])
    amend(trace, VALUE, protocol)
    if not is_extension(protocol):
        return IPV6, protocol, offset + header_len, 0, 0
    return _walk_extensions(d, protocol, offset + header_len, frame_end, captured_end, trace)


@step
def _walk_extensions(
    d: Any, protocol: int, offset: int, frame_end: int, captured_end: int, trace: Any
) -> tuple[int, int, int, int, int]:
    """Follow the chain of extension headers; one that runs past the frame leaves the addresses to be hashed."""
    home_address, routing_address = 0, 0
    fragment = False
    while is_extension(protocol):
        note(trace, traces.EXTENSION, offset, _NEXT_HEADER_LEN, _NEXT_HEADER_LEN)
        amend(trace, VALUE, protocol)
        if offset + _NEXT_HEADER_LEN > frame_end:
            stop(trace, PACKET_END, frame_end)
            return IPV6_EXTENDED, NO_PROTOCOL, offset, home_address, routing_address
        if offset + _NEXT_HEADER_LEN > captured_end:
            stop(trace, CAPTURED_END, captured_end)
            return CUT, NO_PROTOCOL, offset, 0, 0
        length = np.int64(d[offset + 1])
        amend(trace, LENGTH, (length + 1) << 3)
        if protocol == ip.FRAGMENT:
            fragment = True
        elif protocol == ip.DESTINATION_OPTIONS:
            home_address = _find_home_address(d, offset, frame_end, captured_end, trace)
            if home_address < 0:
                return CUT, NO_PROTOCOL, offset, 0, 0
        elif protocol == ip.ROUTING and length == ip.ROUTING_TYPE_2_LENGTH:
            routing_address = 0
            if offset + ip.ROUTING_ADDRESS_OFFSET + 16 <= frame_end:
                need(trace, 4)
                if offset + 4 > captured_end:
                    stop(trace, CAPTURED_END, captured_end)
                    return CUT, NO_PROTOCOL, offset, 0, 0
                if d[offset + 2] == ip.ROUTING_TYPE_2 and d[offset + 3] == ip.ROUTING_TYPE_2_SEGMENTS_LEFT:
                    routing_address = offset + ip.ROUTING_ADDRESS_OFFSET
        protocol = np.int64(d[offset])
        offset += (length + 1) << 3
    if fragment:
        stop(trace, traces.FRAGMENT, 0)
        protocol = NO_PROTOCOL
    return IPV6_EXTENDED, protocol, offset, home_address, routing_address


@step
def _find_home_address(d: Any, header: int, frame_end: int, captured_end: int, trace: Any) -> int:
    """Return where the address of the first home address option stands; 0 for none, -1 where cut."""
    offset = header + 2
    end = header + ((np.int64(d[header + 1]) + 1) << 3)
    while end - offset > 2:
        if offset + 2 > frame_end:
            return 0
        need(trace, offset + 2 - header)
        if offset + 2 > captured_end:
            stop(trace, CAPTURED_END, captured_end)
            return -1
        length = np.int64(1) if d[offset] == ip.OPTION_PAD1 else 2 + np.int64(d[offset + 1])
        if offset + length > end:
            return 0
        if d[offset] == ip.OPTION_HOME_ADDRESS:
            return offset + 2 if offset + 2 + 16 <= frame_end else 0
        offset += length
    return 0
