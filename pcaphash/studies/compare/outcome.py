"""What becomes of packets under one of the configurations that are compared."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.engine.census.describer import NO_QUEUE
from pcaphash.engine.census.distribution import Distribution
from pcaphash.engine.flows.inputs import HashInputs
from pcaphash.engine.flows.table import Flows
from pcaphash.engine.flows.tunnels import Tunnels
from pcaphash.engine.running.threads import using_threads
from pcaphash.engine.timeline import Timeline
from pcaphash.studies.compare.affinity import Affinity, Kin
from pcaphash.studies.shared.chance.baseline import Baseline
from pcaphash.studies.shared.chance.independence import Independence
from pcaphash.studies.shared.chance.sampling import resample
from pcaphash.studies.shared.chance.trials import Interval
from pcaphash.studies.shared.linear.reach import Reach, find_limits, find_reach

Row = dict[str, str | int | float | None]


@dataclass(frozen=True, eq=False)
class FlowSet:
    """The flows of the traces, as far as they were kept.

    Parameters
    ----------
    flows : Flows
        All of them in one table.
    tunnels : Tunnels
        Which tunnel each runs through.
    kept_share : float
        About which share of all flows is kept; exactly 1 if all are.
    lumped : int64 array of shape (2,)
        Packets and bytes of those that are not kept.
    kin : list of Kin
        Which of them belong together.
    """

    flows: Flows
    tunnels: Tunnels
    kept_share: float
    lumped: npt.NDArray[np.int64]
    kin: list[Kin]

    @property
    def is_complete(self) -> bool:
        """Whether all flows are kept."""
        return self.kept_share == 1


@dataclass(frozen=True, eq=False)
class PacketGroup:
    """Part of the packets, and how it spreads.

    Parameters
    ----------
    name : str
        An encapsulation, or a tunnel.
    queues : int64 array of shape (queues, 2)
        Packets and bytes on each receive queue.
    """

    name: str
    queues: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What becomes of the packets under one configuration.

    Parameters
    ----------
    distribution : Distribution
        All packets over the receive queues.
    encapsulations : list of PacketGroup
        The packets of each encapsulation, those with the most packets first.
    flow_set : FlowSet or None
        The flows; None if a saved census, which has none, is among the traces.
    inputs : HashInputs or None
        What is hashed of them.
    kept : int64 array of shape (queues, 2)
        What the flows kept bring to each receive queue: that which the baseline is for.
    baseline : Baseline or None
        What ideal hashes give for these hash inputs; None without receive queues, or without any hash.
    independence : Independence or None
        Whether distinct hash inputs spread over the receive queues as the indirection table lets them.
    tunnels : list of PacketGroup
        The packets of the heaviest tunnels.
    affinity : list of Affinity
        What belongs together but is on different receive queues.
    timeline : Timeline or None
        The load over time, if asked for.
    threads : int
        By how many threads flows are resampled.
    """

    distribution: Distribution
    encapsulations: list[PacketGroup]
    flow_set: FlowSet | None = None
    inputs: HashInputs | None = None
    kept: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros((1, 2), np.int64))
    baseline: Baseline | None = None
    independence: Independence | None = None
    tunnels: list[PacketGroup] = field(default_factory=list)
    affinity: list[Affinity] = field(default_factory=list)
    timeline: Timeline | None = None
    threads: int = 1

    @cached_property
    def reaches(self) -> tuple[Reach, ...]:
        """Which table entries the hash inputs of each length can lead to."""
        return find_reach(self.inputs) if self.inputs else ()

    @cached_property
    def limits(self) -> tuple[Reach, ...]:
        """Those of ``reaches`` that matter."""
        return find_limits(self.inputs) if self.inputs else ()

    @property
    def device(self) -> Device:
        """The configuration."""
        return self.distribution.device

    @property
    def queues_with_half(self) -> int:
        """The fewest receive queues that have half of the packets together; 0 without packets."""
        return _count_half(self.distribution.queues[:, 0])

    @property
    def inputs_with_half(self) -> int:
        """The fewest hash inputs that have half of the packets with a hash together; 0 without any."""
        return 0 if self.inputs is None else _count_half(self.inputs.loads[:, 0])

    @cached_property
    def sampling(self) -> dict[str, Interval]:
        """Where each measure lies in 95 of 100 resamples of the flows: how much it depends on which were captured."""
        if self.flow_set is None or self.inputs is None:
            return {}
        flows, queues = self.flow_set.flows, self.inputs.queue_of_flow
        steered = queues != NO_QUEUE
        with using_threads(self.threads):
            return resample(flows.loads[steered], flows.hashes[steered], queues[steered], self.device.queues)


def _count_half(loads: npt.NDArray[np.int64]) -> int:
    """Return how many of the largest make up half of the whole."""
    sums = np.sort(loads)[::-1].cumsum()
    return int(np.searchsorted(2 * sums, sums[-1])) + 1 if len(sums) and sums[-1] else 0
