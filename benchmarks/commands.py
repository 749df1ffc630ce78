"""Measure every command that reads captures on one trace, beside ``analyze``, from start to end of the process.

Part of ``bench.py``.
"""

import os
import sys
from pathlib import Path

from measure import read_through, run
from results import Results

SECTION = "commands"
ROUNDS = 3

PCAPHASH: list[str | Path] = [sys.executable, "-m", "pcaphash"]


def measure(results: Results, trace: Path, packets: int) -> None:
    """Measure each command with as many jobs as there are cores; ratios are of their times to that of ``analyze``."""
    folder = trace.parent
    reported, saved, page = folder / "reported.pcapng", folder / "saved.npz", folder / "page.html"
    commands: dict[str, list[str | Path]] = {
        "analyze": ["analyze", trace],
        "info": ["info", trace],
        "census": ["census", trace, "-o", saved],
        "sweep": ["sweep", trace],
        "compare": ["compare", trace],
        "report": ["report", trace, "-o", page],
        "tune": ["tune", trace],
        "hashes --format csv": ["hashes", trace, "--format", "csv", "-o", os.devnull],
        "hashes --format parquet": ["hashes", trace, "-o", folder / "hashes.parquet"],
        "replay": ["replay", trace],
        "replay -w": ["replay", trace, "-w", reported],
        "validate": ["validate", reported],
        "recover-key": ["recover-key", reported],
    }
    read_through(trace)
    run([*PCAPHASH, *commands["analyze"]])
    best: dict[str, float] = {}
    for name, words in commands.items():
        runs = [run([*PCAPHASH, *words]) for _ in range(ROUNDS + 1)][1:]  # the first one compiles its kernels
        best[name] = min(each.seconds for each in runs)
        results.add(
            SECTION,
            name,
            seconds=best[name],
            cpu_seconds=min(each.cpu_seconds for each in runs),
            packets_per_second=packets / best[name],
            ratio=best[name] / best["analyze"],
            peak_bytes=max(each.peak_bytes for each in runs),
        )
    results.print(SECTION)
    for made in (reported, saved, page, folder / "hashes.parquet"):
        made.unlink()
