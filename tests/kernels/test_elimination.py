"""Elimination says of each input whether it is a sum of earlier ones, as plain integers do."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pcaphash.kernels.elimination import CONTRADICTION, NEW, SUM
from pcaphash.studies.shared.linear.basis import Basis

inputs = st.lists(
    st.tuples(st.binary(min_size=36, max_size=36) | st.sampled_from([bytes(36), b"\1" * 36]), st.integers(0, 3)),
    max_size=12,
)


def naive(rows: list[tuple[int, int]]) -> list[int]:
    """Keep inputs with a one behind them, reduced by each other; say of each what it is."""
    basis: list[tuple[int, int]] = []
    statuses = []
    for data, value in rows:
        number = data << 1 | 1
        for other, other_value in basis:
            if number ^ other < number:
                number, value = number ^ other, value ^ other_value
        if number:
            basis.append((number, value))
            basis.sort(reverse=True)
        statuses.append(NEW if number else CONTRADICTION if value else SUM)
    return statuses


@given(some=inputs, mixes=st.lists(st.sets(st.integers(0, 11)), max_size=8))
def test_as_integers_do(some, mixes):
    rows = [(int.from_bytes(data, "big"), value) for data, value in some]
    for mix in mixes:  # sums of an odd number of inputs, which have a one behind them too
        chosen = [rows[i] for i in mix if i < len(some)]
        if len(chosen) % 2:
            data = value = 0
            for other, other_value in chosen:
                data, value = data ^ other, value ^ other_value
            rows.append((data, value))
    words = np.array([[data >> 32 * (8 - i) & 0xFFFFFFFF for i in range(9)] for data, _ in rows], np.uint32)
    values = np.array([value for _, value in rows], np.uint32)
    basis = Basis()
    statuses = basis.add(words.reshape(-1, 9), values).tolist()
    assert statuses == naive(rows)
    assert basis.rank == statuses.count(NEW)
    assert basis.contradictions == statuses.count(CONTRADICTION)
    # However they are divided, and whatever is given again.
    again = Basis()
    for i in range(len(rows)):
        assert again.add(words[i : i + 1], values[i : i + 1]).tolist() == statuses[i : i + 1]
    if CONTRADICTION not in statuses:
        assert (basis.add(words.reshape(-1, 9), values) == SUM).all()
