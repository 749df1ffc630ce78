"""Open a trace as a stream of decompressed bytes: a file, a pipe or standard input; plain, gzip or zstd."""

import io
import os
import sys
import zlib
from pathlib import Path
from typing import BinaryIO, Protocol

from pcaphash.errors import CaptureError
from pcaphash.standards.pcap import GZIP_MAGIC, ZSTANDARD_MAGIC

STANDARD_INPUT = "-"
_COMPRESSED_READ = 256 * 1024


class Stream(Protocol):
    """What a source reads from."""

    def readinto1(self, buffer: memoryview, /) -> int:
        """Read some bytes into the buffer, at least one before the end; return how many."""
        ...


class _Gunzip:
    """Decompress gzip members (RFC 1952), giving out all that precedes damage before complaining of it."""

    def __init__(self, stream: io.BufferedReader) -> None:
        from isal import isal_zlib

        self._zlib = isal_zlib
        self._stream = stream
        self._member = isal_zlib.decompressobj(wbits=31)
        self._pending = b""

    def readinto1(self, buffer: memoryview, /) -> int:
        """Decompress up to as many bytes as the buffer holds.

        Raises
        ------
        EOFError
            The compressed data ends within a member.
        zlib.error
            The compressed data is damaged.
        """
        while True:
            at_end = False
            if not self._pending and not self._member.unconsumed_tail:
                self._pending = self._stream.read1(_COMPRESSED_READ)
                at_end = not self._pending
            if self._member.eof and not self._next_member(at_end):
                return 0
            try:
                data = self._member.decompress(self._member.unconsumed_tail + self._pending, len(buffer))
            except self._zlib.error as error:
                raise zlib.error(str(error)) from error
            self._pending = b""
            if data:
                buffer[: len(data)] = data
                return len(data)
            if at_end and not self._member.eof:
                raise EOFError("the gzip data ends early")

    def _next_member(self, at_end: bool) -> bool:
        """Start the next member; return False at the end (zero bytes may pad it, as tapes and some tools do)."""
        rest = (self._member.unused_data + self._pending).lstrip(b"\0")
        if not rest and at_end:
            return False
        self._member = self._zlib.decompressobj(wbits=31)
        self._pending = rest
        return True


def _unzstandard(stream: io.BufferedReader) -> Stream:
    """Decompress zstd frames (RFC 8878)."""
    if sys.version_info >= (3, 14):
        from compression.zstd import ZstdFile
    else:
        from backports.zstd import ZstdFile
    return ZstdFile(stream)


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
            self._raw: BinaryIO = (
                os.fdopen(os.dup(0), "rb", buffering=0) if trace == STANDARD_INPUT else Path(trace).open("rb", 0)
            )
            status = os.fstat(self._raw.fileno())
            self._buffered = io.BufferedReader(self._raw, _COMPRESSED_READ)  # type: ignore[arg-type]
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
            if not isinstance(error, zlib.error) and type(error).__name__ != "ZstdError":
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
