"""Frames in which IP itself is the point: extension headers, fragments, captures cut short, the published vectors."""

from builders import (
    DESTINATION_OPTIONS,
    DESTINATION_V4,
    DESTINATION_V6,
    ESP,
    GENEVE_PORT,
    HOP_BY_HOP,
    INNER_DESTINATION_V4,
    INNER_DESTINATION_V6,
    INNER_SOURCE_V4,
    INNER_SOURCE_V6,
    NO_NEXT,
    SOURCE_V4,
    SOURCE_V6,
    TCP_PROTOCOL,
    UDP_PROTOCOL,
    VXLAN_PORT,
    authentication,
    ethernet,
    fragment,
    geneve,
    geneve_option,
    gre,
    home_address,
    icmpv6,
    inner_v4,
    inner_v6,
    ipv4,
    ipv6,
    mobility,
    options_header,
    packed,
    pad_n,
    routing,
    tcp,
    udp,
    vxlan,
)
from dpkt.ip6 import IP6DstOptsHeader

HOME, OTHER_HOME, CARE_OF = "2001:db8:a::1", "2001:db8:a::2", "2001:db8:b::2"

# "Verifying the RSS Hash Calculation" of Microsoft: source, source port, destination, destination port.
PUBLISHED = (
    ("66.9.149.187", 2794, "161.142.100.80", 1766),
    ("199.92.111.2", 14230, "65.69.140.83", 4739),
    ("24.19.198.95", 12898, "12.22.207.184", 38024),
    ("38.27.205.30", 48228, "209.142.163.6", 2217),
    ("153.39.163.191", 44251, "202.188.127.2", 1303),
    ("3ffe:2501:200:1fff::7", 2794, "3ffe:2501:200:3::1", 1766),
    ("3ffe:501:8::260:97ff:fe40:efab", 14230, "ff02::1", 4739),
    ("3ffe:1900:4545:3:200:f8ff:fe21:67cf", 44251, "fe80::200:f8ff:fe21:67cf", 38024),
)


def published_frames() -> list[bytes]:
    """Return the published vectors, each as TCP and as UDP."""
    frames = []
    for source, source_port, destination, destination_port in PUBLISHED:
        internet = ipv6 if ":" in source else ipv4
        for transport in (tcp, udp):
            packet = transport(source_port=source_port, destination_port=destination_port)
            frames.append(ethernet(internet(packet, source, destination)))
    return frames


def extension_frames() -> list[bytes]:
    """IPv6 extension headers: those that change the hash input, those that hide it, those that do neither."""
    home = home_address(HOME)
    overlong = IP6DstOptsHeader(len=200, data=bytes(6))

    def with_headers(*headers: tuple[int, IP6DstOptsHeader]) -> bytes:
        return ethernet(ipv6(tcp(), extension_headers=headers))

    return [
        ethernet(ipv6(tcp())),  # none: the plain types
        with_headers(options_header(header_type=HOP_BY_HOP)),
        with_headers(options_header()),
        ethernet(ipv6(udp(), extension_headers=[options_header()])),
        ethernet(ipv6(icmpv6(), extension_headers=[options_header()])),
        with_headers(options_header(home)),
        with_headers(options_header(pad_n(2), home)),
        with_headers(options_header(pad_n(4), home)),
        with_headers(options_header(bytes(4), home)),  # Pad1, an option without a length
        with_headers(options_header(home), options_header(home_address(OTHER_HOME))),  # the first one counts
        with_headers(options_header(home, home_address(OTHER_HOME))),
        with_headers(options_header(), options_header(home)),
        with_headers(options_header(bytes([0xC9, 8]) + bytes(8))),  # a home address of 8 bytes is none
        with_headers(options_header(bytes([0xC9, 16]) + packed(HOME)[:12])),  # it would leave its header
        with_headers(options_header(home, header_type=HOP_BY_HOP)),  # it belongs into destination options
        with_headers(routing(CARE_OF)),
        with_headers(routing(CARE_OF, segments_left=0)),
        with_headers(routing(CARE_OF, CARE_OF)),  # type 2 has one address
        with_headers(routing(CARE_OF, routing_type=0)),
        with_headers(routing(CARE_OF, routing_type=4)),  # segment routing
        with_headers(routing(CARE_OF, routing_type=0), routing(CARE_OF)),
        with_headers(routing(CARE_OF), options_header(home)),  # both addresses
        ethernet(ipv6(udp(), extension_headers=[routing(CARE_OF), options_header(home)])),
        ethernet(ipv6(icmpv6(), extension_headers=[routing(CARE_OF), options_header(home)])),
        with_headers(authentication()),
        with_headers(authentication(), options_header(home)),
        ethernet(ipv6(bytes(32), protocol=ESP, extension_headers=[options_header(home)])),
        with_headers(fragment()),  # atomic: a fragment all the same
        with_headers(fragment(more=True)),
        ethernet(ipv6(bytes(32), protocol=TCP_PROTOCOL, extension_headers=[fragment(offset=185)])),
        with_headers(options_header(home), fragment(more=True)),
        with_headers(mobility()),
        ethernet(ipv6(b"", protocol=NO_NEXT, extension_headers=[mobility()])),
        ethernet(ipv6(b"", protocol=NO_NEXT)),
        ethernet(ipv6(b"", protocol=NO_NEXT, extension_headers=[options_header(home)])),
        with_headers((DESTINATION_OPTIONS, overlong)),  # it would leave the frame: not IP
        ethernet(
            ipv4(
                gre(
                    ipv6(
                        tcp(),
                        INNER_SOURCE_V6,
                        INNER_DESTINATION_V6,
                        extension_headers=[routing(CARE_OF), options_header(home)],
                    )
                )
            )
        ),  # the same in a tunnel
        ethernet(ipv6(gre(inner_v4()), extension_headers=[options_header(home)])),  # outer extension, inner none
    ]


def fragment_frames() -> list[bytes]:
    """Fragments: always hashed by their addresses, never looked into."""
    datagram = bytes(udp(bytes(3000)))
    tunnel = bytes(udp(vxlan(ethernet(inner_v4(udp(bytes(3000))))), 50000, VXLAN_PORT))
    return [
        *map(ethernet, split_v4(datagram, SOURCE_V4, DESTINATION_V4)),
        *map(ethernet, split_v6(datagram, SOURCE_V6, DESTINATION_V6)),
        *map(ethernet, split_v4(tunnel, SOURCE_V4, DESTINATION_V4)),  # even the first fragment is no tunnel
        *map(ethernet, split_v6(tunnel, SOURCE_V6, DESTINATION_V6)),
        *(ethernet(ipv4(gre(piece))) for piece in split_v4(datagram, INNER_SOURCE_V4, INNER_DESTINATION_V4)),
        *(ethernet(ipv4(gre(piece))) for piece in split_v6(datagram, INNER_SOURCE_V6, INNER_DESTINATION_V6)),
    ]


def split_v4(datagram: bytes, source: str, destination: str) -> list[bytes]:
    """Split a UDP datagram over IPv4 fragments."""
    return [
        ipv4(piece, source, destination, protocol=UDP_PROTOCOL, more_fragments=more, fragment_offset=start // 8)
        for start, more, piece in pieces(datagram)
    ]


def split_v6(datagram: bytes, source: str, destination: str) -> list[bytes]:
    """Split a UDP datagram over IPv6 fragments."""
    return [
        ipv6(piece, source, destination, protocol=UDP_PROTOCOL, extension_headers=[fragment(start // 8, more)])
        for start, more, piece in pieces(datagram)
    ]


def pieces(data: bytes, size: int = 1400) -> list[tuple[int, bool, bytes]]:
    """Return pieces of ``size`` bytes: where they start, and whether more follow."""
    return [(start, start + size < len(data), data[start : start + size]) for start in range(0, len(data), size)]


def cut_frames() -> tuple[list[bytes], list[int]]:
    """Return four frames over and over, and to how many bytes each is cut; each is whole at first."""
    in_vxlan = ethernet(ipv4(udp(vxlan(ethernet(inner_v4(tcp(100)))), 50000, VXLAN_PORT)))
    in_geneve = ethernet(
        ipv6(udp(geneve(ethernet(inner_v6(udp(bytes(100)))), options=geneve_option()), 50000, GENEVE_PORT))
    )
    in_gre = ethernet(ipv4(gre(inner_v6(tcp(100)), key=77)))
    extended = ethernet(
        ipv6(tcp(100), extension_headers=[options_header(pad_n(2), home_address(HOME)), routing(CARE_OF)])
    )
    cuts = [
        # After Ethernet, IPv4, the UDP ports, UDP, VXLAN, the inner Ethernet and IPv4, the inner ports: each one
        # byte short of, and just enough.
        (in_vxlan, (0, 13, 14, 33, 34, 37, 38, 41, 42, 49, 50, 63, 64, 83, 84, 86, 87, 88, 104)),
        # The same for IPv6 and GENEVE with an option of 8 bytes, which itself need not be captured.
        (in_geneve, (53, 54, 57, 58, 69, 70, 77, 78, 91, 92, 131, 132, 135, 136)),
        (in_gre, (33, 34, 37, 38, 41, 42, 81, 82, 85, 86)),
        # After IPv6, each extension header's first 8 bytes, the home address, the routing address, the ports.
        (extended, (53, 54, 61, 62, 77, 78, 85, 86, 101, 102, 105, 106)),
    ]
    pairs = [(frame, length) for frame, lengths in cuts for length in (len(frame), *lengths)]
    return [frame for frame, _ in pairs], [length for _, length in pairs]
