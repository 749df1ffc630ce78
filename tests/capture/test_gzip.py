"""Members of gzip files: whatever stands in their headers, and all that precedes damage is given out."""

import gzip
import random
import struct
import zlib

import pytest

from naive.capture import read as naive_read
from pcaphash.capture import compression, stream
from pcaphash.capture.damage_words import defect_text
from pcaphash.capture.source import Source
from support import captures
from support.reading import assert_reads_as, read

NOISE = random.Random(2).randbytes(30_000)
CAPTURE = captures.pcap(b"".join(captures.pcap_record(NOISE[i : i + 84]) for i in range(0, len(NOISE), 84)))
EXTRA = b"\x0a\0" + b"AB\6\0" + b"\0" * 6
HEADER_CHECKSUM, ITS_EXTRA, NAME, COMMENT = 2, 4, 8, 16


def header(flags: int = 0, method: int = 8) -> bytes:
    """Write the header of a member, with all that its flags announce."""
    data = struct.pack("<BBBBIBB", 0x1F, 0x8B, method, flags, 0, 0, 255)
    if flags & ITS_EXTRA:
        data += EXTRA
    if flags & NAME:
        data += b"capture.pcap\0"
    if flags & COMMENT:
        data += b"kept for later\0"
    if flags & HEADER_CHECKSUM:
        data += struct.pack("<H", zlib.crc32(data) & 0xFFFF)
    return data


def member(data: bytes, head: bytes, level: int = 6) -> bytes:
    """Put a header and a trailer around deflate data."""
    deflate = zlib.compressobj(level, wbits=-15)
    return head + deflate.compress(data) + deflate.flush() + struct.pack("<II", zlib.crc32(data), len(data))


def all_of(path) -> tuple[bytes, str]:
    """Read what a source gives out."""
    opened = Source(str(path))
    found = b""
    problem = ""
    buffer = memoryview(bytearray(5000))
    while not problem:
        n_bytes, fault = opened.readinto(buffer)
        problem = defect_text(fault) if fault else ""
        found += buffer[:n_bytes]
        if not n_bytes:
            break
    opened.close()
    return found, problem


@pytest.mark.parametrize("at_once", [1, 2, 3, 7, 100_000])
@pytest.mark.parametrize("flags", range(0, 32, 2))
def test_headers_of_members(tmp_path, monkeypatch, flags, at_once):
    monkeypatch.setattr(stream, "READ_AT_ONCE", at_once)
    path = tmp_path / "capture.gz"
    start = CAPTURE[:3000]
    assert zlib.decompress(member(start, header(flags)), wbits=31) == start  # the header is as it should be
    path.write_bytes(member(start[:1001], header(flags)) + member(b"", header()) + member(start[1001:], header(flags)))
    assert all_of(path) == (start, "")


@pytest.mark.parametrize("level", [0, 1, 9])
@pytest.mark.parametrize("at_once", range(1, 12))
@pytest.mark.parametrize("in_small_pieces", [False, True])
def test_members_end_where_they_end(tmp_path, monkeypatch, level, at_once, in_small_pieces):
    # A decompressor reads bits ahead, of the trailer too: these bytes must not be lost.
    if in_small_pieces:
        monkeypatch.setattr(stream.Stored, "can_start_again", False)
    monkeypatch.setattr(compression, "_PIECE", at_once)
    monkeypatch.setattr(compression, "READ_AT_ONCE", at_once)
    monkeypatch.setattr(compression, "_MOST_AT_ONCE", 2 * at_once)
    path = tmp_path / "capture.gz"
    parts = [NOISE[:n] for n in range(40)] + [bytes(n) for n in range(0, 400, 7)]
    path.write_bytes(b"".join(member(part, header(), level) for part in parts))
    assert all_of(path) == (b"".join(parts), "")


@pytest.mark.parametrize("place", range(-8, 0))
@pytest.mark.parametrize("flags", [0, ITS_EXTRA | NAME])
def test_a_wrong_trailer_costs_no_byte(tmp_path, place, flags):
    path = tmp_path / "checksum.gz"
    data = bytearray(member(CAPTURE, header(flags)))
    data[place] ^= 0x10
    path.write_bytes(data)
    records, damage = read(path)
    assert records == naive_read(CAPTURE).records
    assert damage.offset == len(CAPTURE)
    assert defect_text(damage.defect) == "the compressed data is damaged (it does not match its checksum and length)"


def test_a_wrong_trailer_in_front_of_another_member(tmp_path):
    path = tmp_path / "checksum.gz"
    first = bytearray(member(CAPTURE[:20_000], header()))
    first[-5] ^= 1
    path.write_bytes(first + member(CAPTURE[20_000:], header()))
    found, problem = all_of(path)
    assert found == CAPTURE[:20_000]
    assert "checksum" in problem


@pytest.mark.parametrize(
    ("head", "problem"),
    [
        (header(HEADER_CHECKSUM)[:-1] + b"\xff", "the header of a gzip member does not match its checksum"),
        (header(0x20), "a gzip member uses an unknown compression method"),
        (header(method=7), "a gzip member uses an unknown compression method"),
        (b"\x1f\x8c" + header()[2:], "the data after a gzip member is not a gzip member"),
        (b"g", "the data after a gzip member is not a gzip member"),
        (b"\0\0\0\0g", "the data after a gzip member is not a gzip member"),
    ],
)
def test_a_member_that_cannot_be_one(tmp_path, head, problem):
    path = tmp_path / "capture.gz"
    path.write_bytes(member(CAPTURE, header()) + member(CAPTURE, head))
    records, damage = read(path)
    assert records == naive_read(CAPTURE).records
    assert damage.offset == len(CAPTURE)
    assert defect_text(damage.defect) == f"the compressed data is damaged ({problem})"


def test_cut_at_every_byte(tmp_path):
    path = tmp_path / "cut.gz"
    start = CAPTURE[:700]
    first = member(start[:301], header(30))
    data = first + member(start[301:], header(30))
    for length in range(4, len(data)):
        path.write_bytes(data[:length])
        found, problem = all_of(path)
        assert start.startswith(found)
        assert problem == ("" if length == len(first) else "the compressed data ends early")
        if length >= len(first):
            assert len(found) >= 301
        if length >= len(data) - 8:
            assert found == start


def test_a_trace_of_many_members_is_read_as_the_standard_library_does(tmp_path):
    path = tmp_path / "blocks.gz"
    data = b"".join(member(CAPTURE[i : i + 97], header(ITS_EXTRA)) for i in range(0, len(CAPTURE), 97))
    assert gzip.decompress(data) == CAPTURE
    path.write_bytes(data)
    assert_reads_as(path, naive_read(CAPTURE))


@pytest.mark.parametrize("damage", [b"\xff" * 600, b"\x07"])
def test_little_is_lost_where_data_cannot_be_decompressed_any_further(tmp_path, damage):
    path = tmp_path / "damaged.gz"
    deflate = zlib.compressobj(wbits=-15)
    start = header() + deflate.compress(CAPTURE[:25_000]) + deflate.flush(zlib.Z_FULL_FLUSH)
    path.write_bytes(start + damage + bytes(5000))
    found, problem = all_of(path)
    assert "damaged" in problem
    assert found == CAPTURE[: len(found)]
    assert len(found) > 25_000 - 4200  # noise, so that a piece decompresses to about its length
