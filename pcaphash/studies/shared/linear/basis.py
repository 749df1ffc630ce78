"""Hash inputs that are no sums of each other, with their hashes: all that a trace tells of a key."""

import numpy as np
import numpy.typing as npt

from pcaphash.kernels.elimination import CONTRADICTION, N_PIVOTS, NEW, ROW_WORDS, eliminate
from pcaphash.kernels.toeplitz import WORDS

Words = npt.NDArray[np.uint32]


class Basis:
    """Takes hash inputs and their hashes in, and keeps what is new."""

    def __init__(self) -> None:
        self.inputs = 0
        """Inputs taken in."""
        self.contradictions = 0
        """Inputs that are sums of earlier ones, but whose hashes are not the sums of theirs."""
        self._present = np.zeros(N_PIVOTS, np.uint8)
        self._rows = np.zeros(N_PIVOTS * ROW_WORDS, np.uint64)
        self._values = np.zeros(N_PIVOTS, np.uint32)

    @property
    def rank(self) -> int:
        """Inputs that are no sums of others."""
        return int(self._present.sum())

    def add(self, words: Words, hash_values: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint8]:
        """Take inputs in; return NEW, SUM or CONTRADICTION (``kernels.elimination``) for each.

        Parameters
        ----------
        words : uint32 array of shape (n, WORDS)
            The inputs in words, zeros behind their end.
        hash_values : uint32 array of shape (n,)
            Their hashes.
        """
        n = len(words)
        statuses = np.full(n, NEW, np.uint8)
        flat = np.ascontiguousarray(words).reshape(-1)
        values = np.ascontiguousarray(hash_values)
        room = np.zeros(ROW_WORDS, np.uint64)
        eliminate(flat, values, n, self._present, self._rows, self._values, room, statuses)
        self.inputs += n
        self.contradictions += int(np.count_nonzero(statuses == CONTRADICTION))
        return statuses

    def equations(self) -> list[tuple[int, int, int]]:
        """Return what the basis says: of each row the input as a number of 288 bits, the one behind it, the hash."""
        found = []
        for pivot in np.flatnonzero(self._present).tolist():
            number = 0
            for word in self._rows[ROW_WORDS * pivot : ROW_WORDS * (pivot + 1)].tolist():
                number = number << 64 | int(word)
            found.append((number >> 32, number >> 31 & 1, int(self._values[pivot])))
        return found


INPUT_BITS = 32 * WORDS
