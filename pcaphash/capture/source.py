"""Open a trace as a stream of decompressed bytes: a file, a pipe or standard input; plain or compressed."""

from __future__ import annotations

import io
import os
import re
import time
from typing import TYPE_CHECKING

from pcaphash.capture.compression import DECOMPRESSORS, decompress
from pcaphash.capture.damage import DamageKind, Defect
from pcaphash.capture.stream import Stored, Stream
from pcaphash.capture.unpacking import Unpacked
from pcaphash.errors import CaptureError, Unreadable

if TYPE_CHECKING:
    from pcaphash.capture.remote import RemoteFile

STANDARD_INPUT = "-"

_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://")

_GATHERING = 0.02  # seconds to gather what a pipe gives bit by bit: nobody notices, and blocks get larger


def is_url(trace: str) -> bool:
    """Tell whether a trace is named by a URL and not by a path."""
    return _URL.match(trace) is not None


def _open(trace: str, path: str) -> io.FileIO | RemoteFile:
    """Open a trace.

    Raises
    ------
    CaptureError
        It is not there, or nothing that a capture could be read from.
    """
    try:
        if is_url(trace):
            from pcaphash.capture.remote import RemoteFile

            return RemoteFile(trace)
        file = io.FileIO(0, closefd=False) if trace == STANDARD_INPUT else io.FileIO(path)
    except IsADirectoryError as error:
        raise CaptureError(trace, Unreadable.FOLDER, "is a directory", "give a pcap or pcapng file") from error
    except OSError as error:
        raise _unreadable(trace, error) from error
    if file.isatty():
        file.close()
        raise CaptureError(trace, Unreadable.TERMINAL, "is a terminal", "give a pcap or pcapng file, or pipe one in")
    return file


def _unreadable(trace: str, error: OSError) -> CaptureError:
    kind = Unreadable.NOT_FOUND if isinstance(error, FileNotFoundError) else Unreadable.NOT_READ
    advice = "check the URL, and that the server is up" if is_url(trace) else "check the path and its permissions"
    return CaptureError(trace, kind, error.strerror or str(error), advice)


class Source:
    """A trace as a stream of decompressed bytes.

    Parameters
    ----------
    trace : str
        A path, a URL, or ``-`` for standard input. How it is compressed is recognized by content.

    Raises
    ------
    CaptureError
        The trace cannot be opened.
    """

    def __init__(self, trace: str, path: str | None = None) -> None:
        self.trace = trace
        file = _open(trace, path or trace)
        self.size = os.fstat(file.fileno()).st_size if isinstance(file, io.FileIO) else file.size
        """Bytes of the file as stored; 0 where that is not known."""
        try:
            self._stored = Stored(file)
        except OSError as error:
            file.close()
            raise _unreadable(trace, error) from error
        self.compression = "none"
        """``none``, or a name of ``compression.DECOMPRESSORS``."""
        self._stream: Stream = self._stored
        for name, magics, take_apart in DECOMPRESSORS:
            if self._stored.magic.startswith(magics):
                self.compression = name
                self._stream = Unpacked(self._stored, decompress(self._stored, take_apart))

    @property
    def is_compressed(self) -> bool:
        """Whether the bytes read differ from those stored."""
        return self.compression != "none"

    def readinto(self, buffer: memoryview) -> tuple[int, Defect | None]:
        """Read at least one byte, and fill the buffer as far as that goes without waiting for a pipe.

        Returns
        -------
        n_bytes : int
            Bytes read; 0 only at the end or before damage.
        defect : Defect or None
            What ended the stream early.
        """
        n_bytes = 0
        deadline = None
        try:
            while n_bytes < len(buffer) and (n := self._stream.readinto(buffer[n_bytes:], deadline)):
                n_bytes += n
                deadline = deadline or time.monotonic() + _GATHERING
        except EOFError:
            return n_bytes, Defect(DamageKind.COMPRESSED_CUT_SHORT)
        except ValueError as error:
            return n_bytes, Defect(DamageKind.COMPRESSED_DAMAGED, detail=str(error))
        except OSError as error:
            return n_bytes, Defect(DamageKind.NOT_READ, detail=error.strerror or str(error))
        return n_bytes, None

    @property
    def position(self) -> int:
        """Bytes of the file as stored that were taken in so far."""
        return self._stored.n_taken

    @property
    def keeps_waiting(self) -> bool:
        """Whether whoever reads has to wait, because decompressing takes longer than what is done with the bytes."""
        return isinstance(self._stream, Unpacked) and not self._stream.is_ahead

    def seek(self, offset: int) -> None:
        """Go on reading at a byte of a file that is not compressed."""
        assert not self.is_compressed, "offsets of compressed files say nothing about their data"
        self._stored.seek(offset)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
