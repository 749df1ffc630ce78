"""What one configuration gains over another, and whether that is more than luck."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from pcaphash.engine.census.decision import NONE
from pcaphash.studies.compare.causes import Cause
from pcaphash.studies.compare.outcome import Outcome

if TYPE_CHECKING:
    from pcaphash.studies.compare.finding import Finding

    Judged = tuple[Outcome, Finding]

_SOME = 0.05  # of the packets: fewer do not make a gain
_MOSTLY = 0.5  # of the packets in tunnels, where other hash types may have part in a gain
_MATERIAL = 0.5  # a configuration is worth changing to where it leaves at most so much of the excess


class Step(StrEnum):
    """What a better configuration does beyond a worse one."""

    INNER = "inner"
    """It hashes the inner header of tunnels."""
    PORTS = "ports"
    """It hashes the ports, over the same header."""
    OTHER = "other"
    """Neither: another key, other hash types, another indirection table."""


@dataclass(frozen=True)
class Gain:
    """What a better configuration gains over a worse one.

    Parameters
    ----------
    step : Step
        What it does beyond the other.
    config, instead_of : str
        Names of the better and of the worse one.
    excess, excess_instead : float
        How far the busiest receive queue is above ideal under each.
    is_certain : bool
        Whether flows show that it is more than luck; a saved census has none.
    """

    step: Step
    config: str
    instead_of: str
    excess: float
    excess_instead: float
    is_certain: bool


def main_gain(judged: "Sequence[Judged]", worst: "Judged", best: "Judged", inner: Gain | None) -> Gain | None:
    """Return what matters most of what configurations gain.

    That is what the inner header gains, unless the best configuration does much better still; else what the best one
    gains, or the one that hashes ports where that is the step.

    Parameters
    ----------
    judged : sequence of pairs of Outcome and Finding
        The configurations that are judged.
    worst, best : pair of Outcome and Finding
        What is improved on, and the one of them with the least above ideal.
    inner : Gain or None
        What ``inner_gain`` or ``inner_gain_over`` returns.
    """
    if inner is not None and not best[1].excess <= _MATERIAL * inner.excess:
        return inner
    gain = find_gain(worst, best)
    if gain is None or gain.step != Step.INNER:
        return gain or inner
    if inner is not None:
        return inner
    return ports_gain(judged, worst) or replace(gain, step=Step.OTHER)


def inner_gain(judged: "Sequence[Judged]", given: "Judged | None" = None) -> Gain | None:
    """Return what the inner header gains over the best of the configurations that leave it out.

    Where it does, it gains even more over the configuration that is ``given``, if that leaves it out too.
    """
    gains = []
    for better in judged:
        others = _without_inner(judged, better)
        gain = find_gain(min(others, key=lambda pair: pair[1].excess), better) if others else None
        if gain is not None and gain.step == Step.INNER:
            is_over_given = given is not None and any(given is pair for pair in others)
            gains.append(_instead_of(gain, given[1]) if given is not None and is_over_given else gain)
    return min(gains, key=lambda gain: gain.excess, default=None)


def inner_gain_over(judged: "Sequence[Judged]", start: "Judged") -> Gain | None:
    """Return what the inner header gains over what is improved on, if not certainly over the best that leaves it out.

    A lucky hash of that one's inputs may do as well. Still, the inner header must leave much less of its excess, and
    nearly all ideal hashes of inner headers must do better than half of those of its inputs.
    """
    gains = []
    for better in judged:
        gain, others = find_gain(start, better), [finding for _, finding in _without_inner(judged, better)]
        if gain is not None and gain.step == Step.INNER and all(_is_mostly_better(better[1], each) for each in others):
            gains.append(gain)
    return min(gains, key=lambda gain: gain.excess, default=None)


def _is_mostly_better(better: "Finding", other: "Finding") -> bool:
    if better.ideal is None or other.ideal is None or other.cause == Cause.HASH:
        return False
    return better.excess <= _MATERIAL * other.excess and better.ideal.high < other.ideal.median


def _without_inner(judged: "Sequence[Judged]", better: "Judged") -> "list[Judged]":
    """Return the configurations that leave out inner headers which this one hashes, and differ in nothing else."""
    inner = better[0].device.tunnel_mask
    return [pair for pair in judged if inner & ~pair[0].device.tunnel_mask and _differ_in_types(pair, better)]


def _differ_in_types(one: "Judged", other: "Judged") -> bool:
    """Tell whether nothing but hash types and tunnel types can make a difference."""
    first, second = one[0].device, other[0].device
    return first.hash_key == second.hash_key and first.indirection_table == second.indirection_table


def _instead_of(gain: Gain, finding: "Finding") -> Gain:
    return replace(gain, instead_of=finding.config, excess_instead=finding.excess)


def ports_gain(judged: "Sequence[Judged]", worst: "Judged") -> Gain | None:
    """Return what ports gain over a configuration, the header being the same."""
    gains = [find_gain(worst, pair) for pair in judged if step_of(worst[0], pair[0]) == Step.PORTS]
    return min((gain for gain in gains if gain is not None), key=lambda gain: gain.excess, default=None)


def find_gain(worse: "Judged", better: "Judged") -> Gain | None:
    """Return what a better configuration gains; None where it is little, or no more than luck would give."""
    (of_worse, worst), (of_better, best) = worse, better
    if not best.excess <= _MATERIAL * worst.excess or not _is_more_than_luck(worst, best):
        return None
    is_certain = best.ideal is not None
    step = step_of(of_worse, of_better)
    return Gain(step, best.config, worst.config, best.excess, worst.excess, is_certain)


def step_of(worse: Outcome, better: Outcome) -> Step:
    """Return what a better configuration does beyond a worse one."""
    one, other = worse.device, better.device
    if one.hash_key != other.hash_key or one.indirection_table != other.indirection_table:
        return Step.OTHER
    if worse.distribution.unhashed > better.distribution.unhashed + _SOME * worse.distribution.packets:
        return Step.OTHER  # what matters is that packets are hashed at all
    more_types, tunnelled = bool(other.base_types & ~one.base_types), tunnelled_share(better)
    if other.tunnel_mask & ~one.tunnel_mask and tunnelled > (_MOSTLY if more_types else 0):
        return Step.INNER
    is_same_header = other.tunnel_mask == one.tunnel_mask or tunnelled <= _SOME
    return Step.PORTS if more_types and is_same_header else Step.OTHER


def tunnelled_share(outcome: Outcome) -> float:
    """Return the share of packets in tunnels of any type."""
    loads = {group.name: int(group.queues[:, 0].sum()) for group in outcome.encapsulations}
    return 1 - loads.get(NONE, 0) / max(sum(loads.values()), 1)


def _is_more_than_luck(worse: "Finding", better: "Finding") -> bool:
    """Tell whether a gain is owed to what is hashed.

    A lucky hash of the worse configuration's own inputs must not do as well; and that the better one does so must not
    be luck either: half of the ideal hashes of its inputs do.
    """
    if worse.ideal is None or better.ideal is None:
        return True  # there is no hash under the worse one, or there are no flows to tell by
    if worse.cause == Cause.HASH:
        return better.cause != Cause.HASH
    return better.excess < worse.ideal.low and better.ideal.median < worse.ideal.low
