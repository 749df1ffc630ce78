"""Packets of tunnels that a device may not look into, and ordinary traffic that must not be taken for them."""

import struct

from support import builders
from support.builders import ETHERNET, IPV4, IPV6, in_ip, in_udp

TEREDO_ADDRESS = bytes.fromhex("20010000") + bytes(11) + b"\1"


def inner_packet(number: int = 0, version: int = 4) -> bytes:
    """An IP packet of its own flow."""
    segment = builders.tcp(bytes(number % 40), 40000 + number % 20000)
    return builders.ipv4(segment, builders.TCP) if version == 4 else builders.ipv6(segment, builders.TCP)


def inner_frame(number: int = 0, version: int = 4) -> bytes:
    """An Ethernet frame of its own flow."""
    return builders.framed(inner_packet(number, version))


def wireguard(number: int = 0) -> bytes:
    """WireGuard's message with data."""
    return builders.wireguard(bytes((number * 7 + i * 31) & 0xFF for i in range(16 * (2 + number % 60))), number)


def esp(number: int = 0) -> bytes:
    """ESP with a payload that tells nothing."""
    return builders.esp(bytes((number * 13 + i * 57) & 0xFF for i in range(4 * (8 + number % 90))), number + 1)


def teredo_message(number: int) -> bytes:
    """An IPv6 packet from a Teredo client, with every combination of indications before it."""
    packet = builders.ipv6(builders.tcp(bytes(number % 9), 40000 + number), builders.TCP, source=TEREDO_ADDRESS)
    return builders.teredo(packet, authentication=number % 2 == 0, origin=number % 3 == 0)


def vxlan_with_policy(number: int) -> bytes:
    """VXLAN with a group policy, whose flags vary."""
    return builders.vxlan_with_policy(inner_frame(number), (0, 0x08, 0x40, 0x48)[number % 4], 100 + number % 7)


ARP = builders.ethernet(builders.arp(), builders.ARP)


SUSPECTS = {
    # what it is, and on which port: the packet of a number
    ("VXLAN", 4799): lambda i: in_udp(builders.vxlan(inner_frame(i), 5), 4799),
    ("VXLAN", 48879): lambda i: in_udp(builders.vxlan(inner_frame(i, 6), 5), 48879, version=6),
    ("VXLAN", 8473): lambda i: in_udp(vxlan_with_policy(i), 8473),
    ("VXLAN", 12345): lambda i: in_udp(builders.vxlan(ARP if i % 3 == 0 else inner_frame(i)), 12345),
    ("VXLAN", 4800): lambda i: in_udp(builders.vxlan_gpe(inner_frame(i)), 4800),
    ("VXLAN-GPE", 4791): lambda i: in_udp(builders.vxlan_gpe(inner_packet(i), 1), 4791),
    ("VXLAN-GPE", 4790): lambda i: in_udp(builders.vxlan_gpe(inner_packet(i, 6), 2), 4790),
    ("GENEVE", 6082): lambda i: in_udp(builders.geneve(inner_frame(i), options=bytes(8)), 6082),
    ("GENEVE", 16081): lambda i: in_udp(builders.geneve(inner_packet(i, 6), IPV6), 16081),
    ("GRE in UDP", 4754): lambda i: in_udp(builders.gre(inner_packet(i), IPV4, key=5), 4754),
    ("GRE in UDP", 14754): lambda i: in_udp(builders.gre(inner_frame(i), ETHERNET), 14754),
    ("GTP-U", 2152): lambda i: in_udp(
        builders.gtp_u(inner_packet(i)) if i % 2 else bytes([0x32, 1 + i % 4 // 2, 0, 4]) + bytes(8), 2152, 40000
    ),
    ("GTP-U", 12152): lambda i: in_udp(builders.gtp_u(inner_packet(i, 6), extension=bytes([1, 0, 9, 0])), 12152),
    ("GTP-U", 3386): lambda i: in_udp(builders.gtp_u(inner_packet(i), sequence=True), 3386, version=6),
    ("WireGuard", 51820): lambda i: in_udp(wireguard(i), *((51820, 40001) if i % 2 else (40001, 51820))),
    ("WireGuard", 41194): lambda i: in_udp(wireguard(i), 41194, 40000 + i),
    ("ESP in UDP", 4500): lambda i: in_udp(esp(i), 4500, 4500 if i % 2 else 61000),
    ("Teredo", 3544): lambda i: in_udp(teredo_message(i), 3544),
    ("MPLS in UDP", 6635): lambda i: in_udp(builders.mpls(inner_packet(i)), 6635, 50000 + i),
    ("L2TP in UDP", 1701): lambda i: in_udp(builders.l2tp(inner_packet(i)), 1701, 1701),
    ("ESP", None): lambda i: in_ip(esp(i), 50, 6 if i % 2 else 4),
    ("AH", None): lambda i: in_ip(bytes([6, 4]) + bytes(22) + builders.tcp(), 51),
    ("L2TPv3", None): lambda i: in_ip(bytes([0, 0, 0, 9]) + inner_frame(i), 115),
    ("IPv4 in IPv4", None): lambda i: in_ip(inner_packet(i), 4),
    ("IPv6 in IPv4", None): lambda i: in_ip(inner_packet(i, 6), 41),
    ("IPv4 in IPv6", None): lambda i: in_ip(inner_packet(i), 4, 6),
    ("IPv6 in IPv6", None): lambda i: in_ip(inner_packet(i, 6), 41, 6),
    ("ERSPAN", None): lambda i: in_ip(builders.erspan_ii(inner_frame(i), i), builders.GRE),
    ("GRE of PPTP", None): lambda i: in_ip(builders.gre(bytes(8), 0x880B, key=1, version=1), builders.GRE),
}


def dns(number: int) -> bytes:
    """A question of the DNS (RFC 1035)."""
    header = struct.pack("!HHHHHH", number * 2654435761 & 0xFFFF, 0x0100, 1, 0, 0, 0)
    return in_udp(header + b"\7example\3org\0\0\1\0\1", 53, 30000 + number)


def rtp(number: int) -> bytes:
    """A packet of RTP (RFC 3550), of PCMU."""
    return in_udp(struct.pack("!BBHII", 0x80, 0, number, 160 * number, 0xDECAFBAD) + bytes(160), 16384, 16386)


def quic(number: int) -> bytes:
    """A packet of QUIC with a short header (RFC 9000 section 17.3); every length and byte may come."""
    body = bytes((number * 101 + i * 37 + (i * number) % 251) & 0xFF for i in range(20 + number * 7 % 1200))
    return in_udp(bytes([0x40 | number & 0x3F]) + body, 443, 50000 + number)


def ntp(number: int) -> bytes:
    """A client's question of NTP (RFC 5905)."""
    return in_udp(bytes([0x23, 0, 6, 0xEC]) + bytes(36) + struct.pack("!Q", number), 123, 123)


def zeros(number: int) -> bytes:
    """Nothing but zeros, of any length."""
    return in_udp(bytes(number), 5001, 40000)


def counted(number: int) -> bytes:
    """Numbers that begin where a header's fields would stand."""
    return in_udp(struct.pack("<IIQ", number, 0, number) + bytes(16 * (number % 5)), 9999, 40000)


def ike(number: int) -> bytes:
    """IKE on ESP's port, behind its four zeros (RFC 3948 section 2.2), and a keepalive at times."""
    return in_udp(b"\xff" if number % 5 == 0 else bytes(4) + bytes(range(28)), 4500, 4500)


def ntp_answer(number: int) -> bytes:
    """A server's answer of NTP to a client behind the port of ESP in UDP."""
    return in_udp(bytes([0x24, 1, 0, 0xE9]) + bytes(36) + struct.pack("!Q", number), 4500, 123)


def random_esp_port(number: int) -> bytes:
    """Random bytes of any length on the port of ESP in UDP."""
    body = bytes((number * 101 + i * 37 + (i * number) % 251) & 0xFF for i in range(20 + number * 7 % 1200))
    return in_udp(b"\xa7" + body, 4500, 50000 + number)


def random_gtp_port(number: int) -> bytes:
    """Numbers on the port of GTP-U whose first bits are those of its header, but no length fits."""
    return in_udp(struct.pack("!BBHI", 0x30, 255, number & 7, number) + bytes(40 + number % 9), 2152, 2152)


ORDINARY = {
    "dns": dns,
    "rtp": rtp,
    "quic": quic,
    "ntp": ntp,
    "zeros": zeros,
    "counted": counted,
    "ike": ike,
    "ntp answers": ntp_answer,
    "random bytes on the port of ESP in UDP": random_esp_port,
    "other lengths on the port of GTP-U": random_gtp_port,
}
