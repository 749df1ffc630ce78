"""Turn the stamps of a trace into times of arrival that never descend."""

from typing import Any

import numpy as np

from pcaphash.kernels.base import kernel, pointer
from pcaphash.kernels.timestamps import NO_TIMESTAMP

MOST_AHEAD_NS = 3_600_000_000_000
"""How far a stamp may be from the arrival before; beyond an hour, the clock was set."""

# What ``settle_times`` counts.
BACKWARDS, FIRST_BACKWARDS, JUMPS, WITHOUT_TIME = 0, 1, 2, 3
N_COUNTS = 4

NO_PLACE = -1


@kernel
def settle_times(stamps: Any, n: int, anchor: int, times: Any, counts: Any, jumped: Any, distances: Any) -> int:
    """Settle when the packets of a block arrive.

    A packet arrives at its stamp, or together with the packet before if its stamp is earlier. Where a stamp is more
    than MOST_AHEAD_NS away from the arrival before, the clock was set: the packet arrives together with the one before,
    and from there on time goes by the new clock.

    Parameters
    ----------
    stamps : int64 array of shape (n,)
        Nanoseconds since 1970, or NO_TIMESTAMP.
    n : int
        How many packets there are.
    anchor : int
        What the clock showed at the arrival before; for the first packet its own stamp.
    times : int64 array of shape (n,)
        Written: nanoseconds from the arrival before the block.
    counts : int64 array of shape (N_COUNTS,)
        Written: how many stamps are earlier than the arrival before, and which is the first of them (NO_PLACE for
        none); how many jump; how many packets have no time.
    jumped : int64 array, distances : float64 array
        Written, as far as there is room: which packets' stamps jump, and by how many seconds.

    Returns
    -------
    anchor : int
        What the clock showed at the last arrival.
    """
    when, settled = pointer(stamps), pointer(times)
    backwards = jumps = without = np.int64(0)
    first = np.int64(NO_PLACE)
    now = np.int64(0)
    for i in range(n):
        stamp = when[i]
        if stamp == NO_TIMESTAMP:
            without += 1
            settled[i] = now
            continue
        # Far apart, their difference may not fit into 64 bits.
        distance = np.float64(stamp) - np.float64(anchor)
        if distance > 2 * MOST_AHEAD_NS or distance < -2 * MOST_AHEAD_NS or abs(stamp - anchor) > MOST_AHEAD_NS:
            if jumps < len(jumped):
                jumped[jumps] = i
                distances[jumps] = distance / 1e9
            jumps += 1
            anchor = stamp
        elif stamp < anchor:
            if backwards == 0:
                first = np.int64(i)
            backwards += 1
        else:
            now += stamp - anchor
            anchor = stamp
        settled[i] = now
    counts[BACKWARDS], counts[FIRST_BACKWARDS], counts[JUMPS], counts[WITHOUT_TIME] = backwards, first, jumps, without
    return anchor
