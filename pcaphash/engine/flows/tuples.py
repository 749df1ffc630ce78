"""Addresses and ports of the headers of flows, in a form that can be grouped and turned round."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.engine.flows.table import Flows
from pcaphash.kernels import header as kinds
from pcaphash.kernels.dissect import N_SIGNATURES, split_signature
from pcaphash.kernels.flows import INNER_ADDRESSES, OUTER_ADDRESSES
from pcaphash.kernels.header import KIND_IPV4, KIND_IPV6
from pcaphash.kernels.tunnel import TUNNELS
from pcaphash.kernels.tuples import PLAN_LEN, PORTS, TUPLE_LEN, VERSION, read_tuples, turn_tuples

_TCP, _UDP, _NO_PORTS = 1, 2, 0
_TRANSPORTS = {
    kinds.TRANSPORT_TCP: _TCP,
    kinds.TRANSPORT_UDP: _UDP,
}
_Plan = tuple[int, int, int, int]
_NO_HEADER: _Plan = 0, 0, 0, 0


@dataclass(frozen=True, eq=False)
class Tuples:
    """Addresses and ports of one header of each flow.

    Parameters
    ----------
    rows : uint64 array of shape (n, TUPLE_LEN)
        As ``kernels.tuples`` lays them out.
    """

    rows: npt.NDArray[np.uint64]

    @property
    def is_ip(self) -> npt.NDArray[np.bool_]:
        """Whether the header is there, and IP."""
        return np.not_equal(self.rows[:, VERSION], 0)

    @property
    def has_ports(self) -> npt.NDArray[np.bool_]:
        """Whether there are ports."""
        transports: npt.NDArray[np.uint64] = self.rows[:, PORTS] >> np.uint64(32)
        return np.not_equal(transports, _NO_PORTS)

    def turn(self) -> npt.NDArray[np.int64]:
        """Make rows equal for both directions of a connection; return 1 for those turned round, and 0 for others."""
        turned = np.empty(len(self.rows), np.int64)
        turn_tuples(self.rows.reshape(-1), len(self.rows), turned)
        return turned


def outer_tuples(flows: Flows) -> Tuples:
    """Return addresses and ports of the outer headers of flows."""
    return _read(flows, _plan_outer)


def inner_tuples(flows: Flows) -> Tuples:
    """Return addresses and ports of the inner headers of flows."""
    return _read(flows, lambda signature: _plan_inner(signature) if _is_tunnel(signature) else _NO_HEADER)


def innermost_tuples(flows: Flows) -> Tuples:
    """Return addresses and ports of the inner header of each flow that is a tunnel, and of the outer one of others."""
    return _read(flows, lambda signature: (_plan_inner if _is_tunnel(signature) else _plan_outer)(signature))


def _is_tunnel(signature: int) -> bool:
    return split_signature(signature)[1] in TUNNELS


def _plan_outer(signature: int) -> _Plan:
    return _plan(split_signature(signature)[0], OUTER_ADDRESSES, 0)


def _plan_inner(signature: int) -> _Plan:
    return _plan(split_signature(signature)[2], INNER_ADDRESSES, 1)


def _plan(kind: int, first_address: int, ports: int) -> _Plan:
    """Say where a header of this kind stands in a key, as ``kernels.tuples`` wants to know it."""
    if kind < KIND_IPV4:
        return _NO_HEADER
    transport = _TRANSPORTS.get((kind - KIND_IPV4) % kinds.N_TRANSPORTS, _NO_PORTS)
    return first_address, ports, 6 if kind >= KIND_IPV6 else 4, transport


def _read(flows: Flows, plan_of: Callable[[int], _Plan]) -> Tuples:
    plans = np.zeros(N_SIGNATURES * PLAN_LEN, np.int64)
    for signature in flows.distinct_signatures:
        plans[signature * PLAN_LEN : (signature + 1) * PLAN_LEN] = plan_of(signature)
    rows = np.empty((len(flows), TUPLE_LEN), np.uint64)
    read_tuples(np.ascontiguousarray(flows.rows).reshape(-1), len(flows), flows.rows.shape[1], plans, rows.reshape(-1))
    return Tuples(rows)
