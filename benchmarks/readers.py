"""Compare ``analyze`` with tools that look into the same packets: tshark, and a loop of dpkt.

Part of ``bench.py``. Neither of them hashes anything. All read the same trace, from start to end of the process.
"""

import shutil
import sys
from pathlib import Path

from measure import read_through, run
from results import Results

SECTION = "other readers"
ROUNDS = 3

DPKT = """
import sys, dpkt
seen = {}
for _, data in dpkt.pcap.Reader(open(sys.argv[1], "rb")):
    frame = dpkt.ethernet.Ethernet(data)
    key = getattr(frame.data, "src", b""), getattr(frame.data, "dst", b"")
    seen[key] = seen.get(key, 0) + 1
print(len(seen))
"""


def measure(results: Results, trace: Path, packets: int) -> None:
    """Measure those that are installed; ratios are of their times to that of ``analyze``."""
    commands: dict[str, list[str | Path]] = {
        "analyze": [sys.executable, "-m", "pcaphash", "analyze", trace],
        "dpkt, outer addresses counted": [sys.executable, "-c", DPKT, trace],
    }
    if shutil.which("tshark"):
        fields = ["-T", "fields", "-e", "ip.src", "-e", "ip.dst", "-e", "udp.srcport"]
        commands["tshark, addresses as fields"] = ["tshark", "-n", "-r", trace, *fields]
    read_through(trace)
    run(commands["analyze"])
    best = {name: min(run(command).seconds for _ in range(ROUNDS)) for name, command in commands.items()}
    for name, seconds in best.items():
        ratio = seconds / best["analyze"]
        results.add(SECTION, name, seconds=seconds, packets_per_second=packets / seconds, ratio=ratio)
    results.print(SECTION)
