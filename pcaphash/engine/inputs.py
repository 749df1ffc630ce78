"""What a configured device hashes of flows: the distinct hash inputs, their loads, and the receive queue of each flow.

Several flows may have one hash input: all that share a tunnel, where outer addresses are hashed. Every hash sends them
to one table entry, so a question about how good a hash is must be asked about hash inputs.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.engine.census import LEAST_SLOTS, Identity
from pcaphash.engine.decision import Decision, decide
from pcaphash.engine.describer import queues_of
from pcaphash.engine.flows import Flows
from pcaphash.engine.grouping import group_rows, sum_groups
from pcaphash.kernels.dissect import N_SIGNATURES, split_signature
from pcaphash.kernels.flows import INNER_ADDRESSES, INNER_EXTENDED, OUTER_ADDRESSES, OUTER_EXTENDED
from pcaphash.kernels.header import KIND_IPV6, PORTS_WORD_IPV4, PORTS_WORD_IPV6
from pcaphash.kernels.inputs import hash_inputs
from pcaphash.kernels.rows import EXTENDED, FORMS, NOTHING, UNDECIDED, WITH_PORTS
from pcaphash.kernels.toeplitz import WORDS, prepare_key

NO_INPUT = -1

_LENGTH_WORD = WORDS  # behind the words of an input stands its length, without which ports of zero would be like none
_FIRST_ADDRESS = {  # by whether the extended types are hashed, and the inner header
    (False, 0): OUTER_ADDRESSES,
    (False, 1): INNER_ADDRESSES,
    (True, 0): OUTER_EXTENDED,
    (True, 1): INNER_EXTENDED,
}
_LOW, _HIGH = np.uint64(0xFFFFFFFF), np.uint64(32)


@dataclass(frozen=True, eq=False)
class HashInputs:
    """The distinct hash inputs of flows under one device, in an order that depends on nothing else.

    Parameters
    ----------
    device : Device
        The configured device.
    words : uint32 array of shape (n, WORDS)
        Each as words in network order, zeros behind its end; transformed where the device does so.
    lengths : int64 array of shape (n,)
        Lengths in bytes.
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
    words: npt.NDArray[np.uint32]
    lengths: npt.NDArray[np.int64]
    loads: npt.NDArray[np.int64]
    hash_values: npt.NDArray[np.uint32]
    of_flow: npt.NDArray[np.int64]
    queue_of_flow: npt.NDArray[np.int64]
    unhashed: npt.NDArray[np.int64]

    @property
    def queues(self) -> npt.NDArray[np.int64]:
        """Receive queue of each hash input, shape (n,)."""
        every = np.ones(len(self.words), bool)
        return queues_of(self.hash_values, every, every, self.device)


def find_inputs(groups: Iterable[Flows], device: Device) -> HashInputs:
    """Find what a device hashes of flows.

    Parameters
    ----------
    groups : iterable of Flows
        As ``FlowTable.flows`` returns them, counted for a device with the same ports and the same flavor; flows are
        numbered through all groups.
    device : Device
        The configured device.
    """
    groups = list(groups)
    picks, known_signatures = _decide_all(groups, device)
    signatures = np.concatenate([flows.signatures for flows in groups])
    loads = np.concatenate([flows.loads for flows in groups])
    rows = np.concatenate([_read_inputs(flows, picks) for flows in groups])
    hashed, known = picks[signatures] != NOTHING, known_signatures[signatures]
    rows = _transformed(rows[hashed], device.input_transform)
    distinct, of_hashed = group_rows(rows)
    words = np.ascontiguousarray(distinct[:, :WORDS])
    of_flow = np.full(len(signatures), NO_INPUT, np.int64)
    of_flow[hashed] = of_hashed
    hash_values = np.empty(len(words), np.uint32)
    hash_inputs(words.reshape(-1), len(words), WORDS, prepare_key(device.hash_key), hash_values)
    of_flows = np.zeros(len(signatures), np.uint32)
    of_flows[hashed] = hash_values[of_hashed]
    return HashInputs(
        device=device,
        words=words,
        lengths=distinct[:, _LENGTH_WORD].astype(np.int64),
        loads=sum_groups(loads[hashed], of_hashed, len(distinct)),
        hash_values=hash_values,
        of_flow=of_flow,
        queue_of_flow=queues_of(of_flows, hashed, known, device),
        unhashed=loads[known & ~hashed].sum(axis=0),
    )


def identity_of_flows(device: Device) -> Identity:
    """Return what two devices must have in common for one flow table to answer for both."""
    return replace(Identity.of(device), hash_keys=(b"",), table_index="mask", input_transform="none", slots=LEAST_SLOTS)


def _decide_all(groups: list[Flows], device: Device) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
    """Decide for each signature that flows have; return what is picked, and whether that is known."""
    picks, known = np.full(N_SIGNATURES, UNDECIDED, np.int32), np.zeros(N_SIGNATURES, bool)
    for signature in {int(each) for flows in groups for each in np.unique(flows.signatures)}:
        decision: Decision = decide(signature, device)
        picks[signature], known[signature] = decision.pick, decision.is_known
    return picks, known


def _read_inputs(flows: Flows, picks: npt.NDArray[np.int32]) -> npt.NDArray[np.uint32]:
    """Return the hash inputs of flows in words, each with its length behind; zeros where there is none."""
    rows = np.zeros((len(flows.keys), WORDS + 1), np.uint32)
    signatures = flows.signatures
    for signature in map(int, np.unique(signatures)):
        pick = int(picks[signature])
        if pick == NOTHING:
            continue
        chosen = signatures == signature
        is_inner, form = divmod(pick - 1, FORMS)
        outer, _, inner = split_signature(signature)
        is_ipv6 = (inner if is_inner else outer) >= KIND_IPV6
        first = _FIRST_ADDRESS[bool(form & EXTENDED), is_inner]
        n_words = PORTS_WORD_IPV6 if is_ipv6 else PORTS_WORD_IPV4
        keys = flows.keys[chosen]
        addresses = keys[:, first : first + n_words // 2]
        rows[chosen, 0:n_words:2] = addresses >> _HIGH
        rows[chosen, 1:n_words:2] = addresses & _LOW
        if form & WITH_PORTS:
            rows[chosen, n_words] = keys[:, is_inner] & _LOW
        rows[chosen, _LENGTH_WORD] = 4 * n_words + (4 if form & WITH_PORTS else 0)
    return rows


def _transformed(rows: npt.NDArray[np.uint32], transform: str) -> npt.NDArray[np.uint32]:
    """Make inputs symmetric, as Linux has it: every field of the source becomes the XOR, or the OR, of both."""
    if transform == "none":
        return rows
    rows = rows.copy()
    for n_words, chosen in (
        (PORTS_WORD_IPV4, rows[:, _LENGTH_WORD] < 4 * PORTS_WORD_IPV6),
        (PORTS_WORD_IPV6, rows[:, _LENGTH_WORD] >= 4 * PORTS_WORD_IPV6),
    ):
        half = n_words // 2
        source, destination = rows[chosen, :half], rows[chosen, half:n_words]
        source_port, destination_port = rows[chosen, n_words] >> 16, rows[chosen, n_words] & 0xFFFF
        merge = np.bitwise_xor if transform == "symmetric-xor" else np.bitwise_or
        rows[chosen, :half] = merge(source, destination)
        rows[chosen, half:n_words] = source ^ destination
        rows[chosen, n_words] = merge(source_port, destination_port) << 16 | (source_port ^ destination_port)
    return rows
