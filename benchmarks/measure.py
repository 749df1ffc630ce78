"""Run a command and measure it; build the C programs; make the traces.

Nothing large may be imported here: the peak memory that the system reports of a new process starts at its parent's.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent

TOOLS = ("gcc", "make", "pkg-config")
LIBRARIES = ("libpcap", "libdpdk")
CORES = sorted(os.sched_getaffinity(0))
HOW_TO_INSTALL = "apt-get install gcc make pkg-config libpcap-dev libdpdk-dev"


@dataclass(frozen=True)
class Run:
    """What one run of a command took.

    That is wall-clock seconds from start to end, seconds of all processors, peak resident memory, and its output.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    output: str


def run(command: Sequence[str | Path], environment: Mapping[str, str] | None = None, n_cores: int | None = None) -> Run:
    """Run a command to its end, on the cores that this process may use, or on so many of them.

    Raises
    ------
    SystemExit
        The command failed; the text holds what it said.
    """
    variables = dict(os.environ, **(environment or {}))
    variables.pop("PYTHONDONTWRITEBYTECODE", None)  # or Python would compile the package at every start
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, before if n_cores is None else CORES[-n_cores:])  # which a new process takes over
        start = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env=variables)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        os.sched_setaffinity(0, before)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode:
            raise SystemExit(f"{' '.join(map(str, command))}\nfailed ({process.returncode}): {errors.read()}")
        return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, output.read())


def pin_to_one_core() -> int:
    """Keep this process and all that it starts on one core, and return its number."""
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return core


def build_programs(directory: Path) -> Path:
    """Build the C programs and return the folder that they are in.

    Raises
    ------
    SystemExit
        Something to build them with is missing; the text says how to install it.
    """
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if "pkg-config" not in missing:
        missing += [name for name in LIBRARIES if subprocess.call(["pkg-config", "--exists", name])]
    if missing:
        raise SystemExit(f"The C programs need {', '.join(missing)}. On Debian: {HOW_TO_INSTALL}")
    build = directory / "build"
    build.mkdir(exist_ok=True)
    run(["make", "-C", HERE / "c", f"BUILD={build}"])
    return build


def make_trace(directory: Path, packets: int, size: str, flows: int | None = None) -> Path:
    """Return a trace of ``small`` or ``large`` packets, of so many flows, and write it first if it is not there yet."""
    of_flows = [] if flows is None else ["--flows", str(flows)]
    trace = directory / f"{'-'.join([size, str(packets), *of_flows[1:]])}.pcap"
    if not trace.exists():
        print(f"writing {trace}", file=sys.stderr)
        partial = trace.with_suffix(".partial")
        run([sys.executable, HERE / "traces.py", "--packets", str(packets), "--size", size, *of_flows, "-o", partial])
        partial.rename(trace)
    return trace


def read_through(file: Path) -> None:
    """Read a file once, so that it is in memory as far as it fits."""
    with file.open("rb") as stream:
        while stream.read(1 << 20):
            pass
