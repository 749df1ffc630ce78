"""Every sentence of ``replay``, made of facts."""

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from pcaphash.device import Device
from pcaphash.engine.reading import Reading
from pcaphash.report.replay.sent import show_lateness, show_sent
from pcaphash.report.replay.words import (
    clock_lines,
    delivered_line,
    headline,
    late_lines,
    traffic_text,
    unknown_lines,
    verdict_lines,
)
from pcaphash.studies.replay import Change, ReplayOptions
from pcaphash.studies.replay.busiest import BusiestCore
from pcaphash.studies.replay.into import Loss, Sent, Unsent
from pcaphash.studies.replay.result import Backwards, Clock, Jump, Lossless, Replay, ReplayVerdict
from pcaphash.targets.answer import NotSent, WhyLost
from pcaphash.targets.interface import Lateness

SERVED, TRIED = ReplayOptions(service_ps=500_000), ReplayOptions()
ONE = ReplayVerdict("inner", False, 8, 1000, 0, 0, 0, 0, 1e9)
NEEDS = replace(ONE, dropped=None, lossless=Lossless(0.99e6, 1e6))
BASELINES = ("shared-ring", "round-robin", "ideal-hash")


def _replayed(*verdicts: ReplayVerdict, options: ReplayOptions = SERVED, **fields: object) -> Replay:
    given = {"packets": 1000, "duration_ns": 1e9, "first_arrival_ns": None, **fields}
    return Replay(Reading(), (), options, Clock(), verdicts=list(verdicts), **given)


def _lines(replay: Replay) -> Iterator[str]:
    yield from (headline(replay), *verdict_lines(replay), *unknown_lines(replay), traffic_text(replay))


def _at_a_rate() -> Iterator[Replay]:
    """Give what is lost, if a core serves at one rate."""
    yield _replayed(replace(ONE, queues=0, packets=0, unknown=5))
    yield _replayed(replace(ONE, packets=0))
    yield _replayed(ONE, packets=1)
    yield _replayed(ONE, packets=0)
    yield _replayed(ONE, replace(ONE, config="outer"))
    for dropped in (1, 310):
        for others in ((), (ONE,), (ONE, replace(ONE, config="base"))):
            yield _replayed(*others, replace(ONE, config="outer", dropped=dropped, packets=10**6 // dropped))
    yield _replayed(replace(ONE, dropped=310), replace(ONE, config="outer", dropped=310))
    for options in (ReplayOptions(service_ps=300_000, service_per_byte_ps=100), ReplayOptions(service_per_byte_ps=100)):
        yield _replayed(ONE, options=options)
    baselines = [replace(ONE, config=name, is_baseline=True, dropped=n) for n, name in enumerate(BASELINES)]
    yield _replayed(replace(ONE, dropped=310), *baselines)
    slow = replace(ONE, busiest=BusiestCore(3e6, 2.0, 1.5))
    yield _replayed(slow)
    yield _replayed(slow, replace(ONE, config="outer"), replace(slow, config="base", dropped=310))
    delays = [{"config": "inner", "delay_max_ns": 5000.0}, {"config": "outer", "delay_max_ns": 70000.0}]
    yield _replayed(ONE, queue_rows=delays)
    yield _replayed(ONE, replace(ONE, config="outer"), queue_rows=delays)
    for reordered, by_change in ((1, 0), (12, 0), (12, 7), (12, 12), (1, 1)):
        yield _replayed(replace(ONE, reordered=reordered, reordered_by_change=by_change, dropped=1))
    cut = replace(ONE, packets=197, unknown=803)
    yield _replayed(cut)
    yield _replayed(replace(ONE, config="outer", dropped=310), cut)
    yield _replayed(*(replace(ONE, config=name) for name in ("outer", "base")), cut)
    for unknown in (1, 5):
        yield _replayed(replace(ONE, unknown=unknown))
        change = Change("inner", 10**12, Device(features="CTRL_VQ+HASH_REPORT"))
        yield _replayed(replace(ONE, unknown=unknown), options=replace(SERVED, changes=(change,)))


def _at_any_rate() -> Iterator[Replay]:
    """Give what is lost at each of several rates."""
    other = replace(NEEDS, config="outer", lossless=Lossless(3.99e6, 4e6))
    for lossless in (Lossless(0.99e6, 1.0001e6), Lossless(1e8, None), Lossless(None, 10.0)):
        yield _replayed(replace(NEEDS, lossless=lossless), options=TRIED)
        yield _replayed(replace(NEEDS, lossless=lossless), other, options=TRIED)
    yield _replayed(NEEDS, replace(NEEDS, config="outer"), options=TRIED)
    for average_pps, ring_fills in ((1.5e6, 0.07), (1.5e6, 3.2), (0.5e6, 50.0)):
        for lossless in (NEEDS.lossless, Lossless(None, 10.0)):
            short = replace(NEEDS, lossless=lossless, busiest=BusiestCore(average_pps, ring_fills))
            yield _replayed(short, replace(short, config="base"), other, options=TRIED)
    baselines = [replace(NEEDS, config=name, is_baseline=True) for name in BASELINES]
    shares = {"inner": (0.7, 0.0, 0.0), "outer": (0.7, 0.31, 0.0)}
    curve = [
        {"config": config, "service_rate_pps": rate, "drop_share": share}
        for config, of_config in shares.items()
        for rate, share in zip((0.5e6, 1e6, 4e6), of_config, strict=True)
    ]
    for queues in ((4, 4), (1, 16), (4, None), (None, None)):
        fewest = [
            {"config": config, "service_rate_pps": 1e6, "queues": n}
            for config, n in zip(("inner", "outer"), queues, strict=True)
        ]
        yield _replayed(NEEDS, other, *baselines, options=TRIED, curve_rows=curve, fewest_rows=fewest)


def _sent() -> Iterator[str]:
    """Say what became of frames that were sent into a receive path, or on an interface."""
    losses = [Loss(), Loss("", WhyLost.FRAGMENT), Loss("NONE"), Loss("VXLAN"), *(Loss("GRE", why) for why in WhyLost)]
    sent = Sent(of_queue=Counter({0: 10, 3: 30}), hashed=7)
    sent.losses.update({loss: n + 1 for n, loss in enumerate(losses)})
    sent.not_sent.update(Unsent(why, "GENEVE" if why == NotSent.NO_TUNNEL_DEVICE else "") for why in NotSent)
    stream = io.StringIO()
    for target in ("tap", "qemu"):
        show_sent(sent, target, stream)
    for lateness in (Lateness(), Lateness(sent=1000, total_ns=2_000_000, most_ns=70_000)):
        show_lateness(lateness, "eth0", stream)
    unwrapped = stream.getvalue().replace("\n  ", " ").splitlines()
    yield from (line for line in unwrapped if line.endswith("."))


def replay_sentences() -> Iterator[str]:
    """Say what is lost, and all that may be odd about a replay."""
    for replay in (*_at_a_rate(), *_at_any_rate()):
        yield from _lines(replay)
    jumps = [Jump("some.pcap", n, seconds) for n, seconds in ((2, 86400.0), (7, -3700.0), (8, 4000.0), (9, 1e6))]
    backwards = [Backwards("some.pcap", 5, 1), Backwards("other.pcap", 7, 1234)]
    yield from clock_lines(Clock(backwards, jumps, 17))
    yield from late_lines([Change("inner", 3 * 10**12, Device())], 2e9)
    yield delivered_line("inner", 1000, 0)
    yield delivered_line("inner", 2000, 1500)
    yield from _sent()
