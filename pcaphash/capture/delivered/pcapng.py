"""Write what a device delivers as pcapng: blocks of the trace with epb_hash, epb_queue, epb_dropcount and comments.

Source: draft-ietf-opsawg-pcapng. What the trace says otherwise stays: sections, interfaces, other blocks and options,
byte order, times and lengths. The report is the device's own: Toeplitz hashes, receive queues and drop counts of the
trace give way to it. A section no longer says how long it is, and ends with statistics of interfaces that drop packets.
"""

import struct

import numpy as np

from pcaphash.capture.blocks import block_of, option_of
from pcaphash.capture.control import Control, FileHeader, SectionHeader
from pcaphash.capture.delivered.delivery import Delivery
from pcaphash.capture.delivered.encoder import Encoder, Sink
from pcaphash.capture.delivered.statistics import InterfaceStatistics
from pcaphash.capture.reader import Block
from pcaphash.kernels.delivered import write_packet_blocks
from pcaphash.standards import pcap

_UNKNOWN_LENGTH = b"\xff" * 8


class PcapngEncoder(Encoder):
    """Writes a pcapng file; of each pcap file in the trace it makes a section with one interface.

    Parameters
    ----------
    sink : Sink
        Where its bytes go.
    """

    def __init__(self, sink: Sink) -> None:
        super().__init__(sink)
        self._drops = np.zeros(1, np.int64)
        self._n_interfaces = 0
        self._unit_ns = 1
        self._is_empty = True
        self._statistics = InterfaceStatistics()

    def finish(self) -> None:
        """End the last section; write one if the trace is cut within its first: without one, nothing can be read."""
        self._sink.write(self._statistics.blocks())
        if self._is_empty:
            self._sink.write(empty_section("<"))

    def _write_control(self, control: Control) -> None:
        if isinstance(control.says, FileHeader):
            self._unit_ns = control.says.fraction_ns
            self._begin_section(1, control.says.big_endian)
            self._sink.write(section_of(control.says, control.data))
        elif isinstance(control.says, SectionHeader):
            self._begin_section(0, control.says.big_endian)
            data, place = control.data, pcap.SECTION_LENGTH_OFFSET
            self._sink.write(data[:place] + _UNKNOWN_LENGTH + data[place + len(_UNKNOWN_LENGTH) :])
        else:
            self._n_interfaces += 1
            if self._n_interfaces > len(self._drops):
                self._drops = np.concatenate([self._drops, np.zeros_like(self._drops)])
            self._sink.write(control.data)

    def _begin_section(self, n_interfaces: int, big_endian: bool) -> None:
        self._sink.write(self._statistics.blocks())
        self._statistics = InterfaceStatistics(">" if big_endian else "<", self._unit_ns)
        self._is_empty = False
        self._drops[:] = 0
        self._n_interfaces = n_interfaces

    def write_between(self, data: bytes) -> None:
        """Write bytes of a block without packets."""
        self._sink.write(data)

    def _write_packets(self, block: Block, delivery: Delivery) -> None:
        reported, texts = delivery.reported, delivery.texts
        self._statistics.count(block, delivery.fates)
        n_records, at = 0, block.start
        while n_records < len(block.records) or at < block.end:
            before = n_records, at
            n_records, at, n_bytes = write_packet_blocks(
                block.data, block.records, n_records, at, block.end, block.end > 0,
                delivery.fates, reported.hash_values, reported.has_hash, reported.queues,
                delivery.comments, texts.texts, texts.starts,
                self._drops, block.big_endian, self._unit_ns, self._room,
            )  # fmt: skip
            self._hand_on(n_bytes, is_stuck=(n_records, at) == before)


def section_of(header: FileHeader, data: bytes) -> bytes:
    """Return the section header and the interface description that say what the file header of a pcap file says."""
    order = ">" if header.big_endian else "<"
    return empty_section(order) + interface_of(header, data, order, header.fraction_ns)


def empty_section(order: str) -> bytes:
    """Return a section header that says nothing but its byte order."""
    body = struct.pack(f"{order}IHH", pcap.BYTE_ORDER_MAGIC, 1, 0) + _UNKNOWN_LENGTH
    return block_of(pcap.SECTION_HEADER, body, order)


def interface_of(header: FileHeader, data: bytes, order: str, unit_ns: int) -> bytes:
    """Return the interface description that says what the file header of a pcap file says.

    Parameters
    ----------
    header : FileHeader
        It, read.
    data : bytes
        It, as it is.
    order : str
        Byte order of the section, as struct writes it.
    unit_ns : int
        Nanoseconds in a tick of the interface: 1 or 1000.
    """
    (link_type,) = struct.unpack_from(">I" if header.big_endian else "<I", data, pcap.LINK_TYPE_OFFSET)
    resolution = 9 if unit_ns == 1 else pcap.DEFAULT_TSRESOL
    options = option_of(pcap.OPTION_IF_TSRESOL, bytes([resolution]), order)
    if link_type & pcap.FCS_IS_KNOWN:  # in octets, as the example of the draft has it, and as tshark reads it
        options += option_of(pcap.OPTION_IF_FCSLEN, bytes([2 * (link_type >> pcap.FCS_SHIFT)]), order)
    options += option_of(pcap.OPTION_END, b"", order)
    interface = struct.pack(f"{order}HHI", header.link_type, 0, header.snap_length) + options
    return block_of(pcap.INTERFACE_DESCRIPTION, interface, order)
