"""The census of a trace: one pass over it, after which every configuration is a small sum.

A census counts packets and bytes by signature, candidate hash and slot (``kernels.census``). It does not depend on
hash_types, tunnel types, the spec, the queues or the indirection table, as long as the table has at most ``slots``
entries; it does depend on its identity. Counts are integers, so combining parts gives exactly the whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pcaphash.capture.pcap import Pcap
from pcaphash.capture.pcapng import Pcapng
from pcaphash.capture.reader import Step
from pcaphash.device.device import Device
from pcaphash.device.hash_form import hash_form
from pcaphash.engine.rules import ReadingRules
from pcaphash.errors import PcaphashError
from pcaphash.kernels import departures
from pcaphash.kernels.census import (
    MOST_ROWS,
    NO_ROW,
    ROWS_OF_HEADER,
    count_packets,
    count_packets_by_keys,
    count_pcap,
    count_pcapng,
)
from pcaphash.kernels.dissect import N_SIGNATURES, split_signature
from pcaphash.kernels.flow_census import count_packets_of_flows
from pcaphash.kernels.flows import N_SUMS
from pcaphash.kernels.header import KIND_IPV6_EX, KIND_IPV6_EX_CUT
from pcaphash.kernels.records import IS_UNCOMMON, RECORDS_FULL
from pcaphash.kernels.toeplitz import KEY_LEN, natural_order, prepare_key, prepare_keys
from pcaphash.kernels.tunnel import CUT_GRE, NO_ENCAPSULATION

LEAST_SLOTS = 128
CENSUS_VERSION = 1
_FIRST_CAPACITY = 32

TRANSFORMS = {
    "none": 0,
    "symmetric-xor": departures.SYMMETRIC_XOR,
    "symmetric-or-xor": departures.SYMMETRIC_OR_XOR,
}
TABLE_INDEXES = {"mask": 0, "modulo": departures.MODULO}


@dataclass(frozen=True)
class CensusIdentity:
    """What two censuses must have in common to be combined.

    Parameters
    ----------
    hash_keys : tuple of bytes
        Of each hash key the 40 bytes that can matter, zero padded.
    rules : ReadingRules
        How headers are read.
    table_index, input_transform : str
        What the device makes of a hash and of a hash input, as ``Device`` has them.
    slots : int
        Slots per candidate: the largest indirection table that can be asked for, a power of two; under the table index
        modulo the length of every table that can be asked for.
    version : int
        Of what a census counts.
    """

    hash_keys: tuple[bytes, ...]
    rules: ReadingRules
    table_index: str = "mask"
    input_transform: str = "none"
    slots: int = LEAST_SLOTS
    version: int = CENSUS_VERSION

    @classmethod
    def of(cls, device: Device, slots: int = LEAST_SLOTS) -> "CensusIdentity":
        """Return the identity of a census that answers for a device."""
        n_entries = len(device.indirection_table)
        return cls(
            (relevant_key(device.hash_key),),
            ReadingRules.of(device),
            device.table_index,
            device.input_transform,
            n_entries if device.table_index == "modulo" else max(slots, n_entries),
        )

    def facts(self) -> dict[str, object]:
        """Return everything that makes up the identity by name, the rules one by one."""
        own = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "rules"}
        return own | {field.name: getattr(self.rules, field.name) for field in fields(self.rules)}

    def __getstate__(self) -> dict[str, object]:
        """Leave out what is made of the fields."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @property
    def _used_keys(self) -> list[bytes]:
        """The hash keys as hashes are calculated with them."""
        return [hash_form(self.rules.flavor).used_key(each) for each in self.hash_keys]

    @cached_property
    def prepared_key(self) -> object:
        """The hash key as kernels take it, where there is one."""
        return prepare_key(self._used_keys[0])

    @cached_property
    def prepared_keys(self) -> npt.NDArray[np.generic]:
        """The hash keys as kernels take them, where there are several."""
        return prepare_keys(self._used_keys)

    @cached_property
    def departures(self) -> np.int64 | None:
        """Where the device departs from the specs, as kernels take it."""
        flags = (self.rules.departures or 0) | TRANSFORMS[self.input_transform] | TABLE_INDEXES[self.table_index]
        return np.int64(flags) if flags else None

    @property
    def slot_order(self) -> npt.NDArray[np.int64]:
        """Where each slot stands in the rows of a census."""
        return np.arange(self.slots) if self.table_index == "modulo" else natural_order(self.slots)


def relevant_key(hash_key: bytes) -> bytes:
    """Return the 40 bytes of a hash key that can matter, zero padded."""
    return hash_key[:KEY_LEN].ljust(KEY_LEN, b"\0")


def identities_of(devices: Sequence[Device]) -> list[CensusIdentity]:
    """Return for each device the identity of the census that answers for it, in one pass with the others.

    Devices that differ in their hash keys alone share a census, and so the dissection of every packet.
    """
    tables = [len(device.indirection_table) for device in devices if device.table_index != "modulo"]
    own = [CensusIdentity.of(device, max([LEAST_SLOTS, *tables])) for device in devices]
    keys: dict[CensusIdentity, dict[bytes, None]] = {}
    for identity in own:
        keys.setdefault(replace(identity, hash_keys=()), {})[identity.hash_keys[0]] = None
    shared = {without: replace(without, hash_keys=tuple(of_it)) for without, of_it in keys.items()}
    return [shared[replace(identity, hash_keys=())] for identity in own]


def header_rows(kind: int) -> int:
    """Count the rows of a header: two, and two more where it is extended IPv6."""
    return 2 * ROWS_OF_HEADER if KIND_IPV6_EX <= kind < KIND_IPV6_EX_CUT else ROWS_OF_HEADER


def n_rows(signature: int) -> int:
    """Count the rows that a signature owns for one key."""
    outer, encapsulation, inner = split_signature(signature)
    has_inner = NO_ENCAPSULATION < encapsulation < CUT_GRE
    return header_rows(outer) + (header_rows(inner) if has_inner else 0)


class Census:
    """Packets and bytes by signature, candidate hash and slot.

    Parameters
    ----------
    identity : CensusIdentity
        Fixed for the life of the census.
    """

    def __init__(self, identity: CensusIdentity) -> None:
        self.identity = identity
        self._first_slots = np.full(N_SIGNATURES, NO_ROW, np.int32)
        self._most_rows = MOST_ROWS * len(identity.hash_keys)
        capacity = max(_FIRST_CAPACITY, self._most_rows)
        self._counts = np.zeros(capacity * identity.slots * 2, np.int64)
        self._used = 0

    def __getstate__(self) -> dict[str, object]:
        """Leave out the rows that no signature uses."""
        return vars(self) | {"_counts": self._counts[: self._used * self.identity.slots * 2]}

    def __setstate__(self, state: dict[str, object]) -> None:
        """Have room for another signature again."""
        vars(self).update(state)
        room = max(_FIRST_CAPACITY, self._most_rows) * self.identity.slots * 2
        self._counts = np.concatenate([self._counts, np.zeros(room, np.int64)])

    def append(self, block: npt.NDArray[np.uint8], records: npt.NDArray[np.void]) -> None:
        """Count the packets of a block: bytes, and a RECORD array that says where the packets are in them."""
        identity = self.identity
        while len(records):
            places = (identity.rules.port_types, identity.departures, *self._places())
            if len(identity.hash_keys) == 1:
                counted, self._used = count_packets(block, records, len(records), identity.prepared_key, *places)
            else:
                keys = identity.prepared_keys
                counted, self._used = count_packets_by_keys(
                    block, records, len(records), keys, len(identity.hash_keys), *places
                )
            records = records[counted:]
            if len(records):
                self._grow()

    @property
    def takes_flows(self) -> bool:
        """Whether ``append_flows`` can count flows: they say what devices hash that follow the specs, and no others."""
        return self.identity.departures is None

    def append_flows(self, rows: npt.NDArray[np.uint64], sums: npt.NDArray[np.int64], n_words: int) -> None:
        """Count all packets of flows, as ``kernels.flows`` lays them out, if ``takes_flows`` allows it."""
        keys, n_flows, counted = self.identity.prepared_keys, len(sums) // N_SUMS, 0
        while counted < n_flows:
            counted, self._used = count_packets_of_flows(
                rows, sums, counted, n_flows, n_words, keys, len(self.identity.hash_keys), *self._places()
            )
            if counted < n_flows:
                self._grow()

    def takes(self, capture: Pcap | Pcapng) -> bool:
        """Tell whether ``append_file`` can count a file as it is read now."""
        return capture.is_common and len(self.identity.hash_keys) == 1 and self.identity.departures is None

    def append_file(self, capture: Pcap | Pcapng, data: npt.NDArray[np.uint8], start: int, end: int) -> Step:
        """Find and count the packets in bytes of a file, as long as it is one that ``takes`` allows.

        Parameters
        ----------
        capture
            Format of the file.
        data, start, end
            Bytes, where the first record starts in them, and where they end.

        Returns
        -------
        tuple of int
            What ``Reader.walk`` wants to know.
        """
        if not self.takes(capture):
            return 0, start, IS_UNCOMMON, 0
        identity = self.identity
        n_packets = 0
        status = RECORDS_FULL
        while status == RECORDS_FULL:
            places = identity.prepared_key, identity.rules.port_types, *self._places()
            if isinstance(capture, Pcap):
                n, start, status, damage, self._used = count_pcap(data, start, end, *places)
            else:
                n, start, status, damage, self._used = count_pcapng(data, start, end, capture.n_interfaces, *places)
            n_packets += n
            if status == RECORDS_FULL:
                self._grow()
        return n_packets, start, status, damage

    def _places(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64], int, int, int, int]:
        """Say where kernels count, and how much room there is."""
        slots = self.identity.slots
        return self._first_slots, self._counts, self._used, self._capacity, slots, slots.bit_length() - 1

    @property
    def _capacity(self) -> int:
        """How many rows there is room for."""
        return len(self._counts) // (2 * self.identity.slots)

    def combine(self, other: "Census") -> None:
        """Add another census of the same identity to this one.

        Raises
        ------
        PcaphashError
            The identities differ; the message names in what.
        """
        mine, theirs = self.identity.facts(), other.identity.facts()
        different = [name for name, fact in mine.items() if fact != theirs[name]]
        if different:
            raise PcaphashError(f"the censuses differ in {', '.join(different)} and cannot be combined")
        for signature in other.signatures():
            self._own(signature)[...] += other._own(signature)

    def signatures(self) -> list[int]:
        """Return the signatures that occurred, ascending."""
        return [int(signature) for signature in np.flatnonzero(self._first_slots != NO_ROW)]

    def rows(self, signature: int, number: int = 0) -> npt.NDArray[np.int64]:
        """Return a signature's counts for one of the hash keys as a view, slots in the order of the kernels.

        Returns
        -------
        int64 array of shape (n_rows, slots, 2)
            Packets and bytes, rows as ``kernels.census`` lays them out.
        """
        n = n_rows(signature)
        return self._own(signature)[number * n : (number + 1) * n]

    def slots(self, signature: int, row: int, number: int = 0) -> npt.NDArray[np.int64]:
        """Return packets and bytes by slot of one candidate of a signature, shape (slots, 2)."""
        counts: npt.NDArray[np.int64] = self.rows(signature, number)[row, self.identity.slot_order]
        return counts

    def natural_rows(self, signature: int) -> npt.NDArray[np.int64]:
        """Return all counts of a signature, those for each hash key in turn, slots in order of the slot.

        Returns
        -------
        int64 array of shape (n_keys * n_rows, slots, 2)
            A copy.
        """
        rows: npt.NDArray[np.int64] = self._own(signature)[:, self.identity.slot_order]
        return rows

    def add_natural_rows(self, signature: int, rows: npt.NDArray[np.int64]) -> None:
        """Add counts as ``natural_rows`` returns them.

        Raises
        ------
        ValueError
            They have another shape.
        """
        own = self._own(signature)
        if rows.shape != own.shape:
            raise ValueError(f"{len(rows)} rows of a signature that has {len(own)}")
        own[:, self.identity.slot_order] += rows

    def restrict(self, identity: CensusIdentity) -> "Census":
        """Return what the census holds under an identity with some of its hash keys and no more slots."""
        part = Census(identity)
        numbers = [self.identity.hash_keys.index(key) for key in identity.hash_keys]
        for signature in self.signatures():
            keys = self.natural_rows(signature).reshape(len(self.identity.hash_keys), -1, self.identity.slots, 2)
            rows = keys[numbers].reshape(len(numbers) * keys.shape[1], -1, identity.slots, 2).sum(axis=1)
            part.add_natural_rows(signature, rows)
        return part

    def totals(self, signature: int) -> tuple[int, int]:
        """Return how many packets, and bytes, have a signature."""
        packets, n_bytes = self.rows(signature)[0].sum(axis=0)
        return int(packets), int(n_bytes)

    def _own(self, signature: int) -> npt.NDArray[np.int64]:
        """Return all rows of a signature as a view, handing them out where it has none yet."""
        n = n_rows(signature) * len(self.identity.hash_keys)
        if self._first_slots[signature] == NO_ROW:
            while self._used + self._most_rows > self._capacity:
                self._grow()
            self._first_slots[signature] = self._used * self.identity.slots
            self._used += n
        first = self._first_slots[signature] // self.identity.slots
        return self._counts.reshape(-1, self.identity.slots, 2)[first : first + n]

    def _grow(self) -> None:
        """Make room for twice the rows; memory that no row uses yet stays untouched, and so unused."""
        counts = np.zeros(2 * len(self._counts), np.int64)
        n_used = self._used * self.identity.slots * 2
        counts[:n_used] = self._counts[:n_used]
        self._counts = counts
