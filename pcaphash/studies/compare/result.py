"""What a comparison of configurations finds."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pcaphash.engine.reading import Reading
from pcaphash.engine.result import Result
from pcaphash.studies.analyze import Analysis
from pcaphash.studies.compare import columns
from pcaphash.studies.compare.missed import MissedTunnel
from pcaphash.studies.compare.outcome import Outcome, Row
from pcaphash.studies.compare.rows import affinity_rows, baseline_rows, flow_rows, group_rows, window_rows
from pcaphash.studies.compare.verdict import ComparisonVerdict
from pcaphash.studies.shared.columns import DISTRIBUTION, SUMMARY
from pcaphash.studies.shared.schema import Schema

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Result):
    """How traces spread under several configurations, and why.

    Parameters
    ----------
    analysis : Analysis
        What ``analyze`` finds.
    outcomes : list of Outcome
        One per configuration, in the order asked for.
    verdict : ComparisonVerdict
        What follows.
    missed : list of MissedTunnel
        Tunnels that no configuration looks into, even if the verdict does not depend on them.
    """

    analysis: Analysis
    outcomes: list[Outcome]
    verdict: ComparisonVerdict
    missed: list[MissedTunnel]

    @property
    def reading(self) -> Reading:
        """What was read."""
        return self.analysis.reading

    @property
    def without_time(self) -> int:
        """Packets that are in no window, since they have no time."""
        return max((each.timeline.without_time for each in self.outcomes if each.timeline is not None), default=0)

    def facts(self) -> list[str]:
        """Return what was compared, and the conclusion."""
        verdict, told = self.verdict, ""
        if verdict.best is not None and verdict.worst is not None:
            told = f" (best {verdict.best.config}, worst {verdict.worst.config})"
        return [*self.analysis.facts(), f"conclusion: {verdict.conclusion.value}{told}"]

    def main_table(self) -> "pd.DataFrame":
        """Return a row for each configuration: how far its busiest queue is above the ideal, and why."""
        import pandas as pd

        rows = [
            {
                "config": finding.config,
                "max_ideal_packets": finding.excess,
                "cause": finding.cause.value,
                "ideal_low": None if finding.ideal is None else finding.ideal.low,
                "ideal_high": None if finding.ideal is None else finding.ideal.high,
            }
            for finding in self.verdict.findings
        ]
        return pd.DataFrame(rows)

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
        return {schema.name: table for schema, table in self.tables_with_columns()}

    def tables_with_columns(self) -> "list[tuple[Schema, pd.DataFrame]]":
        """Return every table after what its columns are."""
        rows = (
            (columns.BASELINE, self.baseline_rows),
            (columns.GROUPS, self.group_rows),
            (columns.FLOWS, self.flow_rows),
            (columns.AFFINITY, self.affinity_rows),
            (columns.WINDOWS, self.window_rows),
        )
        of_analysis = [(DISTRIBUTION, self.analysis.distribution), (SUMMARY, self.analysis.summary)]
        return [*of_analysis, *((schema, schema.frame(each)) for schema, each in rows)]
