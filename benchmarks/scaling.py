"""Measure what a cluster of this machine costs beside threads: the figures of docs/scaling.md.

    python benchmarks/scaling.py [--files FILES] [--directory DIRECTORY]

Makes that many captures of 1 MB (default: 1,000), and runs ``analyze`` and ``compare`` over them in turn: with
``--jobs 2``, on two workers that run already, and on a cluster of two processes that is started for it. Then it
measures what one core counts, how large results are, and what a task costs. Prints the facts of the machine, the
figures, and whether the target is met; the exit code is 1 if it is not. Times are the shortest of several runs.
"""

import argparse
import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import machine

import pcaphash
from pcaphash.capture.input import FileInput
from pcaphash.capture.ranges import split_file
from pcaphash.engine.cluster import gathering
from pcaphash.engine.cluster.planning import Sizes
from pcaphash.engine.cluster.work import count_files, merge
from pcaphash.engine.engines import Running
from pcaphash.engine.part import whole_parts
from pcaphash.engine.request import Request

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
from support.cluster import cluster

RUNS = 7
FILE_LEN = 1_000_000
MOST = 1.3
"""How many times as long as with ``--jobs 2`` it may take on two workers."""
TASK_LEN = 256 * 1024 * 1024
COMMANDS: dict[str, Callable[..., object]] = {"analyze": pcaphash.analyze, "compare": pcaphash.compare}
_TICKS = os.sysconf("SC_CLK_TCK")


def make_files(folder: Path, n_files: int) -> list[Path]:
    """Make captures of 1 MB."""
    whole = folder.with_suffix(".pcap")
    packets = str(n_files * 5800)
    command = [sys.executable, "-m", "pcaphash", "synth", "--flows", "200000", "--seed", "5", "--format", "json"]
    subprocess.run([*command, "--packets", packets, "-w", str(whole)], check=True, capture_output=True)
    data = whole.read_bytes()
    ranges = split_file(str(whole), FILE_LEN)
    whole.unlink()
    folder.mkdir()
    paths = []
    for number, each in enumerate(ranges[:n_files]):
        paths.append(folder / f"{number:05}.pcap")
        paths[-1].write_bytes(data[:24] + data[each.start or 24 : each.end])
    return paths


@contextmanager
def two_workers() -> Iterator[tuple[str, int, list[int]]]:
    """Start a scheduler and two workers; give its address, and the numbers of its process and of theirs."""
    with cluster(2) as address:
        from distributed import Client

        with Client(address) as client:
            client.wait_for_workers(2)
            scheduler, workers = client.run_on_scheduler(os.getpid), [*client.run(os.getpid).values()]
        yield address, scheduler, workers


@dataclass
class Times:
    """How long a command took, each time."""

    seconds: list[float]
    processor: list[float]
    said: bytes = b""

    @property
    def shortest(self) -> float:
        """Seconds of the shortest run."""
        return min(self.seconds)


def time_commands(commands: Sequence[Sequence[str]], pids: Sequence[int]) -> list[Times]:
    """Run commands in turn, several times, and take their times; processor seconds also of other processes."""
    times = [Times([], []) for _ in commands]
    for _ in range(RUNS):
        for words, each in zip(commands, times, strict=True):
            before, began = _processor(pids), time.monotonic()
            command = [sys.executable, "-m", "pcaphash", *words, "--format", "json"]
            each.said = subprocess.run(command, check=True, capture_output=True).stdout
            each.seconds.append(time.monotonic() - began)
            each.processor.append(_processor(pids) - before)
    assert len({each.said for each in times}) == 1, "the results differ"
    return times


def _processor(pids: Sequence[int]) -> float:
    """Return the processor seconds of all commands that were run, and of some processes."""
    ours = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ours.ru_utime + ours.ru_stime + sum(map(processor_of_process, pids))


class _Asked:
    """Takes the request of a command, and runs nothing."""

    def gather(self, request: Request[Any, Any], *_: object) -> Any:
        self.request = request
        raise InterruptedError

    telling = None


def request_of(command: str, path: Path) -> Request[Any, Any]:
    """Return what a command asks of traces."""
    asked = _Asked()
    try:
        COMMANDS[command](str(path), running=asked)
    except InterruptedError:
        return asked.request
    raise AssertionError("nothing was asked")


def processor_of(function: Callable[..., Any], *given: Any) -> tuple[float, Any]:
    """Return the processor seconds of a call, the fewest of several, and what it returned."""
    least, found = float("inf"), None
    for _ in range(RUNS):
        began = time.process_time()
        found = function(*given)
        least = min(least, time.process_time() - began)
    return least, found


def measure_core(command: str, plain: Sequence[Path], zipped: Sequence[Path]) -> None:
    """Print what one core counts, and how large the result of a task is, in this process."""
    request = request_of(command, plain[0])
    for kind, paths in (("plain pcap", plain), ("gzip", zipped)):
        parts = whole_parts([FileInput(str(path)) for path in paths])
        n_bytes = sum(path.stat().st_size for path in paths)
        seconds, _ = processor_of(count_files, request, parts, 0, False)
        print(f"{command}, one core, {kind}: {n_bytes / seconds / 1e9:.2f} GB/s as stored")
    n_files = min(TASK_LEN // FILE_LEN, len(plain) // 2)
    parts = whole_parts([FileInput(str(path)) for path in plain[: 2 * n_files]])
    halves = [count_files(request, parts[n * n_files : (n + 1) * n_files], n, False) for n in range(2)]
    seconds, both = processor_of(merge, request, halves)
    sizes = [each.portion.n_bytes / 1e6 for each in halves]
    print(
        f"{command}, results of tasks of {n_files} MB: {sizes[0]:.2f} and {sizes[1]:.2f} MB, their sum "
        f"{both.n_bytes / 1e6:.2f} MB, added in {seconds * 1000:.0f} ms"
    )


def processor_of_process(pid: int) -> float:
    """Return the processor seconds of another process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def measure_tasks(command: str, paths: Sequence[Path], address: str, scheduler: int) -> None:
    """Print what it costs to read each file in a task of its own, rather than many in each."""
    found = []
    usual = gathering.SIZES
    traces = [str(path) for path in paths]
    for sizes in (Sizes(), Sizes(most_files=1)):
        gathering.SIZES = sizes
        before, ours, began = processor_of_process(scheduler), time.process_time(), time.monotonic()
        COMMANDS[command](traces, running=Running("dask", address))
        found.append((processor_of_process(scheduler) - before, time.process_time() - ours, time.monotonic() - began))
    gathering.SIZES = usual
    by_scheduler, by_client, seconds = ((many - few) / len(paths) * 1000 for few, many in zip(*found, strict=True))
    print(
        f"{command}, each task: {by_scheduler:.1f} ms of the scheduler's processor time, {by_client:.1f} ms of the "
        f"client's; {seconds:.1f} ms in all"
    )


def measure_memory(address: str) -> None:
    """Print the peak memory of the workers."""
    from distributed import Client

    with Client(address) as client:
        peaks = client.run(lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    print("peak memory of the workers:", ", ".join(f"{peak} MiB" for peak in peaks.values()))


def main(directory: Path, n_files: int) -> bool:
    """Measure and print it all; return whether the target is met."""
    print(json.dumps(machine.facts()))
    plain = make_files(directory / "plain", n_files)
    folder = directory / "zipped"
    folder.mkdir()
    zipped = [folder / f"{path.name}.gz" for path in plain]
    for path, to in zip(plain, zipped, strict=True):
        to.write_bytes(gzip.compress(path.read_bytes(), 6))
    is_met = True
    for command in COMMANDS:
        measure_core(command, plain, zipped)
        with two_workers() as (address, scheduler, workers):
            words = [command, str(directory / "plain")]
            at_once = [*words, "--jobs", "2"]
            on_dask = [*words, "--engine", "dask"]
            threads, *others = time_commands(
                [at_once, [*on_dask, "--scheduler", address], [*on_dask, "--jobs", "2"]], [scheduler, *workers]
            )
            print(f"{command} --jobs 2: {threads.shortest:.2f} s, {min(threads.processor):.2f} processor seconds")
            for name, times in zip(("on workers that run already", "with the start of a cluster"), others, strict=True):
                ratio = times.shortest / threads.shortest
                verdict = "met" if ratio <= MOST else "missed"
                is_met &= ratio <= MOST
                print(
                    f"{command} {name}: {times.shortest:.2f} s, {min(times.processor):.2f} processor seconds; "
                    f"{ratio:.2f} times as long; wanted: at most {MOST} times; {verdict}"
                )
            measure_tasks(command, plain, address, scheduler)
            measure_memory(address)
    return is_met


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--directory", type=Path, help="where to make the captures (default: a temporary folder)")
    given = parser.parse_args()
    if given.directory:
        given.directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=given.directory) as made:
        sys.exit(0 if main(Path(made), given.files) else 1)
