"""What keys make of the hash inputs of traces."""

from dataclasses import dataclass

from pcaphash.engine.census.census import identities_of
from pcaphash.engine.counts import Counts
from pcaphash.engine.flows.inputs import find_inputs
from pcaphash.engine.request import Asked, Partial
from pcaphash.engine.rules import ReadingRules
from pcaphash.errors import ConfigurationError, Field
from pcaphash.studies.analyze import analyze_counts
from pcaphash.studies.key.facts import find_facts
from pcaphash.studies.key.result import KeyExamination
from pcaphash.studies.shared.linear.reach import find_reach


@dataclass(frozen=True)
class ExaminationRequest(Asked):
    """Which table entries the hash inputs of traces can lead to, under each device."""

    def begin(self) -> Counts:
        """Return counters for all devices."""
        return Counts(identities_of(self.devices), map(ReadingRules.of, self.devices))

    def finish(self, partial: Partial[Counts]) -> KeyExamination:
        """Examine the hash inputs.

        Raises
        ------
        ConfigurationError
            A saved census is among the traces: it has no hash inputs.
        """
        counts = partial.counter
        if not counts.has_flows:
            raise ConfigurationError(Field("traces"), "a saved census has no hash inputs", "give the captures")
        flows = {rules: table.flows() for rules, table in counts.tables.items()}
        return KeyExamination(
            [find_facts(device) for device in self.devices],
            analyze_counts(partial, self.devices),
            [find_reach(find_inputs(flows[ReadingRules.of(device)], device)) for device in self.devices],
        )
