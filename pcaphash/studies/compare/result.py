"""What a comparison of configurations finds."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pcaphash.engine.reading import Reading
from pcaphash.studies.analyze import Analysis
from pcaphash.studies.compare.missed import MissedTunnel
from pcaphash.studies.compare.outcome import Outcome, Row
from pcaphash.studies.compare.rows import (
    AFFINITY_COLUMNS,
    BASELINE_COLUMNS,
    FLOW_COLUMNS,
    GROUP_COLUMNS,
    WINDOW_COLUMNS,
    affinity_rows,
    baseline_rows,
    flow_rows,
    group_rows,
    window_rows,
)
from pcaphash.studies.compare.verdict import Verdict

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Comparison:
    """How traces spread under several configurations, and why.

    Parameters
    ----------
    analysis : Analysis
        What ``analyze`` finds.
    outcomes : list of Outcome
        One per configuration, in the order asked for.
    verdict : Verdict
        What follows.
    missed : list of MissedTunnel
        Tunnels that no configuration looks into, whether or not the verdict rests on them.
    """

    analysis: Analysis
    outcomes: list[Outcome]
    verdict: Verdict
    missed: list[MissedTunnel]

    @property
    def reading(self) -> Reading:
        """What was read."""
        return self.analysis.reading

    @property
    def without_time(self) -> int:
        """Packets that are in no window, since they have no time."""
        return max((each.timeline.without_time for each in self.outcomes if each.timeline is not None), default=0)

    @cached_property
    def baseline_rows(self) -> list[Row]:
        """Rows of ``baseline.csv``: each measure beside what ideal hashes give."""
        return [row for outcome in self.outcomes for row in baseline_rows(outcome)]

    @cached_property
    def group_rows(self) -> list[Row]:
        """Rows of ``groups.csv``: each encapsulation and each of the heaviest tunnels."""
        return [row for outcome in self.outcomes for row in group_rows(outcome)]

    @cached_property
    def window_rows(self) -> list[Row]:
        """Rows of ``windows.csv``: the load of each receive queue in each window with packets."""
        return [row for outcome in self.outcomes for row in window_rows(outcome)]

    @cached_property
    def flow_rows(self) -> list[Row]:
        """Rows of ``flows.csv``: the heaviest flows, and the receive queue of each under each configuration."""
        return [row for outcome in self.outcomes for row in flow_rows(outcome)]

    @cached_property
    def affinity_rows(self) -> list[Row]:
        """Rows of ``affinity.csv``: how often what belongs together is apart."""
        return [row for outcome in self.outcomes for row in affinity_rows(outcome)]

    def tables(self) -> "dict[str, pd.DataFrame]":
        """Return every table by its name: what ``-o`` writes."""
        import pandas as pd

        rows = {
            "baseline": (self.baseline_rows, BASELINE_COLUMNS),
            "groups": (self.group_rows, GROUP_COLUMNS),
            "flows": (self.flow_rows, FLOW_COLUMNS),
            "affinity": (self.affinity_rows, AFFINITY_COLUMNS),
            "windows": (self.window_rows, WINDOW_COLUMNS),
        }
        others = {name: pd.DataFrame(each, columns=list(columns)) for name, (each, columns) in rows.items()}
        return {"distribution": self.analysis.distribution, "summary": self.analysis.summary, **others}
