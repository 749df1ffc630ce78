"""What stands between the packets of a trace: headers of files and sections, interfaces, bytes that are not held."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class FileHeader:
    """What the file header of a pcap file says.

    Parameters
    ----------
    big_endian : bool
        Byte order.
    link_type : int
        Of all packets.
    snap_length : int
        The most bytes that are captured of a packet.
    record_header_len : int
        Bytes of a record header: 16, or 24 in the modified format of patched libpcaps.
    fraction_ns : int
        Nanoseconds in a unit of a timestamp's fraction: 1 or 1000.
    """

    big_endian: bool
    link_type: int
    snap_length: int
    record_header_len: int
    fraction_ns: int


@dataclass(frozen=True)
class SectionHeader:
    """What a pcapng section header says.

    Parameters
    ----------
    big_endian : bool
        Byte order.
    """

    big_endian: bool


@dataclass(frozen=True)
class InterfaceDescription:
    """What a pcapng interface description says.

    Parameters
    ----------
    big_endian : bool
        Byte order of the section.
    number : int
        In the section, counted from 0.
    link_type : int
        Of its packets.
    snap_length : int
        The most bytes that are captured of a packet; 0 for no limit.
    name, description : str
        Empty if it has none. They may contain anything, control characters too.
    resolution_base, resolution_exponent : int
        A timestamp counts units of ``resolution_base ** -resolution_exponent`` seconds.
    offset_seconds : int
        Added to all timestamps.
    """

    big_endian: bool
    number: int
    link_type: int
    snap_length: int
    name: str
    description: str
    resolution_base: int
    resolution_exponent: int
    offset_seconds: int


@dataclass(frozen=True)
class Control:
    """A file header, a pcapng section header or an interface description.

    Parameters
    ----------
    data : bytes
        All of it.
    offset : int
        Where it starts in the decompressed trace.
    says : FileHeader, SectionHeader or InterfaceDescription
        What it says.
    """

    data: bytes
    offset: int
    says: FileHeader | SectionHeader | InterfaceDescription


@dataclass(frozen=True)
class Skipped:
    """A stretch of a pcapng block that has no packets and is too long to be held.

    Parameters
    ----------
    data : uint8 array
        Its bytes; they are overwritten when the next piece is asked for.
    offset : int
        Where the stretch starts in the decompressed trace.
    """

    data: npt.NDArray[np.uint8]
    offset: int
