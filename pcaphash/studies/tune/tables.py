"""Indirection tables made for the traffic of a trace, and what ``ethtool -X`` can say of a table.

``ethtool -X`` takes no list of entries. It has ``equal N``, which lets N receive queues take turns, and ``weight W0 W1
...``, which gives W0 entries in a row to queue 0, the next W1 to queue 1 and so on (ethtool, ``fill_indir_table``). The
ioctl that it calls, ETHTOOL_SRSSH, takes every entry (linux/ethtool.h, ``ethtool_rxfh``).
"""

import heapq
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.device.indirection_table import default_table
from pcaphash.studies.shared.chance.spread import UNITS, spread_each
from pcaphash.studies.tune.trial import CHOOSING, HALVES, JUDGING, place

_MakeTable = Callable[[npt.NDArray[np.int64], npt.NDArray[np.int64]], tuple[int, ...]]


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


@dataclass(frozen=True, eq=False)
class TableTrial:
    """An indirection table made for the trace.

    Parameters
    ----------
    table : tuple of int
        The table, made from all hash inputs.
    whole : float
        The measure over all hash inputs with it.
    judged : float
        The measure over the judging half with a table that was made in the same way from the other half alone; NaN
        where a saved census has no halves.
    """

    table: tuple[int, ...]
    whole: float
    judged: float


def try_tables(
    table: Sequence[int], entries: npt.NDArray[np.int64], fixed: npt.NDArray[np.int64], measure: str
) -> tuple[TableTrial, TableTrial]:
    """Rebalance a table, and make one of weights, for what its entries bring, given for each half if there are halves.

    Parameters
    ----------
    table : sequence of int
        The table so far.
    entries : int64 array of shape (halves, entries, 2)
        Packets and bytes of each of its entries.
    fixed : int64 array of shape (halves, queues, 2)
        Packets and bytes that each receive queue has whatever the table says.
    measure : str
        What tables are judged by; its unit is what they even out.
    """
    rebalanced = _try_table(lambda loads, rest: rebalance(loads, table, rest), entries, fixed, measure)
    return rebalanced, _try_table(partition, entries, fixed, measure)


def _try_table(
    make: _MakeTable, entries: npt.NDArray[np.int64], fixed: npt.NDArray[np.int64], measure: str
) -> TableTrial:
    """Make a table from everything, and judge one that is made from the choosing half alone, if there are halves."""
    name, _, unit = measure.rpartition("_")
    column = UNITS.index(unit)
    loads, rest = entries[:, :, column], fixed[:, :, column]

    def value(table: tuple[int, ...], of_entries: npt.NDArray[np.int64], others: npt.NDArray[np.int64]) -> float:
        queues = place(of_entries[:, np.newaxis], table, len(others))[:, 0] + others
        return float(spread_each(queues[np.newaxis])[name][0])

    whole = make(loads.sum(axis=0), rest.sum(axis=0))
    judged = math.nan
    if len(entries) == HALVES:
        judged = value(make(loads[CHOOSING], rest[CHOOSING]), loads[JUDGING], rest[JUDGING])
    return TableTrial(whole, value(whole, loads.sum(axis=0), rest.sum(axis=0)), judged)
