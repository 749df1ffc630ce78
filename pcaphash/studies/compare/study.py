"""Put configurations side by side: how each spreads the same packets, and what an ideal hash would make of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial as partly

import numpy as np
import numpy.typing as npt

from pcaphash.capture.input import Trace
from pcaphash.device.device import Device
from pcaphash.engine.census import Census, identities_of
from pcaphash.engine.counts import Counts
from pcaphash.engine.decision import encapsulation_of
from pcaphash.engine.describer import NO_QUEUE
from pcaphash.engine.distribution import Distribution, distribute
from pcaphash.engine.flows import DEFAULT_MOST_FLOWS, Flows, FlowTable, join_flows
from pcaphash.engine.grouping import sum_groups
from pcaphash.engine.inputs import HashInputs, find_inputs
from pcaphash.engine.progress import Watch
from pcaphash.engine.request import Asked, Partial
from pcaphash.engine.rules import ReadingRules
from pcaphash.engine.run import answer
from pcaphash.engine.running import Running
from pcaphash.engine.saved import is_saved_census
from pcaphash.engine.selection import RECEIVED, Selection
from pcaphash.engine.threads import n_threads, side_by_side
from pcaphash.engine.timeline import Timeline
from pcaphash.engine.tunnels import NO_TUNNEL, find_tunnels
from pcaphash.errors import ConfigurationError, Field
from pcaphash.studies.analyze import analyze_counts
from pcaphash.studies.asking import check_request
from pcaphash.studies.chance import chance_of_inputs
from pcaphash.studies.compare.affinity import find_affinity, find_kin
from pcaphash.studies.compare.missed import find_missed
from pcaphash.studies.compare.outcome import FlowSet, Group, Outcome
from pcaphash.studies.compare.result import Comparison
from pcaphash.studies.compare.verdict import judge
from pcaphash.studies.independence import check_independence

DEFAULT_HEAVIEST = 10


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
            device = distribution.device
            encapsulations = _by_encapsulation(counts.censuses[identity], device)
            if not counts.has_flows:
                outcomes.append(Outcome(distribution, encapsulations))
                continue
            timeline = next((each for each in counts.timelines if each.device == device), None)
            flow_set = flow_sets[ReadingRules.of(device)]
            outcomes.append(_outcome(distribution, encapsulations, flow_set, inputs[number], timeline, self.heaviest))
        missed = find_missed(partial.reading, self.devices[0]) if counts.has_flows else []
        return Comparison(analysis, outcomes, judge(outcomes, missed), missed)


def _study_flows(
    tables: Mapping[ReadingRules, FlowTable], devices: Sequence[Device]
) -> tuple[dict[ReadingRules, FlowSet], list[HashInputs]]:
    """Find out about the flows by the rules that they were read by, and about the hash inputs of each device."""
    flows = {rules: table.flows() for rules, table in tables.items()}
    sets: dict[ReadingRules, FlowSet] = {}

    def study(rules: ReadingRules) -> None:
        sets[rules] = _flow_set(tables[rules], flows[rules], devices[0].spec)

    found: dict[int, HashInputs] = {}

    def find(number: int) -> None:
        found[number] = find_inputs(flows[ReadingRules.of(devices[number])], devices[number])

    side_by_side([*(partly(study, rules) for rules in tables), *(partly(find, i) for i in range(len(devices)))])
    return sets, [found[number] for number in range(len(devices))]


def _flow_set(table: FlowTable, groups: Sequence[Flows], spec: str) -> FlowSet:
    flows = join_flows(groups)
    tunnels = find_tunnels(flows, spec)
    return FlowSet(flows, tunnels, table.kept_share, table.lumped.sum(axis=0), find_kin(flows, tunnels))


def _outcome(
    distribution: Distribution,
    encapsulations: list[Group],
    flow_set: FlowSet,
    inputs: HashInputs,
    timeline: Timeline | None,
    heaviest: int,
) -> Outcome:
    """Judge one configuration by the flows."""
    device = distribution.device
    if not device.has_queue:
        return Outcome(distribution, encapsulations, flow_set, inputs)
    queues = inputs.queue_of_flow
    return Outcome(
        distribution,
        encapsulations,
        flow_set,
        inputs,
        inputs.queue_loads,
        chance_of_inputs(inputs),
        check_independence(inputs.queues, device),
        _by_tunnel(flow_set, queues, device.queues, heaviest),
        find_affinity(flow_set.kin, queues, flow_set.flows.loads),
        timeline,
        n_threads(),
    )


def _by_encapsulation(census: Census, device: Device) -> list[Group]:
    """Spread the packets of each encapsulation."""
    by_name: dict[str, list[int]] = {}
    for signature in census.signatures():
        by_name.setdefault(encapsulation_of(signature, device.spec), []).append(signature)
    groups = [Group(name, distribute(census, device, each).queues) for name, each in by_name.items()]
    return sorted(groups, key=lambda group: (-int(group.queues[:, 0].sum()), group.name))


def _by_tunnel(flow_set: FlowSet, queues: npt.NDArray[np.int64], n_queues: int, heaviest: int) -> list[Group]:
    """Spread the packets of the heaviest tunnels."""
    tunnels, loads = flow_set.tunnels, flow_set.flows.loads
    of_flow = np.where(queues != NO_QUEUE, tunnels.of_flow, NO_TUNNEL)
    chosen = tunnels.heaviest(sum_groups(loads, of_flow, len(tunnels))[:, 0], heaviest)
    groups = []
    for number in chosen:
        own = np.flatnonzero(of_flow == number)
        groups.append(Group(str(tunnels[number]), sum_groups(loads[own], queues[own], n_queues)))
    return groups
