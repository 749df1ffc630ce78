"""Which entry of its indirection table each configuration takes for a packet, all of them in as few passes as possible.

A configuration may change in the middle: it is a list of devices, each with the time from which it steers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reader import Block
from pcaphash.device.device import Device
from pcaphash.engine.census.census import LEAST_SLOTS, CensusIdentity
from pcaphash.engine.census.decision import decide
from pcaphash.engine.census.describer import NO_QUEUE
from pcaphash.kernels.dissect import N_SIGNATURES
from pcaphash.kernels.rows import UNDECIDED
from pcaphash.kernels.steering import FRAGMENT_PLACES, FRAGMENT_WORDS, UNKNOWN, steer_packets


@dataclass(frozen=True)
class Plan:
    """A configuration in time.

    Parameters
    ----------
    name : str
        What results call it.
    devices : tuple of Device
        As it is configured at first, and after each change.
    since : tuple of int
        From when on each of them steers packets that arrive, ascending: the first from 0 on.
    """

    name: str
    devices: tuple[Device, ...]
    since: tuple[int, ...] = (0,)

    @property
    def queues(self) -> int:
        """How many receive queues there are, under whichever of its devices has most; 0 if none has any to tell."""
        return max(device.queues if device.has_queue else 0 for device in self.devices)

    def steps(self, base: int, values: npt.NDArray[np.int64]) -> list[tuple[int, int, int]]:
        """Return which device steers which packets: its number, and from which packet up to which.

        Parameters
        ----------
        base : int
            What ``values`` count from.
        values : int64 array of shape (n,)
            Times of arrival in the unit of ``since``, never descending.
        """
        last = int(values[-1]) if len(values) else 0
        ahead = [min(max(since - base, 0), last + 1) for since in self.since]
        cuts = [0, *np.searchsorted(values, ahead[1:]).tolist(), len(values)]
        return [(number, *cuts[number : number + 2]) for number in range(len(ahead)) if cuts[number] < cuts[number + 1]]


@dataclass(frozen=True, eq=False)
class Steered:
    """Packets, in order of arrival, and where configurations send them.

    Parameters
    ----------
    base : int
        What ``values`` count from.
    values : int64 array of shape (n,)
        What gives their times of arrival: nanoseconds, packets or bits after the first; never descending.
    lengths, flows : int64 arrays of shape (n,)
        Original lengths in bytes, and flows (``kernels.steering``).
    entries : int64 array of shape (n_plans, n)
        Entries of each plan's indirection table at the time: the length of the table for packets without a hash, one
        more for those of which the capture does not show what a device does.
    """

    base: int
    values: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    flows: npt.NDArray[np.int64]
    entries: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.values)

    def take(self, chosen: "slice | npt.NDArray[np.int64]") -> "Steered":
        """Return some of the packets."""
        return Steered(
            self.base, self.values[chosen], self.lengths[chosen], self.flows[chosen], self.entries[:, chosen]
        )


def queue_table(device: Device, queues: int | None = None) -> npt.NDArray[np.int32]:
    """Return the receive queue behind each entry, as ``Steered`` numbers entries; NO_QUEUE behind the last one.

    Parameters
    ----------
    device : Device
        Its table, and its unclassified queue.
    queues : int, optional
        Take ``i % queues`` behind entry ``i`` instead, and queue 0 if there is no unclassified queue among so many.
    """
    if not device.has_queue:
        return np.full(len(device.indirection_table) + 2, NO_QUEUE, np.int32)
    unclassified = device.unclassified_queue
    if queues is None:
        return np.array([*device.indirection_table, unclassified, NO_QUEUE], np.int32)
    table = np.arange(len(device.indirection_table), dtype=np.int32) % queues
    return np.append(table, [unclassified if unclassified < queues else 0, NO_QUEUE]).astype(np.int32)


class _Group:
    """Devices that share a dissection.

    Parameters
    ----------
    identity : CensusIdentity
        Of all of them.
    devices : sequence of Device
        There may be none, if only flows are wanted.
    """

    def __init__(self, identity: CensusIdentity, devices: Sequence[Device]) -> None:
        self.identity = identity
        self.devices = devices
        self._picks = np.full((len(devices), N_SIGNATURES), UNDECIDED, np.int32)
        self._candidates = np.zeros(UNKNOWN + 1, np.uint64)
        self._lengths = np.array([len(device.indirection_table) for device in devices], np.int64)

    def steer(
        self,
        block: Block,
        flows: npt.NDArray[np.int64],
        lengths: npt.NDArray[np.int64],
        fragments: npt.NDArray[np.int64],
    ) -> npt.NDArray[np.int64]:
        """Return the entries that each device takes for the packets of a block, and write their flows and lengths."""
        identity, n = self.identity, len(block.records)
        entries = np.empty((len(self.devices), n), np.int64)
        done = 0
        while done < n:
            done, signature = steer_packets(
                block.data, block.records, n, done, identity.prepared_key, identity.rules.port_types,
                identity.departures, self._picks.reshape(-1), self._lengths, len(self.devices), self._candidates,
                entries.reshape(-1), flows, lengths, fragments,
            )  # fmt: skip
            if done < n:
                self._decide(signature)
        return entries

    def _decide(self, signature: int) -> None:
        for number, device in enumerate(self.devices):
            decision = decide(signature, device)
            self._picks[number, signature] = decision.pick if decision.is_known else UNKNOWN


class Steerer:
    """Steers the packets of blocks under every plan.

    Parameters
    ----------
    plans : sequence of Plan
        The configurations, their times in the unit of what is given to ``steer``.
    """

    def __init__(self, plans: Sequence[Plan]) -> None:
        self.plans = plans
        self._fragments = np.zeros(FRAGMENT_PLACES * FRAGMENT_WORDS, np.int64)
        self._other_fragments = np.zeros_like(self._fragments)  # of passes whose flows nobody looks at
        self._groups: dict[tuple[Device, ...], list[_Group]] = {}

    def steer(self, block: Block, base: int, values: npt.NDArray[np.int64]) -> Steered:
        """Steer the packets of a block, given when they arrive (``Steered``)."""
        n = len(block.records)
        steps = [plan.steps(base, values) for plan in self.plans]
        wanted = {plan.devices[number]: None for plan, own in zip(self.plans, steps, strict=True) for number, *_ in own}
        flows, lengths = np.empty(n, np.int64), np.empty(n, np.int64)
        of_device: dict[Device, npt.NDArray[np.int64]] = {}
        for number, group in enumerate(self._groups_of(tuple(wanted))):
            if number == 0:
                found = group.steer(block, flows, lengths, self._fragments)
            else:
                found = group.steer(block, np.empty_like(flows), np.empty_like(lengths), self._other_fragments)
            of_device |= zip(group.devices, found, strict=True)
        own = [plan.devices[steps_of[0][0]] for plan, steps_of in zip(self.plans, steps, strict=True)]
        if len(found) == len(own) and list(of_device) == own and all(len(steps_of) == 1 for steps_of in steps):
            return Steered(base, values, lengths, flows, found)  # nearly always so: nothing to put together
        entries = np.empty((len(self.plans), n), np.int64)
        for row, plan, steps_of in zip(entries, self.plans, steps, strict=True):
            for number, start, stop in steps_of:
                row[start:stop] = of_device[plan.devices[number]][start:stop]
        return Steered(base, values, lengths, flows, entries)

    def _groups_of(self, devices: tuple[Device, ...]) -> list[_Group]:
        """Group devices by what they share; the first group reads headers as the specs have it, and tells flows."""
        if devices not in self._groups:
            by_identity: dict[CensusIdentity, list[Device]] = {}
            for device in devices:
                identity = replace(CensusIdentity.of(device), slots=LEAST_SLOTS)  # tables of any length go together
                by_identity.setdefault(identity, []).append(device)
            groups = [_Group(identity, of_it) for identity, of_it in by_identity.items()]
            groups.sort(key=lambda group: group.identity.departures is not None)
            if groups[0].identity.departures is not None:
                groups.insert(0, _Group(CensusIdentity.of(Device()), ()))
            self._groups[devices] = groups
        return self._groups[devices]


class Unsteered(Steerer):
    """Gives packets without looking into them, for those who only want to know when they arrive."""

    def __init__(self) -> None:
        super().__init__(())

    def steer(self, block: Block, base: int, values: npt.NDArray[np.int64]) -> Steered:
        """Return the packets of a block with their lengths, in no flow and under no configuration."""
        lengths = block.records["original_length"].astype(np.int64)
        return Steered(base, values, lengths, np.zeros_like(lengths), np.empty((0, len(lengths)), np.int64))
