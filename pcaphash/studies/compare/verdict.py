"""What follows from a comparison, in plain words: whether the hash is to blame, and what would help."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pcaphash.studies.compare.advice import list_advice
from pcaphash.studies.compare.causes import (
    CROWDED,
    EVEN,
    FEW_FLOWS,
    FEW_INPUTS,
    HEAVY_FLOWS,
    NO_PORTS,
    NOTHING,
    SINGLE_FLOW,
    SPREAD,
    TABLE,
    UNEVEN,
    UNHASHED,
    WRONG_HASH,
    as_percent,
    explain,
    is_more_than_luck,
)
from pcaphash.studies.compare.outcome import Outcome
from pcaphash.studies.spread import spread

_FEW = 4  # receive queues that carry most are counted where they are at most this part of all
_MATERIAL = 0.5  # a configuration is worth changing to where it leaves at most so much of the excess


@dataclass(frozen=True)
class Finding:
    """How a configuration spreads the packets, and why.

    Parameters
    ----------
    config : str
        Its name.
    cause : str
        ``nothing`` to spread, ``unhashed`` packets, the ``hash`` itself, the indirection ``table``, a ``single-flow``,
        packets with ``no-ports``, ``few-inputs`` to the hash, ``heavy-flows``, ``few-flows``, ``uneven`` for a reason
        that only flows would tell, or none: ``even``.
    text : str
        The same in words.
    excess : float
        How far the busiest receive queue is above ideal; NaN where there is nothing to spread.
    """

    config: str
    cause: str
    text: str
    excess: float


@dataclass(frozen=True)
class Verdict:
    """What follows from a comparison.

    Parameters
    ----------
    headline : str
        One sentence.
    findings : list of Finding
        One for each configuration.
    advice : list of str
        What would help.
    """

    headline: str
    findings: list[Finding]
    advice: list[str]


def judge(outcomes: Sequence[Outcome]) -> Verdict:
    """Judge how configurations spread the same packets."""
    findings = [_find(outcome) for outcome in outcomes]
    measured = [pair for pair in zip(outcomes, findings, strict=True) if pair[1].cause != NOTHING]
    if not measured:
        return Verdict(_sentence(findings[0].text), findings, [])
    return Verdict(_sentence(_headline(measured)), findings, list_advice(outcomes, findings))


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def _headline(measured: list[tuple[Outcome, Finding]]) -> str:
    """Sum up: whether any configuration is even, and what keeps the best one from it."""
    findings = [finding for _, finding in measured]
    of_best, best = min(measured, key=lambda pair: pair[1].excess)
    of_worst, worst = max(measured, key=lambda pair: pair[1].excess)
    if worst.excess <= EVEN:
        under = "under every configuration" if len(findings) > 1 else f"under {best.config}"
        most = f"no receive queue is more than {as_percent(worst.excess)} above ideal"
        return f"{under} this traffic spreads evenly: {most}"
    helps = best.excess <= _MATERIAL * worst.excess
    excesses = as_percent(best.excess), as_percent(worst.excess)
    contrast = f"the busiest receive queue is {excesses[0]} above ideal, under {worst.config} {excesses[1]}"
    if helps and best.cause == SPREAD:
        return f"{_blame(worst)}; {best.config} spreads this traffic: {contrast}"
    helps = helps and is_more_than_luck(of_worst, worst.cause, of_best, best.excess)
    if helps and best.cause == UNEVEN:
        return f"{_blame(worst)}; {best.config} helps: {contrast}"
    if helps:
        return f"{_blame(worst)}; {best.config} helps ({contrast}), but {_remains(best)}"
    if len(findings) == 1:
        return f"{_blame(best)}: {best.text}"
    if all(finding.cause == WRONG_HASH for finding in findings):
        return "the hash is to blame: under every configuration here it is worse than chance"
    return f"no configuration here spreads this traffic evenly: {_remains(best)}"


def _blame(finding: Finding) -> str:
    return {
        WRONG_HASH: "the hash is to blame",
        TABLE: "the hash is not to blame, but the indirection table",
        FEW_INPUTS: "the hash is not to blame, but what it is given",
        SINGLE_FLOW: "the hash is not to blame, but a single flow",
        NO_PORTS: "the hash is not to blame, but packets without ports",
        HEAVY_FLOWS: "the hash is not to blame, but a few heavy flows",
        FEW_FLOWS: "the hash is not to blame, but how few flows there are",
        UNHASHED: "the hash is not to blame, but packets without one",
        SPREAD: "the hash is not to blame",
    }.get(finding.cause, f"under {finding.config} this traffic spreads unevenly")


def _remains(finding: Finding) -> str:
    """Say what keeps a configuration from an even spread."""
    return {
        WRONG_HASH: f"under {finding.config} the hash is worse than chance",
        TABLE: "the indirection table is uneven by itself",
        FEW_INPUTS: "there is too little to tell packets apart by",
        SINGLE_FLOW: "one flow has more packets than a receive queue's share, and no hash can split it",
        NO_PORTS: "packets without ports between two addresses are more than a receive queue's share",
        HEAVY_FLOWS: "a few heavy flows have most packets, and no hash can split a flow",
        FEW_FLOWS: "flows are too few to even out over the receive queues",
        UNHASHED: "packets without a hash all go to the unclassified queue",
    }.get(
        finding.cause, f"under {finding.config} the busiest receive queue is {as_percent(finding.excess)} above ideal"
    )


def _find(outcome: Outcome) -> Finding:
    """Say how one configuration spreads the packets, and why."""
    name, distribution = outcome.device.name, outcome.distribution
    if not outcome.device.has_queue:
        return Finding(name, NOTHING, "without the feature RSS no hash chooses a receive queue", float("nan"))
    if outcome.device.queues == 1:
        return Finding(name, NOTHING, "there is nothing to spread: there is a single receive queue", float("nan"))
    if not distribution.hashed:
        return Finding(name, NOTHING, _nothing(outcome), float("nan"))
    excess = spread(distribution.queues[:, 0])["max_ideal"]
    cause, why = explain(outcome, excess)
    return Finding(name, cause, f"{_crowding(outcome, excess)}{why}", excess)


def _nothing(outcome: Outcome) -> str:
    distribution = outcome.distribution
    if not distribution.packets:
        return "there are no packets"
    reasons = ", ".join(f"{reason} {n:,}" for reason, n in sorted(distribution.reasons.items()))
    return f"there is nothing to spread: none of the {distribution.packets:,} packets has a known hash ({reasons})"


def _crowding(outcome: Outcome, excess: float) -> str:
    """Say how full the fullest receive queues are."""
    packets = outcome.distribution.queues[:, 0]
    shares = np.sort(packets)[::-1].cumsum() / packets.sum()
    n_crowded = int(np.searchsorted(shares, CROWDED)) + 1
    if n_crowded <= len(packets) // _FEW:
        verb = "carries" if n_crowded == 1 else "carry"
        return f"{n_crowded:,} of {len(packets):,} receive queues {verb} {shares[n_crowded - 1]:.0%} of packets"
    return f"the busiest receive queue is {as_percent(excess)} above ideal"
