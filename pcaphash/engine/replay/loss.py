"""Packets lost under many service rates at once, each service taking the same time."""

from collections.abc import Sequence

import numpy as np

from pcaphash.engine.replay.received import Received
from pcaphash.kernels.curve import run_curve, run_shared_curve


class Losses:
    """The rings of one configuration under each of several service rates.

    Times are picoseconds after an epoch that ``move`` moves.

    Parameters
    ----------
    n_queues : int
        How many rings there are, each with its core.
    services_ps : sequence of int
        How long a service takes under each rate, the longest first.
    ring_size : int
        Descriptors of each ring.
    """

    def __init__(self, n_queues: int, services_ps: Sequence[int], ring_size: int) -> None:
        self.services_ps = tuple(services_ps)
        self.packets = 0
        """Packets that arrived for a queue."""
        self.dropped = np.zeros(len(services_ps), np.int64)
        """Packets dropped under each rate."""
        self.n_queues = n_queues
        self._services = np.array(services_ps, np.int64)
        self._limits = (ring_size - 1) * self._services
        self._ends = np.zeros(n_queues * len(services_ps), np.int64)

    @property
    def cores_packets(self) -> float | None:
        """Packets for each core, if all share a ring; None if each has its own."""
        return None

    def run(self, packets: Received) -> None:
        """Run packets, which arrive in this order for these queues; nothing else of them matters."""
        self.packets += int(np.count_nonzero(packets.queues >= 0))
        run_curve(
            packets.arrivals, packets.queues, 0, len(packets), self._services, self._limits, len(self._services),
            self._ends, self.dropped,
        )  # fmt: skip

    def found(self) -> list[tuple[int, int]]:
        """Return packets dropped under each service time, the longest first."""
        return list(zip(self.services_ps, self.dropped.tolist(), strict=True))

    def move(self, ps: int) -> None:
        """Let times count from so many picoseconds later."""
        np.maximum(self._ends - min(ps, 2**62), 0, out=self._ends)


class SharedLosses(Losses):
    """One ring with the descriptors of several, from which all cores take, under each of several service rates."""

    def __init__(self, n_cores: int, services_ps: Sequence[int], ring_size: int) -> None:
        super().__init__(n_cores, services_ps, ring_size)
        self._nexts = np.zeros(len(services_ps), np.int64)

    @property
    def cores_packets(self) -> float | None:
        """Packets for each core."""
        return self.packets / self.n_queues

    def run(self, packets: Received) -> None:
        """Run packets, which arrive in this order."""
        self.packets += len(packets)
        run_shared_curve(
            packets.arrivals, 0, len(packets), self._services, self._limits, len(self._services), self.n_queues,
            self._nexts, self._ends, self.dropped,
        )  # fmt: skip
