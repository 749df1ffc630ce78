"""The file header of pcap files: classic, with nanoseconds, and the modified format of patched libpcaps."""

import struct

import numpy as np
import numpy.typing as npt

from pcaphash.capture.control import FileHeader
from pcaphash.kernels.records import index_pcap, walk_pcap
from pcaphash.standards import pcap
from pcaphash.standards.ethernet import ETHERNET

_FORMATS = {
    # magic: (bytes of a record header, nanoseconds in a unit of the fraction)
    pcap.MAGIC_MICROSECONDS: (pcap.RECORD_HEADER_LEN, 1000),
    pcap.MAGIC_NANOSECONDS: (pcap.RECORD_HEADER_LEN, 1),
    pcap.MAGIC_MODIFIED: (pcap.MODIFIED_RECORD_HEADER_LEN, 1000),
}


def begins_file(data: bytes) -> bool:
    """Tell whether the first 16 bytes where a record or a block is expected begin the file header of another pcap file.

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

    interface_names: tuple[str, ...] = ()
    """Names of the interfaces; none."""

    def __init__(self, header: FileHeader) -> None:
        self.header = header
        self.big_endian = header.big_endian
        """Byte order of the file."""

    @property
    def is_common(self) -> bool:
        """Whether this is the most common kind of file: little-endian, short record headers, Ethernet."""
        header = self.header
        is_short = header.record_header_len == pcap.RECORD_HEADER_LEN
        return not header.big_endian and is_short and header.link_type == ETHERNET

    def as_it_is(self) -> "Pcap":
        """Return an indexer that reading on does not change."""
        return self

    @classmethod
    def recognize(cls, header: bytes) -> "Pcap | None":
        """Return an indexer for a file that starts with these 24 bytes, or None where they are not pcap's."""
        header = header.ljust(pcap.FILE_HEADER_LEN, b"\0")
        for order in ("<", ">"):
            magic, _, _, _, _, snap_length, link_type = struct.unpack(order + "IHHiIII", header)
            if magic in _FORMATS:
                return cls(FileHeader(order == ">", link_type & pcap.LINK_TYPE_MASK, snap_length, *_FORMATS[magic]))
        return None

    def index(
        self, block: npt.NDArray[np.uint8], start: int, end: int, records: npt.NDArray[np.void]
    ) -> tuple[int, int, int, int]:
        """Index a block; see ``kernels.records.index_pcap``."""
        header = self.header
        return index_pcap(
            block, start, end, records,
            header.link_type, header.big_endian, header.record_header_len, header.fraction_ns,
        )  # fmt: skip

    def walk(self, block: npt.NDArray[np.uint8], start: int, end: int) -> tuple[int, int, int, int]:
        """Count the records of a file that ``is_common``; see ``kernels.records.walk_pcap``."""
        return walk_pcap(block, start, end)
