"""What rings receive, as a whole and in windows aligned to absolute time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pcaphash.engine.replay.lanes import Lane, Lanes
from pcaphash.engine.replay.rings import Loads, Rings, occupied
from pcaphash.engine.replay.scale import Scale
from pcaphash.engine.replay.steering import Steered
from pcaphash.errors import ConfigurationError, Field
from pcaphash.quantities import PS_OF_NS

MOST_ROWS = 2_000_000
"""A row takes about a kilobyte of memory until it is written."""

QUANTILES = (500, 990, 999)  # in thousandths


@dataclass(frozen=True, slots=True)
class QueueLoad:
    """What one queue received in some time.

    Parameters
    ----------
    packets, n_bytes, dropped, reordered : int
        Packets and bytes that arrived; dropped ones; accepted ones that overtook another of their flow.
    busy_share, occupancy_mean : float
        Share of the time in which the core serves, and descriptors occupied on average.
    occupancy_max : int
        Most descriptors occupied at once.
    delays_ns : tuple of float
        The QUANTILES of the delays of accepted packets, and the longest; empty without an accepted packet.
    """

    packets: int
    n_bytes: int
    dropped: int
    reordered: int
    busy_share: float
    occupancy_mean: float
    occupancy_max: int
    delays_ns: tuple[float, ...]


@dataclass(frozen=True)
class Window:
    """What each queue of each lane received in one window.

    Parameters
    ----------
    start_ns : int
        When it starts, in nanoseconds since 1970.
    queues : list of list of QueueLoad
        By lane.
    """

    start_ns: int
    queues: list[list[QueueLoad]]


def loads_of(loads: Loads, duration_ps: int, cores: int) -> list[QueueLoad]:
    """Return what each queue received in a time of this length, each having so many cores."""
    span = duration_ps or 1
    return [
        QueueLoad(
            packets=int(loads.packets[queue]),
            n_bytes=int(loads.n_bytes[queue]),
            dropped=int(loads.dropped[queue]),
            reordered=int(loads.reordered[queue]),
            busy_share=loads.busy_ps[queue] / (cores * span),
            occupancy_mean=loads.occupied_ps[queue] / span,
            occupancy_max=int(loads.most_occupied[queue]),
            delays_ns=_delays_of(loads, queue),
        )
        for queue in range(len(loads.packets))
    ]


def _delays_of(loads: Loads, queue: int) -> tuple[float, ...]:
    if loads.packets[queue] == loads.dropped[queue]:
        return ()
    quantiles = loads.quantiles_ps(queue, QUANTILES)
    return tuple(delay / PS_OF_NS for delay in (*quantiles, int(loads.most_ps[queue])))


class _Account:
    """What one lane received so far, and what of it reaches into the next window."""

    def __init__(self, rings: Rings) -> None:
        self.rings = rings
        self._nothing = rings.take()
        self.total = self._nothing
        self._work = [0] * rings.n_queues
        self._occupied_ps = [0] * rings.n_queues
        self._occupied = [0] * rings.n_queues

    def close(self, now: int, window_ps: int) -> list[QueueLoad]:
        """Return the loads of a window that ends now."""
        loads = self._nothing
        if self.rings.has_counted:
            loads = self.rings.take()
            self.total = self.total.plus(loads)
        work = self.rings.work_left(now)
        counts, occupied_ps = occupied(self.rings.left(now))
        within = replace(
            loads,
            busy_ps=_moved(loads.busy_ps, self._work, work),
            occupied_ps=_moved(loads.occupied_ps, self._occupied_ps, occupied_ps),
            most_occupied=np.maximum(loads.most_occupied, self._occupied),
        )
        self._work, self._occupied_ps, self._occupied = work, occupied_ps, counts
        return loads_of(within, window_ps, self.rings.cores_of_queue)

    @property
    def is_empty(self) -> bool:
        """Whether all rings were empty when the last window ended."""
        return not any(self._work)


def _moved(times: list[int], before: list[int], after: list[int]) -> list[int]:
    """Return times of packets that arrived in a window as times in it: with what was left before, without what is."""
    return [time + left - still for time, left, still in zip(times, before, after, strict=True)]


class RingLanes(Lanes):
    """Runs packets through rings, and counts what they receive.

    Parameters
    ----------
    lanes : sequence of Lane
        Their receivers are Rings.
    scale : Scale
        Turns what gives the times of arrival into picoseconds.
    window_ns : int, optional
        Length of the windows in which loads are told as well.
    """

    def __init__(self, lanes: Sequence[Lane], scale: Scale, window_ns: int | None = None) -> None:
        super().__init__(lanes, scale)
        self.windows: list[Window] = []
        """Windows in which there was something in the rings, in order."""
        rings = [lane.receiver for lane in lanes]
        self._accounts = [_Account(each) for each in rings if isinstance(each, Rings)]
        self._window_ps = window_ns and window_ns * PS_OF_NS
        self._window: int | None = None

    def _run(self, steered: Steered, start: int, arrivals: npt.NDArray[np.int64]) -> None:
        if not self._window_ps:
            super()._run(steered, start, arrivals)
            return
        done = 0
        while done < len(arrivals):
            self._reach(int(arrivals[done]), self._window_ps)
            end = min(self._end_of(self._window_ps), int(arrivals[-1]) + 1)
            stop = int(np.searchsorted(arrivals, end))
            super()._run(steered, start + done, arrivals[done:stop])
            done = stop

    def _end_of(self, window_ps: int) -> int:
        """Return when the present window ends, in picoseconds after the epoch."""
        assert self._window is not None, "it begins with the first packet"
        return (self._window + 1) * window_ps - self.first_ns * PS_OF_NS - self.epoch_ps

    def _reach(self, now: int, window_ps: int) -> None:
        """Close windows until the one that a time after the epoch lies in."""
        own = (now + self.epoch_ps + self.first_ns * PS_OF_NS) // window_ps
        while self._window is not None and self._window < own:
            self._close(window_ps)
            if all(account.is_empty for account in self._accounts):
                break
        self._window = own

    def _close(self, window_ps: int) -> None:
        assert self._window is not None, "it begins with the first packet"
        end = self._end_of(window_ps)
        queues = [account.close(end, window_ps) for account in self._accounts]
        self.windows.append(Window(self._window * window_ps // PS_OF_NS, queues))
        if len(self.windows) * sum(map(len, queues)) > MOST_ROWS:
            problem = f"windows and receive queues make more than {MOST_ROWS:,} rows"
            raise ConfigurationError(Field("window_ns"), problem, "give a longer window, or select fewer packets")
        self._window += 1

    def finish(self) -> list[Loads]:
        """Return what each lane received as a whole, after closing the last windows."""
        if self._window_ps and self._window is not None:
            self._close(self._window_ps)
            while not all(account.is_empty for account in self._accounts):
                self._close(self._window_ps)
        return [account.total.plus(account.rings.take()) for account in self._accounts]

    def duration_ps(self, rings: Rings) -> int:
        """Return how long it took from the first arrival until all had arrived, and rings had served theirs."""
        return max(self.last_arrival_ps, self.epoch_ps + rings.last_end)
