"""Compare the speed of pcaphash with C programs that do the same dissection, as ratios, and judge it by its targets.

Part of ``bench.py``. All run on one core, and pcaphash on two cores as well, in turn, best of five. All must count the
same packets and bytes in every receive queue, or the run ends with the differences.
"""

import csv
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from measure import HERE, Run, build_programs, make_trace, read_through, run
from results import Results

ROUNDS = 5
PASSES = 3  # in memory, in each round

PCAPHASH: list[str | Path] = [sys.executable, "-m", "pcaphash"]
LIBPCAP, TABLE, ANALYZE, ANALYZE_INNER = "libpcap + rte_softrss", "mmap + tables", "analyze", "analyze, inner only"
ANALYZE_ON_TWO = "analyze, 2 jobs"
TABLE_IN_MEMORY, CENSUS_IN_MEMORY = "mmap + tables, in memory", "census kernel, in memory"
CENSUS_ON_TWO = "census kernel, in memory, 2 jobs"

LEAST_KERNEL_RATIO = 0.9
LEAST_KERNEL_RATIO_OF_TWO = 1.7
LEAST_SHORT_RATIO = 1.6
LEAST_LONG_RATIO = 2.5
LEAST_LONG_RATIO_OF_TWO = 4.0
MOST_PEAK_BYTES = 250_000_000
MOST_FIRST_SECONDS = 20.0
STARTUP = "start-up, of commands with little to do"
MOST_STARTUP_SECONDS = {"--help": 0.15, "hash": 0.25, "analyze": 0.35, "info": 0.4, "explain": 0.4}


class Counts(NamedTuple):
    """Packets and bytes of each receive queue."""

    packets: list[int]
    n_bytes: list[int]


class Measurement(NamedTuple):
    """The best of all rounds: seconds, and the highest peak memory."""

    seconds: float
    peak_bytes: int
    counts: Counts | None


class Contestant(NamedTuple):
    """A command, how many seconds a run of it counts for, the counts that it printed, and its cores."""

    command: Sequence[str | Path]
    seconds_of: Callable[[Run], float]
    counts_of: Callable[[Run], Counts | None]
    n_cores: int = 1


class Target(NamedTuple):
    """One line of the verdict."""

    name: str
    value: str
    limit: str
    met: bool


def printed_seconds(finished: Run) -> float:
    """Return the seconds that a program printed, of its loop alone."""
    return float(json.loads(finished.output)["seconds"])


def wall_seconds(finished: Run) -> float:
    """Return the seconds from the start of the process to its end."""
    return finished.seconds


def printed_counts(finished: Run) -> Counts:
    """Return the counts that a program printed."""
    line = json.loads(finished.output)
    return Counts(line["queue_packets"], line["queue_bytes"])


def analyze_counts(trace: Path) -> Counts:
    """Return the counts of ``analyze``, configuration ``inner``."""
    with tempfile.TemporaryDirectory() as folder:
        run([*PCAPHASH, "analyze", trace, "--format", "csv", "--output", folder])
        with (Path(folder) / "distribution.csv").open(newline="") as table:
            rows = [row for row in csv.DictReader(table) if row["config"] == "inner"]
    return Counts([int(row["packets"]) for row in rows], [int(row["bytes"]) for row in rows])


def whole_processes(build: Path, trace: Path) -> dict[str, Contestant]:
    """Return the contestants that read a trace from its file, start of the process to its end."""
    analyze: list[str | Path] = [*PCAPHASH, "analyze", trace]
    return {
        LIBPCAP: Contestant([build / "softrss_libpcap", trace], wall_seconds, printed_counts),
        TABLE: Contestant([build / "table_mmap", trace], wall_seconds, printed_counts),
        ANALYZE: Contestant([*analyze, "--jobs", "1"], wall_seconds, lambda _: None),
        ANALYZE_ON_TWO: Contestant([*analyze, "--jobs", "2"], wall_seconds, lambda _: None, 2),
        ANALYZE_INNER: Contestant([*analyze, "--config", "inner=all"], wall_seconds, lambda _: None),
    }


def in_memory(build: Path, trace: Path) -> dict[str, Contestant]:
    """Return the contestants that pass over a trace in memory, the loop alone."""
    table: list[str | Path] = [build / "table_mmap", trace, str(PASSES)]
    census: list[str | Path] = [sys.executable, HERE / "census_kernel.py", trace, str(PASSES)]
    return {
        TABLE_IN_MEMORY: Contestant(table, printed_seconds, printed_counts),
        CENSUS_IN_MEMORY: Contestant([*census, "1"], printed_seconds, printed_counts),
        CENSUS_ON_TWO: Contestant([*census, "2"], printed_seconds, printed_counts, 2),
    }


def measure(contestants: dict[str, Contestant]) -> dict[str, Measurement]:
    """Let all contestants run in turn, some rounds, and keep the best of each.

    A first round does not count: it compiles kernels, which takes time and memory.
    """
    for contestant in contestants.values():
        run(contestant.command, n_cores=contestant.n_cores)
    best: dict[str, Measurement] = {}
    for _ in range(ROUNDS):
        for name, contestant in contestants.items():
            finished = run(contestant.command, n_cores=contestant.n_cores)
            seconds, peak_bytes = contestant.seconds_of(finished), finished.peak_bytes
            if name in best:
                seconds, peak_bytes = min(seconds, best[name].seconds), max(peak_bytes, best[name].peak_bytes)
            best[name] = Measurement(seconds, peak_bytes, contestant.counts_of(finished))
    return best


def check_counts(trace: Path, all_counts: Iterable[Counts | None]) -> None:
    """Make sure that every contestant counted the same, in every queue.

    Raises
    ------
    SystemExit
        Two of them differ, so that their speeds say nothing.
    """
    known = [counts for counts in all_counts if counts]
    if any(counts != known[0] for counts in known):
        raise SystemExit(f"{trace}: the counts differ:\n" + "\n".join(map(str, known)))


def measure_trace(results: Results, build: Path, trace: Path, kernel: bool) -> dict[str, Measurement]:
    """Measure all contestants on one trace (those in memory only if ``kernel``), and print what they took."""
    print(f"measuring {trace}", file=sys.stderr)
    read_through(trace)
    contestants = whole_processes(build, trace) | (in_memory(build, trace) if kernel else {})
    best = measure(contestants)
    counts = [result.counts for result in best.values()]
    check_counts(trace, [*counts, analyze_counts(trace)])
    packets = sum(counts[0].packets) if counts[0] else 0
    section = f"{trace.name}: {packets:,} packets, {trace.stat().st_size / 1e6:,.0f} MB; ratio: time, libpcap = 1"
    for name, result in best.items():
        results.add(
            section,
            name,
            seconds=result.seconds,
            packets_per_second=packets / result.seconds,
            ratio=result.seconds / best[LIBPCAP].seconds,
            peak_bytes=result.peak_bytes,
        )
    results.print(section)
    return best


def at_least(name: str, value: float, limit: float) -> Target:
    """Judge a ratio that must not fall below a limit."""
    return Target(name, f"{value:.2f}", f"at least {limit}", value >= limit)


def at_most(name: str, value: float, limit: float) -> Target:
    """Judge a ratio or a time that must not rise above a limit."""
    return Target(name, f"{value:.2f}", f"at most {limit}", value <= limit)


def kernel_target(trace: Path, results: dict[str, Measurement]) -> Target:
    """Judge the speed of the census kernel, all masks, against the tables', one configuration."""
    ratio = results[TABLE_IN_MEMORY].seconds / results[CENSUS_IN_MEMORY].seconds
    return at_least(f"speed of the census kernel / speed of the tables, {trace.name}", ratio, LEAST_KERNEL_RATIO)


def two_cores_target(trace: Path, results: dict[str, Measurement]) -> Target:
    """Judge the speed of the census kernel on two cores against that on one."""
    ratio = results[CENSUS_IN_MEMORY].seconds / results[CENSUS_ON_TWO].seconds
    return at_least(f"speed of the census kernel on two cores / on one, {trace.name}", ratio, LEAST_KERNEL_RATIO_OF_TWO)


def speed_target(trace: Path, results: dict[str, Measurement], name: str, limit: float) -> Target:
    """Judge the speed of a way to run ``analyze`` against libpcap's."""
    ratio = results[LIBPCAP].seconds / results[name].seconds
    return at_least(f"speed of {name} / speed of libpcap + rte_softrss, {trace.name}", ratio, limit)


def memory_target(trace: Path, results: dict[str, Measurement]) -> Target:
    """Judge the peak memory of ``analyze``."""
    peak = results[ANALYZE].peak_bytes
    name, limit = f"peak memory of analyze, {trace.name}", f"under {MOST_PEAK_BYTES / 1e6:.0f} MB"
    return Target(name, f"{peak / 1e6:.0f} MB", limit, peak < MOST_PEAK_BYTES)


def startup_targets(results: Results, tiny: Path) -> list[Target]:
    """Judge how long commands take whose work is small, with the compile cache empty and warm."""
    commands: dict[str, list[str | Path]] = {
        "--help": ["--help"],
        "hash": ["hash", "192.0.2.1:1234", "198.51.100.2:443"],
        "analyze": ["analyze", tiny],
        "info": ["info", tiny],
        "explain": ["explain", tiny, "--packet", "1"],
    }
    with tempfile.TemporaryDirectory() as empty:
        first = run([*PCAPHASH, *commands["analyze"]], {"NUMBA_CACHE_DIR": empty}).seconds
    contestants = {
        name: Contestant([*PCAPHASH, *words], wall_seconds, lambda _: None) for name, words in commands.items()
    }
    best = measure(contestants)
    for name, of_it in best.items():
        results.add(STARTUP, name, seconds=of_it.seconds, peak_bytes=of_it.peak_bytes)
    results.add(STARTUP, "analyze, empty compile cache", seconds=first)
    results.print(STARTUP)
    return [
        *(at_most(f"seconds of {name}", best[name].seconds, most) for name, most in MOST_STARTUP_SECONDS.items()),
        at_most("seconds of analyze, empty compile cache", first, MOST_FIRST_SECONDS),
    ]


def benchmark(results: Results, directory: Path, scale: float) -> list[Target]:
    """Measure everything and judge it by the targets."""
    build = build_programs(directory)
    targets = startup_targets(results, make_trace(directory, 100, "small"))
    short = make_trace(directory, round(5_000_000 * scale), "small")
    long = make_trace(directory, round(20_000_000 * scale), "small")
    large = make_trace(directory, round(1_000_000 * scale), "large")
    on_short = measure_trace(results, build, short, kernel=True)
    on_long = measure_trace(results, build, long, kernel=False)
    on_large = measure_trace(results, build, large, kernel=True)
    return [
        kernel_target(short, on_short),
        kernel_target(large, on_large),
        two_cores_target(short, on_short),
        speed_target(short, on_short, ANALYZE, LEAST_SHORT_RATIO),
        speed_target(long, on_long, ANALYZE, LEAST_LONG_RATIO),
        speed_target(long, on_long, ANALYZE_ON_TWO, LEAST_LONG_RATIO_OF_TWO),
        *(memory_target(*pair) for pair in ((short, on_short), (long, on_long), (large, on_large))),
        *targets,
    ]


def print_targets(targets: list[Target]) -> None:
    """Print the verdict as a table."""
    print("\n| target | measured | wanted | |")
    print("|---|--:|--:|---|")
    for target in targets:
        print(f"| {target.name} | {target.value} | {target.limit} | {'pass' if target.met else 'FAIL'} |")
