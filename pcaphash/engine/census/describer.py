"""What one configured device makes of each packet of a block: its signature, hash, hash input and receive queue."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reader import Block
from pcaphash.device.device import Device
from pcaphash.engine.census.census import CensusIdentity
from pcaphash.engine.census.decision import Decision, decide
from pcaphash.kernels.dissect import N_SIGNATURES
from pcaphash.kernels.rows import INPUT_LEN, NOTHING, UNDECIDED, describe_packets

NO_QUEUE = -1


def entries_of(hash_values: npt.NDArray[np.uint32], device: Device) -> npt.NDArray[np.int64]:
    """Return the entries of a device's indirection table that hashes lead to."""
    return device.entry_of(hash_values.astype(np.int64))


def queues_of(
    hash_values: npt.NDArray[np.uint32], hashed: npt.NDArray[np.bool_], known: npt.NDArray[np.bool_], device: Device
) -> npt.NDArray[np.int64]:
    """Return the receive queues of packets or flows.

    Parameters
    ----------
    hash_values : uint32 array of shape (n,)
        Their hashes, anything where there is none.
    hashed, known : bool arrays of shape (n,)
        Whether there is a hash, and whether the capture shows enough to say what the device does.
    device : Device
        The configured device.

    Returns
    -------
    int64 array of shape (n,)
        NO_QUEUE where none is known, or the device has none (no RSS feature).
    """
    if not device.has_queue:
        return np.full(len(hash_values), NO_QUEUE, np.int64)
    chosen = np.asarray(device.indirection_table, np.int64)[entries_of(hash_values, device)]
    return np.where(hashed, chosen, np.where(known, device.unclassified_queue, NO_QUEUE))


@dataclass(frozen=True, eq=False)
class Descriptions:
    """What a device makes of packets.

    Parameters
    ----------
    signatures : int32 array of shape (n,)
        As ``kernels.dissect`` numbers them.
    hash_values : uint32 array of shape (n,)
        Hashes; 0 where none is calculated.
    inputs : uint8 array of shape (n, INPUT_LEN)
        Hash inputs.
    lengths : int64 array of shape (n,)
        Their lengths in bytes.
    hashed, known : bool arrays of shape (n,)
        Whether there is a hash, and whether the capture shows enough to say what the device does.
    queues : int64 array of shape (n,)
        Receive queues, or NO_QUEUE.
    """

    signatures: npt.NDArray[np.int32]
    hash_values: npt.NDArray[np.uint32]
    inputs: npt.NDArray[np.uint8]
    lengths: npt.NDArray[np.int64]
    hashed: npt.NDArray[np.bool_]
    known: npt.NDArray[np.bool_]
    queues: npt.NDArray[np.int64]

    @classmethod
    def join(cls, parts: "Sequence[Descriptions]") -> "Descriptions":
        """Put the descriptions of packets behind each other; there must be some."""
        if len(parts) == 1:
            return parts[0]
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))


class Describer:
    """Describes packets under one device, deciding once per signature.

    Parameters
    ----------
    device : Device
        The configured device.
    faults : int
        Flags of ``kernels.departures`` that the device has besides.
    """

    def __init__(self, device: Device, faults: int = 0) -> None:
        self.device = device
        self.decisions: dict[int, Decision] = {}
        """What the device does with packets, by their signature, as far as met."""
        self._identity = identity = CensusIdentity.of(device)
        self._departures = np.int64((identity.departures or 0) | faults) if faults else identity.departures
        self._picks = np.full(N_SIGNATURES, UNDECIDED, np.int32)
        self._is_known = np.zeros(N_SIGNATURES, bool)

    def departing(self, faults: int) -> "Describer":
        """Return a describer of the same device with these faults, which shares what is decided on signatures."""
        other = Describer(self.device, faults)
        other.decisions, other._picks, other._is_known = self.decisions, self._picks, self._is_known
        return other

    def describe(self, block: Block) -> Descriptions:
        """Describe the packets of a block."""
        n = len(block.records)
        signatures, hash_values = np.empty(n, np.int32), np.empty(n, np.uint32)
        inputs, lengths = np.empty(n * INPUT_LEN, np.uint8), np.empty(n, np.int64)
        identity = self._identity
        done = 0
        while done < n:
            done += describe_packets(
                block.data, block.records[done:], n - done, identity.prepared_key, identity.rules.port_types,
                self._departures, self._picks, signatures[done:], hash_values[done:], inputs[done * INPUT_LEN :],
                lengths[done:],
            )  # fmt: skip
            if done < n:
                self._decide(int(signatures[done]))
        hashed, known = self._picks[signatures] != NOTHING, self._is_known[signatures]
        queues = queues_of(hash_values, hashed, known, self.device)
        return Descriptions(signatures, hash_values, inputs.reshape(n, INPUT_LEN), lengths, hashed, known, queues)

    def _decide(self, signature: int) -> None:
        decision = decide(signature, self.device)
        self.decisions[signature] = decision
        self._picks[signature] = decision.pick
        self._is_known[signature] = decision.is_known
