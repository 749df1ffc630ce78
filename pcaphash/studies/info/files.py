"""What the headers of a capture file say: its format and byte order, pcapng's sections and interfaces."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pcaphash.capture.damage import Damage
from pcaphash.capture.pcap import Pcap
from pcaphash.capture.pcapng import Pcapng
from pcaphash.capture.reader import Reader, recognize
from pcaphash.standards import pcap
from pcaphash.studies.info.tally import Times

LITTLE, BIG = "little", "big"
PCAPNG = "pcapng"

MOST_INTERFACES = 1000
"""Interfaces to keep of a file; a damaged or endless one must not fill the memory."""

_SNAP_LENGTH_OFFSET = 16  # in the file header of pcap
_OPTION_IF_NAME, _OPTION_IF_DESCRIPTION = 2, 3  # draft-ietf-opsawg-pcapng section 4.2
_BINARY = 0x80  # in if_tsresol
_MICROSECONDS, _NANOSECONDS = 6, 9


@dataclass(frozen=True)
class Interface:
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
    interfaces: list[Interface] = field(default_factory=list)
    """The first MOST_INTERFACES of them."""

    @property
    def format(self) -> str:
        """The format, or all of them."""
        return " and ".join(self.formats)

    def start_section(self, byte_order: str) -> None:
        """Take note of a section."""
        self.n_sections += 1
        self.byte_orders.add(byte_order)

    def add(self, interface: Interface) -> None:
        """Take note of an interface."""
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


def follow_headers(reader: Reader) -> Headers:
    """Follow the headers of a trace that is about to be read: what is returned fills while the reader reads on."""
    headers = Headers()

    def follow(header: bytes) -> Pcap | Pcapng | None:
        found = recognize(header)
        if isinstance(found, Pcap):
            _add_pcap_header(headers, header, found)
            return found
        headers.formats[PCAPNG] = None
        return _FollowedPcapng(headers)

    found = follow(reader.head)
    assert found is not None, "the reader recognized it"
    reader.format, reader.recognize = found, follow
    return headers


def _add_pcap_header(headers: Headers, header: bytes, found: Pcap) -> None:
    """Take note of the file header of a pcap file."""
    order = BIG if found.big_endian else LITTLE
    is_modified = found.header_len == pcap.MODIFIED_RECORD_HEADER_LEN
    magic, snap_length = (
        int.from_bytes(header[at : at + 4], "big" if found.big_endian else "little") for at in (0, _SNAP_LENGTH_OFFSET)
    )
    exponent = _NANOSECONDS if magic == pcap.MAGIC_NANOSECONDS else _MICROSECONDS
    headers.formats["modified pcap" if is_modified else "pcap"] = None
    headers.start_section(order)
    headers.add(Interface(headers.n_sections, 0, order, "", "", found.link_type, snap_length, 10, exponent))


class _FollowedPcapng(Pcapng):
    """Notes the sections and interfaces that it comes upon.

    Parameters
    ----------
    headers : Headers
        Where to.
    """

    def __init__(self, headers: Headers) -> None:
        super().__init__()
        self._headers = headers

    def read_control(self, block: npt.NDArray[np.uint8], start: int, end: int) -> int:
        """Read a section header or an interface description; see ``Pcapng``."""
        after = super().read_control(block, start, end)
        if after > start:
            self._note(block[start:after].tobytes())
        return after

    def _note(self, data: bytes) -> None:
        order = BIG if self._big_endian else LITTLE
        if int.from_bytes(data[:4], "big") == pcap.SECTION_HEADER:
            self._headers.start_section(order)
            return
        resolution = pcap.DEFAULT_TSRESOL
        name = description = ""
        for code, value in self._options(data[16:-4]):
            if code == pcap.OPTION_IF_TSRESOL and len(value) == 1:
                resolution = value[0]
            elif code == _OPTION_IF_NAME:
                name = _text(value)
            elif code == _OPTION_IF_DESCRIPTION:
                description = _text(value)
        self._headers.add(
            Interface(
                self._headers.n_sections,
                self._n_interfaces - 1,
                order,
                name,
                description,
                self._number(data[8:10]),
                self._number(data[12:16]),
                2 if resolution & _BINARY else 10,
                resolution & ~_BINARY,
            )
        )


def _text(value: bytes) -> str:
    """Read UTF-8 text; what no terminal should be sent is replaced."""
    text = value.decode("utf-8", "replace").rstrip("\0")
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
