"""How far a run is, for whoever watches it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pcaphash.capture.input import Input, Readable


@dataclass
class Progress:
    """How far a run is.

    Parameters
    ----------
    total_bytes, read_bytes : int
        Of the traces as stored; those whose size is not known count 0 in the total.
    total_files, read_files : int
        How many traces there are, and how many of them are being read or were read.
    packets : int
        Complete records found so far.
    """

    total_bytes: int = 0
    read_bytes: int = 0
    packets: int = 0
    total_files: int = 0
    read_files: int = 0


Watch = Callable[[Progress], None]


class Watched:
    """Tells whoever watches how far traces are read.

    Parameters
    ----------
    inputs : iterable of Input
        What is going to be read.
    watch : callable, optional
        Called now and then.
    """

    def __init__(self, inputs: Iterable[Input], watch: Watch | None = None) -> None:
        self.watch = watch
        """Who is told."""
        inputs = list(inputs)
        sizes = sum(each.size for each in inputs) if watch else 0
        self._progress = Progress(sizes, total_files=len(inputs))
        self._before = 0

    def open(self) -> None:
        """Take note that another trace is read from here on."""
        self._before = self._progress.read_bytes
        self._progress.read_files += 1

    def read_before(self, source: Input) -> None:
        """Take note that a trace is read from here on, once more than it counts; its packets are not added."""
        self._before = self._progress.read_bytes
        if self.watch:
            self._progress.total_bytes += source.size

    def step_over(self, n_bytes: int, n_packets: int, n_files: int = 1) -> None:
        """Take note of traces that were read elsewhere, or before."""
        self._progress.read_bytes += n_bytes
        self._progress.read_files += n_files
        self._progress.packets += n_packets
        if self.watch:
            self.watch(self._progress)

    def add(self, trace: Readable, n_packets: int) -> None:
        """Take note of packets of the trace that is being read."""
        if self.watch:
            self._progress.packets += n_packets
            self._progress.read_bytes = self._before + trace.position
            self.watch(self._progress)
