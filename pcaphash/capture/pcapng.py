"""Sections and interfaces of pcapng files (draft-ietf-opsawg-pcapng)."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
import numpy.typing as npt

from pcaphash.capture.damage import UnreadableBlock
from pcaphash.kernels.records import INTERFACE, index_pcapng
from pcaphash.kernels.timestamps import timestamps_pcapng
from pcaphash.standards import pcap

_INTERFACE_BEFORE_PACKET = 20  # bytes from where a packet block names its interface to the packet
_ORDERS: tuple[Literal["little", "big"], ...] = ("little", "big")


class Pcapng:
    """Indexes the packet blocks of one pcapng file, following its sections and interfaces."""

    first_offset = 0
    """Where the first block starts in the file."""

    def __init__(self) -> None:
        self._big_endian = False
        self._interfaces = np.zeros(8, INTERFACE)
        self._n_interfaces = 0
        self.interface_names: list[str] = []
        """Names of the section's interfaces; empty for those without one."""

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
        """Index a block; see ``kernels.records.index_pcapng``."""
        return index_pcapng(block, start, end, records, self._interfaces, self._n_interfaces, self._big_endian)

    def timestamps(self, block: npt.NDArray[np.uint8], records: npt.NDArray[np.void]) -> npt.NDArray[np.int64]:
        """Return when indexed packets were captured; see ``kernels.timestamps``."""
        timestamps = np.empty(len(records), np.int64)
        timestamps_pcapng(block, records, self._interfaces, self._big_endian, timestamps)
        return timestamps

    def interface_numbers(self, block: npt.NDArray[np.uint8], records: npt.NDArray[np.void]) -> npt.NDArray[np.int64]:
        """Return on which interface of the section indexed packets were captured, counted from 0."""
        # A simple packet block names none: it is the first (section 4.4 of the draft).
        named = records["block_type"] != pcap.SIMPLE_PACKET
        places = np.where(named, records["offset"].astype(np.int64) - _INTERFACE_BEFORE_PACKET, 0)
        order = ">" if self._big_endian else "<"
        fields = block[places[:, np.newaxis] + np.arange(4)]
        numbers = fields.copy().view(f"{order}u4")[:, 0].astype(np.int64)
        short = fields[:, :2].copy().view(f"{order}u2")[:, 0].astype(np.int64)
        return np.where(named, np.where(records["block_type"] == pcap.OBSOLETE_PACKET, short, numbers), 0)

    def block_length(self, block: npt.NDArray[np.uint8], start: int) -> int:
        """Return the total length in bytes of the pcapng block that starts here."""
        return self._number(block[start + 4 : start + 8].tobytes())

    def read_control(self, block: npt.NDArray[np.uint8], start: int, end: int) -> int:
        """Read a section header or an interface description.

        Returns
        -------
        int
            Where the next block starts, or ``start`` where this one does not end within these bytes.

        Raises
        ------
        UnreadableBlock
            The block contradicts itself.
        """
        if end - start < pcap.BLOCK_OVERHEAD:
            return start
        head = block[start : start + pcap.BLOCK_OVERHEAD].tobytes()
        is_section = int.from_bytes(head[:4], "big") == pcap.SECTION_HEADER
        if is_section:
            self._start_section(head[8:12])
        length = self._number(head[4:8])
        least = pcap.SECTION_HEADER_LEN if is_section else pcap.INTERFACE_DESCRIPTION_LEN
        if length < least or length & 3 or length > pcap.MOST_CAPTURED:
            raise UnreadableBlock(f"a block gives its length as {length} bytes")
        if start + length > end:
            return start
        data = block[start : start + length].tobytes()
        if data[-4:] != data[4:8]:
            raise UnreadableBlock("the two lengths of a block do not match")
        if not is_section:
            self._add_interface(data)
        return start + length

    def _number(self, data: bytes) -> int:
        """Read an unsigned number in the section's byte order."""
        return int.from_bytes(data, "big" if self._big_endian else "little")

    def _start_section(self, magic: bytes) -> None:
        """Start a section (section 4.1 of the draft): its own byte order, and no interfaces yet."""
        for order in _ORDERS:
            if int.from_bytes(magic, order) == pcap.BYTE_ORDER_MAGIC:
                self._big_endian = order == "big"
                self._n_interfaces = 0
                self.interface_names = []
                return
        raise UnreadableBlock("a section header has no byte-order magic")

    def _add_interface(self, data: bytes) -> None:
        """Read an interface description block (section 4.2 of the draft)."""
        if self._n_interfaces == len(self._interfaces):
            self._interfaces = np.concatenate([self._interfaces, np.zeros_like(self._interfaces)])
        resolution, offset_seconds, name = pcap.DEFAULT_TSRESOL, 0, ""
        for code, value in self._options(data[16:-4]):
            if code == pcap.OPTION_IF_TSRESOL and len(value) == 1:
                resolution = value[0]
            elif code == pcap.OPTION_IF_TSOFFSET and len(value) == 8:
                offset_seconds = int.from_bytes(value, "big" if self._big_endian else "little", signed=True)
            elif code == pcap.OPTION_IF_NAME:
                name = value.decode("utf-8", "replace")
        self.interface_names.append(name)
        interface = self._interfaces[self._n_interfaces]
        exponent = resolution & 0x7F
        interface["link_type"] = self._number(data[8:10])
        interface["snap_length"] = self._number(data[12:16])
        interface["binary"] = resolution >> 7
        interface["exponent"] = exponent
        ticks = 10 ** (exponent if exponent <= 9 else exponent - 9)
        interface["ticks"] = ticks if ticks < 2**64 else 0  # so many that every timestamp is 0
        # Beyond what a timestamp in nanoseconds can hold, so no later sum overflows.
        interface["offset_seconds"] = max(-(2**40), min(2**40, offset_seconds))
        self._n_interfaces += 1

    def _options(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Walk options (section 3.5 of the draft) up to their end, or up to the first that does not fit."""
        while len(data) >= 4:
            code, length = self._number(data[:2]), self._number(data[2:4])
            if code == pcap.OPTION_END or 4 + length > len(data):
                return
            yield code, data[4 : 4 + length]
            data = data[4 + (length + 3 & ~3) :]
