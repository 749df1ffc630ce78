"""Hand out the tasks of a run to a cluster, a few at a time, and add up what comes of them."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from pcaphash.capture.input import FileInput
from pcaphash.capture.ranges import RangeInput, split_file
from pcaphash.engine.cluster import work
from pcaphash.engine.cluster.joining import Joining
from pcaphash.engine.cluster.merging import FAN, MergeTree
from pcaphash.engine.cluster.planning import FileGroup, Sizes, group_parts
from pcaphash.engine.cluster.work import Counted, Kept, Portion, PortionFacts, portion_of
from pcaphash.engine.part import Part
from pcaphash.engine.progress import Watched
from pcaphash.engine.request import Request
from pcaphash.engine.running.apart import Each
from pcaphash.engine.running.packed import unpack
from pcaphash.engine.running.resume import Shelf

_WAITING = 2  # tasks that wait at each thread of a worker, so that it need not


class Conductor:
    """Runs a request over traces on a cluster.

    Parameters
    ----------
    client : distributed.Client
        Of the cluster.
    request : Request
        What is asked.
    watched : Watched
        Is told how far this is.
    sizes : Sizes
        How large tasks are.
    shelf : Shelf, optional
        Keeps what comes of each trace.
    is_here : bool
        Whether workers find the shelf themselves: then they keep what comes of a trace before they read the next one.
    each : callable, optional
        Is told what came of each trace.
    """

    def __init__(
        self,
        client: Any,
        request: Request[Any, Any],
        watched: Watched,
        sizes: Sizes,
        shelf: Shelf | None = None,
        is_here: bool = False,
        each: Each | None = None,
    ) -> None:
        from distributed import as_completed

        self._client = client
        self._request = request
        self._watched = watched
        self._sizes = sizes
        self._shelf = shelf
        self._shelf_of_workers = shelf if is_here else None
        self._each = each
        self._is_apart = each is not None or (shelf is not None and not is_here)
        self._run = uuid4().hex
        self._n_tasks = self._n_merged = 0
        self._accepted: set[int] = set()
        self._done = as_completed()
        self._handlers: dict[str, Callable[[Any], None]] = {}
        self._waiting: deque[Callable[[], None]] = deque()
        self._tree = MergeTree(self._merge)

    def run(self, parts: Sequence[Part]) -> list[Portion]:
        """Have parts counted; return what came of them all, in a few portions, which nobody waits for to be added.

        Raises
        ------
        CountedTwiceError
            A task was counted twice, or not at all.
        """
        groups = group_parts(parts, self._sizes, self._n_threads())
        while True:
            self._hand_out(groups)
            if not self._handlers:
                break
            future = next(self._done)
            self._handlers.pop(future.key)(future.result())
        sums = self._tree.finish(1 if self._is_apart else FAN)
        portions = list(map(portion_of, self._client.gather(sums)))
        tasks = sorted(task for portion in portions for task in portion.tasks)
        if tasks != sorted(self._accepted):
            raise work.CountedTwiceError(f"of tasks {sorted(self._accepted)}, these were added: {tasks}")
        return portions

    def _n_threads(self) -> int:
        """Count the threads of workers; they come and go."""
        found: dict[str, int] = self._client.nthreads()
        return max(sum(found.values()), 1)

    def _hand_out(self, groups: Iterator[FileGroup]) -> None:
        """Hand out tasks as long as workers have little to do."""
        most = (1 + _WAITING) * self._n_threads()
        while len(self._handlers) < most:
            if self._waiting:
                self._waiting.popleft()()
                continue
            group = next(groups, None)
            if group is None:
                return
            if group.is_large:
                self._split(group)
            else:
                self._count(group)

    def _submit(self, name: str, handler: Callable[[Any], None], function: Callable[..., Any], *given: Any) -> None:
        """Have something done soon, whose result, which is small, is then handled here."""
        future = self._client.submit(function, *given, key=f"pcaphash-{name}-{self._run}", priority=1)
        self._handlers[future.key] = handler
        self._done.add(future)

    def _start(
        self, handler: Callable[[int, Any, PortionFacts], None], function: Callable[..., Counted], *given: Any
    ) -> None:
        """Have something counted; its result stays at the worker, and what is to be known of it is handled here."""
        task, self._n_tasks = self._n_tasks, self._n_tasks + 1
        counted = self._client.submit(
            function, self._request, *given[:1], task, *given[1:], key=f"pcaphash-count-{task}-{self._run}"
        )
        self._submit(f"facts-{task}", lambda facts: handler(task, counted, facts), work.facts_of, counted)

    def _merge(self, futures: list[Any]) -> Any:
        number, self._n_merged = self._n_merged, self._n_merged + 1
        key = f"pcaphash-merge-{number}-{self._run}"
        return self._client.submit(work.merge, self._request, futures, key=key)

    def _accept(self, tasks: Iterable[int], counted: Any) -> None:
        """Add what came of tasks to all."""
        self._accepted.update(tasks)
        self._tree.add(counted)

    def _count(self, group: FileGroup) -> None:
        """Have files read whole."""

        def handle(task: int, counted: Any, facts: PortionFacts) -> None:
            """Take what came of the traces of a group."""
            self._watched.step_over(group.n_bytes, facts.packets, len(group.parts))
            if self._is_apart:
                parts = {part.number: part for part in group.parts}
                for kept in counted.result().portion.kept:
                    self._keep(parts[kept.number], kept, self._shelf_of_workers is not None)
            self._accept([task], counted)

        self._start(handle, work.count_files, tuple(map(_placed, group.parts)), self._is_apart, self._shelf_of_workers)

    def _keep(self, part: Part, kept: Kept, is_kept: bool = False) -> None:
        if self._shelf and not is_kept:
            self._shelf.save(part, kept.state, kept.packed)
        if self._each:
            self._each(part, unpack(kept.packed))

    def _split(self, group: FileGroup) -> None:
        """Have a large file read in ranges, if it can be."""
        part = _placed(group.parts[0])
        source = part.input
        assert isinstance(source, FileInput), "only files are read in ranges"

        def handle(ranges: list[RangeInput]) -> None:
            """Have the ranges of a trace counted; if it cannot be cut, the whole trace."""
            if ranges:
                named = [replace(each, name=source.name, folder=source.folder) for each in ranges]
                _Ranges(self, Joining(part, named), group)
            else:
                self._waiting.append(lambda: self._count(group))

        self._submit(f"split-{part.number}", handle, split_file, source.path, self._sizes.range_len)


def _placed(part: Part) -> Part:
    """Return the same part, for workers that run in another folder: a relative path leads elsewhere there."""
    source = part.input
    return replace(part, input=replace(source, folder=os.getcwd())) if isinstance(source, FileInput) else part  # noqa: PTH109


class _Ranges:
    """Has a file read in ranges, and accepts them once they are proven to fit together."""

    def __init__(self, conductor: Conductor, joining: Joining, group: FileGroup) -> None:
        self._conductor = conductor
        self._joining = joining
        self._group = group
        self._counted: dict[int, Any] = {}
        self._tree = MergeTree(conductor._merge)
        self._n_added = 0
        self._is_done = False
        conductor._waiting.extend(self._later(each) for each in joining.ranges)

    def _later(self, source: RangeInput) -> Callable[[], None]:
        return lambda: None if self._is_done else self._read(source)

    def _read(self, source: RangeInput) -> None:
        part = Part(source, self._joining.part.number)

        def handle(task: int, counted: Any, facts: PortionFacts) -> None:
            """Take what came of a range."""
            if self._is_done:
                return  # a range beyond the end of what can be read
            assert facts.of_range, "ranges say how they were read"
            self._conductor._watched.step_over(source.size, facts.packets, 0)
            self._counted[task] = counted
            more = self._joining.take(task, source, facts.of_range)
            if more:
                self._conductor._waiting.appendleft(self._later(more))
            for proven in self._joining.accepted[self._n_added :]:
                self._tree.add(self._counted.pop(proven))
                self._n_added += 1
            if self._joining.is_proven:
                self._finish()

        self._conductor._start(handle, work.count_range, part)

    def _finish(self) -> None:
        conductor, joining = self._conductor, self._joining
        self._is_done = True
        self._counted.clear()
        conductor._watched.step_over(0, 0)
        sums = self._tree.finish()
        if joining.is_given_up or not sums:
            conductor._waiting.append(lambda: conductor._count(self._group))
            return
        (total,) = sums
        if conductor._shelf or conductor._each:
            (kept,) = portion_of(total.result()).kept
            conductor._keep(joining.part, Kept(kept.number, joining.state, kept.packed))
        conductor._accept(joining.accepted, total)
