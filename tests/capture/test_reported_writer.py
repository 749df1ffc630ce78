"""What is written with reported values is read back, by this package and by dpkt."""

import io
import struct

import dpkt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcaphash.capture.reported.packet_options import PacketOptions
from pcaphash.capture.reported.table import ReportedTable
from pcaphash.capture.reported.testpmd import TestpmdLog
from pcaphash.capture.reported.virtio_headers import VirtioHeaders
from pcaphash.capture.reported.writer import ReportedPacket, write_pcapng
from support import captures
from support.reported import read_reported, small_trace
from support.reported_files import write_table, write_testpmd, write_virtio_pcap

reports = st.none() | st.integers(0, 9)
packets = st.lists(
    st.builds(
        ReportedPacket,
        st.binary(max_size=30),
        hash_value=st.none() | st.integers(0, 2**32 - 1),
        hash_report=reports,
        hash_report_tunnel=st.none() | st.integers(0, 3),
        queue=st.none() | st.integers(0, 2**32 - 1),
        timestamp_ns=st.integers(0, 2**62),
    ),
    max_size=5,
)


def reported_of(packet):
    has_hash = packet.hash_value is not None and packet.hash_report != 0
    return packet.hash_value if has_hash else None, packet.hash_report, packet.hash_report_tunnel, packet.queue


@given(packets, st.sampled_from([".csv", ".jsonl", ".parquet"]))
def test_tables(scratch, packets, suffix):
    table = scratch / f"table{suffix}"
    write_table(table, packets)
    trace = small_trace(scratch / "trace.pcap", len(packets))
    if packets or suffix != ".jsonl":  # without a row, JSON lines say nothing of columns
        found = read_reported(trace, ReportedTable(table))
        assert found.packets == [reported_of(packet) for packet in packets]
        assert found.notes == []


@given(packets, st.booleans())
def test_options(scratch, packets, big_endian):
    trace = scratch / "options.pcapng"
    with trace.open("wb") as stream:
        write_pcapng(stream, packets, big_endian=big_endian)
    found = read_reported(trace, PacketOptions())
    assert found.packets == [(packet.hash_value, None, None, packet.queue) for packet in packets]
    assert found.frames == [packet.captured for packet in packets]


@given(packets, st.sampled_from([(20, "v7"), (20, "1.4"), (24, "1.4"), (32, "1.4")]))
def test_headers(scratch, packets, layout):
    trace = scratch / "headers.pcap"
    packets = [packet for packet in packets if packet.timestamp_ns < 2**32 * 10**9]
    with trace.open("wb") as stream:
        write_virtio_pcap(stream, packets, *layout)
    found = read_reported(trace, VirtioHeaders(*layout))
    assert [report for _, report, _, _ in found.packets] == [packet.hash_report or 0 for packet in packets]
    expected = [(packet.hash_value or 0) if packet.hash_report else None for packet in packets]
    assert [value for value, *_ in found.packets] == expected
    tunnels = [(packet.hash_report_tunnel or 0) if layout[1] == "v7" else None for packet in packets]
    assert [tunnel for _, _, tunnel, _ in found.packets] == tunnels
    assert found.frames == [packet.captured for packet in packets]


@given(packets)
def test_logs_of_testpmd(scratch, packets):
    queues = [packet.queue and packet.queue & 0xFFFF for packet in packets]  # DPDK's numbers have 16 bits
    packets = [
        ReportedPacket(bytes(14), 20, packet.hash_value, queue=queue)
        for packet, queue in zip(packets, queues, strict=True)
    ]
    log, trace = scratch / "testpmd.log", scratch / "trace.pcap"
    with log.open("w") as stream:
        write_testpmd(stream, packets)
    trace.write_bytes(captures.pcap(b"".join(captures.pcap_record(packet.captured, 20) for packet in packets)))
    if packets:
        found = read_reported(trace, TestpmdLog(log))
        reports = [0 if packet.hash_value is None else None for packet in packets]  # no RSS hash: none given
        given = zip(packets, reports, strict=True)
        assert found.packets == [(packet.hash_value, report, None, packet.queue or 0) for packet, report in given]
        assert found.notes == []


@pytest.mark.parametrize("big_endian", [False, True])
def test_dpkt_finds_the_options(big_endian):
    """An independent reader finds the packet and its options."""
    stream = io.BytesIO()
    write_pcapng(stream, [ReportedPacket(b"packet", 2, 0x51CCC178, queue=3, timestamp_ns=5)], big_endian=big_endian)
    kind = dpkt.pcapng.EnhancedPacketBlock if big_endian else dpkt.pcapng.EnhancedPacketBlockLE
    data = stream.getvalue()
    start = data.index(struct.pack(">I" if big_endian else "<I", 6) + data[-4:])
    block = kind(data[start:])
    assert (block.pkt_data, block.caplen, block.pkt_len) == (b"packet", 6, 2)
    order = ">" if big_endian else "<"
    expected = [(2, struct.pack(f"{order}I", 1)), (6, struct.pack(f"{order}I", 3))]
    assert [(option.code, option.data) for option in block.opts] == [
        *expected,
        (3, struct.pack(f"{order}BI", 5, 0x51CCC178)),
    ]
