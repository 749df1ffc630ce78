"""Equal loads, which are drawn together: it does not matter which of them goes where, but how many do."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.engine.flows.grouping import group_rows
from pcaphash.kernels.chance import SPLIT_LEN

_LEAST = 2  # equal loads; of fewer than the table has splits, it is faster to draw each of them


@dataclass(frozen=True, eq=False)
class Crowds:
    """Loads, many equal ones of them together.

    Parameters
    ----------
    loads : int64 array of shape (k, 2)
        Packets and bytes of each of the equal ones, by kind.
    identities : uint64 array of shape (k,)
        A number for each kind.
    counts : int64 array of shape (k,)
        How many there are of each.
    is_single : bool array of shape (n,)
        Which loads are in none of these.
    """

    loads: npt.NDArray[np.int64]
    identities: npt.NDArray[np.uint64]
    counts: npt.NDArray[np.int64]
    is_single: npt.NDArray[np.bool_]


def find_crowds(loads: npt.NDArray[np.int64], n_splits: int) -> Crowds:
    """Put equal loads together, if they are many.

    Parameters
    ----------
    loads : int64 array of shape (n, 2)
        Packets and bytes.
    n_splits : int
        How many splits it takes to draw where equal loads go; 0 if they cannot be drawn together.
    """
    groups = group_rows(loads.astype(np.uint64))
    counts = np.bincount(groups.of_row, minlength=len(groups))
    is_many = counts >= max(n_splits, _LEAST) if n_splits else np.zeros(len(groups), bool)
    return Crowds(loads[groups.firsts[is_many]], groups.hashes[is_many], counts[is_many], ~is_many[groups.of_row])


def split_table(table: Sequence[int]) -> npt.NDArray[np.int64]:
    """Split the entries of an indirection table in halves, these in halves, and so on down to single receive queues.

    The entries are equally likely, so their order does not matter: those of one receive queue are put side by side.

    Returns
    -------
    int64 array of shape (splits, 3)
        As ``kernels.chance`` takes them; none if the table has one receive queue, or a length that is no power of two.
    """
    queues = sorted(table)
    splits: list[list[int]] = []

    def follow(first: int, last: int, depth: int) -> int:
        if queues[first] == queues[last - 1]:
            return -1 - queues[first]
        number, middle = len(splits), (first + last) // 2
        splits.append([])
        splits[number] = [follow(first, middle, depth + 1), follow(middle, last, depth + 1), depth]
        return number

    if len(queues) & (len(queues) - 1) == 0:
        follow(0, len(queues), 0)
    return np.array(splits, np.int64).reshape(-1, SPLIT_LEN)
