"""What headers of records say of packets: lengths, directions and times, summed up block by block."""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reader import Block
from pcaphash.kernels.records import DIRECTION_IN, DIRECTION_OUT, DIRECTION_UNKNOWN
from pcaphash.kernels.timestamps import NO_TIMESTAMP
from pcaphash.standards import ethernet as eth

USUAL_LONGEST = 1518
"""Bytes of the longest usual Ethernet frame without VLAN tags, checksum included (IEEE 802.3)."""

JUMBO_LONGEST = 9018
"""Bytes of the longest frame that networks with jumbo frames commonly have: no standard sets it."""

MOST_PLAUSIBLE = 10**9
"""Bytes of an original length that may be meant; no packet comes near it, so more is damage."""

_MOST_TAGS = 8
_DIRECTIONS = {"in": DIRECTION_IN, "out": DIRECTION_OUT, "unknown": DIRECTION_UNKNOWN}


@dataclass
class Times:
    """When packets were captured, in nanoseconds since 1970.

    Parameters
    ----------
    first, last : int or None
        The earliest and the latest time; None if no packet has one.
    without_time : int
        Packets that have no time.
    """

    first: int | None = None
    last: int | None = None
    without_time: int = 0
    _out_of_order: int = 0
    _start: int | None = None
    _next: int | None = None
    _edges: dict[int, tuple[int, int]] = field(default_factory=dict)
    """The first and the last time of packets that came one after the other, by the place of the first one."""

    @property
    def duration(self) -> int | None:
        """From the earliest to the latest time."""
        return None if self.first is None or self.last is None else self.last - self.first

    @property
    def out_of_order(self) -> int:
        """Packets with a time before that of the packet with a time before them in the same file."""
        edges = [self._edges[number] for number in sorted(self._edges)]
        return self._out_of_order + sum(after[0] < before[1] for before, after in pairwise(edges))

    def append(self, times: npt.NDArray[np.int64], place: int, stretch: range) -> None:
        """Take note of the times of packets of one file, NO_TIMESTAMP for none.

        Parameters
        ----------
        times : int64 array of shape (n,)
            Nanoseconds since 1970.
        place : int
            Where the first of these packets stands (``engine.sampled.place``).
        stretch : range
            The bytes of the file that were searched for them: they follow the packets before if it begins where the
            stretch before ended.
        """
        if self._next != stretch.start:
            self._start = None
        self._next = stretch.stop
        earliest = int(times.min())
        if earliest == NO_TIMESTAMP:
            known = times[times != NO_TIMESTAMP]
            self.without_time += len(times) - len(known)
            if not len(known):
                return
            times, earliest = known, int(known.min())
        self._span(earliest, int(times.max()))
        first, last = int(times[0]), int(times[-1])
        self._out_of_order += int(np.count_nonzero(times[1:] < times[:-1]))
        if self._start is None:
            self._start = place
        else:
            before = self._edges[self._start]
            self._out_of_order += first < before[1]
            first = before[0]
        self._edges[self._start] = first, last

    def combine(self, other: "Times") -> None:
        """Add the times of another part of the same file."""
        self.add_file(other)
        self._out_of_order += other._out_of_order - other.out_of_order
        self._edges |= other._edges

    def add_file(self, other: "Times") -> None:
        """Add the times of another file."""
        if other.first is not None and other.last is not None:
            self._span(other.first, other.last)
        self.without_time += other.without_time
        self._out_of_order += other.out_of_order

    def _span(self, first: int, last: int) -> None:
        self.first = first if self.first is None else min(self.first, first)
        self.last = last if self.last is None else max(self.last, last)


@dataclass
class Tally:
    """Counts of the selected packets of captures; saved censuses do not have them.

    Parameters
    ----------
    packets : int
        How many there are.
    n_bytes, captured_bytes : int
        Original and captured lengths of all of them together.
    cut : int
        Packets with fewer captured bytes than original ones.
    longest : int
        The most bytes of a packet, as it was before it was cut; without those of more than MOST_PLAUSIBLE.
    oversized : int
        Ethernet frames of more than USUAL_LONGEST bytes, and 4 more for each VLAN tag.
    directions : dict of str to int
        Packets received (``in``), sent (``out``) and of which the capture does not say (``unknown``).
    times : Times
        When they were captured.
    implausible : int
        Packets whose original length is more than MOST_PLAUSIBLE, or less than was captured. ``n_bytes`` has what the
        file says of them.
    """

    packets: int = 0
    n_bytes: int = 0
    captured_bytes: int = 0
    cut: int = 0
    longest: int = 0
    oversized: int = 0
    directions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_DIRECTIONS, 0))
    times: Times = field(default_factory=Times)
    implausible: int = 0

    def combine(self, other: "Tally") -> None:
        """Add what was counted of other packets; their times are added by file."""
        self.packets += other.packets
        self.n_bytes += other.n_bytes
        self.captured_bytes += other.captured_bytes
        self.cut += other.cut
        self.implausible += other.implausible
        self.longest = max(self.longest, other.longest)
        self.oversized += other.oversized
        for name, n_packets in other.directions.items():
            self.directions[name] += n_packets

    def append(self, block: Block) -> None:
        """Count the packets of a block."""
        records = block.records
        captured, original = records["captured_length"], records["original_length"]
        self.packets += len(records)
        self.n_bytes += int(original.sum(dtype=np.int64))
        self.captured_bytes += int(captured.sum(dtype=np.int64))
        self.cut += int(np.count_nonzero(captured < original))
        is_plausible = (original >= captured) & (original <= MOST_PLAUSIBLE)
        self.implausible += len(records) - int(np.count_nonzero(is_plausible))
        longest = int(original.max(where=original <= MOST_PLAUSIBLE, initial=0))
        self.longest = max(self.longest, longest)
        if longest > USUAL_LONGEST:
            self.oversized += _count_oversized(block)
        counts = np.bincount(records["direction"], minlength=len(_DIRECTIONS))
        for name, direction in _DIRECTIONS.items():
            self.directions[name] += int(counts[direction])


def _count_oversized(block: Block) -> int:
    """Count the Ethernet frames that are longer than usual, given how many VLAN tags each has."""
    records = block.records
    chosen = records[(records["link_type"] == eth.ETHERNET) & (records["original_length"] <= MOST_PLAUSIBLE)]
    places = chosen["offset"].astype(np.int64) + eth.ETHERNET_TYPE_OFFSET
    ends = chosen["offset"].astype(np.int64) + chosen["captured_length"]
    lengths = chosen["original_length"].astype(np.int64)
    n_oversized = 0
    for tags in range(_MOST_TAGS + 1):
        longer = lengths > USUAL_LONGEST + tags * eth.VLAN_TAG_LEN
        places, ends, lengths = places[longer], ends[longer], lengths[longer]
        tagged = np.flatnonzero(places + 2 <= ends)
        here = places[tagged]
        types = block.data[here].astype(np.int64) << 8 | block.data[here + 1]
        tagged = tagged[np.isin(types, eth.VLAN_TAGS)]
        n_oversized += len(places) - len(tagged)
        places, ends, lengths = places[tagged] + eth.VLAN_TAG_LEN, ends[tagged], lengths[tagged]
    return n_oversized + len(places)
