"""Linear equations over GF(2), solved exactly; vectors are whole numbers, one bit for each unknown or equation."""

from collections.abc import Iterable, Sequence
from functools import cached_property

from pcaphash.studies.shared.linear.solutions import Solutions

_MOST_CHECKS = 12  # whose sums are all looked at, for those with fewest bits


class Equations:
    """Which sums of columns are a vector.

    Parameters
    ----------
    columns : sequence of int
        For each unknown, lowest bit of a solution first, the vector that it adds.
    n_equations : int, optional
        How many bits the vectors have. Default: as many as the longest one.
    """

    def __init__(self, columns: Sequence[int], n_equations: int | None = None) -> None:
        # Each equation is a row: which unknowns are in it, and which equations were added up to it.
        self._pivots: dict[int, tuple[int, int]] = {}  # by an unknown that no other row has
        self._n_unknowns = len(columns)
        self._checks: list[int] = []  # equations that add up to nothing, whatever the unknowns are
        longest = max(columns, default=0).bit_length()
        self._n_equations = longest if n_equations is None else n_equations
        for number in range(self._n_equations):
            self._add(sum((column >> number & 1) << i for i, column in enumerate(columns)), 1 << number)
        free = [1 << i for i in range(len(columns)) if 1 << i not in self._pivots]
        self._basis = _ordered(
            [unknown | sum(pivot for pivot, (row, _) in self._pivots.items() if row & unknown) for unknown in free]
        )

    @property
    def rank(self) -> int:
        """How many bits of the sums can be chosen."""
        return len(self._pivots)

    @property
    def checks(self) -> tuple[int, ...]:
        """Sets of bits whose sum is 0 in every column: all such sets are sums of these, and these have few bits."""
        if not self._pivots:
            return tuple(1 << bit for bit in range(self._n_equations))
        every = _sums(self._checks) if len(self._checks) <= _MOST_CHECKS else self._checks
        return find_basis(sorted(every, key=lambda check: (check.bit_count(), check)))

    def solve(self, wanted: Iterable[int], others: Iterable[int] = (0,)) -> Solutions:
        """Return which unknowns give the sum of one of ``wanted`` and one of ``others``; no two such sums are equal."""
        first, second = sorted(map(self._part, wanted)), sorted(map(self._part, others))
        return Solutions(first, second, self._n_unknowns, self._basis)

    def _part(self, wanted: int) -> int:
        """Return what a vector adds to solutions: the smallest solution, and above it what no unknowns give."""
        found = wanted >> self._n_equations << self._n_unknowns + len(self._checks)
        for number, part in enumerate(self._parts):
            found ^= part * (wanted >> number & 1)
        return found

    @cached_property
    def _parts(self) -> list[int]:
        """What each bit of a vector adds to solutions; what a sum of bits adds is the sum of these."""
        found = []
        for number in range(self._n_equations):
            part = sum(pivot for pivot, (_, added) in self._pivots.items() if added >> number & 1)
            for vector in reversed(self._basis):
                part = min(part, part ^ vector)
            rest = sum((check >> number & 1) << i for i, check in enumerate(self._checks))
            found.append(rest << self._n_unknowns | part)
        return found

    def _add(self, row: int, added: int) -> None:
        for pivot, (other, others_added) in self._pivots.items():
            if row & pivot:
                row, added = row ^ other, added ^ others_added
        if not row:
            self._checks.append(added)
            return
        chosen = row & -row
        for pivot, (other, others_added) in self._pivots.items():
            if other & chosen:
                self._pivots[pivot] = (other ^ row, others_added ^ added)
        self._pivots[chosen] = (row, added)


class LinearMap:
    """A linear map of vectors to values, both whole numbers, as far as pairs of them have told it."""

    def __init__(self) -> None:
        self._rows: dict[int, tuple[int, int]] = {}  # by the highest bit of the vector

    @property
    def rank(self) -> int:
        """How many of the vectors are no sums of others."""
        return len(self._rows)

    @property
    def rows(self) -> list[tuple[int, int]]:
        """Vectors of which no two have the same highest bit, the longest first, with their values."""
        return [self._rows[length] for length in sorted(self._rows, reverse=True)]

    def learn(self, vector: int, value: int) -> bool:
        """Take in the value of a vector; tell whether a linear map can have it beside those before."""
        while vector:
            other = self._rows.setdefault(vector.bit_length(), (vector, value))
            if other[0] == vector:
                return other[1] == value
            vector, value = vector ^ other[0], value ^ other[1]
        return not value


def find_basis(vectors: Iterable[int], most: int | None = None) -> tuple[int, ...]:
    """Return those vectors that are no sums of earlier ones; no further than ``most`` of them, if given."""
    found: list[int] = []
    known = LinearMap()
    for vector in vectors:
        if len(found) == most:
            break
        known.learn(vector, 0)
        if known.rank > len(found):
            found.append(vector)
    return tuple(found)


def _sums(vectors: Sequence[int]) -> list[int]:
    """Return every sum of vectors but the empty one."""
    sums = [0]
    for vector in vectors:
        sums += [vector ^ other for other in sums]
    return sums[1:]


def _ordered(vectors: Sequence[int]) -> tuple[int, ...]:
    """Return vectors with the same sums, the highest bit of each only there, smallest first."""
    found: list[int] = []
    for vector in vectors:
        for other in found:
            vector = min(vector, vector ^ other)
        if vector:
            found = [min(other, other ^ vector) if other > vector else other for other in found]
            found = sorted([*found, vector], reverse=True)
    return tuple(sorted(found))
