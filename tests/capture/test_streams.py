"""Standard input and pipes take the same road as files, whatever pieces they come in."""

import gzip
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from naive.capture import read as naive_read
from support import captures
from support.reading import assert_reads_as

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PACKED = [
    pytest.param(bytes, id="plain"),
    pytest.param(gzip.compress, id="gzip"),
    pytest.param(zstd.compress, id="zstd"),
]
CAPTURE = captures.pcapng_of((bytes([i]) * i, 100, 1) for i in range(60))


@contextmanager
def standard_input(descriptor: int) -> Iterator[None]:
    """Make an open file the standard input for a while."""
    kept = os.dup(0)
    os.dup2(descriptor, 0)
    try:
        yield
    finally:
        os.dup2(kept, 0)
        os.close(kept)


def feed(descriptor: int, data: bytes, piece: int) -> threading.Thread:
    """Write data into a pipe in pieces, and close it."""

    def write() -> None:
        with os.fdopen(descriptor, "wb", buffering=0) as pipe:
            for i in range(0, len(data), piece):
                pipe.write(data[i : i + piece])

    thread = threading.Thread(target=write)
    thread.start()
    return thread


def test_standard_input_from_a_file(tmp_path):
    path = tmp_path / "capture.pcapng"
    path.write_bytes(CAPTURE)
    with path.open("rb") as file, standard_input(file.fileno()):
        assert_reads_as("-", naive_read(CAPTURE))


@pytest.mark.parametrize("piece", [1, 7, 4096])
@pytest.mark.parametrize("packed", PACKED)
def test_standard_input_from_a_pipe(piece, packed):
    read_end, write_end = os.pipe()
    thread = feed(write_end, packed(CAPTURE), piece)
    with standard_input(read_end):
        os.close(read_end)
        assert_reads_as("-", naive_read(CAPTURE))
    thread.join()


@pytest.mark.parametrize("n_first", [1, 3, 23])
@pytest.mark.parametrize("packed", PACKED)
def test_a_pipe_that_begins_with_few_bytes(n_first, packed):
    # A writer may pause anywhere: within the magic number, too.
    read_end, write_end = os.pipe()
    data = packed(CAPTURE)
    os.write(write_end, data[:n_first])
    later = threading.Timer(0.1, lambda: feed(write_end, data[n_first:], 4096).join())
    later.start()
    with standard_input(read_end):
        os.close(read_end)
        assert_reads_as("-", naive_read(CAPTURE))
    later.join()


def test_a_named_pipe_that_ends_within_a_record(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    data = CAPTURE[:-10]
    thread = threading.Thread(target=lambda: Path(path).write_bytes(data))
    thread.start()
    assert_reads_as(path, naive_read(data), block_len=500)
    thread.join()
