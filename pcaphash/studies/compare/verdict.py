"""What follows from a comparison, as facts: how each configuration spreads the packets, why, and what would help."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

import numpy as np

from pcaphash.engine.running.threads import side_by_side
from pcaphash.studies.compare.advice import Advice, compare_inner, list_advice, list_advice_without_spread
from pcaphash.studies.compare.blame import blamed_tunnel
from pcaphash.studies.compare.causes import UNJUDGED, Cause, HeavyFlow
from pcaphash.studies.compare.explaining import CROWDED, excess_of, explain, find_ideal
from pcaphash.studies.compare.finding import Crowding, Finding
from pcaphash.studies.compare.gain import Gain, Step, inner_gain, inner_gain_over, main_gain
from pcaphash.studies.compare.missed import MissedTunnel
from pcaphash.studies.compare.outcome import Outcome
from pcaphash.studies.shared.chance.spread import EVEN
from pcaphash.studies.shared.linear.reach import Reach

GIVEN = "given"
"""Name of the configuration that the device is said to have: if it is there, the others are measured against it."""

_MANY = 0.05  # of the packets with a hash are worth a word
_FEW = 4  # receive queues that carry most are counted where they are at most this part of all


class ComparisonConclusion(StrEnum):
    """What a comparison comes to, by the names that programs get."""

    NOTHING = "nothing"
    """Under no configuration is there anything to spread."""
    CUT = "cut"
    """The capture does not show enough of the packets to judge any configuration."""
    TOO_FEW = "too-few"
    """There are too few packets to judge by."""
    EVEN = "even"
    """The packets spread evenly under every configuration."""
    GAIN = "gain"
    """One configuration spreads them much better than another, and that is more than luck."""
    UNEVEN = "uneven"
    """They spread unevenly, and no configuration changes that."""


@dataclass(frozen=True)
class ComparisonVerdict:
    """What follows from a comparison.

    Parameters
    ----------
    conclusion : ComparisonConclusion
        What it comes to.
    findings : list of Finding
        One for each configuration, in their order.
    advice : list of Advice
        What would help, the most effective first.
    best, worst : Finding or None
        Of those that are judged, the ones with the least and the most above ideal.
    gain : Gain or None
        What a better one gains over the one given, or over a worse one, if that is much and more than luck.
    with_even_table : ComparisonVerdict or None
        What follows with an even indirection table, if that at least halves what the best one has above ideal; there is
        no ``gain`` then but that of this verdict.
    """

    conclusion: ComparisonConclusion
    findings: list[Finding]
    advice: list[Advice]
    best: Finding | None = None
    worst: Finding | None = None
    gain: Gain | None = None
    with_even_table: "ComparisonVerdict | None" = None

    @property
    def given(self) -> Finding | None:
        """What the device is said to have, if that is judged."""
        return next((finding for finding in self.findings if finding.config == GIVEN and finding.is_judged), None)

    @property
    def is_mostly_even(self) -> bool:
        """Whether only a few configurations are uneven, for want of ports: nothing is wrong with such traffic.

        If one is given, it alone counts.
        """
        judged = [finding for finding in self.findings if finding.is_judged]
        uneven = [finding for finding in judged if finding.excess > EVEN]
        if self.gain is None or self.gain.step != Step.PORTS or not self.gain.is_certain or self.given is not None:
            return False
        return 2 * len(uneven) < len(judged) and all(finding.cause != Cause.HASH for finding in uneven)


def judge(outcomes: Sequence[Outcome], missed: Sequence[MissedTunnel] = ()) -> ComparisonVerdict:
    """Judge how configurations spread the same packets, given the tunnels that none of them looks into."""
    is_hashed = any(outcome.distribution.hashed for outcome in outcomes)
    findings = side_by_side([partial(_find, outcome, is_hashed) for outcome in outcomes])
    judged = [pair for pair in zip(outcomes, findings, strict=True) if pair[1].is_judged]
    if not judged:
        causes = {finding.cause for finding in findings}
        cause = next(cause for cause in UNJUDGED if cause in causes)
        advice = (
            list_advice_without_spread(list(zip(outcomes, findings, strict=True))) if cause == Cause.NOTHING else []
        )
        return ComparisonVerdict(ComparisonConclusion(cause.value), findings, advice)
    best = min(judged, key=lambda pair: pair[1].excess)
    worst = max(judged, key=lambda pair: pair[1].excess)
    given = next((pair for pair in judged if pair[1].config == GIVEN), None)
    start = given or worst
    if start[1].excess <= EVEN:
        return ComparisonVerdict(ComparisonConclusion.EVEN, findings, [], best[1], worst[1])
    inner = inner_gain(judged, given) or inner_gain_over(judged, start)
    gain = main_gain(judged, start, best, inner)
    conclusion = ComparisonConclusion.UNEVEN if gain is None else ComparisonConclusion.GAIN
    if missed:
        # Where one configuration helps another, what that lacks has a cause already; a tunnel is never called a flow.
        findings = [
            _blame_tunnel(each, missed)
            if gain is None or each.config == best[1].config or isinstance(each.facts, HeavyFlow)
            else each
            for each in findings
        ]
        told = {finding.config: finding for finding in findings}
        judged = [(outcome, told[finding.config]) for outcome, finding in judged]
        best, worst, start = ((outcome, told[finding.config]) for outcome, finding in (best, worst, start))
    advice = compare_inner(outcomes) if best[1].excess > EVEN else []
    advice += list_advice(judged, start, best, inner, missed)
    return ComparisonVerdict(conclusion, findings, advice, best[1], worst[1], gain)


def _blame_tunnel(finding: Finding, missed: Sequence[MissedTunnel]) -> Finding:
    tunnel = blamed_tunnel(finding, missed) if finding.is_judged else None
    return finding if tunnel is None else replace(finding, cause=Cause.MISSED_TUNNEL, facts=tunnel)


def _find(outcome: Outcome, is_hashed: bool) -> Finding:
    """Say how one configuration spreads the packets, and why."""
    ideal = find_ideal(outcome)
    cause, facts = explain(outcome, ideal, is_hashed)
    name, queues = outcome.device.name, outcome.device.queues
    if cause in UNJUDGED:
        return Finding(name, cause, float("nan"), queues, None, facts, None)
    return Finding(name, cause, excess_of(outcome), queues, _crowding(outcome), facts, ideal, _limits(outcome))


def _limits(outcome: Outcome) -> tuple[Reach, ...]:
    """Return the hash inputs that cannot reach all table entries, if packets spread unevenly and many have them.

    That a few inputs cannot reach more entries than they are says nothing.
    """
    if excess_of(outcome) <= EVEN:
        return ()
    least = _MANY * outcome.distribution.hashed
    return tuple(each for each in outcome.limits if each.packets >= least and each.inputs > each.reachable)


def _crowding(outcome: Outcome) -> Crowding | None:
    """Count the receive queues that carry most packets; None where they are not few."""
    packets = outcome.distribution.queues[:, 0]
    shares = np.sort(packets)[::-1].cumsum() / packets.sum()
    n_crowded = int(np.searchsorted(shares, CROWDED)) + 1
    return Crowding(n_crowded, float(shares[n_crowded - 1])) if n_crowded <= len(packets) // _FEW else None
