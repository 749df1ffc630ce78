"""What is to be known of reported values after a trace was read, as facts; ``report.words.notes`` has the words."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


@dataclass(frozen=True)
class Note:
    """One thing that is to be known of reported values."""

    kind: ClassVar[str]
    """What it is about, for programs."""


@dataclass(frozen=True)
class FileNote(Note):
    """One thing that is to be known of values in a file beside the trace.

    Parameters
    ----------
    file : str
        The file.
    """

    file: str


class Lack(StrEnum):
    """What a packet may not have in a trace, by the names that programs get."""

    EPB_HASH = "epb-hash"
    """An option with a Toeplitz hash."""
    EPB_QUEUE = "epb-queue"
    """An option with a receive queue."""
    VIRTIO_HEADER = "virtio-header"
    """A virtio_net_hdr that was captured whole."""
    TP_RXHASH = "tp-rxhash"
    """A hash of Linux's packet sockets other than 0."""


@dataclass(frozen=True)
class Lacking(Note):
    """Some of all packets lack something."""

    kind: ClassVar[str] = "lacking"
    lack: Lack
    packets: int
    of_packets: int


@dataclass(frozen=True)
class OtherAlgorithms(Note):
    """Hashes of other algorithms than Toeplitz were ignored: how many of each, by name."""

    kind: ClassVar[str] = "other-algorithms"
    hashes: dict[str, int]


@dataclass(frozen=True)
class MalformedOptions(Note):
    """So many options with a hash or a receive queue were ignored, because their lengths are impossible."""

    kind: ClassVar[str] = "malformed-options"
    options: int


@dataclass(frozen=True)
class TakenAsQueue(Note):
    """A trace stands for a receive queue: by its name, or because of its position if no name has a number."""

    kind: ClassVar[str] = "taken-as-queue"
    trace: str
    queue: int
    is_by_position: bool


class HeaderField(StrEnum):
    """What of a virtio_net_hdr may be impossible."""

    FLAGS = "flags"
    GSO_TYPE = "gso_type"
    HASH_REPORT = "hash_report"
    HASH_REPORT_TUNNEL = "hash_report_tunnel"
    PADDING = "padding_reserved"
    INNER_OFFSET = "inner_nh_offset"


@dataclass(frozen=True)
class ImpossibleHeaders(Note):
    """So many headers were left out: the first is that of a packet, with this value in a field."""

    kind: ClassVar[str] = "impossible-headers"
    headers: int
    packet: int
    field: HeaderField
    value: int


@dataclass(frozen=True)
class NoRow(FileNote):
    """Some of all packets have no row in a table."""

    kind: ClassVar[str] = "no-row"
    packets: int
    of_packets: int


@dataclass(frozen=True)
class BareHex(FileNote):
    """Hashes without 0x were read as hex, because one of the first rows has this one."""

    kind: ClassVar[str] = "bare-hex"
    example: str


@dataclass(frozen=True)
class IgnoredColumns(FileNote):
    """Columns of a table that were ignored."""

    kind: ClassVar[str] = "ignored-columns"
    columns: tuple[str, ...]


@dataclass(frozen=True)
class NoLine(FileNote):
    """Some of all packets have no line in a log."""

    kind: ClassVar[str] = "no-line"
    packets: int
    of_packets: int


@dataclass(frozen=True)
class SeveralPorts(FileNote):
    """A log is about packets of several ports of DPDK."""

    kind: ClassVar[str] = "several-ports"
    ports: tuple[int, ...]


@dataclass(frozen=True)
class SteeredByRule(FileNote):
    """A flow rule chose the receive queue of so many packets, which is therefore not judged."""

    kind: ClassVar[str] = "steered-by-rule"
    packets: int


@dataclass(frozen=True)
class OtherLengths(FileNote):
    """So many packets have another length in a log than in the trace; the first of them, both lengths, and its line."""

    kind: ClassVar[str] = "other-lengths"
    packets: int
    packet: int
    length: int
    line: int
    length_in_log: int
