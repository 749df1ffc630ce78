"""Show an analysis on the terminal."""

from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from pcaphash.engine.distribution import Distribution
    from pcaphash.studies.analyze import Analysis, Row

_BAR_WIDTH = 12
_BLOCKS = " ▏▎▍▌▋▊▉█"


def show_analysis(analysis: "Analysis", console: Console) -> None:
    """Print what was read and assumed, the load of each receive queue, and the spread measures."""
    console.print(_title(analysis))
    console.print(_facts(analysis))
    console.print(_queues_table(analysis))
    console.print(_summary_table(analysis))
    console.print(_reasons(analysis))


def count(number: int) -> str:
    """Write a count with separators between thousands."""
    return f"{number:,}"


def size(n_bytes: float) -> str:
    """Write a number of bytes with a decimal unit."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if n_bytes < 1000 or unit == "TB":
            return f"{n_bytes:.0f} {unit}" if unit == "B" else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1000
    raise AssertionError("the loop returns")


def bar(share: float, width: int = _BAR_WIDTH) -> str:
    """Draw a share between 0 and 1 as a bar of eighths of characters."""
    eighths = round(share * width * 8)
    full, part = divmod(eighths, 8)
    return ("█" * full + (_BLOCKS[part] if part else "")).ljust(width)


def _title(analysis: "Analysis") -> Text:
    reading = analysis.reading
    packets = analysis.distributions[0].packets
    n_bytes = int(analysis.distributions[0].n_bytes)
    names = reading.traces if len(reading.traces) <= 3 else [*reading.traces[:3], f"{len(reading.traces) - 3} more"]
    return Text(f"{', '.join(names)}: {count(packets)} packets, {size(n_bytes)}", style="bold")


def _facts(analysis: "Analysis") -> Text:
    """Say what was left out, what the packets are, and what was assumed of the device."""
    lines = []
    reading = analysis.reading
    if reading.sent:
        lines.append(f"left out: {count(reading.sent)} packets that the capturing host sent")
    lines.append("encapsulation: " + _shares(analysis.encapsulations[0], analysis.distributions[0].packets))
    device = analysis.distributions[0].device
    lines += [f"{name}: {value}" for name, value in device.describe_common()]
    return Text("\n".join(lines), style="dim")


def _shares(counts: dict[str, int], total: int) -> str:
    if not total:
        return "none"
    return ", ".join(f"{name} {count(n)} ({n / total:.1%})" for name, n in counts.items())


def _queues_table(analysis: "Analysis") -> Table:
    """Lay the load of each receive queue side by side, a bar of the packet share for each configuration."""
    table = Table(title="packets per receive queue", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("queue", justify="right")
    shown = [distribution for distribution in analysis.distributions if distribution.device.has_queue]
    for distribution in shown:
        table.add_column(distribution.device.name, no_wrap=True)
    most = max((_largest_share(distribution) for distribution in shown), default=0.0)
    for queue in range(max((len(distribution.queues) for distribution in shown), default=0)):
        table.add_row(str(queue), *(_queue_cell(distribution, queue, most) for distribution in shown))
    return table


def _largest_share(distribution: "Distribution") -> float:
    packets = distribution.queues[:, 0]
    return float(packets.max() / packets.sum()) if packets.sum() else 0.0


def _queue_cell(distribution: "Distribution", queue: int, most: float) -> str:
    if queue >= len(distribution.queues):
        return ""
    packets = int(distribution.queues[queue, 0])
    total = int(distribution.queues[:, 0].sum())
    share = packets / total if total else 0.0
    return f"{bar(share / most if most else 0.0)} {share:6.1%} {count(packets):>11}"


def _summary_table(analysis: "Analysis") -> Table:
    """Tabulate the spread measures, for packets."""
    table = Table(title="spread over the queues", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("configuration", no_wrap=True)
    for heading in ("hashed", "no hash", "unknown", "queues", "max-ideal", "bytes", "min-max", "Jain", "entropy"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row, distribution in zip(analysis.summary_rows(), analysis.distributions, strict=True):
        table.add_row(*_summary_cells(row, distribution))
    return table


def _summary_cells(row: "Row", distribution: "Distribution") -> list[str]:
    counts = [count(int(row[name])) for name in ("hashed", "unhashed", "unknown")]
    if not distribution.device.has_queue:
        return [str(row["config"]), *counts, "no RSS", "", "", "", "", ""]
    queues = f"{row['queues_used']}/{len(distribution.queues)}"
    if not distribution.queues[:, 0].any():
        return [str(row["config"]), *counts, queues, "", "", "", "", ""]
    min_max = float(row["min_max_packets"])
    return [
        str(row["config"]),
        *counts,
        queues,
        f"{row['max_ideal_packets']:+.1%}",
        f"{row['max_ideal_bytes']:+.1%}",
        "queue empty" if min_max < 0 else f"{min_max:.1%}",
        f"{row['jain_packets']:.3f}",
        f"{row['entropy_packets']:.3f}",
    ]


def _reasons(analysis: "Analysis") -> Text:
    """Say why packets got no hash, per configuration."""
    lines = []
    for distribution in analysis.distributions:
        if distribution.reasons:
            parts = [f"{reason} {count(n)}" for reason, n in sorted(distribution.reasons.items())]
            lines.append(f"no hash under {distribution.device.name}: {', '.join(parts)}")
    return Text("\n".join(lines), style="dim")
