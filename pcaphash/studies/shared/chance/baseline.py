"""What an ideal hash would do: the spread of the same hash inputs, assigned to table entries at random.

Every hash sends all packets of one hash input to one entry. So a few heavy inputs spread badly under any hash, and the
question whether a hash is to blame is the question whether it spreads worse than chance does.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.kernels.chance import CROWD, DEPTH, FOUR, assign_at_random, assign_crowds_at_random, room_for_crowds
from pcaphash.studies.shared.chance.crowds import find_crowds, split_table
from pcaphash.studies.shared.chance.spread import GROWING, UNITS, spread_each
from pcaphash.studies.shared.chance.trials import SHARE, Interval, ends_are_known, interval_of, quantiles_of, run_trials

_LEAST_IN_TAIL = 10  # ideal hashes that do no better than the one that is judged: of fewer, their share is a guess


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

    def interval(self, measure: str, share: float = SHARE) -> Interval:
        """Return where a measure lies for this share of ideal hashes, the tails on both sides being equal."""
        return interval_of(self.measures[measure], share)

    def median(self, measure: str) -> float:
        """Return the median of a measure."""
        return quantiles_of(self.measures[measure], [1 / 2])[0]

    def percentile(self, measure: str, value: float) -> float:
        """Return the share, in per cent, of ideal hashes with a smaller measure, half of those with an equal one."""
        values = self.measures[measure]
        return float(100 * ((values < value).mean() + (values == value).mean() / 2))


@dataclass(frozen=True)
class Judged:
    """What is beside ideal hashes.

    Parameters
    ----------
    measure : str
        Name of a measure, with the suffix ``_packets`` or ``_bytes``.
    value : float
        What it is.
    """

    measure: str
    value: float


def take_baseline(
    inputs: npt.NDArray[np.int64],
    identities: npt.NDArray[np.uint64],
    unhashed: npt.NDArray[np.int64],
    device: Device,
    judged: Judged | None = None,
    seed: int = 1,
) -> Baseline:
    """Spread hash inputs at random, as often as it takes to know the range of the busiest receive queue.

    Parameters
    ----------
    inputs : int64 array of shape (n, 2)
        Packets and bytes of each distinct hash input.
    identities : uint64 array of shape (n,)
        A number for each that tells it from the others; what is drawn for it depends on nothing else.
    unhashed : int64 array of shape (2,)
        Packets and bytes without a hash, which all go to the unclassified queue.
    device : Device
        Its indirection table, queues and unclassified queue count.
    judged : Judged, optional
        What the baseline is to judge: if few ideal hashes do worse, it takes more of them to say how few.
    seed : int
        The same seed gives the same baseline.
    """
    table = np.asarray(device.indirection_table, np.int64)
    splits = split_table(device.indirection_table)
    crowds = find_crowds(inputs, len(splits))
    n_room = room_for_crowds(len(splits), int(splits[:, DEPTH].max(initial=-1)) + 1, device.queues)
    singles, single_numbers = inputs[crowds.is_single].reshape(-1), identities[crowds.is_single]

    def draw(first_four: int, n_fours: int, loads: npt.NDArray[np.int64]) -> None:
        assign_at_random(
            singles, single_numbers, len(single_numbers), table, len(table), device.queues, seed, first_four, n_fours,
            loads.reshape(-1),
        )  # fmt: skip
        assign_crowds_at_random(
            crowds.loads.reshape(-1), crowds.identities, crowds.counts, len(crowds.counts), splits.reshape(-1),
            len(splits), device.queues, seed, FOUR * first_four, len(loads), np.empty(n_room, np.uint64),
            loads.reshape(-1),
        )  # fmt: skip
        loads[:, device.unclassified_queue] += unhashed

    def is_known(loads: npt.NDArray[np.int64]) -> bool:
        baseline = Baseline(loads, len(inputs))
        return ends_are_known(loads) and (judged is None or _is_tail_known(baseline, judged))

    n_draws = len(single_numbers) + int((-(-crowds.counts // CROWD)).sum()) * len(splits)
    return Baseline(run_trials(draw, n_draws, device.queues, is_known), len(inputs))


def _is_tail_known(baseline: Baseline, judged: Judged) -> bool:
    """Tell whether enough ideal hashes do no better than what is judged to say how many do."""
    values = baseline.measures[judged.measure]
    is_worse = values <= judged.value if judged.measure.startswith(GROWING) else values >= judged.value
    return int(is_worse.sum()) >= _LEAST_IN_TAIL or not np.isfinite(judged.value)
