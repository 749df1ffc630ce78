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
# one receive queue, that.
SPLIT_LEN = 2
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
def count_bits(word: Any) -> int:
    """Count the bits of a uint64 that are set."""
    word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64(multiply_wrapping(word, np.uint64(0x0101010101010101)) >> np.uint64(56))


@kernel
def assign_crowds_at_random(
    loads: Any, identities: Any, counts: Any, n_loads: int, splits: Any, n_splits: int, n_queues: int, seed: int,
    first_trial: int, n_trials: int, room: Any, queues: Any,
) -> None:  # fmt: skip
    """Assign many equal loads to table entries at random at once, many times.

    Each of them has a random bit that says in which half of the entries it is; so the set bits are counted. The same
    goes for the halves of a half.

    Parameters
    ----------
    loads : int64 array of shape (n_loads * 2,)
        Packets and bytes of each of the equal loads.
    identities : uint64 array of shape (n_loads,)
        A number for each kind of load that tells it from the others.
    counts : int64 array of shape (n_loads,)
        How many there are of each kind.
    splits : int64 array of shape (n_splits * SPLIT_LEN,)
        For either half the number of the split that follows, or below zero, ``-1 - queue``. The first split is of all.
    n_queues, seed, first_trial, n_trials, queues
        As ``assign_at_random`` takes them, but for the trials, which are counted one by one.
    room : int64 array of shape (n_splits,)
        Room to work in; of each thread its own.
    """
    d, numbers, n_equal = pointer(loads), pointer(identities), pointer(counts)
    halves, waiting, sums = pointer(splits), pointer(room), pointer(queues)
    of_seed = mixed(np.uint64(seed))
    for trial in range(n_trials):
        at = trial * n_queues * 2
        for i in range(n_loads):
            state = mixed(numbers[i] ^ of_seed ^ mixed(np.uint64(first_trial + trial)))
            waiting[0] = n_equal[i]
            for split in range(n_splits):
                n_here = waiting[split]
                n_left = np.int64(0)
                for _ in range(n_here >> 6):
                    state = add_wrapping(state, STRIDE)
                    n_left += count_bits(mixed(state))
                if n_here & 63:
                    state = add_wrapping(state, STRIDE)
                    n_left += count_bits(mixed(state) >> np.uint64(64 - (n_here & 63)))
                for half in range(SPLIT_LEN):
                    n_of_half = n_left if half == 0 else n_here - n_left
                    following = halves[split * SPLIT_LEN + half]
                    if following >= 0:
                        waiting[following] = n_of_half
                    else:
                        cell = at + 2 * (-1 - following)
                        add_pair(sums, cell, n_of_half * d[2 * i], n_of_half * d[2 * i + 1])


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
