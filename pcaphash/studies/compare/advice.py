"""What would help traffic that spreads unevenly, where that follows from what was counted: facts, not sentences."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

from pcaphash.engine.census.decision import REASON_NO_TYPE
from pcaphash.standards.virtio import BASE_HASH_TYPES
from pcaphash.studies.compare.causes import (
    Cause,
    FewFlows,
    HeavyFlow,
    Nothing,
    NothingToSpread,
    UnevenTable,
    Unhashed,
)
from pcaphash.studies.compare.explaining import commonest_reason
from pcaphash.studies.compare.gain import Gain, ports_gain, tunnelled_share
from pcaphash.studies.compare.missed import MATERIAL, MissedTunnel
from pcaphash.studies.compare.outcome import Outcome
from pcaphash.studies.compare.source_ports import fixed_source_ports, missed_with_one_port
from pcaphash.studies.compare.table import find_uneven_table
from pcaphash.studies.shared.chance.enough import LEAST_INPUTS, packets_needed
from pcaphash.studies.shared.chance.ideal import is_symmetric
from pcaphash.studies.shared.chance.spread import EVEN

if TYPE_CHECKING:
    from pcaphash.studies.compare.finding import Finding

    Judged = tuple[Outcome, Finding]

_HALVES = 2  # of the flows, by which ``tune`` judges
_MOSTLY = 0.5  # of the packets
_NOTICEABLE = 0.05  # share of packets below which advice is not worth a line
_OF_EXCESS = 0.25  # what the table must bring of an excess to be worth a line
_MOST_NAMED = 3
_WITH_PORTS = {"TCPv4": "tcp4", "UDPv4": "udp4", "TCPv6": "tcp6", "UDPv6": "udp6"}  # as ethtool names them


@dataclass(frozen=True)
class HashInner:
    """Hash the inner header."""

    kind: ClassVar[str] = "hash-inner"
    gain: Gain


@dataclass(frozen=True)
class CompareInner:
    """Compare with inner hashing too: no configuration has it, and ``share`` of packets is tunnelled."""

    kind: ClassVar[str] = "compare-inner"
    share: float


@dataclass(frozen=True)
class AddQueues:
    """Give the device more receive queues than one."""

    kind: ClassVar[str] = "add-queues"


@dataclass(frozen=True)
class LookInto:
    """Look into a tunnel, if anything does; ``excess`` is what ``config``, the best one, is left with otherwise."""

    kind: ClassVar[str] = "look-into"
    tunnel: MissedTunnel
    config: str
    excess: float


@dataclass(frozen=True)
class HashPorts:
    """Hash the ports too: of the protocols named as ``tcp4``, ``udp6`` and so on.

    ``is_second_best`` says that inner headers do better still.
    """

    kind: ClassVar[str] = "hash-ports"
    gain: Gain
    protocols: list[str]
    is_tunnelled: bool
    is_second_best: bool = False


@dataclass(frozen=True)
class VarySourcePort:
    """Have senders derive the outer UDP source port from the inner header.

    ``protocols`` are those of which the ports are then to be hashed too, as ``HashPorts`` has them. ``gain`` is what
    hashing them brings with the source ports as they are, where that is something and has no advice of its own.
    """

    kind: ClassVar[str] = "vary-source-port"
    tunnels: list[str]
    more: int
    share: float
    protocols: list[str]
    gain: Gain | None = None


@dataclass(frozen=True)
class SteerInSoftware:
    """Where the device hashes no inner header, spread packets after decapsulation; ``share`` of them is tunnelled."""

    kind: ClassVar[str] = "steer-in-software"
    share: float


@dataclass(frozen=True)
class OtherKey:
    """Set another hash key: under these configurations the hash does worse than chance.

    ``is_symmetric`` says that one of their keys gives both directions of a connection one hash, which others do not.
    """

    kind: ClassVar[str] = "other-key"
    configs: list[str]
    is_symmetric: bool = False


@dataclass(frozen=True)
class EvenTable:
    """Even out the indirection table; ``fitting`` receive queues, no more than there are, share its entries evenly.

    ``remains`` is how far the busiest receive queue is above ideal then under each configuration; empty if no table is
    even.
    """

    kind: ClassVar[str] = "even-table"
    table: UnevenTable
    excess: float
    fitting: int
    remains: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class FindUnhashed:
    """Find out why packets have no hash."""

    kind: ClassVar[str] = "find-unhashed"
    config: str
    reason: str
    packets: int
    queue: int


@dataclass(frozen=True)
class SplitFlow:
    """No hash splits a flow: have the sender use several, or have more processors work on the queue.

    ``is_assumed`` says that hash key or table were not given, so that a real device may use another queue.
    """

    kind: ClassVar[str] = "split-flow"
    config: str
    queue: int
    is_assumed: bool


@dataclass(frozen=True)
class AvoidPortless:
    """Only addresses are hashed of packets without ports; outside tunnels, some of them may be fragments."""

    kind: ClassVar[str] = "avoid-portless"
    config: str
    endpoints: str
    encapsulation: str
    has_fragments: bool = False


@dataclass(frozen=True)
class RebalanceTable:
    """Few flows even out only where the indirection table is made for them, and only as long as they last."""

    kind: ClassVar[str] = "rebalance-table"
    config: str
    inputs: int
    queues: int


Advice = (
    HashInner | CompareInner | AddQueues | LookInto | HashPorts | VarySourcePort | SteerInSoftware | OtherKey
    | EvenTable | FindUnhashed | SplitFlow | AvoidPortless | RebalanceTable
)  # fmt: skip


def list_advice(
    judged: "Sequence[Judged]", start: "Judged", best: "Judged", inner: Gain | None, missed: Sequence[MissedTunnel] = ()
) -> list[Advice]:
    """List what would help, the most effective first.

    Parameters
    ----------
    judged : sequence of pairs of Outcome and Finding
        The configurations that are judged.
    start, best : pair of Outcome and Finding
        What is improved on, and the one with the least above ideal.
    inner : Gain or None
        What ``gain.inner_gain`` or ``gain.inner_gain_over`` returns.
    missed : sequence of MissedTunnel
        Tunnels that no configuration looks into.
    """
    advice: list[Advice] = [
        *([HashInner(inner)] if inner is not None else []),
        *_look_into(judged, best[1], missed),
        *_hash_ports(judged, start, inner),
        *_vary_source_port(judged, start[0]),
        *_steer_in_software(judged, best[1], inner),
        *_other_key(judged),
        *_even_table(judged),
        *_find_unhashed(judged),
        *_last_resort(best),
    ]
    return _with_ports_in_one(advice)


def list_advice_without_spread(pairs: "Sequence[Judged]") -> list[Advice]:
    """List what would help where there is nothing to spread: one receive queue, or no packet with a hash."""
    whys = {finding.facts.why for _, finding in pairs if isinstance(finding.facts, NothingToSpread)}
    if Nothing.ONE_QUEUE in whys:
        return [AddQueues()]
    found = [
        FindUnhashed(finding.config, reason, outcome.distribution.reasons[reason], finding.facts.queue)
        for outcome, finding in pairs
        if isinstance(finding.facts, NothingToSpread) and finding.facts.queue is not None
        for reason in [commonest_reason(outcome)]
    ]
    inner = compare_inner([outcome for outcome, _ in pairs])
    is_cause = bool(found) and found[0].reason == REASON_NO_TYPE  # which hash types change
    return [*found[:1], *inner] if is_cause else [*inner, *found[:1]]


def compare_inner(outcomes: Sequence[Outcome]) -> list[Advice]:
    """Say that no configuration hashes inner headers, where many packets have them."""
    share = tunnelled_share(outcomes[0])
    can_hash = any("HASH_TUNNEL" in outcome.device.features for outcome in outcomes)
    is_asked = any(outcome.device.tunnel_mask for outcome in outcomes)
    return [CompareInner(share)] if can_hash and not is_asked and share >= _NOTICEABLE else []


def _look_into(judged: "Sequence[Judged]", best: "Finding", missed: Sequence[MissedTunnel]) -> list[Advice]:
    """Name the tunnels that would gain much, or that are to blame although nothing looks into them."""
    chosen = [
        each
        for each in missed
        if any(each is finding.facts for _, finding in judged)
        or (each.excess is not None and each.excess <= MATERIAL * best.excess)
    ]
    return [LookInto(each, best.config, best.excess) for each in chosen] if best.excess > EVEN else []


def _hash_ports(judged: "Sequence[Judged]", start: "Judged", inner: Gain | None) -> list[Advice]:
    """Name the protocols whose ports a better configuration hashes."""
    gain = ports_gain(judged, start)
    if gain is None:
        return []
    better = next(outcome for outcome, _ in judged if outcome.device.name == gain.config)
    met = {report.removesuffix("_EX") for report, n in better.distribution.reports.items() if n}
    added = met & set(_WITH_PORTS) - {report for report, n in start[0].distribution.reports.items() if n}
    protocols = [protocol for report, protocol in _WITH_PORTS.items() if report in added]
    is_second_best = inner is not None and inner.excess < gain.excess
    return [HashPorts(gain, protocols, tunnelled_share(start[0]) > 0, is_second_best)]


def _with_ports_in_one(advice: list[Advice]) -> list[Advice]:
    """Put hashing ports and varying source ports together if most packets are in tunnels that keep one port.

    For these, the ports are only worth hashing once they vary.
    """
    ports = next((each for each in advice if isinstance(each, HashPorts)), None)
    varied = next((each for each in advice if isinstance(each, VarySourcePort)), None)
    if ports is None or varied is None:
        return advice
    if varied.share < _MOSTLY:
        both: dict[int, Advice] = {id(varied): replace(varied, protocols=[])}  # whose commands stand with the other one
    else:
        protocols = [each for each in _WITH_PORTS.values() if each in (*ports.protocols, *varied.protocols)]
        both = {id(varied): replace(varied, protocols=protocols, gain=ports.gain)}
        advice = [each for each in advice if each is not ports]
    return [both.get(id(each), each) for each in advice]


def _vary_source_port(judged: "Sequence[Judged]", start: Outcome) -> list[Advice]:
    """Name tunnels whose senders keep one outer source port, where that is all that outer headers lack."""
    of_missed = next(filter(None, (missed_with_one_port(*pair) for pair in judged)), [])
    if of_missed:
        lacking = [each for each in ("UDPv4", "UDPv6") if not start.device.base_types & BASE_HASH_TYPES[each]]
        share = sum(share for _, share in of_missed)
        return [VarySourcePort([name for name, _ in of_missed], 0, share, [_WITH_PORTS[each] for each in lacking])]
    suffering = [
        outcome for outcome, finding in judged if finding.cause == Cause.FEW_INPUTS and tunnelled_share(outcome) > 0
    ]
    if not suffering or suffering[0].flow_set is None:
        return []
    flow_set = suffering[0].flow_set
    fixed, packets = fixed_source_ports(flow_set)
    total = int(flow_set.flows.loads[:, 0].sum())
    if not fixed or packets < _NOTICEABLE * total:
        return []
    named = [str(flow_set.tunnels[number]) for number in fixed[:_MOST_NAMED]]
    versions = {":" in flow_set.tunnels[number].source for number in fixed}
    reports = [report for report, is_ipv6 in (("UDPv4", False), ("UDPv6", True)) if is_ipv6 in versions]
    protocols = [_WITH_PORTS[report] for report in reports if not start.device.base_types & BASE_HASH_TYPES[report]]
    return [VarySourcePort(named, len(fixed) - len(named), packets / total, protocols)]


def _steer_in_software(judged: "Sequence[Judged]", best: "Finding", inner: Gain | None) -> list[Advice]:
    """Advise it where inner headers would help, and where they are not hashed although outer ones lack entropy."""
    share = tunnelled_share(judged[0][0])
    if inner is not None:
        return [SteerInSoftware(share)]
    is_asked = any(outcome.device.tunnel_mask for outcome, _ in judged)
    if not is_asked and share >= _NOTICEABLE and best.cause == Cause.FEW_INPUTS:
        return [SteerInSoftware(share)]
    if isinstance(best.facts, MissedTunnel) and best.facts.excess is not None:
        return [SteerInSoftware(best.facts.whole_share)]
    return []


def _other_key(judged: "Sequence[Judged]") -> list[Advice]:
    blamed = {finding.config: outcome.device for outcome, finding in judged if finding.cause == Cause.HASH}
    return [OtherKey(list(blamed), any(map(is_symmetric, blamed.values())))] if blamed else []


def _even_table(judged: "Sequence[Judged]") -> list[Advice]:
    """Say where the indirection table itself is uneven, and that is a good part of the excess."""
    for outcome, finding in judged:
        table = find_uneven_table(outcome)
        if table is not None and table.excess >= max(_OF_EXCESS * finding.excess, _NOTICEABLE):
            fitting = next(n for n in range(table.queues, 0, -1) if table.table_size % n == 0)
            return [EvenTable(table, table.excess, fitting)]
    return []


def _find_unhashed(judged: "Sequence[Judged]") -> list[Advice]:
    for outcome, finding in judged:
        if isinstance(finding.facts, Unhashed):
            reason = commonest_reason(outcome)
            return [FindUnhashed(finding.config, reason, outcome.distribution.reasons[reason], finding.facts.queue)]
    return []


def _last_resort(best_one: "Judged") -> list[Advice]:
    """Say what helps where even the best configuration is left with a cause that no setting removes."""
    outcome, best = best_one
    facts = best.facts
    if best.cause == Cause.SINGLE_FLOW and isinstance(facts, HeavyFlow):
        is_assumed = not {"hash_key", "indirection_table"} <= outcome.device.given
        return [SplitFlow(best.config, facts.queue, is_assumed)]
    if best.cause == Cause.NO_PORTS and isinstance(facts, HeavyFlow):
        return [AvoidPortless(best.config, facts.endpoints, facts.encapsulation)]
    enough = packets_needed(outcome.device.queues, _HALVES)  # for ``tune`` to judge what it makes
    n_packets = int(outcome.distribution.queues[:, 0].sum())
    if isinstance(facts, FewFlows) and facts.inputs >= LEAST_INPUTS and n_packets >= enough:
        return [RebalanceTable(best.config, facts.inputs, facts.queues)]
    return []
