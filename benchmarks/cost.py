"""Measure what more of something costs: packets, configurations, hash keys and flows; and draw it.

Part of ``bench.py``. Each line is processor time of a whole command, in units of its first point: flat where more costs
nothing, and as steep as the thin line where twice as much costs twice the time.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from measure import make_trace, read_through, run
from results import Results

SECTION = "cost"
ROUNDS = 3

PCAPHASH: list[str | Path] = [sys.executable, "-m", "pcaphash"]

COUNTS = {
    "packets of analyze": (1_000_000, 2_000_000, 5_000_000, 10_000_000, 20_000_000),
    "configurations of analyze": (1, 3, 10, 30, 100),
    "hash keys of analyze": (1, 2, 4, 8, 16),
    "flows of compare": (1_000, 10_000, 100_000, 1_000_000),
}


def measure(results: Results, directory: Path, scale: float) -> None:
    """Measure all lines, and draw them into ``cost.png`` in the directory."""
    packets = round(1_000_000 * scale)
    small = make_trace(directory, packets, "small")
    commands: dict[str, Callable[[int], list[str | Path]]] = {
        "packets of analyze": lambda n: ["analyze", make_trace(directory, round(n * scale), "small")],
        "configurations of analyze": lambda n: [
            "analyze", small, *(word for i in range(n) for word in ("--config", f"c{i}={_masks(i)}")),
        ],
        "hash keys of analyze": lambda n: [
            "analyze", small, *(word for i in range(n) for word in ("--config", f"k{i}=all@{_key(i)}")),
        ],
        "flows of compare": lambda n: ["compare", make_trace(directory, packets, "small", round(n * scale))],
    }  # fmt: skip
    lines: dict[str, list[tuple[int, float]]] = {}
    for name, words_of in commands.items():
        for n in COUNTS[name]:
            words = words_of(n)
            for word in words:
                if isinstance(word, Path):
                    read_through(word)
            run([*PCAPHASH, *words])
            runs = [run([*PCAPHASH, *words]) for _ in range(ROUNDS)]
            seconds = min(each.cpu_seconds for each in runs)
            peak_bytes = max(each.peak_bytes for each in runs)
            lines.setdefault(name, []).append((n, seconds))
            ratio = seconds / lines[name][0][1]
            results.add(SECTION, f"{n:,} {name}", cpu_seconds=seconds, ratio=ratio, peak_bytes=peak_bytes)
    results.print(SECTION)
    draw(lines, directory / "cost.png")


def draw(lines: dict[str, list[tuple[int, float]]], path: Path) -> None:
    """Draw a panel for each line, both axes logarithmic and in units of the first point."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6), layout="constrained")
    for axes, (name, points) in zip(figure.subplots(2, 2).flat, lines.items(), strict=True):
        counts, seconds = zip(*points, strict=True)
        times = [each / seconds[0] for each in seconds]
        axes.loglog(counts, [count / counts[0] for count in counts], color="0.75", linewidth=1)
        axes.loglog(counts, times, marker="o", color="#0a5")
        axes.annotate(
            f"{times[-1]:.2f} times", (counts[-1], times[-1]), (-4, 8), textcoords="offset points", ha="right"
        )
        axes.set_title(name, loc="left", fontsize=10)
        axes.set_ylim(0.5, 2 * max(*times, 5))
        axes.set_ylabel("processor time, first = 1", fontsize=8)
    figure.suptitle("What more costs; the thin line would be twice the time for twice as much", x=0.01, ha="left")
    figure.savefig(path, dpi=110)


def _masks(number: int) -> str:
    return ("all", "base", "linux", "linux+VXLAN_INNER", "base+GRE_INNER")[number % 5]


def _key(number: int) -> str:
    return bytes((7 * number + 13 * i + i * i * number) % 256 for i in range(40)).hex()
