"""Measure pcaphash beside C programs and other tools, in one run, and keep the figures.

    python benchmarks/bench.py --directory DIRECTORY

Prints Markdown tables; stores them with the facts of the machine as JSON, and a figure, in the directory. Ratios of one
run can be compared with those of another machine; times cannot. The exit code is 1 if a target is missed.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

import commands
import cost
import formats
import machine
import readers
import targets
from measure import make_trace, read_through, run
from results import Results

PACKETS = 5_000_000
FEW_PACKETS = 100_000
LIMITS = "limits of this machine"


def main() -> None:
    """Run everything."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--directory",
        type=Path,
        default=Path(tempfile.gettempdir()) / "pcaphash-benchmarks",
        help="where traces, programs and results are kept between runs (default: %(default)s)",
    )
    parser.add_argument(
        "--scale", type=float, default=1.0, help="of the traces; 1 needs 9 GB (the targets are meant for 1)"
    )
    arguments = parser.parse_args()
    directory = arguments.directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    os.environ["NUMBA_CACHE_DIR"] = str(directory / "compile-cache")
    results = Results(machine.facts())
    print("\n".join(f"{name}: {value}" for name, value in results.machine.items()))
    packets = round(PACKETS * arguments.scale)
    trace = make_trace(directory, packets, "small")
    read_through(trace)
    limits = json.loads(run([sys.executable, machine.__file__, trace]).output)
    results.add(LIMITS, "reading a file that is in memory", bytes_per_second=limits["read"])
    results.add(LIMITS, "adding up memory", bytes_per_second=limits["memory"])
    results.print(LIMITS)
    found = targets.benchmark(results, directory, arguments.scale)
    formats.measure(results, trace, packets)
    commands.measure(results, make_trace(directory, packets, "small", packets // 16), packets)
    readers.measure(results, make_trace(directory, FEW_PACKETS, "small"), FEW_PACKETS)
    cost.measure(results, directory, arguments.scale)
    targets.print_targets(found)
    print(f"\nstored: {results.save(directory)}")
    sys.exit(not all(target.met for target in found))


if __name__ == "__main__":
    main()
