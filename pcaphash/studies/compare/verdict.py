"""What follows from a comparison, in plain words: whether the hash is to blame, and what would help."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.engine.tunnels import inner_endpoints, outer_endpoints
from pcaphash.studies.compare.advice import list_advice
from pcaphash.studies.compare.outcome import Outcome
from pcaphash.studies.spread import spread

MEASURE = "max_ideal_packets"
"""What verdicts go by: how far the busiest receive queue is above its ideal share of packets."""

EVEN = 0.1
"""A busiest receive queue so little above ideal needs no remedy."""

BLAME = 99.0
"""The hash is to blame where so many per cent of ideal hashes do better."""

_FEW = 4  # they are named where they are at most this part of all
_CROWDED = 0.8  # receive queues are named that carry so much together
_MATERIAL = 0.5  # a configuration is worth changing to where it leaves at most so much of the excess

# Why a configuration spreads as it does.
NOTHING, UNHASHED, WRONG_HASH, SINGLE_FLOW, FEW_INPUTS, HEAVY_FLOWS, UNEVEN, SPREAD = (
    "nothing", "unhashed", "hash", "single-flow", "few-inputs", "heavy-flows", "uneven", "even",
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """How a configuration spreads the packets, and why.

    Parameters
    ----------
    config : str
        Its name.
    cause : str
        ``nothing`` to spread, ``unhashed`` packets, the ``hash`` itself, a ``single-flow``, ``few-inputs`` to the hash,
        ``heavy-flows``, ``uneven`` for a reason that only flows would tell, or none: ``even``.
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
    measured = [finding for finding in findings if finding.cause != NOTHING]
    if not measured:
        return Verdict(_sentence(findings[0].text), findings, [])
    return Verdict(_sentence(_headline(measured)), findings, list_advice(outcomes, findings))


def as_percent(share: float) -> str:
    """Write a share in per cent, with a digit more where it is small."""
    return f"{share:.1%}" if share < EVEN else f"{share:.0%}"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def _headline(findings: list[Finding]) -> str:
    """Sum up: whether any configuration is even, and what keeps the best one from it."""
    best = min(findings, key=lambda finding: finding.excess)
    worst = max(findings, key=lambda finding: finding.excess)
    if worst.excess <= EVEN:
        each = "every configuration spreads" if len(findings) > 1 else f"{best.config} spreads"
        return f"{each} this traffic evenly: no receive queue is more than {as_percent(worst.excess)} above ideal"
    helps = best.excess <= _MATERIAL * worst.excess
    excesses = as_percent(best.excess), as_percent(worst.excess)
    contrast = f"the busiest receive queue is {excesses[0]} above ideal, under {worst.config} {excesses[1]}"
    if helps and best.cause == SPREAD:
        return f"{_blame(worst)}; {best.config} spreads this traffic: {contrast}"
    if helps and best.cause == UNEVEN:
        return f"{_blame(worst)}; {best.config} helps: {contrast}"
    if helps:
        return f"{_blame(worst)}; {best.config} helps ({contrast}), but {_remains(best)}"
    if len(findings) == 1:
        return f"{_blame(best)}: {best.text}"
    return f"no configuration here spreads this traffic evenly: {_remains(best)}"


def _blame(finding: Finding) -> str:
    return {
        WRONG_HASH: "the hash is to blame",
        FEW_INPUTS: "the hash is not to blame, but what it is given",
        SINGLE_FLOW: "the hash is not to blame, but a single flow",
        HEAVY_FLOWS: "the hash is not to blame, but a few heavy flows",
        UNHASHED: "the hash is not to blame, but packets without one",
        SPREAD: "the hash is not to blame",
    }.get(finding.cause, f"{finding.config} spreads this traffic unevenly")


def _remains(finding: Finding) -> str:
    """Say what keeps a configuration from an even spread."""
    return {
        WRONG_HASH: "its hash is worse than chance",
        FEW_INPUTS: "there is too little to tell packets apart by",
        SINGLE_FLOW: "one flow has more packets than a receive queue's share, and no hash can split it",
        HEAVY_FLOWS: "a few heavy flows have most packets, and no hash can split a flow",
        UNHASHED: "packets without a hash all go to the unclassified queue",
    }.get(
        finding.cause, f"under {finding.config} the busiest receive queue is {as_percent(finding.excess)} above ideal"
    )


def _find(outcome: Outcome) -> Finding:
    """Say how one configuration spreads the packets, and why."""
    name, distribution = outcome.device.name, outcome.distribution
    if not outcome.device.has_queue:
        return Finding(name, NOTHING, "without the feature RSS no hash chooses a receive queue", float("nan"))
    if not distribution.hashed:
        return Finding(name, NOTHING, _nothing(outcome), float("nan"))
    excess = spread(distribution.queues[:, 0])["max_ideal"]
    cause, why = _explain(outcome, excess)
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
    n_crowded = int(np.searchsorted(shares, _CROWDED)) + 1
    if n_crowded <= len(packets) // _FEW:
        verb = "carries" if n_crowded == 1 else "carry"
        return f"{n_crowded} of {len(packets)} receive queues {verb} {shares[n_crowded - 1]:.0%} of packets"
    return f"the busiest receive queue is {as_percent(excess)} above ideal"


def _explain(outcome: Outcome, excess: float) -> tuple[str, str]:
    """Find the cause of a spread; return it, and what to say of it behind the spread itself."""
    if outcome.baseline is None or outcome.inputs is None:
        return (SPREAD, "") if excess <= EVEN else (UNEVEN, "; a saved census does not tell of which flows")
    kept_excess = spread(outcome.kept[:, 0])["max_ideal"]
    ideal = outcome.baseline.interval(MEASURE)
    percentile = outcome.baseline.percentile(MEASURE, kept_excess)
    interval = f"{as_percent(ideal.low)} to {as_percent(ideal.high)}"
    if excess <= EVEN:
        return SPREAD, _compared(percentile, interval)
    if percentile > BLAME:
        return WRONG_HASH, f", worse than {percentile:.4g} % of ideal hashes, which give {interval}"
    if _is_unclassified_to_blame(outcome):
        share = outcome.inputs.unhashed[0] / outcome.kept[:, 0].sum()
        queue = outcome.device.unclassified_queue
        return UNHASHED, f": {share:.0%} of packets have no hash, and all go to unclassified queue {queue}"
    cause, text = _explain_inputs(outcome)
    return cause, f": {text}{_compared(percentile, interval)}"


def _compared(percentile: float, interval: str) -> str:
    if percentile > 97.5:
        return f", worse than {percentile:.4g} % of ideal hashes, which give {interval}"
    if percentile < 2.5:
        return f", better than most ideal hashes, which give {interval}"
    return f", within what an ideal hash gives for these hash inputs ({interval})"


def _is_unclassified_to_blame(outcome: Outcome) -> bool:
    """Tell whether the busiest receive queue would not be so without packets that have no hash."""
    assert outcome.inputs is not None
    queue = outcome.device.unclassified_queue
    rest = outcome.kept[:, 0].copy()
    rest[queue] -= outcome.inputs.unhashed[0]
    return bool(outcome.kept[:, 0].argmax() == queue and rest[queue] < outcome.kept[queue, 0] / 2)


def _explain_inputs(outcome: Outcome) -> tuple[str, str]:
    """Say what about the hash inputs makes an ideal hash uneven."""
    assert outcome.inputs is not None
    assert outcome.flow_set is not None
    loads, of_flow = outcome.inputs.loads[:, 0], outcome.inputs.of_flow
    total = int(outcome.kept[:, 0].sum())
    heaviest = int(loads.argmax())
    sharing = np.flatnonzero(of_flow == heaviest)
    share = loads[heaviest] / total
    n_inputs, n_flows = len(loads), int((of_flow >= 0).sum())
    is_crowding = loads[heaviest] * outcome.device.queues > total
    if is_crowding and len(sharing) == 1:
        text = f"has {share:.0%} of packets, more than the {1 / outcome.device.queues:.1%} of an even share"
        return SINGLE_FLOW, f"a single flow, {_name(outcome, int(sharing[0]))}, {text}"
    if is_crowding or 2 * n_inputs <= n_flows or n_inputs < 4 * outcome.device.queues:
        return FEW_INPUTS, _few_inputs(loads, total, len(sharing))
    n_half = int(np.searchsorted(np.sort(loads)[::-1].cumsum(), loads.sum() / 2)) + 1
    return HEAVY_FLOWS, f"{n_half:,} of {n_inputs:,} hash inputs have half of the packets"


def _few_inputs(loads: npt.NDArray[np.int64], total: int, n_sharing: int) -> str:
    """Say how few hash inputs have most packets, and how many flows share the heaviest."""
    if len(loads) == 1:
        return f"all {n_sharing:,} flows with a hash have one hash input"
    in_order = np.sort(loads)[::-1].cumsum() / total
    n_most = min(int(np.searchsorted(in_order, _CROWDED)) + 1, len(loads))
    most = f"{n_most:,} of {len(loads):,} hash inputs have {in_order[n_most - 1]:.0%} of packets"
    shared = f", which {n_sharing:,} flows share," if n_sharing > 1 else ""
    return f"{most}, the heaviest{shared} {in_order[0]:.0%}"


def _name(outcome: Outcome, flow: int) -> str:
    """Name a flow by its innermost header."""
    assert outcome.flow_set is not None
    return str(inner_endpoints(outcome.flow_set.flows, flow) or outer_endpoints(outcome.flow_set.flows, flow))
