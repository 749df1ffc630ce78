"""Measures of how evenly something spreads over receive queues.

MAX-IDEAL, MIN-IDEAL and MIN-MAX are those of the RSS++ experiments (Barbette et al., CoNEXT 2019), as ratios and not
per cent; Jain's index is that of Jain, Chiu and Hawe (DEC-TR-301, 1984).
"""

import math

import numpy as np
import numpy.typing as npt

MEASURES = ("max_ideal", "min_ideal", "min_max", "jain", "cov", "entropy")

_MOST_MIN_MAX = 20.0
_EMPTY_QUEUE = -1.0


def spread(loads: npt.NDArray[np.int64]) -> dict[str, float]:
    """Measure how evenly loads spread.

    Parameters
    ----------
    loads : int64 array of shape (queues,)
        Packets, or bytes, on each receive queue.

    Returns
    -------
    dict of str to float
        ``max_ideal``: (max - ideal) / ideal, the ideal being the mean. ``min_ideal``: (ideal - min) / ideal.
        ``min_max``: (max - min) / min, at most 20; -1 where a queue is empty. ``jain``: Jain's index, 1 for perfectly
        even, 1 / queues for all on one. ``cov``: standard deviation over mean. ``entropy``: Shannon entropy over that
        of the perfectly even spread. All NaN where there is no load.
    """
    total = float(loads.sum())
    if total == 0:
        return dict.fromkeys(MEASURES, math.nan)
    n_queues = len(loads)
    ideal = total / n_queues
    least, most = float(loads.min()), float(loads.max())
    shares = loads[loads > 0] / total
    return {
        "max_ideal": (most - ideal) / ideal,
        "min_ideal": (ideal - least) / ideal,
        "min_max": min((most - least) / least, _MOST_MIN_MAX) if least else _EMPTY_QUEUE,
        "jain": float(1 / (n_queues * (shares**2).sum())),
        "cov": float(loads.std() / ideal),
        "entropy": float((shares * np.log(1 / shares)).sum() / math.log(n_queues)) if n_queues > 1 else 1.0,
    }
