"""What the headers of a capture file say: its format and byte order, pcapng's sections and interfaces."""

from dataclasses import dataclass, field

from pcaphash.capture.control import Control, FileHeader, SectionHeader
from pcaphash.capture.damage import Damage
from pcaphash.capture.pcap import Pcap
from pcaphash.capture.pcapng import Pcapng
from pcaphash.standards import pcap
from pcaphash.studies.info.tally import Times

LITTLE, BIG = "little", "big"
PCAPNG = "pcapng"

MOST_INTERFACES = 1000
"""Interfaces to keep of a file; a damaged or endless one must not fill the memory."""

_EXPONENTS = {1000: 6, 1: 9}  # of a pcap file's resolution, by the nanoseconds in a unit


@dataclass(frozen=True)
class CaptureInterface:
    """An interface that packets were captured on; a pcap file has one, which it does not name.

    Parameters
    ----------
    section : int
        The section it is declared in, counted from 1.
    number : int
        Its number in the section, counted from 0.
    byte_order : str
        ``little`` or ``big``, of the section.
    name, description : str
        As the file has them; empty where it has none.
    link_type : int
        Of its packets.
    snap_length : int
        The most bytes that are captured of a packet; 0 for no limit.
    resolution_base, resolution_exponent : int
        A timestamp counts units of ``resolution_base ** -resolution_exponent`` seconds.
    """

    section: int
    number: int
    byte_order: str
    name: str
    description: str
    link_type: int
    snap_length: int
    resolution_base: int
    resolution_exponent: int


@dataclass
class Headers:
    """What the headers of one file say, as far as it is read."""

    formats: dict[str, None] = field(default_factory=dict)
    """The formats, in order; several only where files were joined."""
    n_sections: int = 0
    n_interfaces: int = 0
    byte_orders: set[str] = field(default_factory=set)
    interfaces: list[CaptureInterface] = field(default_factory=list)
    """The first MOST_INTERFACES of them."""

    @property
    def format(self) -> str:
        """The format, or all of them."""
        return " and ".join(self.formats)

    def note_format(self, capture: Pcap | Pcapng) -> None:
        """Take note of the format even if the first section header is damaged."""
        if isinstance(capture, Pcapng):
            self.formats[PCAPNG] = None

    def note(self, control: Control) -> None:
        """Take note of a header of the file."""
        says = control.says
        order = BIG if says.big_endian else LITTLE
        if isinstance(says, FileHeader):
            is_modified = says.record_header_len == pcap.MODIFIED_RECORD_HEADER_LEN
            self.formats["modified pcap" if is_modified else "pcap"] = None
            self._start_section(order)
            exponent = _EXPONENTS[says.fraction_ns]
            self._add(
                CaptureInterface(self.n_sections, 0, order, "", "", says.link_type, says.snap_length, 10, exponent)
            )
        elif isinstance(says, SectionHeader):
            self.formats[PCAPNG] = None
            self._start_section(order)
        else:
            name, description = _printable(says.name), _printable(says.description)
            self._add(
                CaptureInterface(
                    self.n_sections, says.number, order, name, description, says.link_type, says.snap_length,
                    says.resolution_base, says.resolution_exponent,
                )
            )  # fmt: skip

    def _start_section(self, byte_order: str) -> None:
        self.n_sections += 1
        self.byte_orders.add(byte_order)

    def _add(self, interface: CaptureInterface) -> None:
        self.n_interfaces += 1
        if len(self.interfaces) < MOST_INTERFACES:
            self.interfaces.append(interface)


@dataclass(frozen=True)
class TraceFile:
    """What one capture file is.

    Parameters
    ----------
    trace : str
        Its path, or ``-`` for standard input.
    compression : str
        ``none``, ``gzip``, ``zstd``, ``xz``, ``bzip2`` or ``lz4``.
    stored_bytes : int
        Bytes of the file as stored; of a pipe, those that were read.
    packets : int
        Complete records found, those that a selection leaves out included.
    headers : Headers
        Format (``pcap``, ``modified pcap`` or ``pcapng``), sections and interfaces; each pcap file is a section.
    times : Times
        Of its packets that are selected.
    damage : Damage or None
        Where reading ended early.
    n_bytes : int
        Original lengths of its packets that are selected.
    encapsulations : list of str
        What these packets are, by the names of virtio 1.4, most first.
    """

    trace: str
    compression: str
    stored_bytes: int
    packets: int
    headers: Headers
    times: Times
    damage: Damage | None
    n_bytes: int = 0
    encapsulations: list[str] = field(default_factory=list)

    @property
    def byte_order(self) -> str:
        """``little``, ``big``, or ``mixed`` where sections differ; empty where there is no section to tell."""
        orders = self.headers.byte_orders
        return "mixed" if len(orders) > 1 else next(iter(orders), "")


def _printable(text: str) -> str:
    """Replace what no terminal should be sent."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text.rstrip("\0"))
