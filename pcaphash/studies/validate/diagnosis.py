"""Find the fewest faults that explain what a device reported wrongly, and what they explain as well.

Every set of faults is a complete device: it has to explain the packets that are wrong and those that are right. Sets of
one are tried, then of two, all of them, then of three where two are of the key or the value; larger ones grow from the
best. So faults that show only together are found in pairs, and independent ones in any number.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.studies.validate.fault import KEY, KEY_FORM, OF_VALUES, READING, Fault
from pcaphash.studies.validate.faults import faults_of
from pcaphash.studies.validate.sample import Sample
from pcaphash.studies.validate.trial import Trial
from pcaphash.studies.validate.verdicts import MISSING, OF_HASH, Leniency, says_only_queue

FaultSet = tuple[Fault, ...]

_MOST_TRIED = 1200  # packets that the search looks at
_ATTEMPTS = 3  # with packets among them that the sets found before did not explain
_LENGTHS = 4  # so many packets of a kind come before the second one of a length
_MOST_FAULTS = 7
_HIDING = {KEY, KEY_FORM, *OF_VALUES}
_WIDTH = 6  # sets that larger ones grow from


@dataclass(frozen=True, eq=False)
class Cause:
    """Faults that together explain packets that are wrong.

    Parameters
    ----------
    faults : tuple of Fault
        Each of them is needed.
    packets : int
        How many packets of the trace they explain that fewer of them do not; an estimate where not all were kept.
    example : int
        Position in the sample of a packet among them.
    is_unclassified : bool
        Whether they get no hash where one is expected, and all came to the unclassified queue.
    """

    faults: FaultSet
    packets: int
    example: int
    is_unclassified: bool = False


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """Why a device did not report what the spec requires.

    Parameters
    ----------
    causes : list of Cause
        The faults found, those with most packets first.
    alternatives : list of tuple of Fault
        Sets as small as that of all causes, which explain as much on this trace.
    unexplained : int
        Packets whose hash is wrong and not explained.
    unexplained_examples : list of int
        Positions in the sample of a few of them.
    contradicting : tuple of Fault
        Faults that explain most of what is unexplained, but not packets that are right; maybe none.
    contradicting_packets : tuple of int
        How many wrong packets they explain, and how many right ones they do not.
    """

    causes: list[Cause]
    alternatives: list[FaultSet]
    unexplained: int
    unexplained_examples: list[int]
    contradicting: FaultSet = ()
    contradicting_packets: tuple[int, int] = (0, 0)

    @property
    def faults(self) -> FaultSet:
        """All faults found."""
        return tuple(dict.fromkeys(fault for cause in self.causes for fault in cause.faults))

    @property
    def open_faults(self) -> FaultSet:
        """Faults that some of the sets have and others do not: traffic that shows them would tell the sets apart."""
        sets = (self.faults, *self.alternatives)
        in_all = set.intersection(*map(set, sets))
        return tuple(dict.fromkeys(fault for each in sets for fault in each if fault not in in_all))


def diagnose(device: Device, sample: Sample, leniency: Leniency, *, by_queue: bool = False) -> Diagnosis:
    """Find the fewest faults that explain the hashes reported.

    Parameters
    ----------
    device : Device
        The configured device.
    sample : Sample
        Packets, wrong and right.
    leniency : Leniency
        Which differences count as right.
    by_queue : bool
        Whether to go by the receive queues of packets of which nothing else is reported: each tells less of the hash.
    """
    wrong = (sample.faults & OF_HASH) > 0
    if by_queue:
        wrong |= (sample.faults > 0) & says_only_queue(sample.reported)
    trial = Trial(device, sample, leniency, by_queue=by_queue)
    order = _unlike_first(sample, trial.signatures)
    chosen = np.sort(order[:_MOST_TRIED])
    for attempt in range(_ATTEMPTS):
        some = Trial(device, sample.take(chosen), leniency, by_queue=by_queue)
        best, alternatives, contradicting = _Search(some, ~wrong[chosen]).run()
        causes, left = _attribute(trial, best, wrong)
        missed = order[left[order] & ~np.isin(order, chosen)][: _MOST_TRIED // 2]
        if not causes or not len(missed) or attempt + 1 == _ATTEMPTS:
            break
        chosen = np.sort(np.concatenate([missed, order[~np.isin(order, missed)][: _MOST_TRIED - len(missed)]]))
    packets = (0, 0)
    if contradicting:
        explained = trial.explained(contradicting)
        packets = _count(sample, left & explained), int(np.sum(~wrong & ~explained))
    return Diagnosis(
        sorted(causes, key=lambda cause: -cause.packets),
        alternatives,
        _count(sample, left),
        np.flatnonzero(left)[:3].tolist(),
        contradicting if packets[0] else (),
        packets,
    )


def _count(sample: Sample, chosen: npt.NDArray[np.bool_]) -> int:
    return round(float(sample.weights[chosen].sum()))


def _unlike_first(sample: Sample, signatures: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """Order packets such that the first ones, on which thousands of sets are tried, are as unlike as can be."""
    lengths = sample.block.records["captured_length"].astype(np.int64)
    reports = sample.reported.hash_reports.astype(np.int64)
    kinds = np.stack([sample.faults.astype(np.int64), signatures.astype(np.int64), reports], axis=1)
    rank = _rank_within(np.unique(kinds, axis=0, return_inverse=True)[1])
    # Of one kind, lengths tell of different extension headers and options.
    own = _rank_within(np.unique(np.column_stack([kinds, lengths]), axis=0, return_inverse=True)[1])
    return np.lexsort((rank, np.minimum(rank, own * _LENGTHS)))


def _rank_within(groups: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return how many of its group stand before each element."""
    groups = groups.reshape(-1)
    order = np.argsort(groups, kind="stable")
    positions = np.arange(len(order))
    starts = np.r_[True, groups[order][1:] != groups[order][:-1]] if len(order) else np.zeros(0, bool)
    rank = np.empty(len(order), np.int64)
    rank[order] = positions - np.maximum.accumulate(np.where(starts, positions, 0))
    return rank


class _Search:
    """Looks for the set of faults that explains most packets, being as small as it can be."""

    def __init__(self, trial: Trial, right: npt.NDArray[np.bool_]) -> None:
        self._faults = faults_of(trial.device)
        self._trial = trial
        self._right = right
        self._scores: dict[FaultSet, int] = {}
        self._odd: set[FaultSet] = set()  # sets that explain values, but not without the types of the spec
        self._contradicting: tuple[int, FaultSet] = (0, ())

    def run(self) -> tuple[FaultSet, list[FaultSet], FaultSet]:
        """Return the set, those that explain as much on this sample, and the best that contradicts what is right."""
        goal = len(self._right)
        self._score(())
        for sets in (self._singles(), self._pairs(), self._hidden_triples()):
            for each in sets:
                self._score(each)
            if any(score == goal and each not in self._odd for each, score in self._scores.items()):
                break
        size = 3
        while max(self._scores.values()) < goal and size <= _MOST_FAULTS:
            before = max(self._scores.values())
            for each in list(self._grown(size)):
                self._score(each)
            if max(self._scores.values()) == before:
                break
            size += 1
        return self._best()

    def _best(self) -> tuple[FaultSet, list[FaultSet], FaultSet]:
        most = max(self._scores.values())
        full = [each for each, score in self._scores.items() if score == most]
        sizes = {each: len(each) + (each in self._odd) for each in full}  # to report other types is a fault of its own
        fewest = [each for each in full if sizes[each] == min(sizes.values())]
        best, *others = sorted(fewest, key=lambda each: each in self._odd)
        return best, others if best else [], self._contradicting[1]

    def _score(self, faults: FaultSet) -> None:
        """Count the packets that faults explain; sets that contradict packets that are right are no candidates."""
        explained = self._trial.explained(faults)
        if faults and not explained[self._right].all():
            gain = int(explained[~self._right].sum())
            if gain > self._contradicting[0]:
                self._contradicting = (gain, faults)
            return
        self._scores[faults] = int(explained.sum())
        if not self._trial.agrees(faults)[explained].all():
            self._odd.add(faults)

    def _singles(self) -> Iterator[FaultSet]:
        return ((fault,) for fault in self._faults)

    def _pairs(self) -> Iterator[FaultSet]:
        return (pair for pair in combinations(self._faults, 2) if _go_together(pair))

    def _hidden_triples(self) -> Iterator[FaultSet]:
        """Put two faults of the key or of the value, which hide everything else, together with any third one."""
        usual = [fault for fault in self._faults if not fault.is_rare]
        hiding = [fault for fault in usual if set(fault.places) & _HIDING]
        for pair in combinations(hiding, 2):
            for fault in usual:
                if fault not in pair and _go_together((*pair, fault)):
                    triple = tuple(sorted((*pair, fault), key=self._faults.index))
                    if triple not in self._scores:
                        yield triple

    def _grown(self, size: int) -> Iterator[FaultSet]:
        """Add one fault to each of the best sets that are smaller by one."""
        smaller = [each for each in self._scores if len(each) == size - 1]
        smaller.sort(key=lambda each: -self._scores[each])
        for each in smaller[:_WIDTH]:
            for fault in self._faults:
                if not fault.is_rare and fault not in each and _go_together((*each, fault)):
                    grown = tuple(sorted((*each, fault), key=self._faults.index))
                    if grown not in self._scores:
                        yield grown


def _go_together(faults: Sequence[Fault]) -> bool:
    """Tell whether a device can have all of these: one key, one order of addresses and of ports, and so on."""
    places = [place for fault in faults for place in fault.places if place != READING]
    return len(places) == len(set(places))


def _attribute(
    trial: Trial, faults: FaultSet, wrong: npt.NDArray[np.bool_]
) -> tuple[list[Cause], npt.NDArray[np.bool_]]:
    """Say of each wrong packet which of the faults explain it, as few as will do; and which packets are left."""
    left = wrong.copy()
    causes = []
    for some in _subsets(faults):
        explained = left & trial.explained(some)
        if explained.any():
            sample = trial.sample
            without = sample.reported.queues[explained] == trial.device.unclassified_queue
            without &= (sample.faults[explained] & MISSING) > 0
            example = int(np.flatnonzero(explained)[0])
            causes.append(Cause(some, _count(sample, explained), example, bool(without.all())))
            left &= ~explained
    return causes, left


def _subsets(faults: Iterable[Fault]) -> Iterator[FaultSet]:
    members = tuple(faults)
    for size in range(1, len(members) + 1):
        yield from combinations(members, size)
