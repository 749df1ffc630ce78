"""Distributions from which whole numbers are drawn: straight between points, the same on every machine.

All is calculated with fractions and decimal numbers, whose functions are rounded correctly everywhere.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from pcaphash.standards import flow_sizes

ONE = 1 << 32
"""What stands for a probability of 1."""

GUIDE_BITS = 12
"""Bits of a random number that lead to where the search for its point begins."""

MOST_NUMBER = 1 << 30
_DIGITS = 24
_NEGLIGIBLE = Decimal("1e-14")
_FAR = 7  # standard deviations, past which 32 bits know no difference
_PI = Decimal("3.14159265358979323846264")
_CAMPUS_MOST = 1 << 24  # packets: of 10^9 flows, one in the published data is longer
_EVERY = 64  # points lie at every whole number up to here
_GROWTH = Fraction(17, 16)  # and from there on each is so many times the one before
_RANKS = 1024  # ranks of Zipf's law that have a point of their own
_RANK_GROWTH = Fraction(129, 128)


@dataclass(frozen=True, eq=False)
class NumberDistribution:
    """A distribution of whole numbers above 0.

    Parameters
    ----------
    numbers : int64 array of shape (n + 1,)
        Points: numbers in ascending order.
    cumulative : int64 array of shape (n + 1,)
        The probability of numbers up to each, in units of 1 / ``ONE``: from 0 to ``ONE``, ascending.
    guide : int32 array of shape (2 ** GUIDE_BITS,)
        For the upper bits of each random number, the first interval that it may be in.
    """

    numbers: npt.NDArray[np.int64]
    cumulative: npt.NDArray[np.int64]
    guide: npt.NDArray[np.int32]

    @classmethod
    def of_points(cls, points: Iterable[tuple[int, Decimal]]) -> "NumberDistribution":
        """Make the distribution that is straight between points: numbers, and probabilities of up to these."""
        numbers: list[int] = []
        cumulative: list[int] = []
        for number, probability in points:
            share = int((probability * ONE).to_integral_value())
            if share == 0:
                numbers, cumulative = [number], [share]
            elif share > cumulative[-1]:
                numbers.append(number)
                cumulative.append(share)
        found = np.array(cumulative, np.int64)
        starts = np.arange(1 << GUIDE_BITS, dtype=np.int64) << (32 - GUIDE_BITS)
        guide = np.searchsorted(found, starts, side="right") - 1
        return cls(np.array(numbers, np.int64), found, guide.astype(np.int32))

    def probability(self, most: int) -> float:
        """Return the probability of numbers up to this."""
        return float(np.interp(most, self.numbers, self.cumulative) / ONE)


def of_per_cents(points: Sequence[tuple[int, float]]) -> NumberDistribution:
    """Return the distribution that published points give, in per cent."""
    return NumberDistribution.of_points((number, Decimal(str(share)) / 100) for number, share in points)


def campus() -> NumberDistribution:
    """Return the mixture of ``flow_sizes`` for packets of flows on the Internet link of a university."""
    uniform = [(end, Decimal(weight)) for end, weight in flow_sizes.CAMPUS_UNIFORM]
    lognormal = [tuple(map(Decimal, each)) for each in flow_sizes.CAMPUS_LOGNORMAL]

    def probability(number: int) -> Decimal:
        if number in (0, _CAMPUS_MOST):
            return Decimal(number > 0)
        found = sum((weight * min(Decimal(number) / end, Decimal(1)) for end, weight in uniform), Decimal(0))
        for sigma, median, weight in lognormal:
            found += weight * _normal((number / median).ln() / sigma)
        return found

    return _tabulated(probability, _growing(_CAMPUS_MOST, _EVERY, _GROWTH))


def pareto(exponent: Decimal) -> NumberDistribution:
    """Return Pareto's distribution from 1 on, rounded down: numbers from x on have the probability x ** -exponent."""

    def probability(number: int) -> Decimal:
        return 1 - (number + 1) ** -exponent if number < MOST_NUMBER else Decimal(1)

    return _tabulated(probability, _growing(MOST_NUMBER, _EVERY, _GROWTH))


def zipf(exponent: Decimal, n_ranks: int) -> NumberDistribution:
    """Return Zipf's law: rank r, of so many, has a probability in proportion to r ** -exponent.

    Ranks above 1,024 share the probability of their neighbours, no more than one in 128 of the ranks up to them.
    """
    ranks = _growing(n_ranks, _RANKS, _RANK_GROWTH)
    weights = [Decimal(0)]
    with localcontext(prec=_DIGITS):
        for first, last in pairwise(ranks):
            # The middle of the group stands for each of its ranks: exact where it has one.
            middle = Decimal(first + 1 + last) / 2
            weights.append(weights[-1] + (last - first) * middle**-exponent)
        shares = [weight / weights[-1] for weight in weights]
    return NumberDistribution.of_points(zip(ranks, shares, strict=True))


def _growing(most: int, every: int, growth: Fraction) -> list[int]:
    """Return whole numbers from 0: all up to one, and from there on ever fewer."""
    found = list(range(min(every, most) + 1))
    while found[-1] < most:
        found.append(min(int(found[-1] * growth) + 1, most))
    return found


def _tabulated(probability: Callable[[int], Decimal], numbers: Iterable[int]) -> NumberDistribution:
    with localcontext(prec=_DIGITS):
        return NumberDistribution.of_points([(number, probability(number)) for number in numbers])


def _normal(x: Decimal) -> Decimal:
    """Return the probability of values up to x under the normal distribution.

    The series phi(x) * (x + x^3 / 3 + x^5 / (3 * 5) + ...) has no differences in which digits would be lost.
    """
    if abs(x) > _FAR:
        return Decimal(x > 0)
    term = total = x
    divisor = 1
    while abs(term) > _NEGLIGIBLE:
        divisor += 2
        term *= x * x / divisor
        total += term
    return Decimal("0.5") + total * (-x * x / 2).exp() / (2 * _PI).sqrt()
