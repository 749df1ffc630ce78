"""A pcapng file of what a device delivers is the trace, with the device's report in it, and nothing else changed."""

import struct

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from naive import delivered as naive
from naive.capture import read
from naive.delivered import Report
from naive.pcapng import read_pcapng
from pcaphash.capture.delivered import encoder as encoders
from pcaphash.capture.delivered.pcapng import PcapngEncoder
from pcaphash.capture.reader import BLOCK_LEN, Reader
from pcaphash.errors import CaptureError
from support import captures
from support.any_captures import mutated, pcap_files, pcapng_files
from support.delivering import write_with

COMMENTS = st.none() | st.text(max_size=9).map(str.encode)
REPORTS = st.builds(
    Report,
    st.sampled_from(["delivered"] * 4 + ["dropped", "left out"]),
    st.none() | st.integers(0, 2**32 - 1),
    st.none() | st.integers(0, 2**32 - 1),
    COMMENTS,
)
NOTHING = Report("delivered")
BLOCK_LENS = (64, 127, 1000, BLOCK_LEN)


@st.composite
def files_with_reports(draw):
    """Draw a whole pcapng file, some of its packets with reports of another device, and a report for each packet."""
    data = draw(pcapng_files())
    capture, end = read_pcapng(data)
    data = data[:end] if capture.damage is None else data[: capture.damage.offset]
    first = [draw(REPORTS) for _ in capture.records]
    if draw(st.booleans()):
        data = naive.written(data, first)
        capture = read(data)
    return data, [draw(REPORTS) for _ in capture.records]


@given(files_with_reports(), st.sampled_from(BLOCK_LENS))
def test_as_the_naive_reference_writes_it(scratch, drawn, block_len):
    data, reports = drawn
    assume(data)
    path = scratch / "any.pcapng"
    path.write_bytes(data)
    found, reader = write_with(path, lambda number: reports[number - 1], PcapngEncoder, block_len)
    assert reader.damage is None
    assert found == naive.written(data, reports)


@given(pcapng_files(), st.data())
def test_what_was_added_can_be_taken_out_again(scratch, data, draw):
    """Without the report of the device, and with the length that sections gave before, the trace is the same."""
    capture, end = read_pcapng(data)
    data = data[: end if capture.damage is None else capture.damage.offset]
    assume(data)
    path = scratch / "any.pcapng"
    path.write_bytes(data)
    reports = [
        Report("delivered", draw.draw(st.integers(0, 99)), draw.draw(st.none() | st.just(3))) for _ in capture.records
    ]
    found, _ = write_with(path, lambda number: reports[number - 1], PcapngEncoder)
    records = read(found).records
    assert [record.captured for record in records] == [record.captured for record in capture.records]
    path.write_bytes(found)
    again, _ = write_with(path, lambda _: NOTHING, PcapngEncoder)
    if captures.SIMPLE_PACKET not in kinds_of(data) and captures.OBSOLETE_PACKET not in kinds_of(data):
        assert without_ends(again) == without_ends(data)


def kinds_of(data: bytes) -> list[int]:
    return [kind for kind, _, _ in blocks_of(data)]


def blocks_of(data: bytes):
    """Walk the blocks of a whole file: kind, body, byte order."""
    section, offset = naive.Section("<"), 0
    while offset < len(data):
        section = naive.section_at(data, offset, section)
        kind, body, size = naive.read_block(data, offset, section)
        yield kind, body, section.order
        offset += size


def without_ends(data: bytes) -> list[tuple[int, bytes]]:
    """List the blocks, without an end of options that ends a packet's block: the writer has to put one there."""
    found = []
    for kind, body, order in blocks_of(data):
        if kind == captures.ENHANCED_PACKET:
            captured = struct.unpack_from(order + "I", body, 12)[0]
            start = 20 + captured + -captured % 4
            kept, tail = naive.without_report(body[start:], order)
            body = body[:start] + kept + (b"" if tail == bytes(4) else tail)
        found.append((kind, body))
    return found


@given(pcap_files(), st.data(), st.sampled_from(BLOCK_LENS))
def test_packets_of_pcap_files(scratch, data, draw, block_len):
    path = scratch / "any.pcap"
    path.write_bytes(data)
    expected = read(data)
    assume(expected.damage is None)
    reports = [draw.draw(REPORTS) for _ in expected.records]
    found, _ = write_with(path, lambda number: reports[number - 1], PcapngEncoder, block_len)
    fields = [(r.timestamp_ns, r.captured, r.original_length, r.link_type) for r in expected.records]
    got = read(found)
    assert got.damage is None
    assert [(r.timestamp_ns, r.captured, r.original_length, r.link_type) for r in got.records] == [
        each for each, report in zip(fields, reports, strict=True) if report.fate == "delivered"
    ]
    # The same again as blocks without a report, which then get one.
    bare, _ = write_with(path, lambda _: NOTHING, PcapngEncoder)
    assert found == naive.written(bare, reports)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    ("link_type", "fcs"), [(1, None), (1 | 1 << 26 | 2 << 28, 4), (1 | 1 << 26, 0), (0xFFFF0001 & ~(1 << 26), None)]
)
def test_the_section_of_a_pcap_file(tmp_path, order, link_type, fcs):
    for magic, resolution in ((captures.MICROSECONDS, 6), (captures.NANOSECONDS, 9), (captures.MODIFIED, 6)):
        path = tmp_path / "any.pcap"
        path.write_bytes(captures.pcap(b"", link_type, order, magic))
        found, _ = write_with(path, lambda _: NOTHING, PcapngEncoder)
        options = captures.option(9, bytes([resolution]), order)
        options += b"" if fcs is None else captures.option(13, bytes([fcs]), order)
        options += captures.option(0, b"", order)
        assert found == captures.section(order) + captures.interface(1, 0x40000, options, order)


def test_joined_files_become_sections(tmp_path):
    path = tmp_path / "joined"
    record = captures.pcap_record(b"packet")
    section = captures.section() + captures.interface(113) + captures.enhanced(b"cooked")
    path.write_bytes(
        captures.pcap(record) + captures.pcap(record, 101) + section + captures.pcap(record, magic=captures.NANOSECONDS)
    )
    found, reader = write_with(path, lambda number: Report("delivered", queue=number), PcapngEncoder)
    assert len(reader.joints) == 3
    assert [(r.link_type, r.timestamp_ns) for r in read(found).records] == [
        (1, 7_000_009_000), (101, 7_000_009_000), (113, 7000), (1, 7_000_000_009),
    ]  # fmt: skip
    kinds = kinds_of(found)
    assert kinds == [captures.SECTION_HEADER, captures.INTERFACE, captures.ENHANCED_PACKET] * 4


def test_a_packet_that_needs_more_room_gets_it(tmp_path, monkeypatch):
    monkeypatch.setattr(encoders, "ROOM", 64)
    path = tmp_path / "long.pcapng"
    head = captures.section() + captures.interface()
    data = head + captures.enhanced(bytes(3000)) + captures.block(5, bytes(700)) + captures.enhanced(b"")
    path.write_bytes(data)
    reports = [Report("delivered", 1, 2, b"long"), Report("delivered", 3)]
    found, _ = write_with(path, lambda number: reports[number - 1], PcapngEncoder)
    assert found == naive.written(data, reports)


def test_drops_of_each_interface_are_counted_apart(tmp_path):
    path = tmp_path / "two.pcapng"
    packets = [captures.enhanced(b"p", number=number) for number in (0, 1, 0, 1, 1, 0)]
    path.write_bytes(captures.section() + captures.interface() * 2 + b"".join(packets))
    fates = ["dropped", "dropped", "left out", "dropped", "delivered", "delivered"]
    found, _ = write_with(path, lambda number: Report(fates[number - 1]), PcapngEncoder)
    bodies = [body for kind, body, _ in blocks_of(found) if kind == captures.ENHANCED_PACKET]
    drops = [captures.number_option(4, "Q", n) + captures.option(0, b"") for n in (2, 1)]
    assert [body[24:] for body in bodies] == drops


@pytest.mark.parametrize("order", ["<", ">"])
def test_packets_dropped_after_the_last_one_are_in_the_statistics(tmp_path, order):
    section = captures.section(order=order) + captures.interface(order=order) * 2
    packets = [captures.enhanced(b"p", number=number, order=order) for number in (0, 1, 0)]
    path = tmp_path / "two.pcapng"
    path.write_bytes(section + b"".join(packets) + section + captures.enhanced(b"p", order=order))
    fates = ["delivered", "delivered", "dropped", "delivered"]
    found, _ = write_with(path, lambda number: Report(fates[number - 1]), PcapngEncoder)
    kinds = kinds_of(found)
    assert kinds.count(5) == 1
    assert kinds.index(5) == kinds.index(captures.SECTION_HEADER, 1) - 1
    (body,) = [body for kind, body, _ in blocks_of(found) if kind == 5]
    counted = [captures.number_option(code, "Q", n, order) for code, n in ((4, 2), (5, 1))]
    assert body[12:] == b"".join(counted) + captures.option(0, b"", order)
    assert body[:12] == struct.pack(order + "I", 0) + packets[2][12:20]


def test_a_long_block_is_copied_in_stretches(tmp_path):
    path = tmp_path / "long.pcapng"
    data = captures.section() + captures.interface() + captures.block(0x0BAD, bytes(range(256)) * 9)
    data += captures.enhanced(b"packet")
    path.write_bytes(data)
    found, _ = write_with(path, lambda _: NOTHING, PcapngEncoder, 64)
    assert found == data


@given(
    st.lists(mutated(pcap_files() | pcapng_files()), min_size=1, max_size=2).map(b"".join), st.sampled_from(BLOCK_LENS)
)
def test_of_any_file_what_can_be_read_is_written_and_can_be_read(scratch, data, block_len):
    path = scratch / "any"
    path.write_bytes(data)
    try:
        found, reader = write_with(path, lambda number: Report("delivered", number, 1), PcapngEncoder, block_len)
    except CaptureError:
        return
    expected = read(data).records
    written = read(found)
    assert written.damage is None
    assert [(r.captured, r.original_length, r.link_type) for r in written.records] == [
        (r.captured, r.original_length, r.link_type) for r in expected
    ]
    assert [
        r.timestamp_ns for r, other in zip(written.records, expected, strict=True) if other.timestamp_ns is not None
    ] == [other.timestamp_ns for other in expected if other.timestamp_ns is not None]
    assert sum(len(block.records) for block in Reader(str(path)).blocks()) == len(expected)
    assert reader.is_finished


@pytest.mark.parametrize("order", "<>")
def test_a_long_block_that_is_cut_is_not_written(tmp_path, order):
    path = tmp_path / "long.pcapng"
    head = captures.section(order) + captures.interface(order=order) + captures.enhanced(b"packet", order=order)
    path.write_bytes(head + captures.block(0x0BAD, bytes(3000), order)[:-1])
    found, reader = write_with(path, lambda _: NOTHING, PcapngEncoder, 64)
    assert reader.damage is not None
    assert found == head


def test_what_precedes_damage_is_written(tmp_path):
    path = tmp_path / "cut.pcapng"
    whole = captures.section() + captures.interface() + captures.enhanced(b"packet") * 2
    path.write_bytes(whole[:-5])
    found, reader = write_with(path, lambda _: Report("delivered", 1), PcapngEncoder)
    assert reader.damage is not None
    assert len(read(found).records) == 1
    assert read(found).damage is None
