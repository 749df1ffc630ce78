"""Hash inputs that stand in a table, each hashed under one key or under many."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pcaphash.kernels.base import add_pair, kernel, pointer, step
from pcaphash.kernels.toeplitz import KEY_LEN, WORDS, finish, product, view_key

SHORT_WORDS = 3  # two IPv4 addresses and two ports

LANES = 16  # keys that are tried side by side: a slot is up to 16 bits, so one XOR of 64 bits serves four of them
_PARTS = 4  # numbers of 64 bits that hold the slots of all
_NIBBLES = 8  # half bytes of a word, each with 16 values: larger tables would not stay in the nearest cache

# So many inputs and their loads stay in the processor's nearest caches while keys are tried.
_AT_ONCE = 512


@step
def _total(words: Any, at: int, n_words: int, key: Any) -> Any:
    """Sum the products of an input; words of zero behind its end add nothing."""
    total = product(words[at], 0, key)
    total ^= product(words[at + 1], 1, key)
    total ^= product(words[at + 2], 2, key)
    for word in range(SHORT_WORDS, n_words):
        total ^= product(words[at + word], word, key)
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
        results[i] = finish(_total(source, i * n_words, n_words, prepared))


def tabulate_keys(keys: Sequence[bytes], slots: int) -> npt.NDArray[np.uint64]:
    """Tabulate what each value of each half byte of a hash input adds to the slot, under many keys side by side.

    Parameters
    ----------
    keys : sequence of bytes
        Any length; zero padded to 40 bytes, bytes beyond them ignored.
    slots : int
        A power of two, up to 65536.

    Returns
    -------
    uint64 array of shape (groups * 36 * 2 * 16 * LANES / 4,)
        By group of LANES keys (the last filled up with zeros), half byte, and value: 16 bits for each key.
    """
    n_groups = -(-len(keys) // LANES)
    given = np.zeros((n_groups * LANES, KEY_LEN), np.uint8)
    for i, key in enumerate(keys):
        given[i] = np.frombuffer(key[:KEY_LEN].ljust(KEY_LEN, b"\0"), np.uint8)
    key_bits = np.unpackbits(given, axis=1).astype(np.uint16)
    n_bits = 32 * WORDS
    adds = np.zeros((len(given), n_bits), np.uint16)  # what each bit of the input adds to the lowest bits of the hash
    for bit in range(16):
        adds |= key_bits[:, 31 - bit : 31 - bit + n_bits] << np.uint16(bit)
    adds = (adds & np.uint16(slots - 1)).reshape(len(given), _NIBBLES * WORDS, 4)
    table = np.zeros((len(given), _NIBBLES * WORDS, 16), np.uint16)
    for bit in range(4):
        table[:, :, 1 << bit : 2 << bit] = table[:, :, : 1 << bit] ^ adds[:, :, 3 - bit, None]
    side_by_side = table.reshape(n_groups, LANES, _NIBBLES * WORDS, 16).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(side_by_side).reshape(-1).view(np.uint64)


@kernel
def spread_by_keys(
    words: Any, n_inputs: int, n_words: int, loads: Any, table: Any, n_keys: int, slots: int, found: Any, sums: Any
) -> None:
    """Sum up what inputs bring to each slot, under each of many keys.

    Parameters
    ----------
    words, n_inputs, n_words
        As ``hash_inputs`` takes them.
    loads : int64 array of shape (n_inputs * 2,)
        Packets and bytes of each input.
    table : uint64 array
        What ``tabulate_keys`` gives for these keys and slots.
    n_keys, slots : int
        How many keys there are, and slots.
    found : uint16 array
        Room to work in, as ``working_room`` makes it.
    sums : int64 array of shape (n_keys * slots * 2,)
        Packets and bytes of each slot; added to.
    """
    source, brought, tabulated, added = pointer(words), pointer(loads), pointer(table), pointer(sums)
    slots_found, parts_found = pointer(found), pointer(found.view(np.uint64))
    for start in range(0, n_inputs, _AT_ONCE):
        n_now = min(_AT_ONCE, n_inputs - start)
        for first_key in range(0, n_keys, LANES):
            group = first_key // LANES * (WORDS * _NIBBLES * 16 * _PARTS)
            for i in range(n_now):
                a, b, c, d = np.uint64(0), np.uint64(0), np.uint64(0), np.uint64(0)
                for number in range(n_words):
                    word = np.int64(source[(start + i) * n_words + number])
                    rows = group + number * (_NIBBLES * 16 * _PARTS)
                    for nibble in range(_NIBBLES):
                        row = rows + (nibble * 16 + ((word >> (28 - 4 * nibble)) & 15)) * _PARTS
                        a ^= tabulated[row]
                        b ^= tabulated[row + 1]
                        c ^= tabulated[row + 2]
                        d ^= tabulated[row + 3]
                at = i * _PARTS
                parts_found[at] = a
                parts_found[at + 1] = b
                parts_found[at + 2] = c
                parts_found[at + 3] = d
            for lane in range(min(LANES, n_keys - first_key)):
                base = np.int64(first_key + lane) * slots
                for i in range(n_now):
                    cell = 2 * (base + np.int64(slots_found[i * LANES + lane]))
                    add_pair(added, cell, brought[2 * (start + i)], brought[2 * (start + i) + 1])


def working_room() -> npt.NDArray[np.uint16]:
    """Make room for what ``spread_by_keys`` finds at a time; of each thread its own."""
    return np.zeros(_AT_ONCE * LANES, np.uint16)
