"""Run a request over parts of traces; add up the results; answer it.

``run`` asks a request of one part, in whatever process or on whatever machine. ``combine`` adds the results, in any
order. ``answer`` does all of it here, one trace after the other, also for requests that need the packets in order.
``batches`` does it block by block, for studies that also have a row for each packet.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, nullcontext
from typing import Protocol, TypeVar

from pcaphash.capture.damage_words import damage_text
from pcaphash.capture.input import FileInput, Input
from pcaphash.capture.reader import Reader
from pcaphash.engine.part import Part, whole_parts
from pcaphash.engine.progress import Watch, Watched
from pcaphash.engine.reading import InheritedDoubts, Reading
from pcaphash.engine.request import Batch, C, Partial, Request
from pcaphash.engine.running.ahead import read_ahead
from pcaphash.engine.running.cores import count_jobs
from pcaphash.engine.running.crew import Crew
from pcaphash.engine.running.loop import count_whole, open_part, read
from pcaphash.engine.running.threads import using_threads
from pcaphash.engine.saved import SavedCensus, is_saved_census, load_census
from pcaphash.engine.selecting.selection import Selection
from pcaphash.engine.selecting.selector import Selector
from pcaphash.errors import (
    CaptureError,
    Command,
    ConfigurationError,
    Field,
    NothingReadableError,
    PacketLostError,
    PcaphashError,
)

A = TypeVar("A")


def run(request: Request[C, A], part: Part, watch: Watch | None = None) -> Partial[C]:
    """Run a request over one part of traces.

    Parameters
    ----------
    request : Request
        What is asked.
    part : Part
        Of what.
    watch : callable, optional
        Called now and then with the progress.

    Returns
    -------
    Partial
        What came of it, also if the trace could not be read: ``reading`` says so.

    Raises
    ------
    ConfigurationError
        The part is a saved census, and it was taken for other devices, or the request needs packets.
    PcaphashError
        The request needs the packets in order, which no part has of all traces.
    """
    if request.needs_order:
        raise PcaphashError("this question needs the packets in order, so it cannot run in parts")
    partial = begin(request)
    for _ in _count_all(request, partial, [part], Watched([part.input], watch)):
        pass
    return partial


def combine(partials: Iterable[Partial[C]]) -> Partial[C]:
    """Add partial results of one request, in any order; the first of them takes up the others.

    Raises
    ------
    ValueError
        There is none.
    """
    first, *others = partials
    for other in others:
        first.combine(other)
    return first


class Gatherer(Protocol):
    """Another way to run a request over traces than ``gather``: in parts, and perhaps elsewhere."""

    def gather(
        self, request: Request[C, A], inputs: Sequence[Input], watch: Watch | None, jobs: int | None
    ) -> Partial[C]:
        """Return what ``gather`` returns."""
        ...


def answer(
    request: Request[C, A],
    inputs: Sequence[Input],
    watch: Watch | None = None,
    jobs: int | None = None,
    running: Gatherer | None = None,
) -> A:
    """Run a request over traces, one after the other, and return the answer.

    Parameters
    ----------
    request, inputs, watch, jobs
        As ``gather`` takes them.
    running : Gatherer, optional
        Runs it instead.

    Raises
    ------
    NothingReadableError
        Not one of the traces can be read.
    ConfigurationError
        No packet is selected, of those that there are; or a saved census does not go with the request.
    """
    partial = (running.gather if running else gather)(request, inputs, watch, jobs)
    with using_threads(count_jobs(jobs)):
        return finish(request, partial)


def gather(
    request: Request[C, A], inputs: Sequence[Input], watch: Watch | None = None, jobs: int | None = None
) -> Partial[C]:
    """Run a request over traces, one after the other, and return what came of it, for ``finish``.

    Parameters
    ----------
    request : Request
        What is asked.
    inputs : sequence of Input
        The traces.
    watch : callable, optional
        Called now and then with the progress.
    jobs : int, optional
        How many threads count packets; what comes of it does not depend on that. Default: as many as there are cores.

    Raises
    ------
    ConfigurationError
        A saved census does not go with the request, or there are no threads.
    """
    partial = begin(request)
    if request.needs_order:
        for _ in batches(request, partial, inputs, watch, jobs):
            pass
        return partial
    count(request, partial, whole_parts(inputs), Watched(inputs, watch), jobs)
    return partial


def count(
    request: Request[C, A], partial: Partial[C], parts: Sequence[Part], watched: Watched, jobs: int | None
) -> None:
    """Have packets of parts counted, in any order, and added to what has come of a request.

    Raises
    ------
    ConfigurationError
        A saved census does not go with the request, or there are no threads.
    """
    with Crew(request, partial, count_jobs(jobs)) as crew:
        for _ in _count_all(request, partial, parts, watched, crew):
            pass
        crew.add_up()


def begin(request: Request[C, A]) -> Partial[C]:
    """Return what has come of a request before anything is read."""
    return Partial(Reading(), request.begin())


def batches(
    request: Request[C, A],
    partial: Partial[C],
    inputs: Sequence[Input],
    watch: Watch | None = None,
    jobs: int | None = None,
) -> Iterator[Batch]:
    """Have the packets of traces counted, and yield each batch after it was counted; ``finish`` then has the answer.

    Parameters
    ----------
    request : Request
        What is asked.
    partial : Partial
        What ``begin`` returned; what is counted is added to it.
    inputs : sequence of Input
        The traces.
    watch : callable, optional
        Called now and then with the progress.
    jobs : int, optional
        If it is more than 1, another thread reads ahead. Default: as many as there are cores.

    Raises
    ------
    ConfigurationError
        A saved census does not go with the request, or what was reported does not go with a trace.
    """
    return _count_all(request, partial, whole_parts(inputs), Watched(inputs, watch), is_ahead=count_jobs(jobs) > 1)


def finish(request: Request[C, A], partial: Partial[C]) -> A:
    """Make the answer from the results of all parts.

    Raises
    ------
    NothingReadableError
        Not one of the traces can be read.
    ConfigurationError
        No packet is selected, of those that there are.
    """
    check_read(partial.reading)
    partial.reading.sort()
    if request.selects:
        check_selected(partial.reading, request.selection)
    return request.finish(partial)


def check_read(reading: Reading) -> None:
    """Refuse to go on with nothing.

    Raises
    ------
    NothingReadableError
        Not one of the traces can be read.
    """
    if not reading.traces:
        raise NothingReadableError(reading.unreadable)


def check_left(reading: Reading) -> None:
    """Refuse to go on if damage left no packet.

    Raises
    ------
    PacketLostError
        There is damage, and no packet before it.
    """
    if reading.damages and not reading.packets:
        raise PacketLostError(f"{damage_text(reading.damages[0])}, 0 packets; there is nothing to go on with")


def check_selected(reading: Reading, selection: Selection) -> None:
    """Refuse a selection that leaves out all there is.

    Raises
    ------
    ConfigurationError
        No packet is selected, of those that there are.
    """
    if reading.packets and not reading.selected and str(selection):
        problem = f"none of the {reading.packets:,} packets matches the selection"
        raise ConfigurationError(str(selection), problem, f"run `{Command('info')}` to list what is there")


def _count_all(
    request: Request[C, A],
    partial: Partial[C],
    parts: Sequence[Part],
    watched: Watched,
    crew: Crew[C] | None = None,
    *,
    is_ahead: bool = False,
) -> Iterator[Batch]:
    """Count the packets of parts, those that are not left to a crew, and yield each batch after it was counted."""
    selector = Selector(request.selection, request.rules, request.spec, partial.reading.left_out)
    for part in parts:
        try:
            path = part.input.path if isinstance(part.input, FileInput) else part.input.name
            if partial.counter.takes_saved_censuses and is_saved_census(path):
                _add_saved(partial, load_census(part.input.name, path), part, request)
            else:
                yield from _count(partial, part, selector, watched, crew, is_ahead)
        except CaptureError as error:
            partial.reading.add_problem((part.number,), error)
        if selector.is_full:
            break


def _add_saved(partial: Partial[C], saved: SavedCensus, part: Part, request: Request[C, A]) -> None:
    """Add a saved census as if its traces were read now; it has no packets, so it is in the part with the first one.

    Raises
    ------
    ConfigurationError
        It was taken for other devices, or packets are to be selected, which it has no more.
    """
    if request.selects:
        problem = f"{saved.path} is a saved census, which has no packets to select from"
        raise ConfigurationError(
            str(request.selection) or str(Field("direction", "in")), problem, "select when taking the census"
        )
    if part.first == 1:
        partial.counter.add_saved(saved, part)
        partial.reading.inherit(saved.reading, part.number)
        if saved.doubts:
            partial.reading.inherited_doubts[part.number] = InheritedDoubts(saved.path, saved.doubts)


def _count(
    partial: Partial[C], part: Part, selector: Selector, watched: Watched, crew: Crew[C] | None, is_ahead: bool
) -> Iterator[Batch]:
    counter, reading = partial.counter, partial.reading
    source = counter.source_of(part, watched)
    before = reading.packets
    trace = open_part(part, reading, watched)
    ahead = trace if is_ahead and isinstance(trace, Reader) else None
    # What reads ahead closes the trace itself, once nothing is read any more.
    with nullcontext() if ahead else closing(trace):
        share = crew.share(part, trace) if crew else None
        counter.open(part, trace)
        counted = 0
        if isinstance(trace, Reader) and part.is_whole and selector.takes_all:
            counted = count_whole(part, trace, counter, reading, watched, share)
        batches = read(part, trace, selector, reading, watched, source, counter.control, share, counted)
        found = map(counter.prepare, batches)
        for batch in read_ahead(found, ahead, watched) if ahead else found:
            counter.append(batch)
            yield batch
    n_packets = reading.packets - before
    counter.close(part, trace, n_packets)
    if source and trace.damage is None and not reading.is_stopped:  # a source may end after the trace
        counter.note(part, source.finish(n_packets))
