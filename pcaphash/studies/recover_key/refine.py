"""What receive queues say of a key that is not linear: the few keys that equations leave open are all tried.

With queue ``i % 6`` at entry ``i``, a queue tells the lowest bit of the index, and of the others that only some of the
entries are possible. The equations of that one bit can determine the key but for its first bits. Then few keys are
left, and most packets contradict most of them.
"""

from dataclasses import dataclass, replace
from functools import reduce
from operator import xor

import numpy as np
import numpy.typing as npt

from pcaphash.studies.recover_key.solution import Solution
from pcaphash.studies.shared.linear.basis import Words
from pcaphash.studies.shared.linear.equations import find_basis

_MOST_OPEN = 18  # changes of the key, of which every sum is tried
_LOOKED_AT = 32  # packets, after which keys that cannot be right are left out
_MOST_WRONG = 20  # one in so many packets may contradict
_LEAST_RATE = 4  # packets for each change, at least, for what fits not to do so by chance


@dataclass(frozen=True, eq=False)
class Arrived:
    """Packets and where they came to.

    Parameters
    ----------
    words : uint32 array of shape (n, WORDS)
        Their hash inputs in words, zeros after their end.
    queues : int64 array of shape (n,)
        Their receive queues.
    """

    words: Words
    queues: npt.NDArray[np.int64]


def refine(
    solution: Solution, arrived: Arrived, table: npt.NDArray[np.int64], needed: int
) -> tuple[Solution | None, int]:
    """Try all keys that equations leave open, as far as they differ in where packets come to.

    Parameters
    ----------
    solution : Solution
        What the equations say.
    arrived : Arrived
        Packets to judge by.
    table : int64 array of shape (entries,)
        The indirection table.
    needed : int
        Bits of the hash that receive queues depend on.

    Returns
    -------
    solution : Solution or None
        What is known now; None if no key that is left gives these queues.
    tried : int
        How many keys were tried, 1 if equations leave none open; 0 if they are too many, or the packets too few: then
        the solution is the same.
    """
    mask = np.uint32((len(table) - 1) & needed)
    telling, silent = _split(solution, arrived.words, mask)
    n_packets, n_tried = len(arrived.queues), 1 << len(telling)
    if len(telling) > _MOST_OPEN or n_packets < _LEAST_RATE * len(telling):
        return solution, 0
    hashes, _ = solution.predict(arrived.words)
    most_wrong = n_packets // _MOST_WRONG
    left, wrong = np.arange(n_tried), np.zeros(n_tried, np.int64)
    for place, (queue, entry) in enumerate(zip(arrived.queues.tolist(), (hashes & mask).tolist(), strict=True)):
        entries = np.full(len(left), entry)
        for bit, (_, effects) in enumerate(telling):
            entries ^= (left >> bit & 1) * int(effects[place])
        wrong += table[entries] != queue
        if place % _LOOKED_AT == 0:
            left, wrong = left[wrong <= most_wrong], wrong[wrong <= most_wrong]
    if not len(left) or wrong.min() > most_wrong:
        return None, n_tried
    changes = [_sum(number, [change for change, _ in telling]) for number in left[wrong == wrong.min()].tolist()]
    open_still = find_basis([change ^ changes[0] for change in changes[1:]])
    return replace(solution, particular=solution.particular ^ changes[0], null=(*silent, *open_still)), n_tried


def _split(
    solution: Solution, words: Words, mask: np.uint32
) -> tuple[list[tuple[int, npt.NDArray[np.uint32]]], list[int]]:
    """Split what is open: changes that lead packets elsewhere, each with what it adds to indexes, and others."""
    rows: dict[int, tuple[int, int]] = {}  # by highest bit of all that is added: this, and the change
    silent = []
    for change, effects in zip(solution.null, solution.effects(words), strict=True):
        row = int.from_bytes((effects & mask).astype(">u4").tobytes(), "big")
        while row and row.bit_length() in rows:
            other, other_change = rows[row.bit_length()]
            row, change = row ^ other, change ^ other_change
        if row:
            rows[row.bit_length()] = row, change
        else:
            silent.append(change)
    telling = [
        (change, np.frombuffer(row.to_bytes(4 * len(words), "big"), ">u4").astype(np.uint32))
        for row, change in rows.values()
    ]
    return telling, silent


def _sum(number: int, changes: list[int]) -> int:
    return reduce(xor, (change for i, change in enumerate(changes) if number >> i & 1), 0)
