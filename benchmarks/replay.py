"""Compare replaying a trace in time with taking its census: rates in one run, as ratios.

    python benchmarks/replay.py --packets PACKETS.pcap

PACKETS is a trace of some 5 million packets. Both run on one core, in turn; the ratio is the median over pairs of
runs that follow each other, in processor time, so that other work on the machine matters little.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from measure import pin_to_one_core

from pcaphash import Device, ReplayOptions, replay
from pcaphash.studies.census import census as count
from pcaphash.studies.warmup import warm_up

ROUNDS = 5
SERVICE_PS = 200_000
LEAST_RING_RATIO, LEAST_CURVE_RATIO = 0.3, 0.08


def seconds(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def main() -> None:
    """Measure, and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--packets", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    pin_to_one_core()
    warm_up()
    trace = arguments.packets
    alone = partial(count, trace, Device())
    for title, options, least in (
        ("rings", ReplayOptions(service_ps=SERVICE_PS, baselines=False), LEAST_RING_RATIO),
        ("rings and baselines", ReplayOptions(service_ps=SERVICE_PS), None),
        ("curve", ReplayOptions(baselines=False), LEAST_CURVE_RATIO),
        ("curve and baselines", ReplayOptions(), None),
    ):
        run = partial(replay, trace, options=options)
        ratio = median(seconds(alone) / seconds(run) for _ in range(arguments.rounds))
        wanted = f", wanted {least} ({'met' if ratio >= least else 'missed'})" if least else ""
        print(f"{title}: {ratio:.3f} of the rate of the census{wanted}", flush=True)


if __name__ == "__main__":
    main()
