"""Receive rings and cores as a plain simulation of events: arrivals, beginnings and ends of services.

Everything is done the obvious way: rings are lists, and what overtakes what is found by comparing all pairs.
"""

import heapq
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count


@dataclass
class Packet:
    """A packet that arrives, in whole picoseconds; what becomes of it is filled in."""

    arrival: int
    length: int
    flow: int
    queue: int | None
    epoch: int = 0
    accepted: bool = False
    end: int | None = None
    occupied: int = 0
    overtakes: "list[Packet]" = field(default_factory=list, repr=False)

    @property
    def delay(self) -> int:
        """From arrival to the end of service."""
        assert self.end is not None
        return self.end - self.arrival


# At one moment services end before packets arrive, so that their descriptors are free again.
_END, _ARRIVAL = 0, 1


def simulate(
    packets: Sequence[Packet],
    ring_of: dict[int, int],
    cores_of: dict[int, int],
    ring_size: int,
    fixed: int,
    per_byte: int,
) -> None:
    """Simulate packets, in order of arrival; those whose queue is None go nowhere.

    ``ring_of`` names the ring of each queue, ``cores_of`` how many cores serve each ring.
    """
    order = count()
    events = [(packet.arrival, _ARRIVAL, next(order), packet) for packet in packets if packet.queue is not None]
    heapq.heapify(events)
    waiting: dict[int, deque[Packet]] = {ring: deque() for ring in cores_of}
    in_service = dict.fromkeys(cores_of, 0)
    while events:
        now, kind, _, packet = heapq.heappop(events)
        ring = ring_of[packet.queue]
        if kind == _END:
            packet.end = now
            in_service[ring] -= 1
        else:
            present = len(waiting[ring]) + in_service[ring]
            if present == ring_size:
                continue
            packet.accepted = True
            packet.occupied = present + 1
            waiting[ring].append(packet)
        while waiting[ring] and in_service[ring] < cores_of[ring]:
            served = waiting[ring].popleft()
            in_service[ring] += 1
            heapq.heappush(events, (now + fixed + per_byte * served.length, _END, next(order), served))
    find_overtaking(packets)


def find_overtaking(packets: Sequence[Packet]) -> None:
    """Fill in which earlier packets of its flow each accepted packet overtakes."""
    accepted = [packet for packet in packets if packet.accepted]
    for i, packet in enumerate(accepted):
        packet.overtakes = [
            other for other in accepted[:i] if other.flow == packet.flow and other.end > packet.end
        ]  # fmt: skip


def is_overtaking_by_change(packet: Packet) -> bool:
    """Tell whether, of the packets it overtakes, the last of those that finish last was steered by another epoch."""
    if not packet.overtakes:
        return False
    latest = max(other.end for other in packet.overtakes)
    return [other for other in packet.overtakes if other.end == latest][-1].epoch != packet.epoch
