"""Packets and bytes of every tunnel, in memory that is bounded, faster than counting the flows in them."""

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reader import Block
from pcaphash.engine.flows.table import Flows, KeyTable, largest_hash
from pcaphash.engine.rules import ReadingRules
from pcaphash.kernels.dissect import N_SIGNATURES
from pcaphash.kernels.flows import count_flows
from pcaphash.kernels.tunnel_keys import TUNNEL_WORDS, read_tunnel_keys

DEFAULT_MOST_TUNNELS = 100_000


class TunnelTable:
    """Counts packets and bytes by signature, and of tunnels also by outer addresses and virtual network.

    Where there are more tunnels than are wanted, those with the larger half of the hashes of their keys are dropped,
    and again, until the others fit, as ``engine.flows.table`` has it; counts by signature are whole nevertheless.

    Parameters
    ----------
    rules : ReadingRules
        How headers are read.
    most_tunnels : int
        How many tunnels to keep at most; one counts once for each kind of inner header in it.
    """

    def __init__(self, rules: ReadingRules, most_tunnels: int = DEFAULT_MOST_TUNNELS) -> None:
        self._rules = rules
        self._most_tunnels = most_tunnels
        self._halvings = 0
        self._loads = np.zeros(N_SIGNATURES * 2, np.int64)
        self._lumped = np.zeros(N_SIGNATURES * 2, np.int64)
        self._table = KeyTable(TUNNEL_WORDS)
        self._rows = np.empty(0, np.uint64)
        self._numbers = np.empty(0, np.int64)

    def __getstate__(self) -> dict[str, object]:
        """Leave out the room for the tunnels of a block."""
        return vars(self) | {"_rows": np.empty(0, np.uint64), "_numbers": np.empty(0, np.int64)}

    @property
    def loads(self) -> npt.NDArray[np.int64]:
        """Packets and bytes by signature, shape (N_SIGNATURES, 2); a view."""
        return self._loads.reshape(-1, 2)

    @property
    def kept_share(self) -> float:
        """Which share of all tunnels is kept, about; exactly 1 where all are."""
        return float(2.0**-self._halvings)

    def tunnels(self) -> Flows:
        """Return the tunnels as flows whose keys end after the outer addresses."""
        return self._table.take()

    def append(self, block: Block, times: npt.NDArray[np.int64]) -> None:
        """Count the packets of a block of a trace, given their times."""
        n = len(block.records)
        if n > len(self._numbers):
            self._rows = np.empty(n * (1 + TUNNEL_WORDS), np.uint64)
            self._numbers = np.empty(n, np.int64)
        table = self._table
        n_rows = read_tunnel_keys(
            block.data, block.records, n, *self._rules.arguments,
            self._loads, self._rows, self._numbers,
        )  # fmt: skip
        done = 0
        while done < n_rows:
            counted, table.used = count_flows(
                self._rows[done * (1 + TUNNEL_WORDS) :], self._numbers[done:], n_rows - done, TUNNEL_WORDS,
                block.records, times, np.uint64(self._largest_hash), self._lumped,
                table.index, table.rows, table.sums, table.used, table.capacity,
            )  # fmt: skip
            done += counted
            self._make_room()

    def combine(self, other: "TunnelTable") -> None:
        """Add what was counted of other packets; it may keep fewer tunnels then."""
        self._loads += other._loads
        self._lumped += other._lumped
        table, theirs = self._table, other._table
        while self._halvings < other._halvings:
            self._halve()
        done = 0
        while done < theirs.used:
            done = table.merge(theirs, done, self._largest_hash, self._lumped)
            self._make_room()

    def _make_room(self) -> None:
        """Keep no more tunnels than are wanted, and have room for another one."""
        while self._table.used > self._most_tunnels:
            self._halve()
        if self._table.used == self._table.capacity:
            self._table.make_room(2 * self._table.capacity)

    def _halve(self) -> None:
        """Keep half of the tunnels."""
        self._halvings += 1
        self._table.keep(self._largest_hash, self._lumped)

    @property
    def _largest_hash(self) -> int:
        """The largest hash of a key that is kept."""
        return largest_hash(self._halvings)
