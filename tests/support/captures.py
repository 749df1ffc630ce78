"""Every capture file that tests use, as bytes: pcap of every format, and pcapng with its blocks and options."""

import struct
from collections.abc import Iterable

from naive.record import Record

MICROSECONDS, NANOSECONDS, MODIFIED = 0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34
SECTION_HEADER, INTERFACE, OBSOLETE_PACKET, SIMPLE_PACKET, ENHANCED_PACKET = 0x0A0D0D0A, 1, 2, 3, 6


def pcap(records: bytes = b"", link_type: int = 1, order: str = "<", magic: int = MICROSECONDS) -> bytes:
    """Put a file header before records."""
    return struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 0x40000, link_type) + records


def pcap_record(
    captured: bytes,
    original_length: int | None = None,
    order: str = "<",
    more: bytes = b"",
    time: tuple[int, int] = (7, 9),
) -> bytes:
    """Put a record header before a packet; ``more`` is what the modified format adds, ``time`` seconds and fraction."""
    length = len(captured) if original_length is None else original_length
    return struct.pack(order + "IIII", *time, len(captured), length) + more + captured


def block(block_type: int, body: bytes, order: str = "<") -> bytes:
    """Put a block's type and lengths around its body, which is padded to units of four bytes."""
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", block_type) + length + body + length


def section(order: str = "<") -> bytes:
    """Make a section header block."""
    return block(SECTION_HEADER, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def option(code: int, value: bytes, order: str = "<") -> bytes:
    """Make an option of a block."""
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def number_option(code: int, letter: str, number: int, order: str = "<") -> bytes:
    """Make an option of one number, of a size as struct's letters say."""
    return option(code, struct.pack(order + letter, number), order)


def time_options(resolution: int, offset: int, order: str = "<") -> bytes:
    """Make the options of an interface that say what its timestamps count: if_tsresol and if_tsoffset."""
    return option(9, bytes([resolution]), order) + number_option(14, "q", offset, order)


def interface(link_type: int = 1, snap_length: int = 0, options: bytes = b"", order: str = "<") -> bytes:
    """Make an interface description block."""
    return block(INTERFACE, struct.pack(order + "HHI", link_type, 0, snap_length) + options, order)


def enhanced(
    captured: bytes,
    original_length: int | None = None,
    number: int = 0,
    ticks: int = 7,
    options: bytes = b"",
    order: str = "<",
) -> bytes:
    """Make an enhanced packet block on interface ``number``."""
    length = len(captured) if original_length is None else original_length
    fields = struct.pack(order + "5I", number, ticks >> 32, ticks & 0xFFFFFFFF, len(captured), length)
    return block(ENHANCED_PACKET, fields + captured + bytes(-len(captured) % 4) + options, order)


def obsolete(
    captured: bytes,
    original_length: int | None = None,
    number: int = 0,
    ticks: int = 7,
    options: bytes = b"",
    order: str = "<",
) -> bytes:
    """Make a packet block of the first drafts."""
    length = len(captured) if original_length is None else original_length
    fields = struct.pack(order + "HH4I", number, 0, ticks >> 32, ticks & 0xFFFFFFFF, len(captured), length)
    return block(OBSOLETE_PACKET, fields + captured + bytes(-len(captured) % 4) + options, order)


def simple(captured: bytes, original_length: int | None = None, order: str = "<") -> bytes:
    """Make a simple packet block."""
    length = len(captured) if original_length is None else original_length
    return block(SIMPLE_PACKET, struct.pack(order + "I", length) + captured, order)


def pcapng_of(frames: Iterable[tuple[bytes, int, int]]) -> bytes:
    """Write frames (captured bytes, original length, link type) into one file, one interface per link type."""
    listed = list(frames)
    link_types = list(dict.fromkeys(link_type for _, _, link_type in listed))
    blocks = [section(), *(interface(link_type) for link_type in link_types)]
    blocks += [enhanced(captured, length, link_types.index(link_type)) for captured, length, link_type in listed]
    return b"".join(blocks)


def pcapng_of_records(records: Iterable[Record]) -> bytes:
    """Write records into one file, without their times."""
    return pcapng_of((record.captured, record.original_length, record.link_type) for record in records)
