"""Compare counting flows, and validating reported hashes, with the census alone: rates in one run, as ratios.

    python benchmarks/beside.py --flows FLOWS.pcap --reported REPORTED.pcapng

FLOWS is a trace with some 200,000 flows, REPORTED one with hash options. All on one core, in turn, best of five.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from measure import pin_to_one_core

from pcaphash import Device, validate
from pcaphash.capture.reader import Reader
from pcaphash.engine.flows.table import FlowTable
from pcaphash.engine.rules import ReadingRules
from pcaphash.studies.census import census as count

ROUNDS = 5
LEAST_FLOW_RATIO, LEAST_VALIDATE_RATIO = 0.3, 0.2


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def count_flows(trace: Path, device: Device) -> FlowTable:
    table = FlowTable(ReadingRules.of(device))
    for block in Reader(str(trace)).blocks():
        table.append(block)
    return table


def main() -> None:
    """Measure, and print both ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--flows", type=Path, required=True)
    parser.add_argument("--reported", type=Path, required=True)
    arguments = parser.parse_args()
    pin_to_one_core()
    device = Device()
    table = count_flows(arguments.flows, device)
    validate(arguments.reported, device)
    print(f"{sum(len(flows.keys) for flows in table.flows()):,} flows")
    for title, trace, run, least in (
        ("flow table", arguments.flows, lambda: count_flows(arguments.flows, device), LEAST_FLOW_RATIO),
        ("validate", arguments.reported, lambda: validate(arguments.reported, device), LEAST_VALIDATE_RATIO),
    ):
        alone = partial(count, trace, device)
        pairs = [(seconds(alone), seconds(run)) for _ in range(ROUNDS)]
        census, other = (min(each) for each in zip(*pairs, strict=True))
        ratio = census / other
        print(
            f"{title}: {ratio:.2f} of the rate of the census, wanted {least} ({'met' if ratio >= least else 'missed'})"
        )


if __name__ == "__main__":
    main()
