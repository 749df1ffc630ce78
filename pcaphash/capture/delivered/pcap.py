"""Write what a device delivers as pcap, with its virtio_net_hdr in front of each packet if that is asked for.

Sources: draft-ietf-opsawg-pcap; virtio 1.4, "Packet Header"; draft v7 for hash_report_tunnel.
"""

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.capture.control import Control, FileHeader, InterfaceDescription
from pcaphash.capture.delivered.delivery import Delivery
from pcaphash.capture.delivered.encoder import Encoder, Sink
from pcaphash.capture.reader import Block
from pcaphash.capture.reported.virtio_headers import check_header_len
from pcaphash.errors import ConfigurationError, Field
from pcaphash.kernels.delivered import TIME_OUT_OF_RANGE, write_records
from pcaphash.standards import pcap
from pcaphash.standards import virtio_header as header
from pcaphash.standards.ethernet import ETHERNET

WRITE_FIELD = Field("write")
_NUM_BUFFERS = 10  # where it stands in the header; le16
_SNAP_LENGTH = 262144  # what tcpdump and Wireshark write for "no limit"
_AS_PCAPNG = "name the file .pcapng"


@dataclass(frozen=True)
class VirtioLayout:
    """The virtio_net_hdr of a device.

    Parameters
    ----------
    header_len : int
        Bytes: 12, 20, 24 or 32.
    spec : str
        ``v7``, which has hash_report_tunnel, or ``1.4``.

    Raises
    ------
    ConfigurationError
        The spec has no header of this length.
    """

    header_len: int
    spec: str = "v7"

    def __post_init__(self) -> None:
        check_header_len(self.header_len, self.spec)

    @property
    def has_tunnel(self) -> bool:
        """Whether it has hash_report_tunnel."""
        return self.spec == "v7" and self.header_len >= header.WITH_HASH

    def front(self) -> npt.NDArray[np.uint8]:
        """Return the header of a packet in one buffer, without its hash."""
        data = np.zeros(self.header_len, np.uint8)
        data[_NUM_BUFFERS] = 1
        return data


class PcapEncoder(Encoder):
    """Writes a pcap file, in the form of the first file of the trace: byte order, unit of time, length of headers.

    A pcapng trace becomes one of nanoseconds, in the byte order of its first section. Packets without a time get 0.

    Parameters
    ----------
    sink : Sink
        Where its bytes go.
    layout : VirtioLayout, optional
        The header to put in front of each packet, which is an Ethernet frame then; none by default.
    """

    def __init__(self, sink: Sink, layout: VirtioLayout | None = None) -> None:
        super().__init__(sink)
        self._layout = layout
        self._front = np.empty(0, np.uint8) if layout is None else layout.front()
        self._header: FileHeader | None = None  # of the file written
        self._source: FileHeader | None = None  # of the file read; none in pcapng

    def _write_control(self, control: Control) -> None:
        says = control.says
        if isinstance(says, FileHeader):
            self._source = says
            self._begin(says, control.data)
        elif isinstance(says, InterfaceDescription):
            self._source = None
            self._begin_as(says.big_endian, says.link_type, max(says.snap_length, _SNAP_LENGTH))

    def finish(self) -> None:
        """Write the file header of a trace that has no interface."""
        if self._header is None:
            self._begin_as(False, ETHERNET, _SNAP_LENGTH)

    def _begin_as(self, big_endian: bool, link_type: int, snap_length: int) -> None:
        """Begin a file of nanoseconds."""
        wanted = FileHeader(big_endian, link_type, snap_length, pcap.RECORD_HEADER_LEN, 1)
        self._begin(wanted, _file_header(wanted))

    def _begin(self, wanted: FileHeader, data: bytes) -> None:
        """Write the file header, or hold that the one that was written does for what follows."""
        before = self._header
        if before is None:
            self._header = wanted
            self._sink.write(self._changed(wanted, data))
            return
        if wanted.link_type != before.link_type:
            problem = f"link types {before.link_type} and {wanted.link_type} do not go into one pcap file"
            raise ConfigurationError(WRITE_FIELD, problem, _AS_PCAPNG)
        is_held = wanted.record_header_len <= before.record_header_len and wanted.fraction_ns >= before.fraction_ns
        if self._source is not None and not is_held:
            problem = "a file that was joined to the trace says more of each packet than the file before it can hold"
            raise ConfigurationError(WRITE_FIELD, problem, _AS_PCAPNG)
        if self._source is None and before.fraction_ns > 1:
            problem = "a pcapng file was joined to a pcap file whose times are microseconds"
            raise ConfigurationError(WRITE_FIELD, problem, _AS_PCAPNG)

    def _changed(self, wanted: FileHeader, data: bytes) -> bytes:
        """Return the file header of packets that have another header in front."""
        if self._layout is None:
            return data
        if wanted.link_type != ETHERNET:
            problem = f"the packets have link type {wanted.link_type}, but virtio devices deliver Ethernet frames"
            raise ConfigurationError(Field("header_len"), problem, f"leave {Field('header_len')} out")
        order = ">" if wanted.big_endian else "<"
        start = pcap.LINK_TYPE_OFFSET - 4
        snap_length, link_type = struct.unpack_from(f"{order}2I", data, start)
        link_type = link_type & ~pcap.LINK_TYPE_MASK | header.USER_LINK_TYPES[0]
        snap_length = min(snap_length + self._layout.header_len, 0x7FFFFFFF) if snap_length else 0
        return data[:start] + struct.pack(f"{order}2I", snap_length, link_type)

    def _write_packets(self, block: Block, delivery: Delivery) -> None:
        written, read, reported = self._header, self._source, delivery.reported
        if written is None:
            assert not len(block.records), "packets follow a file header or an interface"
            return
        form = (written.big_endian, written.fraction_ns)
        keeps_times = read is not None and (read.big_endian, read.fraction_ns) == form
        n_records = 0
        while n_records < len(block.records):
            before = n_records
            n_records, n_bytes, status = write_records(
                block.data, block.records, n_records, delivery.fates,
                reported.hash_values, reported.hash_reports, reported.hash_report_tunnels,
                self._front, self._layout is not None and self._layout.has_tunnel,
                written.big_endian, written.record_header_len, written.fraction_ns, keeps_times, self._room,
            )  # fmt: skip
            if status == TIME_OUT_OF_RANGE:
                problem = f"pcap has no room for the time of packet {delivery.first + n_records}"
                raise ConfigurationError(WRITE_FIELD, problem, _AS_PCAPNG)
            self._hand_on(n_bytes, is_stuck=n_records == before)


def _file_header(header: FileHeader) -> bytes:
    """Return the file header of a pcap file of nanoseconds."""
    order = ">" if header.big_endian else "<"
    version = pcap.VERSION_MAJOR, pcap.VERSION_MINOR
    return struct.pack(f"{order}I2HiI2I", pcap.MAGIC_NANOSECONDS, *version, 0, 0, header.snap_length, header.link_type)
