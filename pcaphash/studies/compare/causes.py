"""Why a configuration spreads packets as it does: the cause, and a few words on it."""

import math

import numpy as np
import numpy.typing as npt

from pcaphash.engine.tunnels import inner_endpoints, outer_endpoints
from pcaphash.studies.compare.outcome import Outcome
from pcaphash.studies.spread import spread

MEASURE = "max_ideal_packets"
"""What verdicts go by: how far the busiest receive queue is above its ideal share of packets."""

EVEN = 0.1
"""A busiest receive queue so little above ideal needs no remedy."""

BLAME = 99.9
"""The hash is to blame where so many per cent of ideal hashes do better: a good one has one trace in a thousand so."""

CROWDED = 0.8
"""Who carries so much of the packets together is named."""

NOTHING, UNHASHED, WRONG_HASH, TABLE, SINGLE_FLOW, NO_PORTS, FEW_INPUTS, HEAVY_FLOWS, FEW_FLOWS, UNEVEN, SPREAD = (
    "nothing", "unhashed", "hash", "table", "single-flow", "no-ports", "few-inputs", "heavy-flows", "few-flows",
    "uneven", "even",
)  # fmt: skip
"""Causes, by the names that programs get."""

_MAIN = 0.5  # what brings so much of the excess is its cause
_MOST = 0.7  # a single hash input must bring so much: it is always there, and others come to it by chance
_NOTICEABLE = 0.01  # of the packets are named among the causes
_MANY_MORE = 2  # times as many hash inputs are another matter
_ALIKE = 0.25  # flows that are kept stand for all where what they bring is so much off at most
_FEW = 0.25  # of the hash inputs have half of the packets, where these are heavy


def explain(outcome: Outcome, excess: float) -> tuple[str, str]:
    """Find the cause of a spread; return it, and what to say of it behind the spread itself.

    Parameters
    ----------
    outcome : Outcome
        Of a configuration that has packets with a hash.
    excess : float
        How far the busiest receive queue is above ideal.
    """
    if outcome.baseline is None or outcome.inputs is None or outcome.flow_set is None:
        return (SPREAD, "") if excess <= EVEN else _explain_counts(outcome, excess)
    kept_excess = spread(outcome.kept[:, 0])["max_ideal"]
    is_shown = outcome.flow_set.is_complete or abs(kept_excess - excess) <= _ALIKE * excess
    ideal = outcome.baseline.interval(MEASURE)
    percentile = outcome.baseline.percentile(MEASURE, kept_excess)
    interval = f"{as_percent(ideal.low)} to {as_percent(ideal.high)}"
    if excess <= EVEN:
        return SPREAD, _compared(percentile, interval) if is_shown else ""
    if not is_shown:
        share = as_percent(outcome.flow_set.kept_share)
        return UNEVEN, f"; the {share} of flows that were kept do not show why: raise --max-flows"
    if percentile > BLAME:
        return WRONG_HASH, f", worse than {_of_all(percentile)} ideal hashes, which give {interval}"
    unhashed = _explain_unhashed(outcome, excess)
    if unhashed is not None:
        return unhashed
    cause, text = _explain_table(outcome, excess) or _explain_inputs(outcome, excess)
    return cause, f": {text}{_compared(percentile, interval)}"


def _explain_counts(outcome: Outcome, excess: float) -> tuple[str, str]:
    """Find the cause where a saved census has no flows to tell of."""
    unhashed, table = _explain_unhashed(outcome, excess), _explain_table(outcome, excess)
    if unhashed is not None or table is not None:
        return unhashed or (TABLE, f": {table[1] if table else ''}")
    return UNEVEN, "; a saved census does not tell of which flows"


def is_more_than_luck(worse: Outcome, cause: str, better: Outcome, excess: float) -> bool:
    """Tell whether a better configuration owes that to what it hashes, and not to luck.

    Parameters
    ----------
    worse : Outcome
        Of the worse configuration.
    cause : str
        The cause of its spread.
    better : Outcome
        Of the better one: that has many more hash inputs, or does what ideal hashes of the other's inputs would not.
    excess : float
        How far its busiest receive queue is above ideal.
    """
    if worse.baseline is None or worse.inputs is None or better.inputs is None or cause == WRONG_HASH:
        return True
    has_more = len(better.inputs.loads) >= _MANY_MORE * len(worse.inputs.loads)
    return has_more or excess < worse.baseline.interval(MEASURE).low


def as_percent(share: float) -> str:
    """Write a share in per cent, with a digit more where it is small."""
    return f"{share:.1%}" if share < EVEN else f"{share:.0%}"


def _compared(percentile: float, interval: str) -> str:
    if percentile > 97.5:
        return f", worse than {_of_all(percentile)} ideal hashes, which give {interval}"
    if percentile < 2.5:
        return f", better than most ideal hashes, which give {interval}"
    return f", within what an ideal hash gives for these hash inputs ({interval})"


def _of_all(percentile: float) -> str:
    return "all" if percentile >= 100 else f"{percentile:.4g}% of"


def _explain_unhashed(outcome: Outcome, excess: float) -> tuple[str, str] | None:
    """Say how many packets have no hash, if they bring the busiest receive queue most of what it has above ideal."""
    loads, queue = outcome.distribution.queues[:, 0], outcome.device.unclassified_queue
    share = outcome.distribution.unhashed / loads.sum()
    if loads.argmax() != queue or _excess_of(share, len(loads)) < _MAIN * excess:
        return None
    return UNHASHED, f": {as_percent(share)} of packets have no hash, and all go to unclassified queue {queue}"


def _excess_of(share: float, queues: int) -> float:
    """Return how far above ideal a receive queue is that has a share of all packets beside an even one of the rest."""
    return share * (queues - 1)


def _explain_table(outcome: Outcome, excess: float) -> tuple[str, str] | None:
    """Say how uneven the indirection table itself is, if that is the main cause."""
    table, queues = outcome.device.indirection_table, outcome.device.queues
    entries = np.bincount(np.asarray(table), minlength=queues)
    if entries.max() * queues / len(table) - 1 < _MAIN * excess:
        return None
    most = f"the indirection table gives receive queue {entries.argmax()} {entries.max()} of its {len(table)} entries"
    idle = int((entries == 0).sum())
    return TABLE, f"{most}, and {idle:,} of {queues:,} queues none" if idle else most


def _explain_inputs(outcome: Outcome, excess: float) -> tuple[str, str]:
    """Say what about the hash inputs makes an ideal hash uneven."""
    assert outcome.inputs is not None
    loads, of_flow = outcome.inputs.loads[:, 0], outcome.inputs.of_flow
    total = int(outcome.kept[:, 0].sum())
    on_busiest = outcome.inputs.queues == outcome.kept[:, 0].argmax()
    heaviest = int(np.where(on_busiest, loads, -1).argmax())
    sharing = np.flatnonzero(of_flow == heaviest)
    n_inputs, n_flows, queues = len(loads), int((of_flow >= 0).sum()), outcome.device.queues
    is_crowding = _excess_of(loads[heaviest] / total, queues) >= _MOST * excess
    if is_crowding and len(sharing) == 1 and loads[heaviest] * queues > total:
        return _explain_flow(outcome, int(sharing[0]), loads[heaviest] / total)
    if (is_crowding and len(sharing) > 1) or 2 * n_inputs <= n_flows:
        return FEW_INPUTS, _few_inputs(loads, total, len(sharing))
    n_half = int(np.searchsorted(np.sort(loads)[::-1].cumsum(), loads.sum() / 2)) + 1
    half = f"{n_half:,} of {n_inputs:,} hash inputs {'have' if n_half > 1 else 'has'} half of the packets"
    if n_half <= _FEW * n_inputs:
        return HEAVY_FLOWS, half
    n_apart = outcome.baseline.n_inputs if outcome.baseline else n_inputs
    by_chance = math.sqrt(2 * math.log(queues) * queues / n_apart)  # of so many equal inputs, about
    if by_chance >= _MAIN * excess:
        return FEW_FLOWS, f"{half}, too few to even out over {queues:,} receive queues"
    shares = (
        (loads[heaviest] / total, "the heaviest hash input"),
        (outcome.inputs.unhashed[0] / total, "packets without a hash"),
    )
    named = " and ".join(f"{what} ({as_percent(share)})" for share, what in shares if share >= _NOTICEABLE)
    return UNEVEN, f"no single cause{', but ' + named if named else ''}"


def _explain_flow(outcome: Outcome, flow: int, share: float) -> tuple[str, str]:
    """Say how much of the packets a single flow has, or everything without ports between two addresses."""
    assert outcome.flow_set is not None
    flows = outcome.flow_set.flows
    endpoints = inner_endpoints(flows, flow) or outer_endpoints(flows, flow)
    more = f"{share:.0%} of packets, more than the {1 / outcome.device.queues:.1%} of an even share"
    if endpoints.protocol:
        return SINGLE_FLOW, f"a single flow, {endpoints}, has {more}"
    return NO_PORTS, f"what has no ports (fragments, or neither TCP nor UDP), {endpoints}, has {more}"


def _few_inputs(loads: npt.NDArray[np.int64], total: int, n_sharing: int) -> str:
    """Say how few hash inputs have most packets, and how many flows share the heaviest."""
    if len(loads) == 1:
        return f"all {n_sharing:,} flows with a hash have one hash input"
    in_order = np.sort(loads)[::-1].cumsum() / total
    n_most = min(int(np.searchsorted(in_order, CROWDED)) + 1, len(loads))
    most = f"{n_most:,} of {len(loads):,} hash inputs have {in_order[n_most - 1]:.0%} of packets"
    shared = f", which {n_sharing:,} flows share," if n_sharing > 1 else ""
    return f"{most}, the heaviest{shared} {in_order[0]:.0%}"
