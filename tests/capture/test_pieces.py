"""A reader hands out every byte of a trace, in order, and says what the headers among them are."""

import gzip
import struct
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcaphash.capture.control import Control, FileHeader, InterfaceDescription, SectionHeader, Skipped
from pcaphash.capture.reader import BLOCK_LEN, Block, Reader
from pcaphash.errors import CaptureError
from support import captures
from support.any_captures import mutated, pcap_files, pcapng_files
from support.comparing import capture_paths
from support.shared import needs_shared

BLOCK_LENS = (64, 65, 127, 1000, BLOCK_LEN)


def bytes_of(piece) -> bytes:
    if isinstance(piece, Block):
        return piece.data[piece.start : piece.end].tobytes()
    return bytes(piece.data)


def start_of(piece) -> int:
    return piece.offset + (piece.start if isinstance(piece, Block) else 0)


def assert_records_fit(block: Block):
    """Hold that records lie in the block in order, and their packets in them."""
    at = block.start
    for record in block.records:
        start, end = int(record["start"]), int(record["end"])
        packet = int(record["offset"])
        assert at <= start < packet <= packet + int(record["captured_length"]) <= end
        at = end
    assert at <= block.end <= len(block.data)


def assert_all_is_handed_out(path: Path, data: bytes, block_len: int):
    try:
        reader = Reader(str(path), block_len)
    except CaptureError:
        return
    joined = bytearray()
    is_skipped = False
    for piece in reader.pieces():
        assert start_of(piece) == len(joined)
        joined += bytes_of(piece)
        is_skipped = isinstance(piece, Skipped)
        if isinstance(piece, Block):
            assert_records_fit(piece)
    until = reader.damage.offset if reader.damage else len(data)
    if reader.damage and is_skipped:
        assert len(joined) >= until
    else:
        assert len(joined) == until
    assert bytes(joined) == data[: len(joined)]


@needs_shared
@pytest.mark.parametrize("path", capture_paths(), ids=lambda path: path.name)
def test_public_captures(path):
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    for block_len in BLOCK_LENS if len(data) < 100_000 else BLOCK_LENS[-2:]:
        assert_all_is_handed_out(path, data, block_len)


@given(mutated(pcap_files() | pcapng_files()), st.sampled_from(BLOCK_LENS))
def test_any_file(scratch, data, block_len):
    path = scratch / "any"
    path.write_bytes(data)
    assert_all_is_handed_out(path, data, block_len)


@given(st.lists(pcap_files() | pcapng_files(), min_size=2, max_size=4), st.sampled_from(BLOCK_LENS))
def test_joined_files(scratch, files, block_len):
    path = scratch / "joined"
    data = b"".join(files)
    path.write_bytes(data)
    assert_all_is_handed_out(path, data, block_len)


@given(
    st.lists(st.integers(0, 3000), min_size=1, max_size=4),
    st.sampled_from(BLOCK_LENS),
    st.integers(0, 9000),
    st.booleans(),
)
def test_blocks_too_long_to_hold(scratch, lengths, block_len, place, is_cut):
    path = scratch / "long.pcapng"
    data = captures.section() + captures.interface()
    for length in lengths:
        data += captures.block(0x0BAD, bytes(range(256)) * (length // 256 + 1)) + captures.enhanced(b"packet")
    place %= len(data)
    data = data[:place] if is_cut else data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :]
    path.write_bytes(data)
    assert_all_is_handed_out(path, data, block_len)


def test_long_blocks_are_handed_out_in_stretches(tmp_path):
    path = tmp_path / "long.pcapng"
    long = captures.block(0x0BAD, bytes(500))
    head = captures.section() + captures.interface()
    path.write_bytes(head + long + captures.enhanced(b"packet"))
    pieces = [(type(piece), bytes_of(piece)) for piece in Reader(str(path), 64).pieces()]
    stretches = [data for kind, data in pieces if kind is Skipped]
    assert b"".join(stretches) == long
    assert all(len(data) <= 64 for data in stretches)
    assert [kind for kind, _ in pieces] == [Control, Control, *[Skipped] * len(stretches), Block]


def controls_of(path: Path) -> list[Control]:
    return [piece for piece in Reader(str(path), 64).pieces() if isinstance(piece, Control)]


@pytest.mark.parametrize("order", "<>")
def test_what_headers_say(tmp_path, order):
    path = tmp_path / "joined"
    options = captures.option(2, b"eth0", order) + captures.option(3, b"uplink", order)
    options += captures.option(9, b"\x8a", order) + captures.option(14, struct.pack(order + "q", -3600), order)
    modified = captures.pcap(b"", 113, order, captures.MODIFIED)
    pieces = [modified, captures.section(order), captures.interface(), captures.interface(101, 96, options, order)]
    pieces[2] = captures.interface(order=order)
    path.write_bytes(b"".join(pieces))
    big = order == ">"
    found = controls_of(path)
    assert [control.data for control in found] == pieces
    assert [control.offset for control in found] == [sum(map(len, pieces[:i])) for i in range(4)]
    assert [control.says for control in found] == [
        FileHeader(big, 113, 0x40000, 24, 1000),
        SectionHeader(big),
        InterfaceDescription(big, 0, 1, 0, "", "", 10, 6, 0),
        InterfaceDescription(big, 1, 101, 96, "eth0", "uplink", 2, 10, -3600),
    ]


def test_blocks_say_where_they_stand_and_on_which_interfaces(tmp_path):
    path = tmp_path / "any.pcapng"
    named = captures.interface(options=captures.option(2, b"eth0"))
    head = captures.section() + named + captures.interface()
    path.write_bytes(head + captures.block(5, b"statistics") + captures.enhanced(b"packet", number=1, ticks=5))
    (block,) = Reader(str(path)).blocks()
    assert (block.offset, block.start, block.end) == (0, len(head), path.stat().st_size)
    assert list(block.interface_names) == ["eth0", ""]
    assert block.interface_numbers().tolist() == [1]
    assert block.timestamps().tolist() == [5000]


@given(pcap_files(), st.data(), st.sampled_from(BLOCK_LENS))
def test_parts_of_a_pcap_file_are_the_whole(scratch, data, draw, block_len):
    path = scratch / "any.pcap"
    path.write_bytes(data)
    starts = [int(start) + block.offset for block in Reader(str(path)).blocks() for start in block.records["start"]]
    cuts = sorted(draw.draw(st.lists(st.sampled_from([*starts, len(data)]), max_size=4, unique=True)))
    joined = b""
    for start, end in pairwise([None, *cuts, None]):
        reader = Reader(str(path), block_len, start, end)
        for piece in reader.pieces():
            assert start_of(piece) == len(joined)
            joined += bytes_of(piece)
        assert reader.damage is None
    assert joined == data


def test_a_part_sees_no_byte_after_its_end(tmp_path):
    path = tmp_path / "any.pcap"
    record = captures.pcap_record(b"packet")
    head = captures.pcap()
    path.write_bytes(head + record * 2 + b"damage")
    whole, part = Reader(str(path)), Reader(str(path), 64, 24 + len(record), 24 + 2 * len(record))
    assert [len(block.records) for block in whole.blocks()] == [2]
    assert [len(block.records) for block in part.blocks()] == [1]
    assert whole.damage is not None
    assert part.damage is None
