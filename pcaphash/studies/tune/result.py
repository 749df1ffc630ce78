"""What came of tuning: every key tried, the best of them, and tables made for the trace."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.device.payloads import encode_rss_config
from pcaphash.engine.reading import Reading
from pcaphash.studies.analyze import Analysis
from pcaphash.studies.baseline import UNITS, Baseline
from pcaphash.studies.spread import MEASURES
from pcaphash.studies.tune.tables import ethtool_words

if TYPE_CHECKING:
    import pandas as pd

GROWING = ("jain", "entropy")
"""Measures of which more is better."""

CHOICES = tuple(f"{measure}_{unit}" for unit in UNITS for measure in MEASURES if measure != "min_max")
"""What keys can be chosen by; ``min_max`` does not order spreads that leave a receive queue empty."""

PARTS = ("choosing", "judging", "all")
"""The hash inputs that a measure is over: those that keys are chosen by, those that they are judged by, or both."""

CURRENT = 0
"""Which of the keys is the device's own."""


def is_better(measure: str, value: float, other: float) -> bool:
    """Tell whether one value of a measure is better than another."""
    return value > other if measure.startswith(GROWING) else value < other


Row = dict[str, str | int | float | None]


@dataclass(frozen=True, eq=False)
class TableTrial:
    """An indirection table made for the trace.

    Parameters
    ----------
    table : tuple of int
        The table, made from all hash inputs.
    whole : float
        The measure over all hash inputs with it.
    judged : float
        The measure over the judging half with a table that was made in the same way from the other half alone; NaN
        where a saved census has no halves.
    """

    table: tuple[int, ...]
    whole: float
    judged: float


@dataclass(frozen=True)
class SizeTrial:
    """Tables of one size under all keys tried.

    Parameters
    ----------
    size : int
        Entries.
    median, low, high : float
        The measure over the judging half: its median, and where it lies for 95 of 100 random keys.
    """

    size: int
    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Verdict:
    """What follows from tuning.

    Parameters
    ----------
    cause : str
        ``nothing`` to judge by, a bad ``key``, ``little`` to be gained, or ``no-flows`` to try keys on.
    headline : str
        One sentence.
    lines : list of str
        What it rests on, and what to heed.
    """

    cause: str
    headline: str
    lines: list[str]


@dataclass(frozen=True, eq=False)
class Tuning:
    """Many hash keys over the flows of traces, and indirection tables made for them.

    Parameters
    ----------
    analysis : Analysis
        The same packets under the device as it is given: it says what was read.
    measure : str
        What keys are chosen by: a measure with the suffix ``_packets`` or ``_bytes``.
    seed : int
        What the keys and the halves were drawn from.
    n_inputs : int or None
        Distinct hash inputs; None where a saved census, which has no flows, is among the traces.
    kept_share : float or None
        Which share of all flows was kept, about; exactly 1 where all were. None likewise.
    keys : list of bytes
        The hash keys, the device's own first; it alone where there are no flows.
    columns : dict of str to float64 array of shape (keys,)
        Measures of each, by part and measure, such as ``judging_max_ideal_packets``.
    order : int64 array of shape (keys,)
        The keys, best first by what is chosen by.
    baseline : Baseline or None
        Ideal hashes over the judging half; None where there is nothing to judge by.
    sizes : list of SizeTrial
        Table sizes.
    rebalanced : TableTrial
        Heaviest entries first onto the least loaded receive queue, under the recommended key.
    weighted : TableTrial
        The best of the tables that ``ethtool -X DEV weight`` can make, under the recommended key.
    verdict : Verdict
        What follows.
    """

    analysis: Analysis
    measure: str
    seed: int
    n_inputs: int | None
    kept_share: float | None
    keys: list[bytes]
    columns: dict[str, npt.NDArray[np.float64]]
    order: npt.NDArray[np.int64]
    baseline: Baseline | None
    sizes: list[SizeTrial]
    rebalanced: TableTrial
    weighted: TableTrial
    verdict: Verdict

    @property
    def reading(self) -> Reading:
        """What was read, what was left out, and what could not be read."""
        return self.analysis.reading

    @property
    def device(self) -> Device:
        """The device as it is given."""
        return self.analysis.distributions[0].device

    @property
    def best(self) -> int | None:
        """Which of the random keys is the best over the choosing half; None where none was tried."""
        return next((int(number) for number in self.order if number != CURRENT), None)

    @property
    def recommended(self) -> int:
        """Which key to use: the best one where the device's own is bad, else its own."""
        return CURRENT if self.best is None or self.verdict.cause != "key" else self.best

    def value(self, part: str, key: int) -> float:
        """Return the measure that is chosen by, over one of PARTS, under a key."""
        return float(self.columns[f"{part}_{self.measure}"][key])

    @property
    def tuned(self) -> Device:
        """The device with the recommended key and the rebalanced table."""
        key, table = self.keys[self.recommended], self.rebalanced.table
        return replace(self.device, hash_key=key, indirection_table=table)

    @property
    def rss_config(self) -> bytes:
        """The RSS_CONFIG payload that configures the tuned device."""
        return encode_rss_config(self.tuned)

    @property
    def ethtool_line(self) -> str:
        """The ``ethtool -X`` line that comes closest to the tuned device; empty where none is an improvement.

        It has the table if it can express it, else weights where these are better than the table so far, both on these
        flows and judged by flows that such weights were not made from.
        """
        words = ethtool_words(self.rebalanced.table) if self.is_table_in_ethtool else self._weights
        if self.recommended != CURRENT:
            words = ["hkey", self.tuned.hash_key.hex(":"), *words]
        return " ".join(["ethtool -X DEV", *words]) if words else ""

    @property
    def is_table_in_ethtool(self) -> bool:
        """Whether ``ethtool -X`` can express the rebalanced table."""
        return bool(ethtool_words(self.rebalanced.table))

    @property
    def _weights(self) -> list[str]:
        trial, key = self.weighted, self.recommended
        is_gain = is_better(self.measure, trial.whole, self.value("all", key))
        lasts = self.n_inputs is None or is_better(self.measure, trial.judged, self.value("judging", key))
        return ethtool_words(trial.table) if is_gain and lasts else []

    @cached_property
    def key_table(self) -> "pd.DataFrame":
        """A row for every key, best first: its rank, and its measures over each part."""
        import pandas as pd

        own = ["current" if number == CURRENT else "random" for number in self.order.tolist()]
        columns = {
            "rank": np.arange(1, len(self.order) + 1),
            "key": [self.keys[number].hex() for number in self.order.tolist()],
            "origin": own,
            **{name: values[self.order] for name, values in self.columns.items()},
        }
        return pd.DataFrame(columns)

    @cached_property
    def entry_table(self) -> "pd.DataFrame":
        """A row for every entry of the indirection table: its queue now, rebalanced, and by weights."""
        import pandas as pd

        columns = {
            "entry": range(len(self.device.indirection_table)),
            "current": self.device.indirection_table,
            "rebalanced": self.rebalanced.table,
            "weighted": self.weighted.table,
        }
        return pd.DataFrame(columns)

    @property
    def size_rows(self) -> list[Row]:
        """A row for every table size."""
        return [{"size": each.size, "median": each.median, "low": each.low, "high": each.high} for each in self.sizes]
