"""What belongs together but is on different queues: flows, connections, and packets of one pair of addresses.

One processor handles a receive queue. What is split over several ends up in different caches, and may be reordered.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.engine.flows import Flows
from pcaphash.engine.grouping import group_rows
from pcaphash.engine.tunnels import NO_TUNNEL, Tunnels
from pcaphash.engine.tuples import inner_tuples, innermost_tuples
from pcaphash.kernels.groups import STATE_LEN, count_apart

NO_GROUP = -1

QUESTIONS = {
    "inner-flows": "inner flows",
    "directions": "directions of connections",
    "without-ports": "packets with and without ports",
    "tunnels": "flows in several tunnels",
}
"""What may be on different receive queues, by the name that ``affinity.csv`` has for it: packets of one inner flow; the
two directions of a connection; packets of two addresses with and without ports (fragments, other protocols); equal
inner flows in several tunnels."""


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


@dataclass(frozen=True, eq=False)
class Kin:
    """What belongs together by one of ``QUESTIONS``.

    Parameters
    ----------
    question : str
        The question.
    of_flow : int64 array of shape (flows,)
        To which group each flow belongs; NO_GROUP if to none.
    n_groups : int
        How many groups there are.
    sides : int64 array of shape (flows,), or None
        Where given, only groups that have several sides are cases.
    """

    question: str
    of_flow: npt.NDArray[np.int64]
    n_groups: int
    sides: npt.NDArray[np.int64] | None


def find_inner_kin(flows: Flows, tunnels: Tunnels) -> tuple[Kin, Kin]:
    """Find which flows in tunnels have equal inner headers, in one virtual network and in any.

    Parameters
    ----------
    flows : Flows
        All flows in one table.
    tunnels : Tunnels
        Which tunnel each runs through.
    """
    inner = inner_tuples(flows)
    chosen = inner.is_ip & (tunnels.of_flow != NO_TUNNEL)
    rows = inner.take(chosen).rows
    networks = (flows.network_numbers[chosen] + 1).astype(np.uint64)
    of_network = _group("inner-flows", np.column_stack([rows, networks]), chosen)
    return of_network, _group("tunnels", rows, chosen, tunnels.of_flow)


def find_innermost_kin(flows: Flows) -> tuple[Kin, Kin]:
    """Find which flows have equal innermost headers, in both directions, and with and without ports."""
    innermost = innermost_tuples(flows)
    has_ports, sides = innermost.has_ports, np.zeros(len(flows), np.int64)
    both = innermost.is_ip & has_ports
    rows, turned = innermost.take(both).connections()
    sides[both] = turned
    directions = _group("directions", rows, both, sides)
    rows = innermost.take(innermost.is_ip).without_ports
    return directions, _group("without-ports", rows, innermost.is_ip, has_ports.astype(np.int64))


def _group(
    question: str,
    rows: npt.NDArray[np.uint64],
    chosen: npt.NDArray[np.bool_],
    sides: npt.NDArray[np.int64] | None = None,
) -> Kin:
    """Group some of the flows by equal rows."""
    groups = group_rows(rows)
    of_flow = np.full(len(chosen), NO_GROUP, np.int64)
    of_flow[chosen] = groups.of_row
    return Kin(question, of_flow, len(groups), sides)


def find_affinity(kin: Sequence[Kin], queues: npt.NDArray[np.int64], loads: npt.NDArray[np.int64]) -> list[Affinity]:
    """Find what belongs together and is on different receive queues.

    Parameters
    ----------
    kin : sequence of Kin
        What belongs together, by every question.
    queues : int64 array of shape (flows,)
        Receive queue of each flow, or NO_QUEUE: such flows are left out.
    loads : int64 array of shape (flows, 2)
        Packets and bytes of each.
    """
    found = []
    for each in kin:
        sides = queues if each.sides is None else each.sides
        states = np.zeros(each.n_groups * STATE_LEN, np.int64)
        has_sides = each.sides is not None
        counts = count_apart(each.of_flow, queues, sides, has_sides, loads.reshape(-1), len(queues), states)
        found.append(Affinity(each.question, *map(int, counts)))  # plain kernels return NumPy's
    return found
