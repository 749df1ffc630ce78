"""What a capture file holds."""

from dataclasses import dataclass

from naive.link import SLL, SLL2


@dataclass(frozen=True)
class Record:
    """One captured packet, counted from 1; the original length is as the file says, even below the captured length."""

    packet: int
    timestamp_ns: int | None
    captured: bytes
    original_length: int
    link_type: int
    direction: str


@dataclass(frozen=True)
class Damage:
    """Where reading stopped, in bytes from the beginning of the uncompressed file, and why."""

    offset: int
    reason: str


@dataclass(frozen=True)
class Capture:
    """All records up to the damage, if there is any."""

    records: list[Record]
    damage: Damage | None


class DamageError(Exception):
    """Something in the file contradicts itself."""


def cooked_direction(captured: bytes, link_type: int) -> str:
    """Read the packet type of a Linux cooked header: 4 was sent by this host, 0 to 3 were received."""
    if link_type == SLL:
        packet_type = captured[0:2]
    elif link_type == SLL2:
        packet_type = captured[10:11]
    else:
        return ""
    if len(packet_type) < (2 if link_type == SLL else 1):
        return ""
    return {0: "in", 1: "in", 2: "in", 3: "in", 4: "out"}.get(int.from_bytes(packet_type, "big"), "")
