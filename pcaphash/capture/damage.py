"""What is wrong with a capture that could be read in part; ``damage_words`` says it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class DamageKind(StrEnum):
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


class Defect(NamedTuple):
    """What is wrong, wherever that is.

    Parameters
    ----------
    kind : DamageKind
        What it is.
    length : int, optional
        The length in bytes that is given there, if that is what is wrong.
    detail : str
        What the operating system, a server or a decompressor says of it; empty for other kinds.
    """

    kind: DamageKind
    length: int | None = None
    detail: str = ""


@dataclass(frozen=True)
class Damage:
    """Where and why the reading of a trace ended early.

    Parameters
    ----------
    trace : str
        Path of the trace, or ``-``.
    offset : int
        Byte offset in the (decompressed) trace where the first record or block stands that could not be read.
    defect : Defect
        What is wrong there.
    is_compressed : bool
        Whether the trace is compressed, so that no byte of the file stands at the offset.
    """

    trace: str
    offset: int
    defect: Defect
    is_compressed: bool = False


class UnreadableBlockError(Exception):
    """A block of a pcapng file contradicts itself.

    Parameters
    ----------
    defect : Defect
        How it does.
    """

    def __init__(self, defect: Defect) -> None:
        super().__init__(defect)
        self.defect = defect
