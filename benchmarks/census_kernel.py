"""Time the census kernel over a trace in memory, and print the same line of JSON as the C programs.

    python benchmarks/census_kernel.py FILE PASSES JOBS

Each of JOBS threads counts a part of the file. The file is mapped and every page of it touched before the clock starts,
as ``table_mmap FILE PASSES`` does.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np

from pcaphash import Device
from pcaphash.capture.pcap import Pcap
from pcaphash.engine.census.census import Census, CensusIdentity
from pcaphash.engine.census.distribution import distribute
from pcaphash.kernels.records import walk_pcap

PAGE_SIZE = 4096


DEVICE = Device()


def cut(data: np.ndarray, jobs: int) -> list[int]:
    """Return where about equal parts of a trace in memory start, its file header left out, and where it ends."""
    cuts = [Pcap.first_offset]
    for number in range(1, jobs):
        cuts.append(walk_pcap(data, cuts[-1], len(data) * number // jobs)[1])
    return [*cuts, len(data)]


def census_pass(data: np.ndarray, cuts: list[int], threads: ThreadPoolExecutor) -> Census:
    """Find and count a whole trace in memory, all hash_types masks at once.

    Parameters
    ----------
    data : uint8 array
        A classic little-endian pcap file, its file header included.
    cuts : list of int
        Where the parts start that threads count, and where the last one ends.
    threads : ThreadPoolExecutor
        The threads.
    """
    capture = Pcap.recognize(data[: Pcap.first_offset].tobytes())
    assert capture is not None

    def count(part: tuple[int, int]) -> Census:
        census = Census(CensusIdentity.of(DEVICE))
        census.append_file(capture, data, *part)
        return census

    first, *others = threads.map(count, pairwise(cuts))
    for other in others:
        first.combine(other)
    return first


def main() -> None:
    """Time some passes; the first one, before them, compiles or loads the kernel."""
    name, passes, jobs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    data = np.asarray(np.memmap(name, np.uint8, mode="r"))
    int(data[::PAGE_SIZE].sum())
    cuts, threads = cut(data, jobs), ThreadPoolExecutor(jobs)
    packets, n_bytes = distribute(census_pass(data, cuts, threads), DEVICE).queues.T.tolist()
    seconds = []
    for _ in range(passes):
        start = time.perf_counter()
        census_pass(data, cuts, threads)
        seconds.append(time.perf_counter() - start)
    counts = {"queue_packets": packets, "queue_bytes": n_bytes, "packets": sum(packets), "bytes": sum(n_bytes)}
    print(json.dumps(counts | {"seconds": min(seconds)}))


if __name__ == "__main__":
    main()
