"""The bytes of one packet."""

from dataclasses import dataclass


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
