"""Linear equations over GF(2) against trying everything."""

from functools import reduce
from operator import xor

from hypothesis import given
from hypothesis import strategies as st

from pcaphash.studies.shared.linear.equations import Equations, LinearMap


@given(
    columns=st.lists(st.integers(0, 63), max_size=8),
    wanted=st.sets(st.integers(0, 127)),
    others=st.sets(st.integers(0, 31)),
    shift=st.integers(0, 7),
)
def test_solutions_are_those_that_trying_finds(columns, wanted, others, shift):
    def total(unknowns):
        return reduce(xor, (column for i, column in enumerate(columns) if unknowns >> i & 1), 0)

    every = range(1 << len(columns))
    equations = Equations(columns)
    wanted, others = {each % (1 << shift) for each in wanted}, {each << shift for each in others}
    sums = {each | other for each in wanted for other in others}
    solutions = equations.solve(wanted, others)
    tried = [unknowns for unknowns in every if total(unknowns) in sums]
    assert list(solutions) == tried
    assert solutions.number == len(tried)
    assert list(equations.solve(sums)) == tried
    assert 1 << equations.rank == len(set(map(total, every)))


@given(pairs=st.lists(st.tuples(st.integers(0, 7), st.integers(0, 3)), max_size=6))
def test_pairs_are_told_that_no_linear_map_has(pairs):
    found, known = LinearMap(), []
    for vector, value in pairs:
        is_possible = found.learn(vector, value)
        assert is_possible == bool(maps_of([*known, (vector, value)]))
        if is_possible:
            known.append((vector, value))
    assert 1 << found.rank == len({reduce(xor, (v for i, (v, _) in enumerate(known) if n >> i & 1), 0)
                                   for n in range(1 << len(known))})  # fmt: skip
    assert all(_value(each, vector) == value for vector, value in found.rows for each in maps_of(known))


def _value(images, vector):
    return reduce(xor, (image for bit, image in enumerate(images) if vector >> bit & 1), 0)


def maps_of(pairs):
    """Return every map of three bits to two that has these pairs."""
    maps = [[number >> 2 * bit & 3 for bit in range(3)] for number in range(64)]
    return [each for each in maps if all(_value(each, vector) == value for vector, value in pairs)]
