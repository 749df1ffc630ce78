"""Where traces come from: files, standard input, or anything else that gives its packets in blocks."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import Protocol

from pcaphash.capture.damage import Damage
from pcaphash.capture.reader import Block, Reader
from pcaphash.capture.source import STANDARD_INPUT, is_url


class Readable(Protocol):
    """A trace that has been opened."""

    @property
    def damage(self) -> Damage | None:
        """Why reading ended early, once it has."""
        ...

    @property
    def joints(self) -> list[int]:
        """Byte offsets where further files start that were joined to the first as they are."""
        ...

    @property
    def position(self) -> int:
        """Bytes as stored that were taken in so far."""
        ...

    def blocks(self) -> Iterator[Block]:
        """Yield the packets; a block is valid until the next one is asked for."""
        ...

    def close(self) -> None:
        """Stop reading."""
        ...


class Input(Protocol):
    """Where a trace comes from; another process can open it again, unless it is standard input."""

    @property
    def name(self) -> str:
        """What messages call it: its path, or ``-`` for standard input."""
        ...

    @property
    def size(self) -> int:
        """Bytes as stored; 0 if that is not known."""
        ...

    def open(self) -> Readable:
        """Open it.

        Raises
        ------
        CaptureError
            It cannot be read at all.
        """
        ...


@dataclass(frozen=True)
class FileInput:
    """A file, a range of its bytes, or standard input.

    Parameters
    ----------
    name : str
        Path of the file, or its URL; ``-`` is standard input.
    start, end : int or None
        The bytes to read of a plain pcap file, from one record to another, as ``Reader`` takes them; None for all.
    folder : str
        Where a relative path starts; empty for the folder in which the process runs that reads it.
    """

    name: str
    start: int | None = None
    end: int | None = None
    folder: str = ""

    @property
    def path(self) -> str:
        """Where the file is, or its URL."""
        return os.path.join(self.folder, self.name) if self.folder and not self._is_elsewhere else self.name  # noqa: PTH118

    @property
    def size(self) -> int:
        """Bytes of the file, or of the range; 0 if that is not known."""
        try:
            if is_url(self.name):
                from pcaphash.capture.remote import size_of

                size = size_of(self.name)
            else:
                size = 0 if self.name == STANDARD_INPUT else Path(self.path).stat().st_size
        except (OSError, ValueError):
            return 0
        return (size if self.end is None else self.end) - (self.start or 0)

    def open(self) -> Reader:
        """Open the file; see ``Input``."""
        reader = Reader(self.name, start=self.start, end=self.end, path=self.path)
        if self.start is None:
            reader.wait_for_records()
        return reader

    @property
    def _is_elsewhere(self) -> bool:
        return self.name == STANDARD_INPUT or is_url(self.name)


def can_be_read_again(source: Input) -> bool:
    """Tell whether a trace can be read a second time, or in another process: standard input and pipes cannot."""
    if source.name == STANDARD_INPUT:
        return False
    if not isinstance(source, FileInput) or is_url(source.name):
        return True
    try:
        mode = Path(source.path).stat().st_mode
    except (OSError, ValueError):
        return True  # it cannot be read at all, which is said elsewhere
    return not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISCHR(mode))


def state_of(source: Input) -> str:
    """Return a text that changes when the bytes of a trace do; empty if nothing tells."""
    if not isinstance(source, FileInput) or source.name == STANDARD_INPUT:
        return ""
    if is_url(source.name):
        from pcaphash.capture.remote import state_of_object

        return state_of_object(source.name)
    try:
        status = Path(source.path).stat()
    except (OSError, ValueError):
        return ""
    return f"{status.st_size} bytes of {status.st_mtime_ns}" if stat.S_ISREG(status.st_mode) else ""


Trace = str | PathLike[str] | Input
"""What studies take as a trace."""


def input_of(trace: Trace) -> Input:
    """Return where a trace comes from."""
    return FileInput(fspath(trace)) if isinstance(trace, str | PathLike) else trace
