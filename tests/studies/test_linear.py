"""Linear equations over GF(2) against trying everything."""

from functools import reduce
from operator import xor

from hypothesis import given
from hypothesis import strategies as st

from pcaphash.studies.shared.linear.equations import Equations


@given(columns=st.lists(st.integers(0, 63), max_size=8), wanted=st.integers(0, 127))
def test_solutions_are_those_that_trying_finds(columns, wanted):
    def total(unknowns):
        return reduce(xor, (column for i, column in enumerate(columns) if unknowns >> i & 1), 0)

    every = range(1 << len(columns))
    equations = Equations(columns)
    solutions = equations.solve(wanted)
    tried = [unknowns for unknowns in every if total(unknowns) == wanted]
    assert ([] if solutions is None else list(solutions)) == tried
    assert solutions is None or solutions.number == len(tried)
    assert 1 << equations.rank == len(set(map(total, every)))
