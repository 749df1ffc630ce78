"""Hypothesis strategies for frames in which something interesting is reached, and for device configurations.

``frames()`` and ``configurations()`` are what tests use. A frame is built from the outside in by plain functions that
draw as they go (many small strategies would cost ten times as much); only then it is damaged, rarely, and cut, often.
The first of several choices is always the plainest, so that failing examples shrink towards it.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from hypothesis import strategies as st

from naive.configuration import MICROSOFT_KEY, Configuration
from support import builders
from support.builders import ARP, ETHERNET, IPV4, IPV6

VXLAN_PORTS, GENEVE_PORTS, VXLAN_GPE_PORTS, GRE_UDP_PORTS = (4789, 8472), (6081,), (4790,), (4754,)
TUNNEL_PORTS = VXLAN_PORTS + GENEVE_PORTS + VXLAN_GPE_PORTS + GRE_UDP_PORTS
PORTS = (443, 53, *TUNNEL_PORTS)

VLAN_TYPES = (0x8100, 0x88A8, 0x9100)
ETHERTYPES = (IPV4, IPV6, ETHERNET, ARP, 0x880B, 0x8847, 0x88BE, 0x8100)
NVGRE = 8  # beside the eight combinations of GRE's checksum, key and sequence

RAW_LINK_TYPES = (101, 12, 14, 228, 229)
LINK_TYPES = (9, 104, 105, 127, 147, 0, 1, 101, 113, 276)

# Drawing from ready strategies is much cheaper than making them anew.
FLAVORS = ("spec", "qemu", "qemu-ebpf", "qemu-ebpf-inner", "ena-gen4", "ena-gen5", "corundum", "vpp")
NUMBERS = {count: st.integers(0, count - 1) for count in (*range(1, 33), 64, 256, 0x10000, 0x1000000)}
BYTES = {size: st.binary(min_size=size, max_size=size) for size in range(33)}
PAYLOADS = st.binary(max_size=40)

T = TypeVar("T")


def pick(draw: st.DrawFn, choices: Sequence[T]) -> T:
    """Draw one of several things."""
    return choices[draw(NUMBERS[len(choices)])]


def rarely(draw: st.DrawFn) -> bool:
    """Draw True once in thirty-two times."""
    return draw(NUMBERS[32]) == 31


def with_byte(data: bytes, place: int, value: int) -> bytes:
    """Replace one byte."""
    return data[:place] + bytes([value]) + data[place + 1 :]


# Transports


def transport(draw: st.DrawFn, version: int) -> tuple[int, bytes]:
    """Draw a protocol number and its header, rarely shorter than the header should be."""
    source_port, any_port = draw(NUMBERS[0x10000]), draw(NUMBERS[0x10000])
    # A tunnel's port at times, although no tunnel follows.
    destination_port = pick(draw, (any_port, any_port, *PORTS))
    payload = draw(PAYLOADS)
    tcp = builders.TCP, builders.tcp(payload, source_port, destination_port)
    udp = builders.UDP, builders.udp(payload, source_port, destination_port)
    icmp = builders.ICMP if version == 4 else builders.ICMPV6, builders.icmp(payload)
    sctp = builders.SCTP, builders.sctp(payload, source_port, destination_port)
    others = (253, payload), (builders.ESP, bytes(8) + payload), (builders.NO_NEXT, payload)
    protocol, header = pick(draw, (tcp, udp, tcp, udp, tcp, udp, icmp, sctp, *others))
    return protocol, header[: draw(NUMBERS[24])] if rarely(draw) else header


# IP


def ip_packet(draw: st.DrawFn, depth: int) -> bytes:
    """Draw an IP packet that holds up to ``depth`` tunnels inside each other."""
    return pick(draw, (ipv4_packet, ipv6_packet))(draw, depth)


def content(draw: st.DrawFn, version: int, depth: int) -> tuple[int, bytes]:
    """Draw what an IP packet carries: protocol number and bytes; mostly a tunnel while ``depth`` lasts."""
    if depth == 0:
        return transport(draw, version)
    kind = draw(NUMBERS[10])
    if kind == 0:
        return transport(draw, version)
    if kind <= 3:
        return builders.GRE, gre(draw, depth)
    if kind <= 7:
        return builders.UDP, udp_tunnel(draw, depth)
    return ip_in_ip(draw, depth)


def ipv4_packet(draw: st.DrawFn, depth: int) -> bytes:
    """Draw an IPv4 packet: options, fragments, and rarely another version or header length."""
    protocol, payload = content(draw, 4, depth)
    addresses = draw(BYTES[8])
    more_fragments, fragment_offset = pick(draw, ((False, 0),) * 18 + ((True, 0), (False, 185), (True, 0x1FFF)))
    packet = builders.ipv4(
        payload,
        protocol,
        addresses[:4],
        addresses[4:],
        options=b"\x01" * 4 * pick(draw, (0, 0, 0, 0, 1, 2, 10)),
        more_fragments=more_fragments,
        fragment_offset=fragment_offset,
    )
    if rarely(draw):
        return with_byte(packet, 0, pick(draw, (0x44, 0x46, 0x4F, 0x40, 0x55, 0x65, 0x75, 0x05)))
    return packet


def ipv6_packet(draw: st.DrawFn, depth: int) -> bytes:
    """Draw an IPv6 packet, half of them with extension headers."""
    protocol, payload = content(draw, 6, depth)
    headers = [extension_header(draw) for _ in range(pick(draw, (0, 0, 0, 0, 1, 1, 2, 3)))]
    payload, protocol = builders.chain(payload, protocol, headers)
    addresses = draw(BYTES[32])
    version = pick(draw, (4, 5, 0)) if rarely(draw) else 6
    return builders.ipv6(payload, protocol, addresses[:16], addresses[16:], version=version)


def extension_header(draw: st.DrawFn) -> tuple[int, bytes]:
    """Draw one extension header; rarely its length field is wrong."""
    kind = draw(NUMBERS[10])
    if kind <= 3:
        header_type, header = builders.options_header(options(draw))
    elif kind == 4:
        header_type, header = builders.options_header(options(draw), builders.HOP_BY_HOP)
    elif kind <= 6:
        header_type, header = routing_header(draw)
    elif kind == 7:
        header_type, header = builders.fragment(*pick(draw, ((0, False), (0, True), (1, False), (0x1FFF, True))))
    elif kind == 8:
        header_type, header = builders.authentication(pick(draw, (4, 0, 1, 5)))
    else:
        header_type, header = builders.mobility(bytes(pick(draw, (6, 14))))
    if rarely(draw):
        header = with_byte(header, 1, draw(NUMBERS[256]) if draw(NUMBERS[2]) else draw(NUMBERS[8]))
    return header_type, header


def options(draw: st.DrawFn) -> bytes:
    """Draw the options of an options header, home addresses and broken ones among them."""
    return b"".join(option(draw) for _ in range(pick(draw, (1, 0, 2, 3))))


def option(draw: st.DrawFn) -> bytes:
    """Draw one option."""
    kind = draw(NUMBERS[8])
    if kind <= 2:
        return builders.home_address(draw(BYTES[16]))
    if kind == 3:
        return builders.pad_1()
    if kind == 4:
        return builders.pad_n(2 + draw(NUMBERS[9]))
    if kind == 5:
        return builders.home_address(bytes(draw(NUMBERS[21])))
    return pick(draw, (b"\x04\x01\x02", b"\xc9", b"\xc9\x10", b"\x05\xff", b"\xc9\x10" + bytes(14)))


def routing_header(draw: st.DrawFn) -> tuple[int, bytes]:
    """Draw a routing header, half of them a valid one of type 2."""
    if draw(NUMBERS[2]) == 0:
        return builders.routing(draw(BYTES[16]))
    body = bytes(pick(draw, (16, 32, 0)))
    return builders.routing(body, pick(draw, (2, 2, 0, 4)), pick(draw, (1, 1, 0, 2)))


# Tunnels


def inner_content(draw: st.DrawFn, depth: int) -> tuple[int, bytes]:
    """Draw what a tunnel carries: its type as GRE and GENEVE number it, and bytes."""
    kind = draw(NUMBERS[16])
    if kind == 15:
        return pick(draw, ETHERTYPES), draw(PAYLOADS)
    packet = ip_packet(draw, depth - 1)
    inner_type, payload = (packet_ethertype(packet), packet) if kind < 8 else (ETHERNET, ethernet_frame(draw, packet))
    return pick(draw, ETHERTYPES) if rarely(draw) else inner_type, payload


def inner_ethernet_frame(draw: st.DrawFn, depth: int) -> bytes:
    """Draw the Ethernet frame of a tunnel that carries nothing else."""
    if rarely(draw):
        return pick(draw, (builders.ethernet(builders.arp(), ARP), draw(PAYLOADS)))
    return ethernet_frame(draw, ip_packet(draw, depth - 1))


def gre(draw: st.DrawFn, depth: int) -> bytes:
    """Draw GRE with any combination of its flags, or NVGRE."""
    optional = pick(draw, (0, 0, 0, 1, 2, 3, 4, 5, 6, 7, NVGRE, NVGRE))
    if optional == NVGRE:
        return builders.nvgre(inner_ethernet_frame(draw, depth))
    protocol, payload = inner_content(draw, depth)
    flaw = draw(NUMBERS[32])
    return builders.gre(
        payload,
        protocol,
        checksum=bool(optional & 1),
        key=0x00138800 if optional & 2 else None,
        sequence=7 if optional & 4 else None,
        routing=flaw == 31,
        version=1 if flaw == 30 else 0,
    )


def ip_in_ip(draw: st.DrawFn, depth: int) -> tuple[int, bytes]:
    """Draw IP in IP, rarely announced as the other version."""
    packet = ip_packet(draw, depth - 1)
    is_ipv6 = packet[0] >> 4 == 6
    return builders.IPV6_IN_IP if is_ipv6 != rarely(draw) else builders.IPIP, packet


def vxlan(draw: st.DrawFn, depth: int) -> bytes:
    """Draw VXLAN, mostly with its I flag set."""
    flags = pick(draw, (0x08,) * 8 + (0x88, 0xFF, 0x00, 0xF7))
    return builders.vxlan(inner_ethernet_frame(draw, depth), draw(NUMBERS[0x1000000]), flags)


def vxlan_gpe(draw: st.DrawFn, depth: int) -> bytes:
    """Draw VXLAN-GPE, mostly with the next protocol that follows indeed."""
    flags = pick(draw, (0x0C,) * 8 + (0x08, 0x04, 0x3F, 0x0D))
    inner_type, payload = inner_content(draw, depth)
    next_protocol = {IPV4: 1, IPV6: 2, ETHERNET: 3}.get(inner_type, 4)
    return builders.vxlan_gpe(payload, draw(NUMBERS[6]) if rarely(draw) else next_protocol, flags=flags)


def geneve(draw: st.DrawFn, depth: int) -> bytes:
    """Draw GENEVE with options and flags, rarely of another version."""
    protocol, payload = inner_content(draw, depth)
    return builders.geneve(
        payload,
        protocol,
        options=bytes(4 * pick(draw, (0, 0, 1, 3, 63))),
        version=pick(draw, (1, 2, 3)) if rarely(draw) else 0,
        flags=pick(draw, (0, 0x80, 0x40)),
    )


UDP_TUNNELS: tuple[tuple[Callable[[st.DrawFn, int], bytes], tuple[int, ...]], ...] = (
    (vxlan, VXLAN_PORTS),
    (geneve, GENEVE_PORTS),
    (vxlan_gpe, VXLAN_GPE_PORTS),
    (gre, GRE_UDP_PORTS),
)


def udp_tunnel(draw: st.DrawFn, depth: int) -> bytes:
    """Draw a tunnel behind UDP, rarely at another tunnel's port."""
    make, ports = pick(draw, UDP_TUNNELS)
    port = pick(draw, TUNNEL_PORTS if rarely(draw) else ports)
    return builders.udp(make(draw, depth), draw(NUMBERS[0x10000]), port)


# Link layers


def packet_ethertype(packet: bytes) -> int:
    """Tell the ethertype that belongs to an IP packet."""
    return IPV6 if packet[0] >> 4 == 6 else IPV4


def tagged(draw: st.DrawFn, packet: bytes) -> tuple[bytes, int]:
    """Draw VLAN tags before an IP packet, mostly none; rarely the announced type is not the packet's."""
    ethertype = pick(draw, (*ETHERTYPES, 0x8864, 100)) if rarely(draw) else packet_ethertype(packet)
    tags = [pick(draw, VLAN_TYPES) for _ in range(pick(draw, (0, 0, 0, 0, 1, 1, 2, 4)))]
    return builders.vlan_stack(packet, ethertype, tags)


def ethernet_frame(draw: st.DrawFn, packet: bytes) -> bytes:
    """Draw an Ethernet frame around an IP packet."""
    return builders.ethernet(*tagged(draw, packet))


def linked(draw: st.DrawFn, packet: bytes) -> tuple[bytes, int]:
    """Draw a link layer before an IP packet: frame and link type."""
    link = pick(draw, ("ethernet",) * 6 + ("raw", "null", "sll", "sll2"))
    if link == "ethernet":
        return ethernet_frame(draw, packet), 1
    if link == "raw":
        return packet, pick(draw, RAW_LINK_TYPES)
    if link == "null":
        families = (10, 24, 28, 30) if packet_ethertype(packet) == IPV6 else (2, 2, 2, 2)
        family = pick(draw, (*families, *families, 2, 23, 30))
        return builders.null(packet, family, pick(draw, "<>")), pick(draw, (0, 108))
    if link == "sll":
        return builders.sll(*tagged(draw, packet), draw(NUMBERS[6])), 113
    return builders.sll2(*tagged(draw, packet), draw(NUMBERS[6])), 276


# What tests use


@st.composite
def whole_frames(draw: st.DrawFn) -> tuple[bytes, int]:
    """Draw a frame that nothing was cut from, and its link type."""
    return linked(draw, ip_packet(draw, pick(draw, (0, 1, 1, 1, 1, 2))))


@st.composite
def frames(draw: st.DrawFn) -> tuple[bytes, int, int]:
    """Draw captured bytes, original length, and link type."""
    frame, link_type = draw(whole_frames())
    if rarely(draw):
        link_type = pick(draw, LINK_TYPES)
    if frame and draw(NUMBERS[16]) == 15:
        frame = with_byte(frame, draw(st.integers(0, len(frame) - 1)), draw(NUMBERS[256]))
    captured, original_length = cut(draw, frame)
    return captured, original_length, link_type


def cut(draw: st.DrawFn, frame: bytes) -> tuple[bytes, int]:
    """Draw what the capture shows of a frame, and the original length that it claims."""
    way = pick(draw, ("whole",) * 6 + ("snapped", "snapped", "short", "both", "lying"))
    if way == "whole":
        return frame, len(frame)
    shown = draw(st.integers(0, len(frame)))
    if way == "snapped":
        return frame[:shown], len(frame)
    if way == "short":
        # The frame itself ended early: nothing is missing from the capture.
        return frame[:shown], shown
    if way == "both":
        return frame[:shown], draw(st.integers(shown, len(frame)))
    return frame[:shown], pick(draw, (0, shown // 2, shown + 1, len(frame) + 1000, 0xFFFFFFFF))


@st.composite
def configurations(draw: st.DrawFn) -> Configuration:
    """Draw a device of either text: mostly many types, default ports and a usual table, but anything at times."""
    spec = pick(draw, ("v7", "1.4"))
    queues = 1 + draw(NUMBERS[64])
    flavor = pick(draw, ("spec",) * 6 + FLAVORS[1:])
    tunnels = flavor in ("spec", "qemu-ebpf-inner")  # the others have none
    spacious = flavor == "spec"  # the others take no longer keys and tables
    table_index = pick(draw, ("mask", "mask", "mask", "modulo"))
    n_entries = 1 + draw(NUMBERS[64]) if table_index == "modulo" else 2 ** draw(NUMBERS[10 if spacious else 8])
    has_key = draw(NUMBERS[2]) and flavor != "ena-gen4"
    return Configuration(
        spec=spec,
        hash_types=mask(draw, 12 if spec == "v7" and tunnels else 9),
        tunnel_types=mask(draw, 9) if spec == "1.4" and tunnels else 0,
        key=draw(st.binary(min_size=1, max_size=60 if spacious else 40)) if has_key else MICROSOFT_KEY,
        indirection_table=tuple((7 * entry + 3) % queues for entry in range(n_entries)),
        unclassified_queue=draw(st.integers(0, queues - 1)),
        inner_miss=pick(draw, ("none", "none", "outer")),
        flavor=flavor,
        table_index=table_index,
        input_transform=pick(draw, ("none", "none", "none", "none", "symmetric-xor", "symmetric-or-xor")),
        **(port_lists(draw) if spec == "1.4" and draw(NUMBERS[4]) == 3 else {}),
    )


def mask(draw: st.DrawFn, bits: int) -> int:
    """Draw a mask: all bits, all but one, or any."""
    every = 2**bits - 1
    kind = draw(NUMBERS[4])
    if kind <= 1:
        return every
    if kind == 2:
        return every & ~(1 << draw(NUMBERS[bits]))
    return draw(st.integers(0, every))


def port_lists(draw: st.DrawFn) -> dict[str, tuple[int, ...]]:
    """Draw the four port lists, disjoint, from the ports that tunnels and others use here."""
    names = ("vxlan_ports", "geneve_ports", "vxlan_gpe_ports", "gre_udp_ports")
    owners = {port: pick(draw, (*names, "nobody")) for port in PORTS}
    return {name: tuple(port for port, owner in owners.items() if owner == name) for name in names}
