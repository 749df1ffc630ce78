"""Compare how ``analyze`` takes the same packets from files of several formats, and from compressed ones.

Part of ``bench.py``. Unpacking alone is the library that pcaphash uses too, which throws away what it unpacks.
Beside it are the programs that people unpack with; with ``-t`` they throw it away too.
"""

import shutil
import sys
from pathlib import Path

from measure import HERE, run
from results import Results

SECTION = "formats"
ROUNDS = 3
JOBS = (1, 2)

PACKED = {"gz": "gzip", "zst": "zstd"}
PACKING = HERE / "packing.py"


def measure(results: Results, trace: Path, packets: int) -> None:
    """Measure each format, on one core and on all; formats that nothing here can write are left out."""
    files = {"pcap": trace}
    pcapng = trace.with_suffix(".pcapng")
    if shutil.which("editcap"):
        if not pcapng.exists():
            run(["editcap", "-F", "pcapng", trace, pcapng])
        files["pcapng"] = pcapng
    for suffix in PACKED:
        files[suffix] = trace.with_suffix(f".pcap.{suffix}")
        if not files[suffix].exists():
            run([sys.executable, PACKING, trace, files[suffix]])
    best: dict[str, tuple[float, float, int]] = {}
    for file in files.values():
        for jobs in JOBS:
            run(_analyze(file, jobs))  # compiles kernels, which takes time and memory, and reads the file into memory
    for _ in range(ROUNDS):
        for name, file in files.items():
            for jobs in JOBS:
                _keep(best, _label(name, jobs), _analyze(file, jobs))
            if name in PACKED:
                _keep(best, f"{name}, unpacked only", [sys.executable, PACKING, file])
                if shutil.which(PACKED[name]):
                    _keep(best, f"{name}, {PACKED[name]} -t", [PACKED[name], "-t", file])
    for name, (seconds, cpu_seconds, peak_bytes) in best.items():
        compared = f"{name.partition(',')[0]}, unpacked only"
        base = best[compared if compared in best else _label("pcap", 2 if name.endswith("2 jobs") else 1)]
        index = 0 if compared in best else 1
        ratio = (seconds, cpu_seconds)[index] / base[index]
        rate = packets / seconds
        results.add(
            SECTION,
            name,
            seconds=seconds,
            cpu_seconds=cpu_seconds,
            packets_per_second=rate,
            ratio=ratio,
            peak_bytes=peak_bytes,
        )
    results.print(SECTION)
    print("\nratio: of pcapng, processor time to that of pcap; of gz and zst, time to that of unpacking only.")


def _analyze(file: Path, jobs: int) -> list[str | Path]:
    return [sys.executable, "-m", "pcaphash", "analyze", file, "--jobs", str(jobs)]


def _label(name: str, jobs: int) -> str:
    return f"{name}, {jobs} job{'s' if jobs > 1 else ''}"


def _keep(best: dict[str, tuple[float, float, int]], name: str, command: list[str | Path]) -> None:
    finished = run(command)
    seconds, cpu_seconds, peak_bytes = best.get(name, (float("inf"), float("inf"), 0))
    best[name] = (
        min(seconds, finished.seconds),
        min(cpu_seconds, finished.cpu_seconds),
        max(peak_bytes, finished.peak_bytes),
    )
