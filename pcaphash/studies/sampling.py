"""How much measures depend on which flows happened to be captured: a bootstrap over flows.

This says nothing about how good a hash is; that is what the baseline is for.
"""

import numpy as np
import numpy.typing as npt

from pcaphash.kernels.chance import resample_at_random
from pcaphash.studies.baseline import UNITS, Interval
from pcaphash.studies.spread import spread_each

_MOST_TIMES = 1000
_LEAST_TIMES = 100
_MOST_DRAWN = 100_000_000


def resample(
    loads: npt.NDArray[np.int64], queues: npt.NDArray[np.int64], n_queues: int, seed: int = 1
) -> dict[str, Interval]:
    """Resample flows, and say where each measure lies in 95 of 100 cases.

    Parameters
    ----------
    loads : int64 array of shape (n, 2)
        Packets and bytes of each flow.
    queues : int64 array of shape (n,)
        Receive queue of each.
    n_queues : int
        How many receive queues there are.
    seed : int
        The same seed gives the same intervals.

    Returns
    -------
    dict of str to Interval
        By measure, with the suffix ``_packets`` or ``_bytes``; nothing where there are no flows.
    """
    n = len(loads)
    if not n:
        return {}
    order = np.lexsort((loads[:, 1], loads[:, 0], queues))  # whatever order the flows came in
    loads, queues = loads[order], queues[order]
    n_times = max(_LEAST_TIMES, min(_MOST_TIMES, _MOST_DRAWN // n))
    sums = np.zeros((n_times, n_queues, 2), np.int64)
    resample_at_random(np.ascontiguousarray(loads).reshape(-1), queues, n, n_queues, seed, n_times, sums.reshape(-1))
    intervals = {}
    for column, unit in enumerate(UNITS):
        for name, values in spread_each(sums[:, :, column]).items():
            low, high = np.nanquantile(values, [0.025, 0.975])
            intervals[f"{name}_{unit}"] = Interval(float(low), float(high))
    return intervals
