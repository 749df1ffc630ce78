"""What a device does with one trace in time: how it steers packets, and which of them find a free descriptor."""

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.engine.census.describer import Descriptions
from pcaphash.engine.replay.lanes import Lane, Lanes, Queues, Steps
from pcaphash.engine.replay.merged import MergedTraces
from pcaphash.engine.replay.received import Received
from pcaphash.engine.replay.rings import Rings, Service
from pcaphash.engine.replay.stamped import Settler
from pcaphash.engine.replay.steering import Steered
from pcaphash.engine.request import Batch
from pcaphash.errors import ConfigurationError, Field
from pcaphash.studies.replay.options import ReplayOptions
from pcaphash.studies.replay.result import Clock

_BITS = 8


class _Told:
    """The queues that packets were told before."""

    def __init__(self) -> None:
        self.queues: Queues = np.empty(0, np.int32)

    def of(self, steered: Steered) -> tuple[Queues, Steps]:
        """Return the queue of each packet, and that nothing changes in time."""
        return self.queues, [(0, 0, len(steered))]


class _Recorder:
    """Rings that tell which packets they drop."""

    def __init__(self, rings: Rings) -> None:
        self._rings = rings
        self.drops: list[npt.NDArray[np.bool_]] = []

    def run(self, packets: Received) -> None:
        """Receive packets."""
        self._rings.drops = np.zeros(len(packets), np.bool_)
        self.drops.append(self._rings.drops)
        self._rings.run(packets)

    def move(self, ps: int) -> None:
        """Let times count from so many picoseconds later."""
        self._rings.move(ps)


class TraceTimes:
    """When the packets of one trace arrive, batch by batch.

    Parameters
    ----------
    name : str
        Name of the trace.
    options : ReplayOptions
        Whether a rate gives the times.
    """

    def __init__(self, name: str, options: ReplayOptions) -> None:
        self._settler, self._rate = Settler(name), options.rate
        self._before = 0  # packets or bits
        self._first_ns: int | None = None

    @property
    def settlers(self) -> list[Settler]:
        """What says when packets arrive, and what was unusual."""
        return [self._settler]

    def of(self, batch: Batch) -> tuple[int, npt.NDArray[np.int64]]:
        """Return what gives times of arrival: a base, and from it nanoseconds, packets or bits after the first packet.

        Raises
        ------
        ConfigurationError
            A packet has no time, and no rate is given.
        """
        if self._rate is None:
            base, times = self._settler.settle(batch.block.timestamps(), batch.numbers)
            self._first_ns = base if self._first_ns is None else self._first_ns
            return base - self._first_ns, times
        base, lengths = self._before, batch.block.records["original_length"].astype(np.int64)
        sizes = lengths * _BITS if self._rate.unit == "bits" else np.ones(len(lengths), np.int64)
        before = np.cumsum(sizes)
        self._before += int(before[-1])
        return base, before - sizes


class Course:
    """What a device does with one trace in time: as what it steers which packets, and which it accepts.

    Packets whose receive queue is not known go to no ring, and count as accepted.

    Parameters
    ----------
    name : str
        Name of the trace.
    device : Device
        As it is configured at first.
    options : ReplayOptions
        How the trace is replayed; without a service time all packets are accepted.
    times : MergedTraces, optional
        Says when packets arrive, if several traces are merged by time.

    Raises
    ------
    ConfigurationError
        The trace is to be replayed in several rounds, or a change does not go with the device.
    """

    def __init__(self, name: str, device: Device, options: ReplayOptions, times: MergedTraces | None = None) -> None:
        if options.loop > 1:
            problem = "each packet is written once"
            raise ConfigurationError(Field("loop", options.loop), problem, "leave it out to write packets")
        options.check_changes([device])
        self.plan = options.plan_of(device)
        self.last_arrival_ps = 0
        """When the last packet arrived so far, in picoseconds after the first."""
        self.dropped = 0
        """Packets that found no free descriptor so far."""
        self._scale, self._times = options.timing.scale, times or TraceTimes(name, options)
        self._arrivals = (0, np.empty(0, np.int64))
        self._told = _Told()
        self._recorder: _Recorder | None = None
        if options.has_service:
            service = Service(options.ring_size, options.fixed_ps, options.service_per_byte_ps)
            self._recorder = _Recorder(Rings(max(self.plan.queues, 1), service))
            self._lanes = Lanes([Lane(name, self._told, self._recorder)], self._scale)

    @property
    def clock(self) -> Clock:
        """What was unusual about the stamps so far."""
        return Clock.of(self._times.settlers)

    def steps(self, batch: Batch) -> list[tuple[int, int, int]]:
        """Return which device of the plan steers which packets of the next batch (``Plan.steps``).

        Raises
        ------
        ConfigurationError
            A packet has no time, and no rate is given.
        """
        self._arrivals = base, values = self._times.of(batch)
        self.last_arrival_ps = self._scale.time_of(base + int(values[-1]))
        return self.plan.steps(base, values)

    def accept(self, batch: Batch, found: Descriptions) -> npt.NDArray[np.bool_]:
        """Return whether each packet of that batch is accepted, given what the device makes of it."""
        lengths = batch.block.records["original_length"].astype(np.int64)
        n = len(lengths)
        if self._recorder is None:
            return np.ones(n, np.bool_)
        base, values = self._arrivals
        self._told.queues = found.queues.astype(np.int32)
        self._recorder.drops = []
        # Which flow a packet belongs to matters for its order only.
        self._lanes.append(Steered(base, values, lengths, np.zeros(n, np.int64), np.empty((0, n), np.int32)))
        is_dropped = np.concatenate(self._recorder.drops)
        self.dropped += int(np.count_nonzero(is_dropped))
        return ~is_dropped
