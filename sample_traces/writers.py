"""Capture files of frames: dpkt packs the headers it knows, struct what it does not.

dpkt's own writers put floating-point timestamps, and know neither original lengths nor other byte orders.
"""

import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dpkt import pcap, pcapng

START_NS = 1672790400_000000000  # 2023-01-04 00:00:00 UTC
STEP_NS = 1_000_000
SNAP_LENGTH = 262144

NULL, ETHERNET, RAW, LINUX_SLL, LINUX_SLL2 = 0, 1, 101, 113, 276  # LINKTYPE_ values


class Record(NamedTuple):
    """A captured packet: nanoseconds since 1970, the captured bytes and the length it had, in bytes."""

    timestamp_ns: int
    captured: bytes
    original_length: int


def spaced(frames: Iterable[bytes], lengths: Iterable[int] | None = None) -> list[Record]:
    """Make records a millisecond apart, each cut to its captured length if ``lengths`` are given."""
    frames = list(frames)
    cuts = [len(frame) for frame in frames] if lengths is None else list(lengths)
    return [
        Record(START_NS + number * STEP_NS, frame[:cut], len(frame))
        for number, (frame, cut) in enumerate(zip(frames, cuts, strict=True))
    ]


def write_pcap(records: Iterable[Record], link_type: int = ETHERNET, snap_length: int = SNAP_LENGTH) -> bytes:
    """Write the usual format: little-endian, microseconds."""
    header = pcap.LEFileHdr(snaplen=snap_length, linktype=link_type)
    return bytes(header) + b"".join(pcap_record(pcap.LEPktHdr, record, 1000) for record in records)


def write_nanoseconds(records: Iterable[Record]) -> bytes:
    """Write big-endian, with nanoseconds."""
    header = pcap.FileHdr(magic=pcap.TCPDUMP_MAGIC_NANO, snaplen=SNAP_LENGTH, linktype=ETHERNET)
    return bytes(header) + b"".join(pcap_record(pcap.PktHdr, record, 1) for record in records)


def write_modified(records: Iterable[Record]) -> bytes:
    """Write the modified format of old Linux systems, whose record headers have 24 bytes."""
    header = pcap.LEFileHdr(magic=pcap.MODPCAP_MAGIC, snaplen=SNAP_LENGTH, linktype=ETHERNET)
    return bytes(header) + b"".join(pcap_record(pcap.LEPktModHdr, record, 1000, ifindex=2) for record in records)


def pcap_record(header: type[pcap.PktHdr], record: Record, unit_ns: int, **fields: int) -> bytes:
    """Write one record of classic pcap, its fraction of a second in units of ``unit_ns``."""
    seconds, nanoseconds = divmod(record.timestamp_ns, 10**9)
    lengths = {"caplen": len(record.captured), "len": record.original_length}
    return bytes(header(tv_sec=seconds, tv_usec=nanoseconds // unit_ns, **lengths, **fields)) + record.captured


class Section:
    """A section of a pcapng file, whose blocks are written in one byte order.

    Parameters
    ----------
    byte_order : str
        ``<`` or ``>``, as struct writes them.
    """

    def __init__(self, byte_order: str) -> None:
        little = byte_order == "<"
        self._order = byte_order
        self._option = pcapng.PcapngOptionLE if little else pcapng.PcapngOption
        self._interface = pcapng.InterfaceDescriptionBlockLE if little else pcapng.InterfaceDescriptionBlock
        header = pcapng.SectionHeaderBlockLE if little else pcapng.SectionHeaderBlock
        self._blocks = [bytes(header())]

    def __bytes__(self) -> bytes:
        """Return all blocks so far, the section header first."""
        return b"".join(self._blocks)

    def add_interface(self, link_type: int, snap_length: int = 0, options: Sequence[tuple[int, bytes]] = ()) -> None:
        """Describe the next interface; snap length 0 is none."""
        block = self._interface(linktype=link_type, snaplen=snap_length)
        block.opts = self._make_options(options)
        self._blocks.append(bytes(block))

    def add_enhanced(
        self,
        interface: int,
        time: int,
        frame: bytes,
        length: int | None = None,
        options: Sequence[tuple[int, bytes]] = (),
    ) -> None:
        """Add a packet of an interface, ``time`` in its units; ``length`` is the captured one."""
        captured = frame[:length]
        fields = self.pack("IIIII", interface, time >> 32, time & 0xFFFFFFFF, len(captured), len(frame))
        self.add_block(pcapng.PCAPNG_BT_EPB, fields + padded(captured) + self._pack_options(options))

    def add_simple(self, frame: bytes, snap_length: int) -> None:
        """Add a packet of the first interface, which tells neither time nor captured length: its snap length does."""
        self.add_block(pcapng.PCAPNG_BT_SPB, self.pack("I", len(frame)) + padded(frame[:snap_length]))

    def add_obsolete(self, interface: int, time: int, frame: bytes) -> None:
        """Add a packet in the block that enhanced packet blocks replaced; its interface has 16 bits."""
        fields = self.pack("HHIIII", interface, 0, time >> 32, time & 0xFFFFFFFF, len(frame), len(frame))
        self.add_block(pcapng.PCAPNG_BT_PB, fields + padded(frame))

    def add_block(self, block_type: int, body: bytes) -> None:
        """Add any block; ``body`` in multiples of 4 bytes."""
        size = 12 + len(body)
        self._blocks.append(self.pack("II", block_type, size) + body + self.pack("I", size))

    def pack(self, fields: str, *values: int) -> bytes:
        """Pack numbers in the section's byte order, as struct's letters say."""
        return struct.pack(self._order + fields, *values)

    def _make_options(self, options: Sequence[tuple[int, bytes]]) -> list[pcapng.PcapngOption]:
        ended = [*options, (pcapng.PCAPNG_OPT_ENDOFOPT, b"")] if options else []
        return [self._option(code=code, data=data) for code, data in ended]

    def _pack_options(self, options: Sequence[tuple[int, bytes]]) -> bytes:
        return b"".join(map(bytes, self._make_options(options)))


def padded(data: bytes) -> bytes:
    """Pad to a multiple of 4 bytes."""
    return data + bytes(-len(data) % 4)
