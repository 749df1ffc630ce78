"""Random numbers by counting: number n of a sequence follows from its key and n alone (SplitMix64)."""

from typing import Any

import numpy as np

from pcaphash.kernels.base import add_wrapping, multiply_wrapping, step

STRIDE = 0x9E3779B97F4A7C15


@step
def mixed(value: Any) -> Any:
    """Mix 64 bits so that every bit of the result depends on all of them (the finalizer of SplitMix64)."""
    value = multiply_wrapping(value ^ (value >> np.uint64(30)), np.uint64(0xBF58476D1CE4E5B9))
    value = multiply_wrapping(value ^ (value >> np.uint64(27)), np.uint64(0x94D049BB133111EB))
    return value ^ (value >> np.uint64(31))


@step
def numbered(key: Any, n: int) -> Any:
    """Return number n of the sequence that a key, a uint64, starts."""
    return mixed(add_wrapping(key, multiply_wrapping(np.uint64(n), np.uint64(STRIDE))))
