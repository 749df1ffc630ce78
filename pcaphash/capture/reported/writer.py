"""Write packets of one's own as a capture that carries what a device reported of them, as DPDK writes it.

What a device delivers of a trace is written by ``capture.delivered``.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from pcaphash.capture.blocks import block_of, option_of
from pcaphash.standards import packet_options as options
from pcaphash.standards import pcap
from pcaphash.standards.ethernet import ETHERNET

_SNAP_LENGTH = 262144


@dataclass(frozen=True)
class ReportedPacket:
    """A packet, and what a device reported of it; None means not reported.

    Parameters
    ----------
    captured : bytes
        The captured bytes, from the link layer on.
    original_length : int, optional
        In bytes. Default: the captured length. It may be less if a VLAN tag was put back.
    hash_value : int, optional
        Reported hash.
    hash_report, hash_report_tunnel : int, optional
        Reported types, as the virtio specs number them.
    queue : int, optional
        Receive queue.
    timestamp_ns : int
        Nanoseconds since 1970.
    """

    captured: bytes
    original_length: int | None = None
    hash_value: int | None = None
    hash_report: int | None = None
    hash_report_tunnel: int | None = None
    queue: int | None = None
    timestamp_ns: int = 0

    @property
    def length(self) -> int:
        """The original length in bytes."""
        return len(self.captured) if self.original_length is None else self.original_length


def write_pcapng(
    stream: BinaryIO, packets: Iterable[ReportedPacket], link_type: int = ETHERNET, big_endian: bool = False
) -> None:
    """Write a pcapng file as DPDK's dumpcap does: epb_flags, epb_queue, epb_hash, and no end of the options.

    Parameters
    ----------
    stream : binary stream
        Written to.
    packets : iterable of ReportedPacket
        The packets, all received. Types are not written, because there is no option for them.
    link_type : int
        Link type of the only interface, whose timestamps are in nanoseconds.
    big_endian : bool
        Byte order of the section; the hash is written in it too, as a host of that order would.
    """
    order = ">" if big_endian else "<"
    section = struct.pack(f"{order}IHHq", pcap.BYTE_ORDER_MAGIC, 1, 0, -1)
    stream.write(block_of(pcap.SECTION_HEADER, section, order))
    resolution = option_of(pcap.OPTION_IF_TSRESOL, b"\x09", order)
    interface = struct.pack(f"{order}HHI", link_type, 0, _SNAP_LENGTH) + resolution
    stream.write(block_of(pcap.INTERFACE_DESCRIPTION, interface, order))
    for packet in packets:
        ticks, lengths = packet.timestamp_ns, (len(packet.captured), packet.length)
        fields = struct.pack(f"{order}5I", 0, ticks >> 32, ticks & 0xFFFFFFFF, *lengths)
        padded = packet.captured + bytes(-len(packet.captured) % 4)
        stream.write(block_of(pcap.ENHANCED_PACKET, fields + padded + _packet_options(packet, order), order))


def _packet_options(packet: ReportedPacket, order: str) -> bytes:
    parts = [option_of(pcap.OPTION_EPB_FLAGS, struct.pack(f"{order}I", pcap.FLAGS_INBOUND), order)]
    if packet.queue is not None:
        parts.append(option_of(options.OPTION_EPB_QUEUE, struct.pack(f"{order}I", packet.queue), order))
    if packet.hash_value is not None:
        value = struct.pack(f"{order}BI", options.HASH_TOEPLITZ, packet.hash_value)
        parts.append(option_of(options.OPTION_EPB_HASH, value, order))
    return b"".join(parts)
