"""The study of ``analyze``: how packets spread over the receive queues under each configuration."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from pcaphash.capture.input import Trace
from pcaphash.device.device import Device
from pcaphash.engine.census.census import identities_of
from pcaphash.engine.census.distribution import Distribution, count_encapsulations, distribute
from pcaphash.engine.counts import Counts
from pcaphash.engine.engines import Running
from pcaphash.engine.part import Part
from pcaphash.engine.progress import Watch
from pcaphash.engine.reading import Reading
from pcaphash.engine.request import Asked, Partial
from pcaphash.engine.result import MOST_NAMED, Result, configurations, packets_of
from pcaphash.engine.rules import ReadingRules
from pcaphash.engine.running.run import answer
from pcaphash.engine.selecting.selection import RECEIVED, Selection
from pcaphash.errors import portable
from pcaphash.studies.shared.asking import check_request
from pcaphash.studies.shared.chance.spread import spread
from pcaphash.studies.shared.columns import DISTRIBUTION, FILES, SUMMARY

if TYPE_CHECKING:
    import pandas as pd

    from pcaphash.studies.shared.chance.baseline import Baseline

Row = dict[str, str | int | float]


@dataclass(frozen=True, repr=False)
class Analysis(Result):
    """How traces spread over the receive queues of each configured device.

    Parameters
    ----------
    reading : Reading
        What was read, what was left out, and what could not be read.
    distributions : list of Distribution
        One per device, in the order asked for.
    encapsulations : list of dict of str to int
        Packets by encapsulation, named as in each device's spec.
    baselines : list of Baseline or None
        What ideal hashes give under each device; empty unless ``with_chance`` was set.
    file_rows : list of dict
        The rows of ``files.csv``: one per trace and configuration; empty unless ``per_file`` was set.
    """

    reading: Reading
    distributions: list[Distribution]
    encapsulations: list[dict[str, int]]
    baselines: "list[Baseline | None]" = field(default_factory=list)
    file_rows: list[Row] = field(default_factory=list)

    def facts(self) -> list[str]:
        """Return how many packets there are, of which traces, the configurations, and how evenly each spreads them."""
        n_packets = self.distributions[0].packets
        devices = [each.device for each in self.distributions]
        return [packets_of(self.reading, n_packets), configurations(devices), *self._busiest()]

    def _busiest(self) -> list[str]:
        """Say how far the busiest receive queue of each configuration is above its ideal share of packets."""
        shown = [spread(each.queues[:, 0])["max_ideal"] for each in self.distributions[:MOST_NAMED]]
        if all(map(math.isnan, shown)):
            return []
        more = ", ..." if len(self.distributions) > MOST_NAMED else ""
        excesses = ["-" if math.isnan(excess) else f"{excess:+.1%}" for excess in shown]
        return [f"busiest queue {', '.join(excesses)}{more}"]

    def main_table(self) -> "pd.DataFrame":
        """Return the summary."""
        return self.summary

    def distribution_rows(self) -> list[Row]:
        """Return the rows of ``distribution.csv``: every queue of every configuration."""
        return [row for distribution in self.distributions for row in _queue_rows(distribution)]

    def summary_rows(self) -> list[Row]:
        """Return the rows of ``summary.csv``: one per configuration."""
        return [_summary_row(distribution) for distribution in self.distributions]

    @cached_property
    def distribution(self) -> "pd.DataFrame":
        """The rows of ``distribution.csv`` as a table."""
        return DISTRIBUTION.frame(self.distribution_rows())

    @cached_property
    def files(self) -> "pd.DataFrame":
        """The rows of ``files.csv`` as a table."""
        return FILES.frame(self.file_rows)

    @cached_property
    def summary(self) -> "pd.DataFrame":
        """The rows of ``summary.csv`` as a table."""
        return SUMMARY.frame(self.summary_rows())


@dataclass(frozen=True)
class AnalysisRequest(Asked):
    """How packets spread over the receive queues of each device.

    Parameters
    ----------
    with_chance : bool
        Whether to tell what ideal hashes give, too.
    """

    with_chance: bool = False

    def begin(self) -> Counts:
        """Return counters for all devices."""
        tables = map(ReadingRules.of, self.devices) if self.with_chance else ()
        return Counts(identities_of(self.devices), tables)

    def finish(self, partial: Partial[Counts]) -> Analysis:
        """Spread what was counted."""
        baselines: list[Baseline | None] = []
        if self.with_chance:
            from pcaphash.studies.shared.chance.ideal import chance_of

            baselines = [chance_of(partial.counter, device) for device in self.devices]
        return analyze_counts(partial, self.devices, baselines)


def analyze_counts(
    partial: Partial[Counts], devices: Sequence[Device], baselines: "Sequence[Baseline | None]" = ()
) -> Analysis:
    """Spread censuses over the receive queues of the devices that they were taken for."""
    censuses = [partial.counter.censuses[identity] for identity in identities_of(devices)]
    pairs = list(zip(censuses, devices, strict=True))
    distributions = [distribute(*pair) for pair in pairs]
    return Analysis(partial.reading, distributions, [count_encapsulations(*pair) for pair in pairs], list(baselines))


def analyze(
    traces: Trace | Sequence[Trace],
    devices: Device | Sequence[Device] | None = None,
    selection: Selection = RECEIVED,
    watch: Watch | None = None,
    *,
    with_chance: bool = False,
    per_file: bool = False,
    jobs: int | None = None,
    running: Running | None = None,
) -> Analysis:
    """Analyze how traces spread over the receive queues of each device, in one pass.

    Parameters
    ----------
    traces : path or sequence of paths
        Captures, or saved censuses; ``-`` is standard input.
    devices : Device or sequence of Device, optional
        The configurations; results name them by ``Device.name``. Default: outer addresses, all of the outer header, and
        the inner header.
    selection : Selection
        Which packets to analyze.
    watch : callable, optional
        Called now and then with the progress.
    with_chance : bool
        Whether to keep flows too, and calculate what ideal hashes give. It takes longer.
    per_file : bool
        Whether to analyze each trace by itself, too.
    jobs : int, optional
        How many threads count packets; the result does not depend on that. Default: as many as there are cores.
    running : Running, optional
        Where it runs, and whether it can go on later if it is interrupted. Default: on this machine.

    Raises
    ------
    NothingReadableError
        Not one of the traces can be read.
    ConfigurationError
        There is nothing to analyze, or a saved census was taken for other devices.
    """
    inputs, chosen = check_request(traces, devices)
    request = AnalysisRequest(chosen, selection, with_chance)
    if not per_file:
        return answer(request, inputs, watch, jobs, running)
    rows: dict[int, list[Row]] = {}

    def note(part: Part, partial: Partial[Counts]) -> None:
        if partial.reading.names:
            alone = analyze_counts(partial, chosen)
            rows[part.number] = [{"trace": portable(part.input.name), **row} for row in alone.summary_rows()]

    found = answer(request, inputs, watch, jobs, (running or Running()).telling(note))
    return replace(found, file_rows=[row for number in sorted(rows) for row in rows[number]])


def _queue_rows(distribution: Distribution) -> list[Row]:
    if not distribution.device.has_queue:
        return []
    packets, n_bytes = (int(total) for total in distribution.queues.sum(axis=0))
    return [
        {
            "config": distribution.device.name,
            "queue": queue,
            "packets": int(load[0]),
            "bytes": int(load[1]),
            "packet_share": int(load[0]) / packets if packets else 0.0,
            "byte_share": int(load[1]) / n_bytes if n_bytes else 0.0,
        }
        for queue, load in enumerate(distribution.queues)
    ]


def _summary_row(distribution: Distribution) -> Row:
    device = distribution.device
    measures = [spread(distribution.queues[:, column]) for column in (0, 1)]
    return {
        "config": device.name,
        "spec": device.spec,
        "hash_types": device.hash_types_text,
        "tunnel_types": device.tunnel_types_text,
        "packets": distribution.packets,
        "hashed": distribution.hashed,
        "unhashed": distribution.unhashed,
        "unknown": distribution.unknown,
        "queues_used": int((distribution.queues[:, 0] > 0).sum()),
        **{f"{measure}_packets": value for measure, value in measures[0].items()},
        **{f"{measure}_bytes": value for measure, value in measures[1].items()},
    }
