"""What packets have in common: those that faults explain among those they apply to, and those that nothing explains."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.engine.census.decision import decide
from pcaphash.studies.validate.sample import Sample
from pcaphash.studies.validate.search.evidence import Evidence
from pcaphash.studies.validate.search.traits import N_TRAITS, Span, Trait, TraitKind, Traits, ordered, span_of
from pcaphash.studies.validate.search.trial import Mask, Trial
from pcaphash.studies.validate.verdicts import MISSING

Positions = npt.NDArray[np.int64]

_MOST_LOOKED_AT = 300  # packets on each side
_LEAST_OF_PART = 0.9  # of the wrong packets that are of a kind
_MOST_SHARE = 0.5  # of other packets that may have a trait too
_LEAST_BITS = 10.0
_MOST_TRAITS = 3
_LEAST_MIXED = 5  # hash inputs that sometimes have a hash and sometimes not
_SIGMAS = 4.0
_N_STRETCHES = 8  # of the trace, in each of which as many hashes are missing if the device samples
_OF_HEADERS = (
    TraitKind.FRAGMENT,
    TraitKind.EXTENSION,
    TraitKind.OPTIONS,
    TraitKind.SHORT,
    TraitKind.TAGS,
    TraitKind.ENCAPSULATION,
    TraitKind.INNER,
    TraitKind.PROTOCOL,
    TraitKind.REPORT,
    TraitKind.VERSION,
    TraitKind.INNER_VERSION,
    TraitKind.HASHED_VERSION,
)
_NOT_OF_KEYS = frozenset(
    {
        TraitKind.FRAGMENT,
        TraitKind.EXTENSION,
        TraitKind.OPTIONS,
        TraitKind.SHORT,
        TraitKind.TAGS,
        TraitKind.ENCAPSULATION,
        TraitKind.INNER,
        TraitKind.FLAG,
        TraitKind.PROTOCOL,
        TraitKind.INTERFACE,
        TraitKind.FLOW,
    }
)
_IMPLIED = {
    TraitKind.FLOW: {TraitKind.SOURCE, TraitKind.DESTINATION, TraitKind.SOURCE_PORT, TraitKind.DESTINATION_PORT},
    TraitKind.ENCAPSULATION: {TraitKind.INNER},
    TraitKind.OUTER_PORT: {TraitKind.INNER, TraitKind.VERSION},
    TraitKind.PORTS: {TraitKind.VERSION, TraitKind.HASHED_VERSION},
    TraitKind.REPORT: {TraitKind.PROTOCOL, TraitKind.PORTS, TraitKind.VERSION, TraitKind.HASHED_VERSION},
    TraitKind.VERSION: {TraitKind.HASHED_VERSION},
    TraitKind.INNER_VERSION: {TraitKind.INNER, TraitKind.HASHED_VERSION},
}


@dataclass(frozen=True)
class Common:
    """What some packets have in common that others do not have.

    Parameters
    ----------
    traits : tuple of Trait
        Kinds of packets that all of them are.
    span : Span, optional
        The stretch of the trace that holds all of them, and no others that could be among them.
    others : int
        How many other packets of the trace are of these kinds as well; an estimate.
    is_of_hashed : bool
        Whether others without a hash are in the stretch too: nothing could be wrong with their hashes.
    """

    traits: tuple[Trait, ...]
    span: Span | None
    others: int
    is_of_hashed: bool = False

    @property
    def speaks_against_key(self) -> bool:
        """Whether another key would hardly change the hashes of just these packets."""
        is_kind = not self.others and any(trait.kind in _NOT_OF_KEYS for trait in self.traits)
        return is_kind or self.span is not None


def traits_of(trial: Trial) -> Traits:
    """Make the traits of the packets of a trial, as the configured device reads them."""
    found, device = trial.spec.found, trial.device
    decided = {each: decide(each, device) for each in np.unique(found.signatures).tolist()}
    inputs = [row[:length].tobytes() for row, length in zip(found.inputs, found.lengths.tolist(), strict=True)]
    return Traits(device, trial.sample, inputs, [decided[each] for each in found.signatures.tolist()])


def part_of(sample: Sample, traits: Traits, chosen: Mask, others: Mask) -> Trait | Span | None:
    """Return the kind of packets, or the stretch of the trace, that some packets are and others are not."""
    inside, outside = np.flatnonzero(chosen), np.flatnonzero(others)
    span = span_of(sample, inside, outside)
    if span is not None:
        return span
    telling = traits.telling(_some(inside), _some(outside))
    return telling[0] if telling else None


def fills(traits: Traits, evidence: Evidence, chosen: Mask, left: Mask, part: Trait | Span) -> bool:
    """Tell whether nearly all wrong packets of a kind, or within a stretch, are those that are explained."""
    among = np.zeros(len(left), bool)
    if isinstance(part, Span):
        among[part.first : None if part.last is None else part.last + 1] = True
    else:
        others = _some(np.flatnonzero(left & ~chosen))
        among[[at for at in others.tolist() if part in traits.of(at)]] = True
    n = evidence.count(chosen)
    return n >= _LEAST_OF_PART * (n + evidence.count(left & among & ~chosen))


def common_of(
    trial: Trial, traits: Traits, evidence: Evidence, left: Mask, *, may_be_chance: bool = False
) -> Common | None:
    """Say what packets have in common that tells them from others; None where that is nothing, or may be chance.

    Parameters
    ----------
    trial : Trial
        The packets.
    traits : Traits
        What each is.
    evidence : Evidence
        What each tells.
    left : bool array of shape (n,)
        The packets asked about.
    may_be_chance : bool
        Whether to say of several packets too what may be chance: kinds of headers that they have and no other has.
    """
    sample, others = trial.sample, np.flatnonzero(~left)
    if not left.any() or not len(others):
        return None
    n_left = evidence.count(left)
    some = _some(others)
    weights = sample.weights[some] * (sample.weights[others].sum() / max(sample.weights[some].sum(), 1e-9))
    total = weights.sum()
    counts = {
        trait: float(sum(weight for at, weight in zip(some.tolist(), weights, strict=True) if trait in traits.of(at)))
        for trait in traits.common(_some(np.flatnonzero(left)))
    }
    telling = [
        trait
        for trait, n in counts.items()
        if n <= _MOST_SHARE * total
        and -math.log2(max(n, 1) / (total + 1)) * n_left >= _LEAST_BITS + math.log2(N_TRAITS)
    ]
    if not telling and may_be_chance and np.count_nonzero(left) > 1:
        telling = [trait for trait, n in counts.items() if not n and trait.kind in _OF_HEADERS]
    hashed = trial.spec.found.hashed
    may_be_left = hashed if hashed[left].all() else np.ones(len(left), bool)
    span = _span_of_unexplained(sample, evidence, left, may_be_left)
    if not telling and span is None:
        return None
    best = min((counts[trait] for trait in telling), default=0.0)
    chosen = _chosen([trait for trait in telling if counts[trait] <= best * 1.1])
    if span is None or (chosen and best == 0):
        return Common(chosen, None, round(best))
    is_of_hashed = span_of(sample, np.flatnonzero(left), others) is None
    return Common(chosen, span, round(best), is_of_hashed=is_of_hashed)


def sampled_share(trial: Trial, left: Mask) -> float | None:
    """Return the share of packets that get a hash, if it is missing from any kind of packets alike.

    None unless nothing but missing hashes is left, packets with equal hash inputs sometimes have one and sometimes not,
    and the share is the same for all signatures and all along the trace, as far as chance allows.
    """
    sample, found = trial.sample, trial.spec.found
    missing = left & ((sample.faults & MISSING) > 0)
    if not left.any() or (left & ~missing).any():
        return None
    due = found.hashed & ((sample.faults == 0) | missing)
    share = float(sample.weights[missing].sum() / sample.weights[due].sum())
    inputs = np.unique(trial.spec.words[due], axis=0, return_inverse=True)[1].reshape(-1)
    with_hash, without = np.bincount(inputs, ~missing[due]) > 0, np.bincount(inputs, missing[due]) > 0
    if np.count_nonzero(with_hash & without) < _LEAST_MIXED:
        return None
    along = np.cumsum(due) * _N_STRETCHES // (np.count_nonzero(due) + 1)
    kinds = [found.signatures == signature for signature in np.unique(found.signatures[due]).tolist()]
    for kind in (*kinds, *(along == stretch for stretch in range(_N_STRETCHES))):
        own = due & kind
        n, n_missing = sample.weights[own].sum(), sample.weights[own & missing].sum()
        if abs(n_missing - n * share) > _SIGMAS * math.sqrt(n * share * (1 - share)) + 1:
            return None
    return 1 - share


def _chosen(traits: list[Trait]) -> tuple[Trait, ...]:
    """Choose a few traits that do not follow from each other."""
    found: list[Trait] = []
    implied: set[TraitKind] = set()
    for trait in ordered(traits):
        if trait.kind not in implied and trait.kind not in {each.kind for each in found}:
            found.append(trait)
            implied |= _IMPLIED.get(trait.kind, set())
    return tuple(found[:_MOST_TRAITS])


def _span_of_unexplained(sample: Sample, evidence: Evidence, left: Mask, may_be_left: Mask) -> Span | None:
    """Return the stretch that holds what is left and no other that may be, where enough packets are on both sides."""
    inside, outside = np.flatnonzero(left), np.flatnonzero(may_be_left & ~left)
    if not len(outside):
        return None
    share = len(inside) / (len(inside) + len(outside))
    span = span_of(sample, inside, outside)
    if span is None or -math.log2(share) * evidence.count_in_time(left) < _LEAST_BITS + math.log2(N_TRAITS):
        return None
    return span if -math.log2(1 - share) * len(outside) >= _LEAST_BITS else None


def _some(positions: Positions) -> Positions:
    """Return so many of the packets as are looked at, spread over all."""
    if len(positions) <= _MOST_LOOKED_AT:
        return positions
    return positions[np.linspace(0, len(positions) - 1, _MOST_LOOKED_AT).astype(np.int64)]
