"""When packets arrive: clocks, merging, rounds, rates; and exact times whatever their size."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pcaphash
from pcaphash import ConfigurationError, Rate, ReplayOptions
from pcaphash.capture.input import FileInput
from pcaphash.device.device import Device
from pcaphash.engine.replay.arrivals import Arrivals, Timing
from pcaphash.engine.replay.scale import Scale
from pcaphash.engine.replay.steering import Plan, Steerer
from pcaphash.engine.rules import ReadingRules
from pcaphash.engine.selecting.selection import Selection
from support import builders, captures

HOUR = 3600 * 10**9
START = 1_700_000_000 * 10**9
FRAME = builders.framed(builders.ipv4(builders.udp(), 17))


def write(path, stamps, lengths=None):
    """Write a capture with packets at these nanoseconds after START; a length tells a packet from others."""
    lengths = lengths or [len(FRAME)] * len(stamps)
    records = b"".join(
        captures.pcap_record(FRAME, original_length=length, time=divmod(START + stamp, 10**9))
        for stamp, length in zip(stamps, lengths, strict=True)
    )
    path.write_bytes(captures.pcap(records, magic=captures.NANOSECONDS))
    return str(path)


def arrivals_of(paths, timing=None, selection=None):
    """Return times of arrival in picoseconds and lengths, and what was found out about the traces."""
    timing = timing or Timing()
    device = Device()
    arrivals = Arrivals(
        [FileInput(path) for path in paths],
        Steerer([Plan("only", (device,))]),
        timing,
        ReadingRules.of(device),
        "v7",
        selection or Selection(),
    )
    times, lengths = [], []
    for steered in arrivals.packets():
        for stretch in timing.scale.stretches(steered.base, steered.values):
            times += [stretch.epoch_ps + time for time in stretch.times.tolist()]
        lengths += steered.lengths.tolist()
    return times, lengths, arrivals


def settled(stamps):
    """Settle stamps the plain way: nanoseconds after the first, how many run backwards, and which jump."""
    times, backwards, jumps = [0], [], []
    clock = stamps[0]  # what the clock shows when the packet before arrives
    for number, stamp in enumerate(stamps[1:], 2):
        if abs(stamp - clock) > HOUR:
            jumps.append((number, (stamp - clock) / 1e9))
            clock = stamp
            times.append(times[-1])
        elif stamp < clock:
            backwards.append(number)
            times.append(times[-1])
        else:
            times.append(times[-1] + stamp - clock)
            clock = stamp
    return times, backwards, jumps


steps = st.sampled_from([0, 1, 999, 10**6, -1, -(10**6), HOUR, HOUR + 1, -HOUR, -HOUR - 1, 30 * HOUR, -50 * HOUR])


@given(stamps=st.lists(steps, min_size=1, max_size=30).map(lambda gaps: np.cumsum(gaps).tolist()))
def test_clocks_are_settled_as_the_rule_says(scratch, stamps):
    path = write(scratch / "clock.pcap", stamps)
    times, _, arrivals = arrivals_of([path])
    expected, backwards, jumps = settled(stamps)
    assert times == [1000 * time for time in expected]
    found = arrivals.traces[0].settler.stamps
    assert (found.backwards, found.first_backwards) == (len(backwards), backwards[0] if backwards else 0)
    assert found.jumps == len(jumps)
    assert [number for number, _ in found.named] == [number for number, _ in jumps[:10]]
    assert [seconds for _, seconds in found.named] == pytest.approx([seconds for _, seconds in jumps[:10]])
    assert arrivals.first_stamp == START + stamps[0]


def test_the_result_names_what_was_unusual(tmp_path):
    path = write(tmp_path / "clock.pcap", [0, 10, 5, 4, 2 * HOUR, 2 * HOUR + 1])
    clock = pcaphash.replay(path, options=ReplayOptions(service_ps=1)).clock
    assert [(each.trace, each.packet, each.packets) for each in clock.backwards] == [(path, 3, 2)]
    assert [(each.trace, each.packet) for each in clock.jumps] == [(path, 5)]
    assert clock.jumps[0].seconds == pytest.approx(7200)
    assert clock.n_jumps == 1


times_of_traces = st.lists(
    st.lists(st.sampled_from([0, 0, 1, 5, 1000]), min_size=0, max_size=20).map(lambda gaps: np.cumsum(gaps).tolist()),
    min_size=2,
    max_size=4,
)


@given(traces=times_of_traces, starts=st.lists(st.integers(0, 20), min_size=4, max_size=4))
def test_traces_are_merged_by_time_and_stay_in_order(scratch, traces, starts):
    paths, all_packets = [], []
    for number, (stamps, start) in enumerate(zip(traces, starts, strict=False)):
        stamps = [start + stamp for stamp in stamps]
        lengths = [60 + 100 * number + place for place in range(len(stamps))]
        paths.append(write(scratch / f"merged{number}.pcap", stamps, lengths))
        all_packets += zip(stamps, lengths, strict=True)
    expected = sorted(all_packets, key=lambda packet: packet[0])  # stable
    times, lengths, _ = arrivals_of(paths)
    assert lengths == [length for _, length in expected]
    assert times == [1000 * (time - expected[0][0]) for time, _ in expected]


@pytest.mark.jit_only
def test_long_traces_are_merged_block_by_block(tmp_path):
    rng = np.random.default_rng(1)
    traces = [np.cumsum(rng.integers(0, 3, n)).tolist() for n in (60_000, 50_000, 20)]
    paths = [write(tmp_path / f"{number}.pcap", stamps) for number, stamps in enumerate(traces)]
    times, _, _ = arrivals_of(paths)
    everything = np.sort(np.concatenate(traces))
    assert times == ((everything - everything[0]) * 1000).tolist()


def test_rebased_traces_follow_each_other_by_one_mean_gap(tmp_path):
    paths = [
        write(tmp_path / "a.pcap", [100, 110, 131]),
        write(tmp_path / "b.pcap", [5]),
        write(tmp_path / "c.pcap", [7, 8]),
    ]
    times, _, _ = arrivals_of(paths, Timing(rebase=True))
    assert times == [1000 * time for time in (0, 10, 31, 46, 46, 47)]


def test_rounds_follow_each_other_by_one_mean_gap(tmp_path):
    paths = [write(tmp_path / "a.pcap", [0, 10]), write(tmp_path / "b.pcap", [5, 16])]
    times, _, arrivals = arrivals_of(paths, Timing(loop=3))
    assert times == [1000 * (round_ + time) for round_ in (0, 21, 42) for time in (0, 5, 10, 16)]
    assert arrivals.reading.packets == 4


def test_speed_divides_times_exactly(tmp_path):
    path = write(tmp_path / "a.pcap", [0, 1, 10, 1000])
    times, _, _ = arrivals_of([path], Timing(speed=Fraction(3)))
    assert times == [0, 333, 3333, 333_333]


def test_a_rate_gives_the_times_of_packets_in_order_of_the_files(tmp_path):
    paths = [write(tmp_path / "a.pcap", [50, 10]), write(tmp_path / "b.pcap", [0])]
    times, _, _ = arrivals_of(paths, Timing(rate=Rate(Fraction(3 * 10**6)), loop=2))
    assert times == [i * 10**6 // 3 for i in range(6)]


def test_a_rate_of_bits_counts_original_lengths(tmp_path):
    path = write(tmp_path / "a.pcap", [0, 0, 0], [100, 1500, 60])
    times, _, _ = arrivals_of([path], Timing(rate=Rate(Fraction(10**10), "bits"), loop=2))
    before = [0, 100, 1600, 1660, 1760, 3260]
    assert times == [8 * length * 100 for length in before]


def test_no_more_packets_arrive_than_are_selected(tmp_path):
    paths = [write(tmp_path / "a.pcap", [0, 10, 20]), write(tmp_path / "b.pcap", [5, 16])]
    times, _, arrivals = arrivals_of(paths, selection=Selection(count=3))
    assert times == [0, 5000, 10_000]
    assert arrivals.reading.is_stopped


def test_a_packet_without_a_time_needs_a_rate(tmp_path):
    packet = captures.section() + captures.interface() + captures.enhanced(FRAME) + captures.simple(FRAME)
    (tmp_path / "a.pcapng").write_bytes(packet)
    with pytest.raises(ConfigurationError) as error:
        pcaphash.replay(tmp_path / "a.pcapng")
    assert error.value.place.name == "rate"
    assert "packet 2" in str(error.value)
    assert pcaphash.replay(tmp_path / "a.pcapng", options=ReplayOptions(rate=Rate(1))).packets == 2


def test_standard_input_cannot_be_looped():
    with pytest.raises(ConfigurationError, match="loop"):
        pcaphash.replay("-", options=ReplayOptions(loop=2))


ratios = st.builds(Fraction, st.integers(1, 10**9), st.integers(1, 10**9))


@given(ps=ratios, base=st.integers(0, 2**80), gaps=st.lists(st.integers(0, 2**50), min_size=1, max_size=20))
def test_times_are_exact_whatever_their_size(ps, base, gaps):
    values = np.cumsum(np.array(gaps, np.int64))
    found = []
    for stretch in Scale(ps).stretches(base, values):
        assert stretch.start == len(found)
        assert stretch.times.dtype == np.int64
        assert stretch.times.min() >= 0
        found += [stretch.epoch_ps + int(time) for time in stretch.times]
    assert found == [(base + int(value)) * ps.numerator // ps.denominator for value in values]


@given(ps=ratios, time=st.integers(0, 2**70))
def test_the_first_value_from_a_time_on(ps, time):
    scale = Scale(ps)
    value = scale.first_from(time)
    assert scale.time_of(value) >= time
    assert value == 0 or scale.time_of(value - 1) < time


def test_nothing_drifts_over_a_thousand_million_packets():
    scale = Timing(rate=Rate(Fraction(14_880_952))).scale
    (stretch,) = scale.stretches(10**9, np.arange(3))
    times = [stretch.epoch_ps + time for time in stretch.times.tolist()]
    assert times == [(10**9 + i) * 10**12 // 14_880_952 for i in range(3)]
