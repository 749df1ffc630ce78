"""Tasks of one run on a cluster: a few are handed out at a time, and what is to be known of each is handled here."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

from pcaphash.engine.cluster import work
from pcaphash.engine.cluster.work import Counted, PortionFacts
from pcaphash.engine.request import Request

_WAITING = 2  # tasks that wait at each thread of a worker, so that it need not

Begin = Callable[[], None]
"""Hands out one task, or none."""


class Tasks:
    """Hands out tasks to a cluster.

    Parameters
    ----------
    client : distributed.Client
        Of the cluster.
    request : Request
        What is asked.
    """

    def __init__(self, client: Any, request: Request[Any, Any]) -> None:
        from distributed import as_completed

        self.client = client
        self._request = request
        self._run = uuid4().hex
        self._n_tasks = self._n_merged = 0
        self._done = as_completed()
        self._handlers: dict[str, Callable[[Any], None]] = {}
        self._waiting: deque[Begin] = deque()

    def n_threads(self) -> int:
        """Count the threads of workers; they come and go."""
        found: dict[str, int] = self.client.nthreads()
        return max(sum(found.values()), 1)

    def run(self, further: Iterator[Begin]) -> None:
        """Hand out tasks, first those that ``put_off`` has taken, and handle what comes of them, until all is done."""
        while True:
            self._hand_out(further)
            if not self._handlers:
                return
            future = next(self._done)
            self._handlers.pop(future.key)(future.result())

    def put_off(self, begin: Begin, *, is_next: bool = False) -> None:
        """Have a task handed out as soon as workers have little to do, before or after others that wait for that."""
        if is_next:
            self._waiting.appendleft(begin)
        else:
            self._waiting.append(begin)

    def submit(self, name: str, handler: Callable[[Any], None], function: Callable[..., Any], *given: Any) -> None:
        """Have something done soon, whose result, which is small, is then handled here."""
        future = self.client.submit(function, *given, key=f"pcaphash-{name}-{self._run}", priority=1)
        self._handlers[future.key] = handler
        self._done.add(future)

    def count(
        self, handler: Callable[[int, Any, PortionFacts], None], function: Callable[..., Counted], *given: Any
    ) -> None:
        """Have something counted; its result stays at the worker, and what is to be known of it is handled here."""
        task, self._n_tasks = self._n_tasks, self._n_tasks + 1
        counted = self.client.submit(
            function, self._request, *given[:1], task, *given[1:], key=f"pcaphash-count-{task}-{self._run}"
        )
        self.submit(f"facts-{task}", lambda facts: handler(task, counted, facts), work.facts_of, counted)

    def merge(self, futures: list[Any]) -> Any:
        """Have portions added, and return a future of the sum."""
        number, self._n_merged = self._n_merged, self._n_merged + 1
        key = f"pcaphash-merge-{number}-{self._run}"
        return self.client.submit(work.merge, self._request, futures, key=key)

    def _hand_out(self, further: Iterator[Begin]) -> None:
        most = (1 + _WAITING) * self.n_threads()
        while len(self._handlers) < most:
            begin = self._waiting.popleft() if self._waiting else next(further, None)
            if begin is None:
                return
            begin()
