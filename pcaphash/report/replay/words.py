"""What a replay found, in words: first what an engineer can act on, then what each number means."""

import math
from typing import TYPE_CHECKING

from pcaphash.errors import Field, trace_name
from pcaphash.quantities import PS_OF_NS, PS_OF_SECOND
from pcaphash.report.words.cut import cut_configurations
from pcaphash.report.words.values import counted, duration, packet_rate, packets, percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pcaphash.studies.replay.options import Change, ReplayOptions
    from pcaphash.studies.replay.result import Clock, Replay, ReplayVerdict, Tight

_MOST_NAMED = 3  # clocks that were set
_LEAST_SHARE = 0.001  # with the decimals that shares have
_FEW_FILLS = 10  # a ring holds more than a tenth of what arrives for it: loss in the trace says little
_WITHOUT_RSS = "Without the RSS feature, hashes choose no receive queue"
_BASELINES = {
    # baseline: what it is, as the subject of a sentence
    "shared-ring": "One ring that all cores share, the lower bound for any hash,",
    "round-robin": "Packet-by-packet round robin, which may reorder flows,",
    "ideal-hash": "An ideal hash, which puts each flow on a random queue,",
}


def join(words: "Sequence[str]") -> str:
    """Join words as a sentence lists them."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def lossless_rate(verdict: "ReplayVerdict") -> str:
    """Say how many packets a core must serve in a second to lose none and to keep up."""
    lossless, needed = verdict.lossless, verdict.needed_pps
    assert lossless is not None
    if needed is None:
        return f"more than {packet_rate(lossless.lossy_pps or 0)}"
    if lossless.lossy_pps is None and needed == lossless.lossless_pps:
        return f"no more than {packet_rate(needed)}"
    return packet_rate(_rounded_up(needed))


def _rounded_up(rate: float) -> float:
    """Round to three digits, but never down: below the rate there is loss."""
    unit = 10.0 ** (math.floor(math.log10(rate)) - 2)
    return math.ceil(rate / unit - 1e-9) * unit


def service_text(options: "ReplayOptions") -> str:
    """Say how fast a core is."""
    if not options.service_per_byte_ps:
        return f"At {packet_rate(PS_OF_SECOND / options.fixed_ps)} per core"
    per_byte = f"{duration(options.service_per_byte_ps / PS_OF_NS)} for each byte"
    fixed = f"{duration(options.fixed_ps / PS_OF_NS)} for each packet and " if options.fixed_ps else ""
    return f"With {fixed}{per_byte}"


def headline(replay: "Replay") -> str:
    """Say which configuration loses what."""
    own = replay.own
    if not own:
        return f"{_WITHOUT_RSS}, so no ring gets a packet."
    if replay.cut:
        cut = cut_configurations([(each.config, each.unknown / replay.packets) for each in replay.cut])
        return f"{cut} {_of_judged(replay, replay.judged)}" if replay.judged else cut
    return _of_judged(replay, own)


def _of_judged(replay: "Replay", own: "Sequence[ReplayVerdict]") -> str:
    """Say which of the configurations that can be judged loses what."""
    if not replay.packets or not any(each.packets for each in own):
        return "No packet went to a receive queue, so there is nothing to lose."
    if not replay.has_service:
        return _needs(replay, own)
    return _losses(replay, own)


def _needs(replay: "Replay", own: "Sequence[ReplayVerdict]") -> str:
    """Say what a core must serve under each configuration, and what is lost where that just suits the best."""
    if all(each.busiest is None or each.busiest.average_pps is None for each in own) and replay.is_never_lossy:
        return "No packet is lost at any service rate tried: no ring is ever full."
    if replay.is_never_lossy:
        rates = _under(own, _every(replay))
        return f"No ring is full at any time, at any service rate tried. To keep up, a core must serve {rates}."
    text = f"To lose no packet, a core must serve {_under(own, _every(replay))}"
    if any(each.needed_pps is None for each in own):
        return f"{text}. More packets arrive at nearly the same time than a ring holds."
    tight = replay.tight
    lossy = [each for each in tight.configurations if each.drop_share] if tight else []
    if tight is None or not lossy:
        return f"{text}."
    enough = join([each.config for each in tight.configurations if each.is_enough])
    parts = _grouped({each.config: drop_percent(each.drop_share) for each in lossy})
    first, *rest = [f"{join(names)} {'drops' if len(names) == 1 else 'drop'} {lost}" for lost, names in parts.items()]
    told = join([f"{first} of packets", *rest])
    return (
        f"{text}. At {packet_rate(tight.service_rate_pps)}, the lowest rate listed that is enough for {enough}, {told}."
    )


def _every(replay: "Replay") -> str:
    """Say that something holds for all configurations that can be judged."""
    return "every other configuration" if replay.cut else "every configuration"


def _under(verdicts: "Sequence[ReplayVerdict]", every: str) -> str:
    """Say which rates lose nothing, configurations with the same together."""
    parts = _grouped({each.config: lossless_rate(each) for each in verdicts})
    if len(parts) == 1 and len(verdicts) > 1:
        return f"{next(iter(parts))} under {every}"
    return join([f"{text} under {join(names)}" for text, names in parts.items()])


def _grouped(texts: "Mapping[str, str]") -> dict[str, list[str]]:
    """Return the names of which the same is said, by what is said."""
    found: dict[str, list[str]] = {}
    for name, text in texts.items():
        found.setdefault(text, []).append(name)
    return found


def _losses(replay: "Replay", own: "Sequence[ReplayVerdict]") -> str:
    start = service_text(replay.options)
    if not any(each.dropped or not each.keeps_up for each in own):
        whom = f"no{_every(replay).removeprefix('every')}" if len(own) > 1 else own[0].config
        drops = "drops a packet" if len(own) > 1 else "drops no packet"
        return f"{start}, {whom} {drops}."
    parts = _grouped({each.config: _drops(each) for each in own})
    if len(parts) == 1 and len(own) > 1 and any(each.dropped for each in own):
        return f"{start}, {_every(replay)} drops {next(iter(parts))}."
    told = [f"{join(names)} {'drops' if len(names) == 1 else 'drop'} {share}" for share, names in parts.items()]
    is_long = any(len(names) > 1 or "," in share for share, names in parts.items())
    return f"{start}, {'; '.join(told) if is_long else join(told)}."


def _drops(verdict: "ReplayVerdict") -> str:
    if not verdict.dropped:
        return "nothing" if verdict.keeps_up else "nothing, but cannot keep up"
    share = percent(verdict.drop_share or 0)
    return packets(verdict.dropped) if share == percent(0) else f"{share} of packets"


def drop_percent(share: float) -> str:
    """Write a share of packets dropped; one that is not 0 is never written as 0."""
    text = percent(share)
    return f"<{percent(_LEAST_SHARE)}" if share and text == percent(0) else text


def verdict_lines(replay: "Replay") -> list[str]:
    """Say, a line each, what follows from the headline and what it rests on."""
    lines = _curve_lines(replay) if not replay.has_service else _service_lines(replay)
    return lines + _short_lines(replay) + _order_lines(replay)


def _short_lines(replay: "Replay") -> list[str]:
    """Say if the trace is so short that rings can hold much of what cores are too slow for."""
    fills = {
        each.config: f"{each.busiest.ring_fills:{'.1f' if each.busiest.ring_fills >= 1 else '.2g'}}"
        for each in replay.judged
        if each.busiest is not None
        and each.busiest.average_pps is not None
        and each.busiest.ring_fills < _FEW_FILLS
        and not (replay.has_service and each.keeps_up)
    }
    if not fills:
        return []
    parts = _each_under(fills, " ring-fills long")
    return [
        f"The trace is only {parts} (packets of the busiest queue, by descriptors of its ring). Rings hold much of "
        f"what cores are too slow for: at the same rate, a longer trace loses more. See it with {Field('loop')} 100."
    ]


def _each_under(texts: "Mapping[str, str]", of: str) -> str:
    """Say what is so under which names, and with the first of them what it is of."""
    first, *rest = [(text, join(names)) for text, names in _grouped(texts).items()]
    return join([f"{first[0]}{of} under {first[1]}", *(f"{text} under {names}" for text, names in rest)])


def _curve_lines(replay: "Replay") -> list[str]:
    """Say how many queues would do where cores just suit the best configuration, and what the baselines need."""
    tight = replay.tight
    if tight is None:
        return []
    untried = untried_line(replay)
    baselines = [
        f"{_BASELINES.get(each.config, each.config)} needs {lossless_rate(each)} per core."
        for each in replay.verdicts
        if each.is_baseline and each.lossless
    ]
    return [*_queues_lines(replay, tight), *([untried] if untried else []), *baselines]


def _queues_lines(replay: "Replay", tight: "Tight") -> list[str]:
    """Say how many receive queues would do at a rate."""
    if not replay.fewest_rows:
        return []
    tried = {row["config"] for row in replay.fewest_rows}
    fewest = {each.config: each.queues for each in tight.configurations if each.config in tried}
    enough = _grouped({name: counted(each, "queue", "queues") for name, each in fewest.items() if each})
    parts = [f"{join(names)} {'needs' if len(names) == 1 else 'need'} {queues}" for queues, names in enough.items()]
    never = [name for name, each in fewest.items() if not each]
    if never:
        parts.append(f"even 64 are too few for {join(never)}")
    told = "; ".join(parts) if never else join(parts)
    return [f"At {packet_rate(tight.service_rate_pps)} per core, to keep up: {told} (of 1, 2, 4, ... 64)."]


def untried_line(replay: "Replay") -> str:
    """Say for which configurations numbers of queues were not tried; nothing if there are none."""
    tried = {row["config"] for row in replay.fewest_rows}
    left_out = [each.config for each in replay.judged if each.config not in tried]
    if not left_out:
        return ""
    return f"The fewest queues are not shown for {join(left_out)}: the queues change in the middle."


def _slow_lines(replay: "Replay") -> list[str]:
    """Say under what cores are slower than what arrives on average, though nothing is dropped in the trace."""
    loads = {
        each.config: percent(each.busiest.offered_load or 0.0)
        for each in (*replay.judged, *(each for each in replay.verdicts if each.is_baseline))
        if each.busiest is not None and not each.keeps_up and not each.dropped
    }
    if not loads:
        return []
    parts = _each_under(loads, " of what it serves")
    return [f"On average, the busiest core gets {parts}: nothing is dropped only because the trace is short."]


def _service_lines(replay: "Replay") -> list[str]:
    """Say under what cores are too slow, then what the baselines do."""
    return _slow_lines(replay) + _baseline_lines(replay)


def _baseline_lines(replay: "Replay") -> list[str]:
    """Say what the baselines drop, or how long packets take if nothing is dropped."""
    if any(each.dropped for each in replay.judged):
        return [
            f"{_BASELINES.get(each.config, each.config)} drops {_drops(each)}."
            for each in replay.verdicts
            if each.is_baseline and each.dropped is not None
        ]
    if not replay.judged:
        return []
    longest: dict[str, float] = {}
    for row in replay.queue_rows:
        name, delay = str(row["config"]), float(row["delay_max_ns"] or 0)
        longest[name] = max(longest.get(name, 0.0), delay)
    delays = _grouped({each.config: duration(longest.get(each.config, 0.0)) for each in replay.judged})
    if len(delays) == 1:
        return [f"The longest delay is {next(iter(delays))}."]
    return [f"The longest delay is {join([f'{delay} under {join(names)}' for delay, names in delays.items()])}."]


def _order_lines(replay: "Replay") -> list[str]:
    """Say which configurations put packets of a flow out of order, and whether a change did it."""
    lines = []
    for each in replay.own:
        if not each.reordered:
            continue
        overtake = (
            "overtakes an earlier one of its flow" if each.reordered == 1 else "overtake earlier ones of their flows"
        )
        because = _because_of_change(each.reordered_by_change, each.reordered)
        lines.append(f"Under {each.config}, {packets(each.reordered)} {overtake}{because}.")
    return lines


def _because_of_change(number: int, of_all: int) -> str:
    """Say how many of the packets that overtake others do so because of a change."""
    if not number:
        return ""
    if number < of_all:
        return f", {number:,} of them because of a change"
    return ", all of them because of a change" if of_all > 1 else ", because of a change"


def traffic_text(replay: "Replay") -> str:
    """Say how much arrives, and how fast."""
    text = f"{packets(replay.packets)} {'arrives' if replay.packets == 1 else 'arrive'}"
    if replay.duration_ns > 0 and replay.packets > 1:
        per_second = (replay.packets - 1) / (replay.duration_ns / 1e9)
        text += f" in {duration(replay.duration_ns)}, {packet_rate(per_second)} on average"
    return text


def clock_lines(clock: "Clock") -> list[str]:
    """Say, a line each, which times of the traces are not taken as they are."""
    lines = [
        f"{trace_name(each.trace)}: {counted(each.packets, 'packet is', 'packets are')} stamped earlier than the "
        f"packet before, from packet {each.packet:,} on: each arrives together with the packet before"
        for each in clock.backwards
    ]
    lines += [
        f"{trace_name(each.trace)}: the clock was set before packet {each.packet:,}, by {each.seconds:+,.0f} s: this "
        "packet arrives together with the packet before, and later times are shifted by as much"
        for each in clock.jumps[:_MOST_NAMED]
    ]
    if clock.n_jumps > _MOST_NAMED:
        lines.append(f"clocks were set {clock.n_jumps - _MOST_NAMED:,} more times, which was treated the same way")
    return lines


def late_lines(changes: "Sequence[Change]", duration_ns: float) -> list[str]:
    """Say, a line each, which changes come after the last packet, which arrives so many nanoseconds after the first."""
    late = {each.at_ps for each in changes if each.at_ps / PS_OF_NS > duration_ns}
    return [
        f"the change at {duration(at_ps / PS_OF_NS)} has no effect: the last packet arrives after "
        f"{duration(duration_ns)}"
        for at_ps in sorted(late)
    ]


def delivered_line(config: str, arrived: int, dropped: int) -> str:
    """Say what was written of the packets that arrived for a configuration."""
    if not dropped:
        return f"written: all packets, as a device with configuration {config} delivers them"
    share = percent(dropped / arrived)
    return (
        f"written: what a device with configuration {config} delivers; it drops {dropped:,} of {packets(arrived)} "
        f"({share})"
    )


def unknown_lines(replay: "Replay") -> list[str]:
    """Say, a line each, how many packets go to no queue: too little of them was captured, or no hash chooses one."""
    unsteered = {change.config for change in replay.options.changes if not change.device.has_queue}
    return [
        f"{each.config}: {_why_unknown(each, each.config in unsteered)} {packets(each.unknown)}, so no ring gets "
        f"{'it' if each.unknown == 1 else 'them'}"
        for each in replay.verdicts
        if each.unknown and not each.is_baseline
    ]


def _why_unknown(verdict: "ReplayVerdict", is_unsteered: bool) -> str:
    """Say why packets go to no queue; the number of packets follows."""
    if not verdict.queues:
        return f"{_WITHOUT_RSS[0].lower()}{_WITHOUT_RSS[1:]}; it is not known for"
    if is_unsteered:
        return "after HASH_CONFIG, hashes choose no receive queue; it is not known for"
    return "the capture does not show the receive queue of"
