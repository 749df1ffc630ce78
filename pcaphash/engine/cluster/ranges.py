"""Have a file counted in ranges, and add them up as soon as they are proven to fit together."""

from collections.abc import Callable
from functools import partial
from typing import Any

from pcaphash.capture.ranges import RangeInput
from pcaphash.engine.cluster import work
from pcaphash.engine.cluster.joining import Joining
from pcaphash.engine.cluster.merging import MergeTree
from pcaphash.engine.cluster.tasks import Tasks
from pcaphash.engine.cluster.work import PortionFacts
from pcaphash.engine.part import Part
from pcaphash.engine.progress import Watched


class RangeTasks:
    """Has a file counted in ranges.

    Parameters
    ----------
    tasks : Tasks
        Counts them.
    watched : Watched
        Is told how far this is.
    joining : Joining
        The ranges, and how far they are proven.
    take : callable
        Called in the end with a future of their sum, or with None if the file cannot be counted in ranges.
    """

    def __init__(self, tasks: Tasks, watched: Watched, joining: Joining, take: Callable[[Any], None]) -> None:
        self._tasks = tasks
        self._watched = watched
        self._joining = joining
        self._take = take
        self._counted: dict[int, Any] = {}
        self._tree = MergeTree(tasks.merge)
        self._n_added = 0
        self._is_done = False
        for each in joining.ranges:
            tasks.put_off(partial(self._count, each))

    def _count(self, source: RangeInput) -> None:
        if self._is_done:
            return

        def handle(task: int, counted: Any, facts: PortionFacts) -> None:
            """Take what came of a range."""
            if self._is_done:
                return  # a range beyond the end of what can be read
            assert facts.of_range, "ranges say how they were read"
            self._watched.step_over(source.size, facts.packets, 0)
            self._counted[task] = counted
            more = self._joining.take(task, source, facts.of_range)
            if more:
                self._tasks.put_off(partial(self._count, more), is_next=True)
            for proven in self._joining.accepted[self._n_added :]:
                self._tree.add(self._counted.pop(proven))
                self._n_added += 1
            if self._joining.is_proven:
                self._finish()

        self._tasks.count(handle, work.count_range, Part(source, self._joining.part.number))

    def _finish(self) -> None:
        self._is_done = True
        self._counted.clear()
        self._watched.step_over(0, 0)
        sums = self._tree.finish()
        self._take(None if self._joining.is_given_up or not sums else sums[0])
