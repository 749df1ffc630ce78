"""What each interface of a section received and dropped, as interface statistics blocks say it.

Source: draft-ietf-opsawg-pcapng section 4.6. A drop count in front of a packet (epb_dropcount) cannot tell of packets
that were dropped after the last one; these blocks tell of all.
"""

import struct

import numpy as np
import numpy.typing as npt

from pcaphash.capture.blocks import block_of, option_of
from pcaphash.capture.reader import Block
from pcaphash.kernels.delivered import DROPPED, LEFT_OUT
from pcaphash.kernels.records import INTERFACE_UNKNOWN
from pcaphash.standards import pcap

_LOW = 0xFFFFFFFF
_TIME = 12  # where it starts in enhanced and obsolete packet blocks: two words, the high one first


class InterfaceStatistics:
    """Counts the packets of the interfaces of one section.

    Parameters
    ----------
    order : str
        Byte order of the section, as struct writes it.
    unit_ns : int
        Nanoseconds in a tick of the interface that packets of pcap files get.
    """

    def __init__(self, order: str = "<", unit_ns: int = 1) -> None:
        self._order, self._unit_ns = order, unit_ns
        self._received = np.zeros(1, np.int64)
        self._dropped = np.zeros(1, np.int64)
        self._ticks: dict[int, int] = {}

    def count(self, block: Block, fates: npt.NDArray[np.uint8]) -> None:
        """Count the packets of a block that arrived."""
        arrived = np.flatnonzero(fates != LEFT_OUT)
        if not len(arrived):
            return
        records = block.records[arrived]
        interfaces = np.where(records["interface"] == INTERFACE_UNKNOWN, 0, records["interface"])
        n = max(len(self._received), int(interfaces.max()) + 1)
        self._received = _added(self._received, np.bincount(interfaces, minlength=n))
        self._dropped = _added(self._dropped, np.bincount(interfaces[fates[arrived] == DROPPED], minlength=n))
        last = np.zeros(n, np.int64)
        last[interfaces] = arrived  # of several, the last one stays
        for interface in np.flatnonzero(np.bincount(interfaces, minlength=n)).tolist():
            self._ticks[interface] = self._ticks_of(block, int(last[interface]))

    def _ticks_of(self, block: Block, number: int) -> int:
        """Return the time of a packet in ticks of its interface; 0 if it has none."""
        record = block.records[number]
        kind, start = int(record["block_type"]), int(record["start"])
        if kind in (pcap.ENHANCED_PACKET, pcap.OBSOLETE_PACKET):
            place = start + _TIME
            high, low = struct.unpack(f"{self._order}2I", block.data[place : place + 8].tobytes())
            return int(high << 32 | low)
        return 0 if kind == pcap.SIMPLE_PACKET else int(record["time_ns"]) // self._unit_ns

    def blocks(self) -> bytes:
        """Return a block for each interface that dropped packets: how many it received, and how many it dropped."""
        return b"".join(self._block(interface) for interface in np.flatnonzero(self._dropped).tolist())

    def _block(self, interface: int) -> bytes:
        order, ticks = self._order, self._ticks[interface]
        body = struct.pack(f"{order}3I", interface, ticks >> 32 & _LOW, ticks & _LOW)
        for code, counts in ((pcap.OPTION_ISB_IFRECV, self._received), (pcap.OPTION_ISB_IFDROP, self._dropped)):
            body += option_of(code, struct.pack(f"{order}Q", int(counts[interface])), order)
        return block_of(pcap.INTERFACE_STATISTICS, body + option_of(pcap.OPTION_END, b"", order), order)


def _added(counts: npt.NDArray[np.int64], more: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Add to counts, of which there may be fewer."""
    more[: len(counts)] += counts
    return more
