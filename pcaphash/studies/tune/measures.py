"""What keys and tables are chosen by, and which of two values of it is the better one."""

import numpy as np
import numpy.typing as npt

from pcaphash.studies.shared.chance.spread import GROWING, MEASURES, UNITS

CHOICES = tuple(f"{measure}_{unit}" for unit in UNITS for measure in MEASURES if measure != "min_max")
"""What keys can be chosen by; ``min_max`` does not order spreads that leave a receive queue empty."""


_CLEAR = 0.9  # of the distance from an even spread


def is_better(measure: str, value: float, other: float) -> bool:
    """Tell whether one value of a measure is better than another."""
    return value > other if measure.startswith(GROWING) else value < other


def is_clearly_better(measure: str, value: float, other: float) -> bool:
    """Tell whether one value of a measure is nearer to an even spread than another by a tenth at least."""
    even = float(measure.startswith(GROWING))
    return abs(even - value) <= _CLEAR * abs(even - other)


def badness(values: npt.NDArray[np.float64], measure: str) -> npt.NDArray[np.float64]:
    """Return what grows as a measure gets worse; without any load it is worst."""
    return np.nan_to_num(-values if measure.startswith(GROWING) else values, nan=np.inf)
