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
        self._levels: list[list[Any]] = []

    def add(self, future: Any, level: int = 0) -> None:
        """Take a portion; it is held until it is part of a sum."""
        while len(self._levels) <= level:
            self._levels.append([])
        self._levels[level].append(future)
        if len(self._levels[level]) == FAN:
            self._raise(level)

    def finish(self, most: int = 1) -> list[Any]:
        """Return futures of portions that are together the sum of all: so many at most, or none if there are none."""
        level = 0
        while sum(map(len, self._levels)) > most:
            if len(self._levels[level]) == 1:
                self.add(self._levels[level].pop(), level + 1)
            elif self._levels[level]:
                self._raise(level)
            level += 1
        return [future for futures in self._levels for future in futures]

    def _raise(self, level: int) -> None:
        futures, self._levels[level] = self._levels[level], []
        self.add(self._merge(futures), level + 1)
