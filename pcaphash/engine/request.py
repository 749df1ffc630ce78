"""What a study asks of traces, and what comes of a part of them.

A request begins with a counter that has counted nothing. Counters of several parts are combined, in any order. The
request makes the answer of the sum. A new study is such a request (CONTRIBUTING.md has an example).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt

from pcaphash.capture.control import Control
from pcaphash.capture.input import Readable
from pcaphash.capture.pcap import Pcap
from pcaphash.capture.pcapng import Pcapng
from pcaphash.capture.reader import Block, Take
from pcaphash.device.device import Device
from pcaphash.engine.part import Part
from pcaphash.engine.reading import Reading
from pcaphash.engine.rules import ReadingRules
from pcaphash.engine.selecting.selection import RECEIVED, Selection

if TYPE_CHECKING:
    from pcaphash.capture.reported.notes import Note
    from pcaphash.capture.reported.source import Reported, ReportedSource
    from pcaphash.engine.census.describer import Descriptions
    from pcaphash.engine.progress import Watched
    from pcaphash.engine.saved import SavedCensus


@dataclass(frozen=True, eq=False)
class Batch:
    """Packets of one block that were selected.

    Parameters
    ----------
    block : Block
        Their bytes and records; valid until the next batch is asked for.
    numbers : int64 array of shape (n,)
        Their numbers in the trace, counted from 1.
    trace : int
        Number of the trace in the request.
    reported : Reported or None
        What a device reported of them, if there is a source that says so.
    found : Descriptions or None
        What a device makes of them, if the counter described them (``Counter.prepare``).
    """

    block: Block
    numbers: npt.NDArray[np.int64]
    trace: int
    reported: "Reported | None" = None
    found: "Descriptions | None" = None


class Counter:
    """What a study counts while packets pass by; a study has one of its own, and defines ``append`` and ``combine``."""

    takes_saved_censuses = False
    """Whether ``add_saved`` is defined; other studies need the captures."""

    def prepare(self, batch: Batch) -> Batch:
        """Make of packets what needs no order of them, before ``append``; other packets may be counted meanwhile."""
        return batch

    def append(self, batch: Batch) -> None:
        """Count packets; those between them and the packets before may be counted by another thread."""
        raise NotImplementedError

    def count_beside(self, other: Self) -> None:
        """Begin to count other packets than another counter does at the same time in another thread.

        What can be counted in common may be taken over from the other one; ``combine`` then leaves it as it is.
        """

    def combine(self, other: Self) -> None:
        """Add what was counted of other packets; any order of parts must give the same."""
        raise NotImplementedError

    def source_of(self, part: Part, watched: "Watched") -> "ReportedSource | None":
        """Return what says what a device reported of the packets of a part, before it is opened; None if nothing does.

        If the part has to be read for that, ``watched`` is told how far this is.

        Raises
        ------
        CaptureError
            The trace cannot be read at all.
        ConfigurationError
            What was reported does not go with the trace.
        """
        return None

    def note(self, part: Part, notes: "Sequence[Note]") -> None:
        """Take note of what is to be known of what was reported of a part, if all of the part was read."""

    def open(self, part: Part, trace: Readable) -> None:
        """Take note that a part is about to be read."""

    def control(self, control: Control) -> None:
        """Take note of what stands between the packets of the part."""

    def close(self, part: Part, trace: Readable, packets: int) -> None:
        """Take note of how a part ended, and of how many packets it has, those left out included."""

    def take_of(self, capture: Pcap | Pcapng) -> Take | None:
        """Return what finds and counts all packets of a file of this format in one step; None if nothing does."""
        return None

    def add_saved(self, saved: "SavedCensus", part: Part) -> None:
        """Add a saved census as if its traces were read now.

        Raises
        ------
        ConfigurationError
            It was taken for other devices.
        """
        raise NotImplementedError


C = TypeVar("C", bound=Counter)
A_co = TypeVar("A_co", covariant=True)


@dataclass
class Partial(Generic[C]):
    """What came of running a request over a part of traces, or over several parts.

    Parameters
    ----------
    reading : Reading
        What was read, and what could not be.
    counter : Counter
        What was counted.
    """

    reading: Reading
    counter: C

    def combine(self, other: "Partial[C]") -> None:
        """Add the results of other parts."""
        self.reading.combine(other.reading)
        self.counter.combine(other.counter)


class Request(Protocol[C, A_co]):
    """What is asked of traces; ``Asked`` gives all of it but ``begin`` and ``finish``."""

    @property
    def selection(self) -> Selection:
        """Which packets are looked at."""
        ...

    @property
    def rules(self) -> ReadingRules:
        """How headers are read when a selection looks into packets."""
        ...

    @property
    def spec(self) -> str:
        """The spec whose names the selection has for encapsulations, ``v7`` or ``1.4``."""
        ...

    @property
    def selects(self) -> bool:
        """Whether it asks for only some of the packets: then there must be such packets; a saved census has none."""
        ...

    @property
    def needs_order(self) -> bool:
        """Whether only ``run.answer`` runs it, because what it makes of a packet depends on those before it."""
        ...

    def begin(self) -> C:
        """Return a counter that has counted nothing."""
        ...

    def finish(self, partial: Partial[C]) -> A_co:
        """Return the answer."""
        ...


@dataclass(frozen=True)
class Asked:
    """What most requests have in common.

    Parameters
    ----------
    devices : tuple of Device
        The configurations asked about; the first of them says how headers are read when packets are selected.
    selection : Selection
        Which packets are looked at.
    """

    devices: tuple[Device, ...] = (Device(),)
    selection: Selection = RECEIVED

    @property
    def rules(self) -> ReadingRules:
        """How headers are read when a selection looks into packets."""
        return ReadingRules.of(self.devices[0])

    @property
    def spec(self) -> str:
        """The spec whose names the selection has for encapsulations."""
        return self.devices[0].spec

    @property
    def selects(self) -> bool:
        """Whether it asks for only some of the packets: then there must be such packets; a saved census has none."""
        return bool(str(self.selection))

    @property
    def needs_order(self) -> bool:
        """Whether it cannot run in parts: the first N packets of the traces are not the first N of each part."""
        return self.selection.count is not None
