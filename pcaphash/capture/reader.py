"""Stream a trace in blocks of bytes with the records found in them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.capture.damage import Damage, UnreadableBlock
from pcaphash.capture.pcap import Pcap, begins_file
from pcaphash.capture.pcapng import Pcapng
from pcaphash.capture.source import Source
from pcaphash.errors import CaptureError
from pcaphash.kernels import records as kernel
from pcaphash.kernels.records import RECORD
from pcaphash.standards import pcap

BLOCK_LEN = 1024 * 1024
"""Bytes read at once: large enough that Python's share does not count, small enough for a processor's cache."""

_MOST_RECORDS = 16 * 1024

_DAMAGE = {
    kernel.RECORD_TOO_LONG: "a record gives its captured length as more than 16 MiB",
    kernel.BLOCK_LENGTH_INVALID: "a block gives an impossible length",
    kernel.BLOCK_LENGTHS_DIFFER: "the two lengths of a block do not match",
    kernel.UNDECLARED_INTERFACE: "a packet names an interface that was not declared",
    kernel.PACKET_TOO_LONG: "a packet gives a captured length that its block cannot hold",
}
_UNUSUAL = (kernel.IS_DAMAGED, kernel.IS_SKIPPED, kernel.IS_CONTROL)
_MOST_OF_FOREIGN = 64 * 1024  # bytes that tell what another file is
_CUT_SHORT = "the file ends within a record"


Step = tuple[int, int, int, int]


def recognize(header: bytes) -> Pcap | Pcapng | None:
    """Return an indexer for a file that starts with these bytes, or None where it is not a capture."""
    return Pcap.recognize(header) or Pcapng.recognize(header)


@dataclass(frozen=True)
class Block:
    """Bytes of a trace, and where packets are in them; both are overwritten when the next block is asked for.

    Parameters
    ----------
    data : uint8 array of shape (n,)
        Bytes of the decompressed trace.
    records : RECORD array of shape (n_packets,)
        The packets that lie in these bytes, in order of the file.
    format : Pcap or Pcapng
        What knows the headers in front of the packets.
    """

    data: npt.NDArray[np.uint8]
    records: npt.NDArray[np.void]
    format: Pcap | Pcapng

    def timestamps(self) -> npt.NDArray[np.int64]:
        """Return nanoseconds since 1970 of each record; NO_TIMESTAMP (``kernels.timestamps``) for none."""
        return self.format.timestamps(self.data, self.records)

    def interface_numbers(self) -> npt.NDArray[np.int64]:
        """Return on which interface of the file each record was captured, counted from 0; NO_INTERFACE for none."""
        return self.format.interface_numbers(self.data, self.records)


class Reader:
    """Streams one trace; memory stays flat whatever its size.

    Parameters
    ----------
    trace : str
        A path, or ``-`` for standard input.
    block_len : int
        Bytes to read at once. Results do not depend on it.

    Raises
    ------
    CaptureError
        The trace cannot be opened, or is not a capture.
    """

    def __init__(self, trace: str, block_len: int = BLOCK_LEN) -> None:
        self.trace = trace
        self.source = Source(trace)
        self.damage: Damage | None = None
        """Why reading ended early, once it has."""
        self.joints: list[int] = []
        """Byte offsets where further files start that were joined to the first as they are."""
        self.is_finished = False
        """Whether reading has ended."""
        self.recognize = recognize
        """What recognizes a file by its header; whoever wants to know of each may put another in its place."""
        self._buffer = np.empty(block_len, np.uint8)
        self._records = np.empty(_MOST_RECORDS, RECORD)
        self._start = self._end = 0
        self._buffer_offset = 0
        self._at_end = False
        self._problem = ""
        try:
            while self._end < pcap.FILE_HEADER_LEN and self._fill():
                pass
            self.format = self._recognize()
            self.head = self._buffer[: pcap.FILE_HEADER_LEN].tobytes()
            """The first bytes of the trace, as many as the header of a pcap file has."""
            self._start = self.format.first_offset
        except CaptureError:
            self.close()
            raise

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks of the trace; afterwards ``damage`` says whether all of it could be read."""

        def index(data: npt.NDArray[np.uint8], start: int, end: int) -> Step:
            return self.format.index(data, start, end, self._records)

        while not self.is_finished:
            for n_records in self.walk(index):
                if n_records:
                    yield Block(self._buffer[: self._end], self._records[:n_records], self.format)

    def walk(self, take: Callable[[npt.NDArray[np.uint8], int, int], Step]) -> Iterator[int]:
        """Hand the bytes of the trace to a kernel until all are taken, or until a file of another format follows.

        The latter is so where files were joined as they are. ``is_finished`` tells which; ``format`` is the new one.

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
        before = self.format
        try:
            while self.damage is None and self.format is before:
                n_packets, self._start, status, code = take(self._buffer, self._start, self._end)
                yield n_packets
                if status in _UNUSUAL and self._end - self._start < pcap.FILE_HEADER_START_LEN and self._fill():
                    continue  # now there may be enough to tell a file from a record
                if status in _UNUSUAL and self._begins_file():
                    self._start_file()
                elif status == kernel.IS_DAMAGED:
                    self._report(_DAMAGE[code])
                elif status == kernel.IS_CONTROL:
                    self._read_control()
                elif status == kernel.IS_SKIPPED:
                    self._skip()
                elif status == kernel.NEEDS_MORE and not self._more():
                    break
        finally:
            if self.format is before or self.damage:
                self.close()

    def close(self) -> None:
        """Close the trace."""
        self.is_finished = True
        self.source.close()

    def _begins_file(self) -> bool:
        """Tell whether a file of another format starts where a record or a block is due."""
        data = self._buffer[self._start : min(self._end, self._start + pcap.FILE_HEADER_START_LEN)].tobytes()
        return begins_file(data) or (isinstance(self.format, Pcap) and Pcapng.begins(data))

    def _start_file(self) -> None:
        """Go on in the file that starts here."""
        while self._end - self._start < pcap.FILE_HEADER_LEN and self._fill():
            pass
        header = self._buffer[self._start : min(self._end, self._start + pcap.FILE_HEADER_LEN)].tobytes()
        if len(header) < pcap.FILE_HEADER_LEN:
            self._report(self._problem or "the file ends within the header of another file joined to it")
            return
        found = self.recognize(header)
        assert found is not None, "it was recognized before"
        self.joints.append(self._buffer_offset + self._start)
        self.format = found
        self._start += found.first_offset

    def _recognize(self) -> Pcap | Pcapng:
        header = self._buffer[: min(self._end, pcap.FILE_HEADER_LEN)].tobytes()
        if not header:
            raise CaptureError(self.trace, self._problem or "is empty", "give a pcap or pcapng file")
        found = recognize(header)
        if found is None:
            raise self._not_a_capture()
        if isinstance(found, Pcap) and self._end < pcap.FILE_HEADER_LEN:
            problem = "ends within the file header"
            if self.source.is_compressed:
                problem = f"its decompressed data {problem}"
            raise CaptureError(self.trace, problem, "capture or copy the file again", offset=self._end)
        return found

    def _not_a_capture(self) -> CaptureError:
        """Say what the file is instead, as far as its first bytes tell."""
        from pcaphash.capture.foreign import is_saved_array, recognize_foreign  # a long table that few runs need

        data = self._buffer[: min(self._end, _MOST_OF_FOREIGN)].tobytes()
        its_data = "its decompressed data " if self.source.is_compressed else ""
        if is_saved_array(data):
            problem = (
                "is not a capture; it may be a saved census, which has no packets and cannot be read from "
                "standard input"
            )
            return CaptureError(self.trace, problem, "give the capture, or the census to analyze", offset=0)
        foreign = recognize_foreign(data)
        if foreign is not None:
            advice = foreign.advise(self.trace, self.source.compression)
            return CaptureError(self.trace, f"{its_data}is {foreign.what}", advice, offset=0)
        problem = f"is not a capture: {its_data or 'it '}starts with {data[:4].hex(' ')}"
        return CaptureError(self.trace, problem, "give a pcap or pcapng file", offset=0)

    def _report(self, problem: str, offset: int | None = None) -> None:
        """Note damage at an offset in the trace, by default that of the first byte not used yet."""
        if offset is None:
            offset = self._buffer_offset + self._start
        self.damage = Damage(self.trace, offset, problem, self.source.is_compressed)

    def _fill(self) -> int:
        """Read on behind the bytes not used yet; return how many bytes came, none only at the end."""
        if self._at_end:
            return 0
        left = self._end - self._start
        if left == len(self._buffer):
            self._buffer = np.concatenate([self._buffer, np.empty_like(self._buffer)])
        elif self._start:
            self._buffer[:left] = self._buffer[self._start : self._end]
        self._buffer_offset += self._start
        self._start, self._end = 0, left
        n_bytes, self._problem = self.source.readinto(memoryview(self._buffer)[left:])  # type: ignore[arg-type]
        self._end += n_bytes
        self._at_end = not n_bytes or bool(self._problem)
        return n_bytes

    def _more(self) -> bool:
        """Read on; return False at the end, with what is left over reported as damage."""
        if self._fill():
            return True
        if self._problem:
            self._report(self._problem)
        elif self._end > self._start:
            self._report(_CUT_SHORT)
        return False

    def _read_control(self) -> None:
        """Read a pcapng block that is about the file and not about packets."""
        assert isinstance(self.format, Pcapng)
        try:
            after = self.format.read_control(self._buffer, self._start, self._end)
        except UnreadableBlock as error:
            self._report(str(error))
            return
        if after > self._start:
            self._start = after
        else:
            self._more()

    def _skip(self) -> None:
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
            self._start = min(self._end, trailer - self._buffer_offset)
            self._fill()
        self._start = trailer - self._buffer_offset
        problem = ""
        if self._start + 4 > self._end:
            problem = self._problem or _CUT_SHORT
        elif self._buffer[self._start : self._start + 4].tobytes() != expected:
            problem = _DAMAGE[kernel.BLOCK_LENGTHS_DIFFER]
        if problem:
            self._report(problem, block_offset)
        self._start += 4
