"""What most studies count of packets: censuses, flows and loads over time, all in one pass."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from pcaphash.capture.pcap import Pcap
from pcaphash.capture.pcapng import Pcapng
from pcaphash.capture.reader import Take
from pcaphash.engine.census.census import Census, CensusIdentity
from pcaphash.engine.limits import DEFAULT_MOST_FLOWS
from pcaphash.engine.part import Part
from pcaphash.engine.request import Batch, Counter
from pcaphash.engine.rules import ReadingRules
from pcaphash.engine.saved import SavedCensus

if TYPE_CHECKING:
    from pcaphash.engine.flows.table import FlowTable
    from pcaphash.engine.timeline import Timeline


class Counts(Counter):
    """Counts packets by census, by flow and by window.

    Parameters
    ----------
    identities : iterable of CensusIdentity
        Of the censuses to take.
    tables : iterable of ReadingRules
        Rules by which flows are told apart; there is a flow table for each.
    most_flows : int
        How many flows each table keeps at most.
    timelines : sequence of Timeline
        Empty ones.
    """

    takes_saved_censuses = True

    def __init__(
        self,
        identities: Iterable[CensusIdentity],
        tables: Iterable[ReadingRules] = (),
        most_flows: int = DEFAULT_MOST_FLOWS,
        timelines: "Sequence[Timeline]" = (),
    ) -> None:
        self._censuses = {identity: Census(identity) for identity in identities}
        self.tables = {rules: _new_table(rules, most_flows, self._made_of_flows(rules)) for rules in tables}
        self.timelines = timelines
        self.has_flows = bool(self.tables)
        """Whether the flows of all packets were counted: those of saved censuses cannot be."""

    @property
    def censuses(self) -> dict[CensusIdentity, Census]:
        """The censuses by their identities."""
        for table in self.tables.values():
            table.settle()
        return self._censuses

    def _made_of_flows(self, rules: ReadingRules) -> list[Census]:
        """Return the censuses that need not count packets which a flow table by these rules counts."""
        return [each for each in self._censuses.values() if each.identity.rules == rules and each.takes_flows]

    def append(self, batch: Batch) -> None:
        """Count packets."""
        counted = []
        for rules, table in self.tables.items():
            if table.append(batch.block):
                counted += self._made_of_flows(rules)
        for census in self._censuses.values():
            if census not in counted:
                census.append(batch.block.data, batch.block.records)
        for timeline in self.timelines:
            timeline.append(batch.block)

    def count_beside(self, other: "Counts") -> None:
        """Count flows in the same tables: each thread would meet most of the flows, and have to make room for them."""
        self.tables = other.tables

    def combine(self, other: "Counts") -> None:
        """Add what was counted of other packets."""
        if self.tables is not other.tables:
            for rules, table in self.tables.items():
                table.combine(other.tables[rules])
        for identity, census in self._censuses.items():
            census.combine(other._censuses[identity])
        for mine, theirs in zip(self.timelines, other.timelines, strict=True):
            mine.combine(theirs)
        self.has_flows &= other.has_flows

    def take_of(self, capture: Pcap | Pcapng) -> Take | None:
        """Return what finds and counts all packets of a file in one step: a single census can do that."""
        if self.tables or self.timelines or len(self._censuses) != 1:
            return None
        (census,) = self._censuses.values()
        return partial(census.append_file, capture) if census.takes(capture) else None

    def add_saved(self, saved: SavedCensus, part: Part) -> None:
        """Add a saved census; it has no flows and no times.

        Raises
        ------
        ConfigurationError
            It was taken for other devices.
        """
        for census in self._censuses.values():
            census.combine(saved.restrict(census.identity))
        self.has_flows = False


def _new_table(rules: ReadingRules, most_flows: int, censuses: Sequence[Census]) -> "FlowTable":
    from pcaphash.engine.flows.table import FlowTable  # whose kernels most censuses do not need

    return FlowTable(rules, most_flows, censuses)
