"""Compare what ``compare`` costs with what ``analyze`` costs on the same trace, from start to end of the commands.

    python benchmarks/compare.py --directory DIRECTORY

On all processors, in pairs. Prints a line for each trace, and whether each target is met: the time of ``compare`` as a
ratio, its peak memory, and its time for 100,000 packets.
"""

import argparse
import statistics
import sys
from pathlib import Path

from measure import make_trace, read_through, run

PAIRS = 5
PACKETS, FLOWS, FEW_PACKETS = 5_000_000, 316_000, 100_000
MOST_RATIO = 2.5
MOST_PEAK_BYTES = 400_000_000
MOST_FEW_SECONDS = 1.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--directory", type=Path, required=True, help="where the traces are, or are made")
    arguments = parser.parse_args()
    arguments.directory.mkdir(parents=True, exist_ok=True)
    is_met = [
        measure(make_trace(arguments.directory, PACKETS, "small", FLOWS), MOST_RATIO, MOST_PEAK_BYTES, None),
        measure(make_trace(arguments.directory, FEW_PACKETS, "small"), None, None, MOST_FEW_SECONDS),
        measure(make_trace(arguments.directory, PACKETS, "small"), None, None, None),
    ]
    return 0 if all(is_met) else 1


def measure(trace: Path, most_ratio: float | None, most_bytes: int | None, most_seconds: float | None) -> bool:
    """Run both commands in turn, each once before that counts; tell whether what is wanted is met."""
    read_through(trace)
    commands = [[sys.executable, "-m", "pcaphash", command, trace] for command in ("analyze", "compare")]
    for command in commands:
        run(command)
    pairs = [tuple(run(command) for command in commands) for _ in range(PAIRS)]
    ratio = statistics.median(of_compare.seconds / of_analyze.seconds for of_analyze, of_compare in pairs)
    seconds = min(of_compare.seconds for _, of_compare in pairs)
    peak_bytes = max(of_compare.peak_bytes for _, of_compare in pairs)
    print(
        f"{trace.name}: compare {seconds:.2f} s (best), {ratio:.2f} times analyze (median of {PAIRS} pairs)"
        f"{wanted(ratio, most_ratio, '.2f')}; peak memory {peak_bytes / 1e6:.0f} MB"
        f"{wanted(peak_bytes / 1e6, most_bytes and most_bytes / 1e6, '.0f')}{wanted(seconds, most_seconds, '.1f')}"
    )
    limits = ((ratio, most_ratio), (peak_bytes, most_bytes), (seconds, most_seconds))
    return all(most is None or value <= most for value, most in limits)


def wanted(value: float, most: float | None, form: str) -> str:
    """Say whether a value is at most what is wanted, if anything is."""
    return "" if most is None else f" ({'met' if value <= most else 'MISSED'}, at most {most:{form}})"


if __name__ == "__main__":
    sys.exit(main())
