"""What turns the pieces of a trace, as a device delivers them, into the bytes of a file."""

from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import Protocol

import numpy as np

from pcaphash.capture.control import Control, SectionHeader, Skipped
from pcaphash.capture.delivered.delivery import Delivery
from pcaphash.capture.reader import Block, Piece

ROOM = 1024 * 1024
"""Bytes that are written at once, unless a packet needs more."""


class Sink(Protocol):
    """Where bytes go."""

    def write(self, data: memoryview | bytes, /) -> object:
        """Take bytes, all of them."""
        ...


_MOST_IN_MEMORY = 1024 * 1024


class _LongBlock:
    """A block without packets that comes in stretches; it may turn out to be cut, so none is written before the last.

    Parameters
    ----------
    first : Skipped
        The first stretch.
    big_endian : bool
        Byte order of the section.
    """

    def __init__(self, first: Skipped, big_endian: bool) -> None:
        self._missing = int.from_bytes(first.data[4:8].tobytes(), "big" if big_endian else "little")
        self._spool = SpooledTemporaryFile(_MOST_IN_MEMORY)  # noqa: SIM115 - it lives on until the last stretch
        self.add(first)

    @property
    def is_whole(self) -> bool:
        """Whether all stretches are there."""
        return self._missing <= 0

    def add(self, stretch: Skipped) -> None:
        """Add a stretch."""
        self._spool.write(stretch.data.tobytes())
        self._missing -= len(stretch.data)

    def chunks(self) -> Iterator[bytes]:
        """Yield its bytes."""
        self._spool.seek(0)
        while chunk := self._spool.read(ROOM):
            yield chunk

    def close(self) -> None:
        """Let go of it."""
        self._spool.close()


class Encoder:
    """Writes one file piece by piece.

    Parameters
    ----------
    sink : Sink
        Where its bytes go.
    """

    _long: _LongBlock | None = None
    _is_big_endian = False

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._room = np.empty(ROOM, np.uint8)

    def write(self, piece: Piece, delivery: Delivery | None = None) -> None:
        """Write a piece of a trace, as ``Reader.pieces`` gives it.

        Parameters
        ----------
        piece : Block, Control or Skipped
            The piece.
        delivery : Delivery, optional
            What the device makes of the packets; for each block.

        Raises
        ------
        ConfigurationError
            The format cannot hold it.
        OSError
            The sink does not take it.
        """
        if isinstance(piece, Control):
            if isinstance(piece.says, SectionHeader):
                self._is_big_endian = piece.says.big_endian
            self._write_control(piece)
        elif isinstance(piece, Skipped):
            self._gather(piece)
        else:
            assert delivery is not None, "packets have a fate"
            self._write_packets(piece, delivery)

    def finish(self) -> None:
        """Write what ends the file."""

    def close(self) -> None:
        """Let go of what is held, whether the file was finished or not."""
        if self._long is not None:
            self._long.close()

    def _gather(self, stretch: Skipped) -> None:
        """Gather the stretches of a block; write it once it is whole."""
        if self._long is None:
            self._long = _LongBlock(stretch, self._is_big_endian)
        else:
            self._long.add(stretch)
        if self._long.is_whole:
            for chunk in self._long.chunks():
                self.write_between(chunk)
            self._long.close()
            self._long = None

    def _write_control(self, control: Control) -> None:
        """Write a header, or take note of it."""

    def write_between(self, data: bytes) -> None:
        """Write bytes of a block without packets."""

    def _write_packets(self, block: Block, delivery: Delivery) -> None:
        """Write the packets of a block, and what stands between them."""
        raise NotImplementedError

    def _hand_on(self, n_bytes: int, is_stuck: bool) -> None:
        """Hand on what a kernel wrote; if there was no room for the next packet, make more."""
        if n_bytes:
            self._sink.write(memoryview(self._room)[:n_bytes])  # type: ignore[arg-type]
        elif is_stuck:
            self._room = np.empty(2 * len(self._room), np.uint8)
