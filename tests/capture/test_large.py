"""Offsets beyond 4 GiB are right, and what is not kept costs no memory."""

import sys
import tracemalloc

import pytest

from naive.record import Record
from pcaphash.capture.reader import Reader
from support import captures
from support.reading import read

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MIB = 1 << 20
PACKET = Record(1, 7000, b"seen", 4, 1, "")
HEAD = captures.section() + captures.interface() + captures.enhanced(PACKET.captured)
CUSTOM_BLOCK = (0x0BAD).to_bytes(4, "little")


def zeros(n_bytes: int) -> bytes:
    """Compress zeros: a few bytes for each 16 MiB, so that gigabytes need no disk."""
    many, rest = divmod(n_bytes, 16 * MIB)
    return zstd.compress(bytes(16 * MIB)) * many + zstd.compress(bytes(rest))


def test_a_huge_unknown_block_is_stepped_over(tmp_path):
    path = tmp_path / "huge.pcapng.zst"
    size = 2**32 - 4
    length = size.to_bytes(4, "little")
    tail = length + captures.enhanced(b"behind") + captures.block(5, b"") + b"\6\0\0\0" + bytes(20)
    path.write_bytes(zstd.compress(HEAD + CUSTOM_BLOCK + length) + zeros(size - 12) + zstd.compress(tail))
    records, damage = read(path)
    assert records == [PACKET, Record(2, 7000, b"behind", 6, 1, "")]
    assert damage.offset == len(HEAD) + size + len(tail) - 4 - 24 > 2**32


def test_stepping_over_costs_no_memory(tmp_path):
    path = tmp_path / "large.pcapng"
    path.write_bytes(HEAD + captures.block(0x0BAD, bytes(64 * MIB)) + captures.enhanced(b"behind"))
    tracemalloc.start()
    records, _ = read(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(records) == 2
    assert peak < 4 * MIB


def test_damage_of_a_pcap_beyond_4_gib(tmp_path):
    path = tmp_path / "huge.pcap.zst"
    record = captures.pcap_record(bytes(16 * MIB))
    # The last record is its header only.
    data = zstd.compress(captures.pcap()) + zstd.compress(record) * 257 + zstd.compress(record[:16])
    path.write_bytes(data)
    reader = Reader(str(path))
    assert sum(len(block.records) for block in reader.blocks()) == 257
    assert reader.damage.offset == 24 + 257 * len(record) > 2**32


@pytest.mark.parametrize(
    "tail",
    [b"\0\0\1\0" * 9, b"", b"\0\0\x30", b"\0\0\x2f\0" + captures.enhanced(b"behind")],
    ids=["other length", "nothing", "three bytes", "nearly the same length"],
)
def test_a_large_unknown_block_must_end_with_its_length(tmp_path, tail):
    path = tmp_path / "unequal.pcapng"
    length = 3 * MIB
    path.write_bytes(HEAD + CUSTOM_BLOCK + length.to_bytes(4, "little") + bytes(length - 12) + tail)
    records, damage = read(path)
    assert records == [PACKET]
    assert damage.offset == len(HEAD)


def test_a_large_unknown_block_that_ends_well_is_stepped_over(tmp_path):
    path = tmp_path / "large.pcapng"
    path.write_bytes(HEAD + captures.block(0x0BAD, bytes(3 * MIB)) + captures.enhanced(b"behind"))
    records, damage = read(path)
    assert [record.captured for record in records] == [b"seen", b"behind"]
    assert damage is None


@pytest.mark.parametrize("block_len", [64, 4096])
def test_a_record_larger_than_the_buffer_is_kept_whole(tmp_path, block_len):
    path = tmp_path / "wide.pcap"
    wide = bytes(range(256)) * 1000
    path.write_bytes(captures.pcap(captures.pcap_record(b"first") + captures.pcap_record(wide)))
    records, damage = read(path, block_len)
    assert [record.captured for record in records] == [b"first", wide]
    assert damage is None
