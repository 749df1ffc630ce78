"""Find out which line of a log is about which packet of a trace if the log has its own order.

A log that is printed queue by queue keeps the order of packets only within each receive queue. What it prints of a
packet's contents says which packets a line may be about. Of several that look the same, it is the one whose expected
hash is that of the line, the next one of its queue first. So a device that is right is found right, whatever the order.
One that is wrong has hashes that no packet should have, and these stay wrong wherever they are put.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

NO_LINE = -1
NO_HASH = -1
"""Stands for the hash where none is given, or none is expected."""
UNKNOWN = -2
"""Stands for the expected hash where the capture does not show it."""

Numbers = npt.NDArray[np.int64]

_MOST_STRANGE = 0.1  # of the lines: more that fit no packet are a device that is wrong, not packets that are not there


@dataclass(frozen=True, eq=False)
class Things:
    """Lines of a log, or packets of a trace.

    Parameters
    ----------
    kinds : int64 array of shape (n,)
        What the log prints of the contents, as a number; negative where it cannot be told.
    values : int64 array of shape (n,)
        Of lines the hash, or NO_HASH; of packets the expected hash, NO_HASH or UNKNOWN.
    """

    kinds: Numbers
    values: Numbers

    def __len__(self) -> int:
        return len(self.kinds)


@dataclass(frozen=True, eq=False)
class Alignment:
    """Which line is about which packet.

    Parameters
    ----------
    line_of : int64 array of shape (packets,)
        The line about each packet, or NO_LINE.
    agreeing : int
        Lines with the hash expected of their packet.
    disordered : int
        How many of these come earlier in the trace than a line before them in their queue.
    differing : int
        Lines with another hash than expected of their packet.
    strange : int
        Lines about no packet of the trace.
    """

    line_of: Numbers
    agreeing: int
    disordered: int
    differing: int
    strange: int


def align(lines: Things, queues: Numbers, packets: Things) -> Alignment:
    """Match lines to packets.

    Parameters
    ----------
    lines : Things
        In an order that keeps that of each queue.
    queues : int64 array of shape (lines,)
        A number for the receive queue of each.
    packets : Things
        In order of the trace.
    """
    free = _Free(packets)
    line_of = np.full(len(packets), NO_LINE, np.int64)
    last: dict[int, int] = {}
    late = []
    for line, (kind, value, queue) in enumerate(_rows(lines, queues)):
        packet = free.take(kind, value, last.get(queue, -1))
        if packet is None:
            late.append(line)
        else:
            line_of[packet] = line
            last[queue] = packet
    agreeing, left = len(lines) - len(late), []
    for line in late:
        packet = free.take(int(lines.kinds[line]), int(lines.values[line]), -1)
        if packet is None:
            left.append(line)
        else:
            line_of[packet] = line
    disordered = len(late) - len(left)
    strange = _place_rest(lines, packets, left, line_of, agreeing + disordered)
    return Alignment(line_of, agreeing + disordered, disordered, len(left) - strange, strange)


def align_by_contents(lines: Things, queues: Numbers, packets: Things) -> Numbers:
    """Match lines to packets as far as contents and the order within a queue leave no doubt, whatever the hashes.

    Returns the line of each packet, or NO_LINE; parameters are those of ``align``.
    """
    line_of = np.full(len(packets), NO_LINE, np.int64)
    of_kind = _positions(packets.kinds)
    for kind, mine in _positions(lines.kinds).items():
        theirs = of_kind.get(kind)
        if kind >= 0 and theirs is not None and len(mine) == len(theirs) and len(np.unique(queues[mine])) == 1:
            line_of[theirs] = mine
    return line_of


def count_due(lines: Things, packets: Things) -> int:
    """Return how many packets could have a line with the hash that they are due."""
    n, numbers = _number_pairs(lines, packets)
    of_lines, of_packets = (np.bincount(each, minlength=n) for each in np.split(numbers, [len(lines)]))
    return int(np.minimum(of_lines, of_packets).sum())


def _number_pairs(lines: Things, packets: Things) -> tuple[int, Numbers]:
    """Give numbers to the pairs of kind and hash of lines and packets, those of the lines first."""
    kinds, values = (np.concatenate([getattr(lines, name), getattr(packets, name)]) for name in ("kinds", "values"))
    order = np.lexsort((values, kinds))
    steps = np.r_[False, (np.diff(kinds[order]) != 0) | (np.diff(values[order]) != 0)] if len(order) else order
    numbers = np.empty(len(order), np.int64)
    numbers[order] = np.cumsum(steps)
    return int(numbers.max(initial=-1)) + 1, numbers


def _place_rest(lines: Things, packets: Things, left: list[int], line_of: Numbers, agreeing: int) -> int:
    """Give lines that match no expected hash to packets of their kind, in order; return how many are about none."""
    without = np.flatnonzero(line_of == NO_LINE)
    rest = _positions(packets.kinds[without])
    n_lines, n_packets = (_counts(things.kinds) for things in (lines, packets))
    strange = 0
    for kind, some in _positions(lines.kinds[left]).items():
        mine = np.array(left, np.int64)[some]
        theirs = without[rest.get(kind, np.zeros(0, np.int64))] if kind >= 0 else without[:0]
        unknown = packets.values[theirs] == UNKNOWN
        if n_lines[kind] != n_packets.get(kind, 0) and agreeing >= (1 - _MOST_STRANGE) * len(lines):
            theirs = theirs[unknown]
        elif len(theirs) > len(mine):
            theirs = np.sort(theirs[np.argsort(~unknown, kind="stable")][: len(mine)])
        placed = min(len(mine), len(theirs))
        line_of[theirs[:placed]] = mine[:placed]
        strange += len(mine) - placed
    return strange


def _rows(lines: Things, queues: Numbers) -> Iterator[tuple[int, int, int]]:
    return zip(lines.kinds.tolist(), lines.values.tolist(), queues.tolist(), strict=True)


def _counts(kinds: Numbers) -> dict[int, int]:
    return dict(zip(*(each.tolist() for each in np.unique(kinds, return_counts=True)), strict=True))


def _positions(kinds: Numbers) -> dict[int, Numbers]:
    """Return where each kind stands."""
    order = np.argsort(kinds, kind="stable")
    found, starts = np.unique(kinds[order], return_index=True)
    return dict(zip(found.tolist(), np.split(order, starts[1:]), strict=True)) if len(order) else {}


class _Free:
    """The packets that have no line yet, by kind and hash."""

    def __init__(self, packets: Things) -> None:
        order = np.lexsort((np.arange(len(packets)), packets.values, packets.kinds))
        kinds, values = packets.kinds[order], packets.values[order]
        starts = np.flatnonzero(np.r_[True, (np.diff(kinds) != 0) | (np.diff(values) != 0)][: len(order)])
        ends = np.r_[starts[1:], len(order)]
        pairs = zip(kinds[starts].tolist(), values[starts].tolist(), strict=True)
        self._packets: list[int] = order.tolist()
        self._group = dict(zip(pairs, zip(starts.tolist(), ends.tolist(), strict=True), strict=True))
        self._next = list(range(len(order) + 1))  # of each place the first free one from there on

    def take(self, kind: int, value: int, last: int) -> int | None:
        """Take the first packet of a kind with a hash that comes after another; None where there is none."""
        if kind < 0 or (kind, value) not in self._group:
            return None
        start, end = self._group[kind, value]
        place = self._find(bisect_right(self._packets, last, start, end))
        if place >= end:
            return None
        self._next[place] = place + 1
        return self._packets[place]

    def _find(self, place: int) -> int:
        first = place
        while self._next[first] != first:
            first = self._next[first]
        while self._next[place] != first and place != first:
            self._next[place], place = first, self._next[place]
        return first
