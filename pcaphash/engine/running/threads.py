"""Share work out among threads: kernels release the GIL, so each thread has a processor core."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from itertools import pairwise
from threading import Thread
from typing import TypeVar

import numpy as np

from pcaphash.engine.running.cores import n_cores

T = TypeVar("T")

_asked_for: ContextVar[int | None] = ContextVar("threads", default=None)


def n_threads() -> int:
    """Return among how many threads work is shared out: as many as there are cores, unless told otherwise."""
    return _asked_for.get() or n_cores()


@contextmanager
def using_threads(n: int) -> Iterator[None]:
    """Have work shared out among so many threads meanwhile."""
    token = _asked_for.set(n)
    try:
        yield
    finally:
        _asked_for.reset(token)


def share_out(n: int, work: Callable[[int, int], None]) -> None:
    """Have things numbered from 0 to ``n`` done in stretches, side by side: from the first to before the last given."""
    n_shares = min(n_threads(), n)
    bounds = np.linspace(0, n, n_shares + 1).astype(int).tolist()
    side_by_side([partial(work, first, last) for first, last in pairwise(bounds)])


def side_by_side(tasks: Sequence[Callable[[], T]]) -> list[T]:
    """Do several things side by side, one of them here, and return what comes of each.

    A pool of ``concurrent.futures`` would do it too, but loads ``logging``, which takes longer than a small task.
    """
    n_helpers = min(n_threads(), len(tasks)) - 1
    if n_helpers < 1:
        return [task() for task in tasks]
    results: dict[int, T] = {}
    problems: list[BaseException] = []
    waiting = deque(range(len(tasks)))

    def work() -> None:
        """Run tasks until none is left, or one has failed."""
        while waiting and not problems:
            try:
                number = waiting.popleft()
            except IndexError:  # another thread has just taken the last one
                return
            try:
                results[number] = tasks[number]()
            except BaseException as error:
                problems.append(error)

    helpers = [Thread(target=work, name="pcaphash side", daemon=True) for _ in range(n_helpers)]
    for helper in helpers:
        helper.start()
    work()
    for helper in helpers:
        helper.join()
    if problems:
        raise problems[0]
    return [results[number] for number in range(len(tasks))]
