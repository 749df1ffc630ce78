"""Open a trace as a stream of decompressed bytes: a file, a pipe or standard input; plain, gzip or zstd."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from pcaphash.errors import CaptureError
from pcaphash.standards.pcap import GZIP_MAGIC, ZSTANDARD_MAGIC

STANDARD_INPUT = "-"
_COMPRESSED_READ = 64 * 1024
_MOST_DECOMPRESSED = 512 * 1024


class Stream(Protocol):
    """What a source reads from."""

    def readinto1(self, buffer: memoryview, /) -> int:
        """Read some bytes into the buffer, at least one before the end; return how many."""
        ...


class _Gunzip:
    """Decompress gzip members (RFC 1952), giving out all that precedes damage before complaining of it.

    The decompressing files of gzip and isal fill a buffer or fail: what they decompressed before they fail is lost.
    """

    def __init__(self, stream: io.BufferedReader[io.FileIO]) -> None:
        self._stream = stream
        self._chunks = self._decompress()
        self._rest = memoryview(b"")

    def readinto1(self, buffer: memoryview, /) -> int:
        """Decompress some bytes into the buffer.

        Raises
        ------
        EOFError
            The compressed data ends within a member.
        ValueError
            The compressed data is damaged.
        """
        if not self._rest:
            self._rest = memoryview(next(self._chunks, b""))
        n_bytes = min(len(self._rest), len(buffer))
        buffer[:n_bytes] = self._rest[:n_bytes]
        self._rest = self._rest[n_bytes:]
        return n_bytes

    def _decompress(self) -> Iterator[bytes]:
        """Yield what the members hold; zero bytes may follow them, as tapes and some tools pad files."""
        from isal import isal_zlib

        pending = self._read()
        while pending:
            member = isal_zlib.decompressobj(wbits=31)
            while not member.eof:
                try:
                    chunk = member.decompress(pending, _MOST_DECOMPRESSED)
                except isal_zlib.error as error:  # type: ignore[misc]
                    raise ValueError(str(error)) from error
                if chunk:
                    yield chunk
                pending = member.unconsumed_tail or (b"" if member.eof else self._read())
                if not (pending or chunk or member.eof):
                    raise EOFError("within a gzip member")
            pending = member.unused_data.lstrip(b"\0")
            while not pending and (read := self._read()):
                pending = read.lstrip(b"\0")

    def _read(self) -> bytes:
        return self._stream.read1(_COMPRESSED_READ)


def _unzstandard(stream: io.BufferedReader[io.FileIO]) -> Stream:
    """Decompress zstd frames (RFC 8878)."""
    if sys.version_info >= (3, 14):
        from compression.zstd import ZstdFile
    else:
        from backports.zstd import ZstdFile
    return ZstdFile(stream)


def _open(trace: str) -> io.FileIO:
    if trace == STANDARD_INPUT:
        return os.fdopen(os.dup(0), "rb", buffering=0)
    return Path(trace).open("rb", buffering=0)


class Source:
    """A trace as a stream of decompressed bytes.

    Parameters
    ----------
    trace : str
        A path, or ``-`` for standard input. How it is compressed is recognized by content.

    Raises
    ------
    CaptureError
        The trace cannot be opened.
    """

    def __init__(self, trace: str) -> None:
        self.trace = trace
        try:
            self._raw: io.FileIO = _open(trace)
            status = os.fstat(self._raw.fileno())
            self._buffered = io.BufferedReader(self._raw, _COMPRESSED_READ)
            magic = self._buffered.peek(4)[:4]
        except OSError as error:
            raise CaptureError(trace, error.strerror or str(error), "check the path and its permissions") from error
        self.size = status.st_size
        """Bytes of the file as stored; 0 where that is not known."""
        self._stream: Stream = self._buffered
        if magic.startswith(GZIP_MAGIC):
            self._stream = _Gunzip(self._buffered)
        elif magic == ZSTANDARD_MAGIC:
            self._stream = _unzstandard(self._buffered)
        self._n_read = 0

    def readinto(self, buffer: memoryview) -> tuple[int, str]:
        """Fill the buffer as far as the stream goes.

        Returns
        -------
        n_bytes : int
            Bytes read; fewer than the buffer holds only at the end or before damage.
        problem : str
            What ended the stream early; empty where nothing did.
        """
        n_bytes = 0
        try:
            while n_bytes < len(buffer):
                n = self._stream.readinto1(buffer[n_bytes:])
                if n == 0:
                    break
                n_bytes += n
        except EOFError:
            return n_bytes, "the compressed data ends early"
        except OSError as error:
            return n_bytes, error.strerror or str(error)
        except Exception as error:
            if not isinstance(error, ValueError) and type(error).__name__ != "ZstdError":
                raise
            return n_bytes, f"the compressed data is damaged ({error})"
        return n_bytes, ""

    @property
    def position(self) -> int:
        """Bytes of the file as stored that were taken in so far; 0 where that is not known."""
        try:
            return self._raw.tell()
        except OSError:
            return 0

    def close(self) -> None:
        """Close the file."""
        self._buffered.close()
