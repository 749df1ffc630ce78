"""Open a trace as a stream of decompressed bytes: a file, a pipe or standard input; plain, gzip or zstd."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pcaphash.errors import CaptureError
from pcaphash.standards.pcap import GZIP_MAGIC, ZSTANDARD_MAGIC, ZSTANDARD_SKIPPABLE_MAGICS

STANDARD_INPUT = "-"
if TYPE_CHECKING:
    from typing_extensions import Buffer

_COMPRESSED_READ = 64 * 1024
_PIECE = 1024


class Stream(Protocol):
    """What a source reads from."""

    def readinto1(self, buffer: memoryview, /) -> int:
        """Read some bytes into the buffer, at least one before the end; return how many."""
        ...


class _Gunzip:
    """Decompress gzip members (RFC 1952), giving out all that precedes damage before complaining of it.

    The decompressing files of gzip and isal fill a buffer or fail: what they decompressed before they fail is lost.
    """

    def __init__(self, stream: io.BufferedReader[_Rewound]) -> None:
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

        member = None
        for piece in self._pieces():
            while piece:
                if member is None:
                    piece = piece.lstrip(b"\0")
                    if not piece:
                        break
                    member = isal_zlib.decompressobj(wbits=31)
                try:
                    chunk = member.decompress(piece)
                except isal_zlib.error as error:  # type: ignore[misc]
                    raise ValueError(str(error)) from error
                if chunk:
                    yield chunk
                piece = member.unused_data if member.eof else b""
                if member.eof:
                    member = None
        if member is not None:
            raise EOFError("within a gzip member")

    def _pieces(self) -> Iterator[bytes]:
        """Yield the compressed bytes in pieces: what of a damaged one was decompressed is lost, so they are small."""
        while chunk := self._stream.read1(_COMPRESSED_READ):
            for start in range(0, len(chunk), _PIECE):
                yield chunk[start : start + _PIECE]


class _Rewound(io.RawIOBase):
    """A file that gives the bytes again that were read from its beginning; pipes cannot seek."""

    def __init__(self, head: bytes, rest: io.FileIO) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Buffer, /) -> int | None:
        """Read into a buffer."""
        if not self._head:
            return self._rest.readinto(buffer)
        view = memoryview(buffer)
        n_bytes = min(len(self._head), len(view))
        view[:n_bytes] = self._head[:n_bytes]
        self._head = self._head[n_bytes:]
        return n_bytes

    def close(self) -> None:
        """Close the file."""
        self._rest.close()
        super().close()


def _unzstandard(stream: io.BufferedReader[_Rewound]) -> Stream:
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


def _read_magic(file: io.FileIO) -> bytes:
    """Read the first 4 bytes, or as many as there are; a pipe may give them one by one."""
    magic = b""
    while len(magic) < 4 and (more := file.read(4 - len(magic))):
        magic += more
    return magic


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
            magic = _read_magic(self._raw)
            self._buffered = io.BufferedReader(_Rewound(magic, self._raw), _COMPRESSED_READ)
        except OSError as error:
            raise CaptureError(trace, error.strerror or str(error), "check the path and its permissions") from error
        self.size = status.st_size
        """Bytes of the file as stored; 0 where that is not known."""
        self._stream: Stream = self._buffered
        if magic.startswith(GZIP_MAGIC):
            self._stream = _Gunzip(self._buffered)
        elif magic == ZSTANDARD_MAGIC or magic in ZSTANDARD_SKIPPABLE_MAGICS:
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
