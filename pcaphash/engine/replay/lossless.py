"""The longest service under which no packet is lost, exactly, in one pass."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pcaphash.engine.replay.received import Received
from pcaphash.kernels import lossless as kernel
from pcaphash.kernels.lossless import CORNER_LEN, STATE_LEN, run_lossless

Tables = Sequence[npt.NDArray[np.int32]]

_FIRST_ROOM = 16 * CORNER_LEN
_FARTHEST = -(2**62)


class LongestService:
    """Rings, under the longest service with which none of them has lost a packet so far.

    Times are picoseconds after an epoch that ``move`` moves. Memory grows with the ring and, slowly, with how unevenly
    packets come; not with their number.

    Parameters
    ----------
    tables : sequence of int32 arrays
        For each configuration in time, the ring behind each entry of the table; negative where packets go to none.
    ring_size : int
        Descriptors of each ring.
    most_ps : int
        The longest service of all; as many as a ring has descriptors must fit into 61 bits.
    grid_ps : sequence of int
        The services of which the longest one is looked for, longest first: far faster than if it may be any.
    """

    def __init__(self, tables: Tables, ring_size: int, most_ps: int, grid_ps: Sequence[int] = ()) -> None:
        self.service_ps = most_ps
        """The longest service without loss, in picoseconds; 0 if none is short enough."""
        self._tables = tables
        self._grid = np.array([*grid_ps, 0] if grid_ps else [], np.int64)
        self._ring_size, self._bits = ring_size, (ring_size - 1).bit_length()
        self._n_queues = 1 + max(int(table.max()) for table in tables)
        self._states = np.zeros(self._n_queues * STATE_LEN, np.int64)
        self._recent = np.zeros(self._n_queues << self._bits, np.int64)
        self._room = _FIRST_ROOM
        self._corners = np.zeros(self._n_queues * self._room, np.int64)

    def run(self, packets: Received) -> None:
        """Run packets, whose ``queues`` are entries of the table of their configuration."""
        done, n = 0, len(packets)
        while done < n:
            done, self.service_ps = run_lossless(
                packets.arrivals, packets.queues, self._tables[packets.epoch], done, n, self._ring_size, self._bits,
                self.service_ps, self._grid, len(self._grid), self._states, self._recent, self._corners, self._room,
            )  # fmt: skip
            if done < n:
                self._grow()

    @property
    def busiest_packets(self) -> int:
        """Packets that came to the ring that most came to."""
        return int(self._states[kernel.COUNT :: STATE_LEN].max())

    def move(self, ps: int) -> None:
        """Let times count from so many picoseconds later."""
        ps = min(ps, 2**62)
        ends, arrivals = self._states[kernel.END :: STATE_LEN], self._corners[kernel.ARRIVAL :: CORNER_LEN]
        np.maximum(ends - ps, 0, out=ends)
        for times in (self._recent, arrivals):
            times -= np.minimum(ps, times - _FARTHEST)

    def _grow(self) -> None:
        """Make room for more corners."""
        corners = np.zeros((self._n_queues, 2 * self._room), np.int64)
        corners[:, : self._room] = self._corners.reshape(self._n_queues, self._room)
        self._corners, self._room = corners.reshape(-1), 2 * self._room
