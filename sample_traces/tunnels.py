"""Frames of every encapsulation, those that almost are one among them."""

from itertools import product

from builders import (
    ARP_TYPE,
    ESP,
    ETHERNET,
    GENEVE_PORT,
    GRE_PROTOCOL,
    GRE_UDP_PORT,
    INNER_DESTINATION_V4,
    INNER_SOURCE_V4,
    IPIP,
    IPV6_IN_IP,
    MPLS,
    PPP,
    VXLAN_GPE_PORT,
    VXLAN_PORT,
    VXLAN_PORT_LINUX,
    arp,
    arp_frame,
    ethernet,
    geneve,
    geneve_option,
    gre,
    icmp,
    icmpv6,
    inner_v4,
    inner_v6,
    ipv4,
    ipv6,
    mpls,
    nvgre,
    options_header,
    tcp,
    udp,
    vxlan,
    vxlan_gpe,
)

ERSPAN_TYPE_2, ERSPAN_TYPE_3 = 0x88BE, 0x22EB
NSH = bytes.fromhex("0fc60101 00000100") + bytes(16)  # network service header (RFC 8300) of fixed length


def over_udp(payload: bytes, port: int, source_port: int = 50000) -> bytes:
    """Frame of an IPv4 packet that carries a tunnel in UDP."""
    return ethernet(ipv4(udp(payload, source_port, port)))


def over_udp_v6(payload: bytes, port: int) -> bytes:
    """Frame of an IPv6 packet that carries a tunnel in UDP."""
    return ethernet(ipv6(udp(payload, 50000, port)))


def gre_frames() -> list[bytes]:
    """GRE: the optional fields, what it carries, and what is not GRE version 0."""
    erspan = bytes.fromhex("1001 0001 00000000") + ethernet(inner_v4())
    erspan_3 = bytes.fromhex("2001 0001 00000000 00000000") + ethernet(inner_v4())
    nested = ipv4(gre(inner_v4()), "10.1.0.1", "10.1.0.2")
    short = ipv4(bytes.fromhex("20000800"), protocol=GRE_PROTOCOL)
    return [
        *(
            ethernet(ipv4(gre(inner_v4(), checksum=checksum, key=key, sequence=sequence)))
            for checksum, key, sequence in product((False, True), (None, 77), (None, 1))
        ),
        ethernet(ipv4(gre(inner_v4(udp())))),
        ethernet(ipv4(gre(inner_v4(icmp())))),
        ethernet(ipv4(gre(inner_v6()))),  # GRE_7676 for its payload
        ethernet(ipv4(gre(inner_v6(), key=77))),  # GRE_2890 all the same
        ethernet(ipv6(gre(inner_v4()))),  # GRE_7676 for its delivery header
        ethernet(ipv6(gre(inner_v6(udp()), checksum=True, key=77, sequence=1))),
        ethernet(ipv4(nvgre(ethernet(inner_v4())))),
        ethernet(ipv6(nvgre(ethernet(inner_v6(udp()))))),
        ethernet(ipv4(nvgre(arp_frame(INNER_SOURCE_V4, INNER_DESTINATION_V4)))),  # inner not IP
        ethernet(ipv4(gre(ethernet(inner_v4()), ETHERNET))),  # no key: not NVGRE
        ethernet(ipv4(gre(ethernet(inner_v4()), ETHERNET, key=77, sequence=1))),  # a sequence number: not NVGRE
        ethernet(ipv4(gre(ethernet(inner_v4(), tags=[0x8100]), ETHERNET))),
        ethernet(ipv4(gre(inner_v4(), flags=0x4000))),  # routing bit: not parsed
        ethernet(ipv4(bytes.fromhex("3001880b 00140001 00000001") + bytes(20), protocol=GRE_PROTOCOL)),  # PPTP
        ethernet(ipv4(gre(b"\xff\x03\x00\x21" + inner_v4(), PPP))),
        ethernet(ipv4(gre(mpls(inner_v4()), MPLS))),
        ethernet(ipv4(gre(erspan, ERSPAN_TYPE_2, sequence=1))),
        ethernet(ipv4(gre(ethernet(inner_v4()), ERSPAN_TYPE_2))),  # type I: nothing before the mirrored frame
        ethernet(ipv4(gre(erspan_3, ERSPAN_TYPE_3, sequence=1))),
        ethernet(ipv4(gre(nested))),  # one level only: the inner packet is an ordinary one, of protocol 47
        ethernet(ipv4(gre(inner_v4()), options=bytes(4))),
        ethernet(short),  # the frame ends before the key that the flags announce
        ethernet(ipv4(udp(bytes(gre(inner_v4()))))),  # an ordinary UDP port
    ]


def vxlan_frames() -> list[bytes]:
    """VXLAN and VXLAN-GPE: ports, flags and inner frames."""
    inner = ethernet(inner_v4())
    nested = ethernet(ipv4(udp(vxlan(inner), 50000, VXLAN_PORT), "10.1.0.1", "10.1.0.2"))
    return [
        over_udp(vxlan(inner), VXLAN_PORT),
        over_udp(vxlan(ethernet(inner_v4(udp()))), VXLAN_PORT),
        over_udp(vxlan(ethernet(inner_v4(icmp()))), VXLAN_PORT),
        over_udp(vxlan(ethernet(inner_v6())), VXLAN_PORT),
        over_udp(vxlan(ethernet(inner_v6(icmpv6()))), VXLAN_PORT),
        over_udp(vxlan(inner), VXLAN_PORT_LINUX),
        over_udp_v6(vxlan(inner), VXLAN_PORT),
        over_udp_v6(vxlan(ethernet(inner_v6(udp()))), VXLAN_PORT_LINUX),
        over_udp(vxlan(ethernet(inner_v4(), tags=[0x8100])), VXLAN_PORT),
        over_udp(vxlan(ethernet(inner_v6(), tags=[0x88A8, 0x8100])), VXLAN_PORT),
        over_udp(vxlan(arp_frame(INNER_SOURCE_V4, INNER_DESTINATION_V4)), VXLAN_PORT),  # inner not IP
        over_udp(vxlan(inner, flags=0x00), VXLAN_PORT),  # I unset: not VXLAN
        over_udp(vxlan(inner, flags=0x88), VXLAN_PORT),  # other bits do not matter (group based policy)
        over_udp(vxlan(inner), 53, VXLAN_PORT),  # the port as source port only
        over_udp(vxlan(nested), VXLAN_PORT),  # one level only: UDPv4 inside
        over_udp(vxlan(b"")[:7], VXLAN_PORT),  # the frame ends within the VXLAN header: no tunnel
        over_udp(vxlan(inner[:13]), VXLAN_PORT),  # the frame ends within the inner Ethernet header: inner not IP
        over_udp(vxlan_gpe(inner, 0, flags=0x08), VXLAN_GPE_PORT),  # P clear: Ethernet
        over_udp(vxlan_gpe(inner_v4(), 1), VXLAN_GPE_PORT),
        over_udp(vxlan_gpe(inner_v6(udp()), 2), VXLAN_GPE_PORT),
        over_udp(vxlan_gpe(inner, 3), VXLAN_GPE_PORT),
        over_udp(vxlan_gpe(NSH + inner, 4), VXLAN_GPE_PORT),  # inner not IP
        over_udp(vxlan_gpe(inner, 3, flags=0x04), VXLAN_GPE_PORT),  # I unset: not VXLAN-GPE
        over_udp_v6(vxlan_gpe(inner_v6(), 2), VXLAN_GPE_PORT),
    ]


def geneve_frames() -> list[bytes]:
    """GENEVE: options, versions, flags and what it carries."""
    inner = ethernet(inner_v4())
    most_options = geneve_option(124) + geneve_option(120)
    return [
        over_udp(geneve(inner), GENEVE_PORT),
        over_udp(geneve(ethernet(inner_v4(udp()))), GENEVE_PORT),
        over_udp(geneve(ethernet(inner_v6())), GENEVE_PORT),
        over_udp_v6(geneve(inner), GENEVE_PORT),
        over_udp_v6(geneve(ethernet(inner_v6(udp())), options=geneve_option()), GENEVE_PORT),
        over_udp(geneve(inner, options=geneve_option()), GENEVE_PORT),
        over_udp(geneve(inner, options=geneve_option(0) + geneve_option(8)), GENEVE_PORT),
        over_udp(geneve(inner, options=most_options), GENEVE_PORT),  # 252 bytes of options, the most there can be
        over_udp(geneve(inner_v4(), 0x0800), GENEVE_PORT),
        over_udp(geneve(inner_v6(udp()), 0x86DD, options=geneve_option()), GENEVE_PORT),
        over_udp(geneve(ethernet(inner_v4(), tags=[0x8100])), GENEVE_PORT),
        over_udp(geneve(arp(INNER_SOURCE_V4, INNER_DESTINATION_V4), ARP_TYPE), GENEVE_PORT),  # inner not IP
        over_udp(geneve(mpls(inner_v4()), MPLS), GENEVE_PORT),  # inner not IP
        over_udp(geneve(inner, version=1), GENEVE_PORT),  # not GENEVE
        over_udp(geneve(inner, flags=0x80), GENEVE_PORT),  # O: a control packet, read all the same
        over_udp(geneve(inner, options=geneve_option(), flags=0x40), GENEVE_PORT),  # C: critical options
        over_udp(geneve(b"", options=most_options)[:100], GENEVE_PORT),  # the frame ends within the options: no tunnel
    ]


def ip_in_ip_frames() -> list[bytes]:
    """IP in IP and GRE in UDP, of which virtio 1.4 knows some and draft v7 none."""
    nested = ipv4(inner_v4(), "10.1.0.1", "10.1.0.2", protocol=IPIP)
    tunnel_limit = options_header(bytes.fromhex("040104"))  # tunnel encapsulation limit (RFC 2473 section 4.1.1)
    return [
        ethernet(ipv4(inner_v4(), protocol=IPIP)),
        ethernet(ipv4(inner_v4(udp()), protocol=IPIP)),
        ethernet(ipv4(inner_v4(icmp()), protocol=IPIP)),
        ethernet(ipv4(inner_v4(), protocol=IPIP, options=bytes(8))),
        ethernet(ipv4(nested, protocol=IPIP)),  # one level only: the inner packet is hashed by its addresses
        ethernet(ipv4(inner_v4()[:19], protocol=IPIP)),  # inner not IP: its header is cut off by the frame's end
        ethernet(ipv4(inner_v6(), protocol=IPV6_IN_IP)),  # 6in4: neither text knows it
        ethernet(ipv6(inner_v4(), protocol=IPIP)),  # 4in6: RFC 2003 is IPv4 in IPv4 only
        ethernet(ipv6(inner_v4(), protocol=IPIP, extension_headers=[tunnel_limit])),
        ethernet(ipv6(inner_v6(), protocol=IPV6_IN_IP)),
        ethernet(ipv4(bytes(24), protocol=ESP)),
        over_udp(bytes(gre(inner_v4())), GRE_UDP_PORT),
        over_udp(bytes(gre(inner_v6(udp()), key=77)), GRE_UDP_PORT),
        over_udp(bytes(gre(ethernet(inner_v4()), ETHERNET, checksum=True)), GRE_UDP_PORT),
        over_udp(bytes(nvgre(ethernet(inner_v4()))), GRE_UDP_PORT),  # in UDP it is GRE_UDP, not NVGRE
        over_udp_v6(bytes(gre(inner_v4())), GRE_UDP_PORT),
        over_udp(bytes(gre(inner_v4(), flags=0x4000)), GRE_UDP_PORT),  # routing bit: no tunnel
        over_udp(bytes.fromhex("16fefd") + bytes(40), 4755),  # GRE in UDP with DTLS: an ordinary UDP packet
        ethernet(ipv6(udp(bytes(gre(inner_v4())), 50000, GRE_UDP_PORT), extension_headers=[tunnel_limit])),
        ethernet(ipv4(tcp(), "192.0.2.2")),  # no tunnel at all
    ]
