"""Doubts whether packets reached the device, in a form that a saved census keeps."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pcaphash.engine.sampled.directions import BothWays
    from pcaphash.engine.sampled.repeated import Repeated


@dataclass(frozen=True)
class Doubts:
    """What makes it doubtful that the device received all packets of a run.

    Parameters
    ----------
    both_ways : BothWays or None
        Packets that the capturing host seems to have sent.
    repeated : Repeated or None
        Packets that are there twice.
    """

    both_ways: "BothWays | None"
    repeated: "Repeated | None"

    def renumber(self, numbers: Mapping[int, int]) -> "Doubts":
        """Return the same with other numbers of traces, given those by the present ones."""
        if self.both_ways is None:
            return self
        traces = tuple(replace(each, trace=numbers[each.trace]) for each in self.both_ways.traces)
        return replace(self, both_ways=replace(self.both_ways, traces=traces))

    def document(self) -> dict[str, Any]:
        """Return it as what JSON is made of."""
        return asdict(self)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Doubts":
        """Return what ``document`` wrote.

        Raises
        ------
        KeyError, TypeError
            It is not that.
        """
        from pcaphash.engine.sampled.directions import BothWays, TraceBothWays
        from pcaphash.engine.sampled.repeated import Repeated  # few runs need it, and it takes long to load

        both_ways, repeated = document["both_ways"], document["repeated"]
        if both_ways is not None:
            traces = tuple(
                TraceBothWays(each["trace"], tuple(each["hosts"]), each["is_mac"]) for each in both_ways["traces"]
            )
            both_ways = BothWays(both_ways["share"], traces, both_ways["is_everywhere"])
        if repeated is not None:
            repeated = Repeated(repeated["share"], tuple(repeated["interfaces"]), tuple(repeated["others"]))
        return cls(both_ways, repeated)
