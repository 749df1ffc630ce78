"""What follows from tuning, as facts: whether another key helps, why, and what to heed."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from pcaphash.studies.shared.chance.baseline import Baseline
from pcaphash.studies.shared.chance.enough import LEAST_INPUTS, CutShort, cut_packets, packets_needed
from pcaphash.studies.shared.chance.spread import GROWING
from pcaphash.studies.shared.chance.trials import Interval
from pcaphash.studies.tune.cautions import Caution
from pcaphash.studies.tune.measures import is_better

if TYPE_CHECKING:
    from pcaphash.engine.census.distribution import Distribution

_BLAME = 99.0  # a key is bad where so many per cent of ideal hashes do better over the judging half
_OUTDONE = 0.9  # and where such a share of random keys does better over the choosing half, too


class TuningConclusion(StrEnum):
    """What tuning comes to, by the names that programs get."""

    NOTHING = "nothing"
    """There is nothing to judge by."""
    KEY = "key"
    """The device's own key is worse than chance, and another one helps."""
    LITTLE = "little"
    """Another key gains little."""
    NO_FLOWS = "no-flows"
    """A saved census has no flows to try keys on; only tables were made."""


class Little(StrEnum):
    """Why another key gains little."""

    AS_CHANCE = "as-chance"
    """The device's own key does as well as chance."""
    BAD_ONCE = "bad-once"
    """Its own key is worse than chance on one half of the flows but not on the other."""
    BEST_IS_BAD_TOO = "best-is-bad-too"
    """Its own key is worse than chance, but so is the best one on the flows that it was not chosen by."""


@dataclass(frozen=True)
class FewInputs:
    """For ``TuningConclusion.NOTHING``: so few distinct hash inputs cannot tell keys apart."""

    inputs: int


@dataclass(frozen=True)
class FewPackets:
    """For ``TuningConclusion.NOTHING``: so many packets, but ``needed`` for so many equal parts and receive queues."""

    packets: int
    needed: int
    queues: int
    parts: int = 1


@dataclass(frozen=True)
class OneQueue:
    """For ``TuningConclusion.NOTHING``: there is only one receive queue."""


@dataclass(frozen=True)
class NoHash:
    """For ``TuningConclusion.NOTHING``: no packet of a saved census has a hash."""


@dataclass(frozen=True)
class Halves:
    """A measure over the hash inputs that keys were chosen by, and over those that they are judged by."""

    choosing: float
    judging: float


@dataclass(frozen=True)
class JudgedKeys:
    """For ``TuningConclusion.KEY`` and ``TuningConclusion.LITTLE``: the device's own key, and the best of those tried.

    Parameters
    ----------
    measure : str
        What keys are chosen by.
    current, best : Halves
        That measure under each of the two keys.
    current_on_all : float
        That measure under the current key over all hash inputs.
    ideal : Interval
        The range of 95 of 100 ideal hashes over the judging half.
    worse_than : float
        Per cent of the ideal hashes that do better there than the current key.
    outdone : float
        Share of the random keys that do better than the current one over the choosing half.
    why : Little or None
        Why the best key gains little; None if it helps.
    """

    measure: str
    current: Halves
    best: Halves
    current_on_all: float
    ideal: Interval
    worse_than: float
    outdone: float
    why: Little | None


@dataclass(frozen=True)
class JudgedTable:
    """For ``TuningConclusion.NO_FLOWS``: a measure over all packets with the device's table, and with a made one."""

    measure: str
    current: float
    rebalanced: float
    is_gain: bool


Facts = FewInputs | FewPackets | CutShort | OneQueue | NoHash | JudgedKeys | JudgedTable


@dataclass(frozen=True)
class TuningVerdict:
    """What follows from tuning.

    Parameters
    ----------
    cause : TuningConclusion
        What it comes to.
    facts : Facts
        The numbers that it rests on.
    cautions : list of Caution
        What about the device's key and table bears on it.
    """

    cause: TuningConclusion
    facts: Facts
    cautions: list[Caution] = field(default_factory=list)


def judge_key(
    baseline: Baseline, measure: str, current: Halves, best: Halves, current_on_all: float, outdone: float
) -> TuningVerdict:
    """Judge the device's own key, and the best of those tried.

    Parameters
    ----------
    baseline : Baseline
        Ideal hashes over the judging half.
    measure : str
        Choose keys by this measure.
    current, best : Halves
        That measure under each of the two keys.
    current_on_all : float
        That measure under the current key over all hash inputs.
    outdone : float
        Share of the random keys that do better than the current one over the choosing half.
    """
    worse_than = _worse_than(baseline, measure, current.judging)
    why = None
    if worse_than <= _BLAME:
        why = Little.AS_CHANCE
    elif outdone <= _OUTDONE:
        why = Little.BAD_ONCE
    elif not is_better(measure, best.judging, current.judging):
        why = Little.BEST_IS_BAD_TOO
    facts = JudgedKeys(measure, current, best, current_on_all, baseline.interval(measure), worse_than, outdone, why)
    return TuningVerdict(TuningConclusion.KEY if why is None else TuningConclusion.LITTLE, facts)


def judge_inputs(n_inputs: int) -> TuningVerdict | None:
    """Say that there are too few hash inputs to choose keys by and to judge them; None if there are enough."""
    return TuningVerdict(TuningConclusion.NOTHING, FewInputs(n_inputs)) if n_inputs < LEAST_INPUTS else None


def judge_queues(queues: int) -> TuningVerdict | None:
    """Say that there is only one receive queue; None if there are several."""
    return TuningVerdict(TuningConclusion.NOTHING, OneQueue()) if queues == 1 else None


def judge_capture(distribution: "Distribution") -> TuningVerdict | None:
    """Say that the capture is cut too short to judge by; None if it is not."""
    n_cut = cut_packets(distribution)
    return TuningVerdict(TuningConclusion.NOTHING, CutShort(distribution.packets, n_cut)) if n_cut else None


def judge_packets(n_packets: int, queues: int, parts: int = 1) -> TuningVerdict | None:
    """Say that there are too few packets to judge by in each of so many equal parts; None if there are enough."""
    needed = packets_needed(queues, parts)
    return (
        TuningVerdict(TuningConclusion.NOTHING, FewPackets(n_packets, needed, queues, parts))
        if n_packets < needed
        else None
    )


def judge_table(measure: str, current: float, rebalanced: float, hashed: int) -> TuningVerdict:
    """Say what a table alone gives if a saved census has no flows to try keys on.

    Parameters
    ----------
    measure : str
        What tables are judged by.
    current, rebalanced : float
        That measure over all packets with the device's own table, and with one made for them.
    hashed : int
        How many packets have a hash.
    """
    if not hashed:
        return TuningVerdict(TuningConclusion.NOTHING, NoHash())
    is_gain = is_better(measure, rebalanced, current)
    return TuningVerdict(TuningConclusion.NO_FLOWS, JudgedTable(measure, current, rebalanced, is_gain))


def _worse_than(baseline: Baseline, measure: str, value: float) -> float:
    """Return how many per cent of ideal hashes do better."""
    percentile = baseline.percentile(measure, value)
    return 100 - percentile if measure.startswith(GROWING) else percentile
