"""pcap files of either byte order: microseconds, nanoseconds, and the modified format with longer record headers."""

import struct

from naive.record import Capture, Damage, DamageError, Record, cooked_direction

MICROSECONDS, NANOSECONDS, MODIFIED = 0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34

# The first four bytes -> byte order, nanoseconds per unit of the second timestamp field, bytes of a record header.
MAGICS = {
    struct.pack(order + "I", magic): (order, unit, header)
    for order in "<>"
    for magic, unit, header in ((MICROSECONDS, 1000, 16), (NANOSECONDS, 1, 16), (MODIFIED, 1000, 24))
}

SECTION_ORDERS = {struct.pack(order + "I", 0x1A2B3C4D) for order in "<>"}
FILE_HEADER_LENGTH = 24
LONGEST_RECORD = 16 * 1024 * 1024


def begins_pcap(data: bytes, offset: int) -> bool:
    """Tell whether a file header stands where a record or block is due, by its first 16 bytes.

    Version 2, a time zone that there is, and timestamps of an accuracy that is always 0; a record has the length of its
    packet there.
    """
    start = data[offset : offset + 16]
    if len(start) < 16 or start[:4] not in MAGICS:
        return False
    major, minor, zone, accuracy = struct.unpack_from(MAGICS[start[:4]][0] + "HHiI", start, 4)
    if zone != 0 and (minor != 4 or zone % 900 or abs(zone) > 14 * 3600):
        return False
    return major == 2 and minor <= 4 and accuracy == 0


def begins_pcapng(data: bytes, offset: int) -> bool:
    """Tell whether a section header block stands where a record is due."""
    return data[offset : offset + 4] == b"\x0a\x0d\x0d\x0a" and data[offset + 8 : offset + 12] in SECTION_ORDERS


def read_pcap(data: bytes) -> tuple[Capture, int]:
    """Read records until the end, one that cannot be true, or the begin of another file; tell where that is."""
    records: list[Record] = []
    offset = 0
    try:
        if len(data) < FILE_HEADER_LENGTH:
            raise DamageError("the file header runs past the end")
        # The upper 16 bits say how long a frame check sequence is.
        link_type = struct.unpack_from(MAGICS[data[:4]][0] + "I", data, 20)[0] & 0xFFFF
        offset = FILE_HEADER_LENGTH
        while offset < len(data) and not begins_pcap(data, offset) and not begins_pcapng(data, offset):
            record, size = read_record(data, offset, link_type, len(records) + 1)
            records.append(record)
            offset += size
    except DamageError as damage:
        return Capture(records, Damage(offset, str(damage))), offset
    return Capture(records, None), offset


def read_record(data: bytes, offset: int, link_type: int, packet: int) -> tuple[Record, int]:
    """Read the record at ``offset`` and tell its size in bytes, header included."""
    order, unit, header_length = MAGICS[data[:4]]
    if offset + header_length > len(data):
        raise DamageError("the record header runs past the end")
    seconds, fraction, captured_length, original_length = struct.unpack_from(order + "4I", data, offset)
    if captured_length > LONGEST_RECORD:
        raise DamageError("the record is longer than 16 MiB")
    start = offset + header_length
    if start + captured_length > len(data):
        raise DamageError("the record runs past the end")
    captured = data[start : start + captured_length]
    timestamp_ns = seconds * 1_000_000_000 + fraction * unit
    direction = cooked_direction(captured, link_type)
    record = Record(packet, timestamp_ns, captured, original_length, link_type, direction)
    return record, header_length + captured_length
