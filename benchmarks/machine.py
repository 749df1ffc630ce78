"""What machine this is, and how fast it reads files that are in memory, and memory: limits that no program passes.

    python benchmarks/machine.py FILE

prints these limits as JSON, in bytes a second.
"""

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

PACKAGES = ("pcaphash", "numpy", "numba", "llvmlite", "pandas", "pyarrow", "isal", "backports.zstd")
BLOCK_LEN = 1 << 20
MEMORY_LEN = 256 << 20
ROUNDS = 5


def facts() -> dict[str, str | int]:
    """Return what makes figures of one machine differ from those of another."""
    return {
        "processor": _line_of(Path("/proc/cpuinfo"), "model name") or platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        **{f"version_of_{name}": _version(name) for name in PACKAGES},
        "commit": _commit(),
        "busy_before": round(os.getloadavg()[0], 2),
    }


def read_rate(file: Path) -> float:
    """Return bytes a second of reading a file, all of it in memory, into one block over and over."""
    block = bytearray(BLOCK_LEN)
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        with file.open("rb", buffering=0) as stream:
            while stream.readinto(block):
                pass
        best = min(best, time.perf_counter() - start)
    return file.stat().st_size / best


def memory_rate() -> float:
    """Return bytes a second of adding up memory that no cache holds."""
    import numpy as np

    words = np.ones(MEMORY_LEN // 8, np.int64)
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        words.sum()
        best = min(best, time.perf_counter() - start)
    return words.nbytes / best


def _line_of(file: Path, name: str) -> str:
    lines = file.read_text().splitlines() if file.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _commit() -> str:
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip()


if __name__ == "__main__":
    print(json.dumps({"read": read_rate(Path(sys.argv[1])), "memory": memory_rate()}))
