"""xz, bzip2 and lz4: recognized by content, joined, padded, cut anywhere and damaged, as gzip and zstd are."""

import bz2
import gzip
import lzma
import random
import subprocess
import sys

import lz4.frame
import pytest

from naive.capture import read as naive_read
from pcaphash.capture.damage_words import defect_text
from pcaphash.errors import CaptureError
from support import captures
from support.command import complaints, run
from support.reading import assert_reads_as, read
from support.shared import SHARED, needs_shared
from support.slow import slow_but

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

NOISE = random.Random(3).randbytes(6_000)
CAPTURE = captures.pcap(b"".join(captures.pcap_record(NOISE[i : i + 50]) for i in range(0, len(NOISE), 50)))
PCAPNG = captures.pcapng_of((NOISE[i : i + 60], 60, 1) for i in range(0, len(NOISE), 60))
LARGE = captures.pcap(b"".join(captures.pcap_record(random.Random(i).randbytes(984)) for i in range(2000)))

PACKERS = {
    "xz": lzma.compress,
    "xz with crc32": lambda data: lzma.compress(data, check=lzma.CHECK_CRC32),
    "xz without a check": lambda data: lzma.compress(data, check=lzma.CHECK_NONE),
    "bzip2": bz2.compress,
    "bzip2 of small blocks": lambda data: bz2.compress(data, 1),
    "lz4": lz4.frame.compress,
    "lz4 with checksums": lambda data: lz4.frame.compress(data, content_checksum=True, block_checksum=True),
    "lz4 of linked blocks": lambda data: lz4.frame.compress(data, block_linked=True, store_size=False),
}
NEW = pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
ALL = {"gzip": gzip.compress, "zstd": zstd.compress, **PACKERS}


@NEW
@pytest.mark.parametrize("data", slow_but(2, [CAPTURE, PCAPNG, LARGE]), ids=["pcap", "pcapng", "large"])
def test_whole_joined_and_padded(tmp_path, pack, data):
    path = tmp_path / "capture.dat"
    half = len(data) // 2
    for stored in (
        pack(data),
        pack(data[:half]) + pack(data[half:]),
        pack(b"") + pack(data[:77]) + pack(b"") + pack(data[77:]),
        pack(data) + bytes(4096),
        pack(data[:half]) + bytes(4) + pack(data[half:]),
    ):
        path.write_bytes(stored)
        assert_reads_as(path, naive_read(data))
    assert_reads_as(path, naive_read(data), block_len=100)


@NEW
def test_standard_input_and_the_name_of_the_compression(pack):
    name = next(name for name, each in PACKERS.items() if each is pack).split()[0]
    result = run("info", "-", stdin=pack(CAPTURE))
    assert result.returncode == 0
    assert f"compressed with {name}," in " ".join(result.stdout.decode().split())
    assert "120 packets" in result.stdout.decode()


def read_or_complain(path):
    """Read a trace: records, damage, and what is said where it cannot be read at all."""
    try:
        return *read(path), ""
    except CaptureError as error:
        return [], None, str(error)


@pytest.mark.parametrize("pack", ALL.values(), ids=ALL)
@pytest.mark.parametrize("data", [CAPTURE, PCAPNG], ids=["pcap", "pcapng"])
def test_cut_at_every_byte(tmp_path, pack, data):
    """Nothing is said that is not so: records that are those of the whole, and where it ends."""
    path = tmp_path / "cut"
    stored, whole = pack(data), naive_read(data).records
    most = 0
    lengths = {*range(64), *range(64, len(stored), 41), *range(len(stored) - 40, len(stored))}
    for length in sorted(lengths):
        path.write_bytes(stored[:length])
        records, damage, complaint = read_or_complain(path)
        if complaint:
            assert str(path) in complaint
            assert most == 0
            continue
        assert records == whole[: len(records)]
        assert len(records) >= most
        most = len(records)
        assert damage is not None, length
        assert damage.is_compressed
        assert "compressed data" in defect_text(damage.defect)
    if pack is not zstd.compress:  # whose last block ends the frame
        assert most == len(whole)


@pytest.mark.parametrize("pack", ALL.values(), ids=ALL)
def test_any_byte_overwritten(tmp_path, pack):
    path = tmp_path / "overwritten"
    stored, whole = pack(CAPTURE), naive_read(CAPTURE).records
    chosen = random.Random(4)
    for place in (*range(30), *chosen.sample(range(len(stored)), 150), *range(len(stored) - 30, len(stored))):
        data = bytearray(stored)
        data[place] ^= 1 << chosen.randrange(8)
        path.write_bytes(data)
        records, damage, complaint = read_or_complain(path)
        assert "\n" not in complaint
        if complaint:
            continue
        assert damage is not None or len(records) == len(whole)


@NEW
@pytest.mark.parametrize("rest", [b"\xfd7", b"garbage behind the frame, quite some of it", b"g"])
def test_what_follows_a_frame_must_be_one(tmp_path, pack, rest):
    path = tmp_path / "followed"
    path.write_bytes(pack(CAPTURE) + rest)
    records, damage = read(path)
    assert records == naive_read(CAPTURE).records
    assert "compressed data" in defect_text(damage.defect)
    assert damage.offset == len(CAPTURE)


@pytest.mark.parametrize(
    "words", [("xz", "-dc"), ("bzip2", "-dc"), ("lz4", "-dc"), ("xz", "-T2", "--block-size=4096")], ids=" ".join
)
def test_files_of_the_usual_programs(tmp_path, words):
    pack = [words[0], *words[1:]] if "-T2" in words else [words[0]]
    try:
        stored = subprocess.run([*pack, "-c"], input=LARGE, capture_output=True, check=True).stdout
    except FileNotFoundError:
        pytest.skip(f"there is no {words[0]} here")
    path = tmp_path / "packed"
    path.write_bytes(stored)
    assert_reads_as(path, naive_read(LARGE))


@NEW
def test_memory_stays_flat(tmp_path, pack):
    """What decompresses to a thousand times its length is given out in small pieces."""
    path = tmp_path / "bomb"
    path.write_bytes(pack(captures.pcap(captures.pcap_record(bytes(60_000)) * 1000)))
    words = "import resource, sys; from pcaphash.capture.source import Source; s = Source(sys.argv[1]); b = memoryview"
    words += "(bytearray(1 << 20)); n = 0\nbefore = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
    words += "while (more := s.readinto(b)[0]): n += more\n"
    words += "print(n, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    found = subprocess.run([sys.executable, "-c", words, path], capture_output=True, check=True, text=True).stdout
    n_bytes, kilobytes = map(int, found.split())
    assert n_bytes == 24 + 1000 * 60_016
    assert kilobytes < 30_000  # of 60 million bytes; xz has a dictionary of 8 MiB


@needs_shared
def test_a_capture_packed_by_xz():
    path = SHARED / "cases" / "reports" / "g09-vxlan.pcap.xz"
    whole = lzma.decompress(path.read_bytes())
    assert_reads_as(path, naive_read(whole))
    for words in (["hashes", path], ["hashes", "-"]):
        result = run(*words, stdin=path.read_bytes())
        assert (result.returncode, complaints(result)) == (0, [])
        assert len(result.stdout.splitlines()) == 1 + 24
