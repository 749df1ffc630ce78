"""Headers, each by one function that puts it before what it carries; dpkt packs the fields and fills the checksums.

IP packets and frames are bytes, transports are dpkt packets until an IP header is put before them (their checksum needs
its addresses). Addresses are written as text. What is wrong in a packet is wrong on purpose.
"""

import ipaddress
from collections.abc import Sequence
from typing import ClassVar

import dpkt
from dpkt.arp import ARP
from dpkt.ethernet import Ethernet, MPLSlabel, VLANtag8021Q
from dpkt.gre import GRE
from dpkt.icmp import ICMP
from dpkt.icmp6 import ICMP6
from dpkt.ip import IP
from dpkt.ip6 import (
    IP6,
    IP6AHHeader,
    IP6DstOptsHeader,
    IP6ExtensionHeader,
    IP6FragmentHeader,
    IP6HopOptsHeader,
    IP6RoutingHeader,
)
from dpkt.llc import LLC
from dpkt.pppoe import PPPoE
from dpkt.sll import SLL
from dpkt.sll2 import SLL2
from dpkt.tcp import TCP
from dpkt.udp import UDP

IPV4, ARP_TYPE, ETHERNET, IPV6, PPP, MPLS, PPPOE = 0x0800, 0x0806, 0x6558, 0x86DD, 0x880B, 0x8847, 0x8864
ICMP_PROTOCOL, IPIP, TCP_PROTOCOL, UDP_PROTOCOL, IPV6_IN_IP, GRE_PROTOCOL = 1, 4, 6, 17, 41, 47
ESP, ICMPV6_PROTOCOL, NO_NEXT = 50, 58, 59
HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION_OPTIONS, MOBILITY = 0, 43, 44, 51, 60, 135
VXLAN_PORT, VXLAN_PORT_LINUX, VXLAN_GPE_PORT, GENEVE_PORT, GRE_UDP_PORT = 4789, 8472, 4790, 6081, 4754

# Ranges for documentation (RFC 5737, RFC 3849) for the hosts and endpoints, RFC 1918 and RFC 4193 inside of tunnels.
SOURCE_V4, DESTINATION_V4 = "192.0.2.1", "198.51.100.1"
SOURCE_V6, DESTINATION_V6 = "2001:db8:1::1", "2001:db8:2::1"
INNER_SOURCE_V4, INNER_DESTINATION_V4 = "10.0.0.1", "10.0.0.2"
INNER_SOURCE_V6, INNER_DESTINATION_V6 = "fd00::1", "fd00::2"
SOURCE_MAC, DESTINATION_MAC, BROADCAST_MAC = b"\2\0\0\0\0\1", b"\2\0\0\0\0\2", b"\xff" * 6

# Transports


def tcp(size: int = 0, source_port: int = 40000, destination_port: int = 443) -> TCP:
    """TCP segment with ``size`` zero bytes behind the header."""
    return TCP(sport=source_port, dport=destination_port, seq=1, ack=1, flags=dpkt.tcp.TH_ACK, data=bytes(size))


def udp(payload: bytes = b"", source_port: int = 40000, destination_port: int = 9000) -> UDP:
    """UDP datagram."""
    return UDP(sport=source_port, dport=destination_port, ulen=8 + len(payload), data=payload)


def icmp(size: int = 0) -> ICMP:
    """ICMP echo request with ``size`` zero bytes behind the header."""
    return ICMP(type=dpkt.icmp.ICMP_ECHO, data=ICMP.Echo(id=1, seq=1, data=bytes(size)))


def icmpv6(size: int = 0) -> ICMP6:
    """ICMPv6 echo request with ``size`` zero bytes behind the header."""
    return ICMP6(type=dpkt.icmp6.ICMP6_ECHO_REQUEST, data=ICMP6.Echo(id=1, seq=1, data=bytes(size)))


# IP


def packed(address: str) -> bytes:
    """Return an IP address in wire order."""
    return ipaddress.ip_address(address).packed


def protocol_of(payload: dpkt.Packet) -> int:
    """Return the protocol number of a transport."""
    numbers = {TCP: TCP_PROTOCOL, UDP: UDP_PROTOCOL, ICMP: ICMP_PROTOCOL, ICMP6: ICMPV6_PROTOCOL, GRE: GRE_PROTOCOL}
    return numbers[type(payload)]


def ipv4(
    payload: dpkt.Packet | bytes,
    source: str = SOURCE_V4,
    destination: str = DESTINATION_V4,
    *,
    protocol: int | None = None,
    options: bytes = b"",
    more_fragments: bool = False,
    fragment_offset: int = 0,
) -> bytes:
    """IPv4 packet; bytes need a ``protocol``, ``options`` come in multiples of 4, offsets count 8 bytes."""
    packet = IP(
        src=packed(source),
        dst=packed(destination),
        p=protocol_of(payload) if protocol is None else protocol,
        hl=5 + len(options) // 4,
        id=1,
        mf=more_fragments,
        offset=fragment_offset,
        opts=options,
        data=payload,
    )
    return bytes(packet)


def ipv6(
    payload: dpkt.Packet | bytes,
    source: str = SOURCE_V6,
    destination: str = DESTINATION_V6,
    *,
    protocol: int | None = None,
    extension_headers: Sequence[tuple[int, IP6ExtensionHeader]] = (),
) -> bytes:
    """IPv6 packet; bytes need a ``protocol``, extension headers are pairs of type and header, first one first.

    Checksums are over the addresses of the IPv6 header, whatever extension headers say.
    """
    next_header = protocol_of(payload) if protocol is None else protocol
    for header_type, header in reversed(extension_headers):
        header.nxt, next_header = next_header, header_type
    packet = IP6(nxt=next_header, hlim=64, src=packed(source), dst=packed(destination), data=payload)
    packet.all_extension_headers = [header for _, header in extension_headers]
    packet.plen = len(packet) - IP6.__hdr_len__
    return bytes(packet)


def inner_v4(payload: dpkt.Packet | None = None) -> bytes:
    """IPv4 packet as a tunnel carries it; a TCP segment by default."""
    return ipv4(tcp() if payload is None else payload, INNER_SOURCE_V4, INNER_DESTINATION_V4)


def inner_v6(payload: dpkt.Packet | None = None) -> bytes:
    """IPv6 packet as a tunnel carries it; a TCP segment by default."""
    return ipv6(tcp() if payload is None else payload, INNER_SOURCE_V6, INNER_DESTINATION_V6)


# IPv6 extension headers


def options_header(*options: bytes, header_type: int = DESTINATION_OPTIONS) -> tuple[int, IP6ExtensionHeader]:
    """Destination options or hop-by-hop header, padded to a multiple of 8 bytes."""
    body = b"".join(options)
    missing = -(2 + len(body)) % 8
    body += pad_n(missing) if missing > 1 else bytes(missing)
    header = IP6HopOptsHeader if header_type == HOP_BY_HOP else IP6DstOptsHeader
    return header_type, header(len=(2 + len(body)) // 8 - 1, data=body)


def pad_n(size: int) -> bytes:
    """PadN option of ``size`` bytes, at least 2 (RFC 8200 section 4.2)."""
    return bytes([1, size - 2]) + bytes(size - 2)


def home_address(address: str) -> bytes:
    """Home address option (RFC 6275 section 6.3)."""
    return bytes([0xC9, 16]) + packed(address)


def routing(*addresses: str, routing_type: int = 2, segments_left: int = 1) -> tuple[int, IP6ExtensionHeader]:
    """Routing header of addresses (types 0, 2; RFC 6275 section 6.4) or of segments (type 4; RFC 8754)."""
    body = b"".join(map(packed, addresses))
    return ROUTING, IP6RoutingHeader(len=len(body) // 8, type=routing_type, segs_left=segments_left, data=body)


def fragment(offset: int = 0, more: bool = False) -> tuple[int, IP6ExtensionHeader]:
    """Fragment header; ``offset`` counts 8 bytes."""
    return FRAGMENT, IP6FragmentHeader(frag_off=offset, m_flag=more, id=7)


def authentication(check_value: bytes = bytes(12)) -> tuple[int, IP6ExtensionHeader]:
    """AH (RFC 4302 section 2), whose length counts 4 bytes, unlike all others."""
    return AUTHENTICATION, IP6AHHeader(len=1 + len(check_value) // 4, spi=1, seq=1, data=check_value)


def mobility() -> tuple[int, IP6ExtensionHeader]:
    """Mobility header (RFC 6275 section 6.1), without message data."""
    return MOBILITY, IP6DstOptsHeader(len=0, data=bytes(6))


# Tunnels; those in UDP come without their UDP header


class VXLAN(dpkt.Packet):
    """VXLAN (RFC 7348 section 5); its extension VXLAN-GPE says in the fourth byte what follows."""

    __hdr__ = (("flags", "B", 0x08), ("_reserved", "H", 0), ("next_protocol", "B", 0), ("identifier", "I", 1 << 8))


class GENEVE(dpkt.Packet):
    """GENEVE (RFC 8926 section 3.4); the options are part of the data."""

    __hdr__ = (("_first", "B", 0), ("flags", "B", 0), ("protocol", "H", ETHERNET), ("identifier", "I", 1 << 8))
    __bit_fields__: ClassVar = {"_first": (("version", 2), ("options_length", 6))}


def gre(
    payload: bytes,
    protocol: int | None = None,
    *,
    checksum: bool = False,
    key: int | None = None,
    sequence: int | None = None,
    flags: int = 0,
) -> GRE:
    """GRE (RFC 2784, RFC 2890); of IP packets it knows the protocol, ``flags`` are any others."""
    flags |= dpkt.gre.GRE_CP if checksum else 0
    flags |= dpkt.gre.GRE_KP if key is not None else 0
    flags |= dpkt.gre.GRE_SP if sequence is not None else 0
    protocol = ethertype_of(payload) if protocol is None else protocol
    header = GRE(flags=flags, p=protocol, sum=0, off=0, key=key, seq=sequence, data=payload)
    if checksum:
        header.sum = dpkt.in_cksum(bytes(header))
    return header


def nvgre(payload: bytes) -> GRE:
    """NVGRE around an Ethernet frame (RFC 7637 section 3.2): the key is a network and one byte of flow."""
    return gre(payload, ETHERNET, key=5000 << 8 | 7)


def vxlan(payload: bytes, *, flags: int = 0x08) -> bytes:
    """VXLAN around an Ethernet frame."""
    return bytes(VXLAN(flags=flags, data=payload))


def vxlan_gpe(payload: bytes, next_protocol: int, *, flags: int = 0x0C) -> bytes:
    """VXLAN-GPE; next protocol 1 is IPv4, 2 IPv6, 3 Ethernet, 4 NSH."""
    return bytes(VXLAN(flags=flags, next_protocol=next_protocol, data=payload))


def geneve(
    payload: bytes, protocol: int = ETHERNET, *, options: bytes = b"", version: int = 0, flags: int = 0
) -> bytes:
    """GENEVE; ``options`` in multiples of 4 bytes."""
    words = len(options) // 4
    header = GENEVE(version=version, options_length=words, flags=flags, protocol=protocol, data=options + payload)
    return bytes(header)


def geneve_option(size: int = 4) -> bytes:
    """GENEVE option of ``size`` bytes of data: class 0x0102, type 0x80."""
    return bytes([0x01, 0x02, 0x80, size // 4]) + bytes(size)


# Links


def ethertype_of(packet: bytes) -> int:
    """Return the EtherType of an IP packet."""
    return {4: IPV4, 6: IPV6}[packet[0] >> 4]


def ethernet(
    payload: bytes, ethertype: int | None = None, *, tags: Sequence[int] = (), destination: bytes = DESTINATION_MAC
) -> bytes:
    """Ethernet frame; ``tags`` are the types of its VLAN tags, outermost first."""
    ethertype = ethertype_of(payload) if ethertype is None else ethertype
    payload, ethertype = vlan(payload, ethertype, tags)
    return bytes(Ethernet(dst=destination, src=SOURCE_MAC, type=ethertype)) + payload


def vlan(payload: bytes, ethertype: int, tags: Sequence[int]) -> tuple[bytes, int]:
    """Put VLAN tags before a payload, the outermost numbered 100; returns the bytes and the type before them."""
    for number, tag in reversed(list(enumerate(tags))):
        payload, ethertype = bytes(VLANtag8021Q(id=100 + number, type=ethertype)) + payload, tag
    return payload, ethertype


def llc_snap(packet: bytes) -> bytes:
    """IEEE 802.3 frame with LLC and SNAP headers: the length stands where others have the EtherType."""
    body = bytes(LLC(type=ethertype_of(packet), data=packet))
    return ethernet(body, len(body))


def pppoe(packet: bytes) -> bytes:
    """Frame of a PPPoE session (RFC 2516), with PPP's protocol number before the IP packet."""
    body = {IPV4: b"\x00\x21", IPV6: b"\x00\x57"}[ethertype_of(packet)] + packet
    return ethernet(bytes(PPPoE(session=1, len=len(body))) + body, PPPOE)


def mpls(payload: bytes, label: int = 16) -> bytes:
    """MPLS label at the bottom of the stack (RFC 3032)."""
    return bytes(MPLSlabel(val=label, s=1, ttl=64)) + payload


def sll(packet: bytes, ethertype: int, *, packet_type: int = 0) -> bytes:
    """Linux cooked frame (LINKTYPE_LINUX_SLL); packet type 4 was sent by the host, 0 to 3 were received."""
    return bytes(SLL(type=packet_type, hdr=SOURCE_MAC, ethtype=ethertype)) + packet


def sll2(packet: bytes, ethertype: int, *, packet_type: int = 0) -> bytes:
    """Linux cooked frame, second version (LINKTYPE_LINUX_SLL2)."""
    return bytes(SLL2(intindex=2, type=packet_type, hdr=SOURCE_MAC, ethtype=ethertype)) + packet


def arp(source: str, target: str) -> bytes:
    """ARP request."""
    return bytes(ARP(sha=SOURCE_MAC, spa=packed(source), tpa=packed(target)))


def arp_frame(source: str, target: str) -> bytes:
    """ARP request in a broadcast frame."""
    return ethernet(arp(source, target), ARP_TYPE, destination=BROADCAST_MAC)
