"""The thread that decompresses ahead: it gives what decompressing bit by bit gives, and never outlives its trace."""

import bz2
import gc
import gzip
import lzma
import os
import random
import sys
import threading
import time

import pytest

from pcaphash.capture import compression, unpacking
from pcaphash.capture.source import Source
from pcaphash.capture.stream import Stored

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CHECKED = {zstd.CompressionParameter.checksum_flag: 1}
PACKS = {
    "gzip": gzip.compress,
    "zstd": lambda data: zstd.compress(data, options=CHECKED),
    "xz": lzma.compress,
    "bzip2": bz2.compress,
}
NOISE = random.Random(3).randbytes(400_000)
DATA = b"".join(
    NOISE[place : place + 40] * 9 for place in range(0, len(NOISE), 40)
)  # of several pieces, packed and unpacked


def all_of(source: Source) -> tuple[bytes, object]:
    """Read what a source gives out, and why it ends."""
    found = bytearray()
    buffer = memoryview(bytearray(300_000))
    while True:
        n_bytes, defect = source.readinto(buffer)
        found += buffer[:n_bytes]
        if defect or not n_bytes:
            source.close()
            return bytes(found), defect


def unpackers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "pcaphash unpacker"]


@pytest.fixture(autouse=True)
def _no_thread_is_left():
    yield
    assert not unpackers()


def damaged(stored: bytes, kind: str) -> bytes:
    """Return an archive with something wrong in it."""
    broken = bytearray(stored)
    place = len(stored) * 4 // 5
    if kind == "cut":
        return stored[:place]
    if kind == "followed":
        return stored + b"garbage"
    broken[place : place + 64] = bytes(64)
    return bytes(broken)


@pytest.mark.parametrize("kind", ["whole", "cut", "followed", "overwritten"])
@pytest.mark.parametrize("name", PACKS)
def test_nothing_is_lost_that_small_pieces_give(tmp_path, monkeypatch, name, kind):
    stored = PACKS[name](DATA)
    assert len(stored) > 4 * compression.READ_AT_ONCE
    path = tmp_path / "packed"
    path.write_bytes(stored if kind == "whole" else damaged(stored, kind))
    found, defect = all_of(Source(str(path)))
    monkeypatch.setattr(Stored, "can_start_again", False)
    assert (found, defect) == all_of(Source(str(path)))
    assert bool(defect) == (kind != "whole")
    assert DATA.startswith(found) or kind == "overwritten"
    assert (found == DATA) == (kind in ("whole", "followed"))


def test_standard_input_that_does_not_start_where_its_file_starts(tmp_path):
    path = tmp_path / "packed"
    path.write_bytes(b"read by somebody else" + damaged(gzip.compress(DATA), "cut"))
    kept = os.dup(0)
    with path.open("rb") as file:
        os.dup2(file.fileno(), 0)
    try:
        os.lseek(0, 21, os.SEEK_SET)
        found, defect = all_of(Source("-"))
    finally:
        os.dup2(kept, 0)
        os.close(kept)
    assert defect
    assert len(found) > len(DATA) // 2
    assert DATA.startswith(found)


def test_what_is_made_ahead_is_bounded(tmp_path):
    path = tmp_path / "packed"
    path.write_bytes(gzip.compress(bytes(200_000_000), 1))
    source = Source(str(path))
    while not (before := source.position):
        time.sleep(0.01)
    while before != (before := source.position):
        time.sleep(0.2)
    assert before < path.stat().st_size / 4
    assert len(unpackers()) == 1
    source.close()


def test_a_pipe_that_gives_nothing_more_holds_no_thread(monkeypatch):
    monkeypatch.setattr(unpacking, "_LONGEST_WAIT", 0.01)
    read_end, write_end = os.pipe()
    kept = os.dup(0)
    os.dup2(read_end, 0)
    os.close(read_end)
    try:
        os.write(write_end, gzip.compress(DATA)[:5000])
        source = Source("-")
        assert source.readinto(memoryview(bytearray(100)))[0] == 100
        source.close()
    finally:
        os.dup2(kept, 0)
        os.close(kept)
        os.close(write_end)


def test_a_trace_that_nobody_closes_holds_no_thread(tmp_path):
    path = tmp_path / "packed"
    path.write_bytes(gzip.compress(bytes(200_000_000), 1))
    source = Source(str(path))
    (thread,) = unpackers()
    del source
    gc.collect()
    thread.join(5)
    assert not thread.is_alive()


def test_whoever_reads_faster_than_is_unpacked_keeps_waiting(tmp_path):
    path = tmp_path / "packed"
    path.write_bytes(gzip.compress(DATA))
    source = Source(str(path))
    while unpackers():
        time.sleep(0.01)
    assert not source.keeps_waiting
    all_of(source)
    path.write_bytes(DATA)
    plain = Source(str(path))
    assert not plain.keeps_waiting
    plain.close()
