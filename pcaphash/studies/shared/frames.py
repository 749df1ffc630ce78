"""Frames built one by one, with right lengths and checksums: each function puts its header before a payload."""

import struct

from pcaphash.standards import ethernet as eth
from pcaphash.standards import ip, tunnel

MACS = bytes.fromhex("020000000002 020000000001")
INNER_MACS = bytes.fromhex("02000000000b 02000000000a")
_HOP_LIMIT = 64


def checksum(data: bytes) -> int:
    """Return the Internet checksum of bytes (RFC 1071)."""
    padded = data + bytes(len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def ethernet(payload: bytes, ethertype: int, macs: bytes = MACS) -> bytes:
    """Ethernet header."""
    return macs + struct.pack("!H", ethertype) + payload


def of_ip(packet: bytes, macs: bytes = MACS) -> bytes:
    """Ethernet header before an IP packet, by its version."""
    return ethernet(packet, ethertype_of(packet), macs)


def ethertype_of(packet: bytes) -> int:
    """Return the EtherType of an IP packet."""
    return eth.ETHERTYPE_IPV4 if packet[0] >> 4 == 4 else eth.ETHERTYPE_IPV6


def ipv4(
    payload: bytes, protocol: int, source: bytes, destination: bytes, *, options: bytes = b"", fragment: int = 0,
    version: int = 4,
) -> bytes:  # fmt: skip
    """IPv4 header; ``fragment`` is the field of flags and offset."""
    words = 5 + len(options) // 4
    length = 4 * words + len(payload)
    start = struct.pack("!BBHHHBB", version << 4 | words, 0, length, 1, fragment, _HOP_LIMIT, protocol)
    addresses = source + destination + options
    return start + struct.pack("!H", checksum(start + addresses)) + addresses + payload


def ipv6(payload: bytes, next_header: int, source: bytes, destination: bytes) -> bytes:
    """IPv6 header."""
    return struct.pack("!IHBB", 6 << 28, len(payload), next_header, _HOP_LIMIT) + source + destination + payload


def internet(payload: bytes, protocol: int, source: bytes, destination: bytes) -> bytes:
    """IPv4 or IPv6 header, by the length of the addresses."""
    build = ipv4 if len(source) == 4 else ipv6
    return build(payload, protocol, source, destination)


def transport(protocol: int, source: bytes, destination: bytes, ports: tuple[int, int], payload: bytes = b"") -> bytes:
    """TCP or UDP header of a packet between addresses."""
    if protocol == ip.TCP:
        header = struct.pack("!HHIIHHHH", *ports, 1, 1, 0x5010, 1024, 0, 0)
        place = 16
    else:
        header = struct.pack("!HHHH", *ports, ip.UDP_LEN + len(payload), 0)
        place = 6
    pseudo = source + destination + struct.pack("!II", len(header) + len(payload), protocol)
    found = checksum(pseudo + header + payload) or (0xFFFF if protocol == ip.UDP else 0)
    return header[:place] + struct.pack("!H", found) + header[place + 2 :] + payload


def echo(protocol: int, source: bytes, destination: bytes) -> bytes:
    """Echo request of ICMP or ICMPv6."""
    is_v6 = protocol == ip.ICMPV6
    header = struct.pack("!BBHHH", ip.ICMPV6_ECHO if is_v6 else ip.ICMP_ECHO, 0, 0, 1, 1)
    pseudo = source + destination + struct.pack("!II", len(header), protocol) if is_v6 else b""
    return header[:2] + struct.pack("!H", checksum(pseudo + header)) + header[4:]


def vxlan(payload: bytes, number: int = 1, flags: int = tunnel.VXLAN_INSTANCE, next_protocol: int = 0) -> bytes:
    """VXLAN or VXLAN-GPE header."""
    return struct.pack("!BHBI", flags, 0, next_protocol, number << 8) + payload


def geneve(payload: bytes, protocol: int = tunnel.PROTOCOL_ETHERNET, options: bytes = b"", version: int = 0) -> bytes:
    """GENEVE header."""
    return struct.pack("!BBHI", version << 6 | len(options) // 4, 0, protocol, 1 << 8) + options + payload


def gre(payload: bytes, protocol: int, flags: int = 0) -> bytes:
    """GRE header; the fields that the flags announce are there."""
    key = struct.pack("!I", 1 << 8) if flags & tunnel.GRE_KEY else b""
    sequence = bytes(4) if flags & tunnel.GRE_SEQUENCE else b""
    header = struct.pack("!HH", flags, protocol)
    rest = key + sequence + payload
    if flags & tunnel.GRE_CHECKSUM:
        return header + struct.pack("!HH", checksum(header + bytes(4) + rest), 0) + rest
    return header + rest
