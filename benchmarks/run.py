"""Compare the speed of pcaphash with C programs that do the same dissection, in one run, as ratios.

    python benchmarks/run.py --directory DIRECTORY

All run on one core, and pcaphash on two cores as well, in turn, best of five. Prints Markdown tables, and whether each
target is met.
"""

import argparse
import csv
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from measure import HERE, Run, build_programs, make_trace, pin_to_one_core, read_through, run

ROUNDS = 5
PASSES = 3  # in memory, in each round

PCAPHASH: list[str | Path] = [sys.executable, "-m", "pcaphash"]
LIBPCAP, TABLE, ANALYZE, ANALYZE_INNER = "libpcap + rte_softrss", "mmap + tables", "analyze", "analyze, inner only"
ANALYZE_ON_TWO = "analyze, 2 jobs"
TABLE_IN_MEMORY, CENSUS_IN_MEMORY = "mmap + tables, in memory", "census kernel, in memory"
CENSUS_ON_TWO = "census kernel, in memory, 2 jobs"

LEAST_KERNEL_RATIO = 0.8
LEAST_KERNEL_RATIO_OF_TWO = 1.7
LEAST_SHORT_RATIO = 1.6
LEAST_LONG_RATIO = 2.5
LEAST_LONG_RATIO_OF_TWO = 4.0
MOST_PEAK_BYTES = 250_000_000
MOST_FIRST_SECONDS = 20.0
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


def analyze_counts(trace: Path, environment: dict[str, str]) -> Counts:
    """Return the counts of ``analyze``, configuration ``inner``."""
    with tempfile.TemporaryDirectory() as folder:
        run([*PCAPHASH, "analyze", trace, "--format", "csv", "--output", folder], environment)
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


def measure(contestants: dict[str, Contestant], environment: dict[str, str]) -> dict[str, Measurement]:
    """Let all contestants run in turn, some rounds, and keep the best of each."""
    best: dict[str, Measurement] = {}
    for _ in range(ROUNDS):
        for name, contestant in contestants.items():
            finished = run(contestant.command, environment, contestant.n_cores)
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


def measure_trace(build: Path, trace: Path, environment: dict[str, str], kernel: bool) -> dict[str, Measurement]:
    """Measure all contestants on one trace (those in memory only if ``kernel``), and print what they took."""
    print(f"measuring {trace}", file=sys.stderr)
    read_through(trace)
    contestants = whole_processes(build, trace) | (in_memory(build, trace) if kernel else {})
    results = measure(contestants, environment)
    counts = [result.counts for result in results.values()]
    check_counts(trace, [*counts, analyze_counts(trace, environment)])
    print_results(trace, sum(counts[0].packets) if counts[0] else 0, results)
    return results


def print_results(trace: Path, packets: int, results: dict[str, Measurement]) -> None:
    """Print a table of what every contestant took on one trace."""
    print(f"\n{trace.name}: {packets:,} packets, {trace.stat().st_size / 1e6:,.0f} MB\n")
    print("| contestant | seconds | million packets/s | time, libpcap = 1 | peak memory, MB |")
    print("|---|--:|--:|--:|--:|")
    for name, result in results.items():
        ratio = result.seconds / results[LIBPCAP].seconds
        rate, peak = packets / result.seconds / 1e6, result.peak_bytes / 1e6
        print(f"| {name} | {result.seconds:.3f} | {rate:.2f} | {ratio:.2f} | {peak:.0f} |")


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


def startup_targets(tiny: Path, environment: dict[str, str]) -> list[Target]:
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
    for contestant in contestants.values():
        run(contestant.command, environment)
    best = measure(contestants, environment)
    return [
        *(at_most(f"seconds of {name}", best[name].seconds, most) for name, most in MOST_STARTUP_SECONDS.items()),
        at_most("seconds of analyze, empty compile cache", first, MOST_FIRST_SECONDS),
    ]


def benchmark(directory: Path, scale: float) -> list[Target]:
    """Measure everything and judge it by the targets."""
    build = build_programs(directory)
    environment = {"NUMBA_CACHE_DIR": str(directory / "compile-cache")}
    targets = startup_targets(make_trace(directory, 100, "small"), environment)
    short = make_trace(directory, round(5_000_000 * scale), "small")
    long = make_trace(directory, round(20_000_000 * scale), "small")
    large = make_trace(directory, round(1_000_000 * scale), "large")
    on_short = measure_trace(build, short, environment, kernel=True)
    on_long = measure_trace(build, long, environment, kernel=False)
    on_large = measure_trace(build, large, environment, kernel=True)
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


def main() -> None:
    """Run the benchmarks; the exit code is 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--directory",
        type=Path,
        default=Path(tempfile.gettempdir()) / "pcaphash-benchmarks",
        help="where traces and programs are kept between runs (default: %(default)s)",
    )
    parser.add_argument(
        "--scale", type=float, default=1.0, help="of the traces; 1 needs 5.5 GB (the targets are meant for 1)"
    )
    arguments = parser.parse_args()
    directory = arguments.directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    print(f"on core {pin_to_one_core()}, best of {ROUNDS}", file=sys.stderr)
    targets = benchmark(directory, arguments.scale)
    print_targets(targets)
    sys.exit(not all(target.met for target in targets))


if __name__ == "__main__":
    main()
