"""Show an analysis on the terminal."""

from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.text import Text

from pcaphash.report.layout import Columns, open_console
from pcaphash.report.words import bar, brief_types, count, packets, size

if TYPE_CHECKING:
    from pcaphash.device import Device
    from pcaphash.engine.distribution import Distribution
    from pcaphash.studies.analyze import Analysis, Row

_DEFAULT = " (default)"


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
    show_facts(analysis, console)
    if any(distribution.hashed for distribution in analysis.distributions):
        show_queues(analysis, console)
        _summary(analysis).print(console)
    else:
        console.print(nothing(analysis))
    show_reasons(analysis, console)


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
    console.print(_facts(analysis, with_types))


def _facts(analysis: "Analysis", with_types: bool) -> Text:
    whole = analysis.distributions[0]
    lines = []
    left_out = [f"{packets(n)} {reason}" for reason, n in sorted(analysis.reading.left_out.items())]
    if left_out:
        lines.append(f"left out: {'; '.join(left_out)}")
    if analysis.reading.is_stopped:
        lines.append("stopped early: as many packets are selected as were asked for")
    if whole.packets:
        shares = [f"{name} {count(n)} ({n / whole.packets:.1%})" for name, n in analysis.encapsulations[0].items()]
        lines.append(f"encapsulation: {', '.join(shares)}")
    devices = [each.device for each in analysis.distributions]
    options = whole.device.describe_common(*devices)
    given = [f"{name} {value}" for name, value in options if not value.endswith(_DEFAULT)]
    assumed = [f"{name} {value.removesuffix(_DEFAULT)}" for name, value in options if value.endswith(_DEFAULT)]
    lines += [f"{label}: {'; '.join(parts)}" for label, parts in (("given", given), ("assumed", assumed)) if parts]
    if with_types:
        form = "NAME=HASH_TYPES/TUNNEL_TYPES" if whole.device.profile.tunnel_types else "NAME=HASH_TYPES"
        lines.append(f"configurations ({form}): {'; '.join(_configuration(device, devices) for device in devices)}")
    return Text("\n".join(lines) + "\n", style="dim")


def _configuration(device: "Device", devices: "list[Device]") -> str:
    """Write a configuration: its types, and what differs from the others beside them."""
    own = [f"{name} {value}" for name, value in device.describe_own(*devices) if not name.endswith("_types")]
    return f"{device.name}={brief_types(device)}" + (f" ({', '.join(own)})" if own else "")


def nothing(analysis: "Analysis") -> str:
    """Say why there is nothing that could spread over receive queues."""
    whole = analysis.distributions[0]
    if not whole.packets:
        exception = " but those left out" if analysis.reading.left_out else ""
        return f"Nothing to distribute: there are no packets{exception}."
    if whole.unknown == whole.packets:
        return "Nothing to distribute: the capture shows of no packet what the device would do with it."
    place = "the unclassified queue" if whole.device.has_queue else "no particular queue"
    known = "; of the others the capture does not show enough" if whole.unknown else ""
    return f"Nothing to distribute: no packet gets a hash. {packets(whole.unhashed)} to {place}{known}."


def show_queues(analysis: "Analysis", console: Console) -> None:
    """Print the load of each receive queue, a bar for each configuration, with counts if there is room."""
    shown = [distribution for distribution in analysis.distributions if distribution.device.has_queue]
    if not shown:
        console.print("no receive queues to show: without the feature RSS no hash chooses one\n")
        return
    with_counts = _queues(shown, True, console.options.ascii_only)
    if with_counts.width <= console.width:
        with_counts.print(console)
    else:
        _queues(shown, False, console.options.ascii_only).print(console)


def _queues(distributions: "list[Distribution]", with_counts: bool, is_ascii: bool) -> Columns:
    n_queues = max(len(distribution.queues) for distribution in distributions)
    most = max(max(_shares(distribution)) for distribution in distributions)
    columns = Columns("packets per receive queue", [str(queue) for queue in range(n_queues)], "queue", "left")
    for distribution in distributions:
        cells = [f"{bar(share / most if most else 0.0, is_ascii)} {share:6.1%}" for share in _shares(distribution)]
        if with_counts:
            counts = [count(n) for n in distribution.queues[:, 0].tolist()]
            width = max(map(len, counts))
            cells = [f"{cell}  {n:>{width}}" for cell, n in zip(cells, counts, strict=True)]
        columns.add(distribution.device.name, [*cells, *[""] * (n_queues - len(cells))])
    return columns


def _shares(distribution: "Distribution") -> list[float]:
    loads: list[int] = distribution.queues[:, 0].tolist()
    total = sum(loads)
    return [load / total if total else 0.0 for load in loads]


def _summary(analysis: "Analysis") -> Columns:
    """Tabulate the counts and the spread measures, a column for each configuration."""
    pairs = zip(analysis.summary_rows(), analysis.distributions, strict=True)
    cells = [_summary_cells(row, distribution) for row, distribution in pairs]
    columns = Columns("spread over the queues", list(cells[0]))
    for distribution, column in zip(analysis.distributions, cells, strict=True):
        columns.add(distribution.device.name, list(column.values()))
    return columns


def _summary_cells(row: "Row", distribution: "Distribution") -> dict[str, str]:
    has_queue = distribution.device.has_queue
    measured = has_queue and bool(distribution.queues[:, 0].any())

    def write(measure: str, form: str, sign: int = 1) -> str:
        return format(sign * float(row[measure]), form) if measured else "-"

    return {
        "hashed": count(distribution.hashed),
        "without hash": count(distribution.unhashed),
        "unknown": count(distribution.unknown),
        "queues used": f"{row['queues_used']} of {len(distribution.queues)}" if has_queue else "no RSS",
        "busiest queue above ideal, packets": write("max_ideal_packets", "+.1%"),
        "busiest queue above ideal, bytes": write("max_ideal_bytes", "+.1%"),
        "idlest queue below ideal, packets": write("min_ideal_packets", "+.1%", sign=-1),
        "Jain's index, packets": write("jain_packets", ".3f"),
        "coefficient of variation, packets": write("cov_packets", ".3f"),
        "entropy, packets": write("entropy_packets", ".3f"),
    }


def show_reasons(analysis: "Analysis", console: Console) -> None:
    """Print why packets got no hash, or why it is not known, a line for each configuration."""
    for distribution in analysis.distributions:
        if distribution.reasons:
            parts = [f"{reason} {count(n)}" for reason, n in sorted(distribution.reasons.items())]
            text = f"no hash, or none known, under {distribution.device.name}: {', '.join(parts)}"
            console.print(Text(text, style="dim"))
