"""What is no capture, or cannot be opened, is told in one clear line; so is where damage lies in compressed files."""

import gzip
import os
import pty
import sys
from pathlib import Path

import pytest

from pcaphash.capture.damage_words import damage_text
from pcaphash.capture.reader import Reader
from pcaphash.errors import CaptureError
from support import captures
from support.reading import read

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CUT = captures.pcap(captures.pcap_record(b"whole") + captures.pcap_record(b"cut"))[:-1]


def complaint(trace: Path | str) -> str:
    """Open what cannot be read, and return what is said."""
    with pytest.raises(CaptureError) as caught:
        Reader(str(trace))
    return str(caught.value)


def test_a_directory(tmp_path):
    assert complaint(tmp_path) == f"{tmp_path} is a directory; give a pcap or pcapng file"


def test_a_directory_as_standard_input(tmp_path):
    kept, folder = os.dup(0), os.open(tmp_path, os.O_RDONLY)
    os.dup2(folder, 0)
    try:
        assert complaint("-") == "standard input is a directory; give a pcap or pcapng file"
    finally:
        os.dup2(kept, 0)
        os.close(kept)
        os.close(folder)


def test_a_terminal():
    outer, inner = pty.openpty()
    name = os.ttyname(inner)
    assert complaint(name) == f"{name} is a terminal; give a pcap or pcapng file, or pipe one in"
    os.close(inner)
    os.close(outer)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_forbidden_file(tmp_path):
    path = tmp_path / "forbidden.pcap"
    path.touch(0)
    assert complaint(path) == f"{path}: Permission denied; check the path and its permissions"


def test_a_missing_file(tmp_path):
    path = tmp_path / "missing.pcap"
    assert complaint(path) == f"{path}: No such file or directory; check the path and its permissions"


@pytest.mark.parametrize(
    ("device", "problem"),
    [
        ("/dev/null", "/dev/null is empty; give a pcap or pcapng file"),
        ("/dev/zero", "/dev/zero is not a capture: it starts with 00 00 00 00; give a pcap or pcapng file"),
    ],
)
def test_devices(device, problem):
    if not Path(device).is_char_device():
        pytest.skip(f"there is no {device} here")
    assert complaint(device) == problem


def test_a_file_that_fails_to_be_read():
    memory = Path("/proc/self/mem")  # nothing lies at address 0
    if not memory.exists():
        pytest.skip("there is no /proc here")
    assert complaint(memory) == f"{memory}: Input/output error; check the path and its permissions"


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress], ids=["gzip", "zstd"])
def test_offsets_in_compressed_files_are_said_to_be_in_the_decompressed_data(tmp_path, pack):
    path = tmp_path / "packed"
    path.write_bytes(pack(CUT))
    _, damage = read(path)
    assert damage_text(damage) == (
        f"{path}: byte 45 of the decompressed data: the file ends within a record; everything before it was read"
    )
    path.write_bytes(pack(b"no capture"))
    assert f"{path}: the decompressed data is text;" in complaint(path)
    path.write_bytes(pack(CUT[:20]))
    assert f"{path}: byte 20: the decompressed data ends within the file header;" in complaint(path)


def test_a_large_block_cut_short_in_a_compressed_file(tmp_path):
    path = tmp_path / "packed"
    head = captures.section() + captures.interface()
    path.write_bytes(gzip.compress(head + captures.block(0x0BAD, bytes(10_000))[:-4]))
    _, damage = read(path, 4096)
    assert f"byte {len(head)} of the decompressed data: the file ends within a record" in damage_text(damage)


def test_offsets_in_plain_files_are_bytes_of_the_file(tmp_path):
    path = tmp_path / "plain"
    path.write_bytes(CUT)
    _, damage = read(path)
    assert damage_text(damage) == f"{path}: byte 45: the file ends within a record; everything before it was read"
