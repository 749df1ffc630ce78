"""Have traces counted by a cluster, small ones together and large ones in ranges, and add up what comes of them."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from pcaphash.capture.input import FileInput
from pcaphash.capture.ranges import RangeInput, split_file
from pcaphash.engine.cluster import work
from pcaphash.engine.cluster.joining import Joining
from pcaphash.engine.cluster.merging import FAN, MergeTree
from pcaphash.engine.cluster.planning import FileGroup, Sizes, group_parts
from pcaphash.engine.cluster.ranges import RangeTasks
from pcaphash.engine.cluster.tasks import Tasks
from pcaphash.engine.cluster.work import Kept, Portion, PortionFacts, portion_of
from pcaphash.engine.part import Part
from pcaphash.engine.progress import Watched
from pcaphash.engine.request import Request
from pcaphash.engine.running.apart import Each
from pcaphash.engine.running.packed import unpack
from pcaphash.engine.running.resume import Shelf


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
        self._tasks = Tasks(client, request)
        self._watched = watched
        self._sizes = sizes
        self._shelf = shelf
        self._shelf_of_workers = shelf if is_here else None
        self._each = each
        self._is_apart = each is not None or (shelf is not None and not is_here)
        self._accepted: set[int] = set()
        self._tree = MergeTree(self._tasks.merge)

    def run(self, parts: Sequence[Part]) -> list[Portion]:
        """Have parts counted; return what came of them all, in a few portions, which nobody waits for to be added.

        Raises
        ------
        CountedTwiceError
            A task was counted twice, or not at all.
        """
        groups = group_parts(parts, self._sizes, self._tasks.n_threads())
        self._tasks.run(partial(self._split if group.is_large else self._count, group) for group in groups)
        sums = self._tree.finish(1 if self._is_apart else FAN)
        portions = list(map(portion_of, self._tasks.client.gather(sums)))
        tasks = sorted(task for portion in portions for task in portion.tasks)
        if tasks != sorted(self._accepted):
            raise work.CountedTwiceError(f"of tasks {sorted(self._accepted)}, these were added: {tasks}")
        return portions

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

        self._tasks.count(
            handle, work.count_files, tuple(map(_placed, group.parts)), self._is_apart, self._shelf_of_workers
        )

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
                joining = Joining(part, named)
                RangeTasks(self._tasks, self._watched, joining, partial(self._take_joined, group, joining))
            else:
                self._tasks.put_off(partial(self._count, group))

        self._tasks.submit(f"split-{part.number}", handle, split_file, source.path, self._sizes.range_len)

    def _take_joined(self, group: FileGroup, joining: Joining, total: Any) -> None:
        """Take what came of all ranges of a file; without anything, the file is counted whole."""
        if total is None:
            self._tasks.put_off(partial(self._count, group))
            return
        if self._shelf or self._each:
            (kept,) = portion_of(total.result()).kept
            self._keep(joining.part, Kept(kept.number, joining.state, kept.packed))
        self._accept(joining.accepted, total)


def _placed(part: Part) -> Part:
    """Return the same part, for workers that run in another folder: a relative path leads elsewhere there."""
    source = part.input
    return replace(part, input=replace(source, folder=os.getcwd())) if isinstance(source, FileInput) else part  # noqa: PTH109
