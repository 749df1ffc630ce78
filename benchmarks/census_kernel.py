"""Time the census kernel over a trace in memory, and print the same line of JSON as the C programs.

    python benchmarks/census_kernel.py FILE PASSES

The file is mapped and every page of it touched before the clock starts, as ``table_mmap FILE PASSES`` does.
"""

import json
import sys
import time

import numpy as np

from pcaphash import Device
from pcaphash.capture.pcap import Pcap
from pcaphash.engine.census import Census, Identity
from pcaphash.engine.distribution import distribute

PAGE_SIZE = 4096


DEVICE = Device()


def census_pass(data: np.ndarray) -> Census:
    """Find and count a whole trace in memory, all hash_types masks at once.

    Parameters
    ----------
    data : uint8 array
        A classic little-endian pcap file, its file header included.
    """
    capture = Pcap.recognize(data[:24].tobytes())
    census = Census(Identity.of(DEVICE))
    census.append_pcap(data, capture.first_offset, len(data))
    return census


def main() -> None:
    """Time some passes; the first one, before them, compiles or loads the kernel."""
    name, passes = sys.argv[1], int(sys.argv[2])
    data = np.asarray(np.memmap(name, np.uint8, mode="r"))
    int(data[::PAGE_SIZE].sum())
    packets, n_bytes = distribute(census_pass(data), DEVICE).queues.T.tolist()
    seconds = []
    for _ in range(passes):
        start = time.perf_counter()
        census_pass(data)
        seconds.append(time.perf_counter() - start)
    counts = {"queue_packets": packets, "queue_bytes": n_bytes, "packets": sum(packets), "bytes": sum(n_bytes)}
    print(json.dumps(counts | {"seconds": min(seconds)}))


if __name__ == "__main__":
    main()
