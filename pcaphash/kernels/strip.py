"""Take mirrored packets out of what a switch, a cloud or a hypervisor put around them, before they are dissected.

What is left is a record like any other: it starts where the mirrored packet starts, and its lengths shrink accordingly.
"""

from typing import Any

import numpy as np

from pcaphash.kernels.base import be16, kernel, pointer, rare_step
from pcaphash.kernels.departures import FIRST_FRAGMENT_PORTS
from pcaphash.kernels.ip import read_ip
from pcaphash.kernels.link import CUT, network_behind_link
from pcaphash.kernels.tunnel import FILTER_LEN
from pcaphash.kernels.tunnel import VXLAN as VXLAN_PORT
from pcaphash.standards import ethernet as eth
from pcaphash.standards import ip
from pcaphash.standards import other_tunnels as other
from pcaphash.standards import tunnel as tun

# What to strip.
ERSPAN = 0
VXLAN = 1
GRE = 2

# What became of a packet.
IS_OTHER = 0  # it has no such encapsulation
IS_STRIPPED = 1
IS_CUT = 2  # the capture does not show enough of it


@rare_step
def _behind_erspan(
    d: Any, offset: int, protocol: int, has_sequence: bool, frame_end: int, captured_end: int
) -> tuple[int, int, int]:
    """Step over an ERSPAN header (draft-foschiano-erspan-03 sections 4.1 to 4.3), none in type I."""
    if protocol == other.PROTOCOL_ERSPAN and not has_sequence:
        return IS_STRIPPED, offset, eth.ETHERNET
    if protocol == other.PROTOCOL_ERSPAN:
        header_len, version = other.ERSPAN_II_LEN, other.ERSPAN_II_VERSION
    elif protocol == other.PROTOCOL_ERSPAN_III:
        header_len, version = other.ERSPAN_III_LEN, other.ERSPAN_III_VERSION
    else:
        return IS_OTHER, offset, eth.ETHERNET
    if offset + header_len > frame_end:
        return IS_OTHER, offset, eth.ETHERNET
    if offset + header_len > captured_end:
        return IS_CUT, offset, eth.ETHERNET
    if np.int64(d[offset]) >> 4 != version:
        return IS_OTHER, offset, eth.ETHERNET
    link_type = eth.ETHERNET
    if version == other.ERSPAN_III_VERSION:
        if d[offset + header_len - 1] & other.ERSPAN_III_SUBHEADER:
            header_len += other.ERSPAN_III_SUBHEADER_LEN
        if (be16(d, offset + other.ERSPAN_III_FRAME_TYPE_OFFSET) >> 10) & 0x1F == other.ERSPAN_III_IP:
            link_type = eth.RAW
    return IS_STRIPPED, offset + header_len, link_type


@rare_step
def _behind_gre(d: Any, offset: int, frame_end: int, captured_end: int, what: int) -> tuple[int, int, int]:
    """Step over a GRE header (RFC 2784, RFC 2890), and an ERSPAN header behind it."""
    if offset + tun.GRE_LEN > frame_end:
        return IS_OTHER, offset, eth.ETHERNET
    if offset + tun.GRE_LEN > captured_end:
        return IS_CUT, offset, eth.ETHERNET
    flags, protocol = be16(d, offset), be16(d, offset + 2)
    if flags & (tun.GRE_ROUTING | tun.GRE_VERSION_MASK):
        return IS_OTHER, offset, eth.ETHERNET
    options = ((flags >> 15) & 1) + ((flags >> 13) & 1) + ((flags >> 12) & 1)
    payload = offset + tun.GRE_LEN + 4 * options
    if what == ERSPAN:
        return _behind_erspan(d, payload, protocol, flags & tun.GRE_SEQUENCE != 0, frame_end, captured_end)
    if protocol == tun.PROTOCOL_ETHERNET:
        return IS_STRIPPED, payload, eth.ETHERNET
    is_ip = protocol == eth.ETHERTYPE_IPV4 or protocol == eth.ETHERTYPE_IPV6
    return IS_STRIPPED if is_ip else IS_OTHER, payload, eth.RAW


@rare_step
def _behind_vxlan(d: Any, offset: int, frame_end: int, captured_end: int, port_types: Any) -> tuple[int, int, int]:
    """Step over a UDP header with a port of VXLAN, and the VXLAN header (RFC 7348 section 5)."""
    payload = offset + ip.UDP_LEN + tun.VXLAN_LEN
    if payload > frame_end:
        return IS_OTHER, offset, eth.ETHERNET
    if payload > captured_end:
        return IS_CUT, offset, eth.ETHERNET
    is_vxlan = port_types[FILTER_LEN + be16(d, offset + 2)] == VXLAN_PORT
    if not is_vxlan or not d[offset + ip.UDP_LEN] & tun.VXLAN_INSTANCE:
        return IS_OTHER, offset, eth.ETHERNET
    return IS_STRIPPED, payload, eth.ETHERNET


@rare_step
def _find_mirrored(
    d: Any, offset: int, frame_end: int, captured_end: int, link_type: int, port_types: Any, what: int
) -> tuple[int, int, int]:
    """Find where a mirrored packet starts; return what became of it, that place, and its link type.

    The first fragment of an encapsulated packet counts as the whole of it: only there are the headers.
    """
    network, header = network_behind_link(d, offset, frame_end, captured_end, link_type, None, None)
    kind, protocol, payload, _, _ = read_ip(
        d, network, header, frame_end, captured_end, np.int64(FIRST_FRAGMENT_PORTS), None
    )
    if kind == CUT:
        return IS_CUT, offset, link_type
    protocol = protocol & 0xFF if protocol >= 0 else protocol
    if what == VXLAN and protocol == ip.UDP:
        status, start, inner = _behind_vxlan(d, payload, frame_end, captured_end, port_types)
    elif what != VXLAN and protocol == ip.GRE:
        status, start, inner = _behind_gre(d, payload, frame_end, captured_end, what)
    else:
        return IS_OTHER, offset, link_type
    if status == IS_STRIPPED and start > frame_end:
        return IS_OTHER, offset, link_type
    if status == IS_STRIPPED and start > captured_end:
        return IS_CUT, offset, link_type
    return status, start, inner


@kernel
def strip_packets(block: Any, records: Any, n_records: int, port_types: Any, what: int, statuses: Any) -> None:
    """Strip what was put around the packets of a block.

    Parameters
    ----------
    block : uint8 array of shape (n,)
        Bytes of a capture.
    records : RECORD array (kernels.records)
        Where the packets are in the block. Written: where the mirrored packets are; those without the encapsulation
        stay as they are. Of one that the capture cuts within it, nothing is left but one byte that was not captured.
    n_records : int
        How many of them there are.
    port_types : uint8 array
        What ``tunnel.tabulate_ports`` returned.
    what : int
        ERSPAN, VXLAN or GRE.
    statuses : uint8 array of shape (n_records,)
        Written: IS_OTHER, IS_STRIPPED or IS_CUT.
    """
    d, types = pointer(block), pointer(port_types)
    for i in range(n_records):
        offset = np.int64(records[i]["offset"])
        captured_end = offset + np.int64(records[i]["captured_length"])
        frame_end = max(offset + np.int64(records[i]["original_length"]), captured_end)
        status, start, link_type = _find_mirrored(
            d, offset, frame_end, captured_end, np.int64(records[i]["link_type"]), types, what
        )
        statuses[i] = status
        if status == IS_STRIPPED:
            records[i]["offset"] = start
            records[i]["captured_length"] = captured_end - start
            records[i]["original_length"] = frame_end - start
            records[i]["link_type"] = link_type
        elif status == IS_CUT:
            records[i]["offset"] = captured_end
            records[i]["captured_length"] = 0
            records[i]["original_length"] = 1
            records[i]["link_type"] = eth.RAW
