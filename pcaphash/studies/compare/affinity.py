"""What belongs together but is on different queues: flows, connections, and packets of one pair of addresses.

One processor handles a receive queue. What is split over several ends up in different caches, and may be reordered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from pcaphash.engine.flows.grouping import group_rows
from pcaphash.engine.flows.table import Flows
from pcaphash.engine.flows.tunnels import NO_TUNNEL, Tunnels
from pcaphash.engine.flows.tuples import inner_tuples, innermost_tuples
from pcaphash.kernels.groups import STATE_LEN, count_apart
from pcaphash.kernels.tuples import TUPLE_LEN, WITHOUT_NETWORK_LEN, WITHOUT_PORTS_LEN

NO_GROUP = -1


class Question(StrEnum):
    """What may be on different receive queues, by the name that ``affinity.csv`` has for it."""

    INNER_FLOWS = "inner-flows"
    """Packets of one inner flow."""
    DIRECTIONS = "directions"
    """The two directions of a connection."""
    WITHOUT_PORTS = "without-ports"
    """Packets of two addresses with and without ports (fragments, other protocols)."""
    TUNNELS = "tunnels"
    """Equal inner flows in several tunnels."""


@dataclass(frozen=True)
class Affinity:
    """How often things that belong together are apart.

    Parameters
    ----------
    question : Question
        Which things.
    cases : int
        How often there is something that could be apart.
    apart : int
        How often it is.
    packets : int
        Packets of these.
    """

    question: Question
    cases: int
    apart: int
    packets: int


@dataclass(frozen=True, eq=False)
class Kin:
    """What belongs together by one question.

    Parameters
    ----------
    question : Question
        The question.
    of_flow : int64 array of shape (flows,)
        To which group each flow belongs; NO_GROUP if to none.
    n_groups : int
        How many groups are numbered; those of flows that belong to none are among them.
    sides : int64 array of shape (flows,), or None
        Where given, only groups that have several sides are cases.
    """

    question: Question
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
    of_network = _group(Question.INNER_FLOWS, inner.rows, TUPLE_LEN, chosen)
    return of_network, _group(Question.TUNNELS, inner.rows, WITHOUT_NETWORK_LEN, chosen, tunnels.of_flow)


def find_innermost_kin(flows: Flows) -> tuple[Kin, Kin]:
    """Find which flows have equal innermost headers, in both directions, and with and without ports."""
    innermost = innermost_tuples(flows)
    is_ip, has_ports = innermost.is_ip, innermost.has_ports
    sides = has_ports.astype(np.int64)
    without_ports = _group(Question.WITHOUT_PORTS, innermost.rows, WITHOUT_PORTS_LEN, is_ip, sides)
    turned = innermost.turn()
    return _group(Question.DIRECTIONS, innermost.rows, WITHOUT_NETWORK_LEN, is_ip & has_ports, turned), without_ports


def _group(
    question: Question,
    rows: npt.NDArray[np.uint64],
    n_words: int,
    chosen: npt.NDArray[np.bool_],
    sides: npt.NDArray[np.int64] | None = None,
) -> Kin:
    """Group some of the flows by equal rows, as far as these matter."""
    groups = group_rows(rows, n_words)
    return Kin(question, np.where(chosen, groups.of_row, NO_GROUP), len(groups), sides)


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
