"""What came of tuning: every key tried, the best of them, and tables made for the trace."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.device.payloads.options import encode_rss_config
from pcaphash.engine.reading import Reading
from pcaphash.engine.result import Result
from pcaphash.studies.analyze import Analysis
from pcaphash.studies.shared.chance.baseline import Baseline
from pcaphash.studies.shared.chance.spread import EVEN
from pcaphash.studies.shared.linear.reach import Reach
from pcaphash.studies.tune.cautions import find_unused
from pcaphash.studies.tune.columns import ENTRIES, KEYS, SIZES
from pcaphash.studies.tune.measures import is_better
from pcaphash.studies.tune.search import KeySearch
from pcaphash.studies.tune.tables import TableTrial, Turns, Weights, ethtool_table
from pcaphash.studies.tune.trial import CURRENT, PARTS, SizeTrial
from pcaphash.studies.tune.verdict import TuningConclusion, TuningVerdict

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, str | int | float | None]


@dataclass(frozen=True, eq=False, repr=False)
class Tuning(Result):
    """Many hash keys over the flows of traces, and indirection tables made for them.

    Parameters
    ----------
    analysis : Analysis
        The same packets under the device as given; it also says what was read.
    measure : str
        The measure that keys are chosen by, with the suffix ``_packets`` or ``_bytes``.
    seed : int
        What the keys and the halves were drawn from.
    n_inputs : int or None
        Distinct hash inputs; None if a saved census, which has no flows, is among the traces.
    kept_share : float or None
        About which share of all flows was kept; exactly 1 if all were. None if ``n_inputs`` is None.
    keys : list of bytes
        The hash keys: the device's own, those at random, and one that was found by searching, if it is better than
        these over the choosing half; only the first if there are no flows.
    n_random : int
        How many are at random.
    columns : dict of str to float64 array of shape (keys,)
        Measures of each, by part and measure, such as ``judging_max_ideal_packets``.
    order : int64 array of shape (keys,)
        The keys, best first by the measure.
    baseline : Baseline or None
        Ideal hashes over the judging half; None if there is nothing to judge by.
    search : KeySearch or None
        What came of the search; None if there is nothing to judge by.
    reaches : tuple of (Reach, Reach)
        Which table entries the hash inputs of each length can lead to, with the device's own key and with the best one.
    sizes : list of SizeTrial
        Table sizes.
    rebalanced : TableTrial
        A table made by giving entries, heaviest first, to the least loaded receive queue, under the recommended key.
    weighted : TableTrial
        The best of the tables that ``ethtool -X IF weight`` can make, under the recommended key.
    verdict : TuningVerdict
        What follows.
    """

    analysis: Analysis
    measure: str
    seed: int
    n_inputs: int | None
    kept_share: float | None
    keys: list[bytes]
    n_random: int
    columns: dict[str, npt.NDArray[np.float64]]
    order: npt.NDArray[np.int64]
    baseline: Baseline | None
    search: KeySearch | None
    reaches: tuple[tuple[Reach, Reach], ...]
    sizes: list[SizeTrial]
    rebalanced: TableTrial
    weighted: TableTrial
    verdict: TuningVerdict

    @property
    def reading(self) -> Reading:
        """What was read, what was left out, and what could not be read."""
        return self.analysis.reading

    @property
    def device(self) -> Device:
        """The device as given."""
        return self.analysis.distributions[0].device

    def facts(self) -> list[str]:
        """Return what was tuned, how many keys were tried, and the verdict."""
        tried = f"{self.tried:,} keys tried by {self.measure}"
        return [*self.analysis.facts(), tried, f"verdict: {self.verdict.cause.value}"]

    def main_table(self) -> "pd.DataFrame":
        """Return the measure that keys are chosen by, as configured and after each change that was tried."""
        import pandas as pd

        keys = {"as configured": CURRENT} | ({} if self.best is None else {"best key": self.best})
        rows = [{"tried": name, **{part: self.value(part, number) for part in PARTS}} for name, number in keys.items()]
        tables = {"rebalanced table": self.rebalanced, "ethtool weights": self.weighted}
        rows += [
            {"tried": name, "choosing": None, "judging": trial.judged, "all": trial.whole}
            for name, trial in tables.items()
        ]
        return pd.DataFrame(rows)

    @property
    def tried(self) -> int:
        """How many keys were tried besides the device's own."""
        return self.n_random + (0 if self.search is None else self.search.tried)

    @property
    def best(self) -> int | None:
        """Which of the other keys is the best over the choosing half; None if none was tried."""
        return next((int(number) for number in self.order if number != CURRENT), None)

    @property
    def recommended(self) -> int:
        """Which key to use: the best one if the device's own is bad, else its own."""
        return CURRENT if self.best is None or self.verdict.cause != TuningConclusion.KEY else self.best

    def value(self, part: str, key: int) -> float:
        """Return the measure that keys are chosen by, over one of PARTS, under a key."""
        return float(self.columns[f"{part}_{self.measure}"][key])

    def origin(self, key: int) -> str:
        """Say where a key is from: ``current``, ``random`` or ``searched``."""
        return "current" if key == CURRENT else "random" if key <= self.n_random else "searched"

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
    def moved(self) -> int:
        """How many entries have another receive queue in the rebalanced table than in the device's own."""
        own, new = self.device.indirection_table, self.rebalanced.table
        return sum(before != after for before, after in zip(own, new, strict=True))

    @property
    def is_input_to_blame(self) -> bool:
        """Whether packets spread unevenly, and neither another key nor another table changes that."""
        if self.n_inputs is None or self.moved or self.verdict.cause != TuningConclusion.LITTLE:
            return False
        return bool(self.columns["all_max_ideal_packets"][CURRENT] > EVEN)

    @property
    def is_table_in_ethtool(self) -> bool:
        """Whether ``ethtool -X`` can express the rebalanced table."""
        return ethtool_table(self.rebalanced.table) is not None

    @property
    def ethtool_table(self) -> Turns | Weights | None:
        """The table of ``ethtool -X`` to set; None if none is known to be an improvement.

        If the current table leaves out receive queues, all of them in turns. Else the rebalanced table if ``ethtool
        -X`` can express it and it differs from the current one, else weights if these are better than the current
        table, both on these flows and on flows that were not used to make the weights. A saved census has no flows to
        judge tables by.
        """
        if find_unused(self.device) is not None:
            return Turns(self.device.queues)
        if self.n_inputs is None or not self.moved:
            return None
        table = ethtool_table(self.rebalanced.table)
        if table is not None:
            return table
        trial, key = self.weighted, self.recommended
        is_gain = is_better(self.measure, trial.whole, self.value("all", key))
        lasts = is_better(self.measure, trial.judged, self.value("judging", key))
        return ethtool_table(trial.table) if is_gain and lasts else None

    @property
    def ethtool_line(self) -> str:
        """The ``ethtool -X`` command that comes closest to the tuned device; empty if none is an improvement."""
        key = ["hkey", self.tuned.hash_key.hex(":")] if self.recommended != CURRENT else []
        table = [] if self.ethtool_table is None else self.ethtool_table.words
        return " ".join(["ethtool -X IF", *key, *table]) if key or table else ""

    @cached_property
    def key_table(self) -> "pd.DataFrame":
        """A row for every key, best first: its rank, and its measures over each part."""
        own = [self.origin(number) for number in self.order.tolist()]
        columns = {
            "rank": np.arange(1, len(self.order) + 1),
            "key": [self.keys[number].hex() for number in self.order.tolist()],
            "origin": own,
            **{name: values[self.order] for name, values in self.columns.items()},
        }
        return KEYS.frame_of_columns(columns)

    @cached_property
    def entry_table(self) -> "pd.DataFrame":
        """A row for every entry of the indirection table: its queue now, rebalanced, and by weights."""
        columns = {
            "entry": range(len(self.device.indirection_table)),
            "current": self.device.indirection_table,
            "rebalanced": self.rebalanced.table,
            "weighted": self.weighted.table,
        }
        return ENTRIES.frame_of_columns(columns)

    @cached_property
    def size_table(self) -> "pd.DataFrame":
        """The rows of every table size as a table."""
        return SIZES.frame(self.size_rows)

    @property
    def size_rows(self) -> list[Row]:
        """A row for every table size."""
        return [
            {"size": each.size, "table": each.table, "median": each.median, "low": each.low, "high": each.high}
            for each in self.sizes
        ]
