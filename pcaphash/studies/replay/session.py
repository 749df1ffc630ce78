"""One replay: the traces, the configurations in time, and passes over the packets in order of arrival."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import numpy.typing as npt

from pcaphash.capture.input import Input, can_be_read_again
from pcaphash.device.device import Device
from pcaphash.engine.progress import Watch
from pcaphash.engine.reading import Reading
from pcaphash.engine.replay.arrivals import Arrivals
from pcaphash.engine.replay.lanes import Choice, EntryChoice, IdealHash, Lane, Lanes, QueueChoice, Receiver, RoundRobin
from pcaphash.engine.replay.scale import Scale
from pcaphash.engine.replay.steering import Plan, Steerer, Unsteered, queue_table
from pcaphash.engine.rules import ReadingRules
from pcaphash.engine.running.run import check_left, check_read, check_selected
from pcaphash.engine.selecting.selection import Selection
from pcaphash.errors import ConfigurationError, Field
from pcaphash.quantities import PS_OF_SECOND
from pcaphash.studies.replay.options import ReplayOptions

_BASELINES = SHARED_RING, ROUND_ROBIN, IDEAL_HASH = "shared-ring", "round-robin", "ideal-hash"


@dataclass(frozen=True)
class Contender:
    """A configuration or a baseline.

    Parameters
    ----------
    name : str
        What results call it.
    queues : int
        Receive queues; 0 if the device has none to tell.
    queue_choice, entry_choice : callable
        Return, for each pass anew, what says which queue a packet takes, and which entry of its indirection table: that
        is the queue itself for baselines.
    plan : Plan or None
        The configuration in time; None for baselines.
    is_shared : bool
        Whether all cores take from one ring.
    """

    name: str
    queues: int
    queue_choice: Callable[[], Choice]
    entry_choice: Callable[[], Choice]
    plan: Plan | None = None
    is_shared: bool = False

    @property
    def is_baseline(self) -> bool:
        """Whether it is one of the baselines."""
        return self.plan is None

    @property
    def has_one_table(self) -> bool:
        """Whether no change alters which queue is behind which entry of the table."""
        return self.plan is None or len({each.indirection_table for each in self.plan.devices if each.has_queue}) == 1

    def lane(self, receiver: Receiver) -> Lane:
        """Return a lane for one pass, whose receiver is told queues."""
        return Lane(self.name, self.queue_choice(), receiver)

    def lane_of_entries(self, receiver: Receiver) -> Lane:
        """Return a lane for one pass, whose receiver is told entries of its own tables."""
        return Lane(self.name, self.entry_choice(), receiver)

    def tables(self, queues: int | None = None) -> list[npt.NDArray[np.int32]]:
        """Return the queue behind each entry under each of its configurations in time.

        Parameters
        ----------
        queues : int, optional
            Have ``i % queues`` behind entry ``i``.
        """
        if self.plan is None:
            return [np.arange(self.queues, dtype=np.int32)]
        return [queue_table(device, queues) for device in self.plan.devices]


@dataclass(frozen=True)
class Session:
    """One replay.

    Parameters
    ----------
    inputs : list of Input
        The traces.
    devices : tuple of Device
        The configurations.
    options : ReplayOptions
        How they are replayed.
    selection : Selection
        Which packets arrive.
    watch : callable, optional
        Called now and then with the progress of the main pass.

    Raises
    ------
    ConfigurationError
        Something would have to be read twice that cannot be, a change does not go with a configuration, or a
        configuration has the name of a baseline.
    """

    inputs: list[Input]
    devices: tuple[Device, ...]
    options: ReplayOptions
    selection: Selection
    watch: Watch | None = None

    def __post_init__(self) -> None:
        self.options.check_changes(self.devices)
        taken = next((each.name for each in self.devices if each.name in _BASELINES and self.options.baselines), None)
        if taken is not None:
            problem = f"{taken!r} is the name of a baseline, which is told beside the configurations"
            raise ConfigurationError(Field("config"), problem, "give another name")
        if self.options.loop > 1 and not self.can_read_again:
            problem = "standard input and pipes can be read only once"
            raise ConfigurationError(Field("loop"), problem, "save the capture to a file first")

    @property
    def can_read_again(self) -> bool:
        """Whether there can be several passes."""
        return all(map(can_be_read_again, self.inputs))

    @cached_property
    def scale(self) -> Scale:
        """Turns what gives the times of arrival into picoseconds."""
        return self.options.timing.scale

    @cached_property
    def plans(self) -> list[Plan]:
        """The configurations in time, in the unit of what gives the times of arrival."""
        return [self.options.plan_of(device) for device in self.devices]

    @cached_property
    def contenders(self) -> list[Contender]:
        """The configurations, then the baselines, which have as many queues as the configuration with most."""
        found = [
            Contender(
                plan.name, plan.queues, partial(QueueChoice, number, plan), partial(EntryChoice, number, plan), plan
            )
            for number, plan in enumerate(self.plans)
        ]
        n_queues = max(plan.queues for plan in self.plans)
        if self.options.baselines and n_queues:
            for name, kind in ((SHARED_RING, RoundRobin), (ROUND_ROBIN, RoundRobin), (IDEAL_HASH, IdealHash)):
                choice = partial(kind, n_queues)
                found.append(Contender(name, n_queues, choice, choice, is_shared=name == SHARED_RING))
        return found

    def run(self, lanes: Lanes) -> Arrivals:
        """Run all packets through lanes; return what was found out about the traces.

        Parameters
        ----------
        lanes : Lanes
            None of their packets has run yet.

        Raises
        ------
        NothingReadableError
            Not one of the traces can be read.
        ConfigurationError
            There is no packet, or one of them has no time and no rate is given.
        """
        arrivals = self._arrivals(Steerer(self.plans), self.watch)
        for steered in arrivals.packets():
            if not lanes.packets:
                lanes.first_ns = arrivals.first_stamp or 0
            lanes.append(steered)
        check_read(arrivals.reading)
        check_left(arrivals.reading)
        check_selected(arrivals.reading, self.selection)
        if not lanes.packets:
            raise nothing_to_replay(arrivals.reading)
        return arrivals

    def mean_pps(self) -> float | None:
        """Return how many packets arrive in a second; None if that takes a pass of its own that is not possible."""
        if not self.can_read_again:
            return None
        n, last = 0, 0
        for steered in self._arrivals(Unsteered()).packets():
            n += len(steered)
            last = steered.base + int(steered.values[-1])
        duration = self.scale.time_of(last)
        return (n - 1) * PS_OF_SECOND / duration if duration else None

    def _arrivals(self, steerer: Steerer, watch: Watch | None = None) -> Arrivals:
        """Return the packets in order of arrival, for one pass."""
        rules, spec = ReadingRules.of(self.devices[0]), self.devices[0].spec
        return Arrivals(self.inputs, steerer, self.options.timing, rules, spec, self.selection, watch)


def nothing_to_replay(reading: Reading) -> ConfigurationError:
    """Return what is raised for traces without packets, or of which the host sent all packets."""
    if not reading.packets:
        return ConfigurationError(Field("traces"), "no packet arrives", "give a capture with packets")
    advice = f"the host sent all {reading.packets:,} that there are; give {Field('direction', 'all')} to keep them"
    return ConfigurationError(Field("traces"), "no packet was received", advice)
