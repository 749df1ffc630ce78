"""Tell quickly which inputs are sums of a basis and have the sum of its hashes: nearly all, once a basis is whole.

Each bit of an input gets a number of 64 bits, whose lower half sums up to the hash of whatever the basis spans. Upper
halves sum up to 0 over it, and are random otherwise: an input outside is taken for one inside once in 2 ** 32 times.
"""

import numpy as np
import numpy.typing as npt

from pcaphash.kernels.toeplitz import WORDS
from pcaphash.studies.shared.linear.basis import INPUT_BITS, Basis, Words

_SEED = 1


class BasisSpan:
    """What a basis spans, at the time when this is made."""

    def __init__(self, basis: Basis) -> None:
        numbers = _bit_numbers(basis)
        self._start = np.uint64(numbers[-1])  # of the one behind each input
        bits = np.array(numbers[:-1], np.uint64).reshape(-1, 8)
        self._tables = np.zeros((len(bits), 256), np.uint64)
        for bit in range(8):
            self._tables[:, np.arange(256) & (0x80 >> bit) != 0] ^= bits[:, bit, None]

    def agrees(self, words: Words, hash_values: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
        """Return which inputs are in the span, with hashes that go with it.

        Parameters
        ----------
        words : uint32 array of shape (n, WORDS)
            The inputs in words, zeros behind their end.
        hash_values : uint32 array of shape (n,)
            Their hashes.
        """
        sums: npt.NDArray[np.uint64] = hash_values ^ self._start
        for word in range(WORDS):
            column = words[:, word]
            if column.any():
                for byte in range(4):
                    sums ^= self._tables[4 * word + byte].take(column >> np.uint32(24 - 8 * byte) & np.uint32(255))
        return np.equal(sums, 0)


def _bit_numbers(basis: Basis) -> list[int]:
    """Return the number of each bit of an input, and of the one behind it."""
    rows: dict[int, tuple[int, int]] = {}  # by highest bit: a row in which that of no other row stands, and its hash
    for data, one, value in sorted(basis.equations()):
        row = data << 1 | one
        for pivot, (other, other_value) in rows.items():
            if row >> pivot & 1:
                row, value = row ^ other, value ^ other_value
        rows[row.bit_length() - 1] = row, value
    random = np.random.default_rng(_SEED)
    free = [number << 32 for number in random.integers(0, 1 << 32, INPUT_BITS + 1).tolist()]
    numbers = list(free)
    for pivot, (row, value) in rows.items():
        numbers[pivot] = value
        for bit in range(pivot):
            if row >> bit & 1:
                numbers[pivot] ^= free[bit]
    return numbers[::-1]
