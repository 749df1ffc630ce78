"""What a trace is read from: a file, a pipe or standard input, which may give their bytes bit by bit."""

from __future__ import annotations

import io
import os
import select
import stat
import time
from typing import Protocol

from pcaphash.standards.pcap import MOST_MAGIC

READ_AT_ONCE = 64 * 1024


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

    def close(self) -> None:
        """Stop reading."""
        ...


class Raw(Protocol):
    """Bytes as stored: a file, or something like one."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Read some bytes; return 0 at the end, None where there are none yet."""
        ...

    def seek(self, offset: int, /) -> object:
        """Go on reading elsewhere."""
        ...

    def close(self) -> None:
        """Stop reading."""
        ...


class Stored:
    """The bytes of a trace as stored, in a file, a pipe or whatever else can be read; also in non-blocking mode."""

    def __init__(self, file: Raw) -> None:
        self._file = file
        self._ready: select.poll | None = None
        self._first: int | None = None
        if isinstance(file, io.FileIO):
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                self._first = file.tell()
            else:
                self._ready = select.poll()
                self._ready.register(file.fileno(), select.POLLIN)
        self._head = b""
        self.n_taken = 0
        """Bytes taken so far."""
        self.magic = self._read_magic()
        """The first 6 bytes, which are read again; fewer where there are no more."""

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
        buffer = bytearray(READ_AT_ONCE)
        n_bytes = self.readinto(memoryview(buffer), None)
        return bytes(buffer[:n_bytes])

    def seek(self, offset: int) -> None:
        """Go on reading at a byte of a regular file."""
        self._head = b""
        self._file.seek(offset)

    @property
    def can_start_again(self) -> bool:
        """Whether the bytes can be read a second time, and are there without waiting for them: of regular files."""
        return self._first is not None

    def start_again(self) -> None:
        """Give the bytes from the first one again, cut as before; only where ``can_start_again`` says so."""
        assert self._first is not None
        self.seek(self._first + len(self.magic))
        self._head = self.magic
        self.n_taken = 0

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
        magic = bytearray(MOST_MAGIC)
        length = 0
        while length < MOST_MAGIC and (more := self._readinto(memoryview(magic)[length:])):
            length += more
        self._head = bytes(magic[:length])
        return self._head
