"""Put configurations side by side: how each spreads the same packets, and what an ideal hash would make of them."""

from collections.abc import Callable, Sequence
from os import PathLike

import numpy as np
import numpy.typing as npt

from pcaphash.device.configs import default_configs
from pcaphash.device.device import Device
from pcaphash.engine.census import Census, Identity, identities_of
from pcaphash.engine.decision import encapsulation_of
from pcaphash.engine.describer import NO_QUEUE
from pcaphash.engine.distribution import Distribution, count_encapsulations, distribute
from pcaphash.engine.flows import DEFAULT_MOST_FLOWS, Flows, FlowTable, join_flows
from pcaphash.engine.grouping import sum_groups
from pcaphash.engine.inputs import find_inputs, identity_of_flows
from pcaphash.engine.saved import is_saved_census
from pcaphash.engine.selection import RECEIVED, Selection
from pcaphash.engine.stream import Progress, take_census
from pcaphash.engine.timeline import Timeline
from pcaphash.engine.tunnels import NO_TUNNEL, find_tunnels
from pcaphash.errors import ConfigurationError
from pcaphash.studies.analyze import Analysis, check_request
from pcaphash.studies.baseline import take_baseline
from pcaphash.studies.chance import told_apart
from pcaphash.studies.compare.affinity import find_affinity
from pcaphash.studies.compare.missed import find_missed
from pcaphash.studies.compare.outcome import FlowSet, Group, Outcome
from pcaphash.studies.compare.result import Comparison
from pcaphash.studies.compare.verdict import judge
from pcaphash.studies.independence import check_independence
from pcaphash.studies.sampling import resample

DEFAULT_HEAVIEST = 10

Tables = dict[Identity, FlowTable]


def compare(
    traces: str | PathLike[str] | Sequence[str | PathLike[str]],
    devices: Device | Sequence[Device] | None = None,
    selection: Selection = RECEIVED,
    watch: Callable[[Progress], None] | None = None,
    *,
    window_ns: int | None = None,
    heaviest: int = DEFAULT_HEAVIEST,
    most_flows: int = DEFAULT_MOST_FLOWS,
) -> Comparison:
    """Compare how configurations spread traces, with each other and with ideal hashes, in one pass.

    Parameters
    ----------
    traces : path or sequence of paths
        Captures, or saved censuses, which tell nothing of flows and of time; ``-`` is standard input.
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
        How many tunnels to count one by one, those with the most packets.
    most_flows : int
        How many flows to keep at most.

    Raises
    ------
    NothingReadableError
        Not one of the traces can be read.
    ConfigurationError
        There is nothing to compare, or a saved census was taken for other devices.
    """
    paths, chosen = check_request(traces, default_configs(Device()) if devices is None else devices)
    if window_ns is not None and window_ns < 1:
        raise ConfigurationError("--window", f"{window_ns} ns is not a duration", "give at least 1ns")
    has_flows = not any(is_saved_census(path) for path in paths)
    if window_ns is not None and not has_flows:
        raise ConfigurationError("--window", "a saved census has no timestamps", "give the captures")
    tables = {identity: FlowTable(identity, most_flows) for identity in map(identity_of_flows, chosen)}
    timelines = [Timeline(device, window_ns) for device in chosen if window_ns and device.has_queue]
    beside = [table.append for table in tables.values()] + [timeline.append for timeline in timelines]
    identities = identities_of(chosen)
    censuses, reading = take_census(paths, identities, selection, chosen[0].spec, watch, beside if has_flows else ())
    of_device = [censuses[identity] for identity in identities]
    analysis = Analysis(
        reading,
        [distribute(census, device) for census, device in zip(of_device, chosen, strict=True)],
        [count_encapsulations(census, device) for census, device in zip(of_device, chosen, strict=True)],
    )
    flow_sets = {identity: _flow_set(table, chosen[0].spec) for identity, table in tables.items()} if has_flows else {}
    outcomes = []
    for census, distribution in zip(of_device, analysis.distributions, strict=True):
        encapsulations = _by_encapsulation(census, distribution.device)
        identity = identity_of_flows(distribution.device)
        if not has_flows:
            outcomes.append(Outcome(distribution, encapsulations))
            continue
        timeline = next((each for each in timelines if each.device is distribution.device), None)
        groups = tables[identity].flows()
        outcomes.append(_outcome(distribution, encapsulations, groups, flow_sets[identity], timeline, heaviest))
    missed = find_missed(reading, chosen[0]) if has_flows else []
    return Comparison(analysis, outcomes, judge(outcomes, missed), missed)


def _flow_set(table: FlowTable, spec: str) -> FlowSet:
    flows = join_flows(table.flows())
    return FlowSet(flows, find_tunnels(flows, spec), table.kept_share, table.lumped.sum(axis=0))


def _outcome(
    distribution: Distribution,
    encapsulations: list[Group],
    groups: Sequence[Flows],
    flow_set: FlowSet,
    timeline: Timeline | None,
    heaviest: int,
) -> Outcome:
    """Judge one configuration by the flows."""
    device = distribution.device
    inputs = find_inputs(groups, device)
    if not device.has_queue:
        return Outcome(distribution, encapsulations, flow_set, inputs)
    loads, queues = flow_set.flows.loads, inputs.queue_of_flow
    steered = queues != NO_QUEUE
    kept = sum_groups(loads, queues, device.queues)
    return Outcome(
        distribution,
        encapsulations,
        flow_set,
        inputs,
        kept,
        take_baseline(told_apart(inputs), inputs.unhashed, device) if len(inputs.loads) else None,
        resample(loads[steered], queues[steered], device.queues),
        check_independence(inputs.queues, device),
        _by_tunnel(flow_set, queues, device.queues, heaviest),
        find_affinity(flow_set.flows, flow_set.tunnels, queues),
        timeline,
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
    tunnels, of_flow = flow_set.tunnels, flow_set.tunnels.of_flow
    chosen = (of_flow != NO_TUNNEL) & (queues != NO_QUEUE)
    cells = np.where(chosen, of_flow * n_queues + queues, NO_TUNNEL)
    loads = sum_groups(flow_set.flows.loads, cells, len(tunnels) * n_queues).reshape(-1, n_queues, 2)
    order = np.argsort(-loads[:, :, 0].sum(axis=1), kind="stable")
    return [Group(str(tunnels[number]), loads[number]) for number in order[:heaviest].tolist()]
