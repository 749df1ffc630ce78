"""Indirection tables made for the traffic of a trace, and what ``ethtool -X`` can say of a table.

``ethtool -X`` takes no list of entries. It has ``equal N``, which lets N receive queues take turns, and ``weight W0 W1
...``, which gives W0 entries in a row to queue 0, the next W1 to queue 1 and so on (ethtool, ``fill_indir_table``). The
ioctl that it calls, ETHTOOL_SRSSH, takes every entry (linux/ethtool.h, ``ethtool_rxfh``).
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.device.indirection_table import default_table


@dataclass(frozen=True)
class Turns:
    """A table in which so many receive queues take turns."""

    queues: int

    @property
    def words(self) -> list[str]:
        """What ``ethtool -X IF`` takes for it."""
        return ["equal", str(self.queues)]


@dataclass(frozen=True)
class Weights:
    """A table that gives each receive queue so many entries in a row."""

    weights: list[int]

    @property
    def words(self) -> list[str]:
        """What ``ethtool -X IF`` takes for it."""
        return ["weight", *map(str, self.weights)]


def rebalance(loads: npt.NDArray[np.int64], table: Sequence[int], fixed: npt.NDArray[np.int64]) -> tuple[int, ...]:
    """Give each entry, the heaviest first, to the receive queue that has the least load.

    Parameters
    ----------
    loads : int64 array of shape (entries,)
        Load of each entry.
    table : sequence of int
        The table so far: entries without load stay where they are, and so does everything if that is no worse.
    fixed : int64 array of shape (queues,)
        Load that each receive queue has whatever the table says.
    """
    current = np.asarray(table)
    found = current.copy()
    least = [(int(load), queue) for queue, load in enumerate(fixed.tolist())]
    heapq.heapify(least)
    for entry in np.argsort(-loads, kind="stable").tolist():
        if not loads[entry]:
            break
        load, queue = heapq.heappop(least)
        found[entry] = queue
        heapq.heappush(least, (load + int(loads[entry]), queue))
    if _most(loads, found, fixed) >= _most(loads, current, fixed):
        return tuple(table)
    return tuple(found.tolist())


def partition(loads: npt.NDArray[np.int64], fixed: npt.NDArray[np.int64]) -> tuple[int, ...]:
    """Give entries in a row to each receive queue in turn, such that the busiest queue has as little load as can be.

    Parameters
    ----------
    loads : int64 array of shape (entries,)
        Load of each entry.
    fixed : int64 array of shape (queues,)
        Load that each receive queue has whatever the table says.
    """
    sums = np.concatenate([[0], loads.cumsum()])
    low, high = int(fixed.max()), int(fixed.max() + loads.sum())
    while low < high:
        middle = (low + high) // 2
        if _fill(sums, fixed, middle)[-1] == len(loads):
            high = middle
        else:
            low = middle + 1
    ends = _fill(sums, fixed, low)
    return tuple(np.repeat(np.arange(len(fixed)), np.diff([0, *ends])).tolist())


def ethtool_table(table: Sequence[int]) -> Turns | Weights | None:
    """Return a table as ``ethtool -X`` can express it; None if it cannot."""
    entries = np.asarray(table)
    n_queues = int(entries.max()) + 1
    if tuple(table) == default_table(len(entries), n_queues):
        return Turns(n_queues)
    if (np.diff(entries) >= 0).all():
        return Weights(np.bincount(entries).tolist())
    return None


def _fill(sums: npt.NDArray[np.int64], fixed: npt.NDArray[np.int64], most: int) -> list[int]:
    """Return where the entries of each receive queue end if none takes more than ``most`` in all."""
    ends, end = [], 0
    for load in fixed.tolist():
        end = int(np.searchsorted(sums, sums[end] + most - load, side="right")) - 1
        ends.append(end)
    return ends


def _most(loads: npt.NDArray[np.int64], table: npt.NDArray[np.int64], fixed: npt.NDArray[np.int64]) -> int:
    queues = fixed.copy()
    np.add.at(queues, table, loads)
    return int(queues.max())
