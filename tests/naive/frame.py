"""A frame as the device met it, of which the capture may show only the beginning.

"Within the frame" and "captured" are different things: what lies beyond the frame was never there, and the device knew
it; what lies beyond the captured bytes was there, and only the capture does not show it.
"""

from dataclasses import dataclass


class TruncatedError(Exception):
    """A needed byte is within the frame but was not captured."""


class NotIpError(Exception):
    """The packet is not IP: the device calculates no hash over it."""


class LinkTypeError(Exception):
    """The link type is none that is understood."""


@dataclass(frozen=True)
class Frame:
    """Captured bytes and the length of the whole frame in bytes, never less than what was captured."""

    captured: bytes
    length: int

    def holds(self, offset: int, size: int) -> bool:
        """Say whether ``size`` bytes from ``offset`` on are within the frame, captured or not."""
        return offset + size <= self.length

    def read(self, offset: int, size: int) -> bytes:
        """Read one field, whole; only for fields that the frame holds."""
        if offset + size > len(self.captured):
            raise TruncatedError
        return self.captured[offset : offset + size]

    def read_or_not_ip(self, offset: int, size: int) -> bytes:
        """Read one field without which the packet is not IP."""
        if not self.holds(offset, size):
            raise NotIpError
        return self.read(offset, size)


def big_endian(field: bytes) -> int:
    """Read a field in network byte order."""
    return int.from_bytes(field, "big")
