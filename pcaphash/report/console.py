"""Show an analysis on the terminal."""

from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from pcaphash.engine.distribution import Distribution
    from pcaphash.studies.analyze import Analysis, Row

_BAR_WIDTH = 10
_CELL_WIDTH = _BAR_WIDTH + 8  # a bar and a share
_COUNT_WIDTH = 14
_QUEUE_WIDTH = 7
_BLOCKS = " ▏▎▍▌▋▊▉█"
_DEFAULT = " (default)"


def show_analysis(analysis: "Analysis", console: Console) -> None:
    """Print what was read and assumed, the load of each receive queue, and the spread measures."""
    console.print(_title(analysis))
    console.print(_facts(analysis))
    with_queues = [distribution for distribution in analysis.distributions if distribution.device.has_queue]
    per_table = max((console.width - _QUEUE_WIDTH) // (_CELL_WIDTH + 2), 1)
    with_counts = _QUEUE_WIDTH + len(with_queues) * (_CELL_WIDTH + 2 + _COUNT_WIDTH) <= console.width
    for start in range(0, len(with_queues), per_table):
        console.print(_queues_table(with_queues[start : start + per_table], with_counts))
    if not with_queues:
        console.print("no receive queues to show: without the feature RSS no hash chooses one")
    for start in range(0, len(analysis.distributions), per_table):
        console.print(_summary_table(analysis, start, start + per_table))
    console.print(_reasons(analysis))


def count(number: int) -> str:
    """Write a count with separators between thousands."""
    return f"{number:,}"


def size(n_bytes: float) -> str:
    """Write a number of bytes with a decimal unit."""
    if n_bytes < 1000:
        return f"{n_bytes:.0f} B"
    units = ("kB", "MB", "GB", "TB", "PB")
    power = 0
    while n_bytes >= 999_950 and power < len(units) - 1:
        n_bytes /= 1000
        power += 1
    return f"{n_bytes / 1000:.1f} {units[power]}"


def bar(share: float, width: int = _BAR_WIDTH) -> str:
    """Draw a share between 0 and 1 as a bar of eighths of characters."""
    full, part = divmod(round(share * width * 8), 8)
    return ("█" * full + (_BLOCKS[part] if part else "")).ljust(width)


def _title(analysis: "Analysis") -> Text:
    traces = analysis.reading.traces
    names = traces if len(traces) <= 3 else [*traces[:3], f"{len(traces) - 3} more"]
    whole = analysis.distributions[0]
    return Text(f"{', '.join(names)}: {count(whole.packets)} packets, {size(whole.n_bytes)}", style="bold")


def _facts(analysis: "Analysis") -> Text:
    """Say what was left out, what the packets are, and what was given and assumed of the device."""
    lines = []
    if analysis.reading.sent:
        lines.append(f"left out: {count(analysis.reading.sent)} packets that the capturing host sent")
    shares = _shares(analysis.encapsulations[0], analysis.distributions[0].packets)
    lines.append(f"encapsulation: {shares}")
    options = analysis.distributions[0].device.describe_common()
    given = [f"{name} {value}" for name, value in options if not value.endswith(_DEFAULT)]
    assumed = [f"{name} {value.removesuffix(_DEFAULT)}" for name, value in options if value.endswith(_DEFAULT)]
    lines += [f"{label}: {'; '.join(parts)}" for label, parts in (("given", given), ("assumed", assumed)) if parts]
    return Text("\n".join(lines) + "\n", style="dim")


def _shares(counts: dict[str, int], total: int) -> str:
    if not total:
        return "no packets"
    return ", ".join(f"{name} {count(n)} ({n / total:.1%})" for name, n in counts.items())


def _table(title: str, first_column: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(first_column, no_wrap=True, justify="right" if first_column == "queue" else "left")
    return table


def _queues_table(distributions: "list[Distribution]", with_counts: bool) -> Table:
    """Lay the load of each receive queue side by side, a bar of the packet share for each configuration."""
    table = _table("packets per receive queue", "queue")
    for distribution in distributions:
        table.add_column(distribution.device.name, no_wrap=True)
    most = max(_largest_share(distribution) for distribution in distributions)
    for queue in range(max(len(distribution.queues) for distribution in distributions)):
        table.add_row(str(queue), *(_queue_cell(each, queue, most, with_counts) for each in distributions))
    return table


def _largest_share(distribution: "Distribution") -> float:
    packets = distribution.queues[:, 0]
    return float(packets.max() / packets.sum()) if packets.any() else 0.0


def _queue_cell(distribution: "Distribution", queue: int, most: float, with_counts: bool) -> str:
    if queue >= len(distribution.queues):
        return ""
    packets = int(distribution.queues[queue, 0])
    total = int(distribution.queues[:, 0].sum())
    share = packets / total if total else 0.0
    cell = f"{bar(share / most if most else 0.0)} {share:6.1%}"
    return f"{cell} {count(packets):>{_COUNT_WIDTH - 1}}" if with_counts else cell


def _summary_table(analysis: "Analysis", start: int, stop: int) -> Table:
    """Tabulate the counts and the spread measures, a column for each configuration."""
    table = _table("spread over the queues", "")
    columns = []
    pairs = list(zip(analysis.summary_rows(), analysis.distributions, strict=True))[start:stop]
    for row, distribution in pairs:
        table.add_column(str(row["config"]), justify="right", no_wrap=True)
        columns.append(_summary_cells(row, distribution))
    for label in columns[0]:
        table.add_row(label, *(column[label] for column in columns))
    return table


def _summary_cells(row: "Row", distribution: "Distribution") -> dict[str, str]:
    cells = {
        "hashed": count(distribution.hashed),
        "without hash": count(distribution.unhashed),
        "unknown": count(distribution.unknown),
        "queues used": f"{row['queues_used']} of {len(distribution.queues)}",
    }
    measured = distribution.device.has_queue and bool(distribution.queues[:, 0].any())
    if not distribution.device.has_queue:
        cells["queues used"] = "no RSS"
    for unit in ("packets", "bytes"):
        cells[f"busiest queue above ideal, {unit}"] = f"{row[f'max_ideal_{unit}']:+.1%}" if measured else "-"
    cells["idlest queue below ideal, packets"] = f"{-float(row['min_ideal_packets']):+.1%}" if measured else "-"
    for label, measure in (("Jain's index", "jain"), ("coefficient of variation", "cov"), ("entropy", "entropy")):
        cells[f"{label}, packets"] = f"{row[f'{measure}_packets']:.3f}" if measured else "-"
    return cells


def _reasons(analysis: "Analysis") -> Text:
    """Say why packets got no hash, or why it is not known, per configuration."""
    lines = []
    for distribution in analysis.distributions:
        if distribution.reasons:
            parts = [f"{reason} {count(n)}" for reason, n in sorted(distribution.reasons.items())]
            lines.append(f"no hash, or none known, under {distribution.device.name}: {', '.join(parts)}")
    return Text("\n".join(lines), style="dim")
