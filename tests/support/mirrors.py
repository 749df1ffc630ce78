"""Packets as mirror sessions send them."""

import struct

from support import builders
from support.builders import ETHERNET, IPV4, IPV6


def erspan_i(frame: bytes) -> bytes:
    """Type I: GRE without a sequence number, and nothing behind it."""
    return builders.gre(frame, 0x88BE)


def erspan_ii(frame: bytes, number: int = 1, version: int = 1) -> bytes:
    """Type II: a sequence number, and a header of 8 bytes."""
    return builders.gre(struct.pack("!HHI", version << 12 | 100, 200, 0) + frame, 0x88BE, sequence=number)


def erspan_iii(packet: bytes, *, frame_type: int = 0, subheader: bool = False, sequence: int | None = None) -> bytes:
    """Type III: a header of 12 bytes, and at times 8 more."""
    last = frame_type << 10 | subheader
    header = struct.pack("!HHIHH", 2 << 12 | 100, 200, 12345, 0, last) + (bytes(8) if subheader else b"")
    return builders.gre(header + packet, 0x22EB, sequence=sequence)


def in_gre(payload: bytes, version: int = 4) -> bytes:
    """Put GRE into an Ethernet frame and an IP header."""
    if version == 4:
        return builders.ethernet(builders.ipv4(payload, builders.GRE), IPV4)
    return builders.ethernet(builders.ipv6(payload, builders.GRE), IPV6)


def in_vxlan(frame: bytes, port: int = 4789) -> bytes:
    """Put a frame into VXLAN, as the traffic mirroring of clouds does."""
    return builders.ethernet(builders.ipv4(builders.udp(builders.vxlan(frame, 7), 65000, port), builders.UDP), IPV4)


MIRRORS = {
    # how it is called: what is stripped, the packet around a frame, and how many bytes are around it
    "erspan-i": ("erspan", lambda frame: in_gre(erspan_i(frame)), 38),
    "erspan-ii": ("erspan", lambda frame: in_gre(erspan_ii(frame)), 50),
    "erspan-ii-over-ipv6": ("erspan", lambda frame: in_gre(erspan_ii(frame), 6), 70),
    "erspan-iii": ("erspan", lambda frame: in_gre(erspan_iii(frame)), 50),
    "erspan-iii-subheader": ("erspan", lambda frame: in_gre(erspan_iii(frame, subheader=True, sequence=9)), 62),
    "vxlan": ("vxlan", in_vxlan, 50),
    "gre-ethernet": ("gre", lambda frame: in_gre(builders.gre(frame, ETHERNET, key=5)), 42),
}
