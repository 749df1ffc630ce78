"""What chance does with loads: assigned to an indirection table at random, as by an ideal hash, or resampled."""

import math
from typing import Any

import numpy as np

from pcaphash.kernels.base import add_wrapping, kernel, multiply_wrapping, pointer, step

# Of 2 ** 32 random numbers so many stand for at most 0, 1, 2 and so on, where 1 is expected.
POISSON = tuple(round(sum(math.exp(-1) / math.factorial(i) for i in range(most + 1)) * 2**32) for most in range(10))


@step
def _mixed(value: Any) -> Any:
    """Mix 64 bits so that every bit of the result depends on all of them (the finalizer of SplitMix64)."""
    value = multiply_wrapping(value ^ (value >> np.uint64(30)), np.uint64(0xBF58476D1CE4E5B9))
    value = multiply_wrapping(value ^ (value >> np.uint64(27)), np.uint64(0x94D049BB133111EB))
    return value ^ (value >> np.uint64(31))


@kernel
def assign_at_random(
    loads: Any, n_loads: int, table: Any, n_entries: int, n_queues: int, seed: int, n_times: int, queues: Any
) -> None:
    """Assign loads to table entries at random, many times.

    Parameters
    ----------
    loads : int64 array of shape (n_loads * 2,)
        Packets and bytes of each distinct hash input, which stay together.
    table : int64 array of shape (n_entries,)
        Receive queue of each entry.
    n_queues, seed, n_times : int
        How many receive queues there are, what the random numbers start from, and how often to assign everything.
    queues : int64 array of shape (n_times * n_queues * 2,)
        Packets and bytes on each receive queue each time; added to.
    """
    d = pointer(loads)
    entries = pointer(table)
    sums = pointer(queues)
    state = _mixed(np.uint64(seed))
    for time in range(n_times):
        first = time * n_queues * 2
        for i in range(n_loads):
            state = add_wrapping(state, np.uint64(0x9E3779B97F4A7C15))
            # The upper half of the product is a number below n_entries, all of them equally likely but for 2 ** -32.
            entry = ((_mixed(state) >> np.uint64(32)) * np.uint64(n_entries)) >> np.uint64(32)
            cell = first + 2 * entries[np.int64(entry)]
            sums[cell] += d[2 * i]
            sums[cell + 1] += d[2 * i + 1]


@kernel
def resample_at_random(
    loads: Any, queues: Any, n_loads: int, n_queues: int, seed: int, n_times: int, sums: Any
) -> None:
    """Take each load no time, once or several times at random, many times (the Poisson bootstrap).

    Parameters
    ----------
    loads : int64 array of shape (n_loads * 2,)
        Packets and bytes of each.
    queues : int64 array of shape (n_loads,)
        Receive queue of each.
    n_queues, seed, n_times : int
        How many receive queues there are, what the random numbers start from, and how often to resample.
    sums : int64 array of shape (n_times * n_queues * 2,)
        Packets and bytes on each receive queue each time; added to.
    """
    d, of_load, results = pointer(loads), pointer(queues), pointer(sums)
    state = _mixed(np.uint64(seed))
    for time in range(n_times):
        first = time * n_queues * 2
        for i in range(n_loads):
            state = add_wrapping(state, np.uint64(0x9E3779B97F4A7C15))
            drawn = _mixed(state) >> np.uint64(32)
            # How often: distributed as Poisson has it for a mean of 1.
            times = np.int64(0)
            for threshold in POISSON:
                times += np.int64(drawn >= np.uint64(threshold))
            cell = first + 2 * of_load[i]
            results[cell] += times * d[2 * i]
            results[cell + 1] += times * d[2 * i + 1]
