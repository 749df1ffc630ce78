"""Read an IP header, and for IPv6 the chain of extension headers behind it.

Length fields inside IP headers bound nothing: packets that a host merged (BIG TCP) carry zeros there.
"""

from typing import Any

import numpy as np

from pcaphash.kernels import trace as traces
from pcaphash.kernels.base import be16, rare_step, step
from pcaphash.kernels.departures import (
    AUTHENTICATION_IN_EIGHTS,
    AUTHENTICATION_NOT_SKIPPED,
    CHAIN_PAST_FRAME,
    DF_AS_FRAGMENT,
    EVERY_FRAGMENT_PORTS,
    EXTENSIONS_NOT_HASHED,
    EXTENSIONS_NOT_SKIPPED,
    FIRST_FRAGMENT_PORTS,
    FRAGMENTS_NOT_HASHED,
    HOME_ADDRESS_FORGOTTEN,
    HOME_ADDRESS_IGNORED,
    HOME_ADDRESS_OF_ANY_LENGTH,
    OPTIONS_NOT_HASHED,
    ROUTING_ADDRESS_IGNORED,
    VERSION_UNCHECKED,
    has,
)
from pcaphash.kernels.link import CUT, FOUND, NETWORK_IPV4, NETWORK_IPV6, NOT_IP, find_header
from pcaphash.kernels.trace import CAPTURED_END, LENGTH, PACKET_END, VALUE, amend, need, note, stop
from pcaphash.standards import ip

# What kind of network layer was read. NOT_IP and CUT (kernels.link) are the others.
IPV4 = 4
IPV6 = 6
IPV6_EXTENDED = 8  # IPv6 with at least one extension header

NO_PROTOCOL = -1  # a fragment: whatever its protocol, neither ports nor an encapsulation are looked for
OF_FRAGMENT = 256  # added to the protocol by devices that look for ports in fragments


@step
def read_ip(
    d: Any, network: int, offset: int, frame_end: int, captured_end: int, departures: Any, trace: Any
) -> tuple[int, int, int, int, int]:
    """Read the IP header that a network layer announced.

    Returns
    -------
    kind : int
        IPV4, IPV6, IPV6_EXTENDED, NOT_IP or CUT.
    protocol : int
        Protocol of the payload; NO_PROTOCOL for every fragment.
    payload : int
        Where the payload starts.
    home_address, routing_address : int
        Where the home address option's address and the type 2 routing header's address stand; 0 where there is none.
    """
    if network == NETWORK_IPV4:
        kind, protocol, payload = _read_ipv4(d, offset, frame_end, captured_end, departures, trace)
        return kind, protocol, payload, 0, 0
    if network == NETWORK_IPV6:
        return _read_ipv6(d, offset, frame_end, captured_end, departures, trace)
    return network, NO_PROTOCOL, offset, 0, 0


@step
def _read_ipv4(
    d: Any, offset: int, frame_end: int, captured_end: int, departures: Any, trace: Any
) -> tuple[int, int, int]:
    found = find_header(traces.IPV4, offset, ip.IPV4_LEN, frame_end, captured_end, trace)
    if found != FOUND:
        return found, NO_PROTOCOL, offset
    first = np.int64(d[offset])
    payload = offset + ((first & 15) << 2)
    amend(trace, LENGTH, payload - offset)
    amend(trace, VALUE, d[offset + 9])
    if first >> 4 != 4 or (first & 15) < 5 or payload > frame_end:
        _stop_at_ipv4(trace, first, frame_end)
        if has(departures, VERSION_UNCHECKED):
            return IPV4, NO_PROTOCOL, offset
        return NOT_IP, NO_PROTOCOL, offset
    if has(departures, OPTIONS_NOT_HASHED) and first & 15 > 5:
        return NOT_IP, NO_PROTOCOL, offset
    if be16(d, offset + 6) & _fragment_mask(departures):
        if has(departures, FRAGMENTS_NOT_HASHED):
            stop(trace, traces.FRAGMENT, 0)
            return NOT_IP, NO_PROTOCOL, offset
        is_first = be16(d, offset + 6) & ip.IPV4_FRAGMENT_OFFSET_MASK == 0
        return IPV4, _protocol_of_fragment(np.int64(d[offset + 9]), is_first, departures, trace), payload
    return IPV4, np.int64(d[offset + 9]), payload


@step
def _fragment_mask(departures: Any) -> int:
    """Return the bits of an IPv4 header that tell a fragment."""
    if has(departures, DF_AS_FRAGMENT):
        return np.int64(ip.IPV4_FRAGMENT_MASK | ip.IPV4_DO_NOT_FRAGMENT)
    return np.int64(ip.IPV4_FRAGMENT_MASK)


@step
def _stop_at_ipv4(trace: Any, first: int, frame_end: int) -> None:
    """Say what is wrong with an IPv4 header that begins with this byte."""
    if first >> 4 != 4:
        stop(trace, traces.WRONG_VERSION, 0)
    elif (first & 15) < 5:
        stop(trace, traces.SHORT_LENGTH, 0)
    else:
        stop(trace, PACKET_END, frame_end)


@step
def _read_ipv6(
    d: Any, offset: int, frame_end: int, captured_end: int, departures: Any, trace: Any
) -> tuple[int, int, int, int, int]:
    found = find_header(traces.IPV6, offset, ip.IPV6_LEN, frame_end, captured_end, trace)
    if found != FOUND:
        return found, NO_PROTOCOL, offset, 0, 0
    payload = offset + ip.IPV6_LEN
    amend(trace, VALUE, d[offset + 6])
    if d[offset] >> 4 != 6 and not has(departures, VERSION_UNCHECKED):
        stop(trace, traces.WRONG_VERSION, 0)
        return NOT_IP, NO_PROTOCOL, offset, 0, 0
    protocol = np.int64(d[offset + 6])
    if protocol == ip.TCP or protocol == ip.UDP or not is_extension(protocol):
        return IPV6, protocol, payload, 0, 0
    if has(departures, AUTHENTICATION_NOT_SKIPPED) and protocol == ip.AUTHENTICATION:
        return IPV6, protocol, payload, 0, 0
    if has(departures, EXTENSIONS_NOT_HASHED):
        return NOT_IP, NO_PROTOCOL, offset, 0, 0
    if has(departures, EXTENSIONS_NOT_SKIPPED):
        stop(trace, traces.EXTENSION_NOT_SKIPPED, 0)
        return IPV6, protocol, payload, 0, 0
    return _walk_extensions(d, protocol, payload, frame_end, captured_end, departures, trace)


@step
def _protocol_of_fragment(protocol: int, is_first: bool, departures: Any, trace: Any) -> int:
    """Return NO_PROTOCOL, or for devices that hash ports of fragments a number that is no tunnel's."""
    if departures is not None:
        if has(departures, EVERY_FRAGMENT_PORTS) or (is_first and has(departures, FIRST_FRAGMENT_PORTS)):
            return OF_FRAGMENT + protocol
    stop(trace, traces.FRAGMENT, 0)
    return np.int64(NO_PROTOCOL)


@step
def is_extension(protocol: int) -> bool:
    """Tell whether a next header is an extension header that the walk follows."""
    return (
        protocol == ip.HOP_BY_HOP
        or protocol == ip.ROUTING
        or protocol == ip.FRAGMENT
        or protocol == ip.AUTHENTICATION
        or protocol == ip.DESTINATION_OPTIONS
        or protocol == ip.MOBILITY
    )


@step
def _extension_len(d: Any, protocol: int, offset: int, departures: Any) -> int:
    """Return the length in bytes of an extension header; the authentication header counts in units of 4."""
    length = np.int64(d[offset + 1])
    if protocol == ip.FRAGMENT:
        return np.int64(ip.EXTENSION_LEN)
    if protocol == ip.AUTHENTICATION and not has(departures, AUTHENTICATION_IN_EIGHTS):
        return (length + 2) << 2
    return (length + 1) << 3


@rare_step
def _walk_extensions(
    d: Any, protocol: int, offset: int, frame_end: int, captured_end: int, departures: Any, trace: Any
) -> tuple[int, int, int, int, int]:
    """Follow the chain of extension headers (RFC 8200 section 4) up to what ends it."""
    home_address, routing_address = 0, 0
    fragment = False
    while is_extension(protocol):
        if has(departures, AUTHENTICATION_NOT_SKIPPED) and protocol == ip.AUTHENTICATION:
            break
        note(trace, traces.EXTENSION, offset, ip.EXTENSION_LEN, ip.EXTENSION_LEN)
        amend(trace, VALUE, protocol)
        if offset + ip.EXTENSION_LEN > frame_end:
            stop(trace, PACKET_END, frame_end)
            kind = IPV6_EXTENDED if has(departures, CHAIN_PAST_FRAME) else NOT_IP
            return kind, NO_PROTOCOL, offset, home_address, routing_address
        if offset + ip.EXTENSION_LEN > captured_end:
            stop(trace, CAPTURED_END, captured_end)
            return CUT, NO_PROTOCOL, offset, 0, 0
        end = offset + _extension_len(d, protocol, offset, departures)
        amend(trace, LENGTH, end - offset)
        if end > frame_end:
            stop(trace, PACKET_END, frame_end)
            is_authentication = protocol == ip.AUTHENTICATION and has(departures, AUTHENTICATION_IN_EIGHTS)
            kind = IPV6_EXTENDED if is_authentication or has(departures, CHAIN_PAST_FRAME) else NOT_IP
            return kind, NO_PROTOCOL, offset, home_address, routing_address
        if protocol == ip.FRAGMENT:
            if has(departures, FRAGMENTS_NOT_HASHED):
                stop(trace, traces.FRAGMENT, 0)
                return NOT_IP, NO_PROTOCOL, offset, 0, 0
            fragment = True
            if be16(d, offset + 2) & ip.IPV6_FRAGMENT_OFFSET_MASK:
                protocol = _protocol_of_fragment(np.int64(d[offset]), False, departures, trace)
                return IPV6_EXTENDED, protocol, end, home_address, routing_address
        elif protocol == ip.DESTINATION_OPTIONS and (home_address == 0 or has(departures, HOME_ADDRESS_FORGOTTEN)):
            home_address = _find_home_address(d, offset + 2, end, frame_end, captured_end, departures, trace)
            if home_address < 0:
                return CUT, NO_PROTOCOL, offset, 0, 0
        elif protocol == ip.ROUTING and routing_address == 0:
            if _is_routing_type_2(d, offset):
                routing_address = offset + ip.ROUTING_ADDRESS_OFFSET
        protocol = np.int64(d[offset])
        offset = end
    if fragment:
        protocol = _protocol_of_fragment(protocol, True, departures, trace)
    if has(departures, HOME_ADDRESS_IGNORED):
        home_address = 0
    if has(departures, ROUTING_ADDRESS_IGNORED):
        routing_address = 0
    return IPV6_EXTENDED, protocol, offset, home_address, routing_address


@step
def _is_routing_type_2(d: Any, offset: int) -> bool:
    return (
        d[offset + 1] == ip.ROUTING_TYPE_2_LENGTH
        and d[offset + 2] == ip.ROUTING_TYPE_2
        and d[offset + 3] == ip.ROUTING_TYPE_2_SEGMENTS_LEFT
    )


@step
def _find_home_address(
    d: Any, offset: int, end: int, frame_end: int, captured_end: int, departures: Any, trace: Any
) -> int:
    """Return where the address of the first complete home address option stands; 0 for none, -1 where cut."""
    header = offset - 2
    while offset < end:
        need(trace, offset + 1 - header)
        if offset >= captured_end:
            stop(trace, CAPTURED_END, captured_end)
            return -1
        if d[offset] == ip.OPTION_PAD1:
            offset += 1
            continue
        if offset + 2 > end:
            return 0
        need(trace, offset + 2 - header)
        if offset + 2 > captured_end:
            stop(trace, CAPTURED_END, captured_end)
            return -1
        body = offset + 2
        offset = body + np.int64(d[offset + 1])
        if has(departures, HOME_ADDRESS_OF_ANY_LENGTH) and d[body - 2] == ip.OPTION_HOME_ADDRESS and offset <= end:
            return body if body + ip.HOME_ADDRESS_LEN <= frame_end else np.int64(0)
        if d[body - 2] == ip.OPTION_HOME_ADDRESS and d[body - 1] == ip.HOME_ADDRESS_LEN and offset <= end:
            return body
    return 0
