"""The file header of pcap files: classic, with nanoseconds, and the modified format of patched libpcaps."""

import numpy as np
import numpy.typing as npt

from pcaphash.kernels.records import IS_CONTROL, index_pcap
from pcaphash.kernels.timestamps import timestamps_pcap
from pcaphash.standards import pcap

_FORMATS = {
    # magic: (bytes of a record header, nanoseconds in a unit of the fraction)
    pcap.MAGIC_MICROSECONDS: (pcap.RECORD_HEADER_LEN, 1000),
    pcap.MAGIC_NANOSECONDS: (pcap.RECORD_HEADER_LEN, 1),
    pcap.MAGIC_MODIFIED: (pcap.MODIFIED_RECORD_HEADER_LEN, 1000),
}


class Pcap:
    """Indexes the records of one pcap file (draft-ietf-opsawg-pcap)."""

    name = "pcap"

    def __init__(self, big_endian: bool, header_len: int, fraction_ns: int) -> None:
        self._big_endian = big_endian
        self._header_len = header_len
        self._fraction_ns = fraction_ns
        self._link_type = -1

    @classmethod
    def recognize(cls, magic: bytes) -> "Pcap | None":
        """Return an indexer for a file that starts with these 4 bytes, or None where they are not pcap's."""
        for order in ("little", "big"):
            found = _FORMATS.get(int.from_bytes(magic, order))
            if found:
                return cls(order == "big", *found)
        return None

    def index(
        self, block: npt.NDArray[np.uint8], start: int, end: int, records: npt.NDArray[np.void]
    ) -> tuple[int, int, int, int]:
        """Index a block; see ``kernels.records.index_pcap``. The file header comes first, as a control block."""
        if self._link_type < 0:
            return 0, start, IS_CONTROL, 0
        return index_pcap(block, start, end, records, self._link_type, self._big_endian, self._header_len)

    def timestamps(self, block: npt.NDArray[np.uint8], records: npt.NDArray[np.void]) -> npt.NDArray[np.int64]:
        """Return when indexed records were captured; see ``kernels.timestamps``."""
        timestamps = np.empty(len(records), np.int64)
        timestamps_pcap(block, records, self._big_endian, self._header_len, self._fraction_ns, timestamps)
        return timestamps

    def read_control(self, block: npt.NDArray[np.uint8], start: int, end: int) -> int:
        """Read the file header; return where the first record starts, or ``start`` where the block is too short."""
        if end - start < pcap.FILE_HEADER_LEN:
            return start
        field = block[start + pcap.LINK_TYPE_OFFSET : start + pcap.FILE_HEADER_LEN].tobytes()
        self._link_type = int.from_bytes(field, "big" if self._big_endian else "little") & pcap.LINK_TYPE_MASK
        return start + pcap.FILE_HEADER_LEN
