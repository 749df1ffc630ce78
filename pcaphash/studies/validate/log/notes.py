"""How the lines of a testpmd log were matched to the packets of a trace, as facts."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from pcaphash.capture.reported.notes import FileNote
from pcaphash.studies.validate.catalogue.fault import Fault


class MatchedBy(StrEnum):
    """What the contents of a log and a trace have in common, by which lines were matched to packets."""

    CONTENTS = "contents"
    """MAC addresses, type and length."""
    SIZES = "sizes"
    """Type and length; MAC addresses differ."""
    NOTHING = "nothing"


@dataclass(frozen=True)
class LinesMatched(FileNote):
    """The lines of a log were matched to packets, because it is not in the order of the trace, or not whole.

    Parameters
    ----------
    lines, matched : int
        Lines, and those of them that were matched.
    by : MatchedBy
        What they were matched by; if several packets look the same, the hash decided.
    of_several_queues : bool
        Whether the log is printed queue by queue; otherwise it is not whole, or longer than the trace.
    fault : Fault or None
        What the device does whose hashes decided; None for the configured one.
    of_packets : int
        How many packets the trace has.
    """

    kind: ClassVar[str] = "lines-matched"
    lines: int
    matched: int
    by: MatchedBy
    of_several_queues: bool
    fault: Fault | None
    of_packets: int

    @property
    def is_longer(self) -> bool:
        """Whether the log has more lines than the trace has packets."""
        return self.lines > self.of_packets


@dataclass(frozen=True)
class UnexpectedHashes(FileNote):
    """So many lines of a log have a hash that is expected for none of the packets that were left."""

    kind: ClassVar[str] = "unexpected-hashes"
    lines: int


@dataclass(frozen=True)
class StrangeLines(FileNote):
    """So many lines of a log match no packet of the trace and are ignored."""

    kind: ClassVar[str] = "strange-lines"
    lines: int


@dataclass(frozen=True)
class OrderAssumed(FileNote):
    """A log of several queues is assumed to be in the order of the trace: its hashes match in no other order either."""

    kind: ClassVar[str] = "order-assumed"


@dataclass(frozen=True)
class MatchedWithoutKey(FileNote):
    """Of a log that is printed queue by queue, only the lines are used that can be matched without knowing the key."""

    kind: ClassVar[str] = "matched-without-key"
    lines: int
    matched: int
