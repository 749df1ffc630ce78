"""Measures of how evenly something spreads over receive queues.

MAX-IDEAL, MIN-IDEAL and MIN-MAX are those of the RSS++ experiments (Barbette et al., CoNEXT 2019), as ratios and not
per cent; Jain's index is that of Jain, Chiu and Hawe (DEC-TR-301, 1984).
"""

import numpy as np
import numpy.typing as npt

MEASURES = ("max_ideal", "min_ideal", "min_max", "jain", "cov", "entropy")
"""Names of the measures."""

UNITS = ("packets", "bytes")
"""What loads are counted in."""

GROWING = ("jain", "entropy")
"""Measures that grow with evenness; the others shrink."""

EVEN = 0.1
"""A busiest receive queue so little above ideal needs no remedy."""

MOST_MIN_MAX = 20.0


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
        ``min_max``: (max - min) / min, at most 20; infinite where a queue is empty. ``jain``: Jain's index, 1 for
        perfectly even, 1 / queues for all on one. ``cov``: standard deviation over mean. ``entropy``: Shannon entropy
        over that of the perfectly even spread. All NaN where there is no load.
    """
    return {name: float(values[0]) for name, values in spread_each(loads[np.newaxis]).items()}


def spread_each(loads: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.float64]]:
    """Measure how evenly each of several loads spreads.

    Parameters
    ----------
    loads : int64 array of shape (n, queues)
        Packets, or bytes, on each receive queue, n times.

    Returns
    -------
    dict of str to float64 array of shape (n,)
        As ``spread`` returns them.
    """
    n_queues = loads.shape[1]
    totals = loads.sum(axis=1).astype(np.float64)
    least, most = loads.min(axis=1).astype(np.float64), loads.max(axis=1).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        ideal = totals / n_queues
        shares = loads / totals[:, np.newaxis]
        parts = np.where(loads > 0, shares * np.log(1 / np.where(loads > 0, shares, 1)), 0).sum(axis=1)
        measures = {
            "max_ideal": (most - ideal) / ideal,
            "min_ideal": (ideal - least) / ideal,
            "min_max": np.where(least > 0, np.minimum((most - least) / least, MOST_MIN_MAX), np.inf),
            "jain": 1 / (n_queues * (shares**2).sum(axis=1)),
            "cov": loads.std(axis=1) / ideal,
            "entropy": parts / np.log(n_queues) if n_queues > 1 else np.ones_like(totals),
        }
    for values in measures.values():
        values[totals == 0] = np.nan
    return measures
