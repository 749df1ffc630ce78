"""Configurations and baselines side by side: which queue each packet takes, and what receives it there."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from pcaphash.engine.census.describer import NO_QUEUE
from pcaphash.engine.replay.received import Received
from pcaphash.engine.replay.scale import Scale
from pcaphash.engine.replay.steering import Plan, Steered, queue_table

Queues = npt.NDArray[np.int32]
Steps = list[tuple[int, int, int]]

_MOST_TIME = 2**61  # of an arrival after the epoch; what is added to it still fits into 64 bits


class Receiver(Protocol):
    """Rings, or what takes their place."""

    def run(self, packets: Received) -> None:
        """Receive packets."""
        ...

    def move(self, ps: int) -> None:
        """Let times count from so many picoseconds later."""
        ...


class Together:
    """Several receivers of the same packets.

    Parameters
    ----------
    receivers : sequence of Receiver
        None of them changes what it is given.
    """

    def __init__(self, receivers: Sequence[Receiver]) -> None:
        self._receivers = receivers

    def run(self, packets: Received) -> None:
        """Receive packets."""
        for receiver in self._receivers:
            receiver.run(packets)

    def move(self, ps: int) -> None:
        """Let times count from so many picoseconds later."""
        for receiver in self._receivers:
            receiver.move(ps)


class Choice(Protocol):
    """Says which queue each packet takes."""

    def of(self, steered: Steered) -> tuple[Queues, Steps]:
        """Return the queue of each packet, or NO_QUEUE; and which configuration in time steers which packets."""
        ...


class EntryChoice:
    """Which entry of its indirection table each packet takes under a configuration, for those who know the tables.

    Parameters
    ----------
    number : int
        Which of the plans it is.
    plan : Plan
        The configuration in time, its times in the unit of arrivals.
    """

    def __init__(self, number: int, plan: Plan) -> None:
        self._number, self._plan = number, plan

    def of(self, steered: Steered) -> tuple[Queues, Steps]:
        """Return the entry of each packet (``Steered``); and which configuration in time steers which packets."""
        return steered.entries[self._number].astype(np.int32), self._plan.steps(steered.base, steered.values)


class QueueChoice(EntryChoice):
    """Which queue each packet takes under a configuration, given as for EntryChoice."""

    def __init__(self, number: int, plan: Plan) -> None:
        super().__init__(number, plan)
        self._tables = [queue_table(device) for device in plan.devices]

    def of(self, steered: Steered) -> tuple[Queues, Steps]:
        """Return the queue of each packet, or NO_QUEUE; and which configuration in time steers which packets."""
        entries, steps = steered.entries[self._number], self._plan.steps(steered.base, steered.values)
        queues = np.empty(len(steered), np.int32)
        for number, start, stop in steps:
            # Entries are within the table: clipping only spares looking for ones that are not.
            np.take(self._tables[number], entries[start:stop], out=queues[start:stop], mode="clip")
        return queues, steps


class RoundRobin:
    """Packet after packet to queue after queue.

    Parameters
    ----------
    queues : int
        How many queues there are.
    """

    def __init__(self, queues: int) -> None:
        self._queues = queues
        self._next = 0

    def of(self, steered: Steered) -> tuple[Queues, Steps]:
        """Return the queue of each packet, and that nothing changes in time."""
        queues = (np.arange(self._next, self._next + len(steered)) % self._queues).astype(np.int32)
        self._next = (self._next + len(steered)) % self._queues
        return queues, [(0, 0, len(steered))]


class IdealHash:
    """Each flow to a queue at random, as an ideal hash over flows would have it.

    What stands for chance is the flow's own hash, so that nothing has to be remembered, and every run gives the same.

    Parameters
    ----------
    queues : int
        How many queues there are.
    """

    def __init__(self, queues: int) -> None:
        self._queues = queues

    def of(self, steered: Steered) -> tuple[Queues, Steps]:
        """Return the queue of each packet, and that nothing changes in time."""
        return ((steered.flows >> 20) % self._queues).astype(np.int32), [(0, 0, len(steered))]


class Lane:
    """A configuration or a baseline.

    Parameters
    ----------
    name : str
        What results call it.
    choice : Choice
        Says which queue each packet takes.
    receiver : Receiver
        Receives the packets there.
    """

    def __init__(self, name: str, choice: Choice, receiver: Receiver) -> None:
        self.name = name
        self.choice = choice
        self.receiver = receiver
        self.unknown = 0
        """Packets of which the capture does not show the queue."""
        self._queues: Queues = np.empty(0, np.int32)
        self._steps: Steps = []

    def begin(self, steered: Steered) -> None:
        """Take note of the packets that are to run next."""
        self._queues, self._steps = self.choice.of(steered)
        self.unknown += int(np.count_nonzero(self._queues == NO_QUEUE))

    def run(self, steered: Steered, start: int, arrivals: npt.NDArray[np.int64]) -> None:
        """Run some of the packets, from ``start`` on, which arrive at these times after the epoch."""
        stop = start + len(arrivals)
        for number, first, last in self._steps:
            chosen = slice(max(first, start), min(last, stop))
            if chosen.start < chosen.stop:
                when = arrivals[chosen.start - start : chosen.stop - start]
                lengths, flows = steered.lengths[chosen], steered.flows[chosen]
                self.receiver.run(Received(when, lengths, flows, self._queues[chosen], number))


class Lanes:
    """Runs packets through lanes, side by side, in exact time.

    Parameters
    ----------
    lanes : sequence of Lane
        The configurations and baselines.
    scale : Scale
        Turns what gives the times of arrival into picoseconds.
    """

    def __init__(self, lanes: Sequence[Lane], scale: Scale) -> None:
        self.lanes = lanes
        self.packets = 0
        """Packets that arrived."""
        self.first_ns = 0
        """When the first packet was captured, in nanoseconds since 1970; whoever knows sets it before any is run."""
        self.epoch_ps = 0
        """What the times of lanes count from, in picoseconds after the first arrival."""
        self.last_arrival_ps = 0
        """When the last packet arrived, in picoseconds after the first."""
        self._scale = scale

    def append(self, steered: Steered) -> None:
        """Run packets."""
        self.packets += len(steered)
        for lane in self.lanes:
            lane.begin(steered)
        for stretch in self._scale.stretches(steered.base, steered.values):
            self.last_arrival_ps = stretch.epoch_ps + int(stretch.times[-1])
            if self.last_arrival_ps - self.epoch_ps > _MOST_TIME:
                for lane in self.lanes:
                    lane.receiver.move(stretch.epoch_ps - self.epoch_ps)
                self.epoch_ps = stretch.epoch_ps
            self._run(steered, stretch.start, stretch.times + (stretch.epoch_ps - self.epoch_ps))

    def _run(self, steered: Steered, start: int, arrivals: npt.NDArray[np.int64]) -> None:
        """Run some of the packets, from ``start`` on, which arrive at these times after the epoch."""
        for lane in self.lanes:
            lane.run(steered, start, arrivals)
