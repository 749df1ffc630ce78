"""Addresses and ports of the headers of flows, in a form that can be grouped and turned round."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.engine.flows import Flows
from pcaphash.kernels import header as kinds
from pcaphash.kernels.dissect import split_signature
from pcaphash.kernels.flows import INNER_ADDRESSES, OUTER_ADDRESSES
from pcaphash.kernels.header import KIND_IPV4, KIND_IPV6
from pcaphash.kernels.tunnel import TUNNELS

Words = npt.NDArray[np.uint64]

_LOW, _HIGH, _PORT = np.uint64(0xFFFFFFFF), np.uint64(32), np.uint64(16)
_LOW_PORT = np.uint64(0xFFFF)
_TCP, _UDP, _NO_PORTS = 1, 2, 0
_N_TRANSPORTS = 3
_TRANSPORTS = {
    kinds.TRANSPORT_TCP: _TCP,
    kinds.TRANSPORT_UDP: _UDP,
}


@dataclass(frozen=True, eq=False)
class Tuples:
    """Addresses and ports of one header of each flow.

    Parameters
    ----------
    is_ip : bool array of shape (n,)
        Whether the header is there, and IP; the rest is meaningless where it is not.
    protocols : int64 array of shape (n,)
        IP version and transport together.
    addresses : uint64 array of shape (n, 4)
        Both addresses, as ``kernels.flows`` lays them out: those of IPv4 share the first word.
    ports : uint64 array of shape (n,)
        Source and destination port in the lower half; 0 where there are none.
    """

    is_ip: npt.NDArray[np.bool_]
    protocols: npt.NDArray[np.int64]
    addresses: Words
    ports: Words

    @property
    def has_ports(self) -> npt.NDArray[np.bool_]:
        """Whether there are ports."""
        return np.not_equal(self.protocols % _N_TRANSPORTS, _NO_PORTS)

    @property
    def rows(self) -> Words:
        """Everything of each flow in one row, shape (n, 6): rows are equal where all of it is."""
        return self._rows(self.protocols, self.addresses, self.ports)

    @property
    def without_ports(self) -> Words:
        """Rows that are equal where IP version and addresses are."""
        return self._rows(self.protocols // _N_TRANSPORTS, self.addresses)

    def take(self, chosen: npt.NDArray[np.bool_]) -> "Tuples":
        """Return those of some of the flows."""
        return Tuples(self.is_ip[chosen], self.protocols[chosen], self.addresses[chosen], self.ports[chosen])

    def connections(self) -> tuple[Words, npt.NDArray[np.bool_]]:
        """Return rows that are equal for both directions of a connection, and which of them are turned round."""
        is_ipv6 = self.protocols >= _N_TRANSPORTS
        first, second, third, fourth = self.addresses.T
        source_port, destination_port = self.ports >> _PORT, self.ports & _LOW_PORT
        turned = _is_less(
            (np.where(is_ipv6, third, first & _LOW), np.where(is_ipv6, fourth, destination_port), destination_port),
            (np.where(is_ipv6, first, first >> _HIGH), np.where(is_ipv6, second, source_port), source_port),
        )
        addresses = self.addresses.copy()
        swapped = turned & is_ipv6
        addresses[swapped] = addresses[swapped][:, [2, 3, 0, 1]]
        swapped = turned & ~is_ipv6
        addresses[swapped, 0] = first[swapped] << _HIGH | first[swapped] >> _HIGH
        ports = np.where(turned, destination_port << _PORT | source_port, self.ports)
        return self._rows(self.protocols, addresses, ports), turned

    def _rows(self, protocols: npt.NDArray[np.int64], addresses: Words, *more: Words) -> Words:
        return np.column_stack([protocols.astype(np.uint64), addresses, *more])


def _is_less(one: tuple[Words, ...], other: tuple[Words, ...]) -> npt.NDArray[np.bool_]:
    """Tell where columns are less than others, the first of them deciding."""
    less = np.zeros(len(one[0]), bool)
    for mine, theirs in zip(reversed(one), reversed(other), strict=True):
        less = (mine < theirs) | ((mine == theirs) & less)
    return less


def outer_tuples(flows: Flows) -> Tuples:
    """Return addresses and ports of the outer headers of flows."""
    return _tuples(flows, _outer_kind, flows.keys[:, OUTER_ADDRESSES : OUTER_ADDRESSES + 4], flows.keys[:, 0])


def inner_tuples(flows: Flows) -> Tuples:
    """Return addresses and ports of the inner headers of flows."""
    return _tuples(flows, _inner_kind, flows.keys[:, INNER_ADDRESSES : INNER_ADDRESSES + 4], flows.keys[:, 1])


def innermost_tuples(flows: Flows) -> Tuples:
    """Return addresses and ports of the inner header of each flow that is a tunnel, and of the outer one of others."""
    in_tunnel = flows.by_signature(_is_tunnel) != 0
    addresses = flows.keys[:, OUTER_ADDRESSES : OUTER_ADDRESSES + 4].copy()
    addresses[in_tunnel] = flows.keys[in_tunnel, INNER_ADDRESSES : INNER_ADDRESSES + 4]
    ports = np.where(in_tunnel, flows.keys[:, 1], flows.keys[:, 0])
    return _tuples(flows, lambda each: _inner_kind(each) if _is_tunnel(each) else _outer_kind(each), addresses, ports)


def _is_tunnel(signature: int) -> bool:
    return split_signature(signature)[1] in TUNNELS


def _outer_kind(signature: int) -> int:
    return split_signature(signature)[0]


def _inner_kind(signature: int) -> int:
    return split_signature(signature)[2] if _is_tunnel(signature) else 0


def _tuples(flows: Flows, kind_of: Callable[[int], int], addresses: Words, ports: Words) -> Tuples:
    return Tuples(
        flows.by_signature(lambda signature: kind_of(signature) >= KIND_IPV4) != 0,
        flows.by_signature(lambda signature: _protocol_of(kind_of(signature))),
        addresses,
        ports & _LOW,
    )


def _protocol_of(kind: int) -> int:
    transport = _TRANSPORTS.get((kind - KIND_IPV4) % kinds.N_TRANSPORTS, _NO_PORTS)
    return _N_TRANSPORTS * (kind >= KIND_IPV6) + transport
