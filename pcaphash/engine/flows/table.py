"""The flows of a trace, exactly counted, in memory that is bounded."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reader import Block
from pcaphash.engine.flows.grouping import least_rows
from pcaphash.engine.limits import DEFAULT_MOST_FLOWS
from pcaphash.engine.rules import ReadingRules
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
    merge_flows,
    read_flow_keys,
)
from pcaphash.kernels.tunnel import NO_NETWORK_NUMBER

if TYPE_CHECKING:
    from pcaphash.engine.census.census import Census

_FIRST_CAPACITY = 1024
# Flows without extended headers that room is reserved for. Memory is taken as they turn up, and nothing is copied.
_RESERVED = 1 << 20
_TABLES = KEY_WORDS, LONG_KEY_WORDS
_LARGEST_HASH = (1 << 64) - 1
_SMALLEST_HASH = 1 << 63


@dataclass(frozen=True, eq=False)
class Flows:
    """Flows with keys of one length.

    Parameters
    ----------
    rows : uint64 array of shape (n, 1 + KEY_WORDS) or (n, 1 + LONG_KEY_WORDS)
        The key of each behind its hash, as ``kernels.flows`` lays them out.
    sums : int64 array of shape (n, N_SUMS)
        Packets, bytes, first and last time (nanoseconds since 1970, or NO_TIMESTAMP).
    """

    rows: npt.NDArray[np.uint64]
    sums: npt.NDArray[np.int64]

    def __len__(self) -> int:
        """Return how many flows there are."""
        return len(self.rows)

    @property
    def hashes(self) -> npt.NDArray[np.uint64]:
        """A hash of the key of each flow."""
        return self.rows[:, 0]

    @property
    def keys(self) -> npt.NDArray[np.uint64]:
        """The key of each flow."""
        return self.rows[:, 1:]

    @cached_property
    def signatures(self) -> npt.NDArray[np.int64]:
        """The signature of each flow."""
        return signatures_of(self.keys[:, 0])

    @cached_property
    def distinct_signatures(self) -> list[int]:
        """The signatures that flows have, ascending."""
        found: list[int] = np.flatnonzero(np.bincount(self.signatures)).tolist()
        return found

    def by_signature(self, value: Callable[[int], int]) -> npt.NDArray[np.int64]:
        """Work something out once per signature, and return it for each flow."""
        values = np.zeros(N_SIGNATURES, np.int64)
        for signature in self.distinct_signatures:
            values[signature] = value(signature)
        return values[self.signatures]

    @property
    def network_numbers(self) -> npt.NDArray[np.int64]:
        """VNI, VSID or GRE key of each flow; NO_NETWORK_NUMBER where there is none."""
        numbers = (self.keys[:, 1] >> np.uint64(32)).astype(np.int64)
        return np.where(self.keys[:, 0] & HAS_NETWORK != 0, numbers, NO_NETWORK_NUMBER)

    @cached_property
    def loads(self) -> npt.NDArray[np.int64]:
        """Packets and bytes of each flow, shape (n, 2)."""
        return np.ascontiguousarray(self.sums[:, PACKETS : BYTES + 1])

    def heaviest(self, chosen: npt.NDArray[np.int64], most: int) -> npt.NDArray[np.int64]:
        """Return which of the chosen flows have the most packets; equal ones in order of their keys."""
        return least_rows([-self.loads[chosen, 0], *self.keys[chosen].T, self.hashes[chosen]], most)

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
        return np.ascontiguousarray(self.keys, ">u8").view(np.uint8).reshape(n, 8 * n_words)


def join_flows(groups: Sequence[Flows]) -> Flows:
    """Put flows of all kinds into one table, without the addresses that only extended types hash."""
    groups = [flows for flows in groups if len(flows)] or list(groups[:1])
    rows = [flows.rows[:, : 1 + KEY_WORDS] for flows in groups]
    if len(groups) == 1:  # the common case, in which nothing need be copied
        return Flows(np.ascontiguousarray(rows[0]), groups[0].sums)
    return Flows(np.concatenate(rows), np.concatenate([flows.sums for flows in groups]))


def signatures_of(first_words: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Return the signatures in the first words of keys."""
    return ((first_words >> np.uint64(32)) & SIGNATURE_MASK).astype(np.int64)


def largest_hash(halvings: int) -> int:
    """Return the largest hash of a key that is kept after so many times half of the keys were dropped."""
    return _SMALLEST_HASH + ((_LARGEST_HASH - _SMALLEST_HASH) >> halvings)


class KeyTable:
    """One table of the kernels, which grows as flows turn up.

    Parameters
    ----------
    n_words : int
        Words of a key.
    reserved : int
        How many flows are never copied as it grows.
    """

    def __init__(self, n_words: int, reserved: int = _FIRST_CAPACITY) -> None:
        self.n_words = n_words
        self.used = 0
        self.capacity = _FIRST_CAPACITY
        self.rows = np.zeros(reserved * (1 + n_words), np.uint64)
        self.sums = np.zeros(reserved * N_SUMS, np.int64)
        self.index = np.zeros(2 * _FIRST_CAPACITY, np.uint64)

    def __getstate__(self) -> tuple[int, npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
        """Leave out the room that no flow takes, and the index."""
        return self.n_words, self.rows[: self.used * (1 + self.n_words)], self.sums[: self.used * N_SUMS]

    def __setstate__(self, state: tuple[int, npt.NDArray[np.uint64], npt.NDArray[np.int64]]) -> None:
        """Make room for as many flows, and an index of them."""
        self.n_words, rows, sums = state
        self.rows, self.sums = rows.copy(), sums.copy()  # what is given may not be writable
        self.used = len(sums) // N_SUMS
        self._make_room_for(max(self.used, _FIRST_CAPACITY))

    def take(self) -> Flows:
        """Return what is counted, without a copy, valid until more is counted.

        The order of flows depends on that of packets and on the threads that count them: nothing else may.
        """
        rows, sums = self.rows.reshape(-1, 1 + self.n_words), self.sums.reshape(-1, N_SUMS)
        return Flows(rows[: self.used], sums[: self.used])

    def make_room(self, most: int) -> None:
        """Make room for twice the flows, but no more than ``most``."""
        self._make_room_for(min(2 * self.capacity, most))

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

    def merge(self, other: "KeyTable", done: int, largest: int, lumped: npt.NDArray[np.int64]) -> int:
        """Add flows of another table from number ``done`` on, as room allows; return up to which they are added.

        Those whose hash is more than ``largest`` are added to those lumped together.
        """
        done, self.used = merge_flows(
            other.rows, other.sums, done, other.used, self.n_words, np.uint64(largest), lumped,
            self.index, self.rows, self.sums, self.used, self.capacity,
        )  # fmt: skip
        return done

    def _make_room_for(self, capacity: int) -> None:
        self.capacity = capacity
        for name, width in (("rows", 1 + self.n_words), ("sums", N_SUMS)):
            old = getattr(self, name)
            if len(old) < capacity * width:
                new = np.zeros(capacity * width, old.dtype)
                new[: self.used * width] = old[: self.used * width]
                setattr(self, name, new)
        self._index_again()

    def _index_again(self) -> None:
        self.index = np.zeros(2 << max(self.capacity - 1, 1).bit_length(), np.uint64)
        index_flows(self.index, self.rows, self.used, self.n_words)


class _NewKeys:
    """Room for the keys of packets of a block, and for which packet each is of, for either table."""

    def __init__(self) -> None:
        self._reserve(0)

    def make_room(self, n: int) -> None:
        """Make room for so many packets."""
        if n > len(self.numbers[0]):
            self._reserve(n)

    def _reserve(self, n: int) -> None:
        self.rows = [np.empty(n * (1 + n_words), np.uint64) for n_words in _TABLES]
        self.numbers = [np.empty(n, np.int64) for _ in _TABLES]


class FlowTable:
    """Counts packets and bytes of flows.

    A flow is everything of a packet that some configuration could hash: encapsulation, addresses and ports of the outer
    header and of the inner one, home address and routing header's address; and the number of the virtual network.
    Where there are more flows than are wanted, those with the larger half of the hashes of their keys are lumped
    together, and again, until the others fit. Which flows are kept, and their counts, do not depend on the order of
    packets.

    Parameters
    ----------
    rules : ReadingRules
        How headers are read.
    most_flows : int
        How many flows to keep at most.
    censuses : sequence of Census
        They are given the packets of all flows while all flows are kept: to count a flow takes less than to count its
        packets.
    """

    def __init__(
        self, rules: ReadingRules, most_flows: int = DEFAULT_MOST_FLOWS, censuses: "Sequence[Census]" = ()
    ) -> None:
        self._rules = rules
        self._most_flows = most_flows
        self._censuses = list(censuses)
        self._is_settled = False
        self._halvings = 0
        self._tables = [KeyTable(KEY_WORDS, _RESERVED), KeyTable(LONG_KEY_WORDS)]
        self._lumped = np.zeros(N_SIGNATURES * 2, np.int64)
        self._lock = Lock()
        self._spare: list[_NewKeys] = []

    def __getstate__(self) -> dict[str, object]:
        """Leave out what only threads of this process need."""
        return {name: value for name, value in vars(self).items() if name not in ("_lock", "_spare")}

    def __setstate__(self, state: dict[str, object]) -> None:
        """Begin with a lock of its own."""
        vars(self).update(state, _lock=Lock(), _spare=[])

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
        """About which share of all flows is kept; exactly 1 if all are."""
        return float(2.0**-self._halvings)

    @property
    def lumped(self) -> npt.NDArray[np.int64]:
        """Packets and bytes by signature of the flows that are not kept, shape (N_SIGNATURES, 2)."""
        return self._lumped.reshape(-1, 2).copy()

    def flows(self) -> tuple[Flows, Flows]:
        """Return the flows without and with the addresses that extended types hash; valid until more is counted."""
        plain, extended = self._tables
        return plain.take(), extended.take()

    def append(self, block: Block) -> bool:
        """Count the packets of a block; any thread may do so at any time.

        Returns
        -------
        bool
            Whether the censuses are given these packets with the flows: only before ``settle``.
        """
        n = len(block.records)
        try:
            new = self._spare.pop()
        except IndexError:
            new = _NewKeys()
        new.make_room(n)
        n_new = read_flow_keys(
            block.data, block.records, n, *self._rules.arguments,
            new.rows[0], new.numbers[0], new.rows[1], new.numbers[1],
        )  # fmt: skip
        with self._lock:
            is_given = not self._is_settled
            self._count(new, n_new, block)
        self._spare.append(new)
        return is_given

    def settle(self) -> None:
        """Give the censuses the packets of all flows; those of further packets they have to count themselves."""
        with self._lock:
            self._settle()

    def _settle(self) -> None:
        if self._is_settled:
            return
        self._is_settled = True
        for table in self._tables:
            for census in self._censuses:
                census.append_flows(table.rows, table.sums[: table.used * N_SUMS], table.n_words)
        self._censuses = []

    def _count(self, new: "_NewKeys", n_new: tuple[int, int], block: Block) -> None:
        """Count packets whose keys were read."""
        times = block.timestamps()
        for table, rows, of_rows, n_rows in zip(self._tables, new.rows, new.numbers, n_new, strict=True):
            done = 0
            while done < n_rows:
                counted, table.used = count_flows(
                    rows[done * (1 + table.n_words) :], of_rows[done:], n_rows - done, table.n_words,
                    block.records, times, np.uint64(self._largest_hash), self._lumped,
                    table.index, table.rows, table.sums, table.used, table.capacity,
                )  # fmt: skip
                done += counted
                if done < n_rows:
                    table.make_room(max(self._most_flows, _FIRST_CAPACITY) + len(block.records))
        # Not before all packets of the block have their flows: the censuses are given all of them, or none.
        while self.n_flows > self._most_flows:
            self._halve()

    def combine(self, other: "FlowTable") -> None:
        """Add what was counted of other packets, both being settled first; it may keep fewer flows then."""
        self.settle()
        other.settle()
        while self._halvings < other._halvings:
            self._halve()
        self._lumped += other._lumped
        for table, theirs in zip(self._tables, other._tables, strict=True):
            done = 0
            while done < theirs.used:
                done = table.merge(theirs, done, self._largest_hash, self._lumped)
                if done < theirs.used:
                    table.make_room(max(self._most_flows + 1, 2 * _FIRST_CAPACITY))
                while self.n_flows > self._most_flows:
                    self._halve()

    @property
    def _largest_hash(self) -> int:
        return largest_hash(self._halvings)

    def _halve(self) -> None:
        """Keep half of the flows."""
        self._settle()
        self._halvings += 1
        for table in self._tables:
            table.keep(self._largest_hash, self._lumped)
