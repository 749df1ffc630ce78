"""Receive rings and cores in time, and what is kept of them."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.engine.replay.received import Received
from pcaphash.kernels import rings as kernel
from pcaphash.kernels.rings import BINS_OF_POWER, BUCKET_LEN, N_BINS, N_SUMS, STATE_LEN

_FIRST_BUCKETS = 1024
_LOW_BITS = 31
_NOT_TOLD = np.zeros(0, np.bool_)


@dataclass(frozen=True)
class Service:
    """Rings of one size, and how long a core takes for a packet.

    Parameters
    ----------
    ring_size : int
        Descriptors of a ring.
    fixed_ps, per_byte_ps : int
        Picoseconds for each packet, and for each byte of its original length.
    """

    ring_size: int
    fixed_ps: int
    per_byte_ps: int = 0


@dataclass(frozen=True, eq=False)
class Loads:
    """What was counted on each of several queues.

    Parameters
    ----------
    packets, n_bytes, dropped, reordered, by_change : int64 arrays of shape (n_queues,)
        Packets and bytes that arrived; dropped ones; accepted ones that overtook another of their flow; and those of
        them for which that one was steered by another configuration in time.
    most_occupied : int64 array of shape (n_queues,)
        Most descriptors occupied at once.
    busy_ps, occupied_ps : list of int
        How long packets were served, and the sum over all packets of how long each occupied a descriptor.
    least_ps, most_ps : int64 arrays of shape (n_queues,)
        Shortest and longest delay from arrival to the end of service; without an accepted packet they mean nothing.
    bins : int64 array of shape (n_queues, N_BINS)
        Accepted packets by their delay.
    """

    packets: npt.NDArray[np.int64]
    n_bytes: npt.NDArray[np.int64]
    dropped: npt.NDArray[np.int64]
    reordered: npt.NDArray[np.int64]
    by_change: npt.NDArray[np.int64]
    most_occupied: npt.NDArray[np.int64]
    busy_ps: list[int]
    occupied_ps: list[int]
    least_ps: npt.NDArray[np.int64]
    most_ps: npt.NDArray[np.int64]
    bins: npt.NDArray[np.int64]

    def quantiles_ps(self, queue: int, thousandths: Iterable[int]) -> list[int]:
        """Return delays that these shares of the accepted packets of a queue do not exceed, by nearest rank.

        Returns
        -------
        list of int
            Each known to 1/128 of itself, and within the shortest and the longest delay.
        """
        below = np.cumsum(self.bins[queue])
        ranks = [max(-(-share * int(below[-1]) // 1000), 1) for share in thousandths]
        least, most = int(self.least_ps[queue]), int(self.most_ps[queue])
        bounds = [bounds_of(int(np.searchsorted(below, rank))) for rank in ranks]
        return [min(max(low + (width - 1) // 2, least), most) for low, width in bounds]

    def plus(self, other: "Loads") -> "Loads":
        """Return these and other loads of the same queues."""
        return Loads(
            self.packets + other.packets,
            self.n_bytes + other.n_bytes,
            self.dropped + other.dropped,
            self.reordered + other.reordered,
            self.by_change + other.by_change,
            np.maximum(self.most_occupied, other.most_occupied),
            [mine + theirs for mine, theirs in zip(self.busy_ps, other.busy_ps, strict=True)],
            [mine + theirs for mine, theirs in zip(self.occupied_ps, other.occupied_ps, strict=True)],
            np.minimum(self.least_ps, other.least_ps),
            np.maximum(self.most_ps, other.most_ps),
            self.bins + other.bins,
        )


def bounds_of(number: int) -> tuple[int, int]:
    """Return the least delay that is counted in a bin, and how many picoseconds wide it is."""
    shift = max(number // BINS_OF_POWER - 1, 0)
    return (number - BINS_OF_POWER * shift) << shift, 1 << shift


def _sum_exactly(values: npt.NDArray[np.int64]) -> int:
    """Sum up what is not negative and may leave 64 bits."""
    return (int((values >> _LOW_BITS).sum()) << _LOW_BITS) + int((values & ((1 << _LOW_BITS) - 1)).sum())


class Rings:
    """The rings of one configuration, each with its core.

    Times are picoseconds after an epoch that ``move`` moves.

    Parameters
    ----------
    n_queues : int
        How many rings there are.
    service : Service
        Their size, and how long a core takes for a packet.
    """

    def __init__(self, n_queues: int, service: Service) -> None:
        self.n_queues = n_queues
        self.service = service
        self.cores_of_queue = 1
        self.drops = _NOT_TOLD
        """Set for packets that the next run drops, if it has room for all packets of the run."""
        self._bits = (service.ring_size - 1).bit_length()
        self._ends = np.zeros(n_queues << self._bits, np.int64)
        self._states = np.zeros(n_queues * STATE_LEN, np.int64)
        self._new_sums()
        self._table = np.zeros(_FIRST_BUCKETS * BUCKET_LEN, np.int64)

    @property
    def last_end(self) -> int:
        """When the last service ends of packets that have arrived so far."""
        return int(self._states[kernel.LAST_END :: STATE_LEN].max(initial=0))

    def run(self, packets: Received) -> None:
        """Run packets."""
        done, n = 0, len(packets)
        while done < n:
            done = self._run_from(done, packets)
            if done < n:
                self._grow(int(packets.arrivals[done]))

    def _run_from(self, start: int, packets: Received) -> int:
        """Run packets from ``start`` on; return up to which they ran: the table of flows may have no room."""
        return kernel.run_rings(
            packets.arrivals, packets.lengths, packets.flows, packets.queues, start, len(packets), packets.epoch,
            self.service.fixed_ps, self.service.per_byte_ps, self.service.ring_size, self._bits, self._ends,
            self._states, self._sums, self._bins, self._table, self._n_buckets, self.drops,
        )  # fmt: skip

    def move(self, ps: int) -> None:
        """Let times count from so many picoseconds later; what has passed then need not be told apart any more."""
        ps = min(ps, 2**62)
        last_ends, latest = self._states[kernel.LAST_END :: STATE_LEN], self._table[kernel.LATEST :: kernel.ENTRY_LEN]
        for times in (self._ends, last_ends, latest):
            np.maximum(times - ps, 0, out=times)

    def left(self, now: int) -> list[npt.NDArray[np.int64]]:
        """Return for each queue how much longer each packet there occupies its descriptor."""
        states, ends = self._states.reshape(-1, STATE_LEN), self._ends.reshape(self.n_queues, 1 << self._bits)
        places = ends.shape[1] - 1
        found = []
        for (head, count, _), ring in zip(states.tolist(), ends, strict=True):
            times = ring[np.arange(head, head + count) & places] - now
            found.append(times[times > 0])
        return found

    def work_left(self, now: int) -> list[int]:
        """Return how long the cores of each queue have still to serve."""
        return [max(end - now, 0) for end in self._states[kernel.LAST_END :: STATE_LEN].tolist()]

    @property
    def has_counted(self) -> bool:
        """Whether a packet arrived since ``take`` was last called."""
        return bool(self._sums[kernel.PACKETS :: N_SUMS].any())

    def take(self) -> Loads:
        """Return what was counted since this was last called."""
        sums, bins = self._sums.reshape(-1, N_SUMS), self._bins.reshape(-1, N_BINS)
        self._new_sums()

        def times(column: int) -> list[int]:
            """Return sums of times, each of which takes two columns."""
            return [low + (high << kernel.LIMIT_BITS) for low, high in sums[:, column : column + 2].tolist()]

        return Loads(
            packets=sums[:, kernel.PACKETS],
            n_bytes=sums[:, kernel.BYTES],
            dropped=sums[:, kernel.DROPPED],
            reordered=sums[:, kernel.REORDERED],
            by_change=sums[:, kernel.BY_CHANGE],
            most_occupied=sums[:, kernel.MOST_OCCUPIED],
            busy_ps=times(kernel.BUSY),
            occupied_ps=times(kernel.WAITED),
            least_ps=sums[:, kernel.LEAST_DELAY],
            most_ps=sums[:, kernel.MOST_DELAY],
            bins=bins,
        )

    @property
    def _n_buckets(self) -> int:
        return len(self._table) // BUCKET_LEN

    def _new_sums(self) -> None:
        self._sums = np.zeros(self.n_queues * N_SUMS, np.int64)
        self._sums[kernel.LEAST_DELAY :: N_SUMS] = kernel.NO_DELAY
        self._bins = np.zeros(self.n_queues * N_BINS, np.int64)

    def _grow(self, now: int) -> None:
        """Make room for twice the flows, or more where that is not enough."""
        old, n_buckets = self._table, 2 * self._n_buckets
        while True:
            self._table = np.zeros(n_buckets * BUCKET_LEN, np.int64)
            if kernel.move_flows(old, len(old) // BUCKET_LEN, self._table, n_buckets, now):
                return
            n_buckets *= 2


class SharedRing(Rings):
    """One ring with the descriptors of several, from which all cores take: whichever is free first serves.

    Parameters
    ----------
    n_cores : int
        How many cores there are.
    service : Service
        The size of a ring, of which there would be one per core, and how long a core takes for a packet.
    """

    def __init__(self, n_cores: int, service: Service) -> None:
        super().__init__(1, Service(n_cores * service.ring_size, service.fixed_ps, service.per_byte_ps))
        self.cores_of_queue = n_cores
        self._starts, self._cores = np.zeros_like(self._ends), np.zeros_like(self._ends)
        self._frees, self._serving = np.zeros(n_cores, np.int64), np.zeros(n_cores, np.int64)

    def _run_from(self, start: int, packets: Received) -> int:
        """Run packets; whatever their queues, all of them take the one ring."""
        return kernel.run_shared_ring(
            packets.arrivals, packets.lengths, packets.flows, start, len(packets), self.service.fixed_ps,
            self.service.per_byte_ps, self.service.ring_size, self._bits, self.cores_of_queue, self._starts,
            self._ends, self._cores, self._states, self._frees, self._serving, self._sums, self._bins, self._table,
            self._n_buckets,
        )  # fmt: skip

    def move(self, ps: int) -> None:
        """Let times count from so many picoseconds later."""
        super().move(ps)
        for times in (self._starts, self._frees, self._serving):
            np.maximum(times - min(ps, 2**62), 0, out=times)

    def left(self, now: int) -> list[npt.NDArray[np.int64]]:
        """Return how much longer each packet occupies its descriptor."""
        head, count, _ = self._states.tolist()
        waiting = np.arange(head, head + count) & (len(self._ends) - 1)
        times = np.concatenate([self._ends[waiting], self._serving]) - now
        return [times[times > 0]]

    def work_left(self, now: int) -> list[int]:
        """Return how long the cores have still to serve, all together."""
        return [sum(max(end - now, 0) for end in self._frees.tolist())]


def occupied(left: Iterable[npt.NDArray[np.int64]]) -> tuple[list[int], list[int]]:
    """Return for each queue how many packets there are, and how long they occupy descriptors still in sum."""
    left = list(left)
    return [len(times) for times in left], [_sum_exactly(times) for times in left]
