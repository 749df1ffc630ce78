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
_TCP, _UDP, _NO_PORTS = 1, 2, 0
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
    protocols : uint64 array of shape (n,)
        IP version and transport together.
    has_ports : bool array of shape (n,)
        Whether there are ports.
    sources, destinations : uint64 arrays of shape (n, 3)
        Address in two words, and port.
    """

    is_ip: npt.NDArray[np.bool_]
    protocols: Words
    has_ports: npt.NDArray[np.bool_]
    sources: Words
    destinations: Words

    @property
    def rows(self) -> Words:
        """Everything of each flow in one row, shape (n, 7): rows are equal where all of it is."""
        return np.column_stack([self.protocols, self.sources, self.destinations])

    def connections(self) -> tuple[Words, npt.NDArray[np.bool_]]:
        """Return rows that are equal for both directions of a connection, and which of them are turned round."""
        turned = _is_less(self.destinations, self.sources)
        first = np.where(turned[:, np.newaxis], self.destinations, self.sources)
        second = np.where(turned[:, np.newaxis], self.sources, self.destinations)
        return np.column_stack([self.protocols, first, second]), turned


def _is_less(a: Words, b: Words) -> npt.NDArray[np.bool_]:
    less = np.zeros(len(a), bool)
    for column in reversed(range(a.shape[1])):
        less = (a[:, column] < b[:, column]) | ((a[:, column] == b[:, column]) & less)
    return less


def outer_tuples(flows: Flows) -> Tuples:
    """Return addresses and ports of the outer headers of flows."""
    return _tuples(flows, 0, OUTER_ADDRESSES)


def inner_tuples(flows: Flows) -> Tuples:
    """Return addresses and ports of the inner headers of flows."""
    return _tuples(flows, 1, INNER_ADDRESSES)


def innermost_tuples(flows: Flows) -> Tuples:
    """Return addresses and ports of the inner header of each flow that is a tunnel, and of the outer one of others."""
    outer, inner = outer_tuples(flows), inner_tuples(flows)
    in_tunnel = _of_signatures(flows, lambda parts: parts[1] in TUNNELS).astype(bool)
    return Tuples(
        np.where(in_tunnel, inner.is_ip, outer.is_ip),
        np.where(in_tunnel, inner.protocols, outer.protocols),
        np.where(in_tunnel, inner.has_ports, outer.has_ports),
        np.where(in_tunnel[:, np.newaxis], inner.sources, outer.sources),
        np.where(in_tunnel[:, np.newaxis], inner.destinations, outer.destinations),
    )


def _of_signatures(flows: Flows, value: Callable[[tuple[int, int, int]], int]) -> npt.NDArray[np.int64]:
    """Work something out once per signature, and return it for each flow."""
    signatures, which = np.unique(flows.signatures, return_inverse=True)
    return np.array([value(split_signature(int(each))) for each in signatures], np.int64)[which]


def _tuples(flows: Flows, is_inner: int, first: int) -> Tuples:
    def kind_of(parts: tuple[int, int, int]) -> int:
        outer, encapsulation, inner = parts
        if not is_inner:
            return outer
        return inner if encapsulation in TUNNELS else 0

    of_flow = _of_signatures(flows, kind_of)
    is_ipv6 = of_flow >= KIND_IPV6
    transports = np.array([_TRANSPORTS.get(i, _NO_PORTS) for i in range(kinds.N_TRANSPORTS)])
    transport = transports[(of_flow - KIND_IPV4) % kinds.N_TRANSPORTS]
    keys, zero = flows.keys, np.uint64(0)
    ports = keys[:, is_inner] & _LOW
    sources = [
        np.where(is_ipv6, keys[:, first], zero),
        np.where(is_ipv6, keys[:, first + 1], keys[:, first] >> _HIGH),
        ports >> _PORT,
    ]
    destinations = [
        np.where(is_ipv6, keys[:, first + 2], zero),
        np.where(is_ipv6, keys[:, first + 3], keys[:, first] & _LOW),
        ports & np.uint64(0xFFFF),
    ]
    return Tuples(
        of_flow >= KIND_IPV4,
        (3 * is_ipv6 + transport).astype(np.uint64),
        transport != _NO_PORTS,
        np.column_stack(sources),
        np.column_stack(destinations),
    )
