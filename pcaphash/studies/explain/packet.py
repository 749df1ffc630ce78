"""The bytes of one packet, headers cut out of them, and what can be wrong with a header."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pcaphash.studies.explain.result import Field, Header

NOT_CAPTURED = "not captured"

FieldForm = tuple[str, int, int, Callable[[bytes], str]]
"""A field of a header: its name, where it starts in the header, its length, and how its bytes are written."""


class DisagreementError(Exception):
    """What is explained is not what the kernels did: a fault of this program."""


@dataclass(frozen=True)
class Trouble:
    """Why a header cannot be read.

    Parameters
    ----------
    kind : int
        NOT_IP, CUT or OTHER_LINK_TYPE (``kernels.link``).
    why : str
        In words.
    source : str
        The section of a standard that says so.
    """

    kind: int
    why: str
    source: str


@dataclass(frozen=True)
class Packet:
    """One packet of a trace.

    Parameters
    ----------
    data : bytes
        What was captured of it.
    original_length, link_type : int
        As the file says.
    """

    data: bytes
    original_length: int
    link_type: int

    @property
    def length(self) -> int:
        """Bytes on the wire; the file cannot have captured more."""
        return max(self.original_length, len(self.data))

    def fits(self, offset: int, length: int) -> bool:
        """Tell whether so many bytes lie within the packet."""
        return offset + length <= self.length

    def has(self, offset: int, length: int) -> bool:
        """Tell whether so many bytes were captured."""
        return offset + length <= len(self.data)

    def number(self, offset: int, length: int) -> int:
        """Return captured bytes as a number in network order."""
        return int.from_bytes(self.data[offset : offset + length], "big")

    @property
    def cut(self) -> str:
        """How much the capture shows, as sentences begin."""
        return f"the capture shows {len(self.data)} of {self.length} bytes"

    def header(self, name: str, part: str, offset: int, length: int, forms: Sequence[FieldForm] = ()) -> Header:
        """Cut a header out of the packet."""
        fields = tuple(self._field(offset, form) for form in forms if self.fits(offset + form[1], form[2]))
        note = ""
        if not self.fits(offset, length):
            note = f"runs past the end of the packet, which has {self.length} bytes"
        elif not self.has(offset, length):
            note = "captured in part" if offset < len(self.data) else NOT_CAPTURED
        return Header(name, part, offset, length, fields, note)

    def _field(self, header: int, form: FieldForm) -> Field:
        name, at, length, show = form
        offset = header + at
        data = self.data[offset : offset + length]
        return Field(name, offset, length, show(data) if len(data) == length else NOT_CAPTURED, data)


def agree(what: str, explained: object, found: object) -> None:
    """Hold what is explained to what the kernels found.

    Raises
    ------
    DisagreementError
        They differ.
    """
    if explained != found:
        raise DisagreementError(f"explaining {what}: {explained!r}, but the kernels found {found!r}")


def decimal(data: bytes) -> str:
    """Write a number."""
    return str(int.from_bytes(data, "big"))


def hexadecimal(data: bytes) -> str:
    """Write bytes as one hexadecimal number."""
    return f"0x{data.hex()}"


def mac_address(data: bytes) -> str:
    """Write a hardware address."""
    return data.hex(":")
