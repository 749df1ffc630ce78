"""Options of packet blocks are read as the naive reference reads them, and nothing past the end of the bytes."""

import struct
from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from naive import packet_options as naive
from pcaphash.kernels.base import CHECKED, COMPILED
from pcaphash.kernels.packet_options import MALFORMED, N_COUNTS, read_packet_options
from pcaphash.kernels.records import IS_CONTROL, RECORD
from pcaphash.kernels.sections import INTERFACE, index_pcapng
from support import captures

HASH, QUEUE, FLAGS, COMMENT, END = 3, 6, 2, 1, 0


def toeplitz(value: int, order: str = "<") -> bytes:
    return captures.option(HASH, b"\x05" + struct.pack(f"{order}I", value), order)


def queue(number: int, order: str = "<") -> bytes:
    return captures.number_option(QUEUE, "I", number, order)


def index(blocks: bytes, order: str):
    """Find the packets of one section without its header, in an array of just its length."""
    block = np.array(list(blocks), np.uint8)
    records, interfaces = np.zeros(len(blocks) // 12 + 1, RECORD), np.zeros(1, INTERFACE)
    n, _, status, _ = index_pcapng(block, 0, len(block), records, interfaces, 1, order == ">")
    return block, records[:n], status


def read(blocks: bytes, order: str = "<"):
    """Read the options of packets of one section without its header."""
    block, records, _ = index(blocks, order)
    n = len(records)
    values, has_hash, queues = np.zeros(n, np.uint32), np.zeros(n, bool), np.full(n, -1, np.int64)
    counts = np.zeros(N_COUNTS, np.int64)
    read_packet_options(block, records, values, has_hash, queues, counts)
    packets = [
        (int(value) if has else None, int(number) if number >= 0 else None)
        for value, has, number in zip(values, has_hash, queues, strict=True)
    ]
    return packets, Counter({i: int(counts[i]) for i in np.flatnonzero(counts).tolist()})


def assert_naive_agrees(blocks: bytes, order: str = "<"):
    head = captures.section(order) + captures.interface(order=order)
    expected = naive.read_packet_options(head + blocks)
    assert read(blocks, order) == (expected.packets, expected.counts)
    return expected


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("make", [captures.enhanced, captures.obsolete])
@pytest.mark.parametrize("length", range(5))
def test_hash_and_queue_are_read_behind_packets_of_any_length(order, make, length):
    packet = make(bytes(length), options=queue(3, order) + toeplitz(0x51CCC178, order), order=order)
    assert read(packet + packet, order) == ([(0x51CCC178, 3)] * 2, {5: 2})


@pytest.mark.parametrize(
    ("options", "hash_value", "number", "counts"),
    [
        (b"", None, None, {}),
        (toeplitz(1) + toeplitz(2), 1, None, {5: 2}),
        (captures.option(HASH, b"\x02abcd") + toeplitz(2), 2, None, {2: 1, 5: 1}),
        (captures.option(HASH, b"\x03" + bytes(16)), None, None, {3: 1}),
        (captures.option(HASH, b"\xff"), None, None, {255: 1}),
        (captures.option(HASH, b""), None, None, {MALFORMED: 1}),
        (captures.option(HASH, b"\x05abc") + queue(1), None, 1, {MALFORMED: 1}),
        (captures.option(HASH, b"\x05abcde") + toeplitz(7), 7, None, {MALFORMED: 1, 5: 1}),
        (captures.option(QUEUE, b"ab") + queue(9) + queue(8), None, 9, {MALFORMED: 1}),
        (queue(2**32 - 1), None, 2**32 - 1, {}),
        (captures.option(END, b"") + toeplitz(1), None, None, {}),
        (toeplitz(1) + captures.option(END, b""), 1, None, {5: 1}),
        (captures.option(FLAGS, bytes(4)) + captures.option(COMMENT, b"abc") + toeplitz(0), 0, None, {5: 1}),
        (struct.pack("<HH", QUEUE, 5) + bytes(4), None, None, {}),  # runs into the block's second length
        (toeplitz(1)[:-7], None, None, {}),  # the padding that makes up for the cut is too short for the option
    ],
)
def test_each_option(options, hash_value, number, counts):
    block = captures.enhanced(b"packet", options=options)
    assert read(block) == ([(hash_value, number)], counts)
    assert_naive_agrees(block)


def test_a_captured_length_above_the_original_one_moves_nothing():
    assert read(captures.enhanced(b"with a tag", 6, options=toeplitz(5))) == ([(5, None)], {5: 1})


def test_simple_packets_and_pcap_records_have_no_options():
    assert read(captures.simple(b"ab") + captures.enhanced(b"", options=queue(1))) == ([(None, None), (None, 1)], {})
    records = np.zeros(1, RECORD)
    has_hash = np.ones(1, bool)
    read_packet_options(
        np.zeros(1, np.uint8), records, np.zeros(1, np.uint32), has_hash, np.zeros(1, np.int64), np.zeros(N_COUNTS, int)
    )
    assert not has_hash[0]


codes = st.sampled_from([END, COMMENT, FLAGS, HASH, HASH, HASH, QUEUE, QUEUE, 0x8003])
hash_like = st.builds(
    lambda kind, value: bytes([kind]) + value, st.sampled_from([0, 4, 5, 5, 9]), st.binary(max_size=6)
)
good_hash = st.binary(min_size=4, max_size=4).map(lambda value: b"\x05" + value)
option_values = st.one_of(st.binary(max_size=6), st.binary(min_size=4, max_size=4), hash_like, good_hash)


@st.composite
def sections(draw):
    """Draw a section's packet blocks with options, some bytes of which are changed, and its byte order."""
    order = draw(st.sampled_from("<>"))
    blocks = []
    for _ in range(draw(st.integers(1, 4))):
        listed = draw(st.lists(st.tuples(codes, option_values), max_size=4))
        options = b"".join(captures.option(code, value, order) for code, value in listed)
        packet = draw(st.binary(max_size=9))
        kind = draw(st.sampled_from(["enhanced", "enhanced", "obsolete", "simple"]))
        if kind == "simple":
            blocks.append(captures.simple(packet, order=order))
        else:
            make = captures.enhanced if kind == "enhanced" else captures.obsolete
            blocks.append(make(packet, options=options, order=order))
    data = bytearray(b"".join(blocks))
    for place, value in draw(st.lists(st.tuples(st.integers(0, len(data) - 1), st.integers(0, 7)), max_size=3)):
        data[place] = value
    assume(index(bytes(data), order)[2] != IS_CONTROL)  # a changed byte can make a packet an interface
    return bytes(data), order


@given(sections())
def test_options_as_the_naive_reference_reads_them(section):
    assert_naive_agrees(*section)


@given(sections(), st.data())
def test_options_of_cut_blocks(section, data):
    blocks, order = section
    assert_naive_agrees(blocks[: data.draw(st.integers(0, len(blocks)))], order)


@given(sections(), st.data())
def test_nothing_is_read_past_the_bytes(section, data):
    """Whoever hands over records need not have looked at the blocks' lengths: the end of the bytes holds all the same.

    With bounds checks, or as plain Python, a read past the end is an error.
    """
    blocks, order = section
    block, records, _ = index(blocks, order)
    assume(len(records))
    n, last = len(records), records[-1]
    least = int(last["offset"]) + int(last["captured_length"])
    cut = block[: data.draw(st.integers(least, len(block)))].copy()
    counts = np.zeros(N_COUNTS, np.int64)
    read_packet_options(cut, records, np.zeros(n, np.uint32), np.zeros(n, bool), np.zeros(n, np.int64), counts)
    assert counts.sum() <= len(block)


@pytest.mark.skipif(COMPILED and not CHECKED, reason="compiled kernels check no bounds unless NUMBA_BOUNDSCHECK=1")
def test_a_read_past_the_end_is_an_error():
    records = np.zeros(1, RECORD)
    records["offset"], records["block_type"] = 28, 6
    arrays = np.zeros(1, np.uint32), np.zeros(1, bool), np.zeros(1, np.int64), np.zeros(N_COUNTS, np.int64)
    with pytest.raises(IndexError):
        read_packet_options(np.zeros(3, np.uint8), records, *arrays)
