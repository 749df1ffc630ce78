"""Add up what came of tasks on the cluster, a few at a time: in a tree, and each task once."""

from collections.abc import Callable
from typing import Any

FAN = 8
"""How many portions are added at once."""


class MergeTree:
    """Adds portions as they come.

    Parameters
    ----------
    merge : callable
        Called with a list of futures of portions; returns a future of their sum.
    """

    def __init__(self, merge: Callable[[list[Any]], Any]) -> None:
        self._merge = merge
        self._n_merged = 0
        self._levels: list[list[Any]] = []

    def add(self, future: Any, level: int = 0) -> None:
        """Take a portion; it is held until it is part of a sum."""
        while len(self._levels) <= level:
            self._levels.append([])
        self._levels[level].append(future)
        if len(self._levels[level]) == FAN:
            self._raise(level)

    def finish(self) -> Any | None:
        """Return a future of the sum of all; None if there are none."""
        level = 0
        while level < len(self._levels):
            is_top = level == len(self._levels) - 1
            if self._levels[level] and not (is_top and len(self._levels[level]) == 1 and self._n_merged):
                self._raise(level)
            level += 1
        return self._levels[-1][0] if self._levels else None

    def _raise(self, level: int) -> None:
        futures, self._levels[level] = self._levels[level], []
        self._n_merged += 1
        self.add(self._merge(futures), level + 1)
