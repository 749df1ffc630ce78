"""The naive reader on small files made here: every format, byte order and kind of damage."""

import gzip
import struct

import pytest

from naive.capture import load, read
from naive.record import Damage, Record
from support import captures
from support.captures import interface, option, pcap, section

PACKET = bytes(range(20))


def a_record(order: str = "<", captured: bytes = PACKET, more: bytes = b"") -> bytes:
    return captures.pcap_record(captured, 60, order, more)


def a_packet(order: str = "<", number: int = 0, captured: bytes = PACKET, **fields: object) -> bytes:
    return captures.enhanced(captured, 60, number, order=order, **fields)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    ("magic", "timestamp_ns", "more"),
    [(0xA1B2C3D4, 7_000_009_000, b""), (0xA1B23C4D, 7_000_000_009, b""), (0xA1B2CD34, 7_000_009_000, bytes(8))],
)
def test_pcap_formats(order, magic, timestamp_ns, more):
    capture = read(pcap(a_record(order, more=more) * 2, order=order, magic=magic))
    assert capture.records == [Record(packet, timestamp_ns, PACKET, 60, 1, "") for packet in (1, 2)]
    assert capture.damage is None


def test_pcap_link_type_is_the_lower_half():
    (record,) = read(pcap(a_record(), 0x14000001)).records
    assert record.link_type == 1


@pytest.mark.parametrize(
    ("rest", "reason"),
    [
        (bytes(15), "the record header runs past the end"),
        (captures.pcap_record(bytes(21), 60)[:-1], "the record runs past the end"),
        (a_record(captured=bytes(2**24 + 1)) + a_record(), "the record is longer than 16 MiB"),
    ],
    ids=["header", "captured bytes", "too long"],
)
def test_pcap_damage_ends_the_file(rest, reason):
    capture = read(pcap(a_record() + rest))
    assert len(capture.records) == 1
    assert capture.damage == Damage(24 + 36, reason)


def test_a_pcap_record_of_16_mib_is_none_too_long():
    assert read(pcap(a_record(captured=bytes(2**24)))).damage is None


@pytest.mark.parametrize("data", [b"", b"\xd4", b"GET / HTTP/1.1\r\n\r\n" * 9])
def test_other_files_are_no_captures(data):
    assert read(data).damage == Damage(0, "not a capture file")


def test_a_pcap_file_may_hold_nothing():
    assert read(pcap(order=">")).damage is None
    assert read(pcap(order=">")[:23]).damage == Damage(0, "the file header runs past the end")


@pytest.mark.parametrize(
    ("link_type", "header", "direction"),
    [
        (113, bytes([0, 0]), "in"),
        (113, bytes([0, 3]), "in"),
        (113, bytes([0, 4]), "out"),
        (113, bytes([0, 5]), ""),
        (113, bytes([4]), ""),
        (276, bytes(10) + b"\4", "out"),
        (276, bytes(10) + b"\2", "in"),
        (276, bytes(10), ""),
        (1, bytes([0, 4]), ""),
    ],
)
def test_cooked_direction(link_type, header, direction):
    (record,) = read(pcap(a_record(captured=header), link_type)).records
    assert record.direction == direction


@pytest.mark.parametrize("order", "<>")
def test_pcapng_packet_blocks(order):
    begin = section(order) + interface(order=order) + interface(113, order=order)
    unknown = captures.block(0x0BAD, b"anything", order)
    obsolete = captures.obsolete(PACKET, 60, 1, 2**32, order=order)
    data = a_packet(order) + unknown + captures.simple(PACKET, 60, order) + obsolete + a_packet(order, 1)
    capture = read(begin + data)
    assert capture.damage is None
    assert capture.records == [
        Record(1, 7000, PACKET, 60, 1, ""),
        Record(2, None, PACKET, 60, 1, ""),
        Record(3, 2**32 * 1000, PACKET, 60, 113, "in"),
        Record(4, 7000, PACKET, 60, 113, "in"),
    ]


def test_sections_have_their_own_byte_order_and_interfaces():
    data = section() + interface() + a_packet() + section(">") + interface(101, order=">") + a_packet(">")
    assert [record.link_type for record in read(data).records] == [1, 101]
    lost = section() + interface() + section(">")
    assert read(lost + a_packet(">")).damage == Damage(len(lost), "the packet names an undeclared interface")


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    ("resolution", "offset", "ticks", "timestamp_ns"),
    [
        (6, 0, 7, 7000),
        (9, 0, 7, 7),
        (0, 0, 7, 7_000_000_000),
        (12, 0, 1999, 1),
        (0x80 | 10, 0, 1025, 1_000_976_562),
        (0x80, 0, 3, 3_000_000_000),
        (0xFF, 0, 2**64 - 1, 0),
        (127, 0, 2**64 - 1, 0),
        (9, -2, 7, -1_999_999_993),
        (12, -1, 1, -1_000_000_000),
        (9, 2**33, 7, 2**33 * 10**9 + 7),
        (9, 2**34, 7, None),
        (9, -(2**34), 7, None),
        (0, 0, 2**40, None),
        (9, 0, 2**63 - 1, 2**63 - 1),
        (9, 0, 2**63, None),
        (9, -9_223_372_037, 145_224_193, -(2**63) + 1),
        (9, -9_223_372_037, 145_224_192, None),
        (0x81, -(2**63), 2**64 - 1, -500_000_000),
    ],
)
def test_pcapng_timestamps(order, resolution, offset, ticks, timestamp_ns):
    options = captures.time_options(resolution, offset, order)
    data = section(order) + interface(options=options, order=order) + a_packet(order, ticks=ticks)
    assert [record.timestamp_ns for record in read(data).records] == [timestamp_ns]


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("flags", "direction"), [(1, "in"), (2, "out"), (0, "out"), (3, "out"), (0x101, "in")])
def test_pcapng_flags_win_over_the_cooked_header(order, flags, direction):
    options = option(1, b"comment", order) + captures.number_option(2, "I", flags, order)
    packet = a_packet(order, captured=b"\0\4" + bytes(30), options=options)
    data = section(order) + interface(113, order=order) + packet
    assert [record.direction for record in read(data).records] == [direction]


def test_options_end_at_their_end_marker_and_at_the_first_that_does_not_fit():
    outgoing = captures.number_option(2, "I", 2)
    begin = section() + interface()
    assert read(begin + a_packet(options=outgoing)).records[0].direction == "out"
    assert read(begin + a_packet(options=option(0, b"") + outgoing)).records[0].direction == ""
    assert read(begin + a_packet(options=struct.pack("<HH", 1, 99) + outgoing)).records[0].direction == ""


@pytest.mark.parametrize(
    ("snap_length", "original_length", "captured_length"),
    [(0, 60, 20), (12, 60, 12), (100, 60, 20), (0, 17, 17), (12, 3, 3)],
)
def test_simple_packets_are_as_long_as_three_lengths_allow(snap_length, original_length, captured_length):
    data = section() + interface(snap_length=snap_length) + captures.simple(PACKET, original_length)
    assert read(data).records == [Record(1, None, PACKET[:captured_length], original_length, 1, "")]


GOOD = a_packet()
BAD_BLOCKS = {
    "shorter than 12": struct.pack("<III", 6, 8, 8),
    "no multiple of 4": struct.pack("<II", 6, 14) + bytes(2) + struct.pack("<I", 14),
    "lengths differ": GOOD[:-4] + struct.pack("<I", 56),
    "runs past the end": GOOD[:-4],
    "half a block header": GOOD[:7],
    "undeclared interface": a_packet(number=1),
    "packet does not fit": captures.block(6, struct.pack("<5I", 0, 0, 0, 21, 60) + PACKET),
    "enhanced packet without its fields": captures.block(6, bytes(16)),
    "obsolete packet without its fields": captures.block(2, bytes(16)),
    "simple packet without its length": captures.block(3, b""),
    "interface without its fields": captures.block(1, bytes(4)),
    "section without its fields": captures.block(0x0A0D0D0A, struct.pack("<IHH", 0x1A2B3C4D, 1, 0)),
    "section of unknown byte order": captures.block(0x0A0D0D0A, bytes(16)),
}


@pytest.mark.parametrize("bad", BAD_BLOCKS.values(), ids=BAD_BLOCKS)
def test_pcapng_damage_ends_the_file(bad):
    begin = section() + interface() + GOOD
    capture = read(begin + bad)
    assert len(capture.records) == 1
    assert capture.damage is not None
    assert capture.damage.offset == len(begin)


def test_compressed_files_are_read_by_their_first_bytes(tmp_path):
    data = pcap(a_record())
    (tmp_path / "plain").write_bytes(data)
    (tmp_path / "gzip").write_bytes(gzip.compress(data[:30]) + gzip.compress(data[30:]))
    # A Zstandard frame of one raw block, as RFC 8878 sections 3.1.1 and 3.1.1.2 lay it out.
    raw_block = (len(data) << 3 | 1).to_bytes(3, "little") + data
    (tmp_path / "zstd").write_bytes(b"\x28\xb5\x2f\xfd\x20" + bytes([len(data)]) + raw_block)
    plain, unzipped, decompressed = (load(tmp_path / name) for name in ("plain", "gzip", "zstd"))
    assert plain == unzipped == decompressed
    assert len(plain.records) == 1
