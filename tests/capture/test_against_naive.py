"""Captures are read as the naive reference reads them: records, and the offset of what is damaged."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naive.capture import load
from naive.capture import read as naive_read
from support import captures
from support.comparing import capture_paths, index_of
from support.packets import NUMBERS, pick, rarely
from support.reading import assert_reads_as, read
from support.shared import CAPTURES, ROBUSTNESS, needs_shared

BLOCK_LENS = (64, 65, 127, 1000, 4096)


@needs_shared
@pytest.mark.parametrize("path", capture_paths(), ids=lambda path: path.name)
def test_public_captures(path):
    assert_reads_as(path, load(path))


@needs_shared
def test_packet_counts():
    for row in index_of(CAPTURES):
        assert len(read(CAPTURES / row["file"])[0]) == int(row["packets"]), row["file"]


@needs_shared
def test_robustness_captures():
    rows = index_of(ROBUSTNESS)
    assert len(rows) == 434
    for row in rows:
        assert_reads_as(ROBUSTNESS / row["file"], load(ROBUSTNESS / row["file"]))


@needs_shared
@pytest.mark.parametrize("block_len", BLOCK_LENS)
def test_the_block_length_does_not_matter(block_len):
    for row in [*index_of(CAPTURES), *index_of(ROBUSTNESS)]:
        path = (CAPTURES if (CAPTURES / row["file"]).exists() else ROBUSTNESS) / row["file"]
        if path.stat().st_size < 300 * block_len:
            assert_reads_as(path, load(path), block_len)


@st.composite
def pcap_files(draw: st.DrawFn) -> bytes:
    """Draw a pcap file of any format and byte order."""
    order = pick(draw, "<>")
    magic = pick(draw, (captures.MICROSECONDS, captures.NANOSECONDS, captures.MODIFIED))
    records = b""
    for _ in range(draw(NUMBERS[6])):
        captured = draw(st.binary(max_size=40))
        fields = [draw(st.integers(0, 2**32 - 1)), draw(st.integers(0, 2**32 - 1)), len(captured), draw(NUMBERS[256])]
        records += struct.pack(order + "4I", *fields) + bytes(8 if magic == captures.MODIFIED else 0) + captured
    link_type = pick(draw, (1, 113, 276, 101, 0x14000071, 0xFFFF0001))
    return captures.pcap(records, link_type, order, magic)


@st.composite
def pcapng_files(draw: st.DrawFn) -> bytes:
    """Draw a pcapng file of one to three sections, each with interfaces declared before, between and after packets."""
    return b"".join(pcapng_section(draw, pick(draw, "<>")) for _ in range(pick(draw, (1, 1, 2, 3))))


def pcapng_section(draw: st.DrawFn, order: str) -> bytes:
    blocks, n_interfaces = [captures.section(order)], 0
    for _ in range(draw(NUMBERS[8])):
        kind = pick(draw, ("enhanced", "enhanced", "obsolete", "simple", "interface", "other"))
        if kind == "other":
            # Name resolution, statistics, custom, and whatever else there may be.
            blocks.append(captures.block(pick(draw, (4, 5, 0x0BAD, 0x40000BAD)), draw(st.binary(max_size=90)), order))
        elif kind == "interface" or n_interfaces == 0:
            blocks.append(draw_interface(draw, order))
            n_interfaces += 1
        else:
            number = draw(NUMBERS[n_interfaces]) if not rarely(draw) else n_interfaces
            blocks.append(draw_packet(draw, order, kind, number))
    return b"".join(blocks)


def draw_interface(draw: st.DrawFn, order: str) -> bytes:
    options = b""
    if draw(NUMBERS[2]):
        options += captures.option(9, bytes([pick(draw, RESOLUTIONS)]), order)
    if draw(NUMBERS[3]) == 2:
        seconds = pick(draw, (0, 1, -1, 2_000_000_000, -2_000_000_000, 2**62, -(2**63)))
        options += captures.option(14, struct.pack(order + "q", seconds), order)
    if draw(NUMBERS[2]):
        options += pick(draw, (captures.option(0, b"", order), captures.option(2, b"eth0", order), b"\1", b"\0\0\0"))
    return captures.interface(pick(draw, (1, 101, 113, 276)), pick(draw, (0, 0, 0, 5, 65535)), options, order)


# Decimal and binary, coarse and fine, up to ticks of which 64 bits hold less than a second.
RESOLUTIONS = (6, 9, 3, 0, 12, 18, 19, 0x80, 0x81, 0x94, 0x9E, 0xA0, 0xC0, 0xE0, 0xFF)
TICKS = st.integers(0, 2**64 - 1) | st.integers(0, 1_700_000_000_000_000_000) | st.integers(0, 1_700_000_000)


def draw_packet(draw: st.DrawFn, order: str, kind: str, number: int) -> bytes:
    captured = draw(st.binary(max_size=40))
    if kind == "simple":
        return captures.simple(captured, len(captured) + draw(NUMBERS[16]) - 3 if len(captured) > 3 else None, order)
    options = b""
    if draw(NUMBERS[2]):
        options += captures.option(pick(draw, (1, 4, 2988)), draw(st.binary(max_size=9)), order)
    if draw(NUMBERS[2]):
        options += captures.option(2, struct.pack(order + "I", draw(NUMBERS[16])), order)
    if draw(NUMBERS[4]) == 3:
        options += pick(draw, (captures.option(0, b"", order), b"\2\0\0\0", b"\0\2\0\4", b"\1\0\xff\xff"))
    if kind == "obsolete":
        return captures.obsolete(captured, number, draw(TICKS), options, order)
    return captures.enhanced(captured, draw(NUMBERS[256]), number, draw(TICKS), options, order)


LIES = tuple(
    struct.pack(order + "I", number)
    for order in "<>"
    for number in (0, 1, 3, 6, 8, 12, 16, 28, 32, 60, 2**24, 2**24 + 1, 2**31, 2**32 - 4, 2**32 - 1, 0x0A0D0D0A)
)


@st.composite
def mutated(draw: st.DrawFn, files: st.SearchStrategy[bytes]) -> bytes:
    """Draw a file, mostly with something in it overwritten, left out, inserted or cut off."""
    data = draw(files)
    for _ in range(pick(draw, (0, 1, 1, 1, 2, 3))):
        place = draw(st.integers(0, len(data)))
        way = pick(draw, ("lie", "lie", "byte", "cut", "leave out", "insert"))
        aligned = place & ~3
        if way == "lie":
            data = data[:aligned] + pick(draw, LIES) + data[aligned + 4 :]
        elif way == "byte":
            data = data[:place] + bytes([draw(NUMBERS[256])]) + data[place + 1 :]
        elif way == "cut":
            data = data[:place]
        elif way == "leave out":
            data = data[:place] + data[place + draw(NUMBERS[32]) :]
        else:
            data = data[:aligned] + draw(st.binary(max_size=12)) + data[aligned:]
    return data


@given(mutated(pcap_files()), st.sampled_from((1 << 20, *BLOCK_LENS)))
def test_any_pcap(scratch, data, block_len):
    assert_naive_agrees(scratch / "any.pcap", data, block_len)


@given(mutated(pcapng_files()), st.sampled_from((1 << 20, *BLOCK_LENS)))
def test_any_pcapng(scratch, data, block_len):
    assert_naive_agrees(scratch / "any.pcapng", data, block_len)


def assert_naive_agrees(path, data, block_len):
    path.write_bytes(data)
    assert_reads_as(path, naive_read(data), block_len)
