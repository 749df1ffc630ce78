"""Flows of a tuple whose source port, and perhaps address, is free, by the table entries that they lead to.

A hash is linear in its input, whatever the input transformation is, as long as only one side varies: each free bit adds
its own number. So the flows that lead to an entry are the solutions of one linear equation for each bit of the index.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from pcaphash.device.device import Device
from pcaphash.studies.hash_tuple import PacketTuple, hash_packet_tuple
from pcaphash.studies.shared.linear.equations import Equations
from pcaphash.studies.shared.linear.solutions import Solutions

_PORT_BITS = 16
_LEAST_HOST_BITS = 2


@dataclass(frozen=True)
class TupleBlock:
    """A tuple with free bits: low bits of the source port, and low bits of the source address.

    Parameters
    ----------
    packet : PacketTuple
        The tuple, free bits zero.
    port_bits, address_bits : int
        How many bits are free.
    device : Device
        The configured device.
    is_both : bool
        Whether the other direction is to go to the same queue.
    """

    packet: PacketTuple
    port_bits: int
    address_bits: int
    device: Device
    is_both: bool

    @property
    def has_ports(self) -> bool:
        """Whether the tuple has ports."""
        return self.packet.source_port is not None

    @property
    def index_bits(self) -> int:
        """Bits of an index of the indirection table."""
        return len(self.device.indirection_table).bit_length() - 1

    @property
    def needed(self) -> int:
        """Bits that are to be chosen freely, for every entry to be reached."""
        return self.index_bits * (2 if self.is_both else 1)

    def with_bits(self, bits: int) -> PacketTuple:
        """Return the tuple with its free bits set: the port is the lower part."""
        port = self.packet.source_port
        address = int(self.packet.source) | bits >> self.port_bits
        return replace(
            self.packet,
            source=type(self.packet.source)(address),
            source_port=None if port is None else port | bits & ((1 << self.port_bits) - 1),
        )

    def is_of_host(self, bits: int) -> bool:
        """Tell whether a host may have the source address: not if it stands for a network, or for all hosts of one."""
        number, most = bits >> self.port_bits, (1 << self.address_bits) - 1
        if self.address_bits < _LEAST_HOST_BITS:  # RFC 3021, RFC 6164: such networks have nothing but hosts
            return True
        return number != 0 and (number != most or self.packet.source.version == 6)

    def directions(self, bits: int) -> tuple[PacketTuple, ...]:
        """Return the tuple with its free bits set, in each direction that counts."""
        packet = self.with_bits(bits)
        return (packet, packet.reverse()) if self.is_both else (packet,)

    def _indexes(self, bits: int) -> int:
        """Return the index of the tuple and, above it, that of the other direction."""
        total = 0
        for number, packet in enumerate(self.directions(bits)):
            entry = hash_packet_tuple(packet, self.device).table_entry
            assert entry is not None, "the tuple has a hash"
            total |= entry << self.index_bits * number
        return total

    @cached_property
    def _origin(self) -> int:
        return self._indexes(0)

    @cached_property
    def equations(self) -> Equations:
        """What each free bit adds to the indexes."""
        free = range(self.port_bits + self.address_bits)
        return Equations([self._indexes(1 << bit) ^ self._origin for bit in free])

    def solve(self, queue: int) -> Solutions:
        """Return which free bits lead to a receive queue."""
        entries = [entry for entry, chosen in enumerate(self.device.indirection_table) if chosen == queue]
        others = [entry << self.index_bits for entry in entries] if self.is_both else [0]
        return self.equations.solve((entry ^ self._origin for entry in entries), others)


def divide(low: int, high: int) -> Iterator[tuple[int, int]]:
    """Divide a range of ports into blocks whose low bits are free: the first port of each, and how many bits."""
    while low <= high:
        bits = min((low & -low).bit_length() - 1 if low else _PORT_BITS, (high - low + 1).bit_length() - 1)
        yield low, bits
        low += 1 << bits


def list_flows(found: Sequence[tuple[TupleBlock, Solutions]]) -> Iterator[tuple[PacketTuple, ...]]:
    """Yield flows in ascending order of their free bits, block by block; those from addresses of no host come last."""
    for is_of_host in (True, False):
        for block, solutions in found:
            if is_of_host or block.address_bits:
                for bits in solutions:
                    if block.is_of_host(bits) == is_of_host:
                        yield block.directions(bits)
