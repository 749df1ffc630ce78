"""What an ideal hash would do: the spread of the same hash inputs, assigned to table entries at random.

Every hash sends all packets of one hash input to one entry. So a few heavy inputs spread badly under any hash, and the
question whether a hash is to blame is the question whether it spreads worse than chance does.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.kernels.chance import assign_at_random
from pcaphash.studies.spread import spread_each

UNITS = ("packets", "bytes")

# The ends of an interval are known to half a per cent of all cases from 2,000 times on; memory and time bound them.
_MOST_TIMES = 10_000
_LEAST_TIMES = 200
_MOST_ASSIGNMENTS = 200_000_000
_MOST_LOADS = 4_000_000


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


@dataclass(frozen=True, eq=False)
class Baseline:
    """Loads of receive queues under ideal hashes.

    Parameters
    ----------
    loads : int64 array of shape (times, queues, 2)
        Packets and bytes on each receive queue under each of them.
    n_inputs : int
        How many distinct hash inputs were assigned.
    """

    loads: npt.NDArray[np.int64]
    n_inputs: int

    @cached_property
    def measures(self) -> dict[str, npt.NDArray[np.float64]]:
        """Each measure under each ideal hash, by name with the suffix ``_packets`` or ``_bytes``; shape (times,)."""
        return {
            f"{name}_{unit}": values
            for column, unit in enumerate(UNITS)
            for name, values in spread_each(self.loads[:, :, column]).items()
        }

    def interval(self, measure: str, share: float = 0.95) -> Interval:
        """Return where a measure lies for this share of ideal hashes, the tails on both sides being equal."""
        low, high = np.quantile(self.measures[measure], [(1 - share) / 2, (1 + share) / 2])
        return Interval(float(low), float(high))

    def median(self, measure: str) -> float:
        """Return the median of a measure."""
        return float(np.median(self.measures[measure]))

    def percentile(self, measure: str, value: float) -> float:
        """Return the share, in per cent, of ideal hashes with a smaller measure, half of those with an equal one."""
        values = self.measures[measure]
        return float(100 * ((values < value).mean() + (values == value).mean() / 2))


def take_baseline(
    inputs: npt.NDArray[np.int64], unhashed: npt.NDArray[np.int64], device: Device, seed: int = 1
) -> Baseline:
    """Spread hash inputs at random.

    Parameters
    ----------
    inputs : int64 array of shape (n, 2)
        Packets and bytes of each distinct hash input.
    unhashed : int64 array of shape (2,)
        Packets and bytes without a hash, which all go to the unclassified queue.
    device : Device
        Its indirection table, queues and unclassified queue count.
    seed : int
        The same seed gives the same baseline.
    """
    most = min(_MOST_TIMES, _MOST_ASSIGNMENTS // max(len(inputs), 1), _MOST_LOADS // device.queues)
    n_times = max(most, _LEAST_TIMES)
    loads = np.zeros((n_times, device.queues, 2), np.int64)
    table = np.asarray(device.indirection_table, np.int64)
    assign_at_random(
        np.ascontiguousarray(inputs).reshape(-1), len(inputs), table, len(table), device.queues, seed, n_times,
        loads.reshape(-1),
    )  # fmt: skip
    loads[:, device.unclassified_queue] += unhashed
    return Baseline(loads, len(inputs))
