"""Put configurations side by side: how each spreads the same packets, and what an ideal hash would make of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial as partly

import numpy as np
import numpy.typing as npt

from pcaphash.capture.input import Trace
from pcaphash.device.device import Device
from pcaphash.engine.census.census import Census, identities_of
from pcaphash.engine.census.decision import encapsulation_of
from pcaphash.engine.census.describer import NO_QUEUE
from pcaphash.engine.census.distribution import distribute
from pcaphash.engine.counts import Counts
from pcaphash.engine.engines import Running
from pcaphash.engine.flows.grouping import sum_groups
from pcaphash.engine.flows.inputs import HashInputs, find_inputs
from pcaphash.engine.flows.table import FlowTable, join_flows
from pcaphash.engine.flows.tunnels import NO_TUNNEL, Tunnels, find_tunnels
from pcaphash.engine.limits import DEFAULT_MOST_FLOWS
from pcaphash.engine.progress import Watch
from pcaphash.engine.request import Asked, Partial
from pcaphash.engine.rules import ReadingRules
from pcaphash.engine.running.run import answer
from pcaphash.engine.running.threads import n_threads, side_by_side
from pcaphash.engine.saved import is_saved_census
from pcaphash.engine.selecting.selection import RECEIVED, Selection
from pcaphash.engine.timeline import Timeline
from pcaphash.errors import ConfigurationError, Field
from pcaphash.studies.analyze import analyze_counts
from pcaphash.studies.compare.affinity import Kin, find_affinity, find_inner_kin, find_innermost_kin
from pcaphash.studies.compare.evening import consider_even_table
from pcaphash.studies.compare.fragments import tell_fragments
from pcaphash.studies.compare.missed import find_missed
from pcaphash.studies.compare.outcome import FlowSet, Outcome, PacketGroup
from pcaphash.studies.compare.result import Comparison
from pcaphash.studies.compare.verdict import judge
from pcaphash.studies.shared.asking import check_request
from pcaphash.studies.shared.chance.ideal import chance_of_inputs
from pcaphash.studies.shared.chance.independence import check_independence
from pcaphash.studies.shared.defaults import DEFAULT_HEAVIEST


def compare(
    traces: Trace | Sequence[Trace],
    devices: Device | Sequence[Device] | None = None,
    selection: Selection = RECEIVED,
    watch: Watch | None = None,
    *,
    window_ns: int | None = None,
    heaviest: int = DEFAULT_HEAVIEST,
    most_flows: int = DEFAULT_MOST_FLOWS,
    jobs: int | None = None,
    running: Running | None = None,
) -> Comparison:
    """Compare how configurations spread traces, with each other and with ideal hashes, in one pass.

    Parameters
    ----------
    traces : path or sequence of paths
        Captures, or saved censuses, which contain no flows and no times; ``-`` is standard input.
    devices : Device or sequence of Device, optional
        The configurations; results name them by ``Device.name``. Default: outer addresses, all of the outer header, and
        the inner header.
    selection : Selection
        Which packets to compare.
    watch : callable, optional
        Called now and then with the progress.
    window_ns : int, optional
        Also count by windows of so many nanoseconds.
    heaviest : int
        How many tunnels to list, those with the most packets.
    most_flows : int
        How many flows to keep at most.
    jobs : int, optional
        How many threads count packets; the result does not depend on that. Default: as many as there are cores.
    running : Running, optional
        Where it runs, and whether it can go on later if it is interrupted. Default: on this machine.

    Raises
    ------
    NothingReadableError
        Not one of the traces can be read.
    ConfigurationError
        There is nothing to compare, or a saved census was taken for other devices.
    """
    inputs, chosen = check_request(traces, devices)
    if window_ns is not None and window_ns < 1:
        raise ConfigurationError(Field("window_ns"), f"{window_ns} ns is not a duration", "give at least 1ns")
    if window_ns is not None and any(is_saved_census(each.name) for each in inputs):
        raise ConfigurationError(Field("window_ns"), "a saved census has no timestamps", "give the captures")
    return answer(ComparisonRequest(chosen, selection, window_ns, heaviest, most_flows), inputs, watch, jobs, running)


@dataclass(frozen=True)
class ComparisonRequest(Asked):
    """How configurations spread packets, beside each other and beside ideal hashes.

    Parameters
    ----------
    window_ns : int or None
        Also count by windows of so many nanoseconds.
    heaviest : int
        How many tunnels to list, those with the most packets.
    most_flows : int
        How many flows to keep at most.
    """

    window_ns: int | None = None
    heaviest: int = DEFAULT_HEAVIEST
    most_flows: int = DEFAULT_MOST_FLOWS

    def begin(self) -> Counts:
        """Return counters for all devices."""
        rules = map(ReadingRules.of, self.devices)
        timelines = [Timeline(each, self.window_ns) for each in self.devices if self.window_ns and each.has_queue]
        return Counts(identities_of(self.devices), rules, self.most_flows, timelines)

    def finish(self, partial: Partial[Counts]) -> Comparison:
        """Judge every configuration."""
        counts = partial.counter
        analysis = analyze_counts(partial, self.devices)
        flow_sets, inputs = _study_flows(counts.tables, self.devices) if counts.has_flows else ({}, [])
        outcomes = []
        for number, (identity, distribution) in enumerate(
            zip(identities_of(self.devices), analysis.distributions, strict=True)
        ):
            outcome = Outcome(distribution, _by_encapsulation(counts.censuses[identity], distribution.device))
            if counts.has_flows:
                flow_set = flow_sets[ReadingRules.of(distribution.device)]
                outcome = replace(outcome, flow_set=flow_set, inputs=inputs[number], threads=n_threads())
            outcomes.append(outcome)
        outcomes = side_by_side([partly(_judge_flows, outcome, self.heaviest) for outcome in outcomes])
        # What is drawn is shared out among threads itself, one configuration after the other.
        outcomes = [self._draw_baseline(outcome, counts.timelines) for outcome in outcomes]
        missed = find_missed(partial.reading, self.devices[0]) if counts.has_flows else []
        verdict = consider_even_table(
            judge(outcomes, missed),
            outcomes,
            [counts.censuses[identity] for identity in identities_of(self.devices)],
            lambda device: find_missed(partial.reading, device) if counts.has_flows else [],
        )
        advice = tell_fragments(verdict.advice, partial.reading, self.devices[0])
        return Comparison(analysis, outcomes, replace(verdict, advice=advice), missed)

    @staticmethod
    def _draw_baseline(outcome: Outcome, timelines: Sequence[Timeline]) -> Outcome:
        """Put ideal hashes beside a configuration."""
        if outcome.inputs is None or not outcome.device.has_queue:
            return outcome
        timeline = next((each for each in timelines if each.device == outcome.device), None)
        return replace(outcome, baseline=chance_of_inputs(outcome.inputs), timeline=timeline)


def _study_flows(
    tables: Mapping[ReadingRules, FlowTable], devices: Sequence[Device]
) -> tuple[dict[ReadingRules, FlowSet], list[HashInputs]]:
    """Find out about the flows by the rules that they were read by, and about the hash inputs of each device."""
    groups = {rules: table.flows() for rules, table in tables.items()}
    joined = {rules: join_flows(each) for rules, each in groups.items()}
    tunnels: dict[ReadingRules, Tunnels] = {}
    inner_kin: dict[ReadingRules, tuple[Kin, Kin]] = {}
    innermost_kin: dict[ReadingRules, tuple[Kin, Kin]] = {}
    found: dict[int, HashInputs] = {}

    def look_into(rules: ReadingRules) -> None:
        tunnels[rules] = find_tunnels(joined[rules], devices[0].spec)
        inner_kin[rules] = find_inner_kin(joined[rules], tunnels[rules])

    def look_innermost(rules: ReadingRules) -> None:
        innermost_kin[rules] = find_innermost_kin(joined[rules])

    def find(number: int) -> None:
        found[number] = find_inputs(groups[ReadingRules.of(devices[number])], devices[number])

    side_by_side(
        [partly(look, rules) for rules in tables for look in (look_into, look_innermost)]
        + [partly(find, number) for number in range(len(devices))]
    )
    sets = {}
    for rules, table in tables.items():
        (inner_flows, in_tunnels), (directions, without_ports) = inner_kin[rules], innermost_kin[rules]
        kin = [inner_flows, directions, without_ports, in_tunnels]
        sets[rules] = FlowSet(joined[rules], tunnels[rules], table.kept_share, table.lumped.sum(axis=0), kin)
    return sets, [found[number] for number in range(len(devices))]


def _judge_flows(outcome: Outcome, heaviest: int) -> Outcome:
    """Judge one configuration by the flows, but for what is drawn at random."""
    device, flow_set, inputs = outcome.device, outcome.flow_set, outcome.inputs
    if flow_set is None or inputs is None or not device.has_queue:
        return outcome
    queues = inputs.queue_of_flow
    return replace(
        outcome,
        kept=inputs.queue_loads,
        independence=check_independence(inputs.queues, device),
        tunnels=_by_tunnel(flow_set, queues, device.queues, heaviest),
        affinity=find_affinity(flow_set.kin, queues, flow_set.flows.loads),
    )


def _by_encapsulation(census: Census, device: Device) -> list[PacketGroup]:
    """Spread the packets of each encapsulation."""
    by_name: dict[str, list[int]] = {}
    for signature in census.signatures():
        by_name.setdefault(encapsulation_of(signature, device.spec), []).append(signature)
    groups = [PacketGroup(name, distribute(census, device, each).queues) for name, each in by_name.items()]
    return sorted(groups, key=lambda group: (-int(group.queues[:, 0].sum()), group.name))


def _by_tunnel(flow_set: FlowSet, queues: npt.NDArray[np.int64], n_queues: int, heaviest: int) -> list[PacketGroup]:
    """Spread the packets of the heaviest tunnels."""
    tunnels, loads = flow_set.tunnels, flow_set.flows.loads
    of_flow = np.where(queues != NO_QUEUE, tunnels.of_flow, NO_TUNNEL)
    chosen = tunnels.heaviest(sum_groups(loads, of_flow, len(tunnels))[:, 0], heaviest)
    groups = []
    for number in chosen:
        own = np.flatnonzero(of_flow == number)
        groups.append(PacketGroup(str(tunnels[number]), sum_groups(loads[own], queues[own], n_queues)))
    return groups
