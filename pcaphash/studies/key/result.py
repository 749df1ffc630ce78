"""What came of examining hash keys."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pcaphash.engine.result import Result, configurations, packets_of
from pcaphash.studies.key.facts import KeyFacts, Varying

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from pcaphash.device.device import Device
    from pcaphash.engine.reading import Reading
    from pcaphash.studies.analyze import Analysis
    from pcaphash.studies.shared.linear.index_bits import Dependency
    from pcaphash.studies.shared.linear.reach import Reach

Row = dict[str, str | int | None]


@dataclass(frozen=True, eq=False, repr=False)
class KeyExamination(Result):
    """What hash keys make of what varies.

    Parameters
    ----------
    keys : list of KeyFacts
        The key of each configuration.
    analysis : Analysis or None
        What was read; None without traces.
    reaches : list of tuple of Reach
        For each configuration, which entries the hash inputs of the traces can lead to; empty without traces.
    """

    keys: list[KeyFacts]
    analysis: "Analysis | None" = None
    reaches: "Sequence[tuple[Reach, ...]]" = ()

    @property
    def reading(self) -> "Reading | None":
        """What was read; None without traces."""
        return None if self.analysis is None else self.analysis.reading

    @property
    def devices(self) -> "list[Device]":
        """The configurations."""
        return [each.device for each in self.keys]

    def facts(self) -> list[str]:
        """Return what was examined, and what speaks against each key."""
        read = [] if self.analysis is None else [packets_of(self.analysis.reading, self.analysis.reading.selected)]
        names = dict.fromkeys(weakness.value for each in self.keys for weakness in each.weaknesses)
        return [*read, configurations(self.devices), f"weaknesses: {', '.join(names) or 'none'}"]

    def main_table(self) -> "pd.DataFrame":
        """Return how many entries can be reached by what varies."""
        from pcaphash.studies.key.columns import REACH

        return REACH.frame(self.rows())

    def rows(self) -> list[Row]:
        """Return a row for each configuration, kind of input, and what varies in it."""
        rows = []
        for number, each in enumerate(self.keys):
            rows += _rows_of(each)
            if self.reaches:
                rows += [_traffic_row(each.device.name, reach) for reach in self.reaches[number]]
        return rows


def _rows_of(facts: KeyFacts) -> list[Row]:
    return [
        {
            "config": facts.device.name,
            "hash_input": each.kind.value,
            "varying": choice.varying.value,
            "inputs": None,
            "packets": None,
            "dimension": choice.bits,
            "index_bits": choice.index_bits,
            "rank": choice.rank,
            "entries_reachable": choice.reachable,
            "entries_reached": None,
            "queues_reachable": None,
            "dependencies": _write(choice.dependencies),
        }
        for each in facts.inputs
        for choice in each.choices
    ]


def _traffic_row(config: str, reach: "Reach") -> Row:
    return {
        "config": config,
        "hash_input": reach.kind.value,
        "varying": Varying.TRAFFIC.value,
        "inputs": reach.inputs,
        "packets": reach.packets,
        "dimension": reach.dimension,
        "index_bits": reach.index_bits,
        "rank": reach.rank,
        "entries_reachable": reach.reachable,
        "entries_reached": reach.entries,
        "queues_reachable": reach.queues,
        "dependencies": _write(reach.dependencies),
    }


def _write(dependencies: "Sequence[Dependency]") -> str:
    """Write what holds of the index as equations."""
    return " ".join(
        "^".join(f"b{bit}" for bit in each.bits) + ("" if each.value is None else f"={each.value}")
        for each in dependencies
    )
