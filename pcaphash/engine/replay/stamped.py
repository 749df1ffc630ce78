"""The packets of one trace with times that never descend, and what was unusual about its stamps."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pcaphash.capture.input import Readable
from pcaphash.capture.reader import Block
from pcaphash.engine.part import Part
from pcaphash.engine.progress import Watched
from pcaphash.engine.reading import Reading
from pcaphash.engine.running.loop import open_part, read
from pcaphash.engine.selecting.selector import Selector
from pcaphash.errors import CaptureError, ConfigurationError, Field
from pcaphash.kernels.clock import BACKWARDS, FIRST_BACKWARDS, JUMPS, N_COUNTS, WITHOUT_TIME, settle_times
from pcaphash.kernels.timestamps import NO_TIMESTAMP

MOST_NAMED = 10


@dataclass
class Stamps:
    """What was unusual about the stamps of a trace.

    Parameters
    ----------
    backwards : int
        Stamps that are earlier than an arrival before, by no more than an hour.
    first_backwards : int
        Number of the first such packet in the trace, counted from 1.
    jumps : int
        Stamps that are more than an hour away from the arrival before.
    named : list of (int, float)
        The first MOST_NAMED of these: number of the packet, and how many seconds away.
    """

    backwards: int = 0
    first_backwards: int = 0
    jumps: int = 0
    named: list[tuple[int, float]] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Stamped:
    """Packets of one block, and when they were captured.

    Parameters
    ----------
    block : Block
        Their bytes and records; valid until the next packets of the trace are asked for.
    base : int
        What ``times`` count from: nanoseconds since 1970.
    times : int64 array of shape (n,)
        Never descending; all 0 if nobody asked for times.
    """

    block: Block
    base: int
    times: npt.NDArray[np.int64]


class Settler:
    """Settles when the packets of one trace arrive, batch by batch.

    Parameters
    ----------
    name : str
        Name of the trace.
    """

    def __init__(self, name: str) -> None:
        self.stamps = Stamps()
        """What was unusual so far."""
        self.name = name
        """Name of the trace."""
        self._base, self._anchor = 0, NO_TIMESTAMP

    def settle(
        self, stamps: npt.NDArray[np.int64], numbers: npt.NDArray[np.int64]
    ) -> tuple[int, npt.NDArray[np.int64]]:
        """Return what the times of a batch count from, in nanoseconds since 1970, and its times, which never descend.

        Raises
        ------
        ConfigurationError
            A packet has no time.
        """
        if self._anchor == NO_TIMESTAMP:
            self._base = self._anchor = int(stamps[0])
        base, times = self._base, np.empty(len(stamps), np.int64)
        counts = np.zeros(N_COUNTS, np.int64)
        jumped, distances = np.empty(MOST_NAMED, np.int64), np.empty(MOST_NAMED, np.float64)
        self._anchor = int(settle_times(stamps, len(stamps), self._anchor, times, counts, jumped, distances))
        if counts[WITHOUT_TIME]:
            place = int(numbers[np.flatnonzero(stamps == NO_TIMESTAMP)[0]])
            problem = f"packet {place:,} of {self.name} has no time of arrival"
            raise ConfigurationError(Field("rate"), problem, f"give {Field('rate', '1Mpps')}, or another rate")
        self._base += int(times[-1])
        found = self.stamps
        if counts[BACKWARDS] and not found.backwards:
            found.first_backwards = int(numbers[counts[FIRST_BACKWARDS]])
        found.backwards += int(counts[BACKWARDS])
        n_named = min(int(counts[JUMPS]), MOST_NAMED - len(found.named))
        found.named += zip(numbers[jumped[:n_named]].tolist(), distances[:n_named].tolist(), strict=True)
        found.jumps += int(counts[JUMPS])
        return base, times


class StampedTrace:
    """Reads one trace.

    Parameters
    ----------
    part : Part
        The trace.
    selector : Selector
        Selects the packets.
    reading : Reading
        Keeps account of what was read.
    watched : Watched
        Is told how far this is.
    with_times : bool
        Whether times are asked for; then every packet must have one.
    """

    def __init__(self, part: Part, selector: Selector, reading: Reading, watched: Watched, with_times: bool) -> None:
        self.part = part
        self.first_stamp: int | None = None
        """When the first packet was captured, in nanoseconds since 1970; None if the trace does not say so."""
        self._selector, self._reading, self._watched = selector, reading, watched
        self._with_times = with_times
        self.settler = Settler(part.input.name)
        """Says when packets arrive, and what was unusual."""
        self._trace: Readable | None = None

    def packets(self) -> Iterator[Stamped]:
        """Yield the packets; none if the trace cannot be read, which ``reading`` says.

        Raises
        ------
        ConfigurationError
            A packet has no time, and times are asked for.
        """
        try:
            self._trace = open_part(self.part, self._reading, self._watched)
        except CaptureError as error:
            self._reading.add_problem((self.part.number,), error)
            return
        for batch in read(self.part, self._trace, self._selector, self._reading, self._watched):
            stamps = batch.block.timestamps()
            if self.first_stamp is None and stamps[0] != NO_TIMESTAMP:
                self.first_stamp = int(stamps[0])
            if not self._with_times:
                yield Stamped(batch.block, 0, np.zeros(len(stamps), np.int64))
                continue
            base, times = self.settler.settle(stamps, batch.numbers)
            yield Stamped(batch.block, base, times)

    def close(self) -> None:
        """Stop reading."""
        if self._trace:
            self._trace.close()
