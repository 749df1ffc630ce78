"""What came of replaying traces: facts, and tables."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from pcaphash.device.device import Device
from pcaphash.engine.reading import Reading
from pcaphash.engine.replay.stamped import Settler
from pcaphash.engine.result import MOST_NAMED, Result, configurations, packets_of
from pcaphash.studies.replay.busiest import BusiestCore
from pcaphash.studies.replay.columns import CURVE, DELAYS, FEWEST_QUEUES, QUEUES, WINDOWS
from pcaphash.studies.replay.options import ReplayOptions
from pcaphash.studies.replay.rows import Row
from pcaphash.studies.shared.chance.enough import is_cut_short

if TYPE_CHECKING:
    import pandas as pd


ROUNDING = 1e-9
"""By what part rates may be off that are the same."""


@dataclass(frozen=True)
class Backwards:
    """Stamps of one trace that are earlier than an arrival before, by no more than an hour.

    Parameters
    ----------
    trace : str
        Name of the trace.
    packet : int
        Number of the first such packet in it, counted from 1.
    packets : int
        How many there are; each arrives together with the packet before.
    """

    trace: str
    packet: int
    packets: int


@dataclass(frozen=True)
class Jump:
    """A stamp that is more than an hour away from the arrival before: a clock that was set.

    Parameters
    ----------
    trace : str
        Name of the trace.
    packet : int
        Number of the packet in it, counted from 1; it arrives together with the packet before, and later ones are
        shifted by as much.
    seconds : float
        How far the stamp is from the arrival before; negative if it is earlier.
    """

    trace: str
    packet: int
    seconds: float


@dataclass(frozen=True)
class Clock:
    """What was unusual about the stamps of the traces, in their first round.

    Parameters
    ----------
    backwards : list of Backwards
        One per trace that has some.
    jumps : list of Jump
        The first ten of each trace.
    n_jumps : int
        How many there are.
    """

    backwards: list[Backwards] = field(default_factory=list)
    jumps: list[Jump] = field(default_factory=list)
    n_jumps: int = 0

    @classmethod
    def of(cls, settlers: Sequence[Settler]) -> "Clock":
        """Say what was unusual about the stamps of traces."""
        clock = cls(n_jumps=sum(settler.stamps.jumps for settler in settlers))
        for settler in settlers:
            name, stamps = settler.name, settler.stamps
            if stamps.backwards:
                clock.backwards.append(Backwards(name, stamps.first_backwards, stamps.backwards))
            clock.jumps.extend(Jump(name, packet, seconds) for packet, seconds in stamps.named)
        return clock


@dataclass(frozen=True)
class Lossless:
    """Between which service rates loss ends: of two services that differ by a picosecond.

    Parameters
    ----------
    lossy_pps : float or None
        The highest rate with loss; None if no rate looked at has any.
    lossless_pps : float or None
        The lowest rate without loss; None if all rates looked at have some.
    """

    lossy_pps: float | None
    lossless_pps: float | None


@dataclass(frozen=True)
class ReplayVerdict:
    """What is to be said of one configuration, or of a baseline.

    Parameters
    ----------
    config : str
        Its name.
    is_baseline : bool
        Whether it is one of the baselines.
    queues : int
        Receive queues, each with a core.
    packets, dropped : int
        Packets that arrived for a queue, and those that were dropped; ``dropped`` is None if no service time is given.
    unknown : int
        Packets of which the capture shows too little to tell the queue; they go to none.
    reordered, reordered_by_change : int
        Packets that overtook an earlier one of their flow; those of them for which that one had been steered by
        another configuration in time.
    duration_ns : float
        From the first arrival to the later of the last arrival and the last end of service.
    lossless : Lossless or None
        The lowest service rate without loss in the trace; None if a service time is given, or the device has no queues
        to tell.
    busiest : BusiestCore or None
        What the core with most to do is offered on average; None if the device has no queues to tell.
    """

    config: str
    is_baseline: bool
    queues: int
    packets: int
    dropped: int | None
    unknown: int
    reordered: int
    reordered_by_change: int
    duration_ns: float
    lossless: Lossless | None = None
    busiest: BusiestCore | None = None

    @property
    def needed_pps(self) -> float | None:
        """The service rate that a core needs: without loss in the trace, and no less than what arrives on average.

        None if all rates looked at have loss, or a service time is given.
        """
        if self.lossless is None or self.lossless.lossless_pps is None:
            return None
        return max(self.lossless.lossless_pps, (self.busiest and self.busiest.average_pps) or 0.0)

    @property
    def keeps_up(self) -> bool:
        """Whether cores serve no less than what arrives on average; true too if no service time is given."""
        return self.busiest is None or (self.busiest.offered_load or 0.0) <= 1 + ROUNDING

    @property
    def drop_share(self) -> float | None:
        """Share of the packets that were dropped; None if no service time is given."""
        if self.dropped is None:
            return None
        return self.dropped / self.packets if self.packets else 0.0


@dataclass(frozen=True)
class AtRate:
    """What becomes of one configuration at a service rate.

    Parameters
    ----------
    config : str
        Its name.
    drop_share : float
        Share of its packets that are dropped in the trace.
    is_enough : bool
        Whether cores of this rate lose none and keep up with what arrives on average.
    queues : int or None
        The fewest receive queues tried with which that is so; None if it is so with no number tried, or if numbers were
        not tried.
    """

    config: str
    drop_share: float
    is_enough: bool
    queues: int | None


@dataclass(frozen=True)
class Tight:
    """The lowest service rate tried at which the best configurations lose nothing and keep up.

    Parameters
    ----------
    service_rate_pps : float
        The rate.
    configurations : tuple of AtRate
        What becomes of each configuration at it.
    """

    service_rate_pps: float
    configurations: tuple[AtRate, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Replay(Result):
    """What came of replaying traces.

    Parameters
    ----------
    reading : Reading
        What was read in one round, what was left out, and what could not be read.
    devices : tuple of Device
        The configurations.
    options : ReplayOptions
        How the traces were replayed.
    clock : Clock
        What was unusual about the stamps.
    packets : int
        Packets that arrived, in all rounds.
    duration_ns : float
        From the first arrival to the last.
    first_arrival_ns : int or None
        When the first packet arrived, since 1970, as captured; None if the rate gives the times and it has none.
    verdicts : list of ReplayVerdict
        One per configuration, in the order asked for; then those of the baselines.
    queue_rows, window_rows, curve_rows, fewest_rows, delay_rows : list of dict
        The rows of the tables. Without a service time there are only those of the curve and of the fewest queues; with
        one there are none of these.
    """

    reading: Reading
    devices: tuple[Device, ...]
    options: ReplayOptions
    clock: Clock
    packets: int
    duration_ns: float
    first_arrival_ns: int | None
    verdicts: list[ReplayVerdict] = field(default_factory=list)
    queue_rows: list[Row] = field(default_factory=list)
    window_rows: list[Row] = field(default_factory=list)
    curve_rows: list[Row] = field(default_factory=list)
    fewest_rows: list[Row] = field(default_factory=list)
    delay_rows: list[Row] = field(default_factory=list)

    @property
    def has_service(self) -> bool:
        """Whether a service time was given; else there is the curve of loss against the service rate."""
        return self.options.has_service

    @property
    def best(self) -> list[str]:
        """Configurations that do best: with fewest drops, or with the lowest service rate needed.

        Empty if there are no queues to tell, or if the capture does not show enough to judge any.
        """
        ranks = [(rank, each.config) for each in self.judged if (rank := _rank_of(each)) is not None]
        return [config for rank, config in ranks if rank == min(ranks)[0]]

    @property
    def own(self) -> list[ReplayVerdict]:
        """The verdicts on the configurations that have receive queues, without those on baselines."""
        return [each for each in self.verdicts if not each.is_baseline and each.queues]

    @property
    def cut(self) -> list[ReplayVerdict]:
        """The verdicts on configurations for too many of whose packets the capture does not show the queue."""
        unsteered = {change.config for change in self.options.changes if not change.device.has_queue}
        return [each for each in self.own if each.config not in unsteered and is_cut_short(each.unknown, self.packets)]

    @property
    def judged(self) -> list[ReplayVerdict]:
        """The verdicts on configurations that can be judged, because the capture shows enough for them."""
        cut = self.cut
        return [each for each in self.own if each not in cut]

    @property
    def is_never_lossy(self) -> bool:
        """Whether no configuration that can be judged loses a packet at any of the service rates tried."""
        return all(each.lossless is None or each.lossless.lossy_pps is None for each in self.judged)

    @cached_property
    def tight(self) -> Tight | None:
        """The lowest rate of the curve that is enough for the best; None if there is none, or if each is."""
        needed = next((each.needed_pps for each in self.judged if each.config in self.best), None)
        rates = sorted({float(row["service_rate_pps"] or 0) for row in self.curve_rows})
        if needed is None or not rates or all(is_enough(rates[0], each.needed_pps) for each in self.judged):
            return None
        rate = next((each for each in rates if is_enough(each, needed)), None)
        if rate is None:
            return None
        shares, fewest = (
            {row["config"]: row[column] for row in rows if row["service_rate_pps"] == rate}
            for rows, column in ((self.curve_rows, "drop_share"), (self.fewest_rows, "queues"))
        )
        return Tight(
            rate,
            tuple(
                AtRate(
                    each.config,
                    float(shares.get(each.config) or 0),
                    is_enough(rate, each.needed_pps),
                    int(fewest.get(each.config) or 0) or None,
                )
                for each in self.judged
            ),
        )

    def facts(self) -> list[str]:
        """Return how many packets there are, of which traces, the configurations, and those that do best."""
        best = [f"best {', '.join(self.best[:MOST_NAMED])}"] if self.best else []
        return [packets_of(self.reading, self.reading.selected), configurations(self.devices), *best]

    def main_table(self) -> "pd.DataFrame":
        """Return the queues, or the curve if no service time is given."""
        return self.queues if self.has_service else self.curve

    @cached_property
    def queues(self) -> "pd.DataFrame":
        """The rows of ``replay.csv``: one per configuration and queue."""
        return QUEUES.frame(self.queue_rows)

    @cached_property
    def windows(self) -> "pd.DataFrame":
        """The rows of ``replay_windows.csv``: one per configuration, window and queue."""
        return WINDOWS.frame(self.window_rows)

    @cached_property
    def curve(self) -> "pd.DataFrame":
        """The rows of ``curve.csv``: one per configuration and service rate."""
        return CURVE.frame(self.curve_rows)

    @cached_property
    def fewest_queues(self) -> "pd.DataFrame":
        """The rows of ``fewest_queues.csv``: one per configuration and service rate."""
        return FEWEST_QUEUES.frame(self.fewest_rows)

    @cached_property
    def delays(self) -> "pd.DataFrame":
        """The rows of ``delays.csv``: the distribution of delays, per configuration."""
        return DELAYS.frame(self.delay_rows)


def _rank_of(verdict: ReplayVerdict) -> float | None:
    """Return what makes a configuration better if it is less; None if nothing is known."""
    if verdict.lossless is None:
        return verdict.drop_share
    rate = verdict.needed_pps
    return float("inf") if rate is None else rate


def is_enough(rate_pps: float, needed_pps: float | None) -> bool:
    """Return whether cores of a service rate are fast enough; a rate needed that is None is above all rates."""
    return needed_pps is not None and rate_pps >= needed_pps * (1 - ROUNDING)
