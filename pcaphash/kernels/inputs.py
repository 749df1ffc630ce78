"""Hash inputs that stand in a table, each hashed under one key or under many."""

from typing import Any

import numpy as np

from pcaphash.kernels.base import kernel, pointer, step
from pcaphash.kernels.toeplitz import WORDS, finish, product, reversed_slot, view_key

SHORT_WORDS = 3  # two IPv4 addresses and two ports

# So many inputs and their loads stay in the processor's nearest caches while one key after the other is tried.
_AT_ONCE = 512


@step
def _total(words: Any, at: int, n_words: int, key: Any, first: int) -> Any:
    """Sum the products of an input; words of zero behind its end add nothing."""
    total = product(words[at], first, key)
    total ^= product(words[at + 1], first + 1, key)
    total ^= product(words[at + 2], first + 2, key)
    for word in range(SHORT_WORDS, n_words):
        total ^= product(words[at + word], first + word, key)
    return total


@kernel
def hash_inputs(words: Any, n_inputs: int, n_words: int, key: Any, hash_values: Any) -> None:
    """Hash inputs under one key.

    Parameters
    ----------
    words : uint32 array of shape (n_inputs * n_words,)
        The inputs in words as numbers (network order), zeros behind their end.
    n_inputs, n_words : int
        How many inputs there are, and words of each: SHORT_WORDS or WORDS.
    key : tuple of uint64, or uint32 array
        What ``toeplitz.prepare_key`` gives.
    hash_values : uint32 array of shape (n_inputs,)
        Written.
    """
    source, results = pointer(words), pointer(hash_values)
    prepared = view_key(key)
    for i in range(n_inputs):
        results[i] = finish(_total(source, i * n_words, n_words, prepared, 0))


@kernel
def spread_by_keys(
    words: Any, n_inputs: int, n_words: int, loads: Any, keys: Any, n_keys: int, slot_bits: int, slots: Any
) -> None:
    """Sum up what inputs bring to each slot, under each of many keys.

    Parameters
    ----------
    words, n_inputs, n_words
        As ``hash_inputs`` takes them.
    loads : int64 array of shape (n_inputs * 2,)
        Packets and bytes of each input.
    keys : array
        What ``toeplitz.prepare_keys`` gives.
    n_keys, slot_bits : int
        How many keys there are; slots are 2 ** slot_bits (at least two).
    slots : int64 array of shape (n_keys * 2 ** slot_bits * 2,)
        Packets and bytes of each slot, in bit-reversed order; added to.
    """
    source, brought, sums = pointer(words), pointer(loads), pointer(slots)
    prepared = pointer(keys)
    for start in range(0, n_inputs, _AT_ONCE):
        end = min(start + _AT_ONCE, n_inputs)
        for number in range(n_keys):
            base = np.int64(number) << (slot_bits + 1)
            for i in range(start, end):
                total = _total(source, i * n_words, n_words, prepared, number * WORDS)
                cell = base + 2 * reversed_slot(total, slot_bits)
                sums[cell] += brought[2 * i]
                sums[cell + 1] += brought[2 * i + 1]
