"""Captures are read as the naive reference reads them: records, and the offset of what is damaged."""

import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from naive.capture import load
from naive.capture import read as naive_read
from support import captures
from support.any_captures import mutated, pcap_files, pcapng_files
from support.comparing import capture_paths, index_of
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


@given(mutated(pcap_files()), st.sampled_from((1 << 20, *BLOCK_LENS)))
def test_any_pcap(scratch, data, block_len):
    assert_naive_agrees(scratch / "any.pcap", data, block_len)


# Half seconds so many that only an offset as large brings them back into range.
FAR = captures.option(9, b"\x81") + captures.option(14, struct.pack("<q", -(2**63)))
FAR_TIMES = (2**64 - 1, 2**63, 0)


@given(mutated(pcapng_files()), st.sampled_from((1 << 20, *BLOCK_LENS)))
@example(
    captures.section() + captures.interface(options=FAR) + b"".join(captures.enhanced(b"", ticks=n) for n in FAR_TIMES),
    64,
)
def test_any_pcapng(scratch, data, block_len):
    assert_naive_agrees(scratch / "any.pcapng", data, block_len)


def assert_naive_agrees(path, data, block_len):
    path.write_bytes(data)
    assert_reads_as(path, naive_read(data), block_len)
