"""Read the packets of a part that are selected, and keep account of what was read: the one loop of all studies."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pcaphash.capture.control import Control
from pcaphash.capture.input import Readable
from pcaphash.capture.reader import Block, Reader, Step, Take
from pcaphash.engine.part import Part
from pcaphash.engine.progress import Watched
from pcaphash.engine.reading import Reading
from pcaphash.engine.request import Batch, Counter
from pcaphash.engine.running.crew import Share
from pcaphash.engine.running.found import MOST_INDEXED, Stretch, keep_of, look_at
from pcaphash.engine.selecting.selector import Selector
from pcaphash.kernels.records import RECORD
from pcaphash.standards.ethernet import ETHERNET

if TYPE_CHECKING:
    from pcaphash.capture.reported.source import ReportedSource


def open_part(part: Part, reading: Reading, watched: Watched) -> Readable:
    """Open the trace of a part.

    Raises
    ------
    CaptureError
        The trace cannot be read at all.
    """
    trace = part.input.open()
    reading.names[part.number,] = part.input.name
    watched.open()
    return trace


def close_part(part: Part, trace: Readable, reading: Reading) -> None:
    """Take note of how the reading of a part ended."""
    if trace.damage:
        reading.add_problem((part.number,), trace.damage)
    if trace.joints:
        reading.joints_of.setdefault((part.number,), set()).update(trace.joints)


def read(
    part: Part,
    trace: Readable,
    selector: Selector,
    reading: Reading,
    watched: Watched,
    source: "ReportedSource | None" = None,
    control: Callable[[Control], None] | None = None,
    share: Share | None = None,
    counted: int = 0,
) -> Iterator[Batch]:
    """Yield the packets of a part that are selected, block by block.

    Parameters
    ----------
    part, trace
        The part, and its trace, opened by ``open_part``.
    selector : Selector
        Selects the packets.
    reading : Reading
        Keeps account of what was read.
    watched : Watched
        Is told how far this is.
    source : ReportedSource, optional
        Says what a device reported of the packets; only for whole traces.
    control : callable, optional
        Called with what stands between packets.
    share : Share, optional
        Takes blocks to look at them elsewhere: these are left out here.
    counted : int
        How many packets of the trace ``count_whole`` took before.
    """
    for block, numbers in _blocks_of(part, trace, control, counted):
        if share and share.takes(block, numbers):
            watched.add(trace, len(numbers))
            continue
        batch, looked_at = look_at(block, numbers, part.number, selector, reading, source)
        if batch:
            yield batch
        watched.add(trace, looked_at)
        if selector.is_full:
            reading.is_stopped = True
            break
    trace.close()
    close_part(part, trace, reading)


def _blocks_of(
    part: Part, trace: Readable, control: Callable[[Control], None] | None, counted: int
) -> Iterator[tuple[Block, range]]:
    """Yield the blocks of a part with packets, and the numbers of these in the trace."""
    first = 1 + counted
    for whole in _blocks(trace, control):
        numbers = range(first, first + len(whole.records))
        first = numbers.stop
        block, numbers = _within(part, whole, numbers)
        if numbers:
            yield block, numbers
        if part.last is not None and first > part.last:
            break


def _blocks(trace: Readable, control: Callable[[Control], None] | None) -> Iterator[Block]:
    """Yield the blocks of a trace, and hand on what stands between them."""
    if control is None or not isinstance(trace, Reader):
        yield from trace.blocks()
        return
    for piece in trace.pieces():
        if isinstance(piece, Control):
            control(piece)
        elif isinstance(piece, Block) and len(piece.records):
            yield piece


def _within(part: Part, block: Block, numbers: range) -> tuple[Block, range]:
    """Return the packets of a block that belong to a part."""
    start, end = max(part.first, numbers.start), numbers.stop
    if part.last is not None:
        end = min(part.last + 1, end)
    kept = range(start, max(start, end))
    if kept == numbers:
        return block, numbers
    return replace(block, records=block.records[kept.start - numbers.start : kept.stop - numbers.start]), kept


def count_whole(
    part: Part, trace: Reader, counter: Counter, reading: Reading, watched: Watched, share: Share | None = None
) -> int:
    """Have a counter find and count packets in one step, as far as the trace is of a format that it takes.

    Returns how many these are.

    A trace may be so in part: files may be joined, and interfaces differ. Some of its bytes may be counted elsewhere
    (``share``).
    """
    before, counted = None, 0
    while trace.format is not before and not trace.is_finished and (take := counter.take_of(trace.format)):
        before = trace.format
        for n_packets in trace.walk(_sharing(part, trace, reading, take, share)):
            reading.packets += n_packets
            counted += n_packets
            if n_packets:
                reading.link_types[ETHERNET] = reading.link_types.get(ETHERNET, 0) + n_packets
            watched.add(trace, n_packets)
    return counted


def _sharing(part: Part, trace: Reader, reading: Reading, take: Take, share: Share | None) -> Take:
    """Have packets found here and counted elsewhere, as long as somebody takes them; else both in one step."""
    indexed = np.empty(MOST_INDEXED, RECORD)

    def take_or_share(data: npt.NDArray[np.uint8], start: int, end: int) -> Step:
        """Hand bytes to another thread if one has room for them; otherwise count them here."""
        if share and trace.format.is_common and share.has_room(end - start):
            step = trace.format.walk(data, start, end)
            share.take(Stretch(trace.format.as_it_is(), data, start, step[1], trace.offset))
            return step
        step = take(data, start, end)
        keep_of(Stretch(trace.format, data, start, step[1], trace.offset), part.number, reading, indexed)
        return step

    return take_or_share
