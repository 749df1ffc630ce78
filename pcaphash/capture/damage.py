"""What is wrong with a capture that could be read in part."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Damage:
    """Where and why the reading of a trace ended early.

    Parameters
    ----------
    trace : str
        Path of the trace, or ``-``.
    offset : int
        Byte offset in the (decompressed) trace where the first record or block stands that could not be read.
    problem : str
        What is wrong there.
    is_compressed : bool
        Whether the trace is compressed, so that no byte of the file stands at the offset.
    """

    trace: str
    offset: int
    problem: str
    is_compressed: bool = False

    def __str__(self) -> str:
        """Return one line that names the trace and the byte offset."""
        place = f"byte {self.offset}" + (" of the decompressed data" if self.is_compressed else "")
        return f"{self.trace}: {place}: {self.problem}; everything before it was read"


class UnreadableBlock(Exception):
    """A block of a pcapng file contradicts itself; the message says how."""
