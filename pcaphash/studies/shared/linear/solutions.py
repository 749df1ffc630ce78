"""All solutions of linear equations over GF(2) at once, in ascending order, for many right sides."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence

Pair = tuple[int, int, int, int]
"""A range of the first numbers and one of the second: where each begins and ends."""


class Solutions:
    """All sums of one of the first numbers, one of the second, and any of some vectors; no two of them are equal.

    Numbers have ``n_unknowns`` bits of a solution, and above these what no solution gives, which has to cancel out.
    There may be far more pairs of numbers than solutions that anyone looks at; so pairs are divided, one bit of their
    sum after another, only as far as a solution is asked for.

    Parameters
    ----------
    first, second : sequence of int
        The numbers, in ascending order.
    n_unknowns : int
        How many bits a solution has.
    vectors : sequence of int
        Those of which any may be added; the highest bit of each is set in none of the others, nor in any number.
    """

    def __init__(self, first: Sequence[int], second: Sequence[int], n_unknowns: int, vectors: Sequence[int]) -> None:
        self._first, self._second = first, second
        self._n_unknowns = n_unknowns
        self._vectors = {vector.bit_length() - 1: vector for vector in vectors}
        others = _ranges(second, n_unknowns)
        self._pairs = [(*at, *others[rest]) for rest, at in _ranges(first, n_unknowns).items() if rest in others]

    @property
    def number(self) -> int:
        """How many there are."""
        n_pairs = sum((end - start) * (last - begin) for start, end, begin, last in self._pairs)
        return n_pairs << len(self._vectors)

    def __iter__(self) -> Iterator[int]:
        """Yield all of them in ascending order."""
        yield from self._below(self._n_unknowns, self._pairs, 0)

    def _below(self, bit: int, pairs: list[Pair], added: int) -> Iterator[int]:
        """Yield the solutions of pairs that agree in this bit and all above it."""
        while bit and pairs:
            bit -= 1
            if bit in self._vectors:
                yield from self._below(bit, pairs, added)
                added ^= self._vectors[bit]
                continue
            zero, one = self._divide(bit, pairs, added >> bit & 1)
            if zero and one:
                yield from self._below(bit, zero, added)
            pairs = one or zero
        mask = (1 << self._n_unknowns) - 1
        for start, _, begin, _ in pairs:
            yield (self._first[start] ^ self._second[begin] ^ added) & mask

    def _divide(self, bit: int, pairs: list[Pair], added: int) -> tuple[list[Pair], list[Pair]]:
        """Return the parts of pairs whose solutions have this bit zero, and one."""
        found: tuple[list[Pair], list[Pair]] = ([], [])
        for start, end, begin, last in pairs:
            middle = _first_with(self._first, bit, start, end)
            between = _first_with(self._second, bit, begin, last)
            for value, (low, high) in enumerate(((start, middle), (middle, end))):
                for other, (least, most) in enumerate(((begin, between), (between, last))):
                    if low < high and least < most:
                        found[value ^ other ^ added].append((low, high, least, most))
        return found


def _first_with(numbers: Sequence[int], bit: int, start: int, end: int) -> int:
    """Return where numbers that agree above a bit begin to have it."""
    return bisect_left(numbers, (numbers[start] >> bit | 1) << bit, start, end)


def _ranges(numbers: Sequence[int], n_bits: int) -> dict[int, tuple[int, int]]:
    """Return where numbers are by what stands above some low bits."""
    found: dict[int, tuple[int, int]] = {}
    start = 0
    while start < len(numbers):
        rest = numbers[start] >> n_bits
        end = bisect_left(numbers, (rest + 1) << n_bits, start)
        found[rest] = (start, end)
        start = end
    return found
