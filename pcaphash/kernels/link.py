"""Find the IP header behind a link layer header.

A position in a packet is always given by three offsets into the block: ``offset`` itself, ``frame_end`` (where the
packet ended on the wire) and ``captured_end`` (where its captured bytes end). What does not fit into the frame is
no header; what fits into the frame but was not captured makes the answer CUT.
"""

from typing import Any

from pcaphash.kernels.base import be16, be32, le32, rare_step, step
from pcaphash.kernels.departures import ONE_TAG_ONLY, TAGS_NOT_SKIPPED, has
from pcaphash.kernels.trace import (
    CAPTURED_END,
    ETHERNET,
    LINUX_COOKED,
    LOOPBACK,
    NOT_IP_TYPE,
    OTHER_LINK,
    PACKET_END,
    RAW_IP,
    TAG_NOT_SKIPPED,
    UNKNOWN_LINK_TYPE,
    VALUE,
    VLAN_TAG,
    amend,
    note,
    stop,
)
from pcaphash.standards import ethernet as eth

# What is found behind a link layer, or instead of an IP header. The first three also are kinds of header
# (kernels.header).
NOT_IP = 0
CUT = 1
OTHER_LINK_TYPE = 2
NETWORK_IPV4 = 4
NETWORK_IPV6 = 6
NETWORK_ETHERNET = 7

FOUND = -1  # a header, or an EtherType, where one is looked for


@step
def is_tag(ethertype: int) -> bool:
    """Tell whether an EtherType announces a VLAN tag."""
    return (
        ethertype == eth.ETHERTYPE_VLAN
        or ethertype == eth.ETHERTYPE_SERVICE_VLAN
        or ethertype == eth.ETHERTYPE_OLD_SERVICE_VLAN
    )


@step
def find_header(layer: int, offset: int, header_len: int, frame_end: int, captured_end: int, trace: Any) -> int:
    """Note a header; return FOUND, or NOT_IP if the frame ends before its end, or CUT if only the capture does."""
    note(trace, layer, offset, header_len, header_len)
    if offset + header_len > frame_end:
        stop(trace, PACKET_END, frame_end)
        return NOT_IP
    if offset + header_len > captured_end:
        stop(trace, CAPTURED_END, captured_end)
        return CUT
    return FOUND


@step
def read_ethertype(
    d: Any, layer: int, offset: int, header_len: int, type_offset: int, frame_end: int, captured_end: int, trace: Any
) -> tuple[int, int]:
    """Read the EtherType in a header of so many bytes; return FOUND and it, or NOT_IP or CUT where the header ends."""
    found = find_header(layer, offset, header_len, frame_end, captured_end, trace)
    if found != FOUND:
        return found, 0
    ethertype = be16(d, offset + type_offset)
    amend(trace, VALUE, ethertype)
    return FOUND, ethertype


@step
def read_ethernet(d: Any, offset: int, frame_end: int, captured_end: int, trace: Any) -> tuple[int, int]:
    """Read the EtherType of an Ethernet header; returns what ``read_ethertype`` returns."""
    return read_ethertype(
        d, ETHERNET, offset, eth.ETHERNET_LEN, eth.ETHERNET_TYPE_OFFSET, frame_end, captured_end, trace
    )


@step
def read_tag(d: Any, offset: int, frame_end: int, captured_end: int, trace: Any) -> tuple[int, int]:
    """Read the EtherType behind a VLAN tag; returns what ``read_ethertype`` returns."""
    return read_ethertype(d, VLAN_TAG, offset, eth.VLAN_TAG_LEN, 2, frame_end, captured_end, trace)


@step
def network_named(ethertype: int) -> int:
    """Return the network layer that an EtherType names; NOT_IP if it names another."""
    if ethertype == eth.ETHERTYPE_IPV4:
        return NETWORK_IPV4
    return NETWORK_IPV6 if ethertype == eth.ETHERTYPE_IPV6 else NOT_IP


@step
def network_of_type(
    d: Any, ethertype: int, offset: int, frame_end: int, captured_end: int, departures: Any, trace: Any
) -> tuple[int, int]:
    """Step over VLAN tags (IEEE 802.1Q, any depth) and name the network layer behind an EtherType."""
    tags = 0
    while is_tag(ethertype):
        if has(departures, TAGS_NOT_SKIPPED) or (has(departures, ONE_TAG_ONLY) and tags):
            stop(trace, TAG_NOT_SKIPPED, 0)
            return NOT_IP, offset
        tags += 1
        found, ethertype = read_tag(d, offset, frame_end, captured_end, trace)
        if found != FOUND:
            return found, offset
        offset += eth.VLAN_TAG_LEN
    network = network_named(ethertype)
    if network == NOT_IP:
        stop(trace, NOT_IP_TYPE, 0)
    return network, offset


@step
def network_behind_ethernet(
    d: Any, offset: int, frame_end: int, captured_end: int, departures: Any, trace: Any
) -> tuple[int, int]:
    """Name the network layer behind an Ethernet header and where it starts."""
    found, ethertype = read_ethernet(d, offset, frame_end, captured_end, trace)
    if found != FOUND:
        return found, offset
    return network_of_type(d, ethertype, offset + eth.ETHERNET_LEN, frame_end, captured_end, departures, trace)


@step
def _network_behind_cooked(
    d: Any,
    offset: int,
    frame_end: int,
    captured_end: int,
    header_len: int,
    type_offset: int,
    departures: Any,
    trace: Any,
) -> tuple[int, int]:
    """Name the network layer behind a Linux cooked header (LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2)."""
    found, ethertype = read_ethertype(d, LINUX_COOKED, offset + type_offset, 2, 0, frame_end, captured_end, trace)
    if found != FOUND:
        return found, offset
    return network_of_type(d, ethertype, offset + header_len, frame_end, captured_end, departures, trace)


@step
def _network_of_version(d: Any, offset: int, frame_end: int, captured_end: int, trace: Any) -> tuple[int, int]:
    """Let the version nibble of a raw IP packet decide (LINKTYPE_RAW, LINKTYPE_IPV4, LINKTYPE_IPV6)."""
    note(trace, RAW_IP, offset, 1, 1)
    if offset >= frame_end:
        stop(trace, PACKET_END, frame_end)
        return NOT_IP, offset
    if offset >= captured_end:
        stop(trace, CAPTURED_END, captured_end)
        return CUT, offset
    version = d[offset] >> 4
    amend(trace, VALUE, version)
    if version == 4:
        return NETWORK_IPV4, offset
    if version == 6:
        return NETWORK_IPV6, offset
    stop(trace, NOT_IP_TYPE, 0)
    return NOT_IP, offset


@step
def _network_of_family(d: Any, offset: int, frame_end: int, captured_end: int, trace: Any) -> tuple[int, int]:
    """Let the address family decide, in whichever byte order the capturing host wrote it (LINKTYPE_NULL, _LOOP)."""
    payload = offset + eth.NULL_LEN
    note(trace, LOOPBACK, offset, eth.NULL_LEN, eth.NULL_LEN)
    if payload > frame_end:
        stop(trace, PACKET_END, frame_end)
        return NOT_IP, offset
    if payload > captured_end:
        stop(trace, CAPTURED_END, captured_end)
        return CUT, offset
    for family in (be32(d, offset), le32(d, offset)):
        amend(trace, VALUE, family)
        if family == eth.FAMILY_IPV4:
            return NETWORK_IPV4, payload
        if (
            family == eth.FAMILY_IPV6_LINUX
            or family == eth.FAMILY_IPV6_BSD
            or family == eth.FAMILY_IPV6_FREEBSD
            or family == eth.FAMILY_IPV6_DARWIN
        ):
            return NETWORK_IPV6, payload
    amend(trace, VALUE, min(be32(d, offset), le32(d, offset)))
    stop(trace, NOT_IP_TYPE, 0)
    return NOT_IP, payload


@step
def network_behind_link(
    d: Any, offset: int, frame_end: int, captured_end: int, link_type: int, departures: Any, trace: Any
) -> tuple[int, int]:
    """Name the network layer behind a link layer header, and where it starts.

    Returns
    -------
    network : int
        NETWORK_IPV4, NETWORK_IPV6, NOT_IP, CUT or OTHER_LINK_TYPE.
    offset : int
        Where the network layer starts.
    """
    if link_type == eth.ETHERNET:
        return network_behind_ethernet(d, offset, frame_end, captured_end, departures, trace)
    return _network_behind_other_link(d, offset, frame_end, captured_end, link_type, departures, trace)


@rare_step
def _network_behind_other_link(
    d: Any, offset: int, frame_end: int, captured_end: int, link_type: int, departures: Any, trace: Any
) -> tuple[int, int]:
    if (
        link_type == eth.RAW
        or link_type == eth.IPV4
        or link_type == eth.IPV6
        or link_type == eth.RAW_BSD
        or link_type == eth.RAW_OPENBSD
    ):
        return _network_of_version(d, offset, frame_end, captured_end, trace)
    if link_type == eth.LINUX_SLL:
        return _network_behind_cooked(
            d, offset, frame_end, captured_end, eth.SLL_LEN, eth.SLL_TYPE_OFFSET, departures, trace
        )
    if link_type == eth.LINUX_SLL2:
        return _network_behind_cooked(
            d, offset, frame_end, captured_end, eth.SLL2_LEN, eth.SLL2_TYPE_OFFSET, departures, trace
        )
    if link_type == eth.NULL or link_type == eth.LOOP:
        return _network_of_family(d, offset, frame_end, captured_end, trace)
    note(trace, OTHER_LINK, offset, 0, 0)
    amend(trace, VALUE, link_type)
    stop(trace, UNKNOWN_LINK_TYPE, 0)
    return OTHER_LINK_TYPE, offset
