"""What belongs together and is spread apart: flows, connections, and packets of one pair of addresses.

A receive queue is worked off by one processor; what is split over several meets in different caches, and may be
reordered.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.engine.describer import NO_QUEUE
from pcaphash.engine.flows import Flows
from pcaphash.engine.grouping import group_rows
from pcaphash.engine.tunnels import NO_TUNNEL, Tunnels
from pcaphash.engine.tuples import inner_tuples, innermost_tuples

QUESTIONS = {
    "inner-flows": "inner flows on several queues",
    "directions": "connections, directions apart",
    "without-ports": "addresses, fragments apart",
    "tunnels": "flows of several tunnels, apart",
}
"""What is asked, by the name that ``affinity.csv`` has for it: whether an inner flow is on several receive queues;
whether the two directions of a connection are on different ones; whether packets of two addresses without ports
(fragments, other protocols) are apart from those with ports; whether equal inner flows of several tunnels are apart."""


@dataclass(frozen=True)
class Affinity:
    """How often things that belong together are apart.

    Parameters
    ----------
    question : str
        One of ``QUESTIONS``.
    cases : int
        How often there is something that could be apart.
    apart : int
        How often it is.
    packets : int
        Packets of these.
    """

    question: str
    cases: int
    apart: int
    packets: int


def find_affinity(flows: Flows, tunnels: Tunnels, queues: npt.NDArray[np.int64]) -> list[Affinity]:
    """Find what belongs together and is on different receive queues.

    Parameters
    ----------
    flows : Flows
        All flows in one table.
    tunnels : Tunnels
        Which tunnel each runs through.
    queues : int64 array of shape (flows,)
        Receive queue of each flow, or NO_QUEUE.
    """
    packets = flows.loads[:, 0]
    placed = queues != NO_QUEUE
    inner, innermost = inner_tuples(flows), innermost_tuples(flows)
    networks = (flows.network_numbers + 1).astype(np.uint64)
    in_tunnel = placed & inner.is_ip & (tunnels.of_flow != NO_TUNNEL)
    of_network = np.column_stack([inner.rows, networks])[in_tunnel]

    connections, turned = innermost.connections()
    both = placed & innermost.is_ip & innermost.has_ports
    addresses = innermost.rows[:, [0, 1, 2, 4, 5]]
    addresses[:, 0] //= np.uint64(3)  # the IP version alone
    is_ip = placed & innermost.is_ip
    has_ports = innermost.has_ports[is_ip].astype(np.int64)
    return [
        _count("inner-flows", of_network, queues[in_tunnel], packets[in_tunnel]),
        _count("directions", connections[both], queues[both], packets[both], turned[both].astype(np.int64)),
        _count("without-ports", addresses[is_ip], queues[is_ip], packets[is_ip], has_ports),
        _count("tunnels", inner.rows[in_tunnel], queues[in_tunnel], packets[in_tunnel], tunnels.of_flow[in_tunnel]),
    ]


def _count(
    question: str,
    rows: npt.NDArray[np.uint64],
    queues: npt.NDArray[np.int64],
    packets: npt.NDArray[np.int64],
    sides: npt.NDArray[np.int64] | None = None,
) -> Affinity:
    """Count the groups of equal rows that are on several receive queues.

    Parameters
    ----------
    sides : int64 array, optional
        Where given, only groups that have several sides are cases.
    """
    distinct, of_row = group_rows(rows)
    n = len(distinct)
    is_case = np.ones(n, bool) if sides is None else _several(of_row, sides, n)
    is_apart = is_case & _several(of_row, queues, n)
    of_group = np.bincount(of_row, packets, n) if n else np.zeros(0)
    return Affinity(question, int(is_case.sum()), int(is_apart.sum()), int(of_group[is_apart].sum()))


def _several(of_row: npt.NDArray[np.int64], values: npt.NDArray[np.int64], n_groups: int) -> npt.NDArray[np.bool_]:
    """Tell which groups have more than one value."""
    least, most = np.full(n_groups, np.iinfo(np.int64).max), np.full(n_groups, np.iinfo(np.int64).min)
    np.minimum.at(least, of_row, values)
    np.maximum.at(most, of_row, values)
    return np.asarray(least < most)
