"""Find out whether reported values are those of other packets: a log that lost a row, say, is shifted from there on.

Rows are compared from the first wrong packet on; the first of them decide whether they are shifted at all. Right rows
have to fit too. A log may lose rows again and again: then stretches have shifts of their own, which are followed to
the end. What packets have is numbered: a hash, or one number for none and one for what is not known.
"""

import math
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reported.source import NOT_REPORTED, Reported
from pcaphash.engine.census.describer import NO_QUEUE, Descriptions
from pcaphash.studies.validate.search.evidence import LEVEL
from pcaphash.studies.validate.verdicts import OF_HASH, WRONG_QUEUE, Judgement

Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_MOST = 64  # rows that a log may be shifted by, and that it may lose at once
_FURTHEST = 1024  # rows that it may be shifted by after it lost some several times
_DECIDE = 4096  # rows that decide, and that are followed at a time
_NEXT = 32  # rows that tell first how they are shifted where a stretch ends
_MOST_WAITING = 1024  # rows that may wait for others to tell how they are shifted
_LEAST_SHARE = 0.9  # of rows from the first wrong one on that a shift explains
_MOST_STRETCHES = 8  # that are told one by one
_MOST_AT_FIRST = 32  # among the rows that decide
_MOST_QUEUES = 4096  # packets on wrong receive queues that are remembered
_NO_HASH, _UNKNOWN = -1, -2


@dataclass(eq=False)
class _Rows:
    """Rows in order: what is expected, what was reported, whether that is wrong, and the number of the packet."""

    due: Numbers
    said: Numbers
    wrong: Mask
    due_queues: Numbers
    said_queues: Numbers
    wrong_queues: Mask
    numbers: Numbers

    def __len__(self) -> int:
        return len(self.due)

    def behind(self, other: "_Rows") -> "_Rows":
        return _Rows(*(np.concatenate([getattr(other, each.name), getattr(self, each.name)]) for each in fields(_Rows)))

    def part(self, start: int, end: int | None = None) -> "_Rows":
        return _Rows(*(getattr(self, each.name)[start:end] for each in fields(_Rows)))


@dataclass(eq=False)
class ShiftedRows:
    """Rows in a row that are shifted alike.

    Parameters
    ----------
    shift : int
        By how many rows values come late, or where negative early.
    first : int
        Number of the first packet.
    explained : int
        Wrong packets whose values are those of the packet so many rows before.
    """

    shift: int
    first: int
    explained: int = 0


@dataclass(eq=False)
class MoreStretches:
    """Stretches after those that are told one by one, in sum: how many are shifted, and wrong packets they explain."""

    stretches: int = 0
    explained: int = 0


def _rows_of(numbers: Numbers, found: Descriptions, reported: Reported, judgement: Judgement) -> _Rows:
    due = np.where(found.known, np.where(found.hashed, found.hash_values.astype(np.int64), _NO_HASH), _UNKNOWN)
    says_none = reported.hash_reports == 0
    has_value = reported.has_hash & ~says_none
    said = np.where(has_value, reported.hash_values.astype(np.int64), np.where(says_none, _NO_HASH, _UNKNOWN))
    untyped = has_value & (reported.hash_reports == NOT_REPORTED) & (reported.hash_values == 0)
    return _Rows(
        due,
        np.where(untyped, _NO_HASH, said),
        (judgement.faults & OF_HASH) > 0,
        found.queues,
        reported.queues,
        (judgement.faults & WRONG_QUEUE) > 0,
        numbers,
    )


class Displacement:
    """Watches rows pass by in their order; memory does not depend on how many they are."""

    def __init__(self) -> None:
        nothing = np.zeros(0, np.int64)
        is_nothing = nothing.astype(bool)
        self._rows = _Rows(nothing, nothing, is_nothing, nothing, nothing, is_nothing, nothing)
        self._is_decided = False
        self._counted = 0  # rows at the beginning that belong to a stretch
        self._seen = 0  # rows that were followed
        self._open: ShiftedRows | MoreStretches | None = None
        self._shift = 0
        self._queues: list[int] = []
        self.stretches: list[ShiftedRows] = []
        """Those that are shifted, from the first wrong packet on; none where rows are not, or nobody knows yet."""
        self.more = MoreStretches()
        """Those that come after so many."""
        self.is_from_start = True
        """Whether right rows before the first wrong one might be shifted too."""
        self.is_one_shift = False
        """Whether one shift explains the rows that decided."""

    def append(self, numbers: Numbers, found: Descriptions, reported: Reported, judgement: Judgement) -> None:
        """Look at the packets of a block, which have these numbers."""
        if self._is_decided and not self.stretches:
            return
        rows = _rows_of(numbers, found, reported, judgement)
        self._rows = rows.behind(self._rows)
        if self.stretches:
            self._follow_all(is_end=False)
        elif not self._rows.wrong.any():
            self._rows = self._rows.part(max(len(self._rows) - _MOST, 0))
        elif len(self._rows) - int(np.argmax(self._rows.wrong)) >= _DECIDE:
            self._decide(is_end=False)

    def finish(self) -> None:
        """Decide by what there is."""
        if not self._is_decided:
            self._decide(is_end=True)
        elif self.stretches:
            self._follow_all(is_end=True)

    def explains_queues(self, numbers: Numbers) -> Mask:
        """Tell of packets on a wrong receive queue whether it is that of the packet whose values they have.

        That is so too where this packet is not there, or its queue is not known.

        Parameters
        ----------
        numbers : int64 array of shape (n,)
            Numbers of packets on a wrong receive queue.
        """
        if not self.stretches:
            return np.zeros(len(numbers), bool)
        explained: Mask = (numbers >= self.stretches[0].first) & ~np.isin(numbers, self._queues)
        if len(self._queues) >= _MOST_QUEUES:
            explained &= numbers <= self._queues[-1]
        return explained

    def _decide(self, *, is_end: bool) -> None:
        self._is_decided = True
        if not self._rows.wrong.any():
            return
        first = int(np.argmax(self._rows.wrong))
        self._rows, first = self._rows.part(max(first - _MOST, 0)), min(first, _MOST)
        rows = self._rows.part(0, first + _DECIDE)
        tried = _near(0)
        shares = {shift: _share_of(rows, shift, first) for shift in tried}
        best = max(tried, key=lambda shift: shares[shift])
        told = _fits(rows, best, 0, len(rows)) & rows.wrong & (rows.due != rows.said)
        if shares[best] >= _LEAST_SHARE and _bits_of(rows, told) >= math.log2(len(tried) / LEVEL):
            starts = [(best, first)]
            self.is_one_shift = True
            self.is_from_start = bool(_fits(rows, best, min(max(best, 0), first), first).all())
        else:
            starts = _stretches(rows, first)
            self.is_from_start = False
        for (shift, start), (_, end) in zip(starts, [*starts[1:], *starts[-1:]], strict=True):
            self._begin(shift, start)
            self._take(start, end)
            self._counted = start  # the last one is followed from there on
        if self.stretches:
            self._follow_all(is_end=is_end)
        else:
            self._rows = self._rows.part(len(self._rows))

    def _begin(self, shift: int, start: int) -> None:
        """Begin a stretch at a row."""
        self._shift = shift
        if len(self.stretches) < _MOST_STRETCHES:
            self._open = ShiftedRows(shift, int(self._rows.numbers[start]))
            self.stretches.append(self._open)
        else:
            self._open = self.more
            self.more.stretches += shift != 0

    def _take(self, start: int, end: int) -> None:
        """Count rows that belong to the stretch that was begun last."""
        assert self._open is not None, "a stretch was begun"
        if start >= end:
            return
        rows = self._rows.part(start, end)
        if self._shift:
            self._open.explained += int(np.count_nonzero(_fits(self._rows, self._shift, start, end) & rows.wrong))
        due = _moved(self._rows.due_queues, self._shift, start, end, NO_QUEUE)
        other = rows.numbers[rows.wrong_queues & (due != NO_QUEUE) & (due != rows.said_queues)]
        self._queues += other[: _MOST_QUEUES - len(self._queues)].tolist()

    def _follow_all(self, *, is_end: bool) -> None:
        """Follow the rows that have all rows that it takes; keep what later ones take."""
        while True:
            ready = len(self._rows) - self._counted - (0 if is_end else _FURTHEST)
            if ready < (1 if is_end else _DECIDE):
                return
            end = self._counted + min(ready, _DECIDE)
            counted = self._follow(self._counted, end, is_end=is_end and end == len(self._rows))
            self._seen += counted - self._counted
            drop = max(counted - _FURTHEST, 0)
            self._rows, self._counted = self._rows.part(drop), counted - drop

    def _follow(self, start: int, end: int, *, is_end: bool) -> int:
        """Give rows to the stretch that was begun last, or to others that begin among them; return where rows wait."""
        while True:
            gains = _gains(self._rows, self._shift, start, end)
            fits_to = start + (int(gains.argmax()) + 1 if len(gains) and gains.max() > 0 else 0)
            if fits_to >= end:
                break
            shift = self._next_shift(fits_to, end)
            if shift is None:
                waits = not is_end and fits_to > start and end - fits_to <= _MOST_WAITING
                end = fits_to if waits else end
                break
            self._take(start, fits_to)
            self._begin(shift, fits_to)
            start = fits_to
        self._take(start, end)
        return end

    def _next_shift(self, start: int, end: int) -> int | None:
        """Return how rows are shifted that no longer are as those before; None where nothing tells."""
        rows, tried = self._rows, _near(self._shift)
        gains = {shift: _gains(rows, shift, start, end) for shift in tried}
        least = math.log2(len(tried) * (self._seen + end) / LEVEL)
        # The next rows come first: a long stretch may otherwise hide a short one before it.
        for size in (_NEXT, end - start):
            best = max(tried, key=lambda shift: float(gains[shift][:size].max()))
            stop = start + int(gains[best].argmax()) + 1
            told = np.zeros(len(rows), bool)
            told[start:stop] = _fits(rows, best, start, stop) & ~_fits(rows, self._shift, start, stop)
            if gains[best].max() > 0 and _bits_of(rows, told) >= least:
                return best
        return None


def _near(shift: int) -> list[int]:
    """Return other shifts that rows may have next, the likelier first."""
    steps = (step for size in range(1, _MOST + 1) for step in (size, -size))
    return [shift + step for step in steps if abs(shift + step) <= _FURTHEST]


def _moved(values: Numbers, shift: int, start: int, end: int, missing: int) -> Numbers:
    """Return the values so many rows before some rows, and in place of those that are not there another number."""
    found = np.full(end - start, missing, np.int64)
    first, last = max(start - shift, 0), min(end - shift, len(values))
    if first < last:
        found[first + shift - start : last + shift - start] = values[first:last]
    return found


def _fits(rows: _Rows, shift: int, start: int, end: int) -> Mask:
    """Tell in which of some rows what was reported is what is expected so many rows before."""
    due = _moved(rows.due, shift, start, end, _UNKNOWN)
    fits: Mask = (due == rows.said[start:end]) & (due != _UNKNOWN)
    return fits


def _gains(rows: _Rows, shift: int, start: int, end: int) -> npt.NDArray[np.float64]:
    """Return how much speaks for a shift up to each of some rows: less than nothing if too few rows fit."""
    known = (rows.said[start:end] != _UNKNOWN) & (_moved(rows.numbers, shift, start, end, -1) >= 0)
    fits = _fits(rows, shift, start, end)
    return np.cumsum(np.where(fits, 1 - _LEAST_SHARE, -_LEAST_SHARE * known))


def _share_of(rows: _Rows, shift: int, first: int) -> float:
    """Return the share of rows from the first wrong one on that a shift explains, of those that have the other row."""
    start, end = max(first, shift), min(len(rows), len(rows) + shift)
    if start >= end:
        return 0.0
    known = rows.said[start:end] != _UNKNOWN
    return float((_fits(rows, shift, start, end) & known).sum() / known.sum()) if known.any() else 0.0


def _stretches(rows: _Rows, first: int) -> list[tuple[int, int]]:
    """Return the shifts of stretches, and the row that each starts at; none where they leave rows over.

    A stretch reaches as far as its shift explains enough rows. Where it ends is one more thing that chance may choose.
    """
    found: list[tuple[int, int]] = []
    start, shift, n_fits = first, 0, 0
    while start < len(rows) and len(found) < _MOST_AT_FIRST:
        tried = list(dict.fromkeys([0, shift, *_near(shift)]))
        gains = {shift: _gains(rows, shift, start, len(rows)) for shift in tried}
        shift = max(tried, key=lambda shift: float(gains[shift].max()))
        end = start + int(gains[shift].argmax()) + 1
        told = np.zeros(len(rows), bool)
        told[start:end] = _fits(rows, shift, start, end)
        bits = _bits_of(rows, told & rows.wrong & (rows.due != rows.said))
        if gains[shift].max() <= 0 or (shift and bits < math.log2(len(tried) * len(rows) / LEVEL)):
            break
        found.append((shift, start))
        n_fits += int(np.count_nonzero(told))
        start = end
    judged = slice(first, start if len(found) == _MOST_AT_FIRST else None)  # stretches that follow are no longer tried
    n_known = np.count_nonzero(rows.said[judged] != _UNKNOWN)
    is_explained = any(shift for shift, _ in found) and n_fits >= _LEAST_SHARE * n_known
    return found if is_explained else []


def _bits_of(rows: _Rows, told: Mask) -> float:
    """Return how much rows tell for a shift: a value tells less the more frequent it is, as expected or as reported."""
    pairs = np.unique(np.stack([rows.due[told], rows.said[told]], axis=1), axis=0)
    said = rows.said[rows.said != _UNKNOWN]
    shares = np.maximum(_frequencies(rows.due, pairs[:, 1]), _frequencies(said, pairs[:, 1]))
    return float(-np.log2(shares).sum())


def _frequencies(values: Numbers, asked: Numbers) -> npt.NDArray[np.float64]:
    """Return which share of values each of some values has; each is among them."""
    met, counts = np.unique(values, return_counts=True)
    return np.asarray(counts[np.searchsorted(met, asked)] / len(values))
