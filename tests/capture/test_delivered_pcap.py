"""A pcap file of what a device delivers holds its packets, times and lengths, behind virtio headers or not."""

import io
import struct
from functools import partial

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from naive.capture import read
from naive.delivered import Report
from naive.pcapng import read_pcapng
from pcaphash.capture.control import InterfaceDescription
from pcaphash.capture.delivered import encoder as encoders
from pcaphash.capture.delivered.delivery import Delivery
from pcaphash.capture.delivered.pcap import PcapEncoder, VirtioLayout
from pcaphash.capture.reader import BLOCK_LEN, Block, Reader
from pcaphash.capture.reported.source import Reported
from pcaphash.errors import ConfigurationError
from support import captures
from support.any_captures import pcap_files, pcapng_files
from support.delivering import write_with

FATES = st.sampled_from(["delivered"] * 3 + ["dropped", "left out"])
BLOCK_LENS = (64, 1000, BLOCK_LEN)
ALL = Report("delivered")


def fields_of(data: bytes) -> list[tuple[int | None, bytes, int, int]]:
    capture = read(data)
    assert capture.damage is None
    return [(r.timestamp_ns, r.captured, r.original_length, r.link_type) for r in capture.records]


@given(pcap_files(), st.data(), st.sampled_from(BLOCK_LENS))
def test_a_pcap_file_stays_what_it_is(scratch, data, draw, block_len):
    """Its headers are the same, and of its records none is changed."""
    path = scratch / "any.pcap"
    path.write_bytes(data)
    assume(read(data).damage is None)
    fates = [draw.draw(FATES) for _ in read(data).records]
    found, reader = write_with(path, lambda number: Report(fates[number - 1]), PcapEncoder, block_len)
    assert reader.damage is None
    kept = [data[:24]]
    places = [
        (int(r["start"]) + b.offset, int(r["end"]) + b.offset) for b in Reader(str(path)).blocks() for r in b.records
    ]
    kept += [data[start:end] for (start, end), fate in zip(places, fates, strict=True) if fate == "delivered"]
    assert found == b"".join(kept)


@given(pcapng_files(), st.sampled_from(BLOCK_LENS))
def test_packets_of_pcapng_files(scratch, data, block_len):
    capture, end = read_pcapng(data)
    data = data[: end if capture.damage is None else capture.damage.offset]
    assume(data)
    path = scratch / "any.pcapng"
    path.write_bytes(data)
    pieces = [getattr(piece, "says", None) for piece in Reader(str(path)).pieces()]
    link_types = {says.link_type for says in pieces if isinstance(says, InterfaceDescription)}
    times = [r.timestamp_ns or 0 for r in read(data).records]
    if len(link_types) > 1 or not all(0 <= time < 2**32 * 10**9 for time in times):
        with pytest.raises(
            ConfigurationError, match=r"link types|no room for the time of packet \d+; name the file .pcapng"
        ):
            write_with(path, lambda _: ALL, PcapEncoder, block_len)
        return
    found, _ = write_with(path, lambda _: ALL, PcapEncoder, block_len)
    assert fields_of(found) == [(fields[0] or 0, *fields[1:]) for fields in fields_of(data)]


def virtio_file(path, layout, reports) -> bytes:
    """Write a trace behind virtio headers: of each packet hash value, hash_report and hash_report_tunnel."""
    stream = io.BytesIO()
    encoder = PcapEncoder(stream, layout)
    first = 0
    for piece in Reader(str(path)).pieces():
        if not isinstance(piece, Block):
            encoder.write(piece)
            continue
        n = len(piece.records)
        reported = Reported.nothing(n)
        for i, (value, report, tunnel) in enumerate(reports[first : first + n]):
            reported.hash_values[i], reported.has_hash[i] = value, report > 0
            reported.hash_reports[i], reported.hash_report_tunnels[i] = report, tunnel
        encoder.write(piece, Delivery.of_all(first + 1, reported))
        first += n
    encoder.finish()
    return stream.getvalue()


LAYOUTS = [VirtioLayout(12), VirtioLayout(20), *(VirtioLayout(length, "1.4") for length in (12, 20, 24, 32))]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: f"{layout.spec}-{layout.header_len}")
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("magic", [captures.MICROSECONDS, captures.NANOSECONDS, captures.MODIFIED])
def test_headers(tmp_path, layout, order, magic):
    more = b"8 bytes." if magic == captures.MODIFIED else b""
    path = tmp_path / "any.pcap"
    records = [captures.pcap_record(bytes([n]) * n, 2**32 - 1 if n == 3 else 99, order, more) for n in range(4)]
    path.write_bytes(captures.pcap(b"".join(records), 1 | 1 << 26 | 2 << 28, order, magic))
    reports = [(0x51CCC178, 2, 1), (0xFFFFFFFF, 0, 0), (7, 9, 3), (9, -1, -1)]
    found = virtio_file(path, layout, reports)
    length = layout.header_len
    expected = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 0x40000 + length, 147 | 1 << 26 | 2 << 28)
    for n, (value, report, tunnel) in enumerate(reports):
        header = bytes(10) + b"\1\0"
        if length > 12:
            values = (value, report) if report > 0 else (0, 0)
            header += struct.pack("<IHBB", *values, tunnel if layout.spec == "v7" and report > 0 else 0, 0)
        header += bytes(length - len(header))
        original = 2**32 - 1 if n == 3 else 99 + length
        expected += captures.pcap_record(header + bytes([n]) * n, original, order, more)
    assert found == expected


def test_other_frames_than_ethernet_have_no_virtio_headers(tmp_path):
    path = tmp_path / "cooked.pcap"
    path.write_bytes(captures.pcap(captures.pcap_record(b"packet"), 113))
    with pytest.raises(ConfigurationError, match="the packets have link type 113, but virtio devices deliver Ethernet"):
        write_with(path, lambda _: ALL, partial(PcapEncoder, layout=VirtioLayout(20)))


@pytest.mark.parametrize(("length", "spec"), [(10, "1.4"), (24, "v7"), (32, "v7"), (0, "v7")])
def test_headers_that_there_are_not(length, spec):
    with pytest.raises(ConfigurationError, match=f"no virtio_net_hdr has {length} bytes"):
        VirtioLayout(length, spec)


NANOSECONDS = captures.pcap(captures.pcap_record(b"n"), magic=captures.NANOSECONDS)
MICROSECONDS = captures.pcap(captures.pcap_record(b"m"))
BIG = captures.pcap(captures.pcap_record(b"b", order=">"), order=">")
MODIFIED = captures.pcap(captures.pcap_record(b"x", more=b"8 bytes."), magic=captures.MODIFIED)
COOKED = captures.pcap(captures.pcap_record(b"c"), 113)
SECTION = captures.section() + captures.interface() + captures.enhanced(b"s", ticks=5)


@pytest.mark.parametrize(
    "files",
    [(NANOSECONDS, MICROSECONDS), (MICROSECONDS, BIG), (BIG, MICROSECONDS), (MODIFIED, MICROSECONDS, MODIFIED),
     (NANOSECONDS, SECTION, MICROSECONDS), (SECTION, NANOSECONDS), (SECTION, BIG)],
)  # fmt: skip
def test_joined_files_become_one(tmp_path, files):
    path = tmp_path / "joined.pcap"
    path.write_bytes(b"".join(files))
    found, reader = write_with(path, lambda _: ALL, PcapEncoder)
    assert len(reader.joints) == len(files) - 1
    assert fields_of(found) == fields_of(path.read_bytes())
    path.write_bytes(found)
    assert write_with(path, lambda _: ALL, PcapEncoder)[1].joints == []


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ((MICROSECONDS, COOKED), "link types 1 and 113 do not go into one pcap file"),
        ((MICROSECONDS, NANOSECONDS), "says more of each packet"),
        ((MICROSECONDS, MODIFIED), "says more of each packet"),
        ((SECTION, MODIFIED), "says more of each packet"),
        ((MICROSECONDS, SECTION), "whose times are microseconds"),
        ((SECTION, COOKED), "link types 1 and 113"),
    ],
)
def test_joined_files_that_do_not_go_into_one(tmp_path, files, problem):
    path = tmp_path / "joined.pcap"
    path.write_bytes(b"".join(files))
    with pytest.raises(ConfigurationError, match=problem):
        write_with(path, lambda _: ALL, PcapEncoder)


def test_a_packet_that_needs_more_room_gets_it(tmp_path, monkeypatch):
    monkeypatch.setattr(encoders, "ROOM", 64)
    path = tmp_path / "long.pcap"
    path.write_bytes(captures.pcap(captures.pcap_record(bytes(3000)) + captures.pcap_record(b"")))
    found, _ = write_with(path, lambda _: ALL, PcapEncoder)
    assert found == path.read_bytes()
