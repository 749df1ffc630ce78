"""The result of reading traces, whatever was asked of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from pcaphash.capture.damage import Damage
from pcaphash.engine.sampled.kept import PacketKeeper
from pcaphash.engine.selecting.left_out import LeftOut
from pcaphash.errors import CaptureError

if TYPE_CHECKING:
    from pcaphash.engine.sampled.directions import BothWays
    from pcaphash.engine.sampled.doubts import Doubts
    from pcaphash.engine.sampled.repeated import Repeated

_Reason = TypeVar("_Reason")

Number = tuple[int, ...]
"""Which of the traces: its number in the request; for those of a saved census, also its number there."""

Problem = CaptureError | Damage | str
"""Why a trace could not be read, or only in part; a line of text is all that older saved censuses have of it."""


class InheritedDoubts(NamedTuple):
    """Doubts about the packets of a saved census: its path, and what it keeps of each run that it was taken in."""

    path: str
    runs: "tuple[Doubts, ...]"


@dataclass
class Reading:
    """The result of reading traces, or parts of them; it is the same in whatever order parts are combined.

    Parameters
    ----------
    names : dict of Number to str
        The traces that could be read, at least in part.
    packets : int
        Complete records found, those left out included.
    left_out : dict of LeftOut to int
        Packets that a selection left out, by reason.
    is_stopped : bool
        Whether reading stopped because as many packets were selected as were asked for.
    link_types : dict of int to int
        Packets by link type.
    problems_of : dict of Number to list of Problem
        Why traces could not be read, or only in part.
    joints_of : dict of Number to set of int
        The byte offsets where further files start that were joined to a trace as they are.
    keeper : PacketKeeper
        Keeps a random part of the packets that were selected; none of saved censuses.
    inherited_doubts : dict of int to InheritedDoubts
        What saved censuses keep of doubts about their packets, by the number of the census in the request.
    """

    names: dict[Number, str] = field(default_factory=dict)
    packets: int = 0
    left_out: dict[LeftOut, int] = field(default_factory=dict)
    is_stopped: bool = False
    link_types: dict[int, int] = field(default_factory=dict)
    problems_of: dict[Number, list[Problem]] = field(default_factory=dict)
    joints_of: dict[Number, set[int]] = field(default_factory=dict)
    keeper: PacketKeeper = field(default_factory=PacketKeeper, repr=False, compare=False)
    inherited_doubts: "dict[int, InheritedDoubts]" = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        traces: Sequence[str],
        packets: int = 0,
        left_out: Mapping[LeftOut, int] | None = None,
        *,
        is_stopped: bool = False,
        link_types: Mapping[int, int] | None = None,
        problems: Iterable[Problem] = (),
    ) -> "Reading":
        """Return the result of reading these traces, numbered in this order."""
        names: dict[Number, str] = {(number,): trace for number, trace in enumerate(traces)}
        reading = cls(names, packets, dict(left_out or {}), is_stopped, dict(link_types or {}))
        for place, problem in enumerate(problems):
            reading.problems_of[(place,)] = [problem]
        return reading

    @property
    def traces(self) -> list[str]:
        """The traces that could be read, at least in part, in the order asked for."""
        return [self.names[number] for number in sorted(self.names)]

    @property
    def selected(self) -> int:
        """Packets that were selected."""
        return self.packets - sum(self.left_out.values())

    @property
    def unreadable(self) -> list[CaptureError]:
        """Why traces could not be read at all; those of saved censuses are not among them."""
        return [each for each in self._own_problems() if isinstance(each, CaptureError)]

    @property
    def damages(self) -> list[Damage]:
        """Where traces could be read only in part; those of saved censuses are not among them."""
        return [each for each in self._own_problems() if isinstance(each, Damage)]

    @property
    def inherited(self) -> list[Problem]:
        """The same of traces of saved censuses."""
        return [each for number in sorted(self.problems_of) if len(number) > 1 for each in self.problems_of[number]]

    @property
    def problems(self) -> list[Problem]:
        """What could not be read."""
        return [*self.unreadable, *self.damages, *self.inherited]

    @property
    def joined(self) -> dict[str, list[int]]:
        """By trace, the byte offsets where further files start that were joined to it as they are."""
        return {self.names[number]: sorted(self.joints_of[number]) for number in sorted(self.joints_of)}

    @property
    def is_partial(self) -> bool:
        """Whether some input could not be read."""
        return bool(self.problems_of)

    @cached_property
    def both_ways(self) -> "BothWays | None":
        """Whether packets seem to be sent by the capturing host although nothing says so; ask when all is read."""
        from pcaphash.engine.sampled.directions import find_both_ways

        return find_both_ways(self.keeper.kept())

    @cached_property
    def repeated(self) -> "Repeated | None":
        """Whether tunnel packets are there again without their tunnel; ask when all is read."""
        kept = self.keeper.kept()
        if not kept.is_of_several:
            return None
        from pcaphash.engine.sampled.repeated import (
            find_repeated,  # what it needs takes longer to load than to ask this
        )

        return find_repeated(kept)

    @property
    def doubts(self) -> "tuple[Doubts, ...]":
        """Doubts about the packets that were read now, and those of saved censuses; traces by their places in order."""
        from pcaphash.engine.sampled.doubts import Doubts

        places = {number: place for place, number in enumerate(sorted(self.names))}
        own = Doubts(self.both_ways, self.repeated)
        found = [own.renumber({number[0]: place for number, place in places.items() if len(number) == 1})]
        for first, doubts in self.inherited_doubts.items():
            within = {number[1]: place for number, place in places.items() if number[0] == first and len(number) == 2}
            found += [each.renumber(within) for each in doubts.runs]
        return tuple(each for each in found if each != Doubts(None, None))

    def add_problem(self, number: Number, problem: Problem) -> None:
        """Take note of why a trace could not be read, or only in part."""
        known = self.problems_of.setdefault(number, [])
        if not any(_is_same(each, problem) for each in known):
            known.append(problem)

    def combine(self, other: "Reading") -> None:
        """Add the result of reading other traces, or another part of the same ones."""
        self.names |= other.names
        self.packets += other.packets
        _add(self.left_out, other.left_out)
        _add(self.link_types, other.link_types)
        self.is_stopped |= other.is_stopped
        for number, problems in other.problems_of.items():
            for problem in problems:
                self.add_problem(number, problem)
        for number, offsets in other.joints_of.items():
            self.joints_of.setdefault(number, set()).update(offsets)
        self.keeper.combine(other.keeper)
        self.inherited_doubts |= other.inherited_doubts

    def sort(self) -> None:
        """Put everything in an order that says nothing of the order in which packets were read."""
        self.names = dict(sorted(self.names.items()))
        self.left_out = dict(sorted(self.left_out.items()))
        self.link_types = dict(sorted(self.link_types.items()))
        self.problems_of = dict(sorted(self.problems_of.items()))
        self.joints_of = dict(sorted(self.joints_of.items()))
        self.inherited_doubts = dict(sorted(self.inherited_doubts.items()))

    def inherit(self, other: "Reading", number: int) -> None:
        """Add the result of reading the traces of a saved census, which is itself one of the traces."""
        moved = {(number, *within): name for within, name in other.names.items()}
        problems = {(number, *within): problems for within, problems in other.problems_of.items()}
        self.combine(Reading(moved, other.packets, other.left_out, other.is_stopped, other.link_types, problems))

    def _own_problems(self) -> list[Problem]:
        return [each for number in sorted(self.problems_of) if len(number) == 1 for each in self.problems_of[number]]


def _is_same(one: Problem, other: Problem) -> bool:
    """Tell whether two problems of a trace are one; errors know only themselves."""
    if isinstance(one, CaptureError) and isinstance(other, CaptureError):
        return one.args == other.args
    return one == other


def _add(mine: dict[_Reason, int], theirs: Mapping[_Reason, int]) -> None:
    for reason, n_packets in theirs.items():
        mine[reason] = mine.get(reason, 0) + n_packets
