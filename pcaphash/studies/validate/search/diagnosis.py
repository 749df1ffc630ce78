"""Find the fewest faults that explain what a device reported wrongly, and say what they explain.

Where faults explain only a part of the packets that they apply to, they are a cause only if that part is a kind of
packets or a stretch of the trace. What is left is unexplained; ``kinship`` says what it has in common.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.studies.validate.catalogue.fault import KEY, KEY_FORM, READING, ROWS, Fault, FaultKind
from pcaphash.studies.validate.catalogue.faults import faults_of
from pcaphash.studies.validate.sample import Sample
from pcaphash.studies.validate.search.displacement import MoreStretches, ShiftedRows
from pcaphash.studies.validate.search.evidence import Evidence, evidence_of
from pcaphash.studies.validate.search.kinship import Common, common_of, fills, part_of, sampled_share, traits_of
from pcaphash.studies.validate.search.learned import learned_faults
from pcaphash.studies.validate.search.search import Scored, Search
from pcaphash.studies.validate.search.traits import N_TRAITS, Span, Trait, Traits, span_from, span_to
from pcaphash.studies.validate.search.trial import Faults, Mask, Trial
from pcaphash.studies.validate.search.tunnel_ports import possible_vxlan_ports
from pcaphash.studies.validate.verdicts import MISSING, OF_HASH, WRONG_VALUE, Leniency, says_only_queue

_MOST_TRIED = 1200  # packets that the search looks at
_ATTEMPTS = 3  # with packets among them that the sets found before did not explain
_LENGTHS = 4  # so many packets of a kind come before the second one of a length
_LEAST_OF_A_PART = 3  # packets that tell something else
_LEAST_AT_TIMES = 0.5  # of what is left, for faults that right packets speak against to be worth a word
_LEAST_OF_A_KEY = 8  # hash inputs whose hash is wrong and not explained, for another key to be worth a thought
_LEAST_OF_A_CONSTANT = 8  # different hashes that are expected, for an equal one to say that none is reported
_PROBES = 16  # wrong and right packets that single faults are tried on first, where no cause is found


@dataclass(frozen=True, eq=False)
class FaultCause:
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
    part : Trait or Span, optional
        Which of the packets that the faults apply to; None for all.
    """

    faults: Faults
    packets: int
    example: int
    is_unclassified: bool = False
    part: Trait | Span | None = None


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """Why a device did not report what the spec requires.

    Parameters
    ----------
    causes : list of FaultCause
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
        How many wrong packets they explain, and how many right ones they do not; an estimate where not all were kept.
    is_every_right_kept : bool
        Whether the sample has all right packets, so that their counts are exact.
    common : Common, optional
        What the unexplained packets have in common; None where it is nothing that tells them from others.
    sampled : float, optional
        The share of packets that get a hash, if hashes are missing at random.
    possible : tuple of Fault
        Where no cause is found: faults each of which would explain every packet, wrong and right, had chance not done
        as well. None of them is a cause.
    unexplained_inputs : int
        How many different hash inputs the unexplained packets with a wrong hash value have.
    not_shown : int
        Wrong packets of which the capture shows too little to tell what a device with all these faults would report.
    constant : int, optional
        The hash that is reported of every packet, where no cause is found and the hash inputs are several.
    more_stretches : MoreStretches
        Where values are those of other packets: the stretches that are no causes of their own, because they are many.
    """

    causes: list[FaultCause]
    alternatives: list[Faults]
    unexplained: int
    unexplained_examples: list[int]
    contradicting: Faults = ()
    contradicting_packets: tuple[int, int] = (0, 0)
    is_every_right_kept: bool = True
    common: Common | None = None
    sampled: float | None = None
    possible: Faults = ()
    unexplained_inputs: int = 0
    not_shown: int = 0
    constant: int | None = None
    more_stretches: MoreStretches = field(default_factory=MoreStretches)

    @property
    def may_have_another_key(self) -> bool:
        """Whether a key that nobody knows may be why hashes are wrong that no fault explains."""
        speaks_against = self.common is not None and self.common.speaks_against_key
        return self.unexplained_inputs >= _LEAST_OF_A_KEY and not speaks_against

    @property
    def positions(self) -> list[int]:
        """Positions in the sample of the packets that are named."""
        parts = [cause.part for cause in self.causes] + [self.common.span if self.common else None]
        ends = [end for part in parts if isinstance(part, Span) for end in (part.first, part.last)]
        examples = [cause.example for cause in self.causes] + self.unexplained_examples
        return [*examples, *(end for end in ends if end is not None)]

    @property
    def faults(self) -> Faults:
        """All faults found."""
        return tuple(dict.fromkeys(fault for cause in self.causes for fault in cause.faults))

    @property
    def open_faults(self) -> Faults:
        """Faults that some of the sets have and others do not: traffic that shows them would tell the sets apart."""
        if not self.alternatives:
            return ()
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
    ports = possible_vxlan_ports(device, sample.take(np.flatnonzero(wrong)))
    faults = faults_of(device, ports, by_queue=by_queue)
    constant = None if by_queue else _constant(trial)
    # What is read off one value, whatever the packets are, would be that value.
    faults += [] if by_queue or constant is not None else learned_faults(trial, wrong)
    evidence = evidence_of(trial, wrong, faults, by_queue=by_queue)
    order = _unlike_first(sample, trial.signatures)
    causes, alternatives, partial, left, not_shown = _search(trial, wrong, faults, order, by_queue=by_queue)
    traits = traits_of(trial)
    parts, rest = _attribute_parts(trial, evidence, partial, left, traits)
    if causes and parts:
        # What changed during the trace may also be what a few packets by themselves have another cause for.
        alone, all_rest = _attribute_parts(trial, evidence, partial, wrong, traits)
        if _n_faults(alone) < _n_faults([*causes, *parts]) and not (all_rest & ~rest).any():
            causes, parts, rest, not_shown = [], alone, all_rest, np.zeros_like(wrong)
    left = rest
    sampled = sampled_share(trial, left)
    against = (left, wrong) if sampled is None else (np.zeros_like(left), wrong)
    contradicting, packets = _contradicting(trial, evidence, partial, *against)
    is_open = not causes and not parts and not by_queue
    constant = constant if is_open else None
    possible = _possible(trial, faults, wrong, order) if is_open else ()
    if constant is not None:
        possible = tuple(fault for fault in possible if not {KEY, KEY_FORM} & set(fault.places))
        constant = None if possible else constant
    return Diagnosis(
        sorted([*causes, *parts], key=lambda cause: -cause.packets),
        [] if parts else alternatives,
        _count(sample, left),
        np.flatnonzero(left)[:3].tolist(),
        contradicting,
        packets,
        bool((sample.weights[~wrong] == 1).all()),
        common_of(trial, traits, evidence, left, may_be_chance=bool(possible)) if constant is None else None,
        sampled,
        possible,
        round(evidence.count(left & ((sample.faults & WRONG_VALUE) > 0))),
        _count(sample, not_shown),
        constant,
    )


class _Searched(NamedTuple):
    """What a search found: causes, other sets of faults, faults that explain a part, and what is left or not shown."""

    causes: list[FaultCause]
    alternatives: list[Faults]
    partial: list[Scored]
    left: Mask
    not_shown: Mask


def _search(
    trial: Trial, wrong: Mask, faults: list[Fault], order: npt.NDArray[np.int64], *, by_queue: bool
) -> _Searched:
    """Search with some of the packets, and again with others among them that what was found does not explain."""
    chosen = order[:_MOST_TRIED]
    for attempt in range(_ATTEMPTS):
        some = trial.take(chosen)
        weighed = evidence_of(some, wrong[chosen], faults, by_queue=by_queue)
        search = Search(some, wrong[chosen], weighed, faults, by_queue=by_queue)
        best, alternatives = search.run()
        causes, left = _attribute(trial, best, wrong)
        not_shown = left & trial.outcome(best).not_shown
        left &= ~not_shown
        missed = order[left[order] & ~np.isin(order, chosen)][: _MOST_TRIED // 2]
        if not causes or not len(missed) or attempt + 1 == _ATTEMPTS:
            break
        chosen = np.concatenate([missed, order[~np.isin(order, missed)][: _MOST_TRIED - len(missed)]])
    return _Searched(causes, alternatives, search.partial(), left, not_shown)


def displaced(sample: Sample, stretches: list[ShiftedRows], more: MoreStretches, *, is_from_start: bool) -> Diagnosis:
    """Return the diagnosis of values that are those of other packets.

    Parameters
    ----------
    sample : Sample
        Packets, wrong and right.
    stretches : list of ShiftedRows
        Where they are shifted alike, in order; there is at least one.
    more : MoreStretches
        Those that come after these.
    is_from_start : bool
        Whether that may be so from the first packet on, not only from the first wrong one.
    """
    wrong = np.flatnonzero(sample.faults & OF_HASH)
    # Not all packets are in the sample: that a stretch starts with may be missing, and all that follow it.
    starts = np.minimum(np.searchsorted(sample.numbers, [each.first for each in stretches]), len(sample) - 1).tolist()
    causes = []
    for number, (stretch, start) in enumerate(zip(stretches, starts, strict=True)):
        if not stretch.shift:
            continue
        part = None if is_from_start else span_from(sample, start)
        if part is not None and number + 1 < len(stretches):
            part = span_to(sample, part, max(starts[number + 1] - 1, start))
        kind = FaultKind.ROWS_LATE if stretch.shift > 0 else FaultKind.ROWS_EARLY
        example = int(wrong[min(np.searchsorted(wrong, start), len(wrong) - 1)])
        fault = Fault(kind, (ROWS,), subject=abs(stretch.shift))
        causes.append(FaultCause((fault,), stretch.explained, example, part=part))
    explained = sum(cause.packets for cause in causes) + more.explained
    unexplained = max(_count(sample, (sample.faults & OF_HASH) > 0) - explained, 0)
    return Diagnosis(causes, [], unexplained, [], more_stretches=more)


def _n_faults(causes: list[FaultCause]) -> int:
    return len({fault for cause in causes for fault in cause.faults})


def _count(sample: Sample, chosen: Mask) -> int:
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


def _attribute(trial: Trial, faults: Faults, wrong: Mask) -> tuple[list[FaultCause], Mask]:
    """Say of each wrong packet which of the faults explain it, as few as will do; and which packets are left."""
    left = wrong.copy()
    causes = []
    for some in _subsets(faults):
        explained = left & trial.explained(some)
        if explained.any():
            causes.append(_cause_of(trial, some, explained, None))
            left &= ~explained
    return causes, left


def _cause_of(trial: Trial, faults: Faults, explained: Mask, part: Trait | Span | None) -> FaultCause:
    sample = trial.sample
    without = sample.reported.queues[explained] == trial.device.unclassified_queue
    without &= (sample.faults[explained] & MISSING) > 0
    example = int(np.flatnonzero(explained)[0])
    return FaultCause(faults, _count(sample, explained), example, bool(without.all()), part)


def _attribute_parts(
    trial: Trial, evidence: Evidence, partial: list[Scored], left: Mask, traits: Traits
) -> tuple[list[FaultCause], Mask]:
    """Find faults that explain what is left of a kind of packets, or of a stretch of the trace, and nothing beside."""
    causes: list[FaultCause] = []
    candidates = list(partial)
    without_hash = _kind_without_hash(trial, evidence, partial, left, traits)
    while candidates and left.any():
        worth = {each: _worth_of_part(trial, evidence, each, left) for each in candidates}
        candidates = sorted((each for each in candidates if worth[each] > 0), key=lambda each: -worth[each])
        for each in candidates:
            outcome = trial.outcome(each.faults)
            inside = left & outcome.explained
            part = part_of(trial.sample, traits, inside, outcome.differs & outcome.contradicts)
            of_stretch = any(fault.hashes_nothing for fault in each.faults)
            if part is None or (isinstance(part, Trait) and (of_stretch or not (inside & ~without_hash).any())):
                continue
            if fills(traits, evidence, inside, left, part):
                part = None if part == Span(None, None) else part
                causes.append(_cause_of(trial, each.faults, inside, part))
                left = left & ~inside
                break
        else:
            break
    return causes, left


def _kind_without_hash(trial: Trial, evidence: Evidence, partial: list[Scored], left: Mask, traits: Traits) -> Mask:
    """Tell which packets have no hash because of what kind they are: that says more than any fault that fits them."""
    for each in partial:
        if len(each.faults) == 1 and each.faults[0].hashes_nothing and _worth_of_part(trial, evidence, each, left) > 0:
            outcome = trial.outcome(each.faults)
            inside = left & outcome.explained
            if isinstance(part_of(trial.sample, traits, inside, outcome.differs & outcome.contradicts), Trait):
                return inside
    return np.zeros_like(left)


def _worth_of_part(trial: Trial, evidence: Evidence, scored: Scored, left: Mask) -> float:
    """Return the bits by which a set explains more of what is left than chance may, of the many kinds of packets."""
    inside = left & trial.explained(scored.faults)
    if evidence.count_in_time(inside) < _LEAST_OF_A_PART:
        return 0.0
    return evidence.of(inside, scored.faults) - scored.cost(evidence) - math.log2(N_TRAITS)


def _contradicting(
    trial: Trial, evidence: Evidence, partial: list[Scored], left: Mask, wrong: Mask
) -> tuple[Faults, tuple[int, int]]:
    """Return the faults that explain most of what is left, with how many wrong and right packets speak for and against.

    They are no cause: right packets speak against them.
    """
    found: tuple[Faults, tuple[int, int]] = (), (0, 0)
    most, least = 0.0, _LEAST_AT_TIMES * evidence.count(left)
    for each in partial:
        outcome = trial.outcome(each.faults)
        explained, against = outcome.explained, _count(trial.sample, ~wrong & outcome.contradicts)
        worth = _worth_of_part(trial, evidence, each, left)
        told = trial.sample.faults[left & explained]
        if worth > most and against and not (told == MISSING).all() and evidence.count(left & explained) >= least:
            most, found = worth, (each.faults, (_count(trial.sample, left & explained), against))
    return found


def _constant(trial: Trial) -> int | None:
    """Return the hash that is reported of every packet that gets one; None if hashes differ, or should hardly do so."""
    found, reported = trial.spec.found, trial.sample.reported
    chosen = found.known & found.hashed & reported.has_hash & (reported.hash_reports != 0)
    values = np.unique(reported.hash_values[chosen])
    several = len(np.unique(found.hash_values[chosen])) >= _LEAST_OF_A_CONSTANT
    return int(values[0]) if several and len(values) == 1 else None


def _possible(trial: Trial, faults: list[Fault], wrong: Mask, order: npt.NDArray[np.int64]) -> Faults:
    """Return the faults each of which explains every packet.

    Where no packet is right that says nothing, unless no packet has a hash: then those that read packets otherwise may
    be why, beside devices that never report one.
    """
    faults = [fault for fault in faults if not fault.hashes_nothing]  # which is a cause for a stretch only
    if wrong.all():
        if not (trial.sample.faults & MISSING).all():
            return ()
        faults = [fault for fault in faults if READING in fault.places]
    by_kind = wrong[order]
    probes = trial.take(np.concatenate([order[by_kind][:_PROBES], order[~by_kind][:_PROBES]]))
    likely = [fault for fault in faults if probes.explained((fault,)).all()]
    return tuple(fault for fault in likely if trial.explained((fault,)).all())


def _subsets(faults: Iterable[Fault]) -> Iterator[Faults]:
    members = tuple(faults)
    for size in range(1, len(members) + 1):
        yield from combinations(members, size)
