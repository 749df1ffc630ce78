"""Measure what a cluster of this machine costs beside threads: the figures of docs/scaling.md.

    python benchmarks/scaling.py [FILES]

Makes that many captures of 1 MB (default: 1,000), and runs ``analyze`` and ``compare`` over them with ``--jobs 2`` and
on a cluster of two processes. Prints the shortest time of three runs, and the processor seconds of all processes.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pcaphash.capture.ranges import split_file

_RUNS = 3
_FILE_LEN = 1_000_000


def make_files(folder: Path, n_files: int) -> None:
    whole = folder / "whole"
    packets = str(n_files * 5800)
    command = [sys.executable, "-m", "pcaphash", "synth", "--flows", "200000", "--seed", "5", "--format", "json"]
    subprocess.run([*command, "--packets", packets, "-w", f"{whole}.pcap"], check=True, capture_output=True)
    data = Path(f"{whole}.pcap").read_bytes()
    ranges = split_file(f"{whole}.pcap", _FILE_LEN)
    Path(f"{whole}.pcap").unlink()
    for number, each in enumerate(ranges[:n_files]):
        records = data[each.start or 24 : each.end]
        (folder / f"{number:05}.pcap").write_bytes(data[:24] + records)


def measure(*words: str) -> tuple[float, float, bytes]:
    seconds, processor, said = float("inf"), float("inf"), b""
    for _ in range(_RUNS):
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        command = [sys.executable, "-m", "pcaphash", *words, "--format", "json"]
        said = subprocess.run(command, check=True, capture_output=True).stdout
        seconds = min(seconds, time.monotonic() - began)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        processor = min(processor, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return seconds, processor, said


def main(n_files: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        make_files(Path(folder), n_files)
        for command in ("analyze", "compare"):
            threads = measure(command, folder, "--jobs", "2")
            cluster = measure(command, folder, "--jobs", "2", "--engine", "dask")
            assert threads[2] == cluster[2], "the results differ"
            for name, (seconds, processor, _) in (("--jobs 2", threads), ("--engine dask", cluster)):
                print(f"{command} {name}: {seconds:.2f} s, {processor:.2f} processor seconds")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
