"""Pipes that are still being written give out what is there; how bytes arrive changes no result."""

import gzip
import os
import socket
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from naive.capture import read as naive_read
from naive.record import Record
from pcaphash.capture.reader import Reader
from support import captures
from support.reading import assert_reads_as, records_of

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PCAP = captures.pcap(b"".join(captures.pcap_record(bytes([i]) * (i + 1)) for i in range(12)))
PCAPNG = captures.pcapng_of((bytes([i]) * (i + 1), 100, 1) for i in range(12))
SKIPPED = captures.section() + captures.interface() + captures.block(0x0BAD, bytes(500)) + captures.enhanced(b"behind")
PATIENCE = 5.0
"""Seconds after which a test gives up waiting for what should come at once."""


class Gzip:
    """Compresses so that whatever was written can be decompressed."""

    def __init__(self) -> None:
        self._member = zlib.compressobj(wbits=31)

    def compress(self, data: bytes) -> bytes:
        return self._member.compress(data) + self._member.flush(zlib.Z_SYNC_FLUSH)

    def flush(self) -> bytes:
        return self._member.flush()


class Zstandard:
    """Compresses so that whatever was written can be decompressed."""

    def __init__(self) -> None:
        self._frame = zstd.ZstdCompressor()

    def compress(self, data: bytes) -> bytes:
        return self._frame.compress(data, zstd.ZstdCompressor.FLUSH_BLOCK)

    def flush(self) -> bytes:
        return self._frame.flush()


class Plain:
    """Leaves data as they are."""

    compress = staticmethod(bytes)
    flush = staticmethod(bytes)


@contextmanager
def standard_input(descriptor: int) -> Iterator[None]:
    """Make an open file the standard input for a while."""
    kept = os.dup(0)
    os.dup2(descriptor, 0)
    os.close(descriptor)
    try:
        yield
    finally:
        os.dup2(kept, 0)
        os.close(kept)


@contextmanager
def meanwhile(work: Callable[[], None]) -> Iterator[None]:
    """Run something in a thread."""
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def write_slowly(descriptor: int, data: bytes, pause: float) -> None:
    """Write 1 to 7 bytes at a time."""
    with os.fdopen(descriptor, "wb", buffering=0) as stream:
        start = 0
        size = 1
        while start < len(data):
            stream.write(data[start : start + size])
            start += size
            size = size % 7 + 1
            time.sleep(pause)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd.compress], ids=["plain", "gzip", "zstd"])
@pytest.mark.parametrize("capture", [PCAP, PCAPNG, SKIPPED, PCAP[:-3], PCAPNG[:-3]])
@pytest.mark.parametrize("is_blocking", [True, False], ids=["blocking", "non-blocking"])
def test_a_slow_writer(monkeypatch, pack, capture, is_blocking):
    # Nothing is gathered, so that the reader sees about the pieces that were written.
    monkeypatch.setattr("pcaphash.capture.source._GATHERING", 0)
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, is_blocking)
    with standard_input(read_end), meanwhile(lambda: write_slowly(write_end, pack(capture), 0.001)):
        assert_reads_as("-", naive_read(capture), block_len=400)


@pytest.mark.parametrize("form", [Plain, Gzip, Zstandard])
@pytest.mark.parametrize("capture", [PCAP, PCAPNG])
def test_what_was_written_is_read_while_the_writer_waits(form, capture):
    read_end, write_end = os.pipe()
    expected = naive_read(capture).records
    was_read = threading.Event()
    in_time = []

    def write() -> None:
        form_ = form()
        with os.fdopen(write_end, "wb", buffering=0) as stream:
            stream.write(form_.compress(capture[:-4]))
            in_time.append(was_read.wait(PATIENCE))
            stream.write(form_.compress(capture[-4:]) + form_.flush())

    found: list[Record] = []
    with standard_input(read_end), meanwhile(write):
        reader = Reader("-")
        for block in reader.blocks():
            found += records_of(block, len(found) + 1)
            if len(found) == len(expected) - 1:
                was_read.set()
    assert in_time == [True]
    assert found == expected
    assert reader.damage is None


def test_a_file_header_is_waited_for_and_no_more():
    read_end, write_end = os.pipe()
    with standard_input(read_end), os.fdopen(write_end, "wb", buffering=0) as stream:
        stream.write(PCAP[:24])
        reader = Reader("-")
        stream.write(PCAP[24:])
        assert len(next(reader.blocks()).records) > 0
        reader.close()


def test_a_connection_between_programs():
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with theirs, standard_input(ours.detach()):
        later = threading.Timer(0.05, lambda: (theirs.sendall(PCAP), theirs.shutdown(socket.SHUT_WR)))
        later.start()
        assert_reads_as("-", naive_read(PCAP))
        later.join()


def test_waiting_costs_no_time_of_the_processor():
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)

    def write() -> None:
        time.sleep(0.5)
        with os.fdopen(write_end, "wb") as stream:
            stream.write(PCAP)

    with standard_input(read_end), meanwhile(write):
        before = time.thread_time()
        reader = Reader("-")
        spent = time.thread_time() - before
        assert sum(len(block.records) for block in reader.blocks()) == 12
    assert spent < 0.1


def test_small_pieces_are_gathered():
    # A block for each piece would take long: rows are made block by block.
    read_end, write_end = os.pipe()
    records = captures.pcap_record(b"packet") * 2000

    def write() -> None:
        with os.fdopen(write_end, "wb", buffering=0) as stream:
            stream.write(captures.pcap())
            for start in range(0, len(records), 22):
                stream.write(records[start : start + 22])

    with standard_input(read_end), meanwhile(write):
        lengths = [len(block.records) for block in Reader("-").blocks()]
    assert sum(lengths) == 2000
    assert len(lengths) < 200


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd.compress], ids=["plain", "gzip", "zstd"])
def test_blocks_of_files_are_full(tmp_path, pack):
    path = tmp_path / "capture.dat"
    path.write_bytes(pack(captures.pcap(captures.pcap_record(bytes(100)) * 5000)))
    sizes = [len(block.data) for block in Reader(str(path), 100_000).blocks()]
    assert sizes[:-1] == [100_000] * (len(sizes) - 1)


def test_how_much_was_taken_in_is_known_of_pipes_too(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with meanwhile(lambda: Path(path).write_bytes(PCAP)):
        reader = Reader(str(path))
        assert sum(len(block.records) for block in reader.blocks()) == 12
    assert reader.source.size == 0
    assert reader.source.position == len(PCAP)
