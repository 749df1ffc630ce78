"""Recognize by its content what a packet may carry that the device does not look into.

Ports say little here: what counts is that header fields have the only values they can have, that reserved bits are
zero, and that lengths fit to the byte. Where a protocol has no such fields (ESP in UDP), its port must be there too.
"""

from typing import Any

import numpy as np

from pcaphash.kernels.base import be16, be32, kernel, pointer, rare_step
from pcaphash.kernels.dissect import dissect
from pcaphash.kernels.header import KIND_IPV4, KIND_IPV6
from pcaphash.kernels.ip import read_ip
from pcaphash.kernels.link import NETWORK_IPV4, NETWORK_IPV6, NOT_IP, network_behind_ethernet
from pcaphash.kernels.toeplitz import view_key
from pcaphash.kernels.tunnel import GRE_UDP, NO_ENCAPSULATION, VXLAN_GPE
from pcaphash.standards import ethernet as eth
from pcaphash.standards import ip
from pcaphash.standards import other_tunnels as other
from pcaphash.standards import tunnel as tun

# What a packet looks like.
NOTHING = 0
VXLAN = 1
VXLAN_GPE_HEADER = 2
GENEVE = 3
GRE_IN_UDP = 4
GTP_U = 5
WIREGUARD = 6
ESP_IN_UDP = 7
TEREDO = 8
MPLS_IN_UDP = 9
L2TP_IN_UDP = 10
ESP = 11
AUTHENTICATION = 12
L2TP = 13
IPV4_IN_IPV4 = 14
IPV6_IN_IPV4 = 15
IPV4_IN_IPV6 = 16
IPV6_IN_IPV6 = 17
ERSPAN = 18
PPTP = 19
N_KINDS = 20

_PADDING = 46  # bytes that Ethernet pads short payloads to
_MOST_LABELS = 8
_MOST_EXTENSIONS = 4


@rare_step
def _is_ip(d: Any, offset: int, end: int, captured_end: int, slack: int) -> bool:
    """Tell whether an IP packet starts here whose length fits; ``slack`` bytes of padding may be behind it."""
    if offset + ip.IPV4_LEN > captured_end:
        return False
    room = end - offset
    version = np.int64(d[offset]) >> 4
    if version == 4:
        header_len = (np.int64(d[offset]) & 15) << 2
        length = be16(d, offset + 2)
        has_reserved = d[offset + 6] & 0x80 != 0
        return header_len >= ip.IPV4_LEN and header_len <= length <= room <= length + slack and not has_reserved
    if version == 6 and offset + ip.IPV6_LEN <= captured_end:
        length = ip.IPV6_LEN + be16(d, offset + 4)
        return length <= room <= length + slack
    return False


@rare_step
def _is_frame(d: Any, offset: int, end: int, captured_end: int) -> bool:
    """Tell whether an Ethernet frame starts here that carries an IP packet whose length fits, or ARP (RFC 826).

    Of a packet that was captured only up to there, the EtherType is enough.
    """
    network, inner = network_behind_ethernet(d, offset, end, captured_end, None, None)
    if network == NOT_IP and inner + 4 <= captured_end and be16(d, inner - 2) == eth.ETHERTYPE_ARP:
        return be32(d, inner) == other.ARP_OF_IPV4
    if network != NETWORK_IPV4 and network != NETWORK_IPV6:
        return False
    version = 4 if network == NETWORK_IPV4 else 6
    if inner < captured_end and np.int64(d[inner]) >> 4 != version:
        return False
    header_len = ip.IPV4_LEN if version == 4 else ip.IPV6_LEN
    if captured_end < min(end, inner + header_len):
        return inner + header_len <= end
    return _is_ip(d, inner, end, captured_end, _PADDING)


@rare_step
def _is_of_protocol(d: Any, protocol: int, offset: int, end: int, captured_end: int) -> bool:
    """Tell whether what an EtherType announces stands here: an Ethernet frame or an IP packet."""
    if protocol == tun.PROTOCOL_ETHERNET:
        return _is_frame(d, offset, end, captured_end)
    if offset >= captured_end:
        return False
    version = np.int64(d[offset]) >> 4
    is_announced = (protocol == eth.ETHERTYPE_IPV4 and version == 4) or (
        protocol == eth.ETHERTYPE_IPV6 and version == 6
    )
    return is_announced and _is_ip(d, offset, end, captured_end, 0)


@rare_step
def _is_vxlan(d: Any, offset: int, end: int, captured_end: int) -> bool:
    """Tell whether a VXLAN header is here, before a frame: with nothing but the I flag (RFC 7348 section 5).

    One with a group policy is as good, and one of VXLAN-GPE that announces an Ethernet frame: VXLAN ignores what they
    add.
    """
    first = be32(d, offset)
    has_policy = first & other.VXLAN_POLICY_MASK == (tun.VXLAN_INSTANCE | other.VXLAN_POLICY) << 24
    is_gpe = first == (tun.VXLAN_INSTANCE | tun.VXLAN_GPE_NEXT_PROTOCOL) << 24 | tun.NEXT_PROTOCOL_ETHERNET
    has_flags = first == tun.VXLAN_INSTANCE << 24 or has_policy or is_gpe
    return has_flags and d[offset + 7] == 0 and _is_frame(d, offset + tun.VXLAN_LEN, end, captured_end)


@rare_step
def _is_vxlan_gpe(d: Any, offset: int, end: int, captured_end: int) -> bool:
    """Tell whether a VXLAN-GPE header is here, before an IP packet (draft-ietf-nvo3-vxlan-gpe-12 section 3)."""
    if be32(d, offset) >> 8 != (tun.VXLAN_INSTANCE | tun.VXLAN_GPE_NEXT_PROTOCOL) << 16 or d[offset + 7] != 0:
        return False
    payload = offset + tun.VXLAN_LEN
    next_protocol = d[offset + tun.VXLAN_GPE_NEXT_PROTOCOL_OFFSET]
    if next_protocol == tun.NEXT_PROTOCOL_IPV4:
        return _is_of_protocol(d, eth.ETHERTYPE_IPV4, payload, end, captured_end)
    return next_protocol == tun.NEXT_PROTOCOL_IPV6 and _is_of_protocol(
        d, eth.ETHERTYPE_IPV6, payload, end, captured_end
    )


@rare_step
def _is_geneve(d: Any, offset: int, end: int, captured_end: int) -> bool:
    """Tell whether a GENEVE header is here, reserved bits zero (RFC 8926 section 3.4)."""
    if np.int64(d[offset]) >> 6 != 0 or d[offset + 1] & 0x3F != 0 or d[offset + 7] != 0:
        return False
    payload = offset + tun.GENEVE_LEN + ((np.int64(d[offset]) & tun.GENEVE_OPTION_LENGTH_MASK) << 2)
    return _is_of_protocol(d, be16(d, offset + tun.GENEVE_PROTOCOL_OFFSET), payload, end, captured_end)


@rare_step
def _is_gre(d: Any, offset: int, end: int, captured_end: int) -> bool:
    """Tell whether a GRE header is here, reserved bits zero, before what its protocol type announces (RFC 8086)."""
    flags = be16(d, offset)
    if flags & ~(tun.GRE_CHECKSUM | tun.GRE_KEY | tun.GRE_SEQUENCE) & 0xFFFF:
        return False
    options = ((flags >> 15) & 1) + ((flags >> 13) & 1) + ((flags >> 12) & 1)
    return _is_of_protocol(d, be16(d, offset + 2), offset + tun.GRE_LEN + 4 * options, end, captured_end)


@rare_step
def _is_gtp_u(d: Any, offset: int, end: int, captured_end: int) -> bool:
    """Tell whether a GTP-U header whose length fits is here, before an IP packet (3GPP TS 29.281 section 5)."""
    first = np.int64(d[offset])
    if first & other.GTP_U_FIXED_MASK != other.GTP_U_FIXED or d[offset + 1] != other.GTP_U_PACKET:
        return False
    if be16(d, offset + 2) != end - offset - other.GTP_U_LEN:
        return False
    at = offset + other.GTP_U_LEN
    if first & other.GTP_U_OPTIONAL:
        at += 4
        for _ in range(_MOST_EXTENSIONS):
            if at > captured_end or d[at - 1] == 0:
                break
            if at >= captured_end or d[at] == 0:
                return False
            at += np.int64(d[at]) << 2
    return at < captured_end and _is_ip(d, at, end, captured_end, 0)


@rare_step
def _is_on_gtp_u_port(d: Any, offset: int, end: int) -> bool:
    """Tell whether any message of GTP-U is here: its length fits (3GPP TS 29.281 sections 5 and 6)."""
    kind = np.int64(d[offset + 1])
    is_known = (
        kind == other.GTP_U_PACKET
        or kind == other.GTP_U_END
        or kind == other.GTP_U_ERROR
        or kind == other.GTP_U_ECHO_REQUEST
        or kind == other.GTP_U_ECHO_RESPONSE
    )
    is_header = d[offset] & other.GTP_U_FIXED_MASK == other.GTP_U_FIXED
    return is_known and is_header and be16(d, offset + 2) == end - offset - other.GTP_U_LEN


@rare_step
def _is_wireguard(d: Any, offset: int, end: int, captured_end: int) -> bool:
    """Tell whether a WireGuard message is here: the lengths of all but data are fixed, data is padded to 16 bytes."""
    if d[offset + 1] != 0 or d[offset + 2] != 0 or d[offset + 3] != 0:
        return False
    kind, length = np.int64(d[offset]), end - offset
    if kind == other.WIREGUARD_DATA:
        # The counter that follows the receiver's index is far from its end.
        is_counted = offset + 16 <= captured_end and d[offset + 14] == 0 and d[offset + 15] == 0
        return length >= other.WIREGUARD_DATA_LEN and length & 15 == 0 and is_counted
    return (
        (kind == other.WIREGUARD_INITIATION and length == other.WIREGUARD_INITIATION_LEN)
        or (kind == other.WIREGUARD_RESPONSE and length == other.WIREGUARD_RESPONSE_LEN)
        or (kind == other.WIREGUARD_COOKIE and length == other.WIREGUARD_COOKIE_LEN)
    )


@rare_step
def _is_esp_in_udp(d: Any, offset: int, end: int, other_port: int) -> bool:
    """Tell whether ESP can be here, and not IKE, which starts with zeros (RFC 3948 section 2).

    Nor what a server sends to a client that happens to have this port: address translation gives no well-known ones.
    """
    length = end - offset
    if other_port < other.LEAST_CLIENT_PORT:
        return False
    return be32(d, offset) >= other.ESP_LEAST_INDEX and length >= other.ESP_LEAST_LEN and length & 3 == 0


@rare_step
def _is_teredo(d: Any, offset: int, end: int, captured_end: int) -> bool:
    """Tell whether an IPv6 packet of Teredo is here, behind its indications if there are any (RFC 4380)."""
    if be16(d, offset) == other.TEREDO_AUTHENTICATION:
        offset += 13 + np.int64(d[offset + 2]) + np.int64(d[offset + 3])
    if offset + other.TEREDO_ORIGIN_LEN <= captured_end and be16(d, offset) == other.TEREDO_ORIGIN:
        offset += other.TEREDO_ORIGIN_LEN
    if offset + ip.IPV6_LEN > captured_end or np.int64(d[offset]) >> 4 != 6:
        return False
    is_teredo = be32(d, offset + 8) == other.TEREDO_PREFIX or be32(d, offset + 24) == other.TEREDO_PREFIX
    is_local = be16(d, offset + 8) == 0xFE80
    return (is_teredo or is_local) and _is_ip(d, offset, end, captured_end, 0)


@rare_step
def _is_mpls(d: Any, offset: int, end: int, captured_end: int) -> bool:
    """Tell whether a label stack is here, before an IP packet (RFC 7510, RFC 3032)."""
    for _ in range(_MOST_LABELS):
        if offset + other.MPLS_LABEL_LEN > captured_end:
            return False
        offset += other.MPLS_LABEL_LEN
        if d[offset - 2] & other.MPLS_BOTTOM:
            return offset < captured_end and _is_ip(d, offset, end, captured_end, 0)
    return False


@rare_step
def _is_l2tp(d: Any, offset: int, end: int) -> bool:
    """Tell whether an L2TP header is here: version 2 (RFC 2661 section 3.1), or version 3 (RFC 3931 section 4.1.2)."""
    flags = be16(d, offset)
    version = flags & other.L2TP_VERSION_MASK
    has_length = flags & other.L2TP_LENGTH != 0
    if flags & other.L2TP_RESERVED or (has_length and be16(d, offset + 2) != end - offset):
        return False
    if flags & other.L2TP_CONTROL:
        return has_length and flags & other.L2TP_SEQUENCE != 0 and (version == 2 or version == 3)
    return version == 2 or (flags == 3 and be16(d, offset + 2) == 0)


@rare_step
def _look_into_udp(d: Any, header: int, frame_end: int, captured_end: int) -> int:
    """Recognize a UDP payload."""
    payload, length = header + ip.UDP_LEN, be16(d, header + 4)
    end = frame_end
    if length >= ip.UDP_LEN and header + length < frame_end:
        end = header + length
    captured_end = min(end, captured_end)
    if payload + 8 > captured_end:
        return NOTHING
    source, destination = be16(d, header), be16(d, header + 2)
    if source == other.TEREDO_PORT or destination == other.TEREDO_PORT:
        return TEREDO if _is_teredo(d, payload, end, captured_end) else NOTHING
    if source == other.ESP_PORT or destination == other.ESP_PORT:
        other_port = source if destination == other.ESP_PORT else destination
        return ESP_IN_UDP if _is_esp_in_udp(d, payload, end, other_port) else NOTHING
    if source == other.L2TP_PORT or destination == other.L2TP_PORT:
        return L2TP_IN_UDP if _is_l2tp(d, payload, end) else NOTHING
    if destination == other.MPLS_PORT:
        return MPLS_IN_UDP if _is_mpls(d, payload, end, captured_end) else NOTHING
    if source == other.GTP_U_PORT or destination == other.GTP_U_PORT:
        return GTP_U if _is_on_gtp_u_port(d, payload, end) else NOTHING
    if _is_vxlan(d, payload, end, captured_end):
        return VXLAN
    if _is_vxlan_gpe(d, payload, end, captured_end):
        return VXLAN_GPE_HEADER
    if _is_gtp_u(d, payload, end, captured_end):
        return GTP_U
    if _is_wireguard(d, payload, end, captured_end):
        return WIREGUARD
    if _is_geneve(d, payload, end, captured_end):
        return GENEVE
    return GRE_IN_UDP if _is_gre(d, payload, end, captured_end) else NOTHING


@rare_step
def _look_into_gre(d: Any, offset: int, captured_end: int) -> int:
    if offset + tun.GRE_LEN > captured_end:
        return NOTHING
    if be16(d, offset) & tun.GRE_VERSION_MASK == other.GRE_PPTP_VERSION:
        return PPTP
    protocol = be16(d, offset + 2)
    return ERSPAN if protocol == other.PROTOCOL_ERSPAN or protocol == other.PROTOCOL_ERSPAN_III else NOTHING


@rare_step
def _of_protocol(protocol: int, is_ipv4: bool) -> int:
    """Name what an IP protocol number announces."""
    if protocol == other.ESP:
        return ESP
    if protocol == other.AUTHENTICATION:
        return AUTHENTICATION
    if protocol == other.L2TP:
        return L2TP
    if protocol == ip.IPIP:
        return IPV4_IN_IPV4 if is_ipv4 else IPV4_IN_IPV6
    if protocol == other.IPV6:
        return IPV6_IN_IPV4 if is_ipv4 else IPV6_IN_IPV6
    return NOTHING


@rare_step
def _recognize(
    d: Any, outer: int, header: int, encapsulation: int, frame_end: int, captured_end: int
) -> tuple[int, int, int]:
    """Recognize one packet; return what it looks like, its protocol, and its UDP ports in one number."""
    network = NETWORK_IPV4 if outer < KIND_IPV6 else NETWORK_IPV6
    _, protocol, payload, _, _ = read_ip(d, network, header, frame_end, captured_end, None, None)
    if protocol == ip.GRE:
        return _look_into_gre(d, payload, captured_end), protocol, 0
    if protocol != ip.UDP:
        return _of_protocol(protocol, outer < KIND_IPV6), protocol, 0
    if payload + ip.UDP_LEN > min(frame_end, captured_end):
        return NOTHING, protocol, 0
    ports = be32(d, payload)
    if encapsulation == VXLAN_GPE:
        return VXLAN_GPE_HEADER, protocol, ports
    if encapsulation == GRE_UDP:
        return GRE_IN_UDP, protocol, ports
    if encapsulation != NO_ENCAPSULATION:
        return NOTHING, protocol, ports
    return _look_into_udp(d, payload, frame_end, captured_end), protocol, ports


@kernel
def recognize_suspects(
    block: Any, records: Any, n_records: int, key: Any, port_types: Any,
    kinds: Any, protocols: Any, ports: Any,
) -> None:  # fmt: skip
    """Recognize what the packets of a block look like to carry.

    Parameters
    ----------
    block, records, n_records, key, port_types
        As ``census.count_packets`` takes them; the key does not matter.
    kinds : uint8 array of shape (n_records,)
        Written: NOTHING, or one of the constants above. Tunnels that both texts know, on their ports, are nothing here.
    protocols : int16 array of shape (n_records,)
        Written: the IP protocol; -1 for fragments, and where there is no IP header.
    ports : uint32 array of shape (n_records,)
        Written: UDP source and destination port, the former in the upper half; 0 where there are none.
    """
    d = pointer(block)
    types = pointer(port_types)
    prepared = view_key(key)
    for i in range(n_records):
        offset = np.int64(records[i]["offset"])
        captured_end = offset + np.int64(records[i]["captured_length"])
        frame_end = max(offset + np.int64(records[i]["original_length"]), captured_end)
        encapsulation, outer, _ = dissect(
            d, offset, frame_end, captured_end, np.int64(records[i]["link_type"]), types, prepared, None, None
        )
        kinds[i] = NOTHING
        protocols[i] = -1
        ports[i] = 0
        if outer.kind >= KIND_IPV4:
            kind, protocol, both = _recognize(d, outer.kind, outer.ip, encapsulation, frame_end, captured_end)
            kinds[i] = kind
            protocols[i] = protocol
            ports[i] = both
