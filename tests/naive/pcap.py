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

FILE_HEADER_LENGTH = 24
LONGEST_RECORD = 16 * 1024 * 1024


def read_pcap(data: bytes) -> Capture:
    """Read records until the end, or until one of them cannot be true."""
    records: list[Record] = []
    offset = 0
    try:
        if len(data) < FILE_HEADER_LENGTH:
            raise DamageError("the file header runs past the end")
        # The upper 16 bits say how long a frame check sequence is.
        link_type = struct.unpack_from(MAGICS[data[:4]][0] + "I", data, 20)[0] & 0xFFFF
        offset = FILE_HEADER_LENGTH
        while offset < len(data):
            record, size = read_record(data, offset, link_type, len(records) + 1)
            records.append(record)
            offset += size
    except DamageError as damage:
        return Capture(records, Damage(offset, str(damage)))
    return Capture(records, None)


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
