"""The file header of pcap files: classic, with nanoseconds, and the modified format of patched libpcaps."""

import struct

import numpy as np
import numpy.typing as npt

from pcaphash.kernels.records import index_pcap
from pcaphash.kernels.timestamps import timestamps_pcap
from pcaphash.standards import pcap
from pcaphash.standards.ethernet import ETHERNET

_FORMATS = {
    # magic: (bytes of a record header, nanoseconds in a unit of the fraction)
    pcap.MAGIC_MICROSECONDS: (pcap.RECORD_HEADER_LEN, 1000),
    pcap.MAGIC_NANOSECONDS: (pcap.RECORD_HEADER_LEN, 1),
    pcap.MAGIC_MODIFIED: (pcap.MODIFIED_RECORD_HEADER_LEN, 1000),
}

NO_INTERFACE = -1


def begins_file(data: bytes) -> bool:
    """Tell whether the first 16 bytes where a record or a block is due begin the file header of another pcap file.

    A record has a length on the wire, where such a header has the accuracy of timestamps, which is always 0; and the
    version of the format as its fraction of a second.
    """
    if len(data) < pcap.FILE_HEADER_START_LEN:
        return False
    for order in ("<", ">"):
        magic, major, minor, zone, accuracy = struct.unpack_from(order + "IHHiI", data)
        if magic in _FORMATS and major == pcap.VERSION_MAJOR and minor <= pcap.VERSION_MINOR and not accuracy:
            is_zone = abs(zone) <= pcap.MOST_ZONE and zone % pcap.ZONE_STEP == 0
            return bool(is_zone and (zone == 0 or minor == pcap.VERSION_MINOR))
    return False


class Pcap:
    """Indexes the records of one pcap file (draft-ietf-opsawg-pcap)."""

    first_offset = pcap.FILE_HEADER_LEN
    """Where the first record starts in the file."""

    def __init__(self, link_type: int, big_endian: bool, header_len: int, fraction_ns: int) -> None:
        self.link_type = link_type
        self.big_endian = big_endian
        self.header_len = header_len
        """Bytes of a record header."""
        self._fraction_ns = fraction_ns

    @property
    def is_common(self) -> bool:
        """Whether this is the most common kind of file: little-endian, short record headers, Ethernet."""
        return not self.big_endian and self.header_len == pcap.RECORD_HEADER_LEN and self.link_type == ETHERNET

    @classmethod
    def recognize(cls, header: bytes) -> "Pcap | None":
        """Return an indexer for a file that starts with these 24 bytes, or None where they are not pcap's."""
        for big_endian in (False, True):
            found = _FORMATS.get(int.from_bytes(header[:4], "big" if big_endian else "little"))
            if found:
                field = header[pcap.LINK_TYPE_OFFSET : pcap.FILE_HEADER_LEN]
                link_type = int.from_bytes(field, "big" if big_endian else "little") & pcap.LINK_TYPE_MASK
                return cls(link_type, big_endian, *found)
        return None

    def index(
        self, block: npt.NDArray[np.uint8], start: int, end: int, records: npt.NDArray[np.void]
    ) -> tuple[int, int, int, int]:
        """Index a block; see ``kernels.records.index_pcap``."""
        return index_pcap(block, start, end, records, self.link_type, self.big_endian, self.header_len)

    def timestamps(self, block: npt.NDArray[np.uint8], records: npt.NDArray[np.void]) -> npt.NDArray[np.int64]:
        """Return when indexed records were captured; see ``kernels.timestamps``."""
        timestamps = np.empty(len(records), np.int64)
        timestamps_pcap(block, records, self.big_endian, self.header_len, self._fraction_ns, timestamps)
        return timestamps

    def interface_numbers(self, block: npt.NDArray[np.uint8], records: npt.NDArray[np.void]) -> npt.NDArray[np.int64]:
        """Return on which interface indexed records were captured: the file does not say, NO_INTERFACE."""
        return np.full(len(records), NO_INTERFACE, np.int64)

    @property
    def interface_names(self) -> list[str]:
        """Names of the interfaces; none."""
        return []
