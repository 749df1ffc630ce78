"""Convert the timestamps of pcapng's interfaces to nanoseconds since 1970, UTC.

A time fits if an int64 holds its nanoseconds, rounded down, and they are not those that stand for no time
(NO_TIMESTAMP): it lies in the years 1677 to 2262. Whatever does not fit is no time.
"""

from typing import Any

import numpy as np

from pcaphash.kernels.base import rare_step, step

NO_TIMESTAMP = int(np.iinfo(np.int64).min)  # the file gives none, or none that fits

NS = 1_000_000_000

_FIRST_SECOND, _FIRST_FRACTION = -9_223_372_037, 145_224_193  # of the first time that fits, NO_TIMESTAMP + 1
_LAST_SECOND, _LAST_FRACTION = 9_223_372_036, 854_775_807

PLAIN_LIMIT_NS = 1 << 62
"""Neither an offset up to it nor ticks up to it, in nanoseconds, let their sum leave 64 bits."""


@step
def interface_time(high: int, low: int, interface: Any) -> int:
    """Convert an interface's ticks, given in halves of 32 bits, to nanoseconds since 1970; NO_TIMESTAMP for none."""
    ticks = np.uint64(high) << np.uint64(32) | np.uint64(low)
    if ticks < interface["most_plain_ticks"]:
        # Nearly always so; a multiplication for each packet, and no division.
        return np.int64(ticks) * interface["tick_ns"] + interface["offset_ns"]
    return _any_time(ticks, interface)


@step
def _binary_fraction_ns(fraction: Any, exponent: int) -> int:
    """Return ``fraction * 10**9 >> exponent``, exactly, in halves of 32 bits since the product needs 94."""
    high = (fraction >> np.uint64(32)) * np.uint64(NS)
    low = (fraction & np.uint64(0xFFFFFFFF)) * np.uint64(NS)
    if exponent < 32:
        return np.int64(low >> np.uint64(exponent))
    if exponent >= 96:
        return np.int64(0)
    return np.int64((high + (low >> np.uint64(32))) >> np.uint64(exponent - 32))


@rare_step
def _any_time(ticks: Any, interface: Any) -> int:
    """Convert ticks of any resolution, with any offset."""
    exponent = np.int64(interface["exponent"])
    unit = max(interface["ticks"], np.uint64(1))
    if interface["binary"]:
        shift = np.uint64(exponent)
        seconds = ticks >> shift if exponent < 64 else np.uint64(0)
        rest = ticks - (seconds << shift) if exponent < 64 else ticks
        fraction = _binary_fraction_ns(rest, exponent)
    elif exponent <= 9:
        seconds = ticks // unit
        fraction = np.int64((ticks - seconds * unit) * (np.uint64(NS) // unit))
    else:
        nanoseconds = ticks // unit if interface["ticks"] else np.uint64(0)
        seconds = nanoseconds // np.uint64(NS)
        fraction = np.int64(nanoseconds - seconds * np.uint64(NS))
    return _sum(seconds, fraction, np.int64(interface["offset_seconds"]))


@step
def _sum(seconds: Any, fraction: int, offset_seconds: int) -> int:
    """Add an offset to unsigned seconds and nanoseconds; neither may be cut to 64 bits before their sum is known."""
    if offset_seconds >= 0:
        if seconds > np.uint64(_LAST_SECOND) or offset_seconds > _LAST_SECOND:
            return NO_TIMESTAMP
        total = np.int64(seconds) + offset_seconds
    else:
        back = np.uint64(-(offset_seconds + 1)) + np.uint64(1)
        if seconds >= back:
            ahead = seconds - back
            total = np.int64(min(ahead, np.uint64(_LAST_SECOND + 1)))
        else:
            behind = back - seconds
            total = -np.int64(min(behind, np.uint64(1 - _FIRST_SECOND)))
    if total < _FIRST_SECOND or (total == _FIRST_SECOND and fraction < _FIRST_FRACTION):
        return NO_TIMESTAMP
    if total > _LAST_SECOND or (total == _LAST_SECOND and fraction > _LAST_FRACTION):
        return NO_TIMESTAMP
    # No product may leave 64 bits on the way: that of the first second would.
    return (total + 1) * NS + (fraction - NS) if total < 0 else total * NS + fraction
