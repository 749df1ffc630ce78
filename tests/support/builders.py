"""Every header and tunnel that tests use, as bytes: one plain function each, which puts its header before a payload.

Lengths are right, checksums are zero (nothing under test reads them), addresses are bytes in wire order.
"""

import struct
from collections.abc import Sequence

SOURCE_V4, DESTINATION_V4 = bytes([192, 0, 2, 1]), bytes([198, 51, 100, 2])
SOURCE_V6 = bytes.fromhex("20010db8000000000000000000000010")
DESTINATION_V6 = bytes.fromhex("20010db8000000000000000000000020")
SOURCE_MAC, DESTINATION_MAC = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")

IPV4, IPV6, ARP, ETHERNET = 0x0800, 0x86DD, 0x0806, 0x6558
TCP, UDP, ICMP, ICMPV6, SCTP, GRE, IPIP, IPV6_IN_IP, ESP, NO_NEXT = 6, 17, 1, 58, 132, 47, 4, 41, 50, 59
HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION_OPTIONS, MOBILITY = 0, 43, 44, 51, 60, 135


# Link layers


def ethernet(payload: bytes, ethertype: int, source: bytes = SOURCE_MAC, destination: bytes = DESTINATION_MAC) -> bytes:
    """Ethernet header (IEEE 802.3)."""
    return destination + source + struct.pack("!H", ethertype) + payload


def vlan(payload: bytes, ethertype: int, identifier: int = 1) -> bytes:
    """VLAN tag behind its own type 0x8100, 0x88A8 or 0x9100 (IEEE 802.1Q): tag control and the next type."""
    return struct.pack("!HH", identifier, ethertype) + payload


def vlan_stack(payload: bytes, ethertype: int, tag_types: Sequence[int]) -> tuple[bytes, int]:
    """Several VLAN tags, outermost first; returns the bytes and the type that announces them."""
    for tag_type in reversed(tag_types):
        payload, ethertype = vlan(payload, ethertype), tag_type
    return payload, ethertype


def sll(payload: bytes, protocol: int, packet_type: int = 0) -> bytes:
    """Linux cooked header (LINKTYPE_LINUX_SLL), of an Ethernet device."""
    return struct.pack("!HHH8sH", packet_type, 1, 6, SOURCE_MAC, protocol) + payload


def sll2(payload: bytes, protocol: int, packet_type: int = 0, interface: int = 1) -> bytes:
    """Linux cooked header, second version (LINKTYPE_LINUX_SLL2), of an Ethernet device."""
    return struct.pack("!HHIHBB8s", protocol, 0, interface, 1, packet_type, 6, SOURCE_MAC) + payload


def null(payload: bytes, family: int, order: str = "<") -> bytes:
    """Loopback header (LINKTYPE_NULL, LINKTYPE_LOOP): an address family; ``order`` as struct writes byte orders."""
    return struct.pack(order + "I", family) + payload


# Internet protocols


def ipv4(
    payload: bytes,
    protocol: int,
    source: bytes = SOURCE_V4,
    destination: bytes = DESTINATION_V4,
    *,
    options: bytes = b"",
    more_fragments: bool = False,
    fragment_offset: int = 0,
    version: int = 4,
    header_words: int | None = None,
) -> bytes:
    """IPv4 header (RFC 791); ``options`` in multiples of 4 bytes, ``fragment_offset`` in units of 8 bytes."""
    words = 5 + len(options) // 4 if header_words is None else header_words
    total_length = min(20 + len(options) + len(payload), 0xFFFF)
    fragment = more_fragments << 13 | fragment_offset
    header = struct.pack("!BBHHHBBH", version << 4 | words, 0, total_length, 1, fragment, 64, protocol, 0)
    return header + source + destination + options + payload


def ipv6(
    payload: bytes,
    next_header: int,
    source: bytes = SOURCE_V6,
    destination: bytes = DESTINATION_V6,
    *,
    version: int = 6,
) -> bytes:
    """IPv6 header (RFC 8200)."""
    length = min(len(payload), 0xFFFF)
    return struct.pack("!IHBB", version << 28, length, next_header, 64) + source + destination + payload


def chain(payload: bytes, protocol: int, headers: Sequence[tuple[int, bytes]]) -> tuple[bytes, int]:
    """Extension headers before a payload; returns the bytes and the next header value that announces them.

    ``headers`` are pairs of a type and the header's bytes, of which the first (next header) is filled in here.
    """
    for header_type, header in reversed(headers):
        payload, protocol = bytes([protocol]) + header[1:] + payload, header_type
    return payload, protocol


def options_header(options: bytes, header_type: int = DESTINATION_OPTIONS) -> tuple[int, bytes]:
    """Hop-by-hop or destination options header, padded to units of 8 bytes."""
    padding = -(2 + len(options)) % 8
    body = options + (pad_n(padding) if padding > 1 else pad_1() * padding)
    return header_type, bytes([0, (2 + len(body)) // 8 - 1]) + body


def pad_1() -> bytes:
    """Pad one byte: the only option without a length."""
    return b"\0"


def pad_n(size: int) -> bytes:
    """Pad ``size`` bytes, at least 2."""
    return bytes([1, size - 2]) + bytes(size - 2)


def home_address(address: bytes) -> bytes:
    """Home address option (RFC 6275 section 6.3); with an address of another length, a wrong one."""
    return bytes([0xC9, len(address)]) + address


def routing(body: bytes, routing_type: int = 2, segments_left: int = 1, length: int | None = None) -> tuple[int, bytes]:
    """Routing header whose ``body`` follows the first 8 bytes; type 2 carries one address (RFC 6275 section 6.4)."""
    units = len(body) // 8 if length is None else length
    return ROUTING, bytes([0, units, routing_type, segments_left, 0, 0, 0, 0]) + body


def fragment(offset: int = 0, more: bool = False) -> tuple[int, bytes]:
    """Fragment header; ``offset`` in units of 8 bytes."""
    return FRAGMENT, struct.pack("!BBHI", 0, 0, offset << 3 | more, 7)


def authentication(words: int = 4) -> tuple[int, bytes]:
    """AH of (``words`` + 2) * 4 bytes (RFC 4302 section 2.2)."""
    return AUTHENTICATION, bytes([0, words]) + bytes((words + 2) * 4 - 2)


def mobility(body: bytes = bytes(6)) -> tuple[int, bytes]:
    """Mobility header (RFC 6275 section 6.1); ``body`` of 6 bytes and any multiple of 8 more."""
    return MOBILITY, bytes([0, (2 + len(body)) // 8 - 1]) + body


# Transports


def tcp(payload: bytes = b"", source_port: int = 40000, destination_port: int = 443) -> bytes:
    """TCP header without options (RFC 9293)."""
    return struct.pack("!HHIIBBHHH", source_port, destination_port, 1, 0, 0x50, 0x02, 1024, 0, 0) + payload


def udp(payload: bytes = b"", source_port: int = 40000, destination_port: int = 53) -> bytes:
    """UDP header (RFC 768)."""
    return struct.pack("!HHHH", source_port, destination_port, min(8 + len(payload), 0xFFFF), 0) + payload


def icmp(payload: bytes = b"", message_type: int = 8) -> bytes:
    """ICMP or ICMPv6 header of an echo request (RFC 792, RFC 4443)."""
    return struct.pack("!BBHHH", message_type, 0, 0, 1, 1) + payload


def sctp(payload: bytes = b"", source_port: int = 40000, destination_port: int = 80) -> bytes:
    """SCTP common header (RFC 9260)."""
    return struct.pack("!HHII", source_port, destination_port, 1, 0) + payload


def arp() -> bytes:
    """ARP request (RFC 826)."""
    addresses = SOURCE_MAC + SOURCE_V4 + bytes(6) + DESTINATION_V4
    return struct.pack("!HHBBH", 1, IPV4, 6, 4, 1) + addresses


# Tunnels; those in UDP come without their UDP header


def gre(
    payload: bytes,
    protocol: int,
    *,
    checksum: bool = False,
    key: int | None = None,
    sequence: int | None = None,
    routing: bool = False,
    version: int = 0,
) -> bytes:
    """GRE header (RFC 2784, RFC 2890); the routing bit and other versions are wrong on purpose."""
    has_key, has_sequence = key is not None, sequence is not None
    flags = checksum << 15 | routing << 14 | has_key << 13 | has_sequence << 12 | version
    optional = bytes(4) if checksum else b""
    optional += struct.pack("!I", key) if has_key else b""
    optional += struct.pack("!I", sequence) if has_sequence else b""
    return struct.pack("!HH", flags, protocol) + optional + payload


def nvgre(frame: bytes, subnet: int = 5000, flow: int = 0) -> bytes:
    """NVGRE header around an Ethernet frame (RFC 7637 section 3.2)."""
    return gre(frame, ETHERNET, key=subnet << 8 | flow)


def vxlan(frame: bytes, identifier: int = 1, flags: int = 0x08) -> bytes:
    """VXLAN header around an Ethernet frame (RFC 7348 section 5)."""
    return struct.pack("!BBHI", flags, 0, 0, identifier << 8) + frame


def vxlan_gpe(payload: bytes, next_protocol: int = 3, identifier: int = 1, flags: int = 0x0C) -> bytes:
    """VXLAN-GPE header: next protocol 1 is IPv4, 2 IPv6, 3 Ethernet."""
    return struct.pack("!BBBBI", flags, 0, 0, next_protocol, identifier << 8) + payload


def geneve(
    payload: bytes,
    protocol: int = ETHERNET,
    *,
    identifier: int = 1,
    options: bytes = b"",
    version: int = 0,
    flags: int = 0,
) -> bytes:
    """GENEVE header (RFC 8926 section 3.4); ``options`` in multiples of 4 bytes."""
    first = version << 6 | len(options) // 4
    return struct.pack("!BBHI", first, flags, protocol, identifier << 8) + options + payload


def vxlan_with_policy(frame: bytes, flags: int, policy: int, identifier: int = 5) -> bytes:
    """VXLAN header with a group policy (draft-smith-vxlan-group-policy-05 section 2.1); ``flags`` are its second 8."""
    return struct.pack("!BBHI", 0x88, flags, policy, identifier << 8) + frame


def erspan_i(frame: bytes) -> bytes:
    """ERSPAN type I: GRE without a sequence number, and no header after it."""
    return gre(frame, 0x88BE)


def erspan_ii(frame: bytes, number: int = 1, version: int = 1) -> bytes:
    """ERSPAN type II in GRE with a sequence number (draft-foschiano-erspan-03 section 4.2)."""
    return gre(struct.pack("!HHI", version << 12 | 100, 200, 0) + frame, 0x88BE, sequence=number)


def erspan_iii(packet: bytes, *, frame_type: int = 0, subheader: bool = False, sequence: int | None = None) -> bytes:
    """ERSPAN type III: a header of 12 bytes, and 8 more with a subheader (the same draft, section 4.3)."""
    last = frame_type << 10 | subheader
    header = struct.pack("!HHIHH", 2 << 12 | 100, 200, 12345, 0, last) + (bytes(8) if subheader else b"")
    return gre(header + packet, 0x22EB, sequence=sequence)


def gtp_u(packet: bytes, *, sequence: bool = False, extension: bytes = b"") -> bytes:
    """GTP-U header of a G-PDU (3GPP TS 29.281 section 5.1); ``extension`` is one of type 0x85, whole."""
    optional = struct.pack("!HBB", 1, 0, 0x85 if extension else 0) + extension if sequence or extension else b""
    flags = 0x30 | (0x02 if sequence else 0) | (0x04 if extension else 0)
    body = optional + packet
    return struct.pack("!BBHI", flags, 255, len(body), 7) + body


def wireguard(body: bytes, number: int) -> bytes:
    """WireGuard's header of a message with data."""
    return struct.pack("<IIQ", 4, 0x1234ABCD, number) + body


def esp(body: bytes, number: int) -> bytes:
    """ESP header (RFC 4303 section 2)."""
    return struct.pack("!II", 0xC0FFEE01, number) + body


def mpls(packet: bytes) -> bytes:
    """A stack of two MPLS labels (RFC 3032)."""
    return struct.pack("!II", 1000 << 12 | 64, 2000 << 12 | 0x100 | 64) + packet


def l2tp(packet: bytes) -> bytes:
    """L2TP header of a data message with a length (RFC 2661 section 3.1), and PPP around an IPv4 packet."""
    body = bytes([0xFF, 0x03, 0x00, 0x21]) + packet
    return struct.pack("!HHHH", 0x4002, 8 + len(body), 1, 2) + body


def teredo(packet: bytes, *, authentication: bool = False, origin: bool = False) -> bytes:
    """Indications of Teredo before a packet (RFC 4380 section 5.1.1)."""
    indications = bytes([0, 1, 0, 0]) + bytes(9) if authentication else b""
    return indications + (bytes([0, 0]) + bytes(6) if origin else b"") + packet


# Whole frames


def framed(packet: bytes) -> bytes:
    """Ethernet frame of an IP packet, whose version nibble tells the ethertype."""
    return ethernet(packet, IPV4 if packet[0] >> 4 == 4 else IPV6)


def in_ip(payload: bytes, protocol: int, version: int = 4) -> bytes:
    """Ethernet frame of an IP packet, between the usual addresses."""
    return framed((ipv4 if version == 4 else ipv6)(payload, protocol))


def in_udp(payload: bytes, destination_port: int, source_port: int = 54321, version: int = 4) -> bytes:
    """Ethernet frame of a UDP datagram."""
    return in_ip(udp(payload, source_port, destination_port), UDP, version)


def in_gre(payload: bytes, version: int = 4) -> bytes:
    """Ethernet frame of an IP packet that carries GRE; ``payload`` starts with the GRE header."""
    return in_ip(payload, GRE, version)
