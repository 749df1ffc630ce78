"""Prove that ranges of a file fit together, and say what has to be read again where they do not."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from pcaphash.capture.ranges import RangeInput
from pcaphash.engine.cluster.work import RangeFacts
from pcaphash.engine.part import Part


@dataclass
class Joining:
    """The ranges of one file, in order, and how far they are proven.

    Parameters
    ----------
    part : Part
        The whole file.
    ranges : sequence of RangeInput
        Where they start and end; the first starts where the file does, and the last ends with it.
    """

    part: Part
    ranges: Sequence[RangeInput]
    accepted: list[int] = field(default_factory=list)
    """Tasks that have read bytes of the file each once, in order."""
    is_proven: bool = False
    """Whether they have read all that can be read."""
    is_given_up: bool = False
    """Whether the file has to be read at once after all: it has changed meanwhile, or it is several files joined."""
    state: str = ""
    """Of the file, in which all ranges were read."""
    _facts: dict[int | None, tuple[int, RangeInput, RangeFacts]] = field(default_factory=dict)
    _reached: int | None = None
    _read_again: int | None = None

    def take(self, task: int, source: RangeInput, facts: RangeFacts) -> RangeInput | None:
        """Take note of how a range was read, by which task; return what is to be read beside the ranges, if anything.

        ``None`` means that nothing more is to be read for now: what is missing is being read, or nothing is.
        """
        self._facts[source.start] = task, source, facts
        while not self.is_proven and self._reached in self._facts:
            task, source, facts = self._facts.pop(self._reached)
            self.state = self.state or facts.state
            stands_still = facts.reached == source.start and source.end is not None and not facts.is_last
            if self.state != facts.state or not facts.state or facts.changes_format or stands_still:
                self.is_given_up = self.is_proven = True
                return None
            self.accepted.append(task)
            self._reached = facts.reached
            self.is_proven = facts.is_last or source.end is None
        if self.is_proven or self._reached == self._read_again or self._reached in self._starts:
            return None
        self._read_again = self._reached
        after = [each.start for each in self.ranges if each.start is not None and each.start > (self._reached or 0)]
        return replace(self.ranges[0], start=self._reached, end=min(after, default=None))

    @cached_property
    def _starts(self) -> frozenset[int | None]:
        return frozenset(each.start for each in self.ranges)
