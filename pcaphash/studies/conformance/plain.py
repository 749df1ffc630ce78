"""Cases without a tunnel: links, IP headers, extension headers, fragments, transports, and what a capture cuts."""

import struct

from pcaphash.standards import ethernet as eth
from pcaphash.standards import ip, tunnel
from pcaphash.studies.conformance.case import (
    D4,
    D6,
    HOME,
    OTHER_HOME,
    PORTS,
    S4,
    S6,
    Case,
    authentication,
    fragment,
    home,
    options,
    routing,
    tagged,
    tcp4,
    tcp6,
    udp4,
    udp6,
    with_extensions,
)
from pcaphash.studies.shared import frames

_VIRTIO = "virtio 1.4, Hash calculation for incoming packets"
_LINK = "IEEE 802.1Q, 802.1ad: tags are skipped"
_NOT_IP = "not IP: no spec says that a device looks past this header"
_CHAIN = "RFC 8200 section 4"
_HOME = "RFC 6275 section 6.3"
_ROUTING = "RFC 6275 section 6.4"
_FRAGMENT = "a decision: fragments have no ports, so that all of a packet have one hash"
_CUT = "what was not captured is not known"
_UNKNOWN_OPTION = 0x1E  # RFC 4727: for experiments; skipped by whoever does not know it
_COOKED, _COOKED_2 = struct.Struct("!HHH8sH"), struct.Struct("!HHIHBB8s")
_MAC = b"\2\0\0\0\0\1\0\0"


def types() -> list[Case]:
    """Return a packet for each hash type without extension headers."""
    any_v4 = frames.ipv4(bytes(8), ip.ICMP, S4, D4)
    any_v6 = frames.ipv6(bytes(8), 58, S6, D6)
    ports = struct.pack("!HH", *PORTS)
    return [
        Case("IPv4, TCP", f"{_VIRTIO}: TCPv4, else IPv4", frames.of_ip(tcp4())),
        Case("IPv4, UDP", f"{_VIRTIO}: UDPv4, else IPv4", frames.of_ip(udp4())),
        Case("IPv4, ICMP", f"{_VIRTIO}: IPv4", frames.of_ip(any_v4)),
        Case(
            "IPv4, SCTP",
            "only ports of TCP and UDP are hashed",
            frames.of_ip(frames.ipv4(ports + bytes(20), ip.SCTP, S4, D4)),
        ),
        Case("IPv6, TCP", f"{_VIRTIO}: TCPv6, else IPv6", frames.of_ip(tcp6())),
        Case("IPv6, UDP", f"{_VIRTIO}: UDPv6, else IPv6", frames.of_ip(udp6())),
        Case("IPv6, ICMP", f"{_VIRTIO}: IPv6", frames.of_ip(any_v6)),
        Case(
            "IPv4, TCP of 20 bytes less one",
            "TCP needs 20 bytes within the frame (RFC 9293)",
            frames.of_ip(tcp4())[:-1],
        ),
        Case(
            "IPv4, UDP of 8 bytes less one", "UDP needs 8 bytes within the frame (RFC 768)", frames.of_ip(udp4())[:-1]
        ),
        Case(
            "IPv4 addresses whose hash is 0",
            "a hash of 0 is a hash",
            frames.of_ip(frames.ipv4(b"", 253, bytes(4), bytes(4))),
        ),
        Case("IPv6, other addresses", "every bit of an address counts", frames.of_ip(tcp6(D6, S6))),
        Case("IPv4, the other direction", "source comes before destination", frames.of_ip(tcp4(D4, S4, PORTS[::-1]))),
    ]


def links() -> list[Case]:
    """Return packets behind each link header, VLAN tag, and what is not IP."""
    service, old = eth.ETHERTYPE_SERVICE_VLAN, eth.ETHERTYPE_OLD_SERVICE_VLAN
    vlan = eth.ETHERTYPE_VLAN
    snap = frames.MACS + struct.pack("!H", 8 + len(tcp4())) + bytes.fromhex("aaaa030000000800") + tcp4()
    cases = [
        Case("VLAN tag 0x8100", _LINK, tagged(tcp4(), vlan)),
        Case("VLAN tag 0x88a8", _LINK, tagged(tcp4(), service)),
        Case("VLAN tag 0x9100", _LINK, tagged(tcp6(), old)),
        Case("VLAN tags 0x88a8, 0x8100", _LINK, tagged(tcp6(), service, vlan)),
        Case(
            "a VLAN tag that was put back",
            "captured length above the original one: it counts",
            tagged(tcp4(), vlan),
            said=54,
        ),
        Case("three VLAN tags", f"{_LINK}, any number", tagged(tcp4(), old, service, vlan)),
        Case("a VLAN tag at the end of the frame", "not IP", tagged(tcp4(), vlan)[:17]),
        Case("LLC/SNAP", _NOT_IP, snap),
        Case("PPPoE", _NOT_IP, frames.ethernet(bytes.fromhex("110000010032 0021") + tcp4(), 0x8864)),
        Case("MPLS", _NOT_IP, frames.ethernet(bytes.fromhex("00001140") + tcp4(), 0x8847)),
        Case("ARP", "not IP: unclassified_queue", frames.ethernet(bytes(28), eth.ETHERTYPE_ARP)),
        Case("a frame of 13 bytes", "not IP", frames.of_ip(tcp4())[:13]),
    ]
    for number in (eth.RAW, eth.RAW_BSD, eth.RAW_OPENBSD, eth.IPV4, eth.IPV6):
        cases.append(Case("raw IP", "the version nibble decides", tcp4() if number % 2 else tcp6(), link_type=number))
    cases.append(Case("raw, version 5", "not IP", bytes([0x55]) + tcp4()[1:], link_type=eth.RAW))
    for family, order in (
        (2, "little"),
        (2, "big"),
        (24, "little"),
        (28, "big"),
        (30, "little"),
        (10, "little"),
        (7, "little"),
    ):
        packet = tcp4() if family == 2 else tcp6()
        data = family.to_bytes(4, order) + packet  # type: ignore[arg-type]
        number = eth.LOOP if order == "big" else eth.NULL
        rule = "family 2 is IPv4; 10, 24, 28 and 30 are IPv6; in either byte order"
        cases.append(Case(f"loopback, family {family}, {order}-endian", rule, data, link_type=number))
    cooked = _COOKED.pack(0, 1, 6, _MAC, eth.ETHERTYPE_IPV6) + tcp6()
    with_tag = _COOKED.pack(0, 1, 6, _MAC, vlan) + struct.pack("!HH", 1, eth.ETHERTYPE_IPV4) + tcp4()
    cooked_2 = _COOKED_2.pack(eth.ETHERTYPE_IPV4, 0, 1, 1, 0, 6, _MAC) + tcp4()
    with_tag_2 = _COOKED_2.pack(vlan, 0, 1, 1, 0, 6, _MAC) + struct.pack("!HH", 1, eth.ETHERTYPE_IPV4) + tcp4()
    cases.append(Case("Linux cooked", "the protocol type decides", cooked, link_type=eth.LINUX_SLL))
    cases.append(Case("Linux cooked, VLAN tag", _LINK, with_tag, link_type=eth.LINUX_SLL))
    cases.append(Case("Linux cooked, version 2", "the protocol type decides", cooked_2, link_type=eth.LINUX_SLL2))
    cases.append(Case("Linux cooked, version 2, VLAN tag", _LINK, with_tag_2, link_type=eth.LINUX_SLL2))
    cases.append(Case("a link type that is not dissected", "UNKNOWN: link-type", tcp4(), link_type=105))
    return cases


def headers() -> list[Case]:
    """Return IP headers that are odd or wrong."""
    short = bytes([0x44]) + tcp4()[1:]
    wrong_length = tcp4()[:2] + bytes(2) + tcp4()[4:]
    long = bytes([0x4F]) + tcp4()[1:24]
    with_options = frames.ipv4(frames.transport(ip.TCP, S4, D4, PORTS), ip.TCP, S4, D4, options=bytes([1] * 8))
    return [
        Case("IPv4 options", "RFC 791: skipped by the header length", frames.of_ip(with_options)),
        Case(
            "IPv4, header length 4 words",
            "RFC 791: at least 20 bytes, else not IP",
            frames.ethernet(short, eth.ETHERTYPE_IPV4),
        ),
        Case("IPv4, header longer than the frame", "not IP", frames.ethernet(long, eth.ETHERTYPE_IPV4)),
        Case(
            "IPv4, version 5",
            "RFC 791: version 4, else not IP",
            frames.ethernet(bytes([0x55]) + tcp4()[1:], eth.ETHERTYPE_IPV4),
        ),
        Case("IPv4 of 19 bytes", "not IP", frames.ethernet(tcp4()[:19], eth.ETHERTYPE_IPV4)),
        Case("IPv4, total length 0", "length fields limit nothing", frames.ethernet(wrong_length, eth.ETHERTYPE_IPV4)),
        Case(
            "IPv6, version 5",
            "RFC 8200: version 6, else not IP",
            frames.ethernet(bytes([0x50]) + tcp6()[1:], eth.ETHERTYPE_IPV6),
        ),
        Case("IPv6 of 39 bytes", "not IP", frames.ethernet(tcp6()[:39], eth.ETHERTYPE_IPV6)),
    ]


def extensions() -> list[Case]:
    """Return extension headers: each kind, home addresses, routing headers, and the precedence of the types."""
    padding = bytes([ip.OPTION_PADN, 0]) * 3
    filled = options(bytes([ip.OPTION_PAD1] * 7) + home() + bytes(7))
    looks_like = bytes([_UNKNOWN_OPTION, 20]) + home(OTHER_HOME) + bytes(2)
    body = home(HOME[:8] + HOME[:7] + b"x")
    cases = [
        ("hop-by-hop options", _CHAIN, (options(padding, ip.HOP_BY_HOP),)),
        ("destination options", _CHAIN, (options(padding),)),
        ("routing header of type 0", _CHAIN, (routing(kind=0),)),
        ("mobility header", "RFC 6275 section 6.1", ((ip.MOBILITY, bytes(8)),)),
        ("authentication header", "RFC 4302: its length counts in units of 4 bytes", (authentication(),)),
        ("atomic fragment", _FRAGMENT, (fragment(0),)),
        ("first fragment", _FRAGMENT, (fragment(1),)),
        ("home address", _HOME, (options(home()),)),
        ("home address after Pad1", _HOME, (filled,)),
        ("home address after PadN", _HOME, (options(bytes([ip.OPTION_PADN, 4]) + bytes(4) + home()),)),
        (
            "home address after an option that holds one",
            f"{_HOME}: options are skipped",
            (options(looks_like + home()),),
        ),
        (
            "another option of 16 bytes",
            f"{_HOME}: only of its type",
            (options(bytes([_UNKNOWN_OPTION, len(HOME)]) + HOME),),
        ),
        ("home address of 15 bytes", f"{_HOME}: 16 bytes, else none", (options(home(HOME[:15], 15)),)),
        (
            "home address past its header",
            f"{_HOME}: complete, else none",
            ((ip.DESTINATION_OPTIONS, bytes([0, 1]) + padding[:4] + home()[:10]),),
        ),
        (
            "an option whose length ends the header",
            _HOME,
            ((ip.DESTINATION_OPTIONS, bytes([0, 0]) + bytes([1, 3, 0, 0, 0, 1])),),
        ),
        (
            "home address in hop-by-hop options",
            f"{_HOME}: only in destination options",
            (options(home(), ip.HOP_BY_HOP),),
        ),
        (
            "home address after an atomic fragment header",
            "a fragment header has 8 bytes",
            (fragment(0), options(home())),
        ),
        ("two home addresses", f"{_HOME}: the first counts", (options(home()), options(home(OTHER_HOME)))),
        ("two home addresses in one header", f"{_HOME}: the first counts", (options(home() + home(OTHER_HOME)),)),
        ("home address in a second header", f"{_HOME}: anywhere in the chain", (options(padding), options(home()))),
        ("home address after a routing header", _HOME, (routing(kind=0), options(body))),
        ("home address after a routing header of type 2", "both replace addresses", (routing(), options(home()))),
        ("routing header of type 2", _ROUTING, (routing(),)),
        ("routing header of type 2, no segment left", f"{_ROUTING}: one left", (routing(left=0),)),
        ("routing header of type 2, two addresses", f"{_ROUTING}: length 2", (routing(extra=bytes(16)),)),
        ("two routing headers of type 2", f"{_ROUTING}: the first counts", (routing(), routing(OTHER_HOME))),
        ("home address and routing header", "both replace addresses", (options(home()), routing())),
        ("all kinds", _CHAIN, (options(padding, ip.HOP_BY_HOP), routing(kind=0), authentication(1), options(home()))),
    ]
    found = [Case(f"IPv6, {name}", rule, frames.of_ip(with_extensions(*each))) for name, rule, each in cases]
    udp = with_extensions(options(home()), routing(), transport=ip.UDP)
    other = with_extensions(options(home()), transport=ip.SCTP, payload=bytes(12))
    beside = with_extensions(options(padding), transport=ip.ESP, payload=bytes(16))
    later = with_extensions(fragment(64), options(home()))
    past = with_extensions((ip.DESTINATION_OPTIONS, bytes([0, 9]) + bytes(6)))
    long_ah = with_extensions((ip.AUTHENTICATION, bytes([0, 40]) + bytes(6)))
    cut = with_extensions(options(padding), payload=b"")[:-1]
    return [
        *found,
        Case("IPv6, home address and routing header, UDP", f"{_VIRTIO}: UDP_EX, IP_EX, UDPv6, IPv6", frames.of_ip(udp)),
        Case("IPv6, home address, SCTP", f"{_VIRTIO}: IP_EX, else IPv6", frames.of_ip(other)),
        Case("IPv6, extension header, ESP", "ESP ends the chain", frames.of_ip(beside)),
        Case("IPv6, ESP", "ESP is no extension header", frames.of_ip(frames.ipv6(bytes(16), ip.ESP, S6, D6))),
        *(
            Case(
                f"IPv6, {name}",
                "no extension header that is looked past",
                frames.of_ip(with_extensions((kind, bytes(8)))),
            )
            for name, kind in (("Host Identity Protocol", ip.HIP), ("Shim6", ip.SHIM6))
        ),
        Case(
            "IPv6, no next header", "59 ends the chain", frames.of_ip(frames.ipv6(bytes(16), ip.NO_NEXT_HEADER, S6, D6))
        ),
        Case("IPv6, later fragment", f"{_FRAGMENT}; it ends the chain", frames.of_ip(later)),
        Case("IPv6, later fragment, TCP", _FRAGMENT, frames.of_ip(with_extensions(fragment(64)))),
        Case(
            "IPv6, an extension header past the frame",
            "the chain lies within the frame, else not IP",
            frames.of_ip(past),
        ),
        Case("IPv6, AH past the frame", "the chain lies within the frame, else not IP", frames.of_ip(long_ah)),
        Case("IPv6, 7 bytes of an extension header", "not IP", frames.of_ip(cut)),
    ]


def fragments() -> list[Case]:
    """Return IPv4 fragments."""
    data = frames.transport(ip.TCP, S4, D4, PORTS)
    vxlan = frames.transport(ip.UDP, S4, D4, (PORTS[0], 4789), frames.vxlan(frames.of_ip(tcp4(D4, S4))))
    return [
        Case("IPv4, first fragment", _FRAGMENT, frames.of_ip(frames.ipv4(data, ip.TCP, S4, D4, fragment=0x2000))),
        Case("IPv4, middle fragment", _FRAGMENT, frames.of_ip(frames.ipv4(data, ip.TCP, S4, D4, fragment=0x2010))),
        Case("IPv4, last fragment", _FRAGMENT, frames.of_ip(frames.ipv4(data, ip.TCP, S4, D4, fragment=0x0010))),
        Case(
            "IPv4, do not fragment",
            "the DF flag makes no fragment",
            frames.of_ip(frames.ipv4(data, ip.TCP, S4, D4, fragment=0x4000)),
        ),
        Case(
            "IPv4, reserved flag",
            "the reserved flag makes no fragment",
            frames.of_ip(frames.ipv4(data, ip.TCP, S4, D4, fragment=0x8000)),
        ),
        Case(
            "VXLAN, outer first fragment",
            "a fragment is no tunnel",
            frames.of_ip(frames.ipv4(vxlan, ip.UDP, S4, D4, fragment=0x2000)),
        ),
    ]


def cuts() -> list[Case]:
    """Return packets that a capture cut, at the ends of headers and one byte before."""
    plain = frames.of_ip(tcp4())
    six = frames.of_ip(with_extensions(options(home()), routing()))
    vxlan = frames.of_ip(udp4(frames.vxlan(frames.of_ip(tcp4(D4, S4))), 4789))
    gre = frames.of_ip(frames.ipv4(frames.gre(tcp4(D4, S4), eth.ETHERTYPE_IPV4), ip.GRE, S4, D4))
    geneve = frames.of_ip(udp4(frames.geneve(frames.of_ip(tcp4(D4, S4)), options=bytes(8)), 6081))
    with_options = frames.of_ip(
        frames.ipv4(frames.transport(ip.TCP, S4, D4, PORTS), ip.TCP, S4, D4, options=bytes([1] * 8))
    )
    gpe = tunnel.VXLAN_INSTANCE | tunnel.VXLAN_GPE_NEXT_PROTOCOL
    of_gpe = frames.of_ip(udp4(frames.vxlan(tcp4(D4, S4), flags=gpe, next_protocol=1), 4790))
    padding = bytes([ip.OPTION_PADN, 4]) + bytes(4)
    one_home, two_homes = (
        frames.of_ip(with_extensions(*each))
        for each in ((options(home()),), (options(home()), options(padding + home(OTHER_HOME))))
    )
    places = [
        ("IPv4, TCP", plain, (13, 14, 33, 34, 37, 38)),
        ("IPv4, UDP", frames.of_ip(udp4()), (37, 38)),
        ("IPv6, TCP", frames.of_ip(tcp6()), (53, 54)),
        ("IPv4 options", with_options, (35, 46)),
        ("IPv6, home address, routing header", six, (53, 61, 62, 78, 85, 86, 109, 113, 114)),
        ("IPv6, home address", one_home, (73, 74)),
        ("IPv6, two home addresses", two_homes, (85, 86)),
        ("VXLAN", vxlan, (37, 41, 42, 49, 50, 63, 83, 87, 88)),
        ("VXLAN-GPE", of_gpe, (49, 50)),
        ("GRE", gre, (37, 38, 57, 58, 62)),
        ("GENEVE", geneve, (49, 50, 57, 71, 96)),
    ]
    return [Case(f"{name}, {n} bytes captured", _CUT, packet, n) for name, packet, numbers in places for n in numbers]
