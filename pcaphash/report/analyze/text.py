"""Show an analysis on the terminal."""

from collections.abc import Callable
from math import isnan
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.text import Text

from pcaphash.errors import Command
from pcaphash.report.layout import BAD, Columns, open_console, show_headline, show_text
from pcaphash.report.words.device import describe_own, given_and_assumed_lines
from pcaphash.report.words.values import (
    above_ideal,
    bar,
    brief_types,
    common_folder,
    count,
    index,
    left_out_text,
    no_packets,
    packets,
    percent,
    reason_text,
    size,
    too_few,
)
from pcaphash.studies.shared.chance.enough import packets_needed
from pcaphash.studies.shared.chance.spread import EVEN, spread

if TYPE_CHECKING:
    from pcaphash.device import Device
    from pcaphash.engine.census.distribution import Distribution
    from pcaphash.studies.analyze import Analysis, Row

_MOST_NAMED = 3  # configurations
_MOST_QUEUES = 128  # that are all shown
_ENDS = 10  # of more, so many of the busiest and of the idlest
_MOST_MEAN = 1 << 18  # bytes of packets of one queue; no host merges more
_NOTICEABLE = 0.01  # of the packets are worth a word if they are unknown
_QUEUE_FORMS = ((10, True), (6, True), (10, False), (6, False), (3, False))  # width of bars, and whether with counts
_BARE = (0, False)  # the form of a row for each configuration


def show_analysis(analysis: "Analysis", stream: TextIO) -> None:
    """Print what was read and assumed, the load of each receive queue, and the spread measures.

    Parameters
    ----------
    analysis : Analysis
        The results.
    stream : text stream
        A terminal, whose width is kept to, or anything else.
    """
    console = open_console(stream)
    if any(distribution.hashed for distribution in analysis.distributions):
        show_headline(spread_headline(analysis), console)
        show_queues(analysis, console)
        _summary(analysis).print(console)
        if analysis.file_rows:
            _files(analysis).print(console)
    else:
        show_headline(nothing(analysis), console)
    show_facts(analysis, console)
    show_reasons(analysis, console)


def spread_headline(analysis: "Analysis") -> str:
    """Say how far the busiest receive queue is above its ideal share, under each of a few configurations."""
    measured = [each for each in analysis.distributions if each.device.has_queue and each.queues[:, 0].any()]
    if not measured:
        return "Without the RSS feature, no hash chooses a receive queue."
    few = min(measured, key=lambda each: int(each.queues[:, 0].sum()))
    n_packets, needed = int(few.queues[:, 0].sum()), packets_needed(few.device.queues)
    if n_packets < needed:
        return f"{too_few(n_packets, needed, few.device.queues)}."
    if all(each.device.queues == 1 for each in measured):
        return "There is only one receive queue, and all packets go to it."
    excesses = sorted(
        ((spread(each.queues[:, 0])["max_ideal"], each.device.name, _known(each)) for each in measured), reverse=True
    )
    if len(excesses) == 1:
        ((excess, _, known),) = excesses
        return f"The busiest receive queue is {percent(excess)} above the ideal share of packets{known}."
    named = [f"{name} {percent(excess)}{known}" for excess, name, known in excesses]
    if len(named) > _MOST_NAMED:
        named = [f"from {named[0]} down to {named[-1]}"]
    return f"Busiest receive queue, above the ideal share of packets: {', '.join(named)}."


def _known(distribution: "Distribution") -> str:
    """Say of how many packets a spread is, where that is noticeably fewer than there are."""
    if distribution.unknown < _NOTICEABLE * distribution.packets:
        return ""
    return (
        f" (of {count(distribution.packets - distribution.unknown)} packets; {count(distribution.unknown)} are unknown)"
    )


def show_facts(analysis: "Analysis", console: Console, with_types: bool = True) -> None:
    """Print what was read and left out, what the packets are, and what was given and assumed of the device.

    Parameters
    ----------
    analysis : Analysis
        The results.
    console : Console
        Printed to.
    with_types : bool
        Whether to name the types of each configuration too.
    """
    whole = analysis.distributions[0]
    console.print(Text(f"{packets(whole.packets)}, {size(whole.n_bytes)}", style="bold"))
    show_text(_facts(analysis, with_types), console)
    console.print()


def _facts(analysis: "Analysis", with_types: bool) -> Text:
    whole = analysis.distributions[0]
    lines = []
    if analysis.reading.left_out:
        lines.append(f"left out: {left_out_text(analysis.reading)}")
    if analysis.reading.is_stopped:
        lines.append("stopped early: the number of packets asked for was reached")
    if (mean := _longest_mean(analysis)) > _MOST_MEAN:
        lines.append(
            f"do not rely on bytes: packets of one receive queue have {size(int(mean))} on average, so the capture has "
            f"original lengths that cannot be; {Command('info')} counts them"
        )
    if whole.packets:
        shares = [f"{name} {count(n)} ({percent(n / whole.packets)})" for name, n in analysis.encapsulations[0].items()]
        lines.append(f"encapsulation: {', '.join(shares)}")
    devices = [each.device for each in analysis.distributions]
    lines += given_and_assumed_lines(whole.device, devices)
    if with_types:
        form = "NAME=HASH_TYPES/TUNNEL_TYPES" if whole.device.profile.tunnel_types else "NAME=HASH_TYPES"
        lines.append(f"configurations ({form}): {'; '.join(_configuration(device, devices) for device in devices)}")
    return Text("\n".join(lines), style="dim")


def _longest_mean(analysis: "Analysis") -> float:
    """Return the bytes of a packet, on average over the packets of the receive queue where that is most."""
    loads = [load for each in analysis.distributions for load in each.queues.tolist()]
    return max((n_bytes / n_packets for n_packets, n_bytes in loads if n_packets), default=0.0)


def _configuration(device: "Device", devices: "list[Device]") -> str:
    """Write a configuration: its types, and what differs from the others beside them."""
    own = [f"{name} {value}" for name, value in describe_own(device, devices) if not name.endswith("_types")]
    return f"{device.name}={brief_types(device)}" + (f" ({', '.join(own)})" if own else "")


def nothing(analysis: "Analysis") -> str:
    """Say why there is nothing that could spread over receive queues."""
    whole = analysis.distributions[0]
    if not whole.packets:
        return f"There is nothing to spread: {no_packets(analysis.reading)}."
    if whole.unknown == whole.packets:
        return (
            "There is nothing to spread: the capture shows too little of every packet to tell what the device would "
            "do with it."
        )
    place = "the unclassified queue" if whole.device.has_queue else "no particular queue"
    known = "; the capture shows too little of the others" if whole.unknown else ""
    verb = "goes" if whole.unhashed == 1 else "go"
    return f"There is nothing to spread: no packet gets a hash. {packets(whole.unhashed)} {verb} to {place}{known}."


def show_queues(analysis: "Analysis", console: Console) -> None:
    """Print the load of each receive queue, a bar for each configuration, with counts if there is room."""
    shown = [distribution for distribution in analysis.distributions if distribution.device.has_queue]
    if not shown:
        console.print("no receive queues to show: without the RSS feature, no hash chooses one\n")
        return
    tables = [_queues(shown, *form, console.options.ascii_only) for form in (*_QUEUE_FORMS, _BARE)]
    *drawn, bare = tables
    last = drawn[-1] if bare.laid_out(console.width) is bare else bare
    next((table for table in drawn if table.fits(console.width)), last).print(console)


def _queues(distributions: "list[Distribution]", width: int, with_counts: bool, is_ascii: bool) -> Columns:
    chosen, title = _chosen_queues(distributions), "packets per receive queue"
    if chosen is None:
        chosen = list(range(max(len(distribution.queues) for distribution in distributions)))
    else:
        n_queues = max(len(distribution.queues) for distribution in distributions)
        title += f": of {count(n_queues)}, the {_ENDS} busiest and the {_ENDS} idlest"
    most = max(max(_shares(distribution)) for distribution in distributions)
    columns = Columns(title, [str(queue) for queue in chosen], "queue", "left", may_turn=not width)
    for distribution in distributions:
        shares = _shares(distribution)
        bars = [bar(share / most if most else 0.0, is_ascii, width) for share in shares]
        cells = [
            Text.assemble((drawn, _colour(share, shares)), f" {percent(share):>6}")
            if width
            else Text(percent(share), _colour(share, shares))
            for drawn, share in zip(bars, shares, strict=True)
        ]
        if with_counts:
            counts = [count(n) for n in distribution.queues[:, 0].tolist()]
            longest = max(map(len, counts))
            cells = [cell.append(f"  {n:>{longest}}") for cell, n in zip(cells, counts, strict=True)]
        columns.add(distribution.device.name, [cells[queue] if queue < len(cells) else "" for queue in chosen])
    return columns


def _chosen_queues(distributions: "list[Distribution]") -> list[int] | None:
    """Return which receive queues to show where there are too many: the busiest and idlest of each configuration."""
    if all(len(distribution.queues) <= _MOST_QUEUES for distribution in distributions):
        return None
    chosen: set[int] = set()
    for distribution in distributions:
        loads: list[int] = distribution.queues[:, 0].tolist()
        order = sorted(range(len(loads)), key=lambda queue, loads=loads: (-loads[queue], queue))  # type: ignore[misc]
        chosen |= {*order[:_ENDS], *order[-_ENDS:]}
    return sorted(chosen)


def _colour(share: float, shares: list[float]) -> str:
    """Return the style of a bar: it stands out where it is the longest, and the spread is uneven."""
    return BAD if share == max(shares) and share * len(shares) > 1 + EVEN else ""


def _shares(distribution: "Distribution") -> list[float]:
    loads: list[int] = distribution.queues[:, 0].tolist()
    total = sum(loads)
    return [load / total if total else 0.0 for load in loads]


def _summary(analysis: "Analysis") -> Columns:
    """Tabulate the counts and the spread measures, a column for each configuration."""
    pairs = zip(analysis.summary_rows(), analysis.distributions, strict=True)
    cells = [_summary_cells(row, distribution) for row, distribution in pairs]
    columns = Columns("spread over the queues", list(cells[0]), may_turn=True)
    for distribution, column in zip(analysis.distributions, cells, strict=True):
        columns.add(distribution.device.name, list(column.values()))
    return columns


def _files(analysis: "Analysis") -> Columns:
    """Tabulate packets of each trace, and how far its busiest receive queue is above the ideal share."""
    n_configurations = len(analysis.distributions)
    rows = analysis.file_rows
    traces = [str(row["trace"]) for row in rows[::n_configurations]]
    folder = common_folder(traces)
    names = [trace.removeprefix(f"{folder}/") if folder else trace for trace in traces]
    where = f" (files in {folder})" if folder not in ("", ".") else ""
    columns = Columns(f"busiest queue above ideal, packets{where}", names, may_turn=True)
    columns.add("packets", [count(int(row["packets"])) for row in rows[::n_configurations]])
    for number, distribution in enumerate(analysis.distributions):
        excesses = [float(row["max_ideal_packets"]) for row in rows[number::n_configurations]]
        columns.add(distribution.device.name, ["-" if isnan(each) else above_ideal(each) for each in excesses])
    return columns


def _summary_cells(row: "Row", distribution: "Distribution") -> dict[str, str]:
    has_queue = distribution.device.has_queue
    measured = has_queue and bool(distribution.queues[:, 0].any())

    def write(measure: str, form: Callable[[float], str], sign: int = 1) -> str:
        return form(sign * float(row[measure])) if measured else "-"

    return {
        "hashed": count(distribution.hashed),
        "without hash": count(distribution.unhashed),
        "unknown": count(distribution.unknown),
        "queues used": f"{row['queues_used']} of {len(distribution.queues)}" if has_queue else "no RSS",
        "busiest queue above ideal, packets": write("max_ideal_packets", above_ideal),
        "busiest queue above ideal, bytes": write("max_ideal_bytes", above_ideal),
        "idlest queue against ideal, packets": write("min_ideal_packets", above_ideal, sign=-1),
        "Jain's index, packets": write("jain_packets", index),
        "coefficient of variation, packets": write("cov_packets", index),
        "entropy, packets": write("entropy_packets", index),
    }


def show_reasons(analysis: "Analysis", console: Console) -> None:
    """Print why packets got no hash, or why it is not known, a line for each configuration."""
    for distribution in analysis.distributions:
        if distribution.reasons:
            parts = [f"{packets(n)} ({reason_text(reason)})" for reason, n in sorted(distribution.reasons.items())]
            text = f"no known hash under {distribution.device.name}: {', '.join(parts)}"
            show_text(Text(text, style="dim"), console)
