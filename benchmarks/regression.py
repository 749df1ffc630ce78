"""Notice a large loss of speed: a few ratios of one run, with wide limits, and no limit on any time.

    python benchmarks/regression.py

A minute, for machines that do other work meanwhile: processor times, best of three, and limits at about half of the
speed that is usual. The exit code is 1 if one is passed. The comparison with C needs gcc and make, and is left out
without them.
"""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from measure import HERE, make_trace, read_through, run
from results import Results

PACKETS = 1_000_000
ROUNDS = 3
SECTION = "ratios, and the most or least that they may be"

PCAPHASH: list[str | Path] = [sys.executable, "-m", "pcaphash"]
PCAPNG = "import sys, pcaphash; pcaphash.synth(sys.argv[1], pcaphash.Traffic(packets=int(sys.argv[2])))"


def main() -> None:
    """Measure, print a table, and fail if something is out of its limits."""
    with tempfile.TemporaryDirectory(prefix="pcaphash-") as folder:
        os.environ["NUMBA_CACHE_DIR"] = folder
        directory = Path(folder)
        few, many = make_trace(directory, 100, "small"), make_trace(directory, PACKETS, "small")
        flows = make_trace(directory, PACKETS, "small", PACKETS // 16)
        pair = directory / "synth.pcap", directory / "synth.pcapng"
        for file in pair:
            run([sys.executable, "-c", PCAPNG, file, str(PACKETS)])
        for file in (many, flows, *pair):
            read_through(file)
        numpy = cpu_seconds([sys.executable, "-c", "import numpy"])
        start = cpu_seconds([*PCAPHASH, "analyze", few])
        whole = cpu_seconds([*PCAPHASH, "analyze", many, "--jobs", "1"])
        of_flows = cpu_seconds([*PCAPHASH, "analyze", flows, "--jobs", "1"])
        pcap, pcapng = (cpu_seconds([*PCAPHASH, "analyze", file, "--jobs", "1"]) for file in pair)
        compare = cpu_seconds([*PCAPHASH, "compare", flows, "--jobs", "1"])
        peak = run([*PCAPHASH, "analyze", many]).peak_bytes
        judged = [
            ("start of analyze / import of NumPy", start / numpy, 5.0),
            ("analyze of a million packets / of 100", whole / start, 2.5),
            ("analyze of pcapng / of pcap", pcapng / pcap, 1.8),
            ("compare / analyze", compare / of_flows, 6.0),
            ("peak memory of analyze / 250 MB", peak / 250e6, 1.0),
        ]
        if shutil.which("gcc") and shutil.which("make"):
            run(["make", "-C", HERE / "c", f"BUILD={directory}", directory / "table_mmap"])
            tables = [directory / "table_mmap", many, "3"]
            census = [sys.executable, HERE / "census_kernel.py", many, "3", "1"]
            ratio = printed_seconds(census) / printed_seconds(tables)
            judged.append(("census kernel / tables in C, in memory", ratio, 2.7))
    results = Results({})
    for name, ratio, most in judged:
        results.add(SECTION, f"{name}, at most {most}{'' if ratio <= most else ': PASSED'}", ratio=ratio)
    results.print(SECTION)
    sys.exit(any(ratio > most for _, ratio, most in judged))


def cpu_seconds(command: list[str | Path]) -> float:
    """Run a command once, so that its kernels are compiled, then some times more: the least processor time."""
    run(command)
    return min(run(command).cpu_seconds for _ in range(ROUNDS))


def printed_seconds(command: list[str | Path]) -> float:
    """Return the least seconds that a program printed, of its loop alone."""
    return min(float(json.loads(run(command).output)["seconds"]) for _ in range(ROUNDS))


if __name__ == "__main__":
    main()
