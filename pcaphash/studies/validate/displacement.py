"""Find out whether reported values are those of other packets: a log that lost a row, say, is shifted from there on.

Rows are compared from the first wrong packet on, as many as decide; after that only the shift that was found is
counted. Right rows have to fit too. What packets have is numbered: a hash, or one number for none and one for what is
not known.
"""

import math
from dataclasses import dataclass

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
_NO_HASH, _UNKNOWN = -1, -2


@dataclass(eq=False)
class _Rows:
    """Rows in order: what is expected, what was reported, whether that is wrong."""

    due: Numbers
    said: Numbers
    wrong: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.due)

    def behind(self, other: "_Rows") -> "_Rows":
        return _Rows(
            *(np.concatenate([getattr(other, name), getattr(self, name)]) for name in ("due", "said", "wrong"))
        )

    def from_(self, start: int) -> "_Rows":
        return _Rows(self.due[start:], self.said[start:], self.wrong[start:])


def _rows_of(found: Descriptions, reported: Reported, judgement: Judgement) -> _Rows:
    due = np.where(found.known, np.where(found.hashed, found.hash_values.astype(np.int64), _NO_HASH), _UNKNOWN)
    says_none = reported.hash_reports == 0
    has_value = reported.has_hash & ~says_none
    said = np.where(has_value, reported.hash_values.astype(np.int64), np.where(says_none, _NO_HASH, _UNKNOWN))
    untyped = has_value & (reported.hash_reports == NOT_REPORTED) & (reported.hash_values == 0)
    return _Rows(due, np.where(untyped, _NO_HASH, said), (judgement.faults & OF_HASH) > 0)


class Displacement:
    """Watches rows pass by in their order."""

    def __init__(self) -> None:
        nothing = np.zeros(0, np.int64)
        self._rows = _Rows(nothing, nothing, nothing.astype(bool))
        self._is_decided = False
        self._counted = 0
        self.shift: int | None = None
        """By how many rows values come late, or where negative early; None where they do not, or nobody knows yet."""
        self.explained = 0
        """Wrong packets whose values are those of the packet so many rows before."""
        self.is_from_start = True
        """Whether right rows before the first wrong one might be shifted too."""

    def append(self, found: Descriptions, reported: Reported, judgement: Judgement) -> None:
        """Look at the packets of a block."""
        if self._is_decided and self.shift is None:
            return
        rows = _rows_of(found, reported, judgement)
        starts = bool(self._rows.wrong.any())
        self._rows = rows.behind(self._rows)
        if self.shift is not None:
            self._count(is_end=False)
        elif not starts and not rows.wrong.any():
            self._rows = self._rows.from_(max(len(self._rows) - _MOST, 0))
        elif len(self._rows) >= _DECIDE:
            self._decide(is_end=False)

    def finish(self) -> None:
        """Decide by what there is."""
        if not self._is_decided:
            self._decide(is_end=True)
        elif self.shift is not None:
            self._count(is_end=True)

    def _decide(self, *, is_end: bool) -> None:
        self._is_decided = True
        if not self._rows.wrong.any():
            return
        first = int(np.argmax(self._rows.wrong))
        rows = self._rows.from_(max(first - _MOST, 0))
        tried = [shift for size in range(1, _MOST + 1) for shift in (size, -size)]
        shares = {shift: _share_of(rows, shift, min(first, _MOST)) for shift in tried}
        best = max(tried, key=lambda shift: shares[shift])
        if shares[best] >= _LEAST_SHARE and _bits_of(rows, best) >= math.log2(len(tried) / LEVEL):
            self.shift = best
            before = slice(max(best, 0), min(first, _MOST))
            self.is_from_start = bool(_fits(rows, best)[before].all())
            self._count(is_end=is_end)
        else:
            self._rows = rows.from_(len(rows))

    def _count(self, *, is_end: bool) -> None:
        """Count the rows that were not counted and have the other row that it takes; keep what later ones take."""
        assert self.shift is not None
        start = self._counted
        end = len(self._rows) - (0 if is_end or self.shift > 0 else -self.shift)
        fits = _fits(self._rows, self.shift) & self._rows.wrong
        self.explained += int(np.count_nonzero(fits[start:end]))
        keep = max(min(end, len(self._rows) - _MOST), 0)
        self._rows, self._counted = self._rows.from_(keep), max(end, start) - keep


def _fits(rows: _Rows, shift: int) -> npt.NDArray[np.bool_]:
    """Tell in which rows what was reported is what is expected so many rows before."""
    due = np.full(len(rows), _UNKNOWN, np.int64)
    if shift > 0:
        due[shift:] = rows.due[:-shift]
    else:
        due[:shift] = rows.due[-shift:]
    fits: npt.NDArray[np.bool_] = (due == rows.said) & (due != _UNKNOWN)
    return fits


def _share_of(rows: _Rows, shift: int, first: int) -> float:
    """Return the share of rows from the first wrong one on that a shift explains, of those that have the other row."""
    inside = slice(max(first, shift), min(len(rows), len(rows) + shift))
    known = rows.said[inside] != _UNKNOWN
    return float((_fits(rows, shift)[inside] & known).sum() / known.sum()) if known.any() else 0.0


def _bits_of(rows: _Rows, shift: int) -> float:
    """Return how much speaks for a shift: a value is as likely as it is frequent among those expected."""
    fits = _fits(rows, shift) & rows.wrong
    pairs = np.unique(np.stack([rows.due[fits], rows.said[fits]], axis=1), axis=0)
    values, counts = np.unique(rows.due, return_counts=True)
    shares = counts[np.searchsorted(values, pairs[:, 1])] / len(rows)
    return float(-np.log2(shares).sum())
