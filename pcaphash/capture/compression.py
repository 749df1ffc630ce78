"""Decompress traces as they come, losing as little as can be of what precedes damage."""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Generator, Iterator
from typing import Protocol

from isal import isal_zlib

from pcaphash.capture.stream import READ_AT_ONCE, Stored
from pcaphash.standards.pcap import (
    BZIP2_MAGICS,
    GZIP_MAGIC,
    LZ4_MAGIC,
    XZ_MAGIC,
    ZSTANDARD_MAGIC,
    ZSTANDARD_SKIPPABLE_MAGICS,
)

# What a decompressor has made of a piece is lost where it finds damage in it: hence small pieces of what is damaged.
_PIECE, _PIECES = 4096, 4  # bytes of deflate data decompressed at once, and how often in a row
_MOST_DECOMPRESSED = 32 * 1024  # bytes given out at once by other decompressors
_MOST_AT_ONCE = 512 * 1024  # bytes given out at once as long as nothing is known to be damaged

# The header of a gzip member: RFC 1952 section 2.3.
_DEFLATE = 8
_HEADER_CHECKSUM, _EXTRA, _NAME, _COMMENT, _RESERVED = 2, 4, 8, 16, 0xE0


class Frame(Protocol):
    """Decompresses one frame, as the decompressors of Python's library and of those like it do."""

    @property
    def eof(self) -> bool:
        """Whether the frame has ended."""
        ...

    @property
    def needs_input(self) -> bool:
        """Whether more compressed bytes are needed before anything more can be given out."""
        ...

    @property
    def unused_data(self) -> bytes | None:
        """What follows the frame, once it has ended."""
        ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Take more compressed bytes, and give out at most so many."""
        ...


class Compressed:
    """The bytes of a compressed trace, taken in pieces.

    Methods that may have to read on are generators: they yield nothing (``b""``) before each reading, so that whoever
    asks for decompressed bytes can rather come back later. All raise EOFError where there are no more bytes.

    Parameters
    ----------
    stored : Stored
        Where the bytes come from.
    in_small_pieces : bool
        Whether to decompress little at once, so that little is lost where there is damage.
    """

    def __init__(self, stored: Stored, *, in_small_pieces: bool) -> None:
        self._stored = stored
        self.in_small_pieces = in_small_pieces
        """Whether to decompress little at once."""
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


def gunzip(compressed: Compressed) -> Iterator[bytes]:
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


def _read_gzip_header(compressed: Compressed) -> Generator[bytes, None, None]:
    """Read the header of a gzip member (RFC 1952 section 2.3)."""
    for byte in GZIP_MAGIC:
        if (yield from compressed.take(1))[0] != byte:
            raise ValueError("the data after a gzip member is not a gzip member")
    header = GZIP_MAGIC + (yield from compressed.take(8))
    method, flags = header[2], header[3]
    if method != _DEFLATE or flags & _RESERVED:
        raise ValueError("a gzip member uses an unknown compression method")
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


def _read_text(compressed: Compressed) -> Generator[bytes, None, bytes]:
    """Read text up to the zero byte that ends it."""
    text = bytearray()
    while not text.endswith(b"\0"):
        text += yield from compressed.take(1)
    return bytes(text)


def _inflate(compressed: Compressed) -> Generator[bytes, None, tuple[int, int]]:
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


def _inflate_held(member: isal_zlib.Decompress, compressed: Compressed) -> tuple[bytes, str]:
    """Decompress a part of what was read already; return also what is wrong with it, or nothing.

    Small pieces are few, so that little is kept of what decompresses to a thousand times its length.
    """
    chunks = []
    try:
        if not compressed.in_small_pieces:
            chunks.append(member.decompress(compressed.take_held(READ_AT_ONCE), _MOST_AT_ONCE))
            compressed.give_back(len(member.unconsumed_tail))
            return chunks[0], ""
        for _ in range(_PIECES):
            chunks.append(member.decompress(compressed.take_held(_PIECE)))
            if member.eof:
                break
    except isal_zlib.error as error:  # type: ignore[misc]
        return b"".join(chunks), str(error)
    return b"".join(chunks), ""


def unframe(compressed: Compressed, new_frame: Callable[[], Frame]) -> Iterator[bytes]:
    """Decompress frames one after the other.

    Parameters
    ----------
    compressed : Compressed
        The frames; zeros may stand between and after them.
    new_frame : callable
        Makes what decompresses one of them.
    """
    most = _MOST_DECOMPRESSED if compressed.in_small_pieces else _MOST_AT_ONCE
    while (yield from compressed.has_more()):
        frame = new_frame()
        while not frame.eof:
            if frame.needs_input:
                yield from compressed.hold_some()
            piece = compressed.take_held(READ_AT_ONCE) if frame.needs_input else b""
            try:
                chunk = frame.decompress(piece, most)
            except Exception as error:  # each library has a class of its own for what cannot be decompressed
                raise ValueError(" ".join(str(error).split()) or type(error).__name__) from error
            if chunk:
                yield chunk
        compressed.give_back(len(frame.unused_data or b""))


def unzstandard(compressed: Compressed) -> Iterator[bytes]:
    """Decompress zstd frames (RFC 8878)."""
    if sys.version_info >= (3, 14):
        from compression.zstd import ZstdDecompressor
    else:
        from backports.zstd import ZstdDecompressor
    return unframe(compressed, ZstdDecompressor)


def unxz(compressed: Compressed) -> Iterator[bytes]:
    """Decompress the streams of an .xz file (https://tukaani.org/xz/xz-file-format.txt)."""
    from lzma import FORMAT_XZ, LZMADecompressor

    return unframe(compressed, lambda: LZMADecompressor(FORMAT_XZ))


def unbzip2(compressed: Compressed) -> Iterator[bytes]:
    """Decompress bzip2 streams."""
    from bz2 import BZ2Decompressor

    return unframe(compressed, BZ2Decompressor)


def unlz4(compressed: Compressed) -> Iterator[bytes]:
    """Decompress LZ4 frames (lz4_Frame_format.md of the reference implementation)."""
    from lz4.frame import LZ4FrameDecompressor

    return unframe(compressed, LZ4FrameDecompressor)


DECOMPRESSORS: tuple[tuple[str, tuple[bytes, ...], Callable[[Compressed], Iterator[bytes]]], ...] = (
    ("gzip", (GZIP_MAGIC,), gunzip),
    ("zstd", (ZSTANDARD_MAGIC, *ZSTANDARD_SKIPPABLE_MAGICS), unzstandard),
    ("xz", (XZ_MAGIC,), unxz),
    ("bzip2", BZIP2_MAGICS, unbzip2),
    ("lz4", (LZ4_MAGIC,), unlz4),
)
"""Ways to compress a trace: the name, what such data starts with, and what decompresses it."""


def decompress(stored: Stored, take_apart: Callable[[Compressed], Iterator[bytes]]) -> Iterator[bytes]:
    """Yield the decompressed bytes of a trace, and all that precedes damage before complaining of it.

    It is decompressed in large pieces. If something turns out to be wrong, it is decompressed in small ones: from the
    start again if that is possible.

    Parameters
    ----------
    stored : Stored
        Where the compressed bytes come from.
    take_apart : callable
        Decompresses them, as ``DECOMPRESSORS`` has it.

    Yields
    ------
    bytes
        Empty only before compressed bytes are read, which may wait.
    """
    n_given = 0
    if stored.can_start_again:
        try:
            for chunk in take_apart(Compressed(stored, in_small_pieces=False)):
                n_given += len(chunk)
                yield chunk
            return
        except (EOFError, ValueError):
            stored.start_again()
    for chunk in take_apart(Compressed(stored, in_small_pieces=True)):
        n_known = min(n_given, len(chunk))
        n_given -= n_known
        yield chunk[n_known:]
