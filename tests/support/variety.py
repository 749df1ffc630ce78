"""A few dozen frames in which every kind of header, tunnel and cut occurs that a configuration can tell apart."""

from support import builders
from support.builders import ARP, ETHERNET, IPV4, IPV6

HOME, ROUTED = bytes(range(16)), bytes(range(100, 116))
Frame = tuple[bytes, int, int]


def transports(port: int, version: int) -> list[tuple[int, bytes]]:
    """Make a TCP, a UDP and an ICMP header."""
    icmp = builders.ICMP if version == 4 else builders.ICMPV6
    return [
        (builders.TCP, builders.tcp(b"", port)),
        (builders.UDP, builders.udp(b"", port + 1)),
        (icmp, builders.icmp()),
    ]


def ip_packets(port: int) -> list[tuple[bytes, int]]:
    """Make IP packets of every kind, with their ethertypes."""
    packets = []
    for protocol, payload in transports(port, 4):
        packets.append((builders.ipv4(payload, protocol, bytes([10, 0, port % 251, protocol])), IPV4))
    packets.append((builders.ipv4(builders.tcp(b"", port), builders.TCP, more_fragments=True), IPV4))
    for protocol, payload in transports(port, 6):
        packets.append((builders.ipv6(payload, protocol, bytes([port % 251]) * 16), IPV6))
        home = builders.options_header(builders.home_address(HOME))
        both = [home, builders.routing(ROUTED)]
        for headers in ([home], both, [builders.mobility()]):
            chained, first = builders.chain(payload, protocol, headers)
            packets.append((builders.ipv6(chained, first, bytes([port % 251]) * 16), IPV6))
    return packets


def ethernet_frames(port: int) -> list[bytes]:
    """Put those packets, and one that is not IP, behind Ethernet."""
    return [builders.ethernet(*packet) for packet in ip_packets(port)] + [builders.ethernet(builders.arp(), ARP)]


def tunnels(port: int) -> list[bytes]:
    """Put packets into tunnels of every type, over IPv4 and IPv6."""
    frames = []
    for i, inner in enumerate(ethernet_frames(port)):
        packet, ethertype = inner[14:], int.from_bytes(inner[12:14], "big")
        udp = [
            (4789, builders.vxlan(inner)),
            (6081, builders.geneve(inner)),
            (6081, builders.geneve(packet, ethertype)),
            (4790, builders.vxlan_gpe(inner)),
            (4754, builders.gre(packet, ethertype)),
        ]
        payloads = [(builders.UDP, builders.udp(body, 50_000 + i, to)) for to, body in udp]
        payloads += [
            (builders.GRE, builders.gre(packet, ethertype)),
            (builders.GRE, builders.gre(packet, ethertype, key=i)),
            (builders.GRE, builders.nvgre(inner)),
            (builders.GRE, builders.gre(inner, ETHERNET, sequence=i)),
            (builders.IPIP, packet),
        ]
        protocol, payload = payloads[i % len(payloads)]
        outer = bytes([172, 16, i, protocol])
        frames.append(builders.framed(builders.ipv4(payload, protocol, outer)))
        protocol, payload = payloads[(i + 3) % (len(payloads) - 1)]
        if i % 2:
            frames.append(builders.framed(builders.ipv6(payload, protocol, bytes([i]) * 16)))
        else:
            chained, first = builders.chain(payload, protocol, [builders.options_header(builders.home_address(HOME))])
            frames.append(builders.framed(builders.ipv6(chained, first)))
    return frames


def cut_frames(port: int) -> list[Frame]:
    """Cut frames where it matters: link layer, addresses, extension, ports, tunnel header, inner header."""
    tcp = builders.framed(builders.ipv4(builders.tcp(b"", port), builders.TCP))
    headers = [builders.options_header(builders.home_address(HOME)), builders.routing(ROUTED)]
    chained, first = builders.chain(builders.tcp(b"", port), builders.TCP, headers)
    extended = builders.framed(builders.ipv6(chained, first))
    vxlan = builders.udp(builders.vxlan(tcp), port, 4789)
    tunnel = builders.framed(builders.ipv4(vxlan, builders.UDP))
    gre = builders.framed(builders.ipv4(builders.gre(tcp, ETHERNET), builders.GRE))
    kept = [
        (tcp, (10, 30, 36)),
        (extended, (60, 64, 85, 100, 104)),
        (tunnel, (34, 40, 46, 60, 80, 86)),
        (gre, (36, 60)),
    ]
    return [(frame[:length], len(frame), 1) for frame, lengths in kept for length in lengths]


def variety() -> list[Frame]:
    """List all of them: captured bytes, original length, link type (Ethernet)."""
    whole = [*ethernet_frames(1000), *tunnels(2000)]
    return [(frame, len(frame) + i % 3, 1) for i, frame in enumerate(whole)] + cut_frames(3000)
