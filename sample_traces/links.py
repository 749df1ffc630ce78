"""Packets behind every kind of link header."""

import struct

from builders import (
    ARP_TYPE,
    DESTINATION_V4,
    GENEVE_PORT,
    IPV4,
    IPV6,
    MPLS,
    SOURCE_V4,
    VXLAN_PORT,
    arp,
    arp_frame,
    ethernet,
    geneve,
    gre,
    icmp,
    inner_v4,
    inner_v6,
    ipv4,
    ipv6,
    llc_snap,
    mpls,
    pppoe,
    sll,
    sll2,
    tcp,
    udp,
    vlan,
    vxlan,
)

AF_INET, AF_INET6_LINUX, AF_INET6_BSD, AF_INET6_FREEBSD, AF_INET6_DARWIN, AF_UNIX = 2, 10, 24, 28, 30, 1


def tunnel_packets() -> list[bytes]:
    """IP packets of one TCP segment, and of a tunnel of each kind."""
    return [
        ipv4(tcp()),
        ipv6(tcp()),
        ipv4(gre(inner_v4())),
        ipv6(udp(vxlan(ethernet(inner_v4(udp()))), 50000, VXLAN_PORT)),
        ipv4(udp(geneve(ethernet(inner_v6())), 50000, GENEVE_PORT)),
    ]


def vlan_frames() -> list[bytes]:
    """Ethernet with tags of each type and number, and what is not IP although IP follows."""
    stacks = ([], [0x8100], [0x88A8], [0x9100], [0x88A8, 0x8100], [0x8100, 0x8100], [0x9100, 0x88A8, 0x8100])
    tunnel = ipv4(udp(vxlan(ethernet(inner_v4(), tags=[0x8100])), 50000, VXLAN_PORT))
    return [
        *(ethernet(packet, tags=tags) for tags in stacks for packet in (ipv4(tcp()), ipv6(udp()))),
        *(ethernet(tunnel, tags=tags) for tags in ([], [0x8100], [0x88A8, 0x8100])),
        ethernet(arp(SOURCE_V4, DESTINATION_V4), ARP_TYPE, tags=[0x8100]),
        ethernet(ipv4(icmp()), tags=[0x8100]),
        ethernet(ipv4(tcp()), IPV6),  # the type says IPv6, the packet is IPv4
        ethernet(b"\0\0" + ipv4(tcp()), 0x8100),  # a tag, and behind it the type 0x4500
        llc_snap(ipv4(tcp())),
        pppoe(ipv4(tcp())),
        ethernet(mpls(ipv4(tcp())), MPLS),
        arp_frame(SOURCE_V4, DESTINATION_V4),
    ]


def cooked_frames() -> list[bytes]:
    """Linux cooked frames of each packet type, sent by the host or received, and with VLAN tags."""
    return [
        *(sll(ipv4(tcp()), IPV4, packet_type=packet_type) for packet_type in range(5)),
        *(sll(packet, {4: IPV4, 6: IPV6}[packet[0] >> 4]) for packet in tunnel_packets()),
        sll(*vlan(ipv4(tcp()), IPV4, [0x8100])),
        sll(*vlan(ipv6(udp()), IPV6, [0x88A8, 0x8100]), packet_type=4),
        sll(arp(SOURCE_V4, DESTINATION_V4), ARP_TYPE, packet_type=1),
    ]


def cooked_v2_frames() -> list[bytes]:
    """Linux cooked frames of the second version, which has the protocol first and the packet type in one byte."""
    return [
        *(sll2(ipv4(tcp()), IPV4, packet_type=packet_type) for packet_type in range(5)),
        *(sll2(packet, {4: IPV4, 6: IPV6}[packet[0] >> 4]) for packet in tunnel_packets()),
        sll2(*vlan(ipv4(tcp()), IPV4, [0x8100])),
        sll2(*vlan(ipv6(udp()), IPV6, [0x88A8, 0x8100]), packet_type=4),
        sll2(arp(SOURCE_V4, DESTINATION_V4), ARP_TYPE, packet_type=1),
    ]


def raw_packets() -> list[bytes]:
    """Packets without a link header: the version nibble decides."""
    return [*tunnel_packets(), b"\x50" + bytes(39), b""]


def loopback_frames() -> list[bytes]:
    """Loopback headers: the family in both byte orders, IPv6 as each system numbers it."""
    families = [(AF_INET, ipv4(tcp()))]
    families += [(family, ipv6(udp())) for family in (AF_INET6_LINUX, AF_INET6_BSD, AF_INET6_FREEBSD, AF_INET6_DARWIN)]
    families += [(AF_INET, ipv4(gre(inner_v4()))), (AF_UNIX, ipv4(tcp()))]
    return [struct.pack(order + "I", family) + packet for family, packet in families for order in "<>"]
