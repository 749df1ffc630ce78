"""What a device's report makes of pcapng blocks, block by block, and how to take the report out again.

Source: draft-ietf-opsawg-pcapng. A block of a packet is copied unless something is added to it, or replaced in it.
"""

import struct
from dataclasses import dataclass

from naive.pcapng import (
    END_OF_OPTIONS,
    ENHANCED_PACKET,
    INTERFACE,
    OBSOLETE_PACKET,
    SECTION_HEADER,
    SIMPLE_PACKET,
    Section,
    read_block,
    read_interface,
    section_at,
)

COMMENT, HASH, DROPS, QUEUE = 1, 3, 4, 6
INTERFACE_STATISTICS, RECEIVED, DROPPED = 5, 4, 5
TOEPLITZ = 5


@dataclass(frozen=True)
class Report:
    """What becomes of a packet: ``delivered``, ``dropped`` or ``left out``; and what is reported of it."""

    fate: str
    hash_value: int | None = None
    queue: int | None = None
    comment: bytes | None = None


def written(data: bytes, reports: list[Report]) -> bytes:
    """Write a pcapng file, whole and undamaged, with reports of its packets."""
    out = b""
    section, offset = Section("<"), 0
    lost: dict[int, int] = {}
    met: dict[int, list[int]] = {}  # by interface: packets that arrived, packets dropped, the time of the last one
    rest = iter(reports)
    while offset < len(data):
        before = section
        section = section_at(data, offset, section)
        if section is not before:
            out += statistics(met, before.order)
            lost, met = {}, {}
        kind, body, size = read_block(data, offset, section)
        whole = data[offset : offset + size]
        offset += size
        if kind == SECTION_HEADER:
            out += whole[:16] + b"\xff" * 8 + whole[24:]
        elif kind in (ENHANCED_PACKET, OBSOLETE_PACKET, SIMPLE_PACKET):
            report = next(rest)
            note(met, parts_of(kind, body, section)[0], section.order, report.fate)
            out += packet_block(kind, whole, body, section, report, lost)
        else:
            if kind == INTERFACE:
                section.interfaces.append(read_interface(body, section))
            out += whole
    return out + statistics(met, section.order)


def note(met: dict[int, list[int]], fields: bytes, order: str, fate: str) -> None:
    """Count a packet that arrived."""
    number, high, low = struct.unpack_from(order + "3I", fields)
    if fate != "left out":
        received, dropped, _ = met.get(number, [0, 0, 0])
        met[number] = [received + 1, dropped + (fate == "dropped"), high << 32 | low]


def statistics(met: dict[int, list[int]], order: str) -> bytes:
    """Write an interface statistics block (section 4.6) for each interface that dropped packets."""
    out = b""
    for number, (received, dropped, time) in sorted(met.items()):
        if dropped:
            body = struct.pack(order + "3I", number, time >> 32, time & 0xFFFFFFFF)
            body += option(RECEIVED, struct.pack(order + "Q", received), order)
            body += option(DROPPED, struct.pack(order + "Q", dropped), order)
            out += block(INTERFACE_STATISTICS, body + option(END_OF_OPTIONS, b"", order), order)
    return out


def packet_block(kind: int, whole: bytes, body: bytes, section: Section, report: Report, lost: dict[int, int]) -> bytes:
    """Write the block of one packet, or nothing; count those lost by interface."""
    order = section.order
    fields, packet, options = parts_of(kind, body, section)
    number = struct.unpack_from(order + "I", fields)[0]
    if report.fate != "delivered":
        if report.fate == "dropped":
            lost[number] = lost.get(number, 0) + 1
        return b""
    kept, tail = without_report(options, order)
    added = []
    if report.comment is not None:
        added.append(option(COMMENT, report.comment, order))
    if report.hash_value is not None:
        added.append(option(HASH, struct.pack(order + "BI", TOEPLITZ, report.hash_value), order))
    drops = lost.get(number, 0)
    drop_place = len(added)
    if report.queue is not None:
        added.append(option(QUEUE, struct.pack(order + "I", report.queue), order))
    if not added and not drops and kept + tail == options:
        return whole
    if kind == OBSOLETE_PACKET:
        own = struct.unpack_from(order + "H", body, 2)[0]
        drops += 0 if own == 0xFFFF else own
    if drops:
        added.insert(drop_place, option(DROPS, struct.pack(order + "Q", drops), order))
    lost[number] = 0
    end = option(END_OF_OPTIONS, b"", order) if added and not tail else b""
    return block(ENHANCED_PACKET, fields + packet + kept + b"".join(added) + tail + end, order)


def parts_of(kind: int, body: bytes, section: Section) -> tuple[bytes, bytes, bytes]:
    """Split the body of a packet's block into the fields of an enhanced one, the padded packet, and its options."""
    order = section.order
    if kind == SIMPLE_PACKET:
        (length,) = section.unpack("I", body)
        captured = min(length, len(body) - 4, section.interface(0).snap_length or length)
        packet = body[4 : 4 + captured] + bytes(-captured % 4)
        return struct.pack(order + "5I", 0, 0, 0, captured, length), packet, b""
    fields = body[:20]
    if kind == OBSOLETE_PACKET:
        fields = struct.pack(order + "I", section.unpack("H", body)[0]) + body[4:20]
    captured = section.unpack("I", body, 12)[0]
    end = 20 + captured + -captured % 4
    return fields, body[20:end], body[end:]


def without_report(options: bytes, order: str) -> tuple[bytes, bytes]:
    """Take reports out of options; also return what stands from the end of the list on."""
    kept, offset = b"", 0
    while offset + 4 <= len(options):
        code, length = struct.unpack_from(order + "HH", options, offset)
        if code == END_OF_OPTIONS or offset + 4 + length > len(options):
            break
        after = offset + 4 + length + -length % 4
        is_toeplitz = code == HASH and length > 0 and options[offset + 4] == TOEPLITZ
        if not is_toeplitz and code not in (DROPS, QUEUE):
            kept += options[offset:after]
        offset = after
    return kept, options[offset:]


def option(code: int, value: bytes, order: str) -> bytes:
    """Write an option."""
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def block(kind: int, body: bytes, order: str) -> bytes:
    """Write a block."""
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length
