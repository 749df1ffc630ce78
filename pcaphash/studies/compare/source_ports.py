"""Tunnels in UDP whose senders keep one source port, so that the outer header tells none of their flows apart."""

import numpy as np
import numpy.typing as npt

from pcaphash.engine.flows.grouping import group_rows, sum_groups
from pcaphash.engine.flows.tunnels import NO_TUNNEL
from pcaphash.kernels.dissect import split_signature
from pcaphash.kernels.tunnel import GENEVE, GRE_UDP, VXLAN, VXLAN_GPE
from pcaphash.studies.compare.finding import Finding
from pcaphash.studies.compare.missed import MissedTunnel
from pcaphash.studies.compare.outcome import FlowSet, Outcome

_UDP_TUNNELS = (GRE_UDP, VXLAN, VXLAN_GPE, GENEVE)
_MANY_FLOWS = 8  # inner flows that a tunnel must have for its source port to matter
_HEAVY = 0.5  # of a tunnel's packets in one flow, and its source port does not matter either


def fixed_source_ports(flow_set: FlowSet) -> tuple[list[int], int]:
    """Return the UDP tunnels with many flows and one outer source port, heaviest first, and their packets."""
    flows, tunnels = flow_set.flows, flow_set.tunnels
    in_udp = flows.by_signature(lambda signature: split_signature(signature)[1] in _UDP_TUNNELS) != 0
    chosen = in_udp & (tunnels.of_flow != NO_TUNNEL)
    of_flow, loads = tunnels.of_flow[chosen], flows.loads[chosen, 0]
    ports = flows.keys[chosen, 0] >> np.uint64(16) & np.uint64(0xFFFF)
    n_ports = _count_distinct(of_flow, ports, len(tunnels))
    n_flows = np.bincount(of_flow, minlength=len(tunnels))
    packets = sum_groups(loads[:, np.newaxis], of_flow, len(tunnels))[:, 0]
    heaviest = np.zeros(len(tunnels), np.int64)
    np.maximum.at(heaviest, of_flow, loads)
    is_found = (n_ports == 1) & (n_flows >= _MANY_FLOWS) & (heaviest <= _HEAVY * packets)
    of_found = np.where(is_found, packets, 0)
    return tunnels.heaviest(of_found, int(is_found.sum())), int(of_found.sum())


def _count_distinct(
    groups: npt.NDArray[np.int64], values: npt.NDArray[np.uint64], n_groups: int
) -> npt.NDArray[np.int64]:
    """Count the distinct values in each group."""
    distinct = group_rows(np.column_stack([groups.astype(np.uint64), values]))
    return np.bincount(groups[distinct.firsts], minlength=n_groups)


def missed_with_one_port(outcome: Outcome, finding: Finding) -> list[tuple[str, float]]:
    """Return the missed tunnels in UDP that a finding blames and whose packets have one source port, with their shares.

    Only those are named whose source port is meant to vary, and that the device could look into.
    """
    if not isinstance(finding.facts, MissedTunnel) or outcome.flow_set is None:
        return []
    flows = outcome.flow_set.flows
    ports = flows.keys[:, 0] & np.uint64(0xFFFFFFFF)
    found = []
    for tunnel in finding.facts.every:
        if tunnel.port is None or tunnel.excess is None:
            continue
        sources = np.unique(ports[(ports & np.uint64(0xFFFF)) == tunnel.port] >> np.uint64(16))
        if len(sources) == 1:
            found.append((f"{tunnel.kind} on UDP port {tunnel.port}", tunnel.share))
    return found
