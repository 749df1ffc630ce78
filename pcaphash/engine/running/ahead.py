"""A thread that reads ahead, for questions that need the packets in order.

What such a question makes of packets is made in the thread that asks, one block after the other. What comes before that
is done by another thread meanwhile: reading, decompressing, finding and selecting packets, and describing them if the
question wants that.
"""

from collections.abc import Iterator
from dataclasses import replace
from queue import SimpleQueue
from threading import Semaphore, Thread

from pcaphash.capture.reader import Reader
from pcaphash.engine.progress import Progress, Watched
from pcaphash.engine.request import Batch

_MADE_HERE = 2  # batches before there is a thread
_MOST_AHEAD = 3  # batches
_PATIENCE = 1.0  # seconds to wait for a thread that has to end; it may itself wait for a pipe


def read_ahead(batches: Iterator[Batch], trace: Reader, watched: Watched) -> Iterator[Batch]:
    """Yield batches in order while another thread makes the next ones.

    What it raises, and the progress it tells, comes where it would come without that thread.

    Parameters
    ----------
    batches : iterator of Batch
        Makes the batches.
    trace : Reader
        What they are made of.
    watched : Watched
        Is told how far this is, while a batch is made.
    """
    try:
        for _ in range(_MADE_HERE):
            first = next(batches, None)
            if first is None:
                return
            trace.give_away()
            yield first
    except BaseException:
        trace.close()
        raise
    yield from _make_beside(batches, trace, watched)


def _make_beside(batches: Iterator[Batch], trace: Reader, watched: Watched) -> Iterator[Batch]:
    """Yield further batches, which another thread makes."""
    made: SimpleQueue[Batch | Progress | BaseException | None] = SimpleQueue()
    room = Semaphore(_MOST_AHEAD)
    is_over = False

    def make() -> None:
        """Read batches until there are no more, or nobody takes them."""
        try:
            for batch in batches:
                trace.give_away()
                made.put(batch)
                room.acquire()
                if is_over:
                    return
            made.put(None)
        except BaseException as error:
            made.put(error)

    watch, watched.watch = watched.watch, lambda progress: made.put(replace(progress))
    thread = Thread(target=make, name="pcaphash reader", daemon=True)
    thread.start()
    try:
        while (item := made.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            if isinstance(item, Batch):
                yield item
                room.release()
            elif watch:
                watch(item)
    finally:
        is_over = True
        room.release()
        thread.join(_PATIENCE)
        watched.watch = watch
        if not thread.is_alive():
            trace.close()
