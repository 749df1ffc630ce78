"""What is wrong with a capture that could be read in part: facts, and the one line that says them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from pcaphash.errors import on_one_line


class FaultKind(StrEnum):
    """What ends the reading of a trace early; the values are what JSON documents and saved censuses call it."""

    CUT_SHORT = "cut_short"
    JOINED_HEADER_CUT_SHORT = "joined_header_cut_short"
    RECORD_TOO_LONG = "record_too_long"
    BLOCK_LENGTH_INVALID = "block_length_invalid"
    BLOCK_LENGTHS_DIFFER = "block_lengths_differ"
    UNDECLARED_INTERFACE = "undeclared_interface"
    PACKET_TOO_LONG = "packet_too_long"
    NO_BYTE_ORDER = "no_byte_order"
    COMPRESSED_CUT_SHORT = "compressed_cut_short"
    COMPRESSED_DAMAGED = "compressed_damaged"
    NOT_READ = "not_read"


_WORDS = {
    FaultKind.CUT_SHORT: "the file ends within a record",
    FaultKind.JOINED_HEADER_CUT_SHORT: "the file ends within the header of another file joined to it",
    FaultKind.RECORD_TOO_LONG: "a record gives its length as {length:,} bytes, which is more than 16 MiB",
    FaultKind.BLOCK_LENGTH_INVALID: "a block gives an impossible length, {length:,} bytes",
    FaultKind.BLOCK_LENGTHS_DIFFER: "the two lengths of a block do not match",
    FaultKind.UNDECLARED_INTERFACE: "a packet names an interface that was not declared",
    FaultKind.PACKET_TOO_LONG: "a packet gives a captured length that its block cannot hold, {length:,} bytes",
    FaultKind.NO_BYTE_ORDER: "a section header has no byte-order magic",
    FaultKind.COMPRESSED_CUT_SHORT: "the compressed data ends early",
    FaultKind.COMPRESSED_DAMAGED: "the compressed data is damaged ({detail})",
    FaultKind.NOT_READ: "{detail}",
}


class Fault(NamedTuple):
    """What is wrong at a place of a trace.

    Parameters
    ----------
    kind : FaultKind
        What it is.
    length : int, optional
        The length in bytes that is given there, if that is what is wrong.
    detail : str
        What the operating system, a server or a decompressor says of it; empty for other kinds.
    """

    kind: FaultKind
    length: int | None = None
    detail: str = ""

    def __str__(self) -> str:
        """Return it in words."""
        return _WORDS[self.kind].format(length=self.length, detail=self.detail)


@dataclass(frozen=True)
class Damage:
    """Where and why the reading of a trace ended early.

    Parameters
    ----------
    trace : str
        Path of the trace, or ``-``.
    offset : int
        Byte offset in the (decompressed) trace where the first record or block stands that could not be read.
    fault : Fault
        What is wrong there.
    is_compressed : bool
        Whether the trace is compressed, so that no byte of the file stands at the offset.
    """

    trace: str
    offset: int
    fault: Fault
    is_compressed: bool = False

    def __str__(self) -> str:
        """Return one line that names the trace and the byte offset."""
        place = f"byte {self.offset}" + (" of the decompressed data" if self.is_compressed else "")
        return f"{on_one_line(self.trace)}: {place}: {self.fault}; everything before it was read"


class UnreadableBlockError(Exception):
    """A block of a pcapng file contradicts itself.

    Parameters
    ----------
    fault : Fault
        How it does.
    """

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault
