"""Group equal rows of a table by hashing them, and count what groups have in common.

The groups are numbered by their first rows.
"""

from typing import Any

import numpy as np

from pcaphash.kernels.base import kernel, pointer, prefetch
from pcaphash.kernels.flows import EMPTY, FAR, FLOW_MASK, NEAR, TAG_MASK, hash_words, place_of

# What is known of a group while its rows pass by: both counted from 1, 0 before the first row.
_QUEUE, _SIDE, _FLAGS, _PACKETS = 0, 1, 2, 3
STATE_LEN = 4
_SEVERAL_QUEUES, _SEVERAL_SIDES = 1, 2


@kernel
def group_equal(
    rows: Any, n_rows: int, row_len: int, n_words: int, index: Any, hashes: Any, of_row: Any, firsts: Any
) -> int:
    """Give a number to each of the distinct rows of a table.

    Parameters
    ----------
    rows : uint64 array of shape (n_rows * row_len,)
        The table.
    n_rows, row_len : int
        How many rows there are, and words in each.
    n_words : int
        How many of these matter, from the first on.
    index : uint64 array
        All EMPTY; its length is a power of two, and more than ``n_rows``. Written.
    hashes : uint64 array of shape (n_rows,)
        Written: the hash of each row.
    of_row, firsts : int64 arrays of shape (n_rows,)
        Written: the group of each row; the first row of each group.

    Returns
    -------
    n_groups : int
    """
    table, places, mixed = pointer(rows), pointer(index), pointer(hashes)
    numbers, first_rows = pointer(of_row), pointer(firsts)
    mask = len(index) - 1
    for i in range(n_rows):
        mixed[i] = hash_words(table, i * row_len, n_words)
    n_groups = np.int64(0)
    for i in range(n_rows):
        if i + FAR < n_rows:
            prefetch(places, place_of(mixed[i + FAR], mask))
        if i + NEAR < n_rows:
            other = np.int64(places[place_of(mixed[i + NEAR], mask)] & FLOW_MASK)
            if other > 0:
                prefetch(table, (other - 1) * row_len)
                prefetch(table, (other - 1) * row_len + n_words - 1)
                prefetch(numbers, other - 1)
        tag = mixed[i] & TAG_MASK
        place = place_of(mixed[i], mask)
        group = np.int64(-1)
        while group < 0 and places[place] != EMPTY:
            if places[place] & TAG_MASK == tag:
                first = np.int64(places[place] & FLOW_MASK) - 1
                word = 0
                while word < n_words and table[first * row_len + word] == table[i * row_len + word]:
                    word += 1
                if word == n_words:
                    group = numbers[first]
            place = (place + 1) & mask
        if group < 0:
            places[place] = tag | np.uint64(i + 1)
            first_rows[n_groups] = i
            group = n_groups
            n_groups += 1
        numbers[i] = group
    return n_groups


@kernel
def add_by_group(values: Any, of_row: Any, n_rows: int, n_columns: int, sums: Any) -> None:
    """Sum rows by group.

    Parameters
    ----------
    values : int64 array of shape (n_rows * n_columns,)
        What to sum.
    of_row : int64 array of shape (n_rows,)
        The group of each row; negative ones belong to none.
    n_rows, n_columns : int
        How many rows there are, and values in each.
    sums : int64 array of shape (groups * n_columns,)
        Added to.
    """
    d, numbers, results = pointer(values), pointer(of_row), pointer(sums)
    for i in range(n_rows):
        group = numbers[i]
        if group >= 0:
            for column in range(n_columns):
                results[group * n_columns + column] += d[i * n_columns + column]


@kernel
def count_apart(
    of_row: Any, queues: Any, sides: Any, has_sides: bool, loads: Any, n_rows: int, states: Any
) -> tuple[int, int, int]:
    """Count the groups whose rows are on several receive queues.

    Parameters
    ----------
    of_row : int64 array of shape (n_rows,)
        The group of each row; negative ones belong to none.
    queues : int64 array of shape (n_rows,)
        Receive queue of each; rows with a negative one are left out.
    sides : int64 array of shape (n_rows,)
        Anything not negative; read only if ``has_sides``.
    has_sides : bool
        Whether only groups with rows of several sides are cases.
    loads : int64 array of shape (n_rows * 2,)
        Packets and bytes of each row.
    n_rows : int
        How many there are.
    states : int64 array of shape (groups * STATE_LEN,)
        All zero. Written.

    Returns
    -------
    cases, apart, n_packets : int
        Groups that could be apart; those of them that are; their packets.
    """
    numbers, of_queue, of_side = pointer(of_row), pointer(queues), pointer(sides)
    d, known = pointer(loads), pointer(states)
    for i in range(n_rows):
        if i + FAR < n_rows and numbers[i + FAR] >= 0:
            prefetch(known, numbers[i + FAR] * STATE_LEN)
        if numbers[i] < 0 or of_queue[i] < 0:
            continue
        at = numbers[i] * STATE_LEN
        queue = of_queue[i] + 1
        if known[at + _QUEUE] == 0:
            known[at + _QUEUE] = queue
        elif known[at + _QUEUE] != queue:
            known[at + _FLAGS] |= _SEVERAL_QUEUES
        if has_sides:
            side = of_side[i] + 1
            if known[at + _SIDE] == 0:
                known[at + _SIDE] = side
            elif known[at + _SIDE] != side:
                known[at + _FLAGS] |= _SEVERAL_SIDES
        else:
            known[at + _FLAGS] |= _SEVERAL_SIDES
        known[at + _PACKETS] += d[2 * i]
    cases = apart = n_packets = np.int64(0)
    for group in range(len(states) // STATE_LEN):
        at = group * STATE_LEN
        if known[at + _FLAGS] & _SEVERAL_SIDES:
            cases += 1
            if known[at + _FLAGS] & _SEVERAL_QUEUES:
                apart += 1
                n_packets += known[at + _PACKETS]
    return cases, apart, n_packets
