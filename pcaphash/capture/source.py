"""Open a trace as a stream of decompressed bytes: a file, a pipe or standard input; plain, gzip or zstd."""

from __future__ import annotations

import io
import os
import select
import stat
import struct
import sys
import time
from collections.abc import Generator, Iterator
from typing import Protocol

from isal import isal_zlib

from pcaphash.errors import CaptureError
from pcaphash.standards.pcap import GZIP_MAGIC, ZSTANDARD_MAGIC, ZSTANDARD_SKIPPABLE_MAGICS

STANDARD_INPUT = "-"

_COMPRESSED_READ = 64 * 1024
_PIECE, _PIECES = 1024, 16  # bytes of deflate data decompressed at once, and how often in a row
_MOST_DECOMPRESSED = 32 * 1024  # bytes given out at once by zstd: of what is damaged these are lost
_GATHERING = 0.02  # seconds to gather what a pipe gives bit by bit: nobody notices, and blocks get larger

# The header of a gzip member: RFC 1952 section 2.3.
_DEFLATE = 8
_HEADER_CHECKSUM, _EXTRA, _NAME, _COMMENT, _RESERVED = 2, 4, 8, 16, 0xE0


class Stream(Protocol):
    """What a source reads from."""

    def readinto(self, buffer: memoryview, deadline: float | None) -> int | None:
        """Read some bytes into the buffer.

        Parameters
        ----------
        buffer : memoryview
            Where to; not empty.
        deadline : float or None
            When to stop waiting for bytes, in seconds of the monotonic clock; None for never.

        Returns
        -------
        int or None
            How many bytes were read: 0 at the end, None where none came in time.

        Raises
        ------
        EOFError
            Compressed data ends early.
        ValueError
            Compressed data is damaged.
        OSError
            The file cannot be read any further.
        """
        ...


class _Stored:
    """The bytes of a trace as stored, in a file, a pipe or whatever else can be read; also in non-blocking mode."""

    def __init__(self, file: io.FileIO) -> None:
        self._file = file
        self._ready: select.poll | None = None
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            self._ready = select.poll()
            self._ready.register(file.fileno(), select.POLLIN)
        self._head = b""
        self.n_taken = 0
        """Bytes taken so far."""
        self.magic = self._read_magic()
        """The first 4 bytes, which are read again; fewer where there are no more."""

    def is_ready(self, deadline: float) -> bool:
        """Tell whether there are bytes, or the end, before the deadline; see ``Stream``."""
        if self._head or self._ready is None:
            return True
        return bool(self._ready.poll(max(0.0, deadline - time.monotonic()) * 1000))

    def readinto(self, buffer: memoryview, deadline: float | None) -> int | None:
        """Read some bytes into the buffer; see ``Stream``."""
        if deadline is not None and not self.is_ready(deadline):
            return None
        if self._head:
            n_bytes = min(len(self._head), len(buffer))
            buffer[:n_bytes] = self._head[:n_bytes]
            self._head = self._head[n_bytes:]
        else:
            n_bytes = self._readinto(buffer)
        self.n_taken += n_bytes
        return n_bytes

    def read(self) -> bytes:
        """Return some bytes, waiting for them; none at the end."""
        buffer = bytearray(_COMPRESSED_READ)
        n_bytes = self.readinto(memoryview(buffer), None)
        return bytes(buffer[:n_bytes])

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _readinto(self, buffer: memoryview) -> int:
        """Read from the file, which in non-blocking mode does not wait by itself."""
        while (n_bytes := self._file.readinto(buffer)) is None:
            assert self._ready is not None, "regular files do not block"
            self._ready.poll()
        return n_bytes

    def _read_magic(self) -> bytes:
        """Read the first bytes; a pipe may give them one by one and cannot seek back."""
        magic = bytearray(4)
        length = 0
        while length < 4 and (more := self._readinto(memoryview(magic)[length:])):
            length += more
        self._head = bytes(magic[:length])
        return self._head


class _Compressed:
    """The bytes of a compressed trace, taken in pieces.

    Methods that may have to read on are generators: they yield nothing (``b""``) before each reading, so that whoever
    asks for decompressed bytes can rather come back later. All raise EOFError where there are no more bytes.
    """

    def __init__(self, stored: _Stored) -> None:
        self._stored = stored
        self._held = b""
        self._at = 0

    def has_more(self) -> Generator[bytes, None, bool]:
        """Tell whether more bytes follow than zeros, with which tapes and some tools pad files; pass over these."""
        while True:
            rest = self._held[self._at :].lstrip(b"\0")
            if rest:
                self._at = len(self._held) - len(rest)
                return True
            yield b""
            self._held, self._at = self._stored.read(), 0
            if not self._held:
                return False

    def take(self, n_bytes: int) -> Generator[bytes, None, bytes]:
        """Take so many bytes."""
        while len(self._held) - self._at < n_bytes:
            yield from self._read_on()
        self._at += n_bytes
        return self._held[self._at - n_bytes : self._at]

    def hold_some(self) -> Generator[bytes, None, None]:
        """See to it that one byte at least can be taken."""
        if self._at == len(self._held):
            yield from self._read_on()

    def take_held(self, at_most: int) -> bytes:
        """Take bytes that were read already; none where all are taken."""
        piece = self._held[self._at : self._at + at_most]
        self._at += len(piece)
        return piece

    def give_back(self, n_bytes: int) -> None:
        """Let the last bytes of the piece taken last be taken again."""
        self._at -= n_bytes

    def _read_on(self) -> Generator[bytes, None, None]:
        yield b""
        more = self._stored.read()
        if not more:
            raise EOFError
        self._held, self._at = self._held[self._at :] + more, 0


def _gunzip(compressed: _Compressed) -> Iterator[bytes]:
    """Decompress gzip members (RFC 1952), giving out all that precedes damage before complaining of it.

    Headers and trailers are read here, since a decompressor that finds a wrong checksum by itself keeps what it
    decompressed last.
    """
    while (yield from compressed.has_more()):
        yield from _read_gzip_header(compressed)
        checksum, length = yield from _inflate(compressed)
        trailer = yield from compressed.take(8)
        if trailer != struct.pack("<II", checksum, length & 0xFFFFFFFF):
            raise ValueError("it does not match its checksum and length")


def _read_gzip_header(compressed: _Compressed) -> Generator[bytes, None, None]:
    """Read the header of a gzip member (RFC 1952 section 2.3)."""
    for byte in GZIP_MAGIC:
        if (yield from compressed.take(1))[0] != byte:
            raise ValueError("what follows a gzip member is none")
    header = GZIP_MAGIC + (yield from compressed.take(8))
    method, flags = header[2], header[3]
    if method != _DEFLATE or flags & _RESERVED:
        raise ValueError("a gzip member says that it is compressed in an unknown way")
    if flags & _EXTRA:
        length = yield from compressed.take(2)
        header += length + (yield from compressed.take(int.from_bytes(length, "little")))
    for text in (_NAME, _COMMENT):
        if flags & text:
            header += yield from _read_text(compressed)
    if flags & _HEADER_CHECKSUM:
        expected = int.from_bytes((yield from compressed.take(2)), "little")
        if isal_zlib.crc32(header) & 0xFFFF != expected:
            raise ValueError("the header of a gzip member does not match its checksum")


def _read_text(compressed: _Compressed) -> Generator[bytes, None, bytes]:
    """Read text up to the zero byte that ends it."""
    text = bytearray()
    while not text.endswith(b"\0"):
        text += yield from compressed.take(1)
    return bytes(text)


def _inflate(compressed: _Compressed) -> Generator[bytes, None, tuple[int, int]]:
    """Decompress what stands between the header and the trailer of a gzip member; return its CRC-32 and length."""
    member = isal_zlib.decompressobj(wbits=-15)
    checksum = length = 0
    while not member.eof:
        yield from compressed.hold_some()
        chunk, problem = _inflate_held(member, compressed)
        checksum = isal_zlib.crc32(chunk, checksum)
        length += len(chunk)
        if chunk:
            yield chunk
        if problem:
            raise ValueError(problem)
    compressed.give_back(len(member.unused_data))
    return checksum, length


def _inflate_held(member: isal_zlib.Decompress, compressed: _Compressed) -> tuple[bytes, str]:
    """Decompress a part of what was read already; return also what is wrong with it, or nothing.

    The pieces are small, since nothing comes out of a damaged one; and few, so that little is kept of what
    decompresses to a thousand times its length.
    """
    chunks = []
    try:
        for _ in range(_PIECES):
            chunks.append(member.decompress(compressed.take_held(_PIECE)))
            if member.eof:
                break
    except isal_zlib.error as error:  # type: ignore[misc]
        return b"".join(chunks), str(error)
    return b"".join(chunks), ""


def _unzstandard(compressed: _Compressed) -> Iterator[bytes]:
    """Decompress zstd frames (RFC 8878)."""
    if sys.version_info >= (3, 14):
        from compression.zstd import ZstdDecompressor, ZstdError
    else:
        from backports.zstd import ZstdDecompressor, ZstdError

    while (yield from compressed.has_more()):
        frame = ZstdDecompressor()
        while not frame.eof:
            if frame.needs_input:
                yield from compressed.hold_some()
            piece = compressed.take_held(_COMPRESSED_READ) if frame.needs_input else b""
            try:
                chunk = frame.decompress(piece, _MOST_DECOMPRESSED)
            except ZstdError as error:
                raise ValueError(str(error)) from error
            if chunk:
                yield chunk
        compressed.give_back(len(frame.unused_data))


class _Decompressed:
    """The decompressed bytes of a trace.

    Parameters
    ----------
    stored : _Stored
        Where the compressed bytes come from.
    chunks : iterator of bytes
        The decompressed bytes; empty ones only before compressed bytes are read, which may wait.
    """

    def __init__(self, stored: _Stored, chunks: Iterator[bytes]) -> None:
        self._stored = stored
        self._chunks = chunks
        self._rest = memoryview(b"")

    def readinto(self, buffer: memoryview, deadline: float | None) -> int | None:
        """Decompress some bytes into the buffer; see ``Stream``."""
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            if not chunk and deadline is not None and not self._stored.is_ready(deadline):
                return None
            self._rest = memoryview(chunk)
        n_bytes = min(len(self._rest), len(buffer))
        buffer[:n_bytes] = self._rest[:n_bytes]
        self._rest = self._rest[n_bytes:]
        return n_bytes


def _open(trace: str) -> io.FileIO:
    """Open a trace.

    Raises
    ------
    CaptureError
        It is not there, or nothing that a capture could be read from.
    """
    try:
        file = io.FileIO(0, closefd=False) if trace == STANDARD_INPUT else io.FileIO(trace)
    except IsADirectoryError as error:
        raise CaptureError(trace, "is a directory", "give a pcap or pcapng file") from error
    except OSError as error:
        raise _unreadable(trace, error) from error
    if file.isatty():
        file.close()
        raise CaptureError(trace, "is a terminal", "give a pcap or pcapng file, or pipe one in")
    return file


def _unreadable(trace: str, error: OSError) -> CaptureError:
    return CaptureError(trace, error.strerror or str(error), "check the path and its permissions")


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
        file = _open(trace)
        self.size = os.fstat(file.fileno()).st_size
        """Bytes of the file as stored; 0 where that is not known."""
        try:
            self._stored = _Stored(file)
        except OSError as error:
            file.close()
            raise _unreadable(trace, error) from error
        magic = self._stored.magic
        self.is_compressed = True
        """Whether the bytes read differ from those stored."""
        self._stream: Stream
        if magic.startswith(GZIP_MAGIC):
            self._stream = _Decompressed(self._stored, _gunzip(_Compressed(self._stored)))
        elif magic == ZSTANDARD_MAGIC or magic in ZSTANDARD_SKIPPABLE_MAGICS:
            self._stream = _Decompressed(self._stored, _unzstandard(_Compressed(self._stored)))
        else:
            self._stream = self._stored
            self.is_compressed = False

    def readinto(self, buffer: memoryview) -> tuple[int, str]:
        """Read at least one byte, and fill the buffer as far as that goes without waiting for a pipe.

        Returns
        -------
        n_bytes : int
            Bytes read; 0 only at the end or before damage.
        problem : str
            What ended the stream early; empty where nothing did.
        """
        n_bytes = 0
        deadline = None
        try:
            while n_bytes < len(buffer) and (n := self._stream.readinto(buffer[n_bytes:], deadline)):
                n_bytes += n
                deadline = deadline or time.monotonic() + _GATHERING
        except EOFError:
            return n_bytes, "the compressed data ends early"
        except ValueError as error:
            return n_bytes, f"the compressed data is damaged ({error})"
        except OSError as error:
            return n_bytes, error.strerror or str(error)
        return n_bytes, ""

    @property
    def position(self) -> int:
        """Bytes of the file as stored that were taken in so far."""
        return self._stored.n_taken

    def close(self) -> None:
        """Close the file."""
        self._stored.close()
