"""Traces of many flows for questions about spread: small, deterministic, of known shape."""

import random
import zlib
from collections.abc import Iterable
from pathlib import Path

from support import builders
from support.captures import pcapng_of

Flow = tuple[bytes, bytes, int, int]  # source, destination, source port, destination port


def flows(n: int, seed: int = 1) -> list[Flow]:
    """Make different flows at random."""
    source = random.Random(seed)
    found: dict[Flow, None] = {}
    while len(found) < n:
        addresses = source.randbytes(8)
        found[addresses[:4], addresses[4:], source.randrange(1024, 65536), source.randrange(1, 1024)] = None
    return list(found)


def plain(flow: Flow, size: int = 10) -> bytes:
    """Return an Ethernet frame with a UDP packet of a flow."""
    source, destination, source_port, destination_port = flow
    content = builders.udp(bytes(size), source_port, destination_port)
    return builders.framed(builders.ipv4(content, 17, source, destination))


def tunnelled(flow: Flow, endpoint: int = 1, vni: int = 1, source_port: int | None = None, size: int = 10) -> bytes:
    """Return the same in a VXLAN tunnel from one of several endpoints; by default its source port tells flows apart."""
    port = zlib.crc32(repr(flow).encode()) % 16384 + 49152 if source_port is None else source_port
    content = builders.udp(builders.vxlan(plain(flow, size), vni), port, 4789)
    outer = builders.ipv4(content, 17, bytes([192, 0, 2, endpoint]), bytes([198, 51, 100, 1]))
    return builders.ethernet(outer, builders.IPV4)


def write(path: Path, packets: Iterable[bytes]) -> Path:
    """Write a trace of whole Ethernet frames."""
    path.write_bytes(pcapng_of([(packet, len(packet), 1) for packet in packets]))
    return path
