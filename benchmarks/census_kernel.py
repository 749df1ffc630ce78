"""Time the census kernel over a trace in memory, and print the same line of JSON as the C programs.

    python benchmarks/census_kernel.py FILE PASSES

The file is mapped and every page of it touched before the clock starts, as ``table_mmap FILE PASSES`` does.
"""

import json
import sys
import time

import numpy as np

PAGE_SIZE = 4096


def census_pass(data: np.ndarray) -> tuple[list[int], list[int]]:
    """Take the census of a whole trace, all hash_types masks at once.

    TO BE FILLED IN by whoever wires the engine: everything else in this file is done.

    Parameters
    ----------
    data : uint8 array
        A classic pcap file, its file header included.

    Returns
    -------
    packets, n_bytes : list of int
        By receive queue, of the configuration ``inner`` with 8 queues and every other option at its default.
    """
    raise SystemExit("not wired yet")


def main() -> None:
    """Time some passes; the first one, before them, compiles or loads the kernel."""
    name, passes = sys.argv[1], int(sys.argv[2])
    data = np.memmap(name, np.uint8, mode="r")
    int(data[::PAGE_SIZE].sum())
    packets, n_bytes = census_pass(data)
    seconds = []
    for _ in range(passes):
        start = time.perf_counter()
        census_pass(data)
        seconds.append(time.perf_counter() - start)
    counts = {"queue_packets": packets, "queue_bytes": n_bytes, "packets": sum(packets), "bytes": sum(n_bytes)}
    print(json.dumps(counts | {"seconds": min(seconds)}))


if __name__ == "__main__":
    main()
