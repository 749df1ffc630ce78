"""What a configured device hashes of flows: the distinct hash inputs, their loads, and the receive queue of each flow.

Several flows may have one hash input: all that share a tunnel, where outer addresses are hashed. Every hash sends them
to one table entry, so a question about how good a hash is must be asked about hash inputs.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.device.hash_form import hash_form
from pcaphash.engine.census.decision import Decision, decide
from pcaphash.engine.census.describer import queues_of
from pcaphash.engine.flows.grouping import Groups, group_rows, least_rows, sum_groups
from pcaphash.engine.flows.table import Flows
from pcaphash.kernels.dissect import N_SIGNATURES, split_signature
from pcaphash.kernels.flows import INNER_ADDRESSES, INNER_EXTENDED, OUTER_ADDRESSES, OUTER_EXTENDED
from pcaphash.kernels.header import KIND_IPV6, PORTS_WORD_IPV4, PORTS_WORD_IPV6
from pcaphash.kernels.inputs import NO_PORTS, PLAN_LEN, hash_rows, read_inputs
from pcaphash.kernels.rows import EXTENDED, FORMS, NOTHING, UNDECIDED, WITH_PORTS
from pcaphash.kernels.toeplitz import WORDS, prepare_key

NO_INPUT = -1

# A row is the words of an input in pairs, and behind the last one the length, without which ports of zero would be like
# none.
_PAIRS = (WORDS + 1) // 2
_PORTS_PAIR_IPV4, _LAST_PAIR = PORTS_WORD_IPV4 // 2, PORTS_WORD_IPV6 // 2
_FIRST_ADDRESS = {  # by whether the extended types are hashed, and the inner header
    (False, 0): OUTER_ADDRESSES,
    (False, 1): INNER_ADDRESSES,
    (True, 0): OUTER_EXTENDED,
    (True, 1): INNER_EXTENDED,
}
_Number = TypeVar("_Number", bound=np.generic)

_LOW, _HIGH = np.uint64(0xFFFFFFFF), np.uint64(32)


@dataclass(frozen=True, eq=False)
class HashInputs:
    """The distinct hash inputs of flows under one device, in the order of their first flows: nothing may depend on it.

    Parameters
    ----------
    device : Device
        The configured device.
    groups : list of Flows
        The flows.
    firsts : int64 array of shape (n,)
        The first flow that has each.
    identities : uint64 array of shape (n,)
        A number for each that depends on nothing but the input.
    loads : int64 array of shape (n, 2)
        Packets and bytes of each.
    hash_values : uint32 array of shape (n,)
        Their hashes.
    of_flow : int64 array of shape (flows,)
        Which of them each flow has; NO_INPUT where there is no hash, or none that the capture shows.
    queue_of_flow : int64 array of shape (flows,)
        Receive queue of each flow, or NO_QUEUE.
    unhashed : int64 array of shape (2,)
        Packets and bytes that are known to have no hash.
    """

    device: Device
    groups: list[Flows]
    firsts: npt.NDArray[np.int64]
    identities: npt.NDArray[np.uint64]
    loads: npt.NDArray[np.int64]
    hash_values: npt.NDArray[np.uint32]
    of_flow: npt.NDArray[np.int64]
    queue_of_flow: npt.NDArray[np.int64]
    unhashed: npt.NDArray[np.int64]

    def __len__(self) -> int:
        """Return how many hash inputs there are."""
        return len(self.firsts)

    @property
    def rows(self) -> npt.NDArray[np.uint64]:
        """The words of each in pairs, in network order, zeros after its end; behind them the length; shape (n, 5)."""
        return _read_all(self.groups, self.device)[self.firsts]

    @property
    def words(self) -> npt.NDArray[np.uint32]:
        """The words of each, in network order, zeros after its end; shape (n, WORDS)."""
        rows = self.rows
        words = np.empty((len(rows), 2 * _PAIRS), np.uint32)
        words[:, ::2], words[:, 1::2] = rows >> _HIGH, rows & _LOW
        return words[:, :WORDS]

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Lengths in bytes, shape (n,)."""
        picks, _ = _decide_all(self.groups, self.device)
        by_signature = np.zeros(N_SIGNATURES, np.int64)
        for signature in {each for flows in self.groups for each in flows.distinct_signatures}:
            *_, by_signature[signature] = _plan(signature, int(picks[signature]))
        return by_signature[_join([flows.signatures for flows in self.groups])[self.firsts]]

    @cached_property
    def queues(self) -> npt.NDArray[np.int64]:
        """Receive queue of each hash input, shape (n,)."""
        every = np.ones(len(self), bool)
        return queues_of(self.hash_values, every, every, self.device)

    @property
    def queue_loads(self) -> npt.NDArray[np.int64]:
        """Packets and bytes on each receive queue, shape (queues, 2); of packets of which none is known, nothing."""
        loads = sum_groups(self.loads, self.queues, self.device.queues)
        loads[self.device.unclassified_queue] += self.unhashed
        return loads

    def by_connection(self) -> Groups:
        """Group those that differ in direction only: with the addresses sorted, and the ports."""
        rows = self.rows
        _sort(rows)
        return group_rows(rows)

    def in_order(self) -> "HashInputs":
        """Return the same in ascending order of the inputs, which depends on nothing else."""
        order = np.lexsort(self.rows.T[::-1])
        places = np.empty(len(order) + 1, np.int64)
        places[order], places[NO_INPUT] = np.arange(len(order)), NO_INPUT
        return replace(
            self,
            firsts=self.firsts[order],
            identities=self.identities[order],
            loads=self.loads[order],
            hash_values=self.hash_values[order],
            of_flow=places[self.of_flow],
        )

    def heaviest(self, packets: npt.NDArray[np.int64]) -> int:
        """Return the number of the one with the most packets, given those of each; of equal ones the least input."""
        return int(least_rows([-packets, *self.rows.T], 1)[0])


def find_inputs(groups: Iterable[Flows], device: Device) -> HashInputs:
    """Find what a device hashes of flows.

    Parameters
    ----------
    groups : iterable of Flows
        As ``FlowTable.flows`` returns them, counted by the rules of this device; flows are
        numbered through all groups.
    device : Device
        The configured device.
    """
    groups = list(groups)
    picks, known_signatures = _decide_all(groups, device)
    signatures = _join([flows.signatures for flows in groups])
    loads = _join([flows.loads for flows in groups])
    hashed, known = picks[signatures] != NOTHING, known_signatures[signatures]
    flows_hashed = np.flatnonzero(hashed)
    rows = _read_all(groups, device)
    distinct = group_rows(rows if len(flows_hashed) == len(rows) else rows[flows_hashed])
    firsts = flows_hashed[distinct.firsts]
    hash_values = np.empty(len(firsts), np.uint32)
    hash_rows(rows.reshape(-1), firsts, len(firsts), prepare_key(device.used_key), hash_values)
    hash_values = hash_form(device.flavor).complete_all(hash_values)
    of_flow = np.full(len(rows), NO_INPUT, np.int64)
    of_flow[flows_hashed] = distinct.of_row
    of_flows = np.zeros(len(rows), np.uint32)
    of_flows[flows_hashed] = hash_values[distinct.of_row]
    return HashInputs(
        device=device,
        groups=groups,
        firsts=firsts,
        identities=distinct.hashes,
        loads=sum_groups(loads, of_flow, len(firsts)),
        hash_values=hash_values,
        of_flow=of_flow,
        queue_of_flow=queues_of(of_flows, hashed, known, device),
        unhashed=loads[known & ~hashed].sum(axis=0),
    )


def _join(parts: list[npt.NDArray[_Number]]) -> npt.NDArray[_Number]:
    """Put arrays behind each other; a single one that is not empty stays where it is."""
    parts = [part for part in parts if len(part)] or parts[:1]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _read_all(groups: list[Flows], device: Device) -> npt.NDArray[np.uint64]:
    """Return the hash inputs of all flows as rows, transformed if the device does so; zeros if there is none."""
    picks, _ = _decide_all(groups, device)
    rows = _join([_read_inputs(flows, picks) for flows in groups])
    if hash_form(device.flavor).is_sorted:
        _sort(rows)
    return _transformed(rows, device.input_transform)


def _decide_all(groups: list[Flows], device: Device) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
    """Decide for each signature that flows have; return what is picked, and whether that is known."""
    picks, known = np.full(N_SIGNATURES, UNDECIDED, np.int32), np.zeros(N_SIGNATURES, bool)
    for signature in {each for flows in groups for each in flows.distinct_signatures}:
        decision: Decision = decide(signature, device)
        picks[signature], known[signature] = decision.pick, decision.is_known
    return picks, known


def _read_inputs(flows: Flows, picks: npt.NDArray[np.int32]) -> npt.NDArray[np.uint64]:
    """Return the hash inputs of flows as rows; zeros if there is none."""
    plans = np.zeros(N_SIGNATURES * PLAN_LEN, np.int64)
    for signature in flows.distinct_signatures:
        plans[signature * PLAN_LEN : (signature + 1) * PLAN_LEN] = _plan(signature, int(picks[signature]))
    rows = np.empty((len(flows), _PAIRS), np.uint64)
    read_inputs(np.ascontiguousarray(flows.rows).reshape(-1), len(flows), flows.rows.shape[1], plans, rows.reshape(-1))
    return rows


def _plan(signature: int, pick: int) -> tuple[int, int, int, int]:
    """Say where a row has its input from, as ``kernels.inputs`` wants to know it."""
    if pick == NOTHING:
        return 0, 0, 0, 0
    is_inner, form = divmod(pick - 1, FORMS)
    outer, _, inner = split_signature(signature)
    first = _FIRST_ADDRESS[bool(form & EXTENDED), is_inner]
    n_pairs = _LAST_PAIR if (inner if is_inner else outer) >= KIND_IPV6 else _PORTS_PAIR_IPV4
    ports_len = 4 if form & WITH_PORTS else 0
    return first, n_pairs, is_inner if ports_len else NO_PORTS, 8 * n_pairs + ports_len


def _sort(rows: npt.NDArray[np.uint64]) -> None:
    """Put the smaller address first in inputs, and the smaller port, each apart from the other."""
    is_ipv6 = rows[:, _LAST_PAIR] & _LOW >= np.uint64(4 * PORTS_WORD_IPV6)
    is_later = (rows[:, 0] > rows[:, 2]) | ((rows[:, 0] == rows[:, 2]) & (rows[:, 1] > rows[:, 3]))
    turned = np.flatnonzero(is_ipv6 & is_later)
    rows[turned, :_LAST_PAIR] = rows[turned][:, [2, 3, 0, 1]]
    turned = np.flatnonzero(~is_ipv6 & (rows[:, 0] >> _HIGH > rows[:, 0] & _LOW))
    rows[turned, 0] = rows[turned, 0] << _HIGH | rows[turned, 0] >> _HIGH
    for pair, chosen in ((_PORTS_PAIR_IPV4, ~is_ipv6), (_LAST_PAIR, is_ipv6)):
        ports = rows[:, pair] >> _HIGH
        source, destination = ports >> np.uint64(16), ports & np.uint64(0xFFFF)
        turned = np.flatnonzero(chosen & (source > destination))
        ports = destination[turned] << np.uint64(16) | source[turned]
        rows[turned, pair] = ports << _HIGH | (rows[turned, pair] & _LOW)


def _transformed(rows: npt.NDArray[np.uint64], transform: str) -> npt.NDArray[np.uint64]:
    """Make inputs symmetric, as Linux has it: every field of the source becomes the XOR, or the OR, of both."""
    if transform == "none":
        return rows
    merge = np.bitwise_xor if transform == "symmetric-xor" else np.bitwise_or
    is_ipv6 = rows[:, _LAST_PAIR] & _LOW >= np.uint64(4 * PORTS_WORD_IPV6)
    source, destination = rows[is_ipv6, :2], rows[is_ipv6, 2:_LAST_PAIR]
    rows[is_ipv6, :2], rows[is_ipv6, 2:_LAST_PAIR] = merge(source, destination), source ^ destination
    addresses = rows[~is_ipv6, 0]
    source, destination = addresses >> _HIGH, addresses & _LOW
    rows[~is_ipv6, 0] = merge(source, destination) << _HIGH | (source ^ destination)
    for pair, chosen in ((_PORTS_PAIR_IPV4, ~is_ipv6), (_LAST_PAIR, is_ipv6)):
        ports = rows[chosen, pair] >> _HIGH
        source, destination = ports >> np.uint64(16), ports & np.uint64(0xFFFF)
        merged = merge(source, destination) << np.uint64(16) | (source ^ destination)
        rows[chosen, pair] = merged << _HIGH | (rows[chosen, pair] & _LOW)
    return rows
