"""A random part of the packets of traces, for questions that need no count of them all.

Whether a packet is kept depends on its number alone. Where there is no more room, half of what is kept is dropped, and
of the packets to come only half as many are kept; so each packet has the same chance in the end.
"""

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reader import Block
from pcaphash.engine.interfaces import interfaces_of
from pcaphash.kernels.keeping import KEPT_LEN, choose_again, keep_packets
from pcaphash.kernels.records import RECORD
from pcaphash.standards.ethernet import LINUX_SLL, LINUX_SLL2

_Number = TypeVar("_Number", bound=np.generic)

MOST_KEPT = 16 * 1024
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
        return is_cooked or len(np.unique(self.interfaces)) > 1

    def take(self, chosen: npt.NDArray[np.bool_]) -> "KeptPackets":
        """Return some of the packets."""
        return KeptPackets(self.data, self.records[chosen], self.traces[chosen], self.interfaces[chosen])


class PacketKeeper:
    """Keeps packets while they pass by.

    Parameters
    ----------
    most : int
        How many to keep at most.
    """

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._mask = 0
        self._seen = self._used = 0
        self._data = np.empty(0, np.uint8)
        self._records = np.empty(0, RECORD)
        self._numbers = np.empty(0, np.int64)
        self._traces = np.empty(0, np.int64)
        self._interfaces = np.empty(0, np.int64)

    def append(self, block: Block, trace: int) -> None:
        """Look at the packets of a block of a trace."""
        data, records = block.data, block.records
        done = 0
        while done < len(records):
            before = self._used
            done, self._used = keep_packets(
                data, records, done, len(records), self._seen, self._mask,
                self._data, self._records, self._numbers, self._used,
            )  # fmt: skip
            self._traces[before : self._used] = trace
            places = self._numbers[before : self._used] - self._seen
            self._interfaces[before : self._used] = interfaces_of(replace(block, records=records[places]))
            if done < len(records):
                self._make_room()
        self._seen += len(records)

    def kept(self) -> KeptPackets:
        """Return what is kept; it stays valid only until more packets are looked at."""
        records = self._records[: self._used].copy()
        return KeptPackets(
            self._data, records, self._traces[: self._used].copy(), self._interfaces[: self._used].copy()
        )

    def _make_room(self) -> None:
        """Take more room, or where there is no more to take, drop about half of what is kept."""
        if len(self._records) == self._most:
            self._halve()
            return
        capacity = self._most if len(self._records) else min(_FIRST_CAPACITY, self._most)
        self._data = _widen(self._data, capacity * KEPT_LEN)
        self._records = _widen(self._records, capacity)
        self._numbers = _widen(self._numbers, capacity)
        self._traces = _widen(self._traces, capacity)
        self._interfaces = _widen(self._interfaces, capacity)

    def _halve(self) -> None:
        """Drop about half of what is kept."""
        self._mask = 2 * self._mask + 1
        chosen = np.empty(self._used, np.bool_)
        choose_again(self._numbers, self._used, self._mask, chosen)
        places = np.flatnonzero(chosen)
        self._used = len(places)
        rows = self._data.reshape(-1, KEPT_LEN)
        rows[: self._used] = rows[places]
        for column in (self._numbers, self._traces, self._interfaces):
            column[: self._used] = column[places]
        self._records[: self._used] = self._records[places]
        self._records["offset"][: self._used] = np.arange(self._used) * KEPT_LEN


def _widen(column: npt.NDArray[_Number], n: int) -> npt.NDArray[_Number]:
    """Return a longer array that starts with what is there."""
    wider = np.zeros(n, column.dtype)
    wider[: len(column)] = column
    return wider
