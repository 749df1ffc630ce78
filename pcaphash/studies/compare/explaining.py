"""Find why a configuration spreads packets as it does."""

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from pcaphash.engine.census.decision import NONE, REASON_LINK_TYPE, REASON_TRUNCATED
from pcaphash.engine.flows.tunnels import NO_TUNNEL, inner_endpoints, outer_endpoints
from pcaphash.kernels.dissect import split_signature
from pcaphash.kernels.header import KIND_IPV4, N_TRANSPORTS, TRANSPORT_TCP_CUT, TRANSPORT_UDP_CUT
from pcaphash.kernels.link import CUT as LINK_CUT
from pcaphash.kernels.tunnel import CUT_GRE, CUT_UDP, TUNNELS
from pcaphash.studies.compare.causes import (
    Cause,
    CrowdedInputs,
    Facts,
    FewFlows,
    HeavyFlow,
    Ideal,
    Nothing,
    NothingToSpread,
    TooFew,
    Unexplained,
    Unhashed,
)
from pcaphash.studies.compare.outcome import FlowSet, Outcome
from pcaphash.studies.compare.table import can_be_even, excess_of_entries, find_uneven_table, with_even_table
from pcaphash.studies.shared.chance.enough import CUT, CutShort, cut_packets, packets_needed
from pcaphash.studies.shared.chance.ideal import MEASURE
from pcaphash.studies.shared.chance.spread import EVEN, spread

BLAME = 99.9
"""The hash is to blame where so many per cent of ideal hashes do better: a good one has one trace in a thousand so."""

CROWDED = 0.8
"""Who carries so much of the packets together is named."""

_MAIN = 0.5  # what brings so much of the excess is its cause
_MOST = 0.7  # a single hash input must bring so much: it is always there, and others come to it by chance
_ALIKE = 0.25  # flows that are kept stand for all where what they bring is so much off at most
_FEW = 0.25  # of the hash inputs have half of the packets, where these are heavy
_HEAVY_PER_QUEUE = 2  # so many of them at most, for each receive queue: each has a quarter of its ideal share then


def find_ideal(outcome: Outcome) -> Ideal | None:
    """Return what ideal hashes make of the hash inputs; None where the flows that are kept do not tell."""
    if outcome.baseline is None or not _is_shown(outcome):
        return None
    interval = outcome.baseline.interval(MEASURE)
    percentile = outcome.baseline.percentile(MEASURE, spread(outcome.kept[:, 0])["max_ideal"])
    return Ideal(interval.low, interval.high, outcome.baseline.median(MEASURE), percentile)


def excess_of(outcome: Outcome) -> float:
    """Return how far the busiest receive queue is above its ideal share of packets."""
    return spread(outcome.distribution.queues[:, 0])["max_ideal"]


def explain(outcome: Outcome, ideal: Ideal | None, is_hashed: bool) -> tuple[Cause, Facts | None]:
    """Find the cause of a spread, and the numbers that show it.

    Parameters
    ----------
    outcome : Outcome
        Of a configuration.
    ideal : Ideal or None
        What ``find_ideal`` returns.
    is_hashed : bool
        Whether any configuration hashes packets: if so, one that hashes none crowds its unclassified queue.
    """
    nothing = _explain_nothing(outcome, is_hashed)
    if isinstance(nothing, CutShort):
        return Cause.CUT, nothing
    if nothing is not None:
        return Cause.NOTHING, nothing
    excess = excess_of(outcome)
    table = find_uneven_table(outcome)
    is_table = table is not None and excess > EVEN and _is_by_table(outcome, excess)
    too_few = _explain_too_few(outcome)
    if too_few is not None and not is_table:
        return Cause.TOO_FEW, too_few
    if excess <= EVEN:
        return Cause.EVEN, None
    if outcome.baseline is not None and ideal is None:
        return Cause.UNEVEN, Unexplained(outcome.flow_set.kept_share if outcome.flow_set else 0.0, 0.0, 0.0)
    if ideal is not None and ideal.percentile > BLAME:
        return Cause.HASH, None
    unhashed = _explain_unhashed(outcome, excess)
    if unhashed is not None:
        return Cause.UNHASHED, unhashed
    if is_table:
        return Cause.TABLE, table
    return _explain_inputs(outcome, excess) if ideal is not None else (Cause.UNEVEN, Unexplained(0.0, 0.0, 0.0))


def _is_shown(outcome: Outcome) -> bool:
    """Tell whether the flows that are kept stand for all."""
    if outcome.flow_set is None or outcome.inputs is None:
        return False
    excess, kept = excess_of(outcome), spread(outcome.kept[:, 0])["max_ideal"]
    return outcome.flow_set.is_complete or abs(kept - excess) <= _ALIKE * excess


def _is_by_table(outcome: Outcome, excess: float) -> bool:
    """Tell whether the indirection table brings the busiest receive queue most of what it has above ideal.

    It must have the entries for that; and an even table must bring most of that down, where flows tell it.
    """
    busiest = int(outcome.distribution.queues[:, 0].argmax())
    if excess_of_entries(outcome.device, busiest) < _MAIN * excess:
        return False
    if outcome.inputs is None or not can_be_even(outcome.device):
        return True
    even = replace(outcome.inputs, device=with_even_table(outcome.device))
    return spread(even.queue_loads[:, 0])["max_ideal"] <= _MAIN * spread(outcome.kept[:, 0])["max_ideal"]


def _explain_nothing(outcome: Outcome, is_hashed: bool) -> NothingToSpread | CutShort | None:
    """Say why a configuration cannot be judged, whatever the spread is."""
    distribution = outcome.distribution
    if not outcome.device.has_queue:
        why = Nothing.NO_RSS
    elif outcome.device.queues == 1:
        why = Nothing.ONE_QUEUE
    elif not distribution.packets:
        why = Nothing.NO_PACKETS
    elif n_cut := cut_packets(distribution):
        return CutShort(distribution.packets, n_cut)
    elif not distribution.hashed and not (is_hashed and distribution.unhashed):
        why = Nothing.NO_HASH
    else:
        return None
    all_to = outcome.device.unclassified_queue if why == Nothing.NO_HASH and not distribution.unknown else None
    return NothingToSpread(why, distribution.packets, dict(sorted(distribution.reasons.items())), all_to)


def _explain_too_few(outcome: Outcome) -> TooFew | None:
    packets, queues = int(outcome.distribution.queues[:, 0].sum()), outcome.device.queues
    needed = packets_needed(queues)
    return TooFew(packets, needed, queues, outcome.distribution.unknown) if packets < needed else None


def _explain_unhashed(outcome: Outcome, excess: float) -> Unhashed | None:
    """Say how many packets have no hash, if they bring the busiest receive queue most of what it has above ideal."""
    loads, queue = outcome.distribution.queues[:, 0], outcome.device.unclassified_queue
    share = outcome.distribution.unhashed / int(loads.sum())
    if loads.argmax() != queue or _excess_of(share, len(loads)) < _MAIN * excess:
        return None
    return Unhashed(share, queue, commonest_reason(outcome))


def commonest_reason(outcome: Outcome) -> str:
    """Return the commonest reason why packets are known to have no hash."""
    unknown = (REASON_TRUNCATED, REASON_LINK_TYPE)
    known = {reason: n for reason, n in outcome.distribution.reasons.items() if reason not in unknown}
    return max(known, key=lambda reason: known[reason])


def _excess_of(share: float, queues: int) -> float:
    """Return how far above ideal a receive queue is that has a share of all packets beside an even one of the rest."""
    return share * (queues - 1)


def _explain_inputs(outcome: Outcome, excess: float) -> tuple[Cause, Facts]:
    """Say what about the hash inputs makes an ideal hash uneven."""
    assert outcome.inputs is not None
    loads, of_flow = outcome.inputs.loads[:, 0], outcome.inputs.of_flow
    total = int(outcome.kept[:, 0].sum())
    on_busiest = outcome.inputs.queues == outcome.kept[:, 0].argmax()
    heaviest = outcome.inputs.heaviest(np.where(on_busiest, loads, -1))
    share = float(loads[heaviest] / total)
    sharing = np.flatnonzero(of_flow == heaviest)
    n_inputs, n_flows, queues = len(loads), int((of_flow >= 0).sum()), outcome.device.queues
    if cut_share := hidden_share(outcome.flow_set):
        return Cause.UNEVEN, Unexplained(1.0, 0.0, 0.0, cut_share)
    is_crowding = _excess_of(share, queues) >= _MOST * excess
    if is_crowding and len(sharing):
        flow, flow_share = _heaviest_flow(outcome, sharing, total)
        if flow_share > 1 / queues and _excess_of(flow_share, queues) >= _MOST * excess:
            return _explain_flow(outcome, flow, flow_share)
    if (is_crowding and len(sharing) > 1) or 2 * n_inputs <= n_flows:
        return Cause.FEW_INPUTS, _count_inputs(outcome, total)
    n_half = int(np.searchsorted(np.sort(loads)[::-1].cumsum(), loads.sum() / 2)) + 1
    half = FewFlows(n_inputs, n_half, queues)
    if n_half <= min(_FEW * n_inputs, _HEAVY_PER_QUEUE * queues):
        return Cause.HEAVY_FLOWS, half
    n_apart = outcome.baseline.n_inputs if outcome.baseline else n_inputs
    n_equal = min(n_apart, float(loads.sum()) ** 2 / float((loads.astype(np.float64) ** 2).sum()))
    by_chance = math.sqrt(2 * math.log(queues) * queues / n_equal)  # of so many equal inputs, about
    if by_chance >= _MAIN * excess or n_inputs <= queues:  # so few may all meet on one
        return Cause.FEW_FLOWS, half
    return Cause.UNEVEN, Unexplained(1.0, share, float(outcome.inputs.unhashed[0] / total))


def hidden_share(flow_set: FlowSet | None) -> float:
    """Return the share of packets in tunnels of which the capture does not show enough to tell their flows apart.

    0 where it is too little for flows to be something else than what they seem.
    """
    if flow_set is None or not len(flow_set.flows):
        return 0.0
    flows = flow_set.flows
    cut = flows.by_signature(_is_cut_inside) != 0
    share = float(flows.loads[cut, 0].sum() / flows.loads[:, 0].sum())
    return share if share >= CUT else 0.0


def _is_cut_inside(signature: int) -> bool:
    """Tell whether the capture ends before the inner ports of a packet, or before it is known whether there are any."""
    _, encapsulation, inner = split_signature(signature)
    if encapsulation in (CUT_GRE, CUT_UDP):
        return True
    is_without_ports = inner >= KIND_IPV4 and (inner - KIND_IPV4) % N_TRANSPORTS in (
        TRANSPORT_TCP_CUT,
        TRANSPORT_UDP_CUT,
    )
    return encapsulation in TUNNELS and (inner == LINK_CUT or is_without_ports)


def _heaviest_flow(outcome: Outcome, sharing: npt.NDArray[np.int64], total: int) -> tuple[int, float]:
    """Return the heaviest of the flows that share a hash input, and its share of packets."""
    assert outcome.flow_set is not None
    flows = outcome.flow_set.flows
    packets = flows.loads[sharing, 0]
    (heaviest,) = flows.heaviest(sharing, 1).tolist()
    return int(sharing[heaviest]), float(packets[heaviest] / total)


def _explain_flow(outcome: Outcome, flow: int, share: float) -> tuple[Cause, HeavyFlow]:
    """Say how much of the packets a single flow has, or everything without ports between two addresses."""
    assert outcome.flow_set is not None
    flows, device = outcome.flow_set.flows, outcome.device
    inner, outer = inner_endpoints(flows, flow), outer_endpoints(flows, flow)
    endpoints = inner if inner is not None and inner.source else outer
    number = int(outcome.flow_set.tunnels.of_flow[flow])
    encapsulation = NONE if number == NO_TUNNEL else outcome.flow_set.tunnels[number].encapsulation
    heavy = HeavyFlow(str(endpoints), encapsulation, share, 1 / device.queues, int(outcome.kept[:, 0].argmax()))
    return (Cause.SINGLE_FLOW if endpoints.protocol else Cause.NO_PORTS), heavy


def _count_inputs(outcome: Outcome, total: int) -> CrowdedInputs:
    """Count the hash inputs that have most packets, and the flows that share the heaviest."""
    assert outcome.inputs is not None
    loads = outcome.inputs.loads[:, 0]
    in_order = np.sort(loads)[::-1].cumsum() / total
    crowded = min(int(np.searchsorted(in_order, CROWDED)) + 1, len(loads))
    n_flows = int((outcome.inputs.of_flow == outcome.inputs.heaviest(loads)).sum())
    return CrowdedInputs(len(loads), crowded, float(in_order[crowded - 1]), float(in_order[0]), n_flows)
