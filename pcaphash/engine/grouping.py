"""Group equal rows of a table."""

from typing import Any

import numpy as np
import numpy.typing as npt


def group_rows(rows: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    """Find the distinct rows of a table.

    Parameters
    ----------
    rows : array of shape (n, m)
        Numbers of any kind, m at least 1.

    Returns
    -------
    distinct : array of shape (k, m)
        Each row once, in ascending order, so that the order of the rows given does not matter.
    of_row : int64 array of shape (n,)
        Which of them each row is.
    """
    if not len(rows):
        return rows, np.zeros(0, np.int64)
    order = np.lexsort(rows.T[::-1])
    in_order = rows[order]
    is_new = np.ones(len(rows), bool)
    is_new[1:] = (in_order[1:] != in_order[:-1]).any(axis=1)
    of_row = np.empty(len(rows), np.int64)
    of_row[order] = np.cumsum(is_new) - 1
    return in_order[is_new], of_row


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
    sums = np.zeros((n_groups, values.shape[1]), np.int64)
    chosen = of_row >= 0
    np.add.at(sums, of_row[chosen], values[chosen])
    return sums
