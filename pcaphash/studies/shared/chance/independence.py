"""Whether hash inputs fall on receive queues as often as the indirection table has them: a chi-square test.

Packets or bytes cannot be tested so: those of one flow go together, and any ideal hash would be rejected.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device

LEAST_EXPECTED = 5.0
"""Hash inputs that each receive queue must expect for the test to say anything (Cochran's rule)."""


@dataclass(frozen=True)
class Independence:
    """A chi-square test over distinct hash inputs.

    Parameters
    ----------
    statistic : float
        Sum over the receive queues of (observed - expected)² / expected.
    degrees : int
        Degrees of freedom.
    probability : float
        How often an ideal hash has at least this statistic.
    """

    statistic: float
    degrees: int
    probability: float


def check_independence(queues_of_inputs: npt.NDArray[np.int64], device: Device) -> Independence | None:
    """Test whether distinct hash inputs fall on receive queues as the indirection table has them.

    Parameters
    ----------
    queues_of_inputs : int64 array of shape (n,)
        Receive queue of each distinct hash input.
    device : Device
        Its indirection table says what is expected.

    Returns
    -------
    Independence or None
        None where there are too few hash inputs, or only one receive queue in the table.
    """
    table = np.asarray(device.indirection_table, np.int64)
    entries = np.bincount(table, minlength=device.queues)
    in_table = entries > 0
    expected = entries[in_table] / len(table) * len(queues_of_inputs)
    if len(expected) < 2 or expected.min() < LEAST_EXPECTED:
        return None
    observed = np.bincount(queues_of_inputs, minlength=device.queues)[in_table]
    statistic = float(((observed - expected) ** 2 / expected).sum())
    degrees = len(expected) - 1
    return Independence(statistic, degrees, _chi_square_tail(degrees, statistic))


def _chi_square_tail(degrees: int, statistic: float) -> float:
    """Return how often a chi-square is at least so much, by the sum that its integral is for whole degrees.

    SciPy has it too, but takes longer to import than most traces to compare.
    """
    half = statistic / 2
    if half <= 0:
        return 1.0
    start, tail = (0.5, math.erfc(math.sqrt(half))) if degrees % 2 else (0.0, 0.0)
    powers: list[float] = np.arange(start, degrees / 2).tolist()
    terms = (math.exp(power * math.log(half) - half - math.lgamma(power + 1)) for power in powers)
    return min(tail + math.fsum(terms), 1.0)
