"""What ``explain`` finds out: facts only, which ``report.explain`` puts into words."""

from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from pcaphash.engine.result import Result
from pcaphash.studies.explain.choice import HeaderChoice, TypeChoice
from pcaphash.studies.explain.dissection import Dissection
from pcaphash.studies.explain.result import Answer, InputField, PacketHeader, Stripped
from pcaphash.studies.explain.steps import TraceStep

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class Explanation(Result):
    """One packet, and why a device gives it this hash or none.

    Parameters
    ----------
    trace : str
        Where the packet is from.
    packet : int
        Its number there, counted from 1.
    timestamp_ns : int or None
        Nanoseconds since 1970; None if the file has no time.
    direction : str
        ``in``, ``out``, or empty if the file does not say.
    answer : Answer
        What the device makes of it.
    dissection : Dissection
        How the kernels read it.
    header_choice : HeaderChoice or None
        Which header is to be hashed; None if the outer one is not IP, or not known.
    type_choice : TypeChoice or None
        Which hash type; None if there is no IP header to choose one for.
    headers : tuple of PacketHeader
        In order of their offsets.
    input_fields : tuple of InputField
        The hash input, field by field; empty if there is no hash.
    others : tuple of Answer
        What other configurations make of it.
    stripped : Stripped or None
        What was taken off; None if nothing was.
    """

    trace: str
    packet: int
    timestamp_ns: int | None
    direction: str
    answer: Answer
    dissection: Dissection
    header_choice: HeaderChoice | None
    type_choice: TypeChoice | None
    headers: tuple[PacketHeader, ...]
    input_fields: tuple[InputField, ...]
    others: tuple[Answer, ...]
    stripped: Stripped | None = None

    @property
    def captured_length(self) -> int:
        """Captured bytes."""
        return len(self.dissection.packet.data)

    @property
    def original_length(self) -> int:
        """As the file says."""
        return self.dissection.packet.original_length

    @property
    def link_type(self) -> int:
        """As the file says."""
        return self.dissection.packet.link_type

    @property
    def stop(self) -> TraceStep | None:
        """Where and why the dissection went no further; None if it read the ports of the innermost header."""
        return self.dissection.stop

    def facts(self) -> list[str]:
        """Return which packet it is, its hash, and where that leads."""
        answer = self.answer
        found = f"no hash ({answer.reason})"
        if answer.hash_value is not None:
            found = f"hash 0x{answer.hash_value:08x} ({answer.hash_report}, {answer.header} header)"
        queue = [] if answer.queue is None else [f"receive queue {answer.queue}"]
        return [f"packet {self.packet:,} of {PurePath(self.trace).name}", found, *queue]

    def main_table(self) -> "pd.DataFrame":
        """Return the headers of the packet, in order of their offsets."""
        import pandas as pd

        columns = ("part", "header", "offset", "length", "state")
        rows = [(each.part, each.name, each.offset, each.length, each.state.value) for each in self.headers]
        return pd.DataFrame(rows, columns=columns)
