"""Stream a trace in blocks of bytes with the records found in them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pcaphash.capture.control import Control, Skipped
from pcaphash.capture.damage import Damage, DamageKind, Defect, UnreadableBlockError
from pcaphash.capture.defects import defect_of
from pcaphash.capture.patched import refuse_patched
from pcaphash.capture.pcap import Pcap, begins_file
from pcaphash.capture.pcapng import Pcapng
from pcaphash.capture.recognizing import recognize, recognize_or_refuse
from pcaphash.capture.source import Source
from pcaphash.errors import CaptureError
from pcaphash.kernels import records as kernel
from pcaphash.kernels.records import RECORD
from pcaphash.standards import pcap

BLOCK_LEN = 1024 * 1024
"""Bytes read at once: large enough that Python's share does not count, small enough for a processor's cache."""

_MOST_RECORDS = 16 * 1024

_UNUSUAL = (kernel.IS_DAMAGED, kernel.IS_SKIPPED, kernel.IS_CONTROL)
_MOST_TO_TELL = 64 * 1024  # bytes that tell what a file is

Step = tuple[int, int, int, int]

Take = Callable[[npt.NDArray[np.uint8], int, int], Step]
"""What ``Reader.walk`` hands bytes to."""


NO_INTERFACE = -1


@dataclass(frozen=True)
class Block:
    """Bytes of a trace, and where packets are in them; both are overwritten when the next block is asked for.

    Parameters
    ----------
    data : uint8 array of shape (n,)
        Bytes of the decompressed trace.
    records : RECORD array of shape (n_packets,)
        The packets that lie in these bytes, in order of the file.
    offset : int
        Where ``data[0]`` stands in the decompressed trace.
    start, end : int
        The bytes of ``data`` that the block covers: its records, and between them pcapng blocks without packets. Both
        are 0 where packets were copied out of their block.
    big_endian : bool
        Byte order of the file or section.
    interface_names : sequence of str
        Names of the section's interfaces, by their numbers; empty for those without one.
    """

    data: npt.NDArray[np.uint8]
    records: npt.NDArray[np.void]
    offset: int = 0
    start: int = 0
    end: int = 0
    big_endian: bool = False
    interface_names: Sequence[str] = ()

    def timestamps(self) -> npt.NDArray[np.int64]:
        """Return nanoseconds since 1970 of each record; NO_TIMESTAMP (``kernels.timestamps``) for none."""
        return np.ascontiguousarray(self.records["time_ns"])

    def interface_numbers(self) -> npt.NDArray[np.int64]:
        """Return on which interface of the file each record was captured, counted from 0; NO_INTERFACE for none."""
        return _numbers_of(self.records["interface"])

    def interface_indexes(self) -> npt.NDArray[np.int64]:
        """Return which index Linux gave the interface of each record; NO_INTERFACE if no header says so."""
        return _numbers_of(self.records["interface_index"])


def _numbers_of(column: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    return np.where(column == kernel.INTERFACE_UNKNOWN, NO_INTERFACE, column.astype(np.int64))


Piece = Block | Control | Skipped
"""What a trace is made of."""


class _Taken(NamedTuple):
    """What a kernel took: how many packets, and from where to where in the buffer."""

    n_packets: int
    start: int
    end: int


class Reader:
    """Streams one trace; memory stays flat whatever its size.

    Parameters
    ----------
    trace : str
        A path, or ``-`` for standard input.
    block_len : int
        Bytes to read at once. Results do not depend on it.
    start, end : int, optional
        The part to read of a plain pcap file, not compressed: both are offsets in the file where a record is known to
        start, or ``end`` is the length of the file. The file header is read in any case, since records cannot be
        understood without it; as a piece it belongs to the part without ``start``.

    Raises
    ------
    CaptureError
        The trace cannot be opened, or is not a capture.
    """

    def __init__(
        self,
        trace: str,
        block_len: int = BLOCK_LEN,
        start: int | None = None,
        end: int | None = None,
        path: str | None = None,
    ) -> None:
        self.trace = trace
        self.path = path or trace
        self.source = Source(trace, self.path)
        self.damage: Damage | None = None
        """Why reading ended early, once it has."""
        self.joints: list[int] = []
        """Byte offsets where further files start that were joined to the first as they are."""
        self.is_finished = False
        """Whether reading has ended."""
        self._buffer = np.empty(block_len, np.uint8)
        self._records = np.empty(_MOST_RECORDS, RECORD)
        self._start = self._end = 0
        self._buffer_offset = 0
        self._is_given_away = False
        self._at_end = False
        self._defect: Defect | None = None
        self._stop: int | None = None
        try:
            while self._end < pcap.FILE_HEADER_LEN and self._fill():
                pass
            self.format = recognize_or_refuse(trace, self._first_bytes(), self.source.compression, self._defect)
            self._header = self._file_header(0)  # of a pcap file, until it is handed out
            self._start = self.format.first_offset
            if start is not None or end is not None:
                self._restrict(start, end)
        except CaptureError:
            self.close()
            raise

    def wait_for_records(self) -> None:
        """Wait for as many records as tell whether a patched libpcap wrote them; a pipe may give them late.

        Raises
        ------
        CaptureError
            One did.
        """
        if not isinstance(self.format, Pcap):
            return
        header, compression, is_all = self.format.header, self.source.compression, False
        try:
            while not refuse_patched(self.trace, self._first_bytes(), header, compression, is_all=is_all):
                is_all = self._end - self._start >= _MOST_TO_TELL or not self._fill()
        except CaptureError:
            self.close()
            raise

    @property
    def offset(self) -> int:
        """Where the bytes that are handed out start in the (decompressed) trace."""
        return self._buffer_offset

    @property
    def position(self) -> int:
        """Bytes of the trace as stored that were taken in so far."""
        return self.source.position

    def _restrict(self, start: int | None, end: int | None) -> None:
        """Read only a part."""
        if start is not None:
            self._header = None
        self._buffer_offset = self.format.first_offset if start is None else start
        self._start = self._end = 0
        self._at_end, self._stop = False, end
        self.source.seek(self._buffer_offset)

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks of the trace with packets; afterwards ``damage`` says whether all of it could be read."""
        for piece in self.pieces():
            if isinstance(piece, Block) and len(piece.records):
                yield piece

    def pieces(self) -> Iterator[Piece]:
        """Yield all that the trace is made of, in order: each byte before ``damage`` is in exactly one piece.

        Of a block that is skipped, stretches are yielded before its end is seen: if that is damaged, they reach past
        the offset of ``damage``.
        """

        def index(data: npt.NDArray[np.uint8], start: int, end: int) -> Step:
            """Note the records in some bytes."""
            return self.format.index(data, start, end, self._records)

        while not self.is_finished:
            for piece in self._read(index):
                if not isinstance(piece, _Taken):
                    yield piece
                elif piece.end > piece.start:
                    yield Block(
                        self._buffer[: self._end], self._records[: piece.n_packets], self._buffer_offset,
                        piece.start, piece.end, self.format.big_endian, self.format.interface_names,
                    )  # fmt: skip

    def walk(self, take: Take) -> Iterator[int]:
        """Hand the bytes of the trace to a kernel until all are taken, or until it takes no more.

        It takes no more where a file of another format follows, because files were joined as they are, and where it
        says so (IS_UNCOMMON). ``is_finished`` tells whether all are taken; ``format`` is the one that follows.

        Parameters
        ----------
        take : callable
            Called with bytes, where the first untaken record starts in them, and where they end. Returns how many
            packets it took, where the first untaken record starts now, why it stopped, and what is damaged
            (``kernels.records``).

        Yields
        ------
        int
            How many packets were taken.
        """
        for piece in self._read(take):
            if isinstance(piece, _Taken):
                yield piece.n_packets

    def _read(self, take: Take) -> Iterator["_Taken | Control | Skipped"]:
        """Yield what a kernel takes of the trace, and what stands between; see ``walk``."""
        before = self.format
        is_left = False
        header, self._header = self._header, None
        try:
            if header:
                yield header
            while self.damage is None and self.format is before:
                start = self._start
                n_packets, after, status, code = take(self._buffer, start, self._end)
                self._start = int(after)  # kernels that are not compiled return NumPy's numbers, which JSON cannot hold
                yield _Taken(n_packets, start, self._start)
                if status in _UNUSUAL and self._end - self._start < pcap.FILE_HEADER_START_LEN and self._fill():
                    continue  # now there may be enough to tell a file from a record
                if status in _UNUSUAL and self._begins_file():
                    yield from self._start_file()
                elif status == kernel.IS_DAMAGED:
                    self._report(defect_of(code, self.format, self._buffer, self._start))
                elif status == kernel.IS_CONTROL:
                    yield from self._read_control()
                elif status == kernel.IS_SKIPPED:
                    yield from self._skip()
                elif status == kernel.IS_UNCOMMON:
                    is_left = True
                    break
                elif status == kernel.NEEDS_MORE and not self._more():
                    break
        finally:
            if self.damage or (self.format is before and not is_left):
                self.close()

    def give_away(self) -> None:
        """Leave the bytes and records handed out last to whoever has them: they are never overwritten."""
        self._is_given_away = True
        self._records = np.empty(_MOST_RECORDS, RECORD)

    def close(self) -> None:
        """Close the trace."""
        self.is_finished = True
        self.source.close()

    def _begins_file(self) -> bool:
        """Tell whether a file of another format starts where a record or a block is expected."""
        data = self._buffer[self._start : min(self._end, self._start + pcap.FILE_HEADER_START_LEN)].tobytes()
        return begins_file(data) or (isinstance(self.format, Pcap) and Pcapng.begins(data))

    def _start_file(self) -> Iterator[Control]:
        """Go on in the file that starts here."""
        while self._end - self._start < pcap.FILE_HEADER_LEN and self._fill():
            pass
        start = self._start
        header = self._buffer[start : min(self._end, start + pcap.FILE_HEADER_LEN)].tobytes()
        if len(header) < pcap.FILE_HEADER_LEN:
            self._report(self._defect or Defect(DamageKind.JOINED_HEADER_CUT_SHORT))
            return
        found = recognize(header)
        assert found is not None, "it was recognized before"
        self.joints.append(self._buffer_offset + start)
        self.format = found
        self._start += found.first_offset
        control = self._file_header(start)
        if control:
            yield control

    def _file_header(self, start: int) -> Control | None:
        """Return the header of a pcap file that starts here; pcapng has no header but that of its first section."""
        if not isinstance(self.format, Pcap):
            return None
        data = self._buffer[start : start + pcap.FILE_HEADER_LEN].tobytes()
        return Control(data, self._buffer_offset + start, self.format.header)

    def _first_bytes(self) -> bytes:
        """Return the bytes not used yet, as many as tell what a file is."""
        return self._buffer[self._start : min(self._end, self._start + _MOST_TO_TELL)].tobytes()

    def _report(self, defect: Defect, offset: int | None = None) -> None:
        """Note damage at an offset in the trace, by default that of the first byte not used yet."""
        if offset is None:
            offset = self._buffer_offset + self._start
        self.damage = Damage(self.trace, offset, defect, self.source.is_compressed)

    def _fill(self) -> int:
        """Read on after the bytes not used yet; return how many bytes came, none only at the end."""
        if self._at_end:
            return 0
        left = self._end - self._start
        if left == len(self._buffer):
            self._buffer = np.concatenate([self._buffer, np.empty_like(self._buffer)])
        elif self._start:
            unused = self._buffer[self._start : self._end]
            if self._is_given_away:
                self._buffer = np.empty_like(self._buffer)
            self._buffer[:left] = unused
        self._is_given_away = False
        self._buffer_offset += self._start
        self._start, self._end = 0, left
        room = memoryview(self._buffer)[left:]  # type: ignore[arg-type]
        if self._stop is not None:
            room = room[: self._stop - self._buffer_offset - left]
        n_bytes, self._defect = self.source.readinto(room)
        self._end += n_bytes
        self._at_end = not n_bytes or self._defect is not None
        return n_bytes

    def _more(self) -> bool:
        """Read on; return False at the end, with what is left over reported as damage."""
        if self._fill():
            return True
        if self._defect:
            self._report(self._defect)
        elif self._end > self._start:
            self._report(Defect(DamageKind.CUT_SHORT))
        return False

    def _read_control(self) -> Iterator[Control]:
        """Read a pcapng block that is about the file and not about packets."""
        assert isinstance(self.format, Pcapng)
        start = self._start
        try:
            after, says = self.format.read_control(self._buffer, start, self._end)
        except UnreadableBlockError as error:
            self._report(error.defect)
            return
        if says:
            self._start = after
            yield Control(self._buffer[start:after].tobytes(), self._buffer_offset + start, says)
        else:
            self._more()

    def _skip(self) -> Iterator[Skipped]:
        """Step over a pcapng block that does not end in the buffer, without keeping it."""
        assert isinstance(self.format, Pcapng)
        length = self.format.block_length(self._buffer, self._start)
        if length <= len(self._buffer):
            self._more()
            return
        block_offset = self._buffer_offset + self._start
        expected = self._buffer[self._start + 4 : self._start + 8].tobytes()
        trailer = block_offset + length - 4
        while self._buffer_offset + self._end < trailer + 4 and not self._at_end:
            yield from self._skip_to(min(self._end, trailer - self._buffer_offset))
            self._fill()
        defect = None
        after = trailer + 4 - self._buffer_offset
        if after > self._end:
            defect = self._defect or Defect(DamageKind.CUT_SHORT)
        elif self._buffer[after - 4 : after].tobytes() != expected:
            defect = Defect(DamageKind.BLOCK_LENGTHS_DIFFER)
        if defect:
            self._report(defect, block_offset)
        else:
            yield from self._skip_to(after)

    def _skip_to(self, end: int) -> Iterator[Skipped]:
        """Hand out the bytes up to a place in the buffer."""
        start, self._start = self._start, end
        if end > start:
            yield Skipped(self._buffer[start:end], self._buffer_offset + start)
