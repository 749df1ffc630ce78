"""Hash inputs that stand in a table, each hashed under one key or under many."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pcaphash.kernels.base import add_pair, kernel, pointer, step
from pcaphash.kernels.flows import SIGNATURE_MASK
from pcaphash.kernels.toeplitz import KEY_LEN, WORDS, finish, product, view_key

SHORT_WORDS = 3  # two IPv4 addresses and two ports

LANES = 16  # keys that are tried side by side: a slot is up to 16 bits, so one XOR of 64 bits serves four of them
_PARTS = 4  # numbers of 64 bits that hold the slots of all
_NIBBLES = 8  # half bytes of a word, each with 16 values: larger tables would not stay in the nearest cache

# How to read the input of a flow: the first of its address words in the key; how many there are; which word of the key
# has the ports in its lower half, or NO_PORTS; length in bytes.
_FIRST, _PAIRS_OF_ADDRESSES, _PORTS, _LENGTH = 0, 1, 2, 3
PLAN_LEN = 4
NO_PORTS = -1
_ROW_LEN = (WORDS + 1) // 2

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
def read_inputs(flows: Any, n_flows: int, row_len: int, plans: Any, rows: Any) -> None:
    """Read the hash inputs of flows.

    Parameters
    ----------
    flows : uint64 array of shape (n_flows * row_len,)
        The key of each behind its hash, as ``kernels.flows`` lays them out.
    n_flows, row_len : int
        How many flows there are, and words in the row of each.
    plans : int64 array of shape (N_SIGNATURES * PLAN_LEN,)
        How to read the input of a flow, by its signature; all zero where there is none.
    rows : uint64 array of shape (n_flows * 5,)
        Written: the words of each input in pairs, zeros behind its end, and the length in the lower half of the last.
    """
    source, results, steps = pointer(flows), pointer(rows), pointer(plans)
    low, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    for i in range(n_flows):
        key = i * row_len + 1
        plan = np.int64((source[key] >> half) & SIGNATURE_MASK) * PLAN_LEN
        at, n_pairs, ports = i * _ROW_LEN, steps[plan + _PAIRS_OF_ADDRESSES], steps[plan + _PORTS]
        for pair in range(_ROW_LEN):
            results[at + pair] = source[key + steps[plan + _FIRST] + pair] if pair < n_pairs else np.uint64(0)
        if n_pairs > 0 and ports != NO_PORTS:
            results[at + n_pairs] = (source[key + ports] & low) << half
        results[at + _ROW_LEN - 1] |= np.uint64(steps[plan + _LENGTH])


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


@kernel
def hash_rows(rows: Any, chosen: Any, n_chosen: int, key: Any, hash_values: Any) -> None:
    """Hash some of the inputs that ``read_inputs`` wrote.

    Parameters
    ----------
    rows : uint64 array of shape (n * 5,)
        The inputs.
    chosen : int64 array of shape (n_chosen,)
        Which of them to hash.
    n_chosen : int
        How many these are.
    key : tuple of uint64, or uint32 array
        What ``toeplitz.prepare_key`` gives.
    hash_values : uint32 array of shape (n_chosen,)
        Written.
    """
    source, numbers, results = pointer(rows), pointer(chosen), pointer(hash_values)
    prepared = view_key(key)
    for i in range(n_chosen):
        at = numbers[i] * _ROW_LEN
        total = product(np.uint32(source[at] >> np.uint64(32)), 0, prepared)
        for word in range(1, WORDS):
            pair = source[at + word // 2]
            total ^= product(np.uint32(pair >> np.uint64(32) if word % 2 == 0 else pair), word, prepared)
        results[i] = finish(total)


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
