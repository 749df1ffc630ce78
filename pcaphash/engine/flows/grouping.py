"""Group equal rows of a table, and find the least rows of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pcaphash.kernels.groups import add_by_group, group_equal


@dataclass(frozen=True, eq=False)
class Groups:
    """The distinct rows of a table, numbered by where each stands first.

    Parameters
    ----------
    of_row : int64 array of shape (n,)
        Which of them each row is.
    firsts : int64 array of shape (k,)
        Where each stands first.
    hashes : uint64 array of shape (k,)
        A hash of each, which depends on nothing else.
    """

    of_row: npt.NDArray[np.int64]
    firsts: npt.NDArray[np.int64]
    hashes: npt.NDArray[np.uint64]

    def __len__(self) -> int:
        """Return how many distinct rows there are."""
        return len(self.firsts)


def group_rows(rows: npt.NDArray[np.uint64], n_words: int | None = None) -> Groups:
    """Find the distinct rows of a table.

    Parameters
    ----------
    rows : uint64 array of shape (n, m)
        The table, m at least 1.
    n_words : int, optional
        How many words of each row matter, from the first on. Default: all.
    """
    n, row_len = rows.shape
    index = np.zeros(1 << (n + n // 2 + 1).bit_length(), np.uint64)
    hashes, of_row, firsts = np.empty(n, np.uint64), np.empty(n, np.int64), np.empty(n, np.int64)
    n_groups = group_equal(
        np.ascontiguousarray(rows).reshape(-1), n, row_len, n_words or row_len, index, hashes, of_row, firsts
    )
    firsts = firsts[:n_groups].copy()
    return Groups(of_row, firsts, hashes[firsts])


def sum_groups(values: npt.NDArray[np.int64], of_row: npt.NDArray[np.int64], n_groups: int) -> npt.NDArray[np.int64]:
    """Sum the rows of values by group.

    Parameters
    ----------
    values : int64 array of shape (n, m)
        What to sum.
    of_row : int64 array of shape (n,)
        The group of each row; negative ones belong to none.
    n_groups : int
        How many groups there are.

    Returns
    -------
    int64 array of shape (n_groups, m)
    """
    n, n_columns = values.shape
    sums = np.zeros((n_groups, n_columns), np.int64)
    add_by_group(np.ascontiguousarray(values).reshape(-1), of_row, n, n_columns, sums.reshape(-1))
    return sums


def least_rows(columns: Sequence[npt.NDArray[Any]], most: int) -> npt.NDArray[np.int64]:
    """Return where the least rows of a table stand, in ascending order, without sorting all of it.

    Parameters
    ----------
    columns : sequence of arrays of shape (n,)
        The table, by column: the first decides, the next one where it is equal, and so on.
    most : int
        How many rows to return at most.
    """
    tied = np.arange(len(columns[0]))
    found = tied[:0]
    for column in columns:
        wanted = most - len(found)
        if len(tied) <= wanted or wanted <= 0:
            break
        values = column[tied]
        last = np.partition(values, wanted - 1)[wanted - 1]
        found = np.concatenate([found, tied[values < last]])
        tied = tied[values == last]
    found = np.concatenate([found, tied[: max(most - len(found), 0)]])
    return found[np.lexsort([column[found] for column in reversed(columns)])]
