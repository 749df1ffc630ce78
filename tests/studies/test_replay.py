"""What ``replay`` tells of traces."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import pcaphash
from naive.rings import Packet, is_overtaking_by_change, simulate
from pcaphash import Change, ConfigurationError, Device, Rate, ReplayOptions, Selection
from pcaphash.capture.reader import Reader
from pcaphash.engine.census.describer import Describer
from pcaphash.engine.replay.rates import parse_rate, parse_service_rate, parse_speed
from pcaphash.errors import Field
from pcaphash.quantities import parse_duration
from pcaphash.studies.replay import columns
from pcaphash.studies.replay.rows import WorstWindow, find_worst_windows
from support import builders, captures
from support.shared import ROOT

SAMPLES = ROOT / "sample_traces"
OVERLAY = SAMPLES / "overlay.pcap"
BASELINES = ["shared-ring", "round-robin", "ideal-hash"]
START = 1_700_000_000 * 10**9

DEVICE = Device(queues=4, name="before")
CHANGED = Device(queues=4, hash_key=bytes(range(1, 41)), name="after")


def bursts(path, n=300, gap_ns=150):
    """Write a capture of a few flows that arrive closely together."""
    packets = [builders.framed(builders.ipv4(builders.udp(bytes(i % 7), 1000 + i % 5), 17)) for i in range(n)]
    times = [START + gap_ns * (i // 3) for i in range(n)]
    records = b"".join(
        captures.pcap_record(packet, time=divmod(time, 10**9)) for packet, time in zip(packets, times, strict=True)
    )
    path.write_bytes(captures.pcap(records, magic=captures.NANOSECONDS))
    return path


@pytest.fixture
def trace(tmp_path):
    return bursts(tmp_path / "bursts.pcap")


def simulated(path, devices, since_ps, options):
    """Simulate the rings of a device that changes, over a capture with one block."""
    (block,) = Reader(str(path)).blocks()
    queues = [Describer(device).describe(block).queues.tolist() for device in devices]
    times = (1000 * (block.timestamps() - block.timestamps()[0])).tolist()
    packets = []
    for number, time in enumerate(times):
        epoch = sum(time >= since for since in since_ps) - 1
        frame = block.data[int(block.records["offset"][number]) :]
        flow = int(frame[34]) << 8 | int(frame[35])
        length = int(block.records["original_length"][number])
        packets.append(Packet(time, length, flow, queues[epoch][number], epoch))
    own = range(devices[0].queues)
    simulate(
        packets, {q: q for q in own}, dict.fromkeys(own, 1), options.ring_size, options.fixed_ps,
        options.service_per_byte_ps,
    )  # fmt: skip
    return packets


@pytest.mark.parametrize("since_ns", [None, 0, 4500, 7000])
def test_rows_are_those_of_the_simulation(trace, since_ns):
    changes = [] if since_ns is None else [Change("before", 1000 * since_ns, CHANGED)]
    options = ReplayOptions(8, 90_000, 500, changes=changes, baselines=False)
    since = [0] if since_ns is None else [0, 1000 * since_ns]
    packets = simulated(trace, [DEVICE, CHANGED], since, options)
    result = pcaphash.replay(trace, DEVICE, options)
    (verdict,) = result.verdicts
    accepted = [packet for packet in packets if packet.accepted]
    end = max(packet.end for packet in accepted)
    assert verdict.duration_ns == end / 1000
    assert verdict.dropped == len(packets) - len(accepted)
    assert (verdict.dropped > 0) == (since_ns != 0)
    assert verdict.reordered == sum(bool(packet.overtakes) for packet in accepted)
    assert verdict.reordered_by_change == sum(map(is_overtaking_by_change, packets))
    assert (verdict.reordered > 0) == (since_ns in (4500, 7000))
    for row in result.queues.itertuples():
        own = [packet for packet in packets if packet.queue == row.queue]
        delays = sorted(packet.delay for packet in own if packet.accepted)
        assert (row.packets, row.bytes) == (len(own), sum(packet.length for packet in own))
        assert row.dropped == len(own) - len(delays)
        assert row.occupancy_max == max((packet.occupied for packet in own), default=0)
        assert row.occupancy_mean == pytest.approx(sum(delays) / end)
        services = sum(90_000 + 500 * packet.length for packet in own if packet.accepted)
        assert row.busy_share == pytest.approx(services / end)
        if not delays:
            assert pd.isna(row.delay_median_ns)
            continue
        assert row.delay_max_ns == delays[-1] / 1000
        for value, percent in ((row.delay_median_ns, 500), (row.delay_p99_ns, 990), (row.delay_p999_ns, 999)):
            assert value == pytest.approx(delays[-(-len(delays) * percent // 1000) - 1] / 1000, rel=1 / 128)


def test_windows_add_up_to_the_whole(trace):
    options = ReplayOptions(8, 90_000, window_ns=1000)
    result = pcaphash.replay(trace, [DEVICE, CHANGED], options)
    windows, queues = result.windows, result.queues
    assert (windows["window_start_ns"] % 1000 == 0).all()
    assert windows["window_start_ns"].min() == START
    assert set(windows["config"]) == {"before", "after", *BASELINES}
    assert windows["busy_share"].max() <= 1
    assert windows["occupancy_max"].max() <= 4 * 8
    for names, of_queue in windows.groupby(["config", "queue"]):
        (whole,) = queues[(queues["config"] == names[0]) & (queues["queue"] == names[1])].itertuples()
        duration = next(each.duration_ns for each in result.verdicts if each.config == names[0])
        for column in ("packets", "bytes", "dropped", "reordered"):
            assert of_queue[column].sum() == getattr(whole, column)
        for column in ("busy_share", "occupancy_mean"):
            assert of_queue[column].sum() * 1000 == pytest.approx(getattr(whole, column) * duration)
        assert of_queue["occupancy_max"].max() == whole.occupancy_max
        assert (of_queue["occupancy_mean"] <= of_queue["occupancy_max"] + 1e-9).all()


def test_windows_go_on_until_all_is_served(tmp_path):
    trace = bursts(tmp_path / "short.pcap", 6, gap_ns=1)
    result = pcaphash.replay(trace, Device(queues=1), ReplayOptions(8, 10**6, window_ns=1000, baselines=False))
    assert [row.packets for row in result.windows.itertuples()] == [6, 0, 0, 0, 0, 0]
    assert [row.occupancy_max for row in result.windows.itertuples()] == [6, 5, 4, 3, 2, 1]
    assert result.windows["busy_share"].sum() == pytest.approx(6)


def test_the_worst_window_is_found(trace):
    result = pcaphash.replay(trace, [DEVICE, CHANGED], ReplayOptions(8, 90_000, window_ns=1000))
    windows = result.windows
    for worst in find_worst_windows(result.window_rows):
        own = windows[windows["config"] == worst.config].groupby("window_start_ns")
        dropped = own["dropped"].sum()
        assert (worst.windows, worst.lossy) == (len(dropped), int((dropped > 0).sum()))
        assert worst.dropped == dropped.max() == dropped[worst.start_ns]
        assert worst.packets == own["packets"].sum()[worst.start_ns]
        assert worst.delay_max_ns == own["delay_max_ns"].max()[worst.start_ns]


def test_without_loss_the_worst_window_is_that_of_the_longest_delay():
    rows = [
        {"config": "a", "window_start_ns": 1000 * n, "packets": 9, "dropped": 0, "delay_max_ns": delay}
        for n, delay in enumerate((5.0, None, 70.0, 70.0))
    ]
    assert find_worst_windows(rows) == [WorstWindow("a", 4, 0, 2000, 9, 0, 70.0)]
    assert find_worst_windows(rows[1:2]) == [WorstWindow("a", 1, 0, 1000, 9, 0, None)]


def test_packets_evenly_spaced_do_not_wait(trace):
    options = ReplayOptions(1, 10**6, rate=Rate(10**6))
    rows = pcaphash.replay(trace, Device(queues=1), options).queues
    own = rows.head(1)
    assert own["dropped"].tolist() == [0]
    for column in ("delay_median_ns", "delay_p99_ns", "delay_p999_ns", "delay_max_ns"):
        assert own[column].tolist() == [1000.0]
    assert own["busy_share"].tolist() == [1.0]
    assert own["occupancy_max"].tolist() == [1]


@pytest.mark.jit_only
def test_loss_ends_between_the_rates_that_are_told(trace):
    result = pcaphash.replay(trace, [DEVICE, CHANGED], ReplayOptions(8))
    assert not len(result.queues)
    for verdict in result.verdicts:
        found = verdict.lossless
        for rate, is_lossy in ((found.lossy_pps, True), (found.lossless_pps, False)):
            again = pcaphash.replay(trace, [DEVICE, CHANGED], ReplayOptions(8, round(10**12 / rate)))
            (dropped,) = [each.dropped for each in again.verdicts if each.config == verdict.config]
            assert (dropped > 0) == is_lossy
    least = min(each.needed_pps for each in result.verdicts if not each.is_baseline)
    assert result.best == [each.config for each in result.verdicts[:2] if each.needed_pps == least]


@pytest.mark.jit_only
def test_the_curve_has_what_rings_lose_at_each_rate(trace):
    result = pcaphash.replay(trace, DEVICE, ReplayOptions(8))
    assert len(result.curve) == 24 * 4
    for row in result.curve.iloc[::7].itertuples():
        again = pcaphash.replay(trace, DEVICE, ReplayOptions(8, round(10**12 / row.service_rate_pps)))
        (verdict,) = [each for each in again.verdicts if each.config == row.config]
        assert (row.packets, row.dropped) == (verdict.packets, verdict.dropped)
        assert row.drop_share == verdict.drop_share
        assert row.needed_pps == next(each.needed_pps for each in result.verdicts if each.config == row.config)


@pytest.mark.jit_only
def test_devices_may_have_the_same_name(trace):
    devices = [Device(queues=3), Device(queues=16, indirection_table_size=16)]
    both = pcaphash.replay(trace, devices, ReplayOptions(8, baselines=False))
    for device, verdict in zip(devices, both.verdicts, strict=True):
        alone = pcaphash.replay(trace, device, ReplayOptions(8, baselines=False))
        assert alone.verdicts == [verdict]


@pytest.mark.jit_only
def test_the_fewest_queues_without_loss(trace):
    result = pcaphash.replay(trace, DEVICE, ReplayOptions(8, baselines=False))
    assert len(result.fewest_queues) == 24
    for row in result.fewest_queues.iloc[::5].itertuples():
        service = round(10**12 / row.service_rate_pps)
        tried = {n: ReplayOptions(8, service, baselines=False) for n in (1, 2, 4, 8, 16, 32, 64)}
        drops = {n: pcaphash.replay(trace, Device(queues=n), options) for n, options in tried.items()}
        lossless = [n for n, again in drops.items() if not again.verdicts[0].dropped and again.verdicts[0].keeps_up]
        assert lossless[0] == row.queues if lossless else pd.isna(row.queues)


@pytest.mark.jit_only
def test_what_the_others_lose_where_the_best_lose_nothing(trace):
    devices = [Device(queues=4, name="four"), Device(queues=16, indirection_table_size=16, name="sixteen")]
    result = pcaphash.replay(trace, devices, ReplayOptions(8))
    rates = sorted(set(result.curve["service_rate_pps"]))
    (best,) = [each for each in result.verdicts if each.config == "sixteen"]
    assert result.best == ["sixteen"]
    assert result.tight.service_rate_pps == min(rate for rate in rates if rate >= best.needed_pps)
    four, sixteen = result.tight.configurations
    assert (four.config, sixteen.config) == ("four", "sixteen")
    assert four.drop_share > 0 == sixteen.drop_share
    assert (four.is_enough, sixteen.is_enough) == (False, True)
    at_it = result.fewest_queues[result.fewest_queues["service_rate_pps"] == result.tight.service_rate_pps]
    assert [four.queues, sixteen.queues] == [None if pd.isna(each) else each for each in at_it["queues"]]


@pytest.mark.jit_only
def test_nothing_is_tight_where_packets_arrive_at_once_and_fit_or_no_rate_is_asked_for(trace, tmp_path):
    at_once = bursts(tmp_path / "at_once.pcap", gap_ns=0)
    assert pcaphash.replay(at_once, DEVICE, ReplayOptions(2**15, baselines=False)).tight is None
    assert pcaphash.replay(trace, DEVICE, ReplayOptions(8, 1000, baselines=False)).tight is None


@pytest.mark.jit_only
@pytest.mark.parametrize("ring_size", [256, 8192])
def test_the_rate_that_is_needed_is_the_one_that_a_longer_trace_needs(ring_size):
    told = pcaphash.replay(OVERLAY, speed="1000x", ring_size=ring_size)
    for verdict in told.verdicts:
        received = told.packets / 8 if verdict.is_baseline else None
        if received is None:
            served = pcaphash.replay(OVERLAY, speed="1000x", service_rate="1Mpps").queues
            received = served[served["config"] == verdict.config]["packets"].max()
        mean_pps = (told.packets - 1) / (told.duration_ns / 1e9)
        assert verdict.needed_pps >= received / told.packets * mean_pps * (1 - 1e-9)
    needed = {each.config: each.needed_pps for each in told.verdicts}
    for name in ("inner", "shared-ring"):
        drops = {}
        for part in (0.85, 1.001):
            rounds = pcaphash.replay(OVERLAY, speed="1000x", service_rate=part * needed[name], loop=100)
            (drops[part],) = [each.dropped for each in rounds.verdicts if each.config == name]
        assert drops[0.85] > 0 == drops[1.001]


@pytest.mark.jit_only
def test_cores_that_are_slower_than_packets_arrive_do_not_keep_up_whatever_rings_hold():
    for loop, is_dropped in ((1, False), (60, True)):
        result = pcaphash.replay(OVERLAY, speed="1000x", service_rate="120kpps", ring_size=4096, loop=loop)
        for each in result.verdicts:
            assert not each.keeps_up
            assert (each.dropped > 0) == is_dropped
    assert all(each.keeps_up for each in pcaphash.replay(OVERLAY, speed="1000x", service_rate="1Mpps").verdicts)
    per_byte = pcaphash.replay(OVERLAY, speed="1000x", service_time_per_byte="10ns", ring_size=4096)
    busiest = per_byte.queues.groupby("config", sort=False)["bytes"].max()
    for each in per_byte.verdicts:
        cores = 8 if each.config == "shared-ring" else 1
        period_ns = per_byte.duration_ns * per_byte.packets / (per_byte.packets - 1)
        assert each.busiest.offered_load == pytest.approx(10 * busiest[each.config] / cores / period_ns)
        own = per_byte.queues[per_byte.queues["config"] == each.config]
        assert own["offered_load"].max() == each.busiest.offered_load
        packets = own["packets"][own["offered_load"].idxmax()] / cores
        assert each.busiest.ring_fills == packets / 4096
        assert each.busiest.average_pps == pytest.approx(packets * 1e9 / period_ns)


@pytest.mark.jit_only
def test_the_fewest_queues_are_not_told_where_their_number_changes():
    for changed, is_told in ({"queues": 16}, False), ({"hash_types": "all"}, True):
        result = pcaphash.replay(OVERLAY, Device(hash_types="base"), speed="1000x", at=[("1ms", changed)])
        assert bool(result.fewest_rows) == is_told


def test_standard_input_is_read_once(trace, monkeypatch):
    with trace.open("rb") as stream:
        import os

        copy = os.dup(0)
        try:
            os.dup2(stream.fileno(), 0)
            result = pcaphash.replay("-", DEVICE, ReplayOptions(8))
        finally:
            os.dup2(copy, 0)
            os.close(copy)
    of_file = pcaphash.replay(trace, DEVICE, ReplayOptions(8))
    assert result.curve["service_rate_pps"].min() == pytest.approx(10_000)
    assert [each.lossless for each in result.verdicts] == [each.lossless for each in of_file.verdicts]


@pytest.mark.jit_only
def test_a_device_without_queues_to_tell_has_no_rows():
    device = Device(features="CTRL_VQ+HASH_REPORT", name="without")
    for options in (ReplayOptions(service_ps=1000), ReplayOptions(service_ps=1000, window_ns=10**8), ReplayOptions()):
        result = pcaphash.replay(OVERLAY, [device, DEVICE], options)
        verdict = result.verdicts[0]
        assert (verdict.queues, verdict.packets, verdict.unknown) == (0, 0, 6060)
        assert "without" not in set(result.main_table()["config"])
        assert result.best == ["before"]


def test_packets_cut_short_go_to_no_queue():
    result = pcaphash.replay(SAMPLES / "cut.pcap", options=ReplayOptions(service_ps=1000))
    analysis = pcaphash.analyze(SAMPLES / "cut.pcap")
    for verdict, summary in zip(result.verdicts, analysis.summary.itertuples(), strict=False):
        assert verdict.unknown == summary.unknown > 0
        assert verdict.packets == summary.packets - summary.unknown


@pytest.mark.jit_only
def test_queues_receive_what_analyze_counts():
    result, analysis = pcaphash.replay(OVERLAY, options=ReplayOptions(service_ps=1000)), pcaphash.analyze(OVERLAY)
    own = result.queues[~result.queues["config"].isin(BASELINES)].reset_index(drop=True)
    names = ["config", "queue", "packets", "bytes"]
    pd.testing.assert_frame_equal(own[names], analysis.distribution[names])


@pytest.mark.parametrize("name", ["QUEUES", "WINDOWS", "CURVE", "FEWEST_QUEUES", "DELAYS"])
def test_tables_have_their_columns(trace, name):
    with_service = name in ("QUEUES", "WINDOWS", "DELAYS")
    result = pcaphash.replay(trace, DEVICE, ReplayOptions(8, 10**5, window_ns=1000) if with_service else None)
    table = getattr(result, name.lower())
    assert tuple(table) == getattr(columns, name).names
    assert len(table)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"ring_size": 0}, "ring_size"),
        ({"ring_size": 65537}, "ring_size"),
        ({"service_ps": 0}, "service_ps"),
        ({"service_ps": -1}, "service_ps"),
        ({"service_per_byte_ps": -1}, "service_per_byte_ps"),
        ({"service_ps": 2**60}, "service_ps"),
        ({"speed": Fraction(-2)}, "speed"),
        ({"speed": Fraction(0)}, "speed"),
        ({"speed": Fraction(1, 10**10)}, "speed"),
        ({"rate": Rate(0)}, "rate"),
        ({"rate": Rate(1), "speed": Fraction(2)}, "speed"),
        ({"loop": 0}, "loop"),
        ({"service_ps": 1, "window_ns": 0}, "window_ns"),
        ({"window_ns": 1}, "window_ns"),
        ({"changes": [Change("before", -1, CHANGED)]}, "changes"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, field):
    with pytest.raises(ConfigurationError) as error:
        ReplayOptions(**arguments)
    assert error.value.place.name == field
    assert "\n" not in str(error.value)


def test_the_words_of_the_command_line_are_those_of_python(trace):
    device = Device(name="before", hash_types="addresses")
    after = Device(name="before", hash_types="all")
    exact = ReplayOptions(
        ring_size=2,
        service_ps=500_000,
        service_per_byte_ps=100,
        speed=Fraction(5, 2),
        loop=2,
        window_ns=1000,
        changes=[Change("before", 3_000_000, after)],
    )
    in_words = pcaphash.replay(
        trace, device, ring_size=2, service_time="500ns", service_time_per_byte="0.1ns", speed=2.5, loop=2,
        window="1us", at=[("3us", {"hash_types": "all", "config": "before"})],
    )  # fmt: skip
    assert in_words.options == exact
    assert in_words.queues.equals(pcaphash.replay(trace, device, exact).queues)
    both = pcaphash.replay(trace, device, exact, service_rate=4e6, service_time_per_byte=None)
    assert (both.options.service_ps, both.options.ring_size) == (250_000, 2)
    at_rate = pcaphash.replay(trace, device, rate="10Gbps", service_rate="2Mpps").options
    assert (at_rate.rate, at_rate.service_ps) == (Rate(10**10, "bits"), 500_000)
    assert pcaphash.replay(trace, device, rate=1000, rebase=True).options.rate == Rate(1000)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"service_rate": "2Mfoo"}, "service_rate: '2Mfoo' is not a rate"),
        ({"service_rate": -1}, "service_rate: '-1pps' is not a rate"),
        ({"service_time": 0.5}, "service_time: '0.5' is not a length of time"),
        ({"service_rate": "1Mpps", "service_time": "1ns"}, "service_rate: service_time says how long"),
        (
            {"service_rate": "1Mpps", "service_time_per_byte": "1ns"},
            "service_rate: service_time_per_byte says how long a packet takes, too",
        ),
        ({"speed": 0}, "speed: '0x' is not a speed"),
        ({"ring_size": "64"}, "ring_size: '64' is not a whole number"),
        ({"ring_size": True}, "ring_size: True is not a whole number"),
        ({"loop": 2.0}, "loop: 2.0 is not a whole number"),
        ({"service_rate": "1Mpps", "window": 100}, "window: '100' is not a length of time"),
        ({"at": [("1s", {"config": "before"})]}, "at: nothing changes at 1s"),
        ({"at": [("1s", {"foo": 1})]}, "at: 'foo' is not an argument of Device"),
        ({"at": [("1s", {"queues": 4, "config": "x"})]}, "at: 1s: there is no configuration 'x'"),
        ({"at": [("1s", {"indirection_table": [99]})]}, "at: 1s: indirection_table: 99 is out of range"),
    ],
)
def test_words_that_are_refused(trace, words, said):
    with pytest.raises(ConfigurationError) as error:
        pcaphash.replay(trace, DEVICE, **words)
    assert str(error.value).startswith(said)


@pytest.mark.parametrize(
    "change",
    [
        Change("other", 0, CHANGED),
        Change("before", 0, Device("1.4")),
        Change("before", 0, Device(features="CTRL_VQ+RSS")),
    ],
)
def test_changes_that_cannot_be_are_refused(change):
    with pytest.raises(ConfigurationError) as error:
        pcaphash.replay(OVERLAY, DEVICE, ReplayOptions(changes=[change]))
    assert error.value.place.name == "changes"


def test_no_packets_are_refused(tmp_path):
    (tmp_path / "empty.pcap").write_bytes(captures.pcap())
    with pytest.raises(ConfigurationError, match="no packet arrives"):
        pcaphash.replay(tmp_path / "empty.pcap")
    with pytest.raises(ConfigurationError, match="matches the selection"):
        pcaphash.replay(OVERLAY, selection=Selection(vni=[16_000_000]))


def test_too_many_windows_are_refused(trace, monkeypatch):
    monkeypatch.setattr("pcaphash.engine.replay.windows.MOST_ROWS", 100)
    with pytest.raises(ConfigurationError, match="rows"):
        pcaphash.replay(trace, DEVICE, ReplayOptions(8, 10**5, window_ns=100))


def test_words_for_rates_and_times():
    assert parse_rate("2Mpps") == Rate(2_000_000)
    assert parse_rate("10 Gbps") == Rate(10**10, "bits")
    assert parse_service_rate("3Mpps") == 333_333
    assert parse_duration(Field("service_ps"), "400ns") == 400_000
    assert parse_speed("2x") == 2
    assert parse_speed("0.5") == Fraction(1, 2)
    for parse, text in ((parse_rate, "2MB"), (parse_service_rate, "10Gbps"), (parse_speed, "0"), (parse_speed, "-2x")):
        with pytest.raises(ConfigurationError):
            parse(text)


def test_loads_of_years_do_not_overflow(tmp_path):
    trace = bursts(tmp_path / "slow.pcap", 300)
    options = ReplayOptions(8, 10**15, rate=Rate(Fraction(1, 10**6)))  # a packet in eleven days, for nine years
    result = pcaphash.replay(trace, Device(queues=1), options)
    assert result.duration_ns == 299 * 10**15
    assert result.verdicts[0].dropped == 0
    assert result.queues["delay_max_ns"].max() == 10**12
    assert result.queues["busy_share"].iloc[0] == pytest.approx(300 * 1000 / (299 * 10**6 + 1000))


def test_numbers_of_packets_are_plain(trace):
    verdict = pcaphash.replay(trace, DEVICE, ReplayOptions(8, 10**5)).verdicts[0]
    assert not any(isinstance(getattr(verdict, name), np.generic) for name in ("packets", "dropped", "reordered"))
