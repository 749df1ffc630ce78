"""Frames behind a virtio_net_hdr: what it says, and which headers cannot be."""

import io
import struct

import numpy as np
import pytest

from pcaphash.capture.reader import Reader
from pcaphash.capture.reported.header_words import header_problem
from pcaphash.capture.reported.joined import BehindHeaders
from pcaphash.capture.reported.notes import ImpossibleHeaders, Lack, Lacking, NoRow
from pcaphash.capture.reported.per_queue import queues_of_traces
from pcaphash.capture.reported.table import ReportedTable
from pcaphash.capture.reported.virtio_headers import VirtioHeaders
from pcaphash.capture.reported.writer import ReportedPacket
from pcaphash.errors import ConfigurationError
from support import captures
from support.reported import read_reported
from support.reported_files import virtio_header, write_virtio_pcap
from support.traffic import flows, plain

FRAME = bytes(range(60))
PACKETS = [
    ReportedPacket(FRAME, None, 0x51CCC178, 2, 2),
    ReportedPacket(FRAME[:30], 1000, 0, 9, 0),
    ReportedPacket(b"", None, None, 0, 0),
]


def write(path, frames, link_type=147):
    """Write frames of which some headers may be anything."""
    path.write_bytes(captures.pcap(b"".join(captures.pcap_record(frame) for frame in frames), link_type))
    return path


@pytest.fixture
def trace(tmp_path):
    return tmp_path / "trace.pcap"


@pytest.mark.parametrize(("header_len", "spec"), [(20, "v7"), (20, "1.4"), (24, "1.4"), (32, "1.4")])
@pytest.mark.parametrize("block_len", [64, 4096])
def test_what_headers_say(trace, header_len, spec, block_len):
    with trace.open("wb") as stream:
        write_virtio_pcap(stream, PACKETS, header_len, spec)
    found = read_reported(trace, VirtioHeaders(header_len, spec), block_len)
    tunnels = (2, 0, 0) if spec == "v7" else (None, None, None)
    reports = [(0x51CCC178, 2), (0, 9), (None, 0)]
    assert found.packets == [(*report, tunnel, None) for report, tunnel in zip(reports, tunnels, strict=True)]
    assert found.frames == [packet.captured for packet in PACKETS]
    assert found.lengths == [60, 1000, 0]
    assert set(found.link_types) == {1}
    assert found.notes == []


def test_fields_stand_where_the_text_has_them(trace):
    data = bytes([7, 0x81, *bytes(8), 1, 0, 0x78, 0xC1, 0xCC, 0x51, 3, 0, 3, 0])
    write(trace, [data + FRAME])
    assert read_reported(trace, VirtioHeaders(20)).packets == [(0x51CCC178, 3, 3, None)]


@pytest.mark.parametrize("spec", ["v7", "1.4"])
def test_headers_of_12_bytes_say_nothing(trace, spec):
    write(trace, [virtio_header(PACKETS[0], 12) + FRAME])
    found = read_reported(trace, VirtioHeaders(12, spec))
    assert found.packets == [(None, None, None, None)]
    assert found.frames == [FRAME]


def test_timestamps_are_those_in_front_of_the_headers(trace):
    stream = io.BytesIO()
    write_virtio_pcap(stream, [ReportedPacket(FRAME, timestamp_ns=1_700_000_000_123_456_789)])
    trace.write_bytes(stream.getvalue())
    for block in Reader(str(trace)).blocks():
        behind, _ = VirtioHeaders(20).read(block, 1)
        assert behind.timestamps().tolist() == block.timestamps().tolist() == [1_700_000_000_123_456_789]


def test_the_block_that_was_read_stays_as_it_was(trace):
    write(trace, [virtio_header(PACKETS[0], 20) + FRAME])
    for block in Reader(str(trace)).blocks():
        before = block.records.copy()
        VirtioHeaders(20).read(block, 1)
        assert np.array_equal(before, block.records)


def test_packets_with_half_a_header_have_nothing_reported(trace):
    write(trace, [virtio_header(PACKETS[0], 20) + FRAME, bytes(19), b""])
    found = read_reported(trace, VirtioHeaders(20))
    assert [value for value, *_ in found.packets] == [0x51CCC178, None, None]
    assert found.packets[1:] == [(None, None, None, None)] * 2
    assert found.frames == [FRAME, b"", b""]
    assert found.notes == [Lacking(Lack.VIRTIO_HEADER, 2, 3)]


@pytest.mark.parametrize("link_type", [147, 155, 162])
def test_user_link_types(trace, link_type):
    write(trace, [virtio_header(PACKETS[0], 20) + FRAME], link_type)
    assert read_reported(trace, VirtioHeaders(20)).packets == [(0x51CCC178, 2, 2, None)]


def test_another_link_type_as_given(trace):
    write(trace, [virtio_header(PACKETS[0], 20) + FRAME], 1)
    assert read_reported(trace, VirtioHeaders(20, link_types=[1])).packets == [(0x51CCC178, 2, 2, None)]


def refusal(trace, header_len=20, spec="v7", **more):
    with pytest.raises(ConfigurationError) as caught:
        read_reported(trace, VirtioHeaders(header_len, spec, **more))
    assert str(caught.value.place) == f"header_len={header_len}"
    assert "\n" not in str(caught.value)
    return caught.value


def test_other_link_types_are_refused(trace):
    write(trace, [virtio_header(PACKETS[0], 20) + FRAME], 1)
    error = refusal(trace)
    assert error.problem == "packet 1 has link type 1, not USER0 to USER15 (147 to 162)"
    assert error.advice.endswith("link_types=1")
    assert refusal(trace, link_types=[3, 2]).problem == "packet 1 has link type 1, not 2, 3"


@pytest.mark.parametrize(
    ("offset", "value", "header_len", "spec", "problem"),
    [
        (0, 8, 20, "v7", "flags 0x08 of its virtio header do not exist"),
        (0, 0x10, 24, "1.4", "flags 0x10 of its virtio header do not exist"),
        (0, 0x80, 32, "1.4", "flags 0x80 of its virtio header do not exist"),
        (1, 2, 20, "v7", "gso_type 0x02 does not exist"),
        (1, 6, 12, "v7", "gso_type 0x06 does not exist"),
        (1, 0x21, 20, "1.4", "gso_type 0x21 does not exist"),
        (16, 10, 20, "v7", "hash_report 10 does not exist"),
        (17, 1, 20, "1.4", "hash_report 256 does not exist"),
        (18, 4, 20, "v7", "hash_report_tunnel 4 does not exist"),
        (19, 1, 20, "v7", "the padding after hash_report is 0x1, not 0"),
        (18, 1, 20, "1.4", "the padding after hash_report is 0x1, not 0"),
        (19, 1, 24, "1.4", "the padding after hash_report is 0x100, not 0"),
        (20, 9, 24, "1.4", "inner_nh_offset 0 is not after the outer header"),
        (22, 60, 32, "1.4", "inner_nh_offset 60 is not after the outer header"),
    ],
)
def test_headers_that_cannot_be(trace, offset, value, header_len, spec, problem):
    header = bytearray(header_len)
    header[offset] = value
    write(trace, [bytes(header) + FRAME] * 2)
    assert refusal(trace, header_len, spec).problem == f"packet 1: {problem} (and 2 of the first 2 like it)"
    good = bytes(header_len) + FRAME
    write(trace, [*[good] * 10, bytes(header) + FRAME])
    found = read_reported(trace, VirtioHeaders(header_len, spec))
    assert found.packets[10] == (None, None, None, None)
    (note,) = found.notes
    assert isinstance(note, ImpossibleHeaders)
    assert (note.headers, note.packet, header_problem(note.field, note.value)) == (1, 11, problem)


@pytest.mark.parametrize(
    ("offset", "value", "header_len"),
    [(0, 0x0F, 24), (0, 0x7F, 32), (1, 0xA1, 24), (1, 0xC5, 32), (1, 0x84, 20), (22, 59, 24)],
)
def test_headers_that_can_be(trace, offset, value, header_len):
    header = bytearray(header_len)
    header[offset] = value
    write(trace, [bytes(header) + FRAME])
    assert read_reported(trace, VirtioHeaders(header_len, "1.4")).notes == []


@pytest.mark.parametrize(("real", "said"), [(12, 20), (12, 24), (20, 32), (12, 32)])
def test_another_length_than_the_real_one_is_noticed(trace, real, said):
    frame = struct.pack(">6s6sH", bytes.fromhex("525400123456"), bytes.fromhex("02fedcba9876"), 0x800) + FRAME
    write(trace, [bytes(real) + frame] * 3)
    assert f"after {said} bytes 0 of the first 3 packets" in refusal(trace, said, "1.4").problem


def test_the_layout_of_the_other_text_is_noticed(trace):
    write(trace, [virtio_header(PACKETS[0], 20) + FRAME] * 2)
    assert refusal(trace, spec="1.4").problem.startswith("packet 1: the padding after hash_report is 0x2, not 0")


@pytest.mark.parametrize("header_len", [0, 10, 16, 21, -1])
def test_lengths_that_no_header_has(trace, header_len):
    with pytest.raises(ConfigurationError, match=f"no virtio_net_hdr has {header_len} bytes; use 12, 20, 24 or 32"):
        VirtioHeaders(header_len)


@pytest.mark.parametrize("header_len", [24, 32])
def test_lengths_that_draft_v7_does_not_have(header_len):
    with pytest.raises(ConfigurationError, match=r"use 20, or spec=1\.4"):
        VirtioHeaders(header_len, "v7")


@pytest.mark.parametrize(("header_len", "said"), [(24, 20), (32, 20), (20, 24), (20, 12)])
def test_a_header_of_another_length_is_noticed_by_the_frames_behind_it(trace, header_len, said):
    frames = [plain(flow) for flow in flows(20)]
    with trace.open("wb") as stream:
        write_virtio_pcap(stream, [ReportedPacket(frame, None, 5, 1) for frame in frames], header_len, "1.4")
    with pytest.raises(
        ConfigurationError, match=f"after {said} bytes 0 of the first 20 .* use header_len={header_len}"
    ):
        read_reported(trace, VirtioHeaders(said, "1.4"))


@pytest.mark.parametrize("tag", [b"\x81\0\0\7", b"\x88\xa8\0\7", b"\x91\0\0\7"])
@pytest.mark.parametrize(
    ("header_len", "said"), [(24, 20), (32, 20), (20, 12)]
)  # not 4 bytes more: there the EtherType after the tag is
def test_frames_with_a_tag_notice_it_too(trace, header_len, said, tag):
    frames = [frame[:12] + tag + frame[12:] for frame in (plain(flow) for flow in flows(20))]
    with trace.open("wb") as stream:
        write_virtio_pcap(stream, [ReportedPacket(frame, None, 5, 1) for frame in frames], header_len, "1.4")
    with pytest.raises(ConfigurationError, match=f"use header_len={header_len}"):
        read_reported(trace, VirtioHeaders(said, "1.4"))


def test_headers_without_a_hash_go_with_another_source(trace):
    frames = [plain(flow) for flow in flows(3)]
    with trace.open("wb") as stream:
        write_virtio_pcap(stream, [ReportedPacket(frame) for frame in frames], 12)
    table = trace.with_suffix(".csv")
    table.write_text("packet,hash_value,queue\n1,0x5,2\n3,0x6,\n")
    found = read_reported(trace, BehindHeaders(VirtioHeaders(12), ReportedTable(table)))
    assert found.packets == [(5, None, None, 2), (None, None, None, None), (6, None, None, None)]
    assert found.frames == frames
    assert found.notes == [NoRow(str(table), 1, 3)]


def test_queues_come_beside_the_hashes_of_headers(tmp_path):
    path = tmp_path / "rx-3.pcap"
    with path.open("wb") as stream:
        write_virtio_pcap(stream, [ReportedPacket(plain(flow), None, 7, 2) for flow in flows(2)], 20)
    (queues,) = queues_of_traces([str(path)])
    assert read_reported(path, BehindHeaders(VirtioHeaders(20), queues)).packets == [(7, 2, 0, 3)] * 2
