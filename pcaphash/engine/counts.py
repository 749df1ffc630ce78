"""What most studies count of packets: censuses, flows and loads over time, all in one pass."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from pcaphash.capture.pcap import Pcap
from pcaphash.capture.pcapng import Pcapng
from pcaphash.capture.reader import Take
from pcaphash.engine.census import Census, CensusIdentity
from pcaphash.engine.part import Part
from pcaphash.engine.request import Batch, Counter
from pcaphash.engine.rules import ReadingRules
from pcaphash.engine.saved import SavedCensus

if TYPE_CHECKING:
    from pcaphash.engine.flows import FlowTable
    from pcaphash.engine.timeline import Timeline


class Counts(Counter):
    """Counts packets by census, by flow and by window.

    Parameters
    ----------
    identities : iterable of CensusIdentity
        Of the censuses to take.
    tables : iterable of ReadingRules
        Rules by which flows are told apart; there is a flow table for each.
    most_flows : int, optional
        How many flows each table keeps at most. Default: as ``FlowTable`` has it.
    timelines : sequence of Timeline
        Empty ones.
    """

    takes_saved_censuses = True

    def __init__(
        self,
        identities: Iterable[CensusIdentity],
        tables: Iterable[ReadingRules] = (),
        most_flows: int | None = None,
        timelines: "Sequence[Timeline]" = (),
    ) -> None:
        self.censuses = {identity: Census(identity) for identity in identities}
        self.tables = {rules: _new_table(rules, most_flows) for rules in tables}
        self.timelines = timelines
        self.has_flows = bool(self.tables)
        """Whether the flows of all packets were counted: those of saved censuses cannot be."""

    def append(self, batch: Batch) -> None:
        """Count packets."""
        for census in self.censuses.values():
            census.append(batch.block.data, batch.block.records)
        for table in self.tables.values():
            table.append(batch.block)
        for timeline in self.timelines:
            timeline.append(batch.block)

    def count_beside(self, other: "Counts") -> None:
        """Count flows in the same tables: each thread would meet most of the flows, and have to make room for them."""
        self.tables = other.tables

    def combine(self, other: "Counts") -> None:
        """Add what was counted of other packets."""
        for identity, census in self.censuses.items():
            census.combine(other.censuses[identity])
        if self.tables is not other.tables:
            for rules, table in self.tables.items():
                table.combine(other.tables[rules])
        for mine, theirs in zip(self.timelines, other.timelines, strict=True):
            mine.combine(theirs)
        self.has_flows &= other.has_flows

    def take_of(self, capture: Pcap | Pcapng) -> Take | None:
        """Return what finds and counts all packets of a file in one step: a single census can do that."""
        if self.tables or self.timelines or len(self.censuses) != 1:
            return None
        (census,) = self.censuses.values()
        return partial(census.append_file, capture) if census.takes(capture) else None

    def add_saved(self, saved: SavedCensus, part: Part) -> None:
        """Add a saved census; it has no flows and no times.

        Raises
        ------
        ConfigurationError
            It was taken for other devices.
        """
        for census in self.censuses.values():
            census.combine(saved.restrict(census.identity))
        self.has_flows = False


def _new_table(rules: ReadingRules, most_flows: int | None) -> "FlowTable":
    from pcaphash.engine.flows import FlowTable  # whose kernels most censuses do not need

    return FlowTable(rules) if most_flows is None else FlowTable(rules, most_flows)
