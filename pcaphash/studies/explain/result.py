"""Headers, hash inputs and answers: facts of an explanation, which ``report.explain`` puts into words."""

from dataclasses import dataclass
from enum import Enum

from pcaphash.device.device import Device


class HeaderState(Enum):
    """How much of a header there is."""

    CAPTURED = "captured"
    CAPTURED_IN_PART = "captured in part"
    NOT_CAPTURED = "not captured"
    PAST_PACKET = "past packet"


@dataclass(frozen=True)
class PacketField:
    """One field of a header.

    Parameters
    ----------
    name : str
        As the standard calls it.
    offset, length : int
        Where it starts in the packet, and its length in bytes; bit fields count as the bytes that hold them.
    value : str
        As readers write it; empty if not all of it was captured.
    data : bytes
        Its captured bytes: fewer than ``length`` if the capture cut it.
    """

    name: str
    offset: int
    length: int
    value: str
    data: bytes

    @property
    def is_captured(self) -> bool:
        """Whether all of it was captured."""
        return len(self.data) == self.length


@dataclass(frozen=True)
class PacketHeader:
    """One header of a packet.

    Parameters
    ----------
    name : str
        Such as ``IPv4``.
    part : str
        ``outer``, or ``inner`` for headers of the packet inside a tunnel.
    offset, length : int
        Where it starts in the packet, and its length in bytes.
    fields : tuple of PacketField
        Its fields, as far as they lie within the packet.
    state : HeaderState
        How much of it there is.
    """

    name: str
    part: str
    offset: int
    length: int
    fields: tuple[PacketField, ...]
    state: HeaderState


@dataclass(frozen=True)
class InputField:
    """One field of the hash input.

    Parameters
    ----------
    name : str
        Such as ``home address``.
    offset : int
        Where it starts in the hash input.
    packet_offset : int or None
        Where it starts in the packet; None if an input transformation made it of several.
    value : str
        As readers write it.
    data : bytes
        Its bytes.
    """

    name: str
    offset: int
    packet_offset: int | None
    value: str
    data: bytes


@dataclass(frozen=True)
class Answer:
    """What one configuration makes of the packet, in the words of the columns of ``hashes``.

    Parameters
    ----------
    device : Device
        The configuration.
    encapsulation, header, hash_report, hash_report_tunnel, reason : str
        As in ``hashes``.
    hash_input : bytes
        Empty if there is no hash.
    hash_value : int or None
        None if there is no hash.
    table_index : int or None
        The entry of the indirection table that the hash leads to; None if there is no hash, or no table.
    queue : int or None
        The receive queue; None if it is not known, or if no hash chooses one.
    """

    device: Device
    encapsulation: str
    header: str
    hash_report: str
    hash_report_tunnel: str
    reason: str
    hash_input: bytes
    hash_value: int | None
    table_index: int | None
    queue: int | None


@dataclass(frozen=True)
class Stripped:
    """What a mirror session put around the packet, which was taken off before everything else.

    Parameters
    ----------
    kind : str
        ``erspan``, ``vxlan`` or ``gre``.
    n_bytes : int
        How many bytes were taken off.
    is_cut : bool
        Whether the capture ends before the mirrored packet.
    """

    kind: str
    n_bytes: int
    is_cut: bool
