"""What is said and drawn of a replay: sentences made of facts, figures of tables."""

import dataclasses
import io
from collections import Counter

import pytest

from pcaphash.device import Device
from pcaphash.engine.reading import Reading
from pcaphash.report.figures.replay import draw_replay
from pcaphash.report.replay.sent import show_sent
from pcaphash.report.replay.text import show_replay
from pcaphash.report.replay.words import clock_lines, delivered_line, headline, unknown_lines, verdict_lines
from pcaphash.studies.replay import ReplayOptions, replay
from pcaphash.studies.replay.busiest import BusiestCore
from pcaphash.studies.replay.into import Loss, Sent
from pcaphash.studies.replay.result import Backwards, Clock, Jump, Lossless, Replay, ReplayVerdict
from pcaphash.targets.answer import WhyLost
from support.shared import ROOT

OVERLAY = ROOT / "sample_traces" / "overlay.pcap"
SERVED = ReplayOptions(service_ps=500_000)
VERDICT = ReplayVerdict("inner", False, 8, 1000, 0, 0, 0, 0, 1e9)


def replayed(*verdicts, options=SERVED, **fields):
    return Replay(Reading(), (), options, Clock(), 1000, 1e9, None, list(verdicts), **fields)


def needs(config, lossy, lossless):
    return dataclasses.replace(VERDICT, config=config, dropped=None, lossless=Lossless(lossy, lossless))


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ([VERDICT], "At 2 Mpps per core, inner drops no packet."),
        (
            [VERDICT, dataclasses.replace(VERDICT, config="outer")],
            "At 2 Mpps per core, no configuration drops a packet.",
        ),
        (
            [VERDICT, dataclasses.replace(VERDICT, config="outer", dropped=310)],
            "At 2 Mpps per core, inner drops nothing and outer drops 31.0% of packets.",
        ),
        (
            [dataclasses.replace(VERDICT, dropped=1, packets=10**6)],
            "At 2 Mpps per core, inner drops 1 packet.",
        ),
        ([dataclasses.replace(VERDICT, packets=0)], "No packet went to a receive queue, so there is nothing to lose."),
        (
            [dataclasses.replace(VERDICT, queues=0, packets=0, unknown=5)],
            "Without the RSS feature, hashes choose no receive queue, so no ring gets a packet.",
        ),
    ],
)
def test_the_headline_at_a_rate(verdicts, said):
    assert headline(replayed(*verdicts)) == said


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ([needs("a", 0.99e6, 1e6)], "To lose no packet, a core must serve 1 Mpps under a."),
        ([needs("a", 0.99e6, 1.0001e6)], "To lose no packet, a core must serve 1.01 Mpps under a."),
        (
            [needs("a", 1e8, None)],
            "To lose no packet, a core must serve more than 100 Mpps under a. "
            "More packets arrive at nearly the same time than a ring holds.",
        ),
        (
            [needs("a", 0.99e6, 1e6), needs("b", 0.99e6, 1e6)],
            "To lose no packet, a core must serve 1 Mpps under every configuration.",
        ),
        (
            [needs("a", 0.99e6, 1e6), needs("b", None, 10.0), needs("c", 0.99e6, 1e6)],
            "To lose no packet, a core must serve 1 Mpps under a and c and no more than 10 pps under b.",
        ),
        (
            [needs("a", None, 10.0)],
            "No packet is lost at any service rate tried: no ring is ever full.",
        ),
    ],
)
def test_the_headline_of_a_curve(verdicts, said):
    assert headline(replayed(*verdicts, options=ReplayOptions())) == said


def offered(verdict, average_pps, ring_fills, load=None):
    return dataclasses.replace(verdict, busiest=BusiestCore(average_pps, ring_fills, load))


def test_no_core_is_fast_enough_that_serves_less_than_arrives_on_average():
    def said(*verdicts):
        return headline(replayed(*verdicts, options=ReplayOptions()))

    assert said(offered(needs("a", 0.99e6, 1e6), 1.5e6, 50)) == "To lose no packet, a core must serve 1.5 Mpps under a."
    assert said(offered(needs("a", 0.99e6, 1e6), 0.5e6, 50)) == "To lose no packet, a core must serve 1 Mpps under a."
    assert said(offered(needs("a", None, 10.0), 1.5e6, 0.5)) == (
        "No ring is full at any time, at any service rate tried. To keep up, a core must serve 1.5 Mpps under a."
    )


def test_a_trace_that_rings_bridge():
    for fills, said in ((3.2, "3.2"), (0.014, "0.014"), (9.96, "10.0"), (10.0, None)):
        lines = verdict_lines(replayed(offered(needs("a", 0.99e6, 1e6), 1e6, fills), options=ReplayOptions()))
        assert [line.partition(" (")[0] for line in lines] == (
            [f"The trace is only {said} ring-fills long under a"] if said else []
        )
    assert not verdict_lines(replayed(offered(needs("a", 0.99e6, 1e6), None, 0.1), options=ReplayOptions()))


def test_cores_that_do_not_keep_up_but_drop_nothing():
    slow, fast = offered(VERDICT, 3e6, 2.0, 1.5), offered(dataclasses.replace(VERDICT, config="b"), 1e6, 2.0, 0.5)
    assert headline(replayed(slow)) == "At 2 Mpps per core, inner drops nothing, but cannot keep up."
    assert headline(replayed(slow, fast)) == (
        "At 2 Mpps per core, inner drops nothing, but cannot keep up; b drops nothing."
    )
    assert headline(replayed(fast)) == "At 2 Mpps per core, b drops no packet."
    line, _, short = verdict_lines(replayed(slow))
    assert line.startswith("On average, the busiest core gets 150% of what it serves under inner: ")
    assert short.startswith("The trace is only 2.0 ring-fills long under inner (")
    assert not any("ring-fills" in line for line in verdict_lines(replayed(fast)))


CUT = "The capture is cut too short to judge inner: for 20.0% of packets, the bytes to be hashed are not in it. Capture"


def test_a_configuration_that_the_capture_is_cut_too_short_for_is_not_judged():
    outer = dataclasses.replace(VERDICT, config="outer", dropped=310)
    other = dataclasses.replace(outer, config="other")
    cut = dataclasses.replace(VERDICT, packets=800, unknown=200)
    said = headline(replayed(outer, cut))
    assert said.startswith(CUT)
    assert said.endswith("(tcpdump -s 256). At 2 Mpps per core, outer drops 31.0% of packets.")
    assert replayed(outer, cut).best == ["outer"]
    assert headline(replayed(outer, other, cut)).endswith(", every other configuration drops 31.0% of packets.")
    assert headline(replayed(cut)).endswith("(tcpdump -s 256).")
    assert (replayed(cut).best, verdict_lines(replayed(cut))) == ([], [])
    assert not headline(replayed(outer, dataclasses.replace(cut, unknown=199))).startswith("The capture is cut")


def test_what_a_core_must_serve_is_not_told_of_a_capture_that_is_cut_too_short():
    cut = dataclasses.replace(needs("inner", None, 10.0), packets=800, unknown=200)
    others = [needs(name, 0.99e6, 1e6) for name in ("outer", "other")]
    said = headline(replayed(*others, cut, options=ReplayOptions()))
    assert said.startswith(CUT)
    assert said.endswith("To lose no packet, a core must serve 1 Mpps under every other configuration.")
    assert replayed(*others, cut).best == ["outer", "other"]


def test_service_by_the_byte():
    options = ReplayOptions(service_ps=300_000, service_per_byte_ps=100)
    assert headline(replayed(VERDICT, options=options)).startswith(
        "With 300 ns for each packet and 0.1 ns for each byte, "
    )
    options = ReplayOptions(service_per_byte_ps=100)
    assert headline(replayed(VERDICT, options=options)).startswith("With 0.1 ns for each byte, inner ")


def test_what_is_out_of_order():
    lines = verdict_lines(replayed(dataclasses.replace(VERDICT, reordered=1, dropped=1)))
    assert lines[-1] == "Under inner, 1 packet overtakes an earlier one of its flow."
    lines = verdict_lines(replayed(dataclasses.replace(VERDICT, reordered=12, reordered_by_change=7, dropped=1)))
    assert lines[-1] == "Under inner, 12 packets overtake earlier ones of their flows, 7 of them because of a change."
    lines = verdict_lines(replayed(dataclasses.replace(VERDICT, reordered=12, reordered_by_change=12, dropped=1)))
    assert lines[-1].endswith("overtake earlier ones of their flows, all of them because of a change.")
    lines = verdict_lines(replayed(dataclasses.replace(VERDICT, reordered=1, reordered_by_change=1, dropped=1)))
    assert lines[-1] == "Under inner, 1 packet overtakes an earlier one of its flow, because of a change."


def test_what_is_delivered():
    assert delivered_line("a", 1000, 0) == "written: all packets, as a device with configuration a delivers them"
    assert delivered_line("a", 2000, 1500) == (
        "written: what a device with configuration a delivers; it drops 1,500 of 2,000 packets (75.0%)"
    )


def test_a_device_without_queues_has_no_delays_and_says_why():
    result = replayed(dataclasses.replace(VERDICT, queues=0, packets=0, unknown=5))
    assert verdict_lines(result) == []
    assert unknown_lines(result) == [
        "inner: without the RSS feature, hashes choose no receive queue; it is not known for 5 packets, so no ring "
        "gets them"
    ]


def test_what_was_not_taken_as_it_is():
    clock = Clock([Backwards("a.pcap", 7, 2)], [Jump("a.pcap", 9, -7200.0)] * 4, 12)
    first, *jumps, last = clock_lines(clock)
    assert first.startswith("a.pcap: 2 packets are stamped earlier than the packet before, from packet 7 on")
    assert [line.partition(":")[2] for line in jumps] == [jumps[0].partition(":")[2]] * 3
    assert "the clock was set before packet 9, by -7,200 s" in jumps[0]
    assert last.startswith("clocks were set 9 more times")
    lines = unknown_lines(replayed(dataclasses.replace(VERDICT, unknown=1)))
    assert lines == ["inner: the capture does not show the receive queue of 1 packet, so no ring gets it"]


@pytest.mark.jit_only
@pytest.mark.parametrize("width", [60, 80, 98, 100, 104, 120, 160])
def test_tables_of_queues_keep_their_headings(monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    result = replay(str(OVERLAY), Device(name="x"), SERVED)
    stream = io.StringIO()
    show_replay(result, stream)
    lines = stream.getvalue().splitlines()
    rules = [number for number, line in enumerate(lines) if set(line.strip()) == {"─"}]
    assert rules
    for rule in rules:
        heading, first = lines[rule - 1].split()[0], lines[rule + 1].split()[0]
        assert (heading, first) in (("queue", "0"), ("baseline", "shared-ring"))
        assert len(lines[rule + 1].split()) > 1
    assert stream.getvalue().count("delay,") == len({"99%", "most"}) + len({"of the baselines"})
    assert max(map(len, lines)) <= width


def test_figures_show_every_configuration():
    (loss,) = draw_replay(replay(OVERLAY, options=ReplayOptions(speed=1000)))
    (panel,) = loss.figure.axes
    assert (loss.name, len(panel.get_lines())) == ("loss", 6)
    assert loss.title.startswith("To lose no packet, a core must serve ")
    assert ";" not in loss.title
    assert ". " not in loss.title
    options = ReplayOptions(speed=1000, service_ps=2_000_000, ring_size=64, window_ns=100_000)
    pictures = draw_replay(replay(OVERLAY, options=options))
    assert [each.name for each in pictures] == ["delays", "load", "drops"]
    load, drops = pictures[1:]
    assert [panel.get_title("left") for panel in load.figure.axes[:3]] == ["outer-addresses", "outer", "inner"]
    assert drops.title.endswith("inner drops nothing")
    total = sum(image.get_array().sum() for panel in load.figure.axes[:3] for image in panel.get_images())
    assert total * 100e-6 == pytest.approx(3 * 6060)


def test_frames_that_did_not_come_back_are_told():
    losses = Counter(
        {
            Loss(): 1,
            Loss(why=WhyLost.FRAGMENT): 2,
            Loss("NONE"): 3,
            Loss("VXLAN"): 5,
            Loss("VXLAN", why=WhyLost.UDP_CHECKSUM): 1,
        }
    )
    stream = io.StringIO()
    show_sent(Sent(of_queue=Counter({0: 2}), losses=losses), "tap", stream)
    assert stream.getvalue().splitlines()[:6] == [
        "Linux's tap returned 2 of 14 packets sent.",
        "Not returned: 1 packet.",
        "Not returned, because they are fragments: 2 packets.",
        "Not returned, because they are in no tunnel: 3 packets.",
        "Not returned, of VXLAN, and Linux does not say why: 5 packets.",
        "Not returned, of VXLAN, because the UDP checksum is wrong: 1 packet.",
    ]
    stream = io.StringIO()
    show_sent(Sent(of_queue=Counter({0: 2})), "qemu", stream)
    assert "Not returned" not in stream.getvalue()


@pytest.mark.jit_only
def test_what_was_given_of_the_device_is_not_told_as_assumed():
    shown = io.StringIO()
    show_replay(replay(str(OVERLAY), Device(queues=4, hash_key="symmetric", given=["queues", "hash_key"])), shown)
    lines = dict(line.split(": ", 1) for line in shown.getvalue().splitlines() if ": " in line)
    assert lines["given"].startswith("key ")
    assert lines["given"].endswith("; queues 4")
    assert lines["assumed"].startswith("spec v7; ")


def test_heat_maps_end_with_the_last_packet_although_rings_run_empty_after_it():
    options = ReplayOptions(speed=1000, service_ps=1_818_182, ring_size=16, window_ns=50_000)
    played = replay(OVERLAY, options=options)
    arrived = {int(row["window_start_ns"]) for row in played.window_rows if row["packets"]}
    assert max(int(row["window_start_ns"]) for row in played.window_rows) > max(arrived)
    n_windows = (max(arrived) - min(arrived)) // 50_000 + 1
    _, load, drops = draw_replay(played)
    for picture, column in ((load, "packets"), (drops, "dropped")):
        images = [panel.images[0].get_array() for panel in picture.figure.axes[:3]]
        assert [image.shape for image in images] == [(8, n_windows)] * 3
        own = [row for row in played.window_rows if row["config"] == "outer"]
        assert images[1].sum() * 50e-6 == pytest.approx(sum(row[column] for row in own))
