"""Threads that count blocks of packets beside the thread that reads them.

One thread reads, finds records and keeps account of files. It hands blocks on as they are, without copying packets, as
long as a queue has room for them, and counts itself what the queue has no room for: so there are few blocks on the way,
and memory stays flat. Each helper takes blocks in the order of the traces, and counts them into results of its own, as
of another part of the traces. In the end the results are added up in the order of the helpers. Counters promise that
any parts, combined in any order, give the same (``request.Counter.combine``): so it does not matter how many threads
there are, and which of them takes what.
"""

from collections.abc import Callable
from queue import Queue
from threading import Thread
from types import TracebackType
from typing import Any, Generic, Self

import numpy as np

from pcaphash.capture.input import Readable
from pcaphash.capture.reader import BLOCK_LEN, Block, Reader
from pcaphash.engine.part import Part
from pcaphash.engine.reading import Reading
from pcaphash.engine.request import C, Partial, Request
from pcaphash.engine.running.found import MOST_INDEXED, Stretch, keep_of, look_at
from pcaphash.engine.selecting.selector import Selector
from pcaphash.kernels.records import RECORD

_WAITING = 2  # blocks for each helper
_LEAST_HANDED = 64 * 1024  # bytes: handing on less takes longer than counting it
_LEAST_READ = BLOCK_LEN  # bytes that are counted before there are helpers


class _Helper(Generic[C]):
    """Counts blocks into results of its own.

    Parameters
    ----------
    request : Request
        What is asked.
    first : Counter
        Counts at the same time in the thread that reads.
    """

    def __init__(self, request: Request[C, Any], first: C) -> None:
        self.partial = Partial(Reading(), request.begin())
        self.partial.counter.count_beside(first)
        self._selector = Selector(request.selection, request.rules, request.spec, self.partial.reading.left_out)
        self._indexed = np.empty(MOST_INDEXED, RECORD)
        self._open: tuple[Part, Reader] | None = None
        self._before = 0

    def count_block(self, part: Part, trace: Reader, block: Block, numbers: range) -> None:
        """Count the packets of a block, given their numbers."""
        self._turn_to(part, trace)
        batch, _ = look_at(block, numbers, part.number, self._selector, self.partial.reading)
        if batch:
            counter = self.partial.counter
            counter.append(counter.prepare(batch))

    def count_stretch(self, part: Part, trace: Reader, stretch: Stretch) -> None:
        """Count the packets of a stretch; whoever found them keeps account of how many they are."""
        self._turn_to(part, trace)
        keep_of(stretch, part.number, self.partial.reading, self._indexed)
        take = self.partial.counter.take_of(stretch.format)
        assert take, "all counters of a request take the same formats"
        take(stretch.data, stretch.start, stretch.end)

    def close(self) -> None:
        """Take note that no more packets come of the part that is open."""
        if self._open:
            self.partial.counter.close(*self._open, self.partial.reading.packets - self._before)
        self._open = None

    def _turn_to(self, part: Part, trace: Reader) -> None:
        """Take note that the packets that follow are of this part."""
        if self._open is None or self._open[1] is not trace:
            self.close()
            self._open = part, trace
            self._before = self.partial.reading.packets
            self.partial.counter.open(part, trace)


_Task = Callable[[_Helper[C]], None]


class Crew(Generic[C]):
    """Helpers that count packets; there are none as long as there is little to do.

    To be used in a ``with`` statement: when it is left, no thread goes on.

    Parameters
    ----------
    request : Request
        What is asked.
    partial : Partial
        What the thread that reads counts.
    jobs : int
        How many threads count, the one that reads among them.
    """

    def __init__(self, request: Request[C, Any], partial: Partial[C], jobs: int) -> None:
        self._request = request
        self._partial = partial
        self._most_helpers = jobs - 1
        self._tasks: Queue[_Task[C] | None] = Queue(_WAITING * self._most_helpers)
        self._helpers: list[_Helper[C]] = []
        self._threads: list[Thread] = []
        self._n_read = 0
        self._problem: BaseException | None = None
        self._is_abandoned = False

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End all threads; those of a crew that was not added up leave undone what is left to do."""
        self._is_abandoned = True
        self._end()

    def share(self, part: Part, trace: Readable) -> "Share | None":
        """Return what takes packets of a trace to the helpers; None if nothing does."""
        return Share(self, part, trace) if self._most_helpers and isinstance(trace, Reader) else None

    def add_up(self) -> None:
        """Wait until everything is counted, and add all of it to what the thread that reads has counted.

        Raises
        ------
        PcaphashError
            Something could not be counted; which packets were is not known then.
        """
        self._end()
        self._check()
        for helper in self._helpers:
            helper.close()
            self._partial.combine(helper.partial)

    def has_room(self, n_bytes: int) -> bool:
        """Tell whether so many bytes of packets would be taken now.

        Raises
        ------
        PcaphashError
            Something could not be counted.
        """
        self._check()
        if self._n_read < _LEAST_READ:
            self._n_read += n_bytes
            return False
        return n_bytes >= _LEAST_HANDED and not self._tasks.full()

    def hand_on(self, task: _Task[C]) -> None:
        """Have something counted; ``has_room`` was asked before."""
        if len(self._threads) < self._most_helpers:
            helper = _Helper(self._request, self._partial.counter)
            self._helpers.append(helper)
            self._threads.append(Thread(target=self._work, args=(helper,), name="pcaphash helper", daemon=True))
            self._threads[-1].start()
        self._tasks.put(task)

    def _work(self, helper: _Helper[C]) -> None:
        """Do what there is to do until there is nothing more."""
        while (task := self._tasks.get()) is not None:
            if not self._is_abandoned and self._problem is None:
                try:
                    task(helper)
                except BaseException as error:
                    self._problem = error
            del task  # and with it the block, while waiting for the next one

    def _check(self) -> None:
        if self._problem is not None:
            raise self._problem

    def _end(self) -> None:
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join()
        self._threads = []


class Share:
    """Takes packets of one trace to a crew, as long as that has room for them.

    Parameters
    ----------
    crew : Crew
        Counts them.
    part, trace
        The part that is read, and its trace.
    """

    def __init__(self, crew: Crew[Any], part: Part, trace: Reader) -> None:
        self._crew = crew
        self._part = part
        self._trace = trace

    def has_room(self, n_bytes: int) -> bool:
        """Tell whether so many bytes of packets would be taken now; see ``Crew``.

        None are where the thread that reads would have to wait if it did not count them itself.
        """
        return not self._trace.source.keeps_waiting and self._crew.has_room(n_bytes)

    def takes(self, block: Block, numbers: range) -> bool:
        """Take a block to be counted, given the numbers of its packets; return False if there is no room for it."""
        if not self.has_room(block.end - block.start):
            return False
        self._trace.give_away()
        self._crew.hand_on(lambda helper: helper.count_block(self._part, self._trace, block, numbers))
        return True

    def take(self, stretch: Stretch) -> None:
        """Take a stretch to be counted; ``has_room`` was asked before."""
        self._trace.give_away()
        self._crew.hand_on(lambda helper: helper.count_stretch(self._part, self._trace, stretch))
