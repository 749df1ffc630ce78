"""What the processes of a cluster do: these functions and values are sent to them, and back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pcaphash import __version__
from pcaphash.capture.input import Input, Readable, state_of
from pcaphash.capture.ranges import RangeInput, RangeReader
from pcaphash.engine.cluster.memory import keep_memory
from pcaphash.engine.part import Part
from pcaphash.engine.progress import Watched
from pcaphash.engine.request import Partial, Request
from pcaphash.engine.running.apart import count_apart
from pcaphash.engine.running.packed import pack, unpack
from pcaphash.engine.running.resume import Shelf
from pcaphash.engine.running.run import begin, count


class CountedTwiceError(Exception):
    """What came of one task was about to be added twice: nothing that users do leads to this."""


@dataclass(frozen=True)
class Kept:
    """What came of one trace, for those who keep it.

    Parameters
    ----------
    number : int
        Of the trace.
    state : str
        In which it was read (``apart.count_apart``).
    packed : bytes
        The partial result.
    """

    number: int
    state: str
    packed: bytes


@dataclass(frozen=True)
class Portion:
    """What came of some tasks.

    Parameters
    ----------
    tasks : frozenset of int
        Which tasks.
    kept : tuple of Kept
        What came of them, trace by trace, or of all of them together under the first number.
    packets : int
        Records found.
    """

    tasks: frozenset[int]
    kept: tuple[Kept, ...]
    packets: int

    @property
    def n_bytes(self) -> int:
        """Bytes of the packed results."""
        return sum(len(each.packed) for each in self.kept)

    def __sizeof__(self) -> int:
        """Tell Dask how much there is to be sent, so that it sends little."""
        return self.n_bytes


@dataclass(frozen=True)
class RangeFacts:
    """How a range of a file was read.

    Parameters
    ----------
    reached : int
        Where the first record starts that was not read.
    is_last : bool
        Whether nothing after it is to be read: the trace is damaged, or cannot be read at all.
    changes_format : bool
        Whether what follows means something else than it seems to mean by itself.
    state : str
        Of the file when it was read.
    """

    reached: int
    is_last: bool
    changes_format: bool
    state: str


@dataclass(frozen=True)
class PortionFacts:
    """What is to be known of a portion by those who do not look into it.

    Parameters
    ----------
    packets, n_bytes : int
        Records found, and bytes of the packed results.
    of_range : RangeFacts or None
        How a range was read, if it is of one.
    """

    packets: int
    n_bytes: int
    of_range: RangeFacts | None


@dataclass(frozen=True)
class Counted:
    """What came of one task, and what is to be known of it."""

    portion: Portion
    of_range: RangeFacts | None = None

    def __sizeof__(self) -> int:
        """Tell the same of what came of a task."""
        return self.portion.n_bytes

    @property
    def facts(self) -> PortionFacts:
        """What is to be known of it."""
        return PortionFacts(self.portion.packets, self.portion.n_bytes, self.of_range)


def version() -> str:
    """Return the version of the package."""
    return __version__


def count_files(
    request: Request[Any, Any], parts: Sequence[Part], task: int, is_apart: bool, shelf: Shelf | None = None
) -> Counted:
    """Run a request over traces.

    Parameters
    ----------
    request : Request
        What is asked.
    parts : sequence of Part
        The traces.
    task : int
        Number of this task.
    is_apart : bool
        Whether what comes of each trace is wanted by itself.
    shelf : Shelf, optional
        Where what comes of each trace is kept as soon as the trace was read.

    Raises
    ------
    OutputError
        It cannot be kept.
    """
    keep_memory()
    watched = Watched([part.input for part in parts])
    total = begin(request)
    if not is_apart and not shelf:
        count(request, total, parts, watched, 1)
        return _counted_together(task, parts, total)
    packets = 0
    apart = []
    for part in parts:
        state, partial = count_apart(request, part, watched, 1)
        kept = Kept(part.number, state, pack(partial))
        if shelf:
            shelf.save(part, kept.state, kept.packed)
        if is_apart:
            apart.append(kept)
            packets += partial.reading.packets
        else:
            total.combine(partial)
    if is_apart:
        return Counted(Portion(frozenset({task}), tuple(apart), packets))
    return _counted_together(task, parts, total)


def _counted_together(task: int, parts: Sequence[Part], total: Partial[Any]) -> Counted:
    together = (Kept(parts[0].number, "", pack(total)),)
    return Counted(Portion(frozenset({task}), together, total.reading.packets))


class _Opened:
    """A range that says how it was read."""

    def __init__(self, source: RangeInput) -> None:
        self._source = source
        self.name, self.size = source.name, source.size
        self.reader: RangeReader | None = None

    def open(self) -> Readable:
        """Open the trace, and keep what reads it."""
        self.reader = self._source.open()
        return self.reader


def count_range(request: Request[Any, Any], part: Part, task: int) -> Counted:
    """Run a request over a range of a file, whose input is a ``RangeInput``, given the number of this task."""
    keep_memory()
    source: Input = part.input
    assert isinstance(source, RangeInput), "other parts are whole files"
    opened = _Opened(source)
    before = state_of(source)
    _, partial = count_apart(request, Part(opened, part.number), Watched([source]), 1)
    state = before if before == state_of(source) else ""
    reader = opened.reader
    if reader is None:
        facts = RangeFacts(0, True, False, state)
    else:
        facts = RangeFacts(reader.reached, reader.damage is not None, reader.changes_format, state)
    kept = Kept(part.number, state, pack(partial))
    return Counted(Portion(frozenset({task}), (kept,), partial.reading.packets), facts)


def facts_of(counted: Counted) -> PortionFacts:
    """Return what is to be known of what came of a task."""
    return counted.facts


def merge(request: Request[Any, Any], portions: Sequence[Portion | Counted]) -> Portion:
    """Add portions; what is added is not changed, so that this can be done again.

    Raises
    ------
    CountedTwiceError
        They have a task in common.
    """
    tasks: set[int] = set()
    total = begin(request)
    number, packets = 0, 0
    for portion in map(portion_of, portions):
        if tasks & portion.tasks:
            raise CountedTwiceError(f"tasks {sorted(tasks & portion.tasks)}")
        tasks |= portion.tasks
        packets += portion.packets
        number = portion.kept[0].number
        for partial in partials_of(portion):
            total.combine(partial)
    return Portion(frozenset(tasks), (Kept(number, "", pack(total)),), packets)


def portion_of(value: Portion | Counted) -> Portion:
    """Return what came of tasks, of one or of several."""
    return value.portion if isinstance(value, Counted) else value


def partials_of(portion: Portion) -> Iterator[Partial[Any]]:
    """Unpack what came of a portion's tasks."""
    for each in portion.kept:
        yield unpack(each.packed)
