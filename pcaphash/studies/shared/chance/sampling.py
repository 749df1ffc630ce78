"""How much measures depend on which flows happened to be captured: a bootstrap over flows.

This says nothing about how good a hash is; that is what the baseline is for.
"""

import numpy as np
import numpy.typing as npt

from pcaphash.kernels.chance import resample_at_random
from pcaphash.studies.shared.chance.spread import UNITS, spread_each
from pcaphash.studies.shared.chance.trials import Interval, ends_are_known, interval_of, run_trials


def resample(
    loads: npt.NDArray[np.int64],
    identities: npt.NDArray[np.uint64],
    queues: npt.NDArray[np.int64],
    n_queues: int,
    seed: int = 1,
) -> dict[str, Interval]:
    """Resample flows, and say where each measure lies in 95 of 100 cases.

    Parameters
    ----------
    loads : int64 array of shape (n, 2)
        Packets and bytes of each flow.
    identities : uint64 array of shape (n,)
        A number for each that tells it from the others; what is drawn for it depends on nothing else.
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
    flat = np.ascontiguousarray(loads).reshape(-1)

    def draw(first_four: int, n_fours: int, sums: npt.NDArray[np.int64]) -> None:
        resample_at_random(flat, identities, queues, n, n_queues, seed, first_four, n_fours, sums.reshape(-1))

    trials = run_trials(draw, n, n_queues, ends_are_known)
    return {
        f"{name}_{unit}": interval_of(values[np.isfinite(values)])
        for column, unit in enumerate(UNITS)
        for name, values in spread_each(trials[:, :, column]).items()
    }
