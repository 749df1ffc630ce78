"""Files joined as they are (``cat a b``): each is read under its own header, and no header is taken for a packet."""

import bz2
import gzip
import lzma
import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naive.capture import read as naive_read
from support import captures
from support.captures import MICROSECONDS, MODIFIED, NANOSECONDS
from support.command import complaints, run
from support.packets import pick
from support.reading import assert_reads_as, read

BLOCK_LENS = (64, 65, 127, 1000, 1 << 20)


def pcap_of(order: str, magic: int, link_type: int, lengths: tuple[int, ...] = (60, 0, 77)) -> bytes:
    more = bytes(8) if magic == MODIFIED else b""
    records = b"".join(captures.pcap_record(bytes([n]) * n, order=order, more=more) for n in lengths)
    return captures.pcap(records, link_type, order, magic)


def pcapng_of(order: str, link_type: int) -> bytes:
    blocks = [captures.section(order), captures.interface(link_type, order=order)]
    return b"".join([*blocks, captures.enhanced(b"x" * 61, order=order), captures.simple(b"y" * 30, order=order)])


KINDS = {
    f"{name} {order}": data
    for order in "<>"
    for name, data in {
        "us": pcap_of(order, MICROSECONDS, 1),
        "ns": pcap_of(order, NANOSECONDS, 113),
        "modified": pcap_of(order, MODIFIED, 1),
        "raw": pcap_of(order, MICROSECONDS, 101, (20,)),
        "empty": pcap_of(order, MICROSECONDS, 1, ()),
        "pcapng": pcapng_of(order, 276),
    }.items()
}


def apart(*files: bytes):
    """Read files one by one, as records of one trace."""
    records = []
    for data in files:
        found = naive_read(data)
        assert found.damage is None
        records += [replace(record, packet=len(records) + record.packet) for record in found.records]
    return records


@pytest.mark.parametrize("first", KINDS)
@pytest.mark.parametrize("second", KINDS)
def test_two_files_read_as_each_by_itself(tmp_path, first, second):
    path = tmp_path / "joined"
    path.write_bytes(KINDS[first] + KINDS[second])
    expected = apart(KINDS[first], KINDS[second])
    assert naive_read(path.read_bytes()).records == expected
    for block_len in BLOCK_LENS:
        assert read(path, block_len) == (expected, None)


@given(st.lists(st.sampled_from(sorted(KINDS)), min_size=2, max_size=6), st.sampled_from(BLOCK_LENS))
def test_any_files_read_as_each_by_itself(scratch, names, block_len):
    path = scratch / "joined"
    files = [KINDS[name] for name in names]
    path.write_bytes(b"".join(files))
    assert read(path, block_len) == (apart(*files), None)


@given(st.data())
def test_whatever_is_cut_or_overwritten_is_read_as_the_naive_reference_does(scratch, data):
    path = scratch / "joined"
    joined = b"".join(
        KINDS[name] for name in data.draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=2, max_size=3))
    )
    place = data.draw(st.integers(0, len(joined)))
    if pick(data.draw, (True, False)):
        joined = joined[:place]
    else:
        joined = joined[:place] + bytes([data.draw(st.integers(0, 255))]) + joined[place + 1 :]
    path.write_bytes(joined)
    assert_reads_as(path, naive_read(joined), pick(data.draw, BLOCK_LENS))


@pytest.mark.parametrize("zone", [3600, -3600, 19800, 50400])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("second_order", "<>")
def test_a_header_with_a_time_zone_is_no_packet(tmp_path, zone, order, second_order):
    second = bytearray(pcap_of(second_order, MICROSECONDS, 1))
    second[8:12] = struct.pack(second_order + "i", zone)
    path = tmp_path / "joined"
    path.write_bytes(pcap_of(order, MICROSECONDS, 1) + second)
    assert read(path) == (apart(pcap_of(order, MICROSECONDS, 1), bytes(second)), None)


@pytest.mark.parametrize("seconds", [MICROSECONDS, NANOSECONDS, MODIFIED, 0xD4C3B2A1, 0x4D3CB2A1])
@pytest.mark.parametrize(("fraction", "length"), [(0x40002, 60), (0x40002, 1), (123_456, 0), (9, 60)])
@pytest.mark.parametrize("captured", [0, 1, 60])
def test_packets_of_the_years_in_which_the_clock_reads_like_a_magic_number_are_packets(
    tmp_path, seconds, fraction, length, captured
):
    record = captures.pcap_record(b"p" * captured, length, time=(seconds, fraction))
    path = tmp_path / "later.pcap"
    path.write_bytes(captures.pcap(captures.pcap_record(b"before") + record + captures.pcap_record(b"after")))
    records, damage = read(path)
    assert damage is None
    assert [found.captured for found in records] == [b"before", b"p" * captured, b"after"]
    assert naive_read(path.read_bytes()).records == records


def test_the_second_header_cut_short_is_damage(tmp_path):
    path = tmp_path / "joined"
    whole = pcap_of("<", MICROSECONDS, 1)
    for length in range(1, 24):
        path.write_bytes(whole + whole[:length])
        records, damage = read(path)
        assert (records, damage.offset) == (apart(whole), len(whole))


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_files_joined(tmp_path, pack):
    files = [KINDS["us <"], KINDS["pcapng >"], KINDS["ns >"]]
    path = tmp_path / "joined"
    path.write_bytes(b"".join(map(pack, files)))
    assert read(path) == (apart(*files), None)


def test_every_command_reads_on_and_says_so(tmp_path):
    path = tmp_path / "joined.pcap"
    first, second = KINDS["us <"], KINDS["ns >"]
    path.write_bytes(first + second + first)
    said = f"{path}: 2 more files start, the first at byte {len(first)}: the trace is several files joined together"
    for words in (["info"], ["analyze"], ["hashes"], ["sweep"]):
        result = run(words[0], path)
        assert result.returncode == 0, result
        assert sum(said in line for line in complaints(result)) == 1
    assert len(run("hashes", path).stdout.splitlines()) == 1 + 9
    assert b"little- and big-endian" in run("info", path).stdout


def test_the_quick_way_counts_what_the_other_does(tmp_path):
    path = tmp_path / "joined.pcap"
    path.write_bytes(KINDS["us <"] + KINDS["modified >"] + KINDS["us <"] + KINDS["pcapng <"] + KINDS["us <"])
    quick = run("analyze", path, "--format", "csv").stdout
    assert quick == run("analyze", path, "--format", "csv", "--direction", "all").stdout
    assert quick == run("analyze", path, "--format", "csv", "-c", "1000").stdout
