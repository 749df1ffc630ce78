"""Several traces become one: packets by time, interfaces of all, and everything else that stood in them."""

import struct

import numpy as np
import pytest

from naive import delivered as naive
from naive.capture import read
from pcaphash import Device
from pcaphash.capture.delivered.opening import open_capture
from pcaphash.engine.replay.rates import Rate
from pcaphash.engine.selecting.selection import RECEIVED, Selection
from pcaphash.errors import ConfigurationError, NothingReadableError
from pcaphash.studies.replay import ReplayOptions, replay
from pcaphash.studies.replay.course import Course
from pcaphash.studies.replay.delivery import deliver
from pcaphash.studies.replay.merging import merge_traces
from support import builders, captures

NAME, RESOLUTION, STATISTICS, NAMES = 2, 9, 5, 4


def frame(number):
    return builders.framed(builders.ipv4(builders.udp(source_port=number), 17))


def named(name, link_type=1, order="<", resolution=9):
    options = captures.option(NAME, name, order) + captures.option(RESOLUTION, bytes([resolution]), order)
    return captures.interface(link_type, options=options + captures.option(0, b"", order), order=order)


def pcap_of(times, first=0, order="<", magic=None):
    more = {} if magic is None else {"magic": magic}
    records = b"".join(
        captures.pcap_record(
            frame(first + i), order=order, time=(time // 10**9, time % 10**9 // (1 if magic else 1000))
        )
        for i, time in enumerate(times)
    )
    return captures.pcap(records, order=order, **more)


def packet_at(time, number, interface=0, order="<"):
    return captures.enhanced(frame(number), ticks=time, number=interface, order=order)


def write(tmp_path, files, options=None, selection=RECEIVED, device=None):
    paths = []
    for i, data in enumerate(files):
        path = tmp_path / f"{i}.pcap"
        path.write_bytes(data)
        paths.append(str(path))
    device, options = device or Device(), options or ReplayOptions()
    merged = merge_traces(paths, device, options, selection)
    course = Course(paths[0], device, options, merged if options.rate is None else None)
    out = tmp_path / "out.pcapng"
    with open_capture(str(out)) as encoder:
        reading = deliver(merged, device, [encoder], course if options.has_service else None, selection)
    return out.read_bytes(), reading


def ports_of(data):
    return [int.from_bytes(record.captured[34:36], "big") for record in read(data).records]


def blocks_of(data):
    section, offset = naive.Section("<"), 0
    while offset < len(data):
        section = naive.section_at(data, offset, section)
        kind, body, size = naive.read_block(data, offset, section)
        yield kind, body
        offset += size


def test_packets_are_by_time_and_equal_times_in_order_of_traces(tmp_path):
    first, second = [10, 30, 30, 50], [0, 30, 40, 60]
    files = [pcap_of([1000 * t for t in first]), pcap_of([1000 * t for t in second], 100, order=">")]
    found, reading = write(tmp_path, files)
    assert ports_of(found) == [100, 0, 1, 2, 101, 102, 3, 103]
    assert [record.timestamp_ns for record in read(found).records] == sorted(1000 * t for t in first + second)
    assert (reading.packets, [kind for kind, _ in blocks_of(found)][:3]) == (8, [captures.SECTION_HEADER, 1, 1])


def test_of_a_clock_that_runs_backwards_packets_stay_in_their_order(tmp_path):
    found, _ = write(tmp_path, [pcap_of([5000, 2000, 9000]), pcap_of([4000, 6000], 100)])
    assert ports_of(found) == [100, 0, 1, 101, 2]
    assert [record.timestamp_ns for record in read(found).records] == [4000, 5000, 2000, 6000, 9000]


@pytest.mark.parametrize("order", ["<", ">"])
def test_interfaces_of_all_traces_are_there_and_what_belongs_to_them(tmp_path, order):
    statistics = captures.block(STATISTICS, struct.pack(order + "3I", 1, 0, 9), order)
    names = captures.block(NAMES, bytes(4), order)
    comment = captures.option(1, b"kept", order) + captures.option(0, b"", order)
    first = captures.section(order) + named(b"a", order=order) + packet_at(10, 1, order=order) + statistics
    second = captures.section(order) + named(b"b", order=order) + named(b"c", order=order, resolution=6) + names
    second += packet_at(5, 2, 0, order) + captures.enhanced(frame(3), ticks=7, number=1, options=comment, order=order)
    second += captures.obsolete(frame(4), ticks=8, number=1, order=order) + statistics + packet_at(9000, 5, 0, order)
    found, _ = write(tmp_path, [first, second])
    got = read(found)
    assert got.damage is None
    assert ports_of(found) == [2, 1, 3, 4, 5]
    assert [record.timestamp_ns for record in got.records] == [5, 10, 7000, 8000, 9000]
    described = [body for kind, body in blocks_of(found) if kind == 1]
    assert [name in body for name, body in zip((b"a", b"b", b"c"), described, strict=True)] == [True] * 3
    numbers = [struct.unpack_from(order + "I", body)[0] for kind, body in blocks_of(found) if kind == 6]
    assert numbers == [1, 0, 2, 2, 1]
    of = [struct.unpack_from(order + "I", body)[0] for kind, body in blocks_of(found) if kind == STATISTICS]
    assert sorted(of) == [1, 2]  # the first names an interface that its trace does not have
    assert sum(kind == NAMES for kind, _ in blocks_of(found)) == 1
    assert found.count(b"kept") == 1


def test_sections_of_another_byte_order_do_not_go_into_one(tmp_path):
    files = [captures.section(order) + named(b"a", order=order) + packet_at(1, 1, order=order) for order in "<>"]
    with pytest.raises(ConfigurationError, match=r"1\.pcap has another byte order than the trace before it"):
        write(tmp_path, files)


def test_a_section_in_the_middle_gives_its_interfaces_new_numbers(tmp_path):
    section = captures.section() + named(b"a")
    files = [section + packet_at(1, 1) + section + packet_at(3, 2), pcap_of([2000, 4000], 100)]
    found, _ = write(tmp_path, files)
    assert ports_of(found) == [1, 2, 100, 101]
    assert [kind for kind, _ in blocks_of(found)].count(captures.SECTION_HEADER) == 1
    assert sum(kind == 1 for kind, _ in blocks_of(found)) == 3


def test_with_a_rate_or_one_after_the_other_packets_are_in_order_of_traces(tmp_path):
    without_times = captures.section() + captures.interface() + captures.simple(frame(7)) * 2
    files = [pcap_of([9000]), without_times]
    found, _ = write(tmp_path, files, ReplayOptions(rate=Rate(1000)))
    assert ports_of(found) == [0, 7, 7]
    with pytest.raises(ConfigurationError, match=r"packet 1 of .*1\.pcap has no time"):
        write(tmp_path, files)
    found, _ = write(tmp_path, [pcap_of([9000, 9500]), pcap_of([1000, 2000], 100)], ReplayOptions(rebase=True))
    assert ports_of(found) == [0, 1, 100, 101]


def test_selections_hold_in_each_trace_and_counts_over_all(tmp_path):
    files = [pcap_of([1000, 4000, 5000]), pcap_of([2000, 3000], 100)]
    found, reading = write(tmp_path, files, selection=Selection(count=4))
    assert (ports_of(found), reading.is_stopped) == ([0, 100, 101, 1], True)
    late = Selection(start="1970-01-01T00:00:00.000003Z")
    found, reading = write(tmp_path, files, selection=late)
    assert (ports_of(found), sum(reading.left_out.values())) == ([101, 1, 2], 2)


def test_rings_get_the_packets_of_all_as_a_replay_gives_them(tmp_path):
    rng = np.random.default_rng(3)
    times = [np.sort(rng.integers(0, 10**6, 400)).tolist() for _ in range(3)]
    files = [pcap_of(each, 1000 * i, magic=captures.NANOSECONDS) for i, each in enumerate(times)]
    options = ReplayOptions(ring_size=2, service_ps=9_000_000)
    found, _ = write(tmp_path, files, options)
    (verdict, *_) = replay([str(tmp_path / f"{i}.pcap") for i in range(3)], Device(), options).verdicts
    assert 0 < verdict.dropped < 1200
    assert len(ports_of(found)) == 1200 - verdict.dropped


def test_what_cannot_be_read_is_told_and_the_rest_is_written(tmp_path):
    found, reading = write(tmp_path, [b"nothing that is a capture, at all", pcap_of([1000]), pcap_of([500], 100)[:-4]])
    assert (ports_of(found), reading.is_partial, len(reading.problems)) == ([0], True, 2)
    with pytest.raises(NothingReadableError):
        write(tmp_path, [b"nothing", b"nothing"])
