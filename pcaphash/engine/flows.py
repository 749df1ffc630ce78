"""The flows of a trace, exactly counted, in memory that is bounded."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reader import Block
from pcaphash.engine.census import Identity
from pcaphash.kernels.dissect import N_SIGNATURES
from pcaphash.kernels.flows import (
    BYTES,
    FIRST_TIME,
    HAS_NETWORK,
    KEY_WORDS,
    LAST_TIME,
    LONG_KEY_WORDS,
    N_SUMS,
    PACKETS,
    SIGNATURE_MASK,
    count_flows,
    index_flows,
    read_flow_keys,
)
from pcaphash.kernels.tunnel import NO_NETWORK_NUMBER

DEFAULT_MOST_FLOWS = 1_000_000

_FIRST_CAPACITY = 1024
_LARGEST_HASH = (1 << 64) - 1
_SMALLEST_HASH = 1 << 63


@dataclass(frozen=True, eq=False)
class Flows:
    """Flows with keys of one length.

    Parameters
    ----------
    keys : uint64 array of shape (n, KEY_WORDS) or (n, LONG_KEY_WORDS)
        As ``kernels.flows`` lays them out.
    sums : int64 array of shape (n, N_SUMS)
        Packets, bytes, first and last time (nanoseconds since 1970, or NO_TIMESTAMP).
    """

    keys: npt.NDArray[np.uint64]
    sums: npt.NDArray[np.int64]

    @property
    def signatures(self) -> npt.NDArray[np.int64]:
        """The signature of each flow."""
        return signatures_of(self.keys[:, 0])

    @property
    def network_numbers(self) -> npt.NDArray[np.int64]:
        """VNI, VSID or GRE key of each flow; NO_NETWORK_NUMBER where there is none."""
        numbers = (self.keys[:, 1] >> np.uint64(32)).astype(np.int64)
        return np.where(self.keys[:, 0] & HAS_NETWORK != 0, numbers, NO_NETWORK_NUMBER)

    @property
    def loads(self) -> npt.NDArray[np.int64]:
        """Packets and bytes of each flow, shape (n, 2)."""
        return self.sums[:, [PACKETS, BYTES]]

    @property
    def first_times(self) -> npt.NDArray[np.int64]:
        """When the first packet of each flow was captured."""
        return self.sums[:, FIRST_TIME]

    @property
    def last_times(self) -> npt.NDArray[np.int64]:
        """When the last packet of each flow was captured."""
        return self.sums[:, LAST_TIME]

    def key_bytes(self) -> npt.NDArray[np.uint8]:
        """Return the keys as bytes in network order, shape (n, 8 * words)."""
        n, n_words = self.keys.shape
        return self.keys.astype(">u8").view(np.uint8).reshape(n, 8 * n_words)


def join_flows(groups: Sequence[Flows]) -> Flows:
    """Put flows of all kinds into one table, without the addresses that only extended types hash."""
    return Flows(
        np.concatenate([flows.keys[:, :KEY_WORDS] for flows in groups]),
        np.concatenate([flows.sums for flows in groups]),
    )


def signatures_of(first_words: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Return the signatures in the first words of keys."""
    return ((first_words >> np.uint64(32)) & SIGNATURE_MASK).astype(np.int64)


class KeyTable:
    """One table of the kernels, which grows as flows turn up."""

    def __init__(self, n_words: int) -> None:
        self.n_words = n_words
        self.used = 0
        self.rows = np.zeros(_FIRST_CAPACITY * (1 + n_words), np.uint64)
        self.sums = np.zeros(_FIRST_CAPACITY * N_SUMS, np.int64)
        self.index = np.zeros(2 * _FIRST_CAPACITY, np.uint64)

    @property
    def capacity(self) -> int:
        """Rows that there is room for."""
        return len(self.sums) // N_SUMS

    def take(self) -> Flows:
        """Return a copy of what is counted."""
        keys = self.rows.reshape(-1, 1 + self.n_words)[: self.used, 1:]
        return Flows(keys.copy(), self.sums.reshape(-1, N_SUMS)[: self.used].copy())

    def make_room(self, most: int) -> None:
        """Make room for twice the flows, but no more than ``most``."""
        capacity = min(2 * self.capacity, most)
        for name, width in (("rows", 1 + self.n_words), ("sums", N_SUMS)):
            old = getattr(self, name)
            new = np.zeros(capacity * width, old.dtype)
            new[: self.used * width] = old[: self.used * width]
            setattr(self, name, new)
        self._index_again()

    def keep(self, largest: int, lumped: npt.NDArray[np.int64]) -> None:
        """Keep the flows whose hash is at most ``largest``, and add the others to those lumped together."""
        rows = self.rows.reshape(-1, 1 + self.n_words)[: self.used]
        sums = self.sums.reshape(-1, N_SUMS)[: self.used]
        kept = rows[:, 0] <= np.uint64(largest)
        signatures = signatures_of(rows[~kept, 1])
        np.add.at(lumped.reshape(-1, 2), signatures, sums[~kept][:, [PACKETS, BYTES]])
        n_kept = int(kept.sum())
        rows[:n_kept], sums[:n_kept] = rows[kept], sums[kept]
        self.used = n_kept
        self._index_again()

    def _index_again(self) -> None:
        self.index = np.zeros(2 << max(self.capacity - 1, 1).bit_length(), np.uint64)
        index_flows(self.index, self.rows, self.used, self.n_words)


class FlowTable:
    """Counts packets and bytes of flows.

    A flow is everything of a packet that some configuration could hash: encapsulation, addresses and ports of the outer
    header and of the inner one, home address and routing header's address; and the number of the virtual network.
    Where there are more flows than are wanted, those with the larger half of the hashes of their keys are lumped
    together, and again, until the others fit. Which flows are kept, and their counts, do not depend on the order of
    packets.

    Parameters
    ----------
    identity : Identity
        Says which UDP ports are tunnels, and how headers are read.
    most_flows : int
        How many flows to keep at most.
    """

    def __init__(self, identity: Identity, most_flows: int = DEFAULT_MOST_FLOWS) -> None:
        self._identity = identity
        self._most_flows = most_flows
        self._halvings = 0
        self._tables = KeyTable(KEY_WORDS), KeyTable(LONG_KEY_WORDS)
        self._lumped = np.zeros(N_SIGNATURES * 2, np.int64)
        self._new_rows = [np.empty(0, np.uint64) for _ in self._tables]
        self._numbers = [np.empty(0, np.int64) for _ in self._tables]

    @property
    def n_flows(self) -> int:
        """How many flows are kept."""
        return sum(table.used for table in self._tables)

    @property
    def is_complete(self) -> bool:
        """Whether all flows are kept."""
        return self._halvings == 0

    @property
    def kept_share(self) -> float:
        """Which share of all flows is kept, about; exactly 1 where all are."""
        return float(2.0**-self._halvings)

    @property
    def lumped(self) -> npt.NDArray[np.int64]:
        """Packets and bytes by signature of the flows that are not kept, shape (N_SIGNATURES, 2)."""
        return self._lumped.reshape(-1, 2).copy()

    def flows(self) -> tuple[Flows, Flows]:
        """Return the flows without and with the addresses that extended types hash."""
        plain, extended = self._tables
        return plain.take(), extended.take()

    def append(self, block: Block) -> None:
        """Count the packets of a block."""
        n = len(block.records)
        if n > len(self._numbers[0]):
            self._new_rows = [np.empty(n * (1 + table.n_words), np.uint64) for table in self._tables]
            self._numbers = [np.empty(n, np.int64) for _ in self._tables]
        new_rows, numbers = self._new_rows, self._numbers
        identity = self._identity
        n_new = read_flow_keys(
            block.data, block.records, n, identity.prepared_key, identity.port_types, identity.departures,
            new_rows[0], numbers[0], new_rows[1], numbers[1],
        )  # fmt: skip
        times = block.timestamps()
        for table, rows, of_rows, n_rows in zip(self._tables, new_rows, numbers, n_new, strict=True):
            done = 0
            while done < n_rows:
                counted, table.used = count_flows(
                    rows[done * (1 + table.n_words) :], of_rows[done:], n_rows - done, table.n_words,
                    block.records, times, np.uint64(self._largest_hash), self._lumped,
                    table.index, table.rows, table.sums, table.used, table.capacity,
                )  # fmt: skip
                done += counted
                if done < n_rows:
                    table.make_room(max(self._most_flows + 1, 2 * _FIRST_CAPACITY))
                while self.n_flows > self._most_flows:
                    self._halve()

    @property
    def _largest_hash(self) -> int:
        return _SMALLEST_HASH + ((_LARGEST_HASH - _SMALLEST_HASH) >> self._halvings)

    def _halve(self) -> None:
        """Keep half of the flows."""
        self._halvings += 1
        for table in self._tables:
            table.keep(self._largest_hash, self._lumped)
