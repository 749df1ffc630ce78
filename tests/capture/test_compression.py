"""Compressed captures are recognized by content, and read as far as the compressed data goes."""

import gzip
import random
import sys
import zlib

import pytest

from naive.capture import read as naive_read
from pcaphash.capture.damage_words import defect_text
from pcaphash.capture.reader import Reader
from pcaphash.errors import CaptureError
from support import captures
from support.reading import assert_reads_as, read

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# Bytes that compress badly, so that there is something to cut.
NOISE = random.Random(1).randbytes(20_000)
RECORDS = b"".join(captures.pcap_record(NOISE[i : i + 50]) for i in range(0, len(NOISE), 50))
CAPTURE = captures.pcap(RECORDS)
LARGE_CAPTURE = captures.pcap(b"".join(captures.pcap_record(random.Random(i).randbytes(984)) for i in range(1000)))


def in_members(parts: int) -> bytes:
    """Compress the capture in several gzip members, cut anywhere."""
    size = len(CAPTURE) // parts + 1
    return b"".join(gzip.compress(CAPTURE[i : i + size]) for i in range(0, len(CAPTURE), size))


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(CAPTURE),
        in_members(2),
        in_members(500),
        gzip.compress(b"") + gzip.compress(CAPTURE) + gzip.compress(b""),
        gzip.compress(CAPTURE) + bytes(1),
        gzip.compress(CAPTURE) + bytes(200_000),
        gzip.compress(CAPTURE[:77]) + bytes(512) + gzip.compress(CAPTURE[77:]),
        zstd.compress(CAPTURE),
        zstd.compress(CAPTURE[:1000]) + zstd.compress(CAPTURE[1000:]),
    ],
    ids=[
        "gzip",
        "two members",
        "many members",
        "empty members",
        "trailing zero",
        "trailing zeros",
        "zeros between",
        "zstd",
        "two frames",
    ],
)
def test_whole(tmp_path, data):
    path = tmp_path / "capture.dat"
    path.write_bytes(data)
    assert_reads_as(path, naive_read(CAPTURE))
    assert_reads_as(path, naive_read(CAPTURE), block_len=100)


def gunzip(data: bytes) -> bytes:
    """Decompress what can be of one gzip member, in small steps."""
    member = zlib.decompressobj(wbits=31)
    found = []
    for i in range(0, len(data), 16):
        try:
            found.append(member.decompress(data[i : i + 16]))
        except zlib.error:
            break
    return b"".join(found)


def test_gzip_cut_anywhere_loses_nothing_that_precedes(tmp_path):
    path = tmp_path / "cut.gz"
    data = gzip.compress(CAPTURE)
    for length in range(200, len(data), 997):
        path.write_bytes(data[:length])
        shown = naive_read(gunzip(data[:length]))
        records, damage = read(path)
        assert records == shown.records
        assert defect_text(damage.defect) == "the compressed data ends early"
        assert damage.offset == 24 + 66 * len(records)


@pytest.mark.parametrize("place", [5000, 500_000, 990_000])
def test_gzip_damaged_in_the_middle(tmp_path, place):
    path = tmp_path / "damaged.gz"
    data = bytearray(gzip.compress(LARGE_CAPTURE, 0))  # stored, so that bytes of records are hit and the checksum fails
    data[place] ^= 1
    path.write_bytes(data)
    records, damage = read(path)
    assert records[: place // 1000 - 1] == naive_read(LARGE_CAPTURE).records[: place // 1000 - 1]
    # The damage shows in the checksum behind the data only.
    assert len(records) == 1000
    assert "damaged" in defect_text(damage.defect)
    assert damage.offset == 24 + 1000 * len(records)


@pytest.mark.parametrize("place", [5000, 500_000, 990_000])
def test_gzip_that_cannot_be_decompressed_any_further(tmp_path, place):
    path = tmp_path / "damaged.gz"
    data = gzip.compress(LARGE_CAPTURE)[:place] + b"\xff" * 100_000
    path.write_bytes(data)
    expected = naive_read(gunzip(data)).records
    records, damage = read(path)
    assert records[: place // 1000 - 1] == naive_read(LARGE_CAPTURE).records[: place // 1000 - 1]
    assert abs(len(records) - len(expected)) <= 1
    assert damage is not None
    assert damage.offset == 24 + 1000 * len(records)


@pytest.mark.parametrize(
    "rest",
    [b"\x1f\x8b", b"garbage behind the member", gzip.compress(RECORDS)[:40]],
    ids=["magic", "garbage", "member cut short"],
)
def test_what_follows_a_gzip_member_must_be_one(tmp_path, rest):
    path = tmp_path / "followed.gz"
    path.write_bytes(gzip.compress(CAPTURE) + rest)
    records, damage = read(path)
    assert records[: len(RECORDS) // 66] == naive_read(CAPTURE).records
    assert damage is not None
    assert damage.offset == 24 + 66 * len(records)


def test_a_wrong_checksum_is_damage(tmp_path):
    path = tmp_path / "checksum.gz"
    data = bytearray(gzip.compress(CAPTURE))
    data[-8] ^= 1
    path.write_bytes(data)
    records, damage = read(path)
    assert records == naive_read(CAPTURE).records
    assert damage is not None
    assert damage.offset == 24 + 66 * len(records)


# zstd gives out whole blocks of at most 128 KiB only; whatever precedes those is read.
ZSTD_BLOCK_RECORDS = 132
# Where only the checksum behind all blocks is wrong, what is given out with it is lost.
ZSTD_CHUNK_RECORDS = 34


@pytest.mark.parametrize("kept", [0.3, 0.7, 0.999])
def test_zstd_cut_anywhere(tmp_path, kept):
    data = zstd.compress(LARGE_CAPTURE)
    path = tmp_path / "cut.zst"
    path.write_bytes(data[: int(kept * len(data))])
    records, damage = read(path)
    assert records == naive_read(LARGE_CAPTURE).records[: len(records)]
    assert kept * 1000 - ZSTD_BLOCK_RECORDS <= len(records) <= kept * 1000
    assert defect_text(damage.defect) == "the compressed data ends early"
    assert damage.offset == 24 + 1000 * len(records)


def test_damaged_zstd(tmp_path):
    data = bytearray(zstd.compress(LARGE_CAPTURE, options={zstd.CompressionParameter.checksum_flag: 1}))
    data[-1] ^= 1
    path = tmp_path / "damaged.zst"
    path.write_bytes(data)
    records, damage = read(path)
    assert records == naive_read(LARGE_CAPTURE).records[: len(records)]
    assert len(records) >= 1000 - ZSTD_CHUNK_RECORDS
    assert "damaged" in defect_text(damage.defect)
    assert damage.offset == 24 + 1000 * len(records)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x1f\x8b", gzip.compress(b""), gzip.compress(CAPTURE)[:8], b"\x28\xb5\x2f\xfd", zstd.compress(b"")],
    ids=["empty", "gzip magic", "nothing in gzip", "gzip header", "zstd magic", "nothing in zstd"],
)
def test_nothing_to_read_is_an_error(tmp_path, data):
    path = tmp_path / "nothing"
    path.write_bytes(data)
    with pytest.raises(CaptureError) as caught:
        Reader(str(path))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("rest", [b"\x28\xb5", b"garbage behind the frame", b"g"])
def test_what_follows_a_zstd_frame_must_be_one(tmp_path, rest):
    path = tmp_path / "followed.zst"
    path.write_bytes(zstd.compress(CAPTURE) + rest)
    records, damage = read(path)
    assert records == naive_read(CAPTURE).records
    assert "compressed data" in defect_text(damage.defect)
    assert damage.offset == len(CAPTURE)


def test_zeros_behind_zstd_frames(tmp_path):
    path = tmp_path / "padded.zst"
    path.write_bytes(zstd.compress(CAPTURE) + bytes(100_000))
    assert_reads_as(path, naive_read(CAPTURE))


def test_a_skippable_zstd_frame_in_front(tmp_path):
    path = tmp_path / "capture.zst"
    path.write_bytes(b"\x5a\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"extra" + zstd.compress(CAPTURE))
    assert_reads_as(path, naive_read(CAPTURE))
