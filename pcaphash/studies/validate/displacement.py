"""Find out whether reported values are those of other packets: a log that lost a row, say, is shifted from there on.

Rows are compared from the first wrong packet on, as many as decide; after that only the shift that was found last is
counted. Right rows have to fit too. A log may have lost rows more than once: then stretches have shifts of their own.
What packets have is numbered: a hash, or one number for none and one for what is not known.
"""

import math
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reported.source import NOT_REPORTED, Reported
from pcaphash.engine.census.describer import Descriptions
from pcaphash.studies.validate.evidence import LEVEL
from pcaphash.studies.validate.verdicts import OF_HASH, Judgement

Numbers = npt.NDArray[np.int64]

_MOST = 64  # rows that a log may be shifted by
_DECIDE = 4096  # rows that decide
_LEAST_SHARE = 0.9  # of rows from the first wrong one on that a shift explains
_MOST_STRETCHES = 8
_NO_HASH, _UNKNOWN = -1, -2


@dataclass(eq=False)
class _Rows:
    """Rows in order: what is expected, what was reported, whether that is wrong, and the number of the packet."""

    due: Numbers
    said: Numbers
    wrong: npt.NDArray[np.bool_]
    numbers: Numbers

    def __len__(self) -> int:
        return len(self.due)

    def behind(self, other: "_Rows") -> "_Rows":
        return _Rows(*(np.concatenate([getattr(other, each.name), getattr(self, each.name)]) for each in fields(_Rows)))

    def part(self, start: int, end: int | None = None) -> "_Rows":
        return _Rows(*(getattr(self, each.name)[start:end] for each in fields(_Rows)))


@dataclass(eq=False)
class Stretch:
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


def _rows_of(numbers: Numbers, found: Descriptions, reported: Reported, judgement: Judgement) -> _Rows:
    due = np.where(found.known, np.where(found.hashed, found.hash_values.astype(np.int64), _NO_HASH), _UNKNOWN)
    says_none = reported.hash_reports == 0
    has_value = reported.has_hash & ~says_none
    said = np.where(has_value, reported.hash_values.astype(np.int64), np.where(says_none, _NO_HASH, _UNKNOWN))
    untyped = has_value & (reported.hash_reports == NOT_REPORTED) & (reported.hash_values == 0)
    return _Rows(due, np.where(untyped, _NO_HASH, said), (judgement.faults & OF_HASH) > 0, numbers)


class Displacement:
    """Watches rows pass by in their order."""

    def __init__(self) -> None:
        nothing = np.zeros(0, np.int64)
        self._rows = _Rows(nothing, nothing, nothing.astype(bool), nothing)
        self._is_decided = False
        self._counted = 0
        self.stretches: list[Stretch] = []
        """Those that are shifted, from the first wrong packet on; none where rows are not, or nobody knows yet."""
        self.is_from_start = True
        """Whether right rows before the first wrong one might be shifted too."""

    def append(self, numbers: Numbers, found: Descriptions, reported: Reported, judgement: Judgement) -> None:
        """Look at the packets of a block, which have these numbers."""
        if self._is_decided and not self.stretches:
            return
        rows = _rows_of(numbers, found, reported, judgement)
        starts = bool(self._rows.wrong.any())
        self._rows = rows.behind(self._rows)
        if self.stretches:
            self._count(is_end=False)
        elif not starts and not rows.wrong.any():
            self._rows = self._rows.part(max(len(self._rows) - _MOST, 0))
        elif len(self._rows) >= _DECIDE:
            self._decide(is_end=False)

    def finish(self) -> None:
        """Decide by what there is."""
        if not self._is_decided:
            self._decide(is_end=True)
        elif self.stretches:
            self._count(is_end=True)

    def _decide(self, *, is_end: bool) -> None:
        self._is_decided = True
        if not self._rows.wrong.any():
            return
        first = int(np.argmax(self._rows.wrong))
        rows, first = self._rows.part(max(first - _MOST, 0)), min(first, _MOST)
        tried = [shift for size in range(1, _MOST + 1) for shift in (size, -size)]
        shares = {shift: _share_of(rows, shift, first) for shift in tried}
        best = max(tried, key=lambda shift: shares[shift])
        if shares[best] >= _LEAST_SHARE and _bits_of(rows, best) >= math.log2(len(tried) / LEVEL):
            self.stretches = [Stretch(best, int(self._rows.numbers[np.argmax(self._rows.wrong)]))]
            self.is_from_start = bool(_fits(rows, best)[max(best, 0) : first].all())
            self._count(is_end=is_end)
            return
        stretches = _stretches(rows, first)
        if not stretches:
            self._rows = rows.part(len(rows))
            return
        self.stretches, self.is_from_start = [stretch for stretch, _ in stretches], False
        start = stretches[-1][1]
        self._rows, self._counted = rows.part(max(start - _MOST, 0)), min(start, _MOST)
        self._count(is_end=is_end)

    def _count(self, *, is_end: bool) -> None:
        """Count the rows that were not counted and have the other row that it takes; keep what later ones take."""
        last = self.stretches[-1]
        start = self._counted
        end = len(self._rows) - (0 if is_end or last.shift >= 0 else -last.shift)
        fits = _fits(self._rows, last.shift) & self._rows.wrong
        last.explained += int(np.count_nonzero(fits[start:end]))
        keep = max(min(end, len(self._rows) - _MOST), 0)
        self._rows, self._counted = self._rows.part(keep), max(end, start) - keep


def _fits(rows: _Rows, shift: int) -> npt.NDArray[np.bool_]:
    """Tell in which rows what was reported is what is expected so many rows before."""
    due = np.full(len(rows), _UNKNOWN, np.int64)
    if shift > 0:
        due[shift:] = rows.due[:-shift]
    elif shift < 0:
        due[:shift] = rows.due[-shift:]
    else:
        due = rows.due
    fits: npt.NDArray[np.bool_] = (due == rows.said) & (due != _UNKNOWN)
    return fits


def _share_of(rows: _Rows, shift: int, first: int) -> float:
    """Return the share of rows from the first wrong one on that a shift explains, of those that have the other row."""
    inside = slice(max(first, shift), min(len(rows), len(rows) + shift))
    known = rows.said[inside] != _UNKNOWN
    return float((_fits(rows, shift)[inside] & known).sum() / known.sum()) if known.any() else 0.0


def _stretches(rows: _Rows, first: int) -> list[tuple[Stretch, int]]:
    """Return stretches with shifts of their own, with the row that each starts at; none where they leave rows over.

    A stretch reaches as far as its shift explains enough rows. Where it ends is one more thing that chance may choose.
    """
    found: list[tuple[Stretch, int]] = []
    known, start, n_fits = rows.said != _UNKNOWN, first, 0
    tried = [0, *(shift for size in range(1, _MOST + 1) for shift in (size, -size))]
    fits = {shift: _fits(rows, shift) & known for shift in tried}
    while start < len(rows) and len(found) < _MOST_STRETCHES:
        sums = {
            shift: np.cumsum(np.where(fits[shift], 1 - _LEAST_SHARE, -_LEAST_SHARE * known)[start:]) for shift in tried
        }
        shift = max(tried, key=lambda shift: sums[shift].max())
        end = start + int(sums[shift].argmax()) + 1
        bits = _bits_of(rows, shift, slice(start, end))
        if sums[shift].max() <= 0 or (shift and bits < math.log2(len(tried) * len(rows) / LEVEL)):
            break
        explained = int(np.count_nonzero((fits[shift] & rows.wrong)[start:end]))
        found.append((Stretch(shift, int(rows.numbers[start]), explained), start))
        n_fits += int(np.count_nonzero(fits[shift][start:end]))
        start = end
    if not any(stretch.shift for stretch, _ in found) or n_fits < _LEAST_SHARE * np.count_nonzero(known[first:]):
        return []
    found[-1][0].explained = 0  # which are counted again, with those that follow
    return found


def _bits_of(rows: _Rows, shift: int, inside: slice = slice(None)) -> float:
    """Return how much speaks for a shift: a value is as likely as it is frequent among those expected.

    A row that has its own value is wrong in something else.
    """
    fits = np.zeros(len(rows), bool)
    fits[inside] = (_fits(rows, shift) & rows.wrong & (rows.due != rows.said))[inside]
    pairs = np.unique(np.stack([rows.due[fits], rows.said[fits]], axis=1), axis=0)
    values, counts = np.unique(rows.due, return_counts=True)
    shares = counts[np.searchsorted(values, pairs[:, 1])] / len(rows)
    return float(-np.log2(shares).sum())
