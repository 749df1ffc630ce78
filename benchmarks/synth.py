"""Measure how fast ``synth`` makes packets, with each profile of flow sizes.

    python benchmarks/synth.py --directory DIRECTORY

Each profile makes 5 million packets, fragments and VLAN tags among them, into a file in the folder, from start to end
of a process. Prints seconds, and those that a plain copy of the file takes beside them.
"""

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

PROFILES = ("campus", "web-search", "data-mining", "hadoop", "storage", "rpc", "zipf:1.1", "pareto:1.2")
MOST_SECONDS = 5
PAIRS = 3


def main() -> int:
    """Measure, and print a line for each profile; fail if one takes too long."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--directory", type=Path, required=True, help="where the file is written")
    parser.add_argument("--packets", type=int, default=5_000_000)
    arguments = parser.parse_args()
    path, copy = arguments.directory / "synth.pcap", arguments.directory / "copy.pcap"
    fails = False
    for profile in PROFILES:
        command = [sys.executable, "-m", "pcaphash", "synth", "-q", "-w", path, "--packets", arguments.packets]
        command += ["--flow-sizes", profile, "--fragments", "10%", "--vlans", "10%"]
        made, copied = [], []
        for _ in range(PAIRS):
            begun = time.perf_counter()
            subprocess.run([*map(str, command)], check=True, stdout=subprocess.DEVNULL)
            done = time.perf_counter()
            shutil.copyfile(path, copy)
            made.append(done - begun)
            copied.append(time.perf_counter() - done)
        fails |= min(made) > MOST_SECONDS
        print(f"{profile}: {min(made):.2f} s; a copy of the file {min(copied):.2f} s")
    path.unlink()
    copy.unlink()
    return int(fails)


if __name__ == "__main__":
    sys.exit(main())
