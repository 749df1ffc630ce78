"""What would help traffic that spreads unevenly, where that follows from what was counted."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pcaphash.engine.decision import NONE, REASON_LINK_TYPE, REASON_TRUNCATED
from pcaphash.engine.grouping import group_rows
from pcaphash.engine.tunnels import NO_TUNNEL
from pcaphash.kernels.dissect import split_signature
from pcaphash.kernels.tunnel import GENEVE, GRE_UDP, VXLAN, VXLAN_GPE
from pcaphash.studies.compare.causes import is_more_than_luck
from pcaphash.studies.compare.outcome import FlowSet, Outcome

if TYPE_CHECKING:
    import numpy.typing as npt

    from pcaphash.studies.compare.verdict import Finding

_UDP_TUNNELS = (GRE_UDP, VXLAN, VXLAN_GPE, GENEVE)
_MANY_FLOWS = 8  # inner flows that a tunnel must have for its source port to matter
_NOTICEABLE = 0.05  # share of packets below which advice is not worth a line
_MATERIAL = 0.5
_TABLE_EXCESS = 0.02
_MOST_NAMED = 3


def list_advice(outcomes: Sequence[Outcome], findings: "Sequence[Finding]") -> list[str]:
    """List what would help, the most effective first; nothing where nothing is needed."""
    if all(not finding.excess > 0.1 for finding in findings):
        return []
    pairs = list(zip(outcomes, findings, strict=True))
    return [
        *_other_types(pairs),
        *_entropy(outcomes[0]),
        *_other_key(pairs),
        *_table(pairs),
        *_unclassified(pairs),
        *_last_resort(findings),
    ]


def _other_types(pairs: "list[tuple[Outcome, Finding]]") -> list[str]:
    """Name what better configurations hash beyond worse ones."""
    measured = [(outcome, finding) for outcome, finding in pairs if finding.excess == finding.excess]
    if len(measured) < 2:
        return []
    worst = max(measured, key=lambda pair: pair[1].excess)
    best = min(measured, key=lambda pair: pair[1].excess)
    if best[1].excess > _MATERIAL * worst[1].excess or not _is_real(worst, best):
        return []
    lines = []
    if best[0].device.tunnel_mask & ~worst[0].device.tunnel_mask:
        lines.append(
            f"hash the inner header ({best[1].config}): busiest receive queue {best[1].excess:+.0%} above ideal "
            f"instead of {worst[1].excess:+.0%} ({worst[1].config})"
        )
    ports = [
        pair
        for pair in measured
        if pair[0].device.tunnel_mask == worst[0].device.tunnel_mask
        and pair[0].device.base_types & ~worst[0].device.base_types
        and pair[1].excess <= (1 - _MATERIAL / 2) * worst[1].excess
        and _is_real(worst, pair)
    ]
    if ports:
        other = min(ports, key=lambda pair: pair[1].excess)
        is_tunnelled = any(group.name != NONE for group in worst[0].encapsulations)
        limit = ", as far as senders vary the outer source port" if is_tunnelled else ""
        lines.append(
            f"enable the hash types with ports ({other[1].config}): {other[1].excess:+.0%} instead of "
            f"{worst[1].excess:+.0%}{limit}"
        )
    return lines


def _is_real(worse: "tuple[Outcome, Finding]", better: "tuple[Outcome, Finding]") -> bool:
    return is_more_than_luck(worse[0], worse[1].cause, better[0], better[1].excess)


def _entropy(outcome: Outcome) -> list[str]:
    """Name tunnels whose senders keep one outer source port for many flows."""
    if outcome.flow_set is None:
        return []
    fixed, packets = _fixed_source_ports(outcome.flow_set)
    total = int(outcome.flow_set.flows.loads[:, 0].sum())
    if not len(fixed) or packets < _NOTICEABLE * total:
        return []
    named = ", ".join(str(outcome.flow_set.tunnels[number]) for number in fixed[:_MOST_NAMED].tolist())
    more = f" and {len(fixed) - _MOST_NAMED:,} more" if len(fixed) > _MOST_NAMED else ""
    return [
        f"have senders derive the outer UDP source port from the inner header: {named}{more} "
        f"{'keep' if len(fixed) > 1 else 'keeps'} a single one for all flows ({packets / total:.0%} of packets)"
    ]


def _fixed_source_ports(flow_set: FlowSet) -> "tuple[npt.NDArray[np.int64], int]":
    """Return the UDP tunnels with many flows and one outer source port, heaviest first, and their packets."""
    flows, tunnels = flow_set.flows, flow_set.tunnels
    signatures, which = np.unique(flows.signatures, return_inverse=True)
    in_udp = np.array([split_signature(int(each))[1] in _UDP_TUNNELS for each in signatures], bool)[which]
    chosen = in_udp & (tunnels.of_flow != NO_TUNNEL)
    of_flow = tunnels.of_flow[chosen]
    ports = flows.keys[chosen, 0] >> np.uint64(16) & np.uint64(0xFFFF)
    n_ports = _count_distinct(of_flow, ports, len(tunnels))
    n_flows = np.bincount(of_flow, minlength=len(tunnels))
    packets = np.bincount(of_flow, flows.loads[chosen, 0], len(tunnels)).astype(np.int64)
    found = np.flatnonzero((n_ports == 1) & (n_flows >= _MANY_FLOWS))
    order = found[np.argsort(-packets[found], kind="stable")]
    return order, int(packets[found].sum())


def _count_distinct(
    groups: "npt.NDArray[np.int64]", values: "npt.NDArray[np.uint64]", n_groups: int
) -> "npt.NDArray[np.int64]":
    """Count the distinct values in each group."""
    distinct, _ = group_rows(np.column_stack([groups.astype(np.uint64), values]))
    return np.bincount(distinct[:, 0].astype(np.int64), minlength=n_groups)


def _other_key(pairs: "list[tuple[Outcome, Finding]]") -> list[str]:
    blamed = [finding.config for _, finding in pairs if finding.cause == "hash"]
    if not blamed:
        return []
    return [f"give the device another hash key: under {', '.join(blamed)} nearly every random one would do better"]


def _table(pairs: "list[tuple[Outcome, Finding]]") -> list[str]:
    """Say where the indirection table itself is uneven."""
    device = pairs[0][0].device
    if not device.has_queue or device.queues == 1:
        return []
    entries = np.bincount(np.asarray(device.indirection_table), minlength=device.queues)
    excess = entries.max() * device.queues / len(device.indirection_table) - 1
    if excess <= _TABLE_EXCESS:
        return []
    text = f"the indirection table ({len(device.indirection_table)} entries for {device.queues} receive queues)"
    return [f"enlarge or even out {text}: by itself it puts {excess:+.0%} on the busiest receive queue"]


def _unclassified(pairs: "list[tuple[Outcome, Finding]]") -> list[str]:
    blamed = [pair for pair in pairs if pair[1].cause == "unhashed"]
    if not blamed:
        return []
    every = blamed[0][0].distribution.reasons
    reasons = {reason: n for reason, n in every.items() if reason not in (REASON_TRUNCATED, REASON_LINK_TYPE)}
    heaviest = max(reasons, key=lambda reason: reasons[reason])
    return [f"find out why packets have no hash ({heaviest}: {reasons[heaviest]:,}); pcaphash explain shows it for one"]


def _last_resort(findings: "Sequence[Finding]") -> list[str]:
    """Say what helps where even the best configuration is left with a cause that no setting removes."""
    best = min((each for each in findings if each.excess == each.excess), key=lambda finding: finding.excess)
    if best.cause in ("single-flow", "heavy-flows"):
        return [
            "no hash, key or table can split a flow: spread its work behind the receive queue (receive packet "
            "steering), or make the sender use several flows"
        ]
    if best.cause == "no-ports":
        return [
            "only addresses are hashed of what has no ports: avoid fragments (a smaller MTU in the tunnel, say), or "
            "hash the inner header where these are tunnels"
        ]
    if best.cause == "few-flows":
        return [
            "so few flows never even out for long: use fewer receive queues, or spread the work behind them (receive "
            "packet steering)"
        ]
    return []
