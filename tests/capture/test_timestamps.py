"""Timestamps of every resolution, exact and rounded down, as far as 64 bits of nanoseconds reach."""

import pytest

from naive.capture import read as naive_read
from support import captures
from support.reading import assert_reads_as, read

DECIMAL = (0, 1, 3, 6, 7, 9, 10, 12, 15, 18, 19, 20, 21, 27, 28, 29, 38, 127)
BINARY = (0, 1, 10, 20, 29, 30, 31, 32, 33, 52, 62, 63, 64, 65, 93, 94, 95, 96, 127)
TICKS = (0, 1, 999, 1_000_000_001, 1_700_000_000_123_456_789, 2**32 - 1, 2**32, 2**63, 2**64 - 1)
OFFSETS = (0, 1, -1, 1_700_000_000, 2_000_000_000, -2_000_000_000)


def timed(resolution: int, offset: int, ticks: tuple[int, ...]) -> bytes:
    options = captures.time_options(resolution, offset)
    packets = [captures.enhanced(b"", ticks=number) for number in ticks]
    return b"".join([captures.section(), captures.interface(options=options), *packets])


@pytest.mark.parametrize("resolution", [*DECIMAL, *(0x80 | exponent for exponent in BINARY)], ids=hex)
def test_resolutions(tmp_path, resolution):
    path = tmp_path / "timed.pcapng"
    for offset in OFFSETS:
        data = timed(resolution, offset, TICKS)
        path.write_bytes(data)
        assert_reads_as(path, naive_read(data))


@pytest.mark.parametrize(
    ("resolution", "ticks", "timestamp_ns"),
    [
        (6, 1, 1000),
        (9, 123, 123),
        (12, 1999, 1),
        (0, 3, 3_000_000_000),
        (0x80 | 1, 3, 1_500_000_000),
        (0x80 | 30, 1, 0),
        (0x80 | 30, 2**30 + 2, 1_000_000_001),
        (9, 2**62, 2**62),
        (9, 2**63 - 1, 2**63 - 1),
        (9, 2**63, None),
        (6, (2**63 - 1) // 1000, 2**63 - 1 - 807),
        (6, (2**63 - 1) // 1000 + 1, None),
        (0x80, 9_223_372_036, 9_223_372_036_000_000_000),
        (0x80, 9_223_372_037, None),
    ],
)
def test_known_times(tmp_path, resolution, ticks, timestamp_ns):
    path = tmp_path / "timed.pcapng"
    path.write_bytes(timed(resolution, 0, (ticks,)))
    (record,), _ = read(path)
    assert record.timestamp_ns == timestamp_ns


@pytest.mark.parametrize(
    ("resolution", "offset", "ticks", "timestamp_ns"),
    [
        (0x81, -(2**63), 2**64 - 1, -500_000_000),
        (0, -(2**63), 2**63, 0),
        (0, -(2**63), 2**63 + 9_223_372_036, 9_223_372_036_000_000_000),
        (0, -(2**63), 2**63 + 9_223_372_037, None),
        (0, -(2**63), 2**63 - 9_223_372_036, -9_223_372_036_000_000_000),
        (0, -(2**63), 2**63 - 9_223_372_037, None),
        (9, -9_223_372_037, 145_224_193, -(2**63) + 1),
        (9, -9_223_372_037, 145_224_192, None),
        (9, 9_223_372_036, 854_775_807, 2**63 - 1),
        (9, 9_223_372_036, 854_775_808, None),
    ],
)
def test_a_time_fits_if_the_sum_with_its_offset_does(tmp_path, resolution, offset, ticks, timestamp_ns):
    path = tmp_path / "offset.pcapng"
    data = timed(resolution, offset, (ticks,))
    path.write_bytes(data)
    (record,), _ = read(path)
    assert record.timestamp_ns == timestamp_ns
    assert naive_read(data).records == [record]


@pytest.mark.parametrize("offset", [2**40, 2**63 - 1, -(2**40), -(2**63)])
def test_offsets_out_of_range_give_no_time(tmp_path, offset):
    path = tmp_path / "offset.pcapng"
    path.write_bytes(timed(9, offset, (0, 1_700_000_000_000_000_000)))
    records, damage = read(path)
    assert [record.timestamp_ns for record in records] == [None, None]
    assert damage is None


def test_a_simple_packet_has_no_time(tmp_path):
    path = tmp_path / "simple.pcapng"
    path.write_bytes(captures.section() + captures.interface() + captures.simple(b"1234"))
    (record,), _ = read(path)
    assert record.timestamp_ns is None
