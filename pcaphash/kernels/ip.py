"""Read an IP header, and for IPv6 the chain of extension headers behind it.

Length fields inside IP headers bound nothing: packets that a host merged (BIG TCP) carry zeros there.
"""

from typing import Any

import numpy as np

from pcaphash.kernels.base import be16, rare_step, step
from pcaphash.kernels.departures import (
    AUTHENTICATION_IN_EIGHTS,
    CHAIN_PAST_FRAME,
    EVERY_FRAGMENT_PORTS,
    EXTENSIONS_NOT_SKIPPED,
    FIRST_FRAGMENT_PORTS,
    FRAGMENTS_NOT_HASHED,
    HOME_ADDRESS_FORGOTTEN,
    HOME_ADDRESS_IGNORED,
    HOME_ADDRESS_OF_ANY_LENGTH,
    ROUTING_ADDRESS_IGNORED,
    VERSION_UNCHECKED,
    has,
)
from pcaphash.kernels.link import CUT, NETWORK_IPV4, NETWORK_IPV6, NOT_IP
from pcaphash.standards import ip

# What kind of network layer was read. NOT_IP and CUT (kernels.link) are the others.
IPV4 = 4
IPV6 = 6
IPV6_EXTENDED = 8  # IPv6 with at least one extension header

NO_PROTOCOL = -1  # a fragment: whatever its protocol, neither ports nor an encapsulation are looked for
OF_FRAGMENT = 256  # added to the protocol by devices that look for ports in fragments


@step
def read_ip(
    d: Any, network: int, offset: int, frame_end: int, captured_end: int, departures: Any
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
        kind, protocol, payload = _read_ipv4(d, offset, frame_end, captured_end, departures)
        return kind, protocol, payload, 0, 0
    if network == NETWORK_IPV6:
        return _read_ipv6(d, offset, frame_end, captured_end, departures)
    return network, NO_PROTOCOL, offset, 0, 0


@step
def _read_ipv4(d: Any, offset: int, frame_end: int, captured_end: int, departures: Any) -> tuple[int, int, int]:
    if offset + ip.IPV4_LEN > frame_end:
        return NOT_IP, NO_PROTOCOL, offset
    if offset + ip.IPV4_LEN > captured_end:
        return CUT, NO_PROTOCOL, offset
    first = np.int64(d[offset])
    payload = offset + ((first & 15) << 2)
    if first >> 4 != 4 or (first & 15) < 5 or payload > frame_end:
        if has(departures, VERSION_UNCHECKED):
            return IPV4, NO_PROTOCOL, offset
        return NOT_IP, NO_PROTOCOL, offset
    if be16(d, offset + 6) & ip.IPV4_FRAGMENT_MASK:
        if has(departures, FRAGMENTS_NOT_HASHED):
            return NOT_IP, NO_PROTOCOL, offset
        is_first = be16(d, offset + 6) & ip.IPV4_FRAGMENT_OFFSET_MASK == 0
        return IPV4, _protocol_of_fragment(np.int64(d[offset + 9]), is_first, departures), payload
    return IPV4, np.int64(d[offset + 9]), payload


@step
def _read_ipv6(
    d: Any, offset: int, frame_end: int, captured_end: int, departures: Any
) -> tuple[int, int, int, int, int]:
    payload = offset + ip.IPV6_LEN
    if payload > frame_end:
        return NOT_IP, NO_PROTOCOL, offset, 0, 0
    if payload > captured_end:
        return CUT, NO_PROTOCOL, offset, 0, 0
    if d[offset] >> 4 != 6 and not has(departures, VERSION_UNCHECKED):
        return NOT_IP, NO_PROTOCOL, offset, 0, 0
    protocol = np.int64(d[offset + 6])
    if protocol == ip.TCP or protocol == ip.UDP or not is_extension(protocol):
        return IPV6, protocol, payload, 0, 0
    if has(departures, EXTENSIONS_NOT_SKIPPED):
        return IPV6, protocol, payload, 0, 0
    return _walk_extensions(d, protocol, payload, frame_end, captured_end, departures)


@step
def _protocol_of_fragment(protocol: int, is_first: bool, departures: Any) -> int:
    """Return NO_PROTOCOL, or for devices that hash ports of fragments a number that is no tunnel's."""
    if departures is not None:
        if has(departures, EVERY_FRAGMENT_PORTS) or (is_first and has(departures, FIRST_FRAGMENT_PORTS)):
            return OF_FRAGMENT + protocol
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
    d: Any, protocol: int, offset: int, frame_end: int, captured_end: int, departures: Any
) -> tuple[int, int, int, int, int]:
    """Follow the chain of extension headers (RFC 8200 section 4) up to what ends it."""
    home_address, routing_address = 0, 0
    fragment = False
    while is_extension(protocol):
        if offset + ip.EXTENSION_LEN > frame_end:
            kind = IPV6_EXTENDED if has(departures, CHAIN_PAST_FRAME) else NOT_IP
            return kind, NO_PROTOCOL, offset, home_address, routing_address
        if offset + ip.EXTENSION_LEN > captured_end:
            return CUT, NO_PROTOCOL, offset, 0, 0
        end = offset + _extension_len(d, protocol, offset, departures)
        if end > frame_end:
            is_authentication = protocol == ip.AUTHENTICATION and has(departures, AUTHENTICATION_IN_EIGHTS)
            kind = IPV6_EXTENDED if is_authentication or has(departures, CHAIN_PAST_FRAME) else NOT_IP
            return kind, NO_PROTOCOL, offset, home_address, routing_address
        if protocol == ip.FRAGMENT:
            if has(departures, FRAGMENTS_NOT_HASHED):
                return NOT_IP, NO_PROTOCOL, offset, 0, 0
            fragment = True
            if be16(d, offset + 2) & ip.IPV6_FRAGMENT_OFFSET_MASK:
                protocol = _protocol_of_fragment(np.int64(d[offset]), False, departures)
                return IPV6_EXTENDED, protocol, end, home_address, routing_address
        elif protocol == ip.DESTINATION_OPTIONS and (home_address == 0 or has(departures, HOME_ADDRESS_FORGOTTEN)):
            home_address = _find_home_address(d, offset + 2, end, frame_end, captured_end, departures)
            if home_address < 0:
                return CUT, NO_PROTOCOL, offset, 0, 0
        elif protocol == ip.ROUTING and routing_address == 0:
            if _is_routing_type_2(d, offset):
                routing_address = offset + ip.ROUTING_ADDRESS_OFFSET
        protocol = np.int64(d[offset])
        offset = end
    if fragment:
        protocol = _protocol_of_fragment(protocol, True, departures)
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
def _find_home_address(d: Any, offset: int, end: int, frame_end: int, captured_end: int, departures: Any) -> int:
    """Return where the address of the first complete home address option stands; 0 for none, -1 where cut."""
    while offset < end:
        if offset >= captured_end:
            return -1
        if d[offset] == ip.OPTION_PAD1:
            offset += 1
            continue
        if offset + 2 > end:
            return 0
        if offset + 2 > captured_end:
            return -1
        body = offset + 2
        offset = body + np.int64(d[offset + 1])
        if has(departures, HOME_ADDRESS_OF_ANY_LENGTH) and d[body - 2] == ip.OPTION_HOME_ADDRESS and offset <= end:
            return body if body + ip.HOME_ADDRESS_LEN <= frame_end else np.int64(0)
        if d[body - 2] == ip.OPTION_HOME_ADDRESS and d[body - 1] == ip.HOME_ADDRESS_LEN and offset <= end:
            return body
    return 0
