"""A thread that decompresses a trace ahead of whoever reads it: decompressing takes longer than counting packets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from threading import Semaphore, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pcaphash.capture.stream import Stored

_HANDED_ON = 1024 * 1024  # bytes, if there are as many: each time costs as much as decompressing some thousand bytes
_MOST_AHEAD = 8  # times that
_PATIENCE = 1.0  # seconds to wait for the thread to end
_LONGEST_WAIT = 0.1  # seconds for a pipe, before asking whether anybody still wants its bytes

Made = list[bytes] | BaseException | None
"""Decompressed bytes, or what ended them; None for their end."""


class _Ahead:
    """What the thread has made, and nobody has taken yet."""

    def __init__(self) -> None:
        self.made: SimpleQueue[Made] = SimpleQueue()
        self.room = Semaphore(_MOST_AHEAD)
        self.is_over = False

    def hand_on(self, chunks: list[bytes]) -> list[bytes]:
        """Hand on what there is, once there is room for it; return a list for more."""
        if chunks:
            self.room.acquire()
            self.made.put(chunks)
        return []

    def end(self) -> None:
        """Have the thread make no more."""
        self.is_over = True
        self.room.release()


class Unpacked:
    """The decompressed bytes of a trace, which a thread makes ahead.

    Parameters
    ----------
    stored : Stored
        Where the compressed bytes come from. The thread closes it in the end.
    chunks : iterator of bytes
        Makes the decompressed bytes; empty ones only before compressed bytes are read, which may wait.
    """

    def __init__(self, stored: Stored, chunks: Iterator[bytes]) -> None:
        self._may_wait = not stored.can_start_again
        self._ahead = _Ahead()
        self._chunks: list[bytes] = []
        self._rest = memoryview(b"")
        self._thread = Thread(target=_make, args=(stored, chunks, self._ahead), name="pcaphash unpacker", daemon=True)
        self._thread.start()

    def __del__(self) -> None:
        """Leave no thread to itself."""
        self._ahead.end()

    def readinto(self, buffer: memoryview, deadline: float | None) -> int | None:
        """Copy some bytes into the buffer; see ``Stream``."""
        while not self._rest:
            if self._chunks:
                self._rest = memoryview(self._chunks.pop())
                continue
            timeout = None if deadline is None or not self._may_wait else max(0.0, deadline - time.monotonic())
            try:
                made = self._ahead.made.get(timeout=timeout)
            except Empty:
                return None
            if not isinstance(made, list):
                self._ahead.made.put(made)  # whoever asks again is told the same
                if made is None:
                    return 0
                raise made
            self._ahead.room.release()
            self._chunks = made[::-1]
        n_bytes = min(len(self._rest), len(buffer))
        buffer[:n_bytes] = self._rest[:n_bytes]
        self._rest = self._rest[n_bytes:]
        return n_bytes

    @property
    def is_ahead(self) -> bool:
        """Whether more is made than what is being read now."""
        return not self._ahead.made.empty()

    def close(self) -> None:
        """Make no more."""
        self._ahead.end()
        self._thread.join(_PATIENCE)


def _make(stored: Stored, chunks: Iterator[bytes], ahead: _Ahead) -> None:
    """Decompress until all is done, or nobody wants more."""
    some: list[bytes] = []
    n_bytes = 0
    try:
        for chunk in chunks:
            if chunk:
                some.append(chunk)
                n_bytes += len(chunk)
            elif not stored.is_ready(time.monotonic()):
                some, n_bytes = ahead.hand_on(some), 0
                while not ahead.is_over and not stored.is_ready(time.monotonic() + _LONGEST_WAIT):
                    pass
            if n_bytes >= _HANDED_ON:
                some, n_bytes = ahead.hand_on(some), 0
            if ahead.is_over:
                break
        ahead.hand_on(some)
        ahead.made.put(None)
    except BaseException as error:
        ahead.hand_on(some)
        ahead.made.put(error)
    finally:
        stored.close()
