"""What came of reading traces, whatever was asked of them."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from pcaphash.capture.damage import Damage
from pcaphash.engine.kept import PacketKeeper
from pcaphash.errors import CaptureError

if TYPE_CHECKING:
    from pcaphash.engine.directions import BothWays
    from pcaphash.engine.repeated import Repeated

_MOST_TOLD = 3  # traces with the same problem that are told one by one


@dataclass
class Reading:
    """What came of reading traces.

    Parameters
    ----------
    traces : list of str
        The traces that could be read, at least in part.
    packets : int
        Complete records found, those left out included.
    left_out : dict of str to int
        Packets that a selection left out, by why.
    is_stopped : bool
        Whether reading stopped because as many packets were selected as were asked for.
    link_types : dict of int to int
        Packets by link type.
    damages : list of Damage
        Where traces could be read in part only.
    joined : dict of str to list of int
        By trace, the byte offsets where further files start that were joined to it as they are.
    unreadable : list of CaptureError
        Traces that could not be read at all.
    inherited : list of str
        Likewise, of the traces behind saved censuses.
    keeper : PacketKeeper
        Keeps a random part of the packets that were selected; none of saved censuses.
    """

    traces: list[str] = field(default_factory=list)
    packets: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    is_stopped: bool = False
    link_types: dict[int, int] = field(default_factory=dict)
    damages: list[Damage] = field(default_factory=list)
    joined: dict[str, list[int]] = field(default_factory=dict)
    unreadable: list[CaptureError] = field(default_factory=list)
    inherited: list[str] = field(default_factory=list)
    keeper: PacketKeeper = field(default_factory=PacketKeeper, repr=False, compare=False)

    @property
    def selected(self) -> int:
        """Packets that were selected."""
        return self.packets - sum(self.left_out.values())

    @property
    def problems(self) -> list[str]:
        """What could not be read, a line each."""
        return [*map(str, self.unreadable), *map(str, self.damages), *self.inherited]

    @property
    def short_problems(self) -> list[str]:
        """Likewise, but where many traces have the same problem, one line for all of them."""
        groups: dict[str, list[CaptureError | Damage]] = {}
        troubles: list[CaptureError | Damage] = [*self.unreadable, *self.damages]
        for each in troubles:
            groups.setdefault(each.problem, []).append(each)
        lines = []
        for problem, members in groups.items():
            if len(members) <= _MOST_TOLD:
                lines += [str(each) for each in members]
            else:
                lines.append(f"{len(members):,} traces: {problem}; the first of them: {members[0]}")
        return [*lines, *self.inherited]

    @property
    def is_partial(self) -> bool:
        """Whether some input could not be read."""
        return bool(self.damages or self.unreadable or self.inherited)

    @cached_property
    def both_ways(self) -> "BothWays | None":
        """Whether packets look sent by the capturing host although nothing says so; ask when all is read."""
        from pcaphash.engine.directions import find_both_ways

        return find_both_ways(self.keeper.kept())

    @cached_property
    def repeated(self) -> "Repeated | None":
        """Whether tunnel packets are there again without their tunnel; ask when all is read."""
        kept = self.keeper.kept()
        if not kept.is_of_several:
            return None
        from pcaphash.engine.repeated import find_repeated  # what it needs takes longer to load than to ask this

        return find_repeated(kept)

    def add(self, other: "Reading") -> None:
        """Add what came of reading other traces earlier."""
        self.traces += other.traces
        self.packets += other.packets
        for reason, n_packets in other.left_out.items():
            self.left_out[reason] = self.left_out.get(reason, 0) + n_packets
        for link_type, n_packets in other.link_types.items():
            self.link_types[link_type] = self.link_types.get(link_type, 0) + n_packets
        self.inherited += other.problems
        self.is_stopped |= other.is_stopped
