"""Exact times of arrival, in picoseconds, from what grows with every packet: nanoseconds, packets or bits."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

_MOST_PRODUCT = 2**62
_MOST_STRETCH_PS = 2**60  # 13 days


@dataclass(frozen=True, eq=False)
class TimeStretch:
    """Packets whose times of arrival fit into 64 bits together.

    Parameters
    ----------
    start, stop : int
        Which packets they are.
    epoch_ps : int
        What their times count from, in picoseconds after the first arrival of all.
    times : int64 array of shape (stop - start,)
        Their times, in picoseconds after the epoch.
    """

    start: int
    stop: int
    epoch_ps: int
    times: npt.NDArray[np.int64]


class Scale:
    """Turns what grows into picoseconds, rounded down, without drift whatever its size.

    Parameters
    ----------
    ps : Fraction
        Picoseconds for each of it.
    """

    def __init__(self, ps: Fraction) -> None:
        self._ps, self._per = ps.numerator, ps.denominator

    def stretches(self, base: int, values: npt.NDArray[np.int64]) -> Iterator[TimeStretch]:
        """Yield the times of packets.

        Parameters
        ----------
        base : int
            What ``values`` count from.
        values : int64 array of shape (n,)
            Never descending.
        """
        whole, rest = divmod(self._ps, self._per)
        most = min(_MOST_PRODUCT // self._per, _MOST_STRETCH_PS * self._per // self._ps)
        start = 0
        while start < len(values):
            first = int(values[start])
            stop = int(np.searchsorted(values, first + most, side="right"))
            epoch, before = divmod((base + first) * self._ps, self._per)
            ahead = values[start:stop] - first
            times = ahead * whole + (before + ahead * rest) // self._per if most else ahead
            yield TimeStretch(start, stop, epoch, times)
            start = stop

    def time_of(self, value: int) -> int:
        """Return the time of one value, in picoseconds."""
        return value * self._ps // self._per

    def first_from(self, time_ps: int) -> int:
        """Return the first value whose time is not before a given one."""
        return -(-time_ps * self._per // self._ps)
