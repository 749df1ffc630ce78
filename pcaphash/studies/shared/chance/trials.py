"""Trials at random: as many as it takes to know where a measure lies, and no more.

They are run in rounds, the first few of ROUND trials, each of the others of half as many as there were before. After
each it is asked whether the result is known well enough; the answer depends on nothing but the trials, so the same
traffic always gives the same figures, on any number of processors.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.engine.running.threads import share_out
from pcaphash.kernels.chance import FOUR
from pcaphash.studies.shared.chance.spread import UNITS, spread_each

Loads = npt.NDArray[np.int64]

ROUND = 256
MOST_TRIALS = 40 * ROUND
_MOST_DRAWN = 200_000_000  # in all trials, but for the first round
_MOST_LOADS = 4_000_000

SHARE = 0.95
"""An interval is where so many of all cases lie."""

_OF_WIDTH, _OF_IDEAL = 1 / 25, 0.0005  # the second is half of the last digit that is shown


@dataclass(frozen=True)
class Interval:
    """Where a measure lies in a share of all cases.

    Parameters
    ----------
    low, high : float
        Its ends.
    """

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        """Tell whether a value lies within, the ends included."""
        return self.low <= value <= self.high


def run_trials(
    draw: Callable[[int, int, Loads], None], n_drawn: int, n_queues: int, is_known: Callable[[Loads], bool]
) -> Loads:
    """Run trials until enough is known, or until they are many.

    Parameters
    ----------
    draw : callable
        Given the first four trials, how many times four, and zeros of shape (trials, n_queues, 2): puts packets and
        bytes on each receive queue there. Called by several threads at once.
    n_drawn, n_queues : int
        How much is drawn in a trial, and onto how many receive queues.
    is_known : callable
        Tells whether the loads of all trials so far are enough.

    Returns
    -------
    int64 array of shape (trials, n_queues, 2)
    """
    most = min(MOST_TRIALS, _MOST_DRAWN // max(n_drawn, 1), _MOST_LOADS // n_queues)
    trials = _draw_more(draw, np.zeros((0, n_queues, 2), np.int64), ROUND)
    while not is_known(trials):
        n_rounds = min(max(len(trials) // (2 * ROUND), 1), (most - len(trials)) // ROUND)
        if n_rounds <= 0:
            break
        trials = _draw_more(draw, trials, n_rounds * ROUND)
    return trials


def _draw_more(draw: Callable[[int, int, Loads], None], trials: Loads, n_more: int) -> Loads:
    """Add trials to others, each thread some of them."""
    first_four = len(trials) // FOUR
    more = np.zeros((n_more, *trials.shape[1:]), np.int64)

    def draw_share(first: int, last: int) -> None:
        draw(first_four + first, last - first, more[FOUR * first : FOUR * last])

    share_out(n_more // FOUR, draw_share)
    return np.concatenate([trials, more])


def ends_are_known(loads: Loads) -> bool:
    """Tell whether the ends of the interval of the busiest receive queue are known.

    That is, for packets and for bytes: the standard error of either end is at most 1/25 of the interval, or half
    of the last digit that is shown. It is read off the trials themselves: so many of them are below an end, give or
    take the standard deviation of a binomial distribution.
    """
    for column in range(len(UNITS)):
        values = spread_each(loads[:, :, column])["max_ideal"]
        values = np.sort(values[np.isfinite(values)])  # those of a trial without load are not
        n = len(values)
        if not n:
            continue
        interval = interval_of(values)
        wanted = max(_OF_WIDTH * (interval.high - interval.low), _OF_IDEAL)
        for below in ((1 - SHARE) / 2, (1 + SHARE) / 2):
            off = math.sqrt(n * below * (1 - below))
            first, last = max(math.floor(n * below - off), 0), min(math.ceil(n * below + off), n - 1)
            if (values[last] - values[first]) / 2 > wanted:
                return False
    return True


def interval_of(values: npt.NDArray[np.float64], share: float = SHARE) -> Interval:
    """Return where a share of values lies, the tails on both sides being equal; NaN where there are none."""
    low, high = quantiles_of(values, [(1 - share) / 2, (1 + share) / 2])
    return Interval(low, high)


def quantiles_of(values: npt.NDArray[np.float64], shares: Sequence[float]) -> list[float]:
    """Return quantiles, interpolated between neighbours; NaN where a value is NaN, or where there are none.

    As ``numpy.quantile`` has them, which loads ``numpy.ma`` first: that takes longer than to compare a small trace.
    """
    if not len(values) or np.isnan(values).any():
        return [math.nan] * len(shares)
    places = (len(values) - 1) * np.array(shares)
    found: list[float] = np.interp(places, np.arange(len(values)), np.sort(values)).tolist()
    return found
