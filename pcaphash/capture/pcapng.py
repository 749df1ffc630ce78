"""Sections and interfaces of pcapng files (draft-ietf-opsawg-pcapng)."""

import copy
from collections.abc import Iterator
from typing import Literal

import numpy as np
import numpy.typing as npt

from pcaphash.capture.control import InterfaceDescription, SectionHeader
from pcaphash.capture.damage import DamageKind, Defect, UnreadableBlockError
from pcaphash.kernels.sections import INTERFACE, index_pcapng, walk_pcapng
from pcaphash.kernels.timestamps import NS, PLAIN_LIMIT_NS
from pcaphash.standards import pcap
from pcaphash.standards.ethernet import ETHERNET

_FINEST = 9  # exponent of decimal resolutions from which a tick is shorter than a nanosecond
_ORDERS: tuple[Literal["little", "big"], ...] = ("little", "big")


class Pcapng:
    """Indexes the packet blocks of one pcapng file, following its sections and interfaces."""

    first_offset = 0
    """Where the first block starts in the file."""

    def __init__(self) -> None:
        self.big_endian = False
        """Byte order of the section."""
        self._interfaces = np.zeros(8, INTERFACE)
        self.n_interfaces = 0
        """How many interfaces of the section are declared."""
        self.interface_names: list[str] = []
        """Names of the section's interfaces; empty for those without one."""

    @property
    def is_common(self) -> bool:
        """Whether this is the most common kind of section: little-endian, all its interfaces with Ethernet."""
        link_types = self._interfaces["link_type"][: self.n_interfaces]
        return not self.big_endian and bool((link_types == ETHERNET).all())

    def as_it_is(self) -> "Pcapng":
        """Return an indexer that reading on does not change."""
        same = copy.copy(self)
        same._interfaces = self._interfaces.copy()
        return same

    @classmethod
    def recognize(cls, header: bytes) -> "Pcapng | None":
        """Return an indexer for a file that starts with these bytes, or None where they are not pcapng's."""
        return cls() if int.from_bytes(header[:4], "big") == pcap.SECTION_HEADER else None

    @staticmethod
    def begins(data: bytes) -> bool:
        """Tell whether a section starts with these bytes, 12 of them at least, wherever they stand."""
        is_section = int.from_bytes(data[:4], "big") == pcap.SECTION_HEADER
        return is_section and any(int.from_bytes(data[8:12], order) == pcap.BYTE_ORDER_MAGIC for order in _ORDERS)

    def index(
        self, block: npt.NDArray[np.uint8], start: int, end: int, records: npt.NDArray[np.void]
    ) -> tuple[int, int, int, int]:
        """Index a block; see ``kernels.sections.index_pcapng``."""
        return index_pcapng(block, start, end, records, self._interfaces, self.n_interfaces, self.big_endian)

    def walk(self, block: npt.NDArray[np.uint8], start: int, end: int) -> tuple[int, int, int, int]:
        """Count the packets of a section that ``is_common``; see ``kernels.sections.walk_pcapng``."""
        return walk_pcapng(block, start, end, self.n_interfaces)

    def block_length(self, block: npt.NDArray[np.uint8], start: int) -> int:
        """Return the total length in bytes of the pcapng block that starts here."""
        return self._number(block[start + 4 : start + 8].tobytes())

    def read_control(
        self, block: npt.NDArray[np.uint8], start: int, end: int
    ) -> tuple[int, SectionHeader | InterfaceDescription | None]:
        """Read a section header or an interface description.

        Returns
        -------
        after : int
            Where the next block starts.
        says : SectionHeader, InterfaceDescription or None
            What this one says; None where it does not end within these bytes.

        Raises
        ------
        UnreadableBlockError
            The block contradicts itself.
        """
        if end - start < pcap.BLOCK_OVERHEAD:
            return start, None
        head = block[start : start + pcap.BLOCK_OVERHEAD].tobytes()
        is_section = int.from_bytes(head[:4], "big") == pcap.SECTION_HEADER
        if is_section:
            self._start_section(head[8:12])
        length = self._number(head[4:8])
        least = pcap.SECTION_HEADER_LEN if is_section else pcap.INTERFACE_DESCRIPTION_LEN
        if length < least or length & 3 or length > pcap.MOST_CAPTURED:
            raise UnreadableBlockError(Defect(DamageKind.BLOCK_LENGTH_INVALID, length))
        if start + length > end:
            return start, None
        data = block[start : start + length].tobytes()
        if data[-4:] != data[4:8]:
            raise UnreadableBlockError(Defect(DamageKind.BLOCK_LENGTHS_DIFFER))
        return start + length, SectionHeader(self.big_endian) if is_section else self._add_interface(data)

    def _number(self, data: bytes) -> int:
        """Read an unsigned number in the section's byte order."""
        return int.from_bytes(data, "big" if self.big_endian else "little")

    def _start_section(self, magic: bytes) -> None:
        """Start a section (section 4.1 of the draft): its own byte order, and no interfaces yet."""
        for order in _ORDERS:
            if int.from_bytes(magic, order) == pcap.BYTE_ORDER_MAGIC:
                self.big_endian = order == "big"
                self.n_interfaces = 0
                self.interface_names = []
                return
        raise UnreadableBlockError(Defect(DamageKind.NO_BYTE_ORDER))

    def _add_interface(self, data: bytes) -> InterfaceDescription:
        """Read an interface description block (section 4.2 of the draft)."""
        if self.n_interfaces == len(self._interfaces):
            self._interfaces = np.concatenate([self._interfaces, np.zeros_like(self._interfaces)])
        resolution, offset_seconds, name, description = pcap.DEFAULT_TSRESOL, 0, "", ""
        for code, value in self._options(data[16:-4]):
            if code == pcap.OPTION_IF_TSRESOL and len(value) == 1:
                resolution = value[0]
            elif code == pcap.OPTION_IF_TSOFFSET and len(value) == 8:
                offset_seconds = int.from_bytes(value, "big" if self.big_endian else "little", signed=True)
            elif code == pcap.OPTION_IF_NAME:
                name = value.decode("utf-8", "replace")
            elif code == pcap.OPTION_IF_DESCRIPTION:
                description = value.decode("utf-8", "replace")
        base, exponent = 2 if resolution & pcap.TSRESOL_BINARY else 10, resolution & ~pcap.TSRESOL_BINARY
        found = InterfaceDescription(
            self.big_endian, self.n_interfaces, self._number(data[8:10]), self._number(data[12:16]),
            name, description, base, exponent, offset_seconds,
        )  # fmt: skip
        self.interface_names.append(name)
        _write_interface(self._interfaces[self.n_interfaces], found)
        self.n_interfaces += 1
        return found

    def _options(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Walk options (section 3.5 of the draft) up to their end, or up to the first that does not fit."""
        while len(data) >= 4:
            code, length = self._number(data[:2]), self._number(data[2:4])
            if code == pcap.OPTION_END or 4 + length > len(data):
                return
            yield code, data[4 : 4 + length]
            data = data[4 + (length + 3 & ~3) :]


def _write_interface(interface: np.void, description: InterfaceDescription) -> None:
    """Write what kernels need to know of an interface (``kernels.sections.INTERFACE``)."""
    exponent = description.resolution_exponent
    is_binary = description.resolution_base == 2
    interface["link_type"] = description.link_type
    interface["snap_length"] = description.snap_length
    interface["binary"] = is_binary
    interface["exponent"] = exponent
    ticks = 10 ** (exponent if exponent <= _FINEST else exponent - _FINEST)
    interface["ticks"] = ticks if ticks < 2**64 else 0  # so many that every timestamp is 0
    interface["offset_seconds"] = description.offset_seconds
    offset_ns = description.offset_seconds * NS
    is_plain = not is_binary and exponent <= _FINEST and abs(offset_ns) <= PLAIN_LIMIT_NS
    interface["most_plain_ticks"] = PLAIN_LIMIT_NS * ticks // NS if is_plain else 0
    interface["tick_ns"] = NS // ticks if is_plain else 0
    interface["offset_ns"] = offset_ns if is_plain else 0
