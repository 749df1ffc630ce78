"""What chance does with loads: assigned to an indirection table at random, as by an ideal hash, or resampled.

A random number depends on the identity of the load and the number of the trial, and on nothing else. So neither the
order of the loads matters, nor which thread does which trials. A random number of 64 bits serves several trials: they
are done by FOUR. For one load at a time many trials are done, as many as have their sums in the processor's nearest
cache.
"""

import math
from typing import Any

import numpy as np

from pcaphash.kernels.base import add_pair, add_wrapping, kernel, multiply_wrapping, pointer, step
from pcaphash.kernels.mixing import STRIDE, mixed

# Of 2 ** 32 random numbers so many stand for at most 0, 1, 2 and so on, where 1 is expected.
POISSON = tuple(round(sum(math.exp(-1) / math.factorial(i) for i in range(most + 1)) * 2**32) for most in range(10))
_COMMON, _RARE = POISSON[:4], POISSON[4:]

_OTHER = np.uint64(0x6A09E667F3BCC909)
_LOW, _QUARTER, _HALF, _LAST = np.uint64(0xFFFFFFFF), np.uint64(16), np.uint64(32), np.uint64(48)

FOUR = 4

# A split of entries into two halves: what is to be drawn for either, another split, or for all of whose entries lead to
# one receive queue, that; and how many splits lead to it.
SPLIT_LEN, DEPTH = 3, 2
CROWD = 64  # equal loads that are drawn together
SIDE_BY_SIDE = 64  # trials
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_CELLS_AT_ONCE = 1024


@step
def _fours_at_once(n_queues: int) -> int:
    """Return of how many times four trials the sums stay in the nearest cache."""
    return max(_CELLS_AT_ONCE // (FOUR * n_queues), 1)


@step
def _first_number(identity: Any, seed: Any, four: int) -> Any:
    """Return what the random numbers of a load are mixed from, beginning with some four trials."""
    return add_wrapping(mixed(identity ^ seed), multiply_wrapping(np.uint64(four), STRIDE))


@step
def _scaled(drawn: Any, most: Any) -> Any:
    """Turn 32 random bits into a number below another, all of them equally likely but for 2 ** -32."""
    return (drawn * most) >> _HALF


@kernel
def assign_at_random(
    loads: Any, identities: Any, n_loads: int, table: Any, n_entries: int, n_queues: int, seed: int, first_four: int,
    n_fours: int, queues: Any,
) -> None:  # fmt: skip
    """Assign loads to table entries at random, many times.

    Parameters
    ----------
    loads : int64 array of shape (n_loads * 2,)
        Packets and bytes of each distinct hash input, which stay together.
    identities : uint64 array of shape (n_loads,)
        A number for each that tells it from the others.
    table : int64 array of shape (n_entries,)
        Receive queue of each entry; there are at most 65536.
    n_queues, seed : int
        How many receive queues there are, and what the random numbers start from.
    first_four, n_fours : int
        The first four trials, and how many times four.
    queues : int64 array of shape (n_fours * FOUR * n_queues * 2,)
        Packets and bytes on each receive queue in each trial; added to.
    """
    d, numbers, entries, sums = pointer(loads), pointer(identities), pointer(table), pointer(queues)
    of_seed, n_wide = mixed(np.uint64(seed)), np.uint64(n_entries)
    mask = np.uint64(n_entries - 1)
    is_power = n_wide & mask == np.uint64(0)
    trial_len = 2 * n_queues
    at_once = _fours_at_once(n_queues)
    for start in range(0, n_fours, at_once):
        n_now = min(at_once, n_fours - start)
        for i in range(n_loads):
            packets, n_bytes = d[2 * i], d[2 * i + 1]
            state = _first_number(numbers[i], of_seed, first_four + start)
            at = start * FOUR * trial_len
            for _ in range(n_now):
                drawn = mixed(state)
                if is_power:
                    first, second = drawn & mask, (drawn >> _QUARTER) & mask
                    third, fourth = (drawn >> _HALF) & mask, (drawn >> _LAST) & mask
                else:
                    other = mixed(state ^ _OTHER)
                    first, second = _scaled(drawn >> _HALF, n_wide), _scaled(drawn & _LOW, n_wide)
                    third, fourth = _scaled(other >> _HALF, n_wide), _scaled(other & _LOW, n_wide)
                add_pair(sums, at + 2 * entries[np.int64(first)], packets, n_bytes)
                at += trial_len
                add_pair(sums, at + 2 * entries[np.int64(second)], packets, n_bytes)
                at += trial_len
                add_pair(sums, at + 2 * entries[np.int64(third)], packets, n_bytes)
                at += trial_len
                add_pair(sums, at + 2 * entries[np.int64(fourth)], packets, n_bytes)
                at += trial_len
                state = add_wrapping(state, STRIDE)


@step
def count_bits(word: Any) -> Any:
    """Count the bits of a uint64 that are set."""
    word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return multiply_wrapping(word, np.uint64(0x0101010101010101)) >> np.uint64(56)


def room_for_crowds(n_splits: int, depth: int, n_queues: int) -> int:
    """Return how many words ``assign_crowds_at_random`` needs to work in."""
    return SIDE_BY_SIDE * (2 + depth + n_splits + 2 * n_queues)


@kernel
def assign_crowds_at_random(
    loads: Any, identities: Any, counts: Any, n_loads: int, splits: Any, n_splits: int, n_queues: int, seed: int,
    first_trial: int, n_trials: int, room: Any, queues: Any,
) -> None:  # fmt: skip
    """Assign many equal loads to table entries at random at once, many times.

    Each of 64 equal loads has a bit in a word. At each split a random word says which of them go left; so at the end
    the set bits are counted. Many trials are done side by side, in the lanes of vector instructions.

    Parameters
    ----------
    loads : int64 array of shape (n_loads * 2,)
        Packets and bytes of each of the equal loads.
    identities : uint64 array of shape (n_loads,)
        A number for each kind of load that tells it from the others.
    counts : int64 array of shape (n_loads,)
        How many there are of each kind.
    splits : int64 array of shape (n_splits * SPLIT_LEN,)
        For either half the number of the split that follows, or below zero, ``-1 - queue``; and how many splits lead to
        this one. The first split is of all.
    n_queues, seed, first_trial, n_trials, queues
        As ``assign_at_random`` takes them, but for the trials, which are counted one by one.
    room : uint64 array of shape (room_for_crowds(n_splits, depth, n_queues),)
        Room to work in; of each thread its own.
    """
    d, numbers, n_equal = pointer(loads), pointer(identities), pointer(counts)
    halves, words, sums = pointer(splits), pointer(room), pointer(queues)
    of_seed = mixed(np.uint64(seed))
    depth = np.int64(0)
    for split in range(n_splits):
        depth = max(depth, halves[split * SPLIT_LEN + DEPTH] + 1)
    # Rows of the room, each with a word for each trial.
    states = SIDE_BY_SIDE
    drawn = states + SIDE_BY_SIDE
    here = drawn + depth * SIDE_BY_SIDE
    packets_of = here + n_splits * SIDE_BY_SIDE
    bytes_of = packets_of + n_queues * SIDE_BY_SIDE
    for start in range(0, n_trials, SIDE_BY_SIDE):
        n_now = min(SIDE_BY_SIDE, n_trials - start)
        for trial in range(n_now):
            words[trial] = mixed(np.uint64(first_trial + start + trial))
        for i in range(packets_of, bytes_of + n_queues * SIDE_BY_SIDE):
            words[i] = np.uint64(0)
        for i in range(n_loads):
            packets, n_bytes = np.uint64(d[2 * i]), np.uint64(d[2 * i + 1])
            identity = numbers[i] ^ of_seed
            for trial in range(n_now):
                words[states + trial] = mixed(identity ^ words[trial])
            for first in range(0, n_equal[i], CROWD):
                all_here = _ALL >> np.uint64(CROWD - min(n_equal[i] - first, CROWD))
                for trial in range(n_now):
                    words[here + trial] = all_here
                for level in range(depth):
                    for trial in range(n_now):
                        state = add_wrapping(words[states + trial], STRIDE)
                        words[states + trial] = state
                        words[drawn + level * SIDE_BY_SIDE + trial] = mixed(state)
                for split in range(n_splits):
                    source = here + split * SIDE_BY_SIDE
                    choice = drawn + halves[split * SPLIT_LEN + DEPTH] * SIDE_BY_SIDE
                    for half in range(2):
                        turned = _ALL if half else np.uint64(0)
                        following = halves[split * SPLIT_LEN + half]
                        if following >= 0:
                            target = here + following * SIDE_BY_SIDE
                            for trial in range(n_now):
                                words[target + trial] = words[source + trial] & (words[choice + trial] ^ turned)
                        else:
                            to_packets = packets_of + (-1 - following) * SIDE_BY_SIDE
                            to_bytes = bytes_of + (-1 - following) * SIDE_BY_SIDE
                            for trial in range(n_now):
                                n = count_bits(words[source + trial] & (words[choice + trial] ^ turned))
                                words[to_packets + trial] += multiply_wrapping(n, packets)
                                words[to_bytes + trial] += multiply_wrapping(n, n_bytes)
        for trial in range(n_now):
            at = (start + trial) * n_queues * 2
            for queue in range(n_queues):
                cell = at + 2 * queue
                of_queue = queue * SIDE_BY_SIDE + trial
                add_pair(sums, cell, np.int64(words[packets_of + of_queue]), np.int64(words[bytes_of + of_queue]))


@step
def _times(drawn: Any) -> int:
    """Return how often a load is taken, given 32 random bits: distributed as Poisson has it for a mean of 1."""
    times = np.int64(0)
    for threshold in _COMMON:
        times += np.int64(drawn >= np.uint64(threshold))
    if times == len(_COMMON):
        for threshold in _RARE:
            times += np.int64(drawn >= np.uint64(threshold))
    return times


@kernel
def resample_at_random(
    loads: Any, identities: Any, queues: Any, n_loads: int, n_queues: int, seed: int, first_four: int, n_fours: int,
    sums: Any,
) -> None:  # fmt: skip
    """Take each load no time, once or several times at random, many times (the Poisson bootstrap).

    Parameters
    ----------
    loads, identities, n_loads, n_queues, seed, first_four, n_fours
        As ``assign_at_random`` takes them.
    queues : int64 array of shape (n_loads,)
        Receive queue of each load.
    sums : int64 array of shape (n_fours * FOUR * n_queues * 2,)
        Packets and bytes on each receive queue in each trial; added to.
    """
    d, numbers, of_load, results = pointer(loads), pointer(identities), pointer(queues), pointer(sums)
    of_seed = mixed(np.uint64(seed))
    trial_len = 2 * n_queues
    at_once = _fours_at_once(n_queues)
    for start in range(0, n_fours, at_once):
        n_now = min(at_once, n_fours - start)
        for i in range(n_loads):
            packets, n_bytes = d[2 * i], d[2 * i + 1]
            state = _first_number(numbers[i], of_seed, first_four + start)
            at = start * FOUR * trial_len + 2 * of_load[i]
            for _ in range(n_now):
                drawn, other = mixed(state), mixed(state ^ _OTHER)
                for bits in (drawn >> _HALF, drawn & _LOW, other >> _HALF, other & _LOW):
                    times = _times(bits)
                    add_pair(results, at, times * packets, times * n_bytes)
                    at += trial_len
                state = add_wrapping(state, STRIDE)
