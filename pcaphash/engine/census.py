"""The census of a trace: one pass over it, after which every configuration is a small sum.

A census counts packets and bytes by signature, candidate hash and slot (``kernels.census``). It does not depend on
hash_types, tunnel types, the text, the queues or the indirection table, as long as the table has at most ``slots``
entries; it does depend on its identity. Counts are integers, so combining parts gives exactly the whole.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pcaphash.capture.pcap import Pcap
from pcaphash.capture.reader import Step
from pcaphash.device.device import Device
from pcaphash.errors import PcaphashError
from pcaphash.kernels.census import MOST_ROWS, NO_ROW, ROWS_OF_HEADER, count_packets, count_pcap
from pcaphash.kernels.dissect import N_SIGNATURES, split_signature
from pcaphash.kernels.header import KIND_IPV6_EX, KIND_IPV6_EX_CUT
from pcaphash.kernels.records import RECORDS_FULL
from pcaphash.kernels.toeplitz import KEY_LEN, natural_order, prepare_key
from pcaphash.kernels.tunnel import CUT_GRE, NO_ENCAPSULATION, tabulate_ports

LEAST_SLOTS = 128
_VERSION = 1
_FIRST_CAPACITY = 32


@dataclass(frozen=True)
class Identity:
    """What two censuses must have in common to be combined.

    Parameters
    ----------
    hash_key : bytes
        The 40 bytes that can matter, zero padded.
    vxlan_ports, geneve_ports, vxlan_gpe_ports, gre_udp_ports : tuple of int
        UDP destination ports of the tunnels.
    slots : int
        Slots per candidate: a power of two, the largest indirection table that can be asked for.
    version : int
        Of what a census counts.
    """

    hash_key: bytes
    vxlan_ports: tuple[int, ...]
    geneve_ports: tuple[int, ...]
    vxlan_gpe_ports: tuple[int, ...]
    gre_udp_ports: tuple[int, ...]
    slots: int = LEAST_SLOTS
    version: int = _VERSION

    @classmethod
    def of(cls, device: Device, slots: int = LEAST_SLOTS) -> "Identity":
        """Return the identity of a census that answers for a device."""
        return cls(
            device.hash_key[:KEY_LEN].ljust(KEY_LEN, b"\0"),
            device.vxlan_ports,
            device.geneve_ports,
            device.vxlan_gpe_ports,
            device.gre_udp_ports,
            max(slots, len(device.indirection_table)),
        )

    @cached_property
    def port_types(self) -> npt.NDArray[np.uint8]:
        """Tunnel types of UDP destination ports as kernels take them."""
        return tabulate_ports(self.vxlan_ports, self.geneve_ports, self.vxlan_gpe_ports, self.gre_udp_ports)

    @cached_property
    def prepared_key(self) -> object:
        """The hash key as kernels take it."""
        return prepare_key(self.hash_key)


def header_rows(kind: int) -> int:
    """Count the rows of a header: two, and two more where it is extended IPv6."""
    return 2 * ROWS_OF_HEADER if KIND_IPV6_EX <= kind < KIND_IPV6_EX_CUT else ROWS_OF_HEADER


def n_rows(signature: int) -> int:
    """Count the rows that a signature owns."""
    outer, encapsulation, inner = split_signature(signature)
    has_inner = NO_ENCAPSULATION < encapsulation < CUT_GRE
    return header_rows(outer) + (header_rows(inner) if has_inner else 0)


class Census:
    """Packets and bytes by signature, candidate hash and slot.

    Parameters
    ----------
    identity : Identity
        Fixed for the life of the census.
    """

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self._first_rows = np.full(N_SIGNATURES, NO_ROW, np.int32)
        self._counts = np.zeros(_FIRST_CAPACITY * identity.slots * 2, np.int64)
        self._used = 0

    def append(self, block: npt.NDArray[np.uint8], records: npt.NDArray[np.void]) -> None:
        """Count the packets of a block: bytes, and a RECORD array that says where the packets are in them."""
        while len(records):
            counted, self._used = count_packets(
                block,
                records,
                len(records),
                self.identity.prepared_key,
                self.identity.port_types,
                self._first_rows,
                self._counts,
                self._used,
                len(self._counts) // (2 * self.identity.slots),
                self.identity.slots.bit_length() - 1,
            )
            records = records[counted:]
            if len(records):
                self._grow()

    def append_pcap(self, capture: Pcap, data: npt.NDArray[np.uint8], start: int, end: int) -> tuple[int, int, Step]:
        """Find and count the packets in bytes of a pcap file, but for those that the capturing host sent.

        Parameters
        ----------
        capture : Pcap
            The file's format.
        data, start, end
            Bytes, where the first record starts in them, and where they end.

        Returns
        -------
        n_packets, n_sent : int
            Packets found, and how many of them were left out because the capturing host sent them.
        step : tuple of int
            What ``Reader.walk`` wants to know.
        """
        n_packets = n_sent = 0
        status = RECORDS_FULL
        while status == RECORDS_FULL:
            n, sent, start, status, damage, self._used = count_pcap(
                data,
                start,
                end,
                capture.link_type,
                capture.big_endian,
                capture.header_len,
                self.identity.prepared_key,
                self.identity.port_types,
                self._first_rows,
                self._counts,
                self._used,
                len(self._counts) // (2 * self.identity.slots),
                self.identity.slots.bit_length() - 1,
            )
            n_packets += n
            n_sent += sent
            if status == RECORDS_FULL:
                self._grow()
        return n_packets, n_sent, (n_packets, start, status, damage)

    def combine(self, other: "Census") -> None:
        """Add another census of the same identity to this one.

        Raises
        ------
        PcaphashError
            The identities differ; the text names in what.
        """
        mine, theirs = vars(self.identity), vars(other.identity)
        fields = [name for name in self.identity.__dataclass_fields__ if mine[name] != theirs[name]]
        if fields:
            raise PcaphashError(f"the censuses differ in {', '.join(fields)} and do not combine")
        for signature in other.signatures():
            theirs_rows = other.rows(signature)
            if self._first_rows[signature] == NO_ROW:
                while (self._used + MOST_ROWS) * theirs_rows[0].size > len(self._counts):
                    self._grow()
                self._first_rows[signature] = self._used
                self._used += len(theirs_rows)
            self.rows(signature)[...] += theirs_rows

    def signatures(self) -> list[int]:
        """Return the signatures that occurred, ascending."""
        return [int(signature) for signature in np.flatnonzero(self._first_rows != NO_ROW)]

    def rows(self, signature: int) -> npt.NDArray[np.int64]:
        """Return a signature's counts as a view, slots in bit-reversed order.

        Returns
        -------
        int64 array of shape (n_rows, slots, 2)
            Packets and bytes, rows as ``kernels.census`` lays them out.
        """
        first = self._first_rows[signature]
        return self._counts.reshape(-1, self.identity.slots, 2)[first : first + n_rows(signature)]

    def slots(self, signature: int, row: int) -> npt.NDArray[np.int64]:
        """Return packets and bytes by slot of one candidate of a signature, shape (slots, 2)."""
        counts: npt.NDArray[np.int64] = self.rows(signature)[row, natural_order(self.identity.slots)]
        return counts

    def totals(self, signature: int) -> tuple[int, int]:
        """Return how many packets, and bytes, have a signature."""
        packets, n_bytes = self.rows(signature)[0].sum(axis=0)
        return int(packets), int(n_bytes)

    def _grow(self) -> None:
        """Make room for twice the rows; memory that no row uses yet stays untouched, and so unused."""
        counts = np.zeros(2 * len(self._counts), np.int64)
        n_used = self._used * self.identity.slots * 2
        counts[:n_used] = self._counts[:n_used]
        self._counts = counts
