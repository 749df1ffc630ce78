"""Hash inputs as arrays of words, which the studies of keys take."""

from collections.abc import Iterable

import numpy as np

from pcaphash.kernels.toeplitz import WORDS


def words_of(inputs: Iterable[bytes]) -> np.ndarray:
    """Return the words of inputs in a row each, zeros after their end."""
    padded = b"".join(each.ljust(4 * WORDS, b"\0") for each in inputs)
    return np.frombuffer(padded, ">u4").astype(np.uint32).reshape(-1, WORDS)
