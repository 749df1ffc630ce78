"""A random part of the packets of traces, for questions that need no count of them all.

Whether a packet is kept depends on its place alone. Where there is no more room, half of what is kept is dropped, and
of the packets to come only half as many are kept; so each packet has the same chance in the end.
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reader import Block
from pcaphash.engine.sampled.place import PLACE_BITS, place_of_block
from pcaphash.engine.selecting.interfaces import interfaces_of
from pcaphash.kernels.keeping import KEPT_LEN, choose_again, keep_packets
from pcaphash.kernels.records import RECORD
from pcaphash.standards.ethernet import LINUX_SLL, LINUX_SLL2

_Number = TypeVar("_Number", bound=np.generic)

MOST_KEPT = 16 * 1024
_STRETCH_BITS = 20
_FIRST_CAPACITY = 512  # packets that there is room for at first: most traces that are asked about are small


@dataclass(frozen=True, eq=False)
class KeptPackets:
    """Packets that were kept.

    Parameters
    ----------
    data : uint8 array
        Their bytes, of each up to KEPT_LEN.
    records : RECORD array of shape (n,)
        Where they are in it.
    traces : int64 array of shape (n,)
        Which of the traces each is from, counted from 0.
    interfaces : int64 array of shape (n,)
        On which interface each was captured (``interfaces.interfaces_of``).
    """

    data: npt.NDArray[np.uint8]
    records: npt.NDArray[np.void]
    traces: npt.NDArray[np.int64]
    interfaces: npt.NDArray[np.int64]

    def __len__(self) -> int:
        """Return how many packets there are."""
        return len(self.records)

    @property
    def is_of_several(self) -> bool:
        """Whether packets may be of several interfaces: Linux cooked headers, or interfaces that the capture tells."""
        is_cooked = bool(np.isin(self.records["link_type"], (LINUX_SLL, LINUX_SLL2)).any())
        return is_cooked or len(set(self.interfaces.tolist())) > 1

    def take(self, chosen: npt.NDArray[np.bool_]) -> "KeptPackets":
        """Return some of the packets."""
        return KeptPackets(self.data, self.records[chosen], self.traces[chosen], self.interfaces[chosen])


class PacketKeeper:
    """Keeps packets while they pass by: from stretches of each trace, and of these a random part.

    The stretches are the first 2 MiB, and one of 1 MiB where 2, 4, 8, 16 ... MiB have passed. What is kept depends on
    the places of packets alone, so parts of traces may be combined in any order.

    Parameters
    ----------
    most : int
        How many to keep at most.
    """

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._mask = 0
        self._used = 0
        self._data = np.empty(0, np.uint8)
        self._records = np.empty(0, RECORD)
        self._places = np.empty(0, np.int64)

    def __getstate__(self) -> dict[str, object]:
        """Leave out the room that no packet takes."""
        n = self._used
        kept = {"_data": self._data[: n * KEPT_LEN], "_records": self._records[:n], "_places": self._places[:n]}
        return vars(self) | kept

    @staticmethod
    def wants(start: int, end: int) -> bool:
        """Tell whether a stretch that packets are kept from has some of these bytes of a trace."""
        return any(_is_wanted(number) for number in range(start >> _STRETCH_BITS, (end - 1 >> _STRETCH_BITS) + 1))

    def append(self, block: Block, trace: int) -> None:
        """Look at the packets of a block of a trace, given the number of the trace."""
        if not len(block.records):
            return
        first, last = (block.offset + int(block.records["start"][at]) for at in (0, -1))
        if not self.wants(first, last + 1):
            return
        records = block.records
        if not all(map(_is_wanted, range(first >> _STRETCH_BITS, (last >> _STRETCH_BITS) + 1))):
            numbers = block.offset + records["start"].astype(np.int64) >> _STRETCH_BITS
            records = records[numbers & (numbers - 1) == 0]
        done = 0
        while done < len(records):
            done, self._used = keep_packets(
                block.data, records, done, len(records), place_of_block(block, trace), self._mask,
                self._data, self._records, self._places, self._used,
            )  # fmt: skip
            if done < len(records):
                self._make_room()

    def combine(self, other: "PacketKeeper") -> None:
        """Add what was kept of other packets."""
        mask = max(self._mask, other._mask)
        if self._mask < mask:  # packets are kept here that the other would have dropped
            self._mask = mask
            self._drop()
        added = np.arange(other._used) if other._mask == mask else other._chosen_by(mask)
        n, self._used = self._used, self._used + len(added)
        if self._used > len(self._records):  # room for more than this, so that many may be added one after the other
            self._widen(max(self._used, min(2 * len(self._records), self._most)))
        self._data.reshape(-1, KEPT_LEN)[n : self._used] = other._data.reshape(-1, KEPT_LEN)[added]
        self._records[n : self._used] = other._records[added]
        self._places[n : self._used] = other._places[added]
        self._records["offset"][n : self._used] = np.arange(n, self._used) * KEPT_LEN
        while self._used > self._most:
            self._halve()
        self._data = self._data[: self._most * KEPT_LEN]
        self._records, self._places = self._records[: self._most], self._places[: self._most]

    def kept(self) -> KeptPackets:
        """Return what is kept, in order of the packets; it stays valid only until more packets are looked at."""
        order = np.argsort(self._places[: self._used], kind="stable")
        records = self._records[: self._used][order]
        return KeptPackets(
            self._data,
            records,
            self._places[: self._used][order] >> PLACE_BITS,
            interfaces_of(Block(self._data, records)),
        )

    def _make_room(self) -> None:
        """Take more room, or where there is no more to take, drop about half of what is kept."""
        if len(self._records) >= self._most:
            self._halve()
            return
        self._widen(self._most if len(self._records) else min(_FIRST_CAPACITY, self._most))

    def _widen(self, capacity: int) -> None:
        """Take room for so many packets."""
        self._data = _widen(self._data, capacity * KEPT_LEN)
        self._records = _widen(self._records, capacity)
        self._places = _widen(self._places, capacity)

    def _halve(self) -> None:
        """Drop about half of what is kept."""
        self._mask = 2 * self._mask + 1
        self._drop()

    def _chosen_by(self, mask: int) -> npt.NDArray[np.intp]:
        """Return the numbers of the rows that a mask chooses."""
        chosen = np.empty(self._used, np.bool_)
        choose_again(self._places, self._used, mask, chosen)
        return np.flatnonzero(chosen)

    def _drop(self) -> None:
        """Drop what the mask does not choose."""
        if not self._used:
            return
        numbers = self._chosen_by(self._mask)
        self._used = len(numbers)
        rows = self._data.reshape(-1, KEPT_LEN)
        rows[: self._used] = rows[numbers]
        self._places[: self._used] = self._places[numbers]
        self._records[: self._used] = self._records[numbers]
        self._records["offset"][: self._used] = np.arange(self._used) * KEPT_LEN


def _widen(column: npt.NDArray[_Number], n: int) -> npt.NDArray[_Number]:
    """Return a longer array that starts with what is there."""
    wider = np.zeros(n, column.dtype)
    wider[: len(column)] = column
    return wider


def _is_wanted(number: int) -> bool:
    """Tell whether packets are kept from a MiB of a trace: the first one, or one whose number is a power of two."""
    return number & (number - 1) == 0
