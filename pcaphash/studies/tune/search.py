"""Search for a hash key from the best random ones on, one bit at a time.

The hash is linear in the key, too: a bit of the key that is flipped adds to each table index the bits of the hash input
beside its place, as many as the index has (Microsoft, "RSS hashing functions": bit j of the hash is the sum of the key
bits i + j over the bits i of the input that are set). Where these are the same in all hash inputs, all entries only
change places; such bits of the key are left as they are.

Whoever looks for long enough finds a key that suits just the flows looked at. So a search looks at one part of the
choosing half only, and what it finds counts if it is better than the best random key over the other part as well.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from pcaphash.kernels.toeplitz import WORDS
from pcaphash.studies.tune.measures import is_better, is_clearly_better
from pcaphash.studies.tune.verdict import Halves

_AT_ONCE = 32  # keys, each with one bit flipped, of which the best is taken if it is better than the key before
_STREAM = 2  # of the seed; others make the random keys and the halves
_HASH_BITS = 32

Judge = Callable[[Sequence[bytes]], npt.NDArray[np.float64]]
"""Returns how bad each of some keys is over the flows that are looked at."""


class SearchGain(StrEnum):
    """What came of a search, by the names that programs get."""

    NONE = "none"
    """It found no key that is better than the best random one over both parts of the choosing half."""
    NOT_LASTING = "not-lasting"
    """It found one that is no better over the judging half, or not by more than ideal hashes differ."""
    LASTING = "lasting"
    """It found one that is better over the judging half than 97.5% of ideal hashes, and clearly better than the best
    random key."""


@dataclass(frozen=True)
class KeySearch:
    """What came of a search.

    Parameters
    ----------
    tried : int
        Keys that were tried.
    gain : SearchGain
        What came of it.
    random : Halves
        The measure that keys are chosen by, of the best random key over the two halves.
    found : Halves or None
        The same of the key that was found; None if it is not better than the random one over both parts of the choosing
        half.
    """

    tried: int
    gain: SearchGain
    random: Halves
    found: Halves | None


def search_key(
    starts: Sequence[bytes], moves: Sequence[int], judge: Judge, most: int, seed: int
) -> tuple[bytes | None, int]:
    """Search from some keys on, one after the other, until no flipped bit is an improvement.

    Parameters
    ----------
    starts : sequence of bytes
        Keys to start from.
    moves : sequence of int
        Bits that may be flipped, the first one of the key being 0.
    judge : callable
        Says how bad keys are.
    most : int
        How many keys to try at most.
    seed : int
        What the order of the moves is drawn from.

    Returns
    -------
    key : bytes or None
        The best key that was found; None if none is better than the first one to start from.
    tried : int
        How many keys were tried.
    """
    source = np.random.default_rng([seed, _STREAM])
    found: bytes | None = None
    of_starts = judge(starts).tolist()
    best, tried = of_starts[0], 0
    for key, value in zip(starts, of_starts, strict=True):
        left = 0
        while tried < most and moves:
            if not left:
                order, left, is_moved = source.permutation(moves).tolist(), len(moves), False
            some = [_flip(key, bit) for bit in order[len(moves) - left :][: min(_AT_ONCE, most - tried)]]
            tried, left = tried + len(some), left - len(some)
            values = judge(some)
            chosen = int(values.argmin())
            if values[chosen] < value:
                key, value, is_moved = some[chosen], float(values[chosen]), True
            elif not left and not is_moved:
                break
        if value < best:
            found, best = key, value
    return found, tried


def moves_of(words: npt.NDArray[np.uint32], index_bits: int) -> list[int]:
    """Return the bits of a key that tell hash inputs apart when they are flipped.

    Parameters
    ----------
    words : uint32 array of shape (n, WORDS)
        The hash inputs in words, zeros after their end.
    index_bits : int
        Bits of the table index.
    """
    if not len(words) or not index_bits:
        return []
    differing = np.bitwise_or.reduce(words ^ words[0], axis=0).astype(">u4").tobytes()
    varying = np.flatnonzero(np.unpackbits(np.frombuffer(differing, np.uint8)))
    # Index bit j, the lowest being 0, is bit 31 - j of the hash, so bit k of the key adds the input's bit k - 31 + j.
    reached = varying[:, np.newaxis] + (_HASH_BITS - 1 - np.arange(index_bits))
    return sorted({bit for bit in reached.reshape(-1).tolist() if bit < _HASH_BITS * (WORDS + 1)})


def conclude(tried: int, measure: str, random: Halves, found: Halves | None, ideal: float) -> KeySearch:
    """Say what came of a search.

    Parameters
    ----------
    tried : int
        Keys that were tried.
    measure : str
        What keys are chosen by.
    random, found : Halves
        That measure under the best random key, and under the key that was found, if it is one.
    ideal : float
        What 97.5% of ideal hashes are no better than over the judging half.
    """
    if found is None:
        return KeySearch(tried, SearchGain.NONE, random, None)
    lasts = is_better(measure, found.judging, ideal) and is_clearly_better(measure, found.judging, random.judging)
    return KeySearch(tried, SearchGain.LASTING if lasts else SearchGain.NOT_LASTING, random, found)


def _flip(key: bytes, bit: int) -> bytes:
    changed = bytearray(key)
    changed[bit // 8] ^= 0x80 >> bit % 8
    return bytes(changed)
