"""Compare writing what a device delivers, as pcapng with its report in each packet, with ``editcap -F pcapng``.

    python benchmarks/delivered.py --directory DIRECTORY

Both run on one core, in pairs, from start to end of their processes; files go beside the trace. Prints the ratio of
their speeds and the peak memory, for the usual ways to write. Needs editcap (Debian: wireshark-common).
"""

import argparse
import statistics
import sys
from pathlib import Path

from measure import make_trace, pin_to_one_core, read_through, run

PAIRS = 3
LEAST_RATIO = 0.5
MOST_PEAK_BYTES = 250_000_000

WRITE = """
import sys
from contextlib import ExitStack
from pathlib import Path
from pcaphash import Device
from pcaphash.capture.delivered.opening import open_capture, open_split, open_table
from pcaphash.capture.delivered.pcap import VirtioLayout
from pcaphash.studies.replay.delivery import deliver

device, (trace, kind, out) = Device(), sys.argv[1:]
opened = {
    "pcapng": lambda: open_capture(out + ".pcapng"),
    "comments": lambda: open_capture(out + ".pcapng"),
    "virtio": lambda: open_capture(out + ".pcap", VirtioLayout(20)),
    "split": lambda: open_split(Path(out), device.queues),
    "csv": lambda: open_table(out + ".csv"),
    "parquet": lambda: open_table(out + ".parquet"),
}
with opened[kind]() as encoder:
    comment_of = (lambda each: f"{each.hash_report} over the {each.header} header") if kind == "comments" else None
    deliver(trace, device, [encoder], comment_of=comment_of)
"""
KINDS = {
    "pcapng": "annotated pcapng",
    "comments": "annotated pcapng with comments",
    "virtio": "pcap with virtio headers",
    "split": "a pcapng file for each of 8 queues",
    "csv": "table, CSV",
    "parquet": "table, Parquet",
}


def main() -> int:
    """Measure, and print a line for each way to write; the first one has a target."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--directory", type=Path, required=True, help="where the traces are, or are made")
    parser.add_argument("--packets", type=int, default=5_000_000)
    arguments = parser.parse_args()
    arguments.directory.mkdir(parents=True, exist_ok=True)
    trace = make_trace(arguments.directory, arguments.packets, "small")
    core = pin_to_one_core()
    read_through(trace)
    print(f"{arguments.packets:,} packets, core {core}; the median ratio of {PAIRS} pairs counts")
    ratios = [compare(trace, kind) for kind in KINDS]
    return 0 if ratios[0] >= LEAST_RATIO else 1


def compare(trace: Path, kind: str) -> float:
    """Run both in turn, ours once before that counts; return the median ratio of their speeds."""
    ours, theirs = trace.with_name("delivered"), trace.with_name("editcap.pcapng")
    command = [sys.executable, "-c", WRITE, trace, kind, ours]
    run(command)
    pairs, peak_bytes = [], 0
    for _ in range(PAIRS):
        editcap = run(["editcap", "-F", "pcapng", trace, theirs])
        mine = run(command)
        pairs.append((editcap.seconds, mine.seconds))
        peak_bytes = max(peak_bytes, mine.peak_bytes)
    ratio = statistics.median(of_editcap / of_ours for of_editcap, of_ours in pairs)
    best_editcap, best_ours = (min(times) for times in zip(*pairs, strict=True))
    is_met = ratio >= LEAST_RATIO and peak_bytes <= MOST_PEAK_BYTES
    wanted = f"at least {LEAST_RATIO}, under {MOST_PEAK_BYTES / 1e6:.0f} MB"
    verdict = f": {'met' if is_met else 'MISSED'}, {wanted}" if kind == "pcapng" else ""
    print(
        f"{KINDS[kind]}: {best_ours:.2f} s, editcap {best_editcap:.2f} s (best); {ratio:.2f} of its speed, "
        f"peak {peak_bytes / 1e6:.0f} MB{verdict}",
        flush=True,
    )
    return ratio


if __name__ == "__main__":
    sys.exit(main())
