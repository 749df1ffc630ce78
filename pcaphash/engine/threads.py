"""Share work out among threads: kernels release the GIL, so each thread has a processor core."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from itertools import pairwise
from typing import TypeVar

import numpy as np

T = TypeVar("T")

_asked_for: ContextVar[int | None] = ContextVar("threads", default=None)


def n_cores() -> int:
    """Return how many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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
    """Do several things side by side, and return what comes of each."""
    if min(n_threads(), len(tasks)) <= 1:
        return [task() for task in tasks]
    from concurrent.futures import ThreadPoolExecutor  # which small work does without

    with ThreadPoolExecutor(n_threads()) as pool:
        return list(pool.map(lambda task: task(), tasks))
