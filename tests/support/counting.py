"""Censuses of traces for tests, by way of the engine."""

from collections.abc import Sequence
from dataclasses import dataclass

from pcaphash.capture.input import input_of
from pcaphash.engine.census.census import Census, CensusIdentity
from pcaphash.engine.counts import Counts
from pcaphash.engine.request import Asked, Partial
from pcaphash.engine.running.run import answer


@dataclass(frozen=True)
class CensusesAsked(Asked):
    """The censuses of some identities."""

    identities: tuple[CensusIdentity, ...] = ()

    def begin(self) -> Counts:
        return Counts(self.identities)

    def finish(self, partial: Partial[Counts]) -> dict[CensusIdentity, Census]:
        return partial.counter.censuses


def take_census(traces: Sequence[str], *identities: CensusIdentity) -> dict[CensusIdentity, Census]:
    """Count traces once for several identities."""
    return answer(CensusesAsked(identities=identities), [input_of(trace) for trace in traces])
