"""Parts of what a study reads: whole traces, ranges of their bytes, or stretches of their packets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pcaphash.capture.input import Input


@dataclass(frozen=True)
class Part:
    """A part of one trace.

    Parameters
    ----------
    input : Input
        Where the trace comes from; it may itself be a range of bytes of a file (``FileInput``).
    number : int
        Which of the traces of the request it is, counted from 0: results do not depend on the order of parts.
    first : int
        Number of its first packet, counted from 1.
    last : int or None
        Number of its last packet; None for all that follow.
    """

    input: Input
    number: int = 0
    first: int = 1
    last: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it is all of the trace."""
        return self.first == 1 and self.last is None


def whole_parts(inputs: Iterable[Input]) -> list[Part]:
    """Return traces as one part each."""
    return [Part(each, number) for number, each in enumerate(inputs)]


def split_part(part: Part, cuts: Sequence[int]) -> list[Part]:
    """Cut a part before the packets with these numbers, which ascend."""
    inside = [cut for cut in cuts if part.first < cut and (part.last is None or cut <= part.last)]
    firsts, lasts = [part.first, *inside], [*(cut - 1 for cut in inside), part.last]
    return [Part(part.input, part.number, first, last) for first, last in zip(firsts, lasts, strict=True)]
