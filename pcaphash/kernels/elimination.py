"""Elimination over GF(2): which hash inputs are sums of earlier ones, and whether their hashes are the same sums.

A Toeplitz hash is linear, so that a sum of inputs has the sum of their hashes. Each input counts with a one behind it:
an initial value of the hash, which every packet adds, is then one unknown more.
"""

from typing import Any

import numpy as np

from pcaphash.kernels.base import kernel, pointer, step
from pcaphash.kernels.toeplitz import WORDS

ROW_WORDS = 5  # 288 bits of input, the one, and zeros
N_PIVOTS = 64 * ROW_WORDS

NEW = 0  # no sum of earlier inputs
SUM = 1  # a sum of earlier ones, and its hash is the sum of theirs
CONTRADICTION = 2  # a sum of earlier ones, but its hash is not

_ONE = 1 << 31


@step
def _leading_bit(word: int) -> int:
    """Return the position of the highest bit that is set, counted from the most significant one."""
    position = 0
    for shift in (32, 16, 8, 4, 2, 1):
        if word >> np.uint64(64 - shift) == np.uint64(0):
            word = word << np.uint64(shift)
            position += shift
    return position


@kernel
def eliminate(
    words: Any, hash_values: Any, n_inputs: int, is_present: Any, rows: Any, row_values: Any, row: Any, statuses: Any
) -> None:
    """Reduce inputs by a basis of earlier ones, and add to it those that are no sum of them.

    Parameters
    ----------
    words : uint32 array of shape (n_inputs * WORDS,)
        The hash inputs in words, zeros behind their end.
    hash_values : uint32 array of shape (n_inputs,)
        Their hashes.
    n_inputs : int
        How many there are.
    is_present : uint8 array of shape (N_PIVOTS,)
        Whether there is a row of the basis whose first bit is this; updated.
    rows : uint64 array of shape (N_PIVOTS * ROW_WORDS,)
        The basis, each row at its first bit; updated.
    row_values : uint32 array of shape (N_PIVOTS,)
        The hash of each row; updated.
    row : uint64 array of shape (ROW_WORDS,)
        Room to work in.
    statuses : uint8 array of shape (n_inputs,)
        Written: NEW, SUM or CONTRADICTION.
    """
    source, values, present = pointer(words), pointer(hash_values), pointer(is_present)
    basis, basis_values, reduced, written = pointer(rows), pointer(row_values), pointer(row), pointer(statuses)
    for i in range(n_inputs):
        for k in range(ROW_WORDS):
            high = np.uint64(source[WORDS * i + 2 * k])
            low = np.uint64(source[WORDS * i + 2 * k + 1]) if 2 * k + 1 < WORDS else np.uint64(_ONE)
            reduced[k] = (high << np.uint64(32)) | low
        value = np.uint32(values[i])
        status = SUM
        for k in range(ROW_WORDS):
            while reduced[k] != np.uint64(0):
                pivot = 64 * k + _leading_bit(np.uint64(reduced[k]))
                if present[pivot] == 0:
                    status = NEW
                    break
                for m in range(k, ROW_WORDS):
                    reduced[m] ^= basis[ROW_WORDS * pivot + m]
                value ^= np.uint32(basis_values[pivot])
            if status == NEW:
                present[pivot] = 1
                for m in range(ROW_WORDS):
                    basis[ROW_WORDS * pivot + m] = reduced[m]
                basis_values[pivot] = value
                break
        written[i] = CONTRADICTION if status == SUM and value != np.uint32(0) else status
