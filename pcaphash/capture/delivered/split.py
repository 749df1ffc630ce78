"""Write what a device delivers into one file for each receive queue.

Files are appended to in turn, and none stays open: a device may have more queues than a process may have files.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from pcaphash.capture.control import Control
from pcaphash.capture.delivered.delivery import Delivery
from pcaphash.capture.delivered.encoder import Encoder, Sink
from pcaphash.capture.delivered.output import open_stream
from pcaphash.capture.reader import Block
from pcaphash.errors import Field, OutputError
from pcaphash.kernels.delivered import DELIVERED, LEFT_OUT

_MOST_HELD, _MOST_HELD_OF_ONE = 32 * 1024 * 1024, 256 * 1024  # bytes of all files, and of one
_UNKNOWN = "unknown"


class _HeldFile:
    """A file whose bytes are held back until they are many."""

    def __init__(self, path: Path, place: Field) -> None:
        self.path = path
        self._place = place
        self.held = bytearray()

    def write(self, data: memoryview | bytes, /) -> None:
        """Take bytes."""
        self.held += data
        if len(self.held) > _MOST_HELD_OF_ONE:
            self.append()

    def append(self) -> None:
        """Append to the file what was held back."""
        try:
            with open_stream(self.path, self.path.suffix, "ab") as stream:
                stream.write(self.held)
        except OSError as error:
            raise OutputError(str(self.path), error.strerror or str(error), self._place) from error
        self.held = bytearray()


class SplitEncoder(Encoder):
    """Writes a file for each receive queue, also where no packet goes there, into a folder.

    ``queue-0.pcapng`` and so on; what stands between packets goes into all of them. Packets whose queue the capture
    does not show go to ``queue-unknown.pcapng``, which is there only if there are such packets.

    Parameters
    ----------
    folder : Path
        Where to.
    n_queues : int
        How many receive queues there are.
    suffix : str
        What names of files end with.
    encode : callable
        Makes what writes a file.
    place : Field
        The field that names the folder, for errors.
    """

    def __init__(
        self, folder: Path, n_queues: int, suffix: str, encode: Callable[[Sink], Encoder], place: Field
    ) -> None:
        names = [*map(str, range(n_queues)), _UNKNOWN]
        self._files = [_HeldFile(folder / f"queue-{name}{suffix}", place) for name in names]
        self._encoders = [encode(file) for file in self._files]
        self._n_unknown = 0

    def _write_control(self, control: Control) -> None:
        for encoder in self._encoders:
            encoder.write(control)
        self._bound()

    def write_between(self, data: bytes) -> None:
        """Write bytes of a block without packets, to all files."""
        for encoder in self._encoders:
            encoder.write_between(data)
        self._bound()

    def _write_packets(self, block: Block, delivery: Delivery) -> None:
        n_files = len(self._files)
        queues = delivery.reported.queues
        files = np.where(queues < 0, n_files - 1, queues)
        self._n_unknown += int(np.count_nonzero((queues < 0) & (delivery.fates == DELIVERED)))
        records = block.records
        n_bytes_of_packets = int((records["end"] - records["start"]).sum(dtype=np.int64))
        if n_bytes_of_packets < block.end - block.start:
            for number, encoder in enumerate(self._encoders):
                fates = np.where(files == number, delivery.fates, np.uint8(LEFT_OUT))
                encoder.write(block, replace(delivery, fates=fates))
        else:
            order = np.argsort(files, kind="stable")
            ends = np.searchsorted(files[order], np.arange(n_files + 1))
            for number in np.unique(files).tolist():
                chosen = order[ends[number] : ends[number + 1]]
                part = replace(block, records=records[chosen], start=0, end=0)
                self._encoders[number].write(part, delivery.take(chosen))
        self._bound()

    def _bound(self) -> None:
        """Keep what is held back of all files within bounds."""
        if sum(len(file.held) for file in self._files) > _MOST_HELD:
            for file in self._files:
                file.append()

    def finish(self) -> None:
        """Write what is held back."""
        for file, encoder in zip(self._files, self._encoders, strict=True):
            encoder.finish()
            file.append()
        if not self._n_unknown:
            self._files[-1].path.unlink()
