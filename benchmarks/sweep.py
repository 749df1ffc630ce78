"""Compare what ``sweep`` costs with what ``analyze`` costs on the same trace, from start to end of the commands.

    python benchmarks/sweep.py --directory DIRECTORY

Both run on one core, in pairs. Prints a line for each format and text, and whether the target is met.
"""

import argparse
import statistics
import sys
from pathlib import Path

from measure import make_trace, pin_to_one_core, read_through, run

PAIRS = 7
MOST_RATIO = 1.3
CASES: list[list[str]] = [[], ["--format", "csv"], ["--spec", "1.4"]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--directory", type=Path, required=True, help="where the traces are, or are made")
    parser.add_argument("--packets", type=int, default=5_000_000)
    arguments = parser.parse_args()
    arguments.directory.mkdir(parents=True, exist_ok=True)
    trace = make_trace(arguments.directory, arguments.packets, "small")
    core = pin_to_one_core()
    read_through(trace)
    print(f"{arguments.packets:,} packets, core {core}; the median ratio of {PAIRS} pairs counts")
    medians = [compare(trace, options) for options in CASES]
    return 0 if max(medians) <= MOST_RATIO else 1


def compare(trace: Path, options: list[str]) -> float:
    """Run both commands in turn, each once before that counts; return the median ratio."""

    def seconds(command: str) -> float:
        return run([sys.executable, "-m", "pcaphash", command, trace, *options]).seconds

    seconds("analyze"), seconds("sweep")
    pairs = [(seconds("analyze"), seconds("sweep")) for _ in range(PAIRS)]
    ratios = sorted(of_sweep / of_analyze for of_analyze, of_sweep in pairs)
    median = statistics.median(ratios)
    best_analyze, best_sweep = (min(times) for times in zip(*pairs, strict=True))
    print(
        f"{' '.join(options) or 'table':14}  analyze {best_analyze:.2f} s, sweep {best_sweep:.2f} s (best); "
        f"ratio {median:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}): "
        f"{'met' if median <= MOST_RATIO else 'MISSED'}, at most {MOST_RATIO}"
    )
    return median


if __name__ == "__main__":
    sys.exit(main())
