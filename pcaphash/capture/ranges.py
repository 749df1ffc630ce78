"""Read a plain capture in ranges of its bytes, each by itself, and know afterwards whether they fit together.

Where a range starts is found by chains of records that look right (``kernels.chains``), which may be wrong. So each
range is read up to the end of the last record that starts in it, whatever that is, and says where that was: if it is
where the next one starts, and the first range starts where the file does, all of them start where records start.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pcaphash.capture.control import Control
from pcaphash.capture.damage import DamageKind
from pcaphash.capture.input import FileInput
from pcaphash.capture.pcap import Pcap
from pcaphash.capture.pcapng import Pcapng
from pcaphash.capture.reader import Block, Reader
from pcaphash.capture.source import Source
from pcaphash.errors import CaptureError
from pcaphash.kernels.chains import NOWHERE, find_start
from pcaphash.standards import pcap

CHAIN_LEN = 1024 * 1024
"""Bytes that a chain of records has to lead through to be believed."""

_USUAL_SNAP_LENGTH = 262144  # what tcpdump and Wireshark capture at most of a packet
_MOST_AROUND = 4096  # bytes of a pcapng block around its packet
_HEAD_LEN = 64 * 1024


@dataclass(frozen=True)
class RangeInput(FileInput):
    """A range of the bytes of a plain capture, from a place where a record may start.

    Parameters
    ----------
    name, start, end, folder
        As ``FileInput`` has them; but ``end`` may be anywhere: the record that it is in is read whole.
    """

    def open(self) -> "RangeReader":
        """Open the file; see ``Input``."""
        return RangeReader(self.name, start=self.start, end=self.end, path=self.path)


class RangeReader(Reader):
    """Streams a range of a capture, up to the end of the last record that starts before its end."""

    _head_end = 0
    _has_controls = False

    @property
    def reached(self) -> int:
        """Where in the file the first record starts that was not read."""
        return self._buffer_offset + self._start

    @property
    def changes_format(self) -> bool:
        """Whether bytes after the range mean something else than those before it: files were joined, for example."""
        is_cut = self.damage is not None and self.damage.defect.kind is DamageKind.CUT_SHORT
        has_more = self.reached < self.source.size
        is_within_head = self.reached < self._head_end
        return bool(self.joints) or self._has_controls or is_within_head or (is_cut and has_more)

    def _restrict(self, start: int | None, end: int | None) -> None:
        if isinstance(self.format, Pcapng):
            formatted, self._head_end = _read_head(self.path)
            if start is not None:
                self.format = formatted
        super()._restrict(start, end)

    def _fill(self) -> int:
        """Read on, also beyond the end of the range if a record ends there."""
        left = self._end - self._start
        if left and self._stop is not None and self._buffer_offset + self._end >= self._stop:
            self._stop = max(self._stop, self._buffer_offset + self._start + self._needed(left))
        return super()._fill()

    def _needed(self, left: int) -> int:
        """Return how long the record that starts here is, as far as the bytes that are there tell."""
        head = self._buffer[self._start : self._start + min(left, pcap.RECORD_HEADER_LEN)].tobytes()
        order = "big" if self.format.big_endian else "little"
        if isinstance(self.format, Pcap):
            header_len = self.format.header.record_header_len
            return header_len if left < header_len else header_len + int.from_bytes(head[8:12], order)  # type: ignore[arg-type]
        return pcap.BLOCK_OVERHEAD if left < pcap.BLOCK_OVERHEAD else int.from_bytes(head[4:8], order)  # type: ignore[arg-type]

    def _read_control(self) -> Iterator[Control]:
        for control in super()._read_control():
            self._has_controls |= control.offset >= self._head_end
            yield control


def _read_head(trace: str) -> tuple[Pcapng, int]:
    """Read a pcapng file up to its first packet; return what was declared there, and where the last of that ends."""
    reader = Reader(trace, _HEAD_LEN)
    end = 0
    for piece in reader.pieces():
        if isinstance(piece, Control):
            end = piece.offset + len(piece.data)
        elif not isinstance(piece, Block) or len(piece.records):
            break
    reader.close()
    assert isinstance(reader.format, Pcapng)
    return reader.format, end


def split_file(trace: str, range_len: int, chain_len: int = CHAIN_LEN) -> list[RangeInput]:
    """Find ranges of a file that can be read by themselves, about as long as is wanted; the last one ends with it.

    Parameters
    ----------
    trace : str
        Path of the file.
    range_len : int
        Bytes of a range.
    chain_len : int
        Bytes that chains of records have to lead through.

    Returns
    -------
    list of RangeInput
        Empty if the file has to be read in one: it is short or compressed, or no place looks like a record's start.
    """
    try:
        reader = Reader(trace)
        reader.wait_for_records()
        size, is_plain = reader.source.size, not reader.source.is_compressed
        reader.close()
        if not is_plain or size < 2 * range_len:
            return []
        finder = _Finder(reader, size, chain_len)
        starts = {finder.find(at) for at in range(range_len, size - range_len // 2, range_len)}
        finder.close()
    except (CaptureError, OSError):
        return []  # whoever reads it will say so
    cuts = [None, *sorted(start for start in starts if start is not None), None]
    return [RangeInput(trace, start, end) for start, end in pairwise(cuts)] if len(cuts) > 2 else []


class _Finder:
    """Finds starts of records in a plain file, given a reader that has recognized it."""

    def __init__(self, reader: Reader, size: int, chain_len: int) -> None:
        self._source = Source(reader.trace)
        self._size = size
        self._is_pcapng = isinstance(reader.format, Pcapng)
        captured, self._header_len, self._most_fraction = _USUAL_SNAP_LENGTH, pcap.BLOCK_OVERHEAD, 0
        if isinstance(reader.format, Pcap):
            header = reader.format.header
            self._header_len, self._most_fraction = header.record_header_len, 10**9 // header.fraction_ns
            captured = min(header.snap_length or captured, captured)
            self._big_endian = header.big_endian
        else:
            self._big_endian = _read_head(reader.trace)[0].big_endian
            captured += _MOST_AROUND
        self._most_captured = captured
        self._least = captured + self._header_len
        self._buffer = np.empty(self._least + 2 * chain_len, np.uint8)
        self._ends = np.empty(len(self._buffer), np.int64)
        self._chain_len = chain_len

    def find(self, at: int) -> int | None:
        """Return where a record starts soon after a place in the file; None where that is not known."""
        at &= ~3
        self._source.seek(at)
        n = 0
        view = memoryview(self._buffer)  # type: ignore[arg-type]
        while n < len(view) and (more := self._source.readinto(view[n:])[0]):
            n += more
        is_end = at + n >= self._size
        most = n if is_end else n - self._chain_len
        found = find_start(
            self._buffer, n, is_end, self._least, most, self._is_pcapng, self._big_endian, self._header_len,
            self._most_captured, self._most_fraction, self._ends,
        )  # fmt: skip
        return None if found == NOWHERE else at + found

    def close(self) -> None:
        """Close the file."""
        self._source.close()
