"""pcapng files: sections of either byte order, interfaces, and the three kinds of packet blocks."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from naive.pcap import begins_pcap
from naive.record import Capture, Damage, DamageError, Record, cooked_direction

SECTION_HEADER, INTERFACE, OBSOLETE_PACKET, SIMPLE_PACKET, ENHANCED_PACKET = 0x0A0D0D0A, 1, 2, 3, 6
BYTE_ORDER_MAGIC = 0x1A2B3C4D
END_OF_OPTIONS, FLAGS, TIMESTAMP_RESOLUTION, TIMESTAMP_OFFSET = 0, 2, 9, 14


@dataclass(frozen=True)
class Interface:
    """One interface of a section: timestamps count units of 1/``units`` second from ``offset`` seconds on."""

    link_type: int
    snap_length: int
    units: int
    offset: int


@dataclass
class Section:
    """One section: its byte order as struct writes it, and its interfaces so far."""

    order: str
    interfaces: list[Interface] = field(default_factory=list)

    def unpack(self, layout: str, data: bytes, offset: int = 0) -> tuple[int, ...]:
        """Read integers at ``offset`` in the section's byte order; damage where they do not fit."""
        if offset + struct.calcsize(self.order + layout) > len(data):
            raise DamageError("the block is too short for its fields")
        return struct.unpack_from(self.order + layout, data, offset)

    def interface(self, number: int) -> Interface:
        """Find the interface of a packet."""
        if number >= len(self.interfaces):
            raise DamageError("the packet names an undeclared interface")
        return self.interfaces[number]


def read_pcapng(data: bytes) -> tuple[Capture, int]:
    """Read blocks until the end, one that contradicts itself, or a pcap file; tell where that is."""
    records: list[Record] = []
    section = Section("<")
    offset = 0
    try:
        while offset < len(data) and not begins_pcap(data, offset):
            section = section_at(data, offset, section)
            block_type, body, size = read_block(data, offset, section)
            if block_type == INTERFACE:
                section.interfaces.append(read_interface(body, section))
            elif block_type in PACKET_READERS:
                records.append(PACKET_READERS[block_type](body, section, len(records) + 1))
            offset += size
    except DamageError as damage:
        return Capture(records, Damage(offset, str(damage))), offset
    return Capture(records, None), offset


def section_at(data: bytes, offset: int, current: Section) -> Section:
    """Begin a new section where a section header block stands: its byte order is known before its length can be."""
    if data[offset : offset + 4] != SECTION_HEADER.to_bytes(4, "big"):
        return current
    for order in "<>":
        if data[offset + 8 : offset + 12] == struct.pack(order + "I", BYTE_ORDER_MAGIC):
            return Section(order)
    raise DamageError("the section header has no byte order magic")


def read_block(data: bytes, offset: int, section: Section) -> tuple[int, bytes, int]:
    """Read one block: type, body, and the size of the whole in bytes."""
    block_type, size = section.unpack("II", data, offset)
    if size < 12 or size % 4:
        raise DamageError("the block length is impossible")
    if offset + size > len(data):
        raise DamageError("the block runs past the end")
    if section.unpack("I", data, offset + size - 4)[0] != size:
        raise DamageError("the two block lengths differ")
    body = data[offset + 8 : offset + size - 4]
    if block_type == SECTION_HEADER and len(body) < 16:
        raise DamageError("the block is too short for its fields")
    return block_type, body, size


def read_options(data: bytes, section: Section) -> Iterator[tuple[int, bytes]]:
    """Read options up to the end marker or the end of the block; a last one that does not fit is none."""
    offset = 0
    while offset + 4 <= len(data):
        code, length = section.unpack("HH", data, offset)
        value = data[offset + 4 : offset + 4 + length]
        if code == END_OF_OPTIONS or len(value) < length:
            return
        yield code, value
        offset += 4 + length + -length % 4


def read_interface(body: bytes, section: Section) -> Interface:
    """Read an interface description block; without the option, timestamps are microseconds."""
    link_type, _, snap_length = section.unpack("HHI", body)
    units, offset = 10**6, 0
    for code, value in read_options(body[8:], section):
        if code == TIMESTAMP_RESOLUTION and len(value) == 1:
            exponent = value[0] & 0x7F
            units = 2**exponent if value[0] & 0x80 else 10**exponent
        if code == TIMESTAMP_OFFSET and len(value) == 8:
            (offset,) = section.unpack("q", value)
    return Interface(link_type, snap_length, units, offset)


def read_enhanced_packet(body: bytes, section: Section, packet: int) -> Record:
    """Read an enhanced packet block."""
    number, high, low, captured_length, original_length = section.unpack("5I", body)
    interface = section.interface(number)
    return timed_record(body, section, packet, interface, (high << 32 | low), captured_length, original_length)


def read_obsolete_packet(body: bytes, section: Section, packet: int) -> Record:
    """Read a packet block of the first drafts: as an enhanced one, with a shorter interface number."""
    number, _drops, high, low, captured_length, original_length = section.unpack("HH4I", body)
    interface = section.interface(number)
    return timed_record(body, section, packet, interface, (high << 32 | low), captured_length, original_length)


def timed_record(
    body: bytes,
    section: Section,
    packet: int,
    interface: Interface,
    ticks: int,
    captured_length: int,
    original_length: int,
) -> Record:
    """Make a record of a block whose 20 bytes of fields are followed by the packet, padding and options."""
    if 20 + captured_length > len(body):
        raise DamageError("the packet does not fit in its block")
    captured = body[20 : 20 + captured_length]
    options = body[20 + captured_length + -captured_length % 4 :]
    direction = flags_direction(options, section) or cooked_direction(captured, interface.link_type)
    return Record(packet, nanoseconds(ticks, interface), captured, original_length, interface.link_type, direction)


def read_simple_packet(body: bytes, section: Section, packet: int) -> Record:
    """Read a simple packet block: interface 0, no time, and no captured length of its own."""
    interface = section.interface(0)
    (original_length,) = section.unpack("I", body)
    captured_length = min(original_length, len(body) - 4)
    if interface.snap_length:
        captured_length = min(captured_length, interface.snap_length)
    captured = body[4 : 4 + captured_length]
    direction = cooked_direction(captured, interface.link_type)
    return Record(packet, None, captured, original_length, interface.link_type, direction)


def nanoseconds(ticks: int, interface: Interface) -> int | None:
    """Convert a timestamp to nanoseconds since 1970, rounded down; None if 64 bits do not hold it.

    The least number of 64 bits is the program's word for no time; nothing was captured in that nanosecond of 1677.
    """
    result = ticks * 10**9 // interface.units + interface.offset * 10**9
    return result if -(2**63) < result < 2**63 else None


def flags_direction(options: bytes, section: Section) -> str:
    """Read the direction that the flags option states, if it states one."""
    direction = ""
    for code, value in read_options(options, section):
        if code == FLAGS and len(value) == 4:
            (flags,) = section.unpack("I", value)
            direction = {1: "in", 2: "out"}.get(flags & 3, "")
    return direction


PACKET_READERS = {
    ENHANCED_PACKET: read_enhanced_packet,
    OBSOLETE_PACKET: read_obsolete_packet,
    SIMPLE_PACKET: read_simple_packet,
}
