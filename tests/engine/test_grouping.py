"""Groups found by hashing are those found by sorting, as they were before; so are the least rows of a table."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pcaphash.engine.flows.grouping import group_rows, least_rows, sum_groups

TABLES = st.tuples(st.integers(0, 60), st.integers(1, 7)).flatmap(
    lambda shape: arrays.arrays(np.uint64, shape, elements=st.sampled_from([0, 1, 2, 2**63, 2**64 - 1]))
)


def sorted_groups(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct rows, sorted, and which of them each row is: slow, and plain to see."""
    order = np.lexsort(rows.T[::-1])
    in_order = rows[order]
    is_new = np.ones(len(rows), bool)
    is_new[1:] = (in_order[1:] != in_order[:-1]).any(axis=1)
    of_row = np.empty(len(rows), np.int64)
    of_row[order] = np.cumsum(is_new) - 1
    return in_order[is_new], of_row


@given(TABLES)
def test_groups_are_those_of_sorting(rows):
    groups = group_rows(rows)
    distinct, of_row = sorted_groups(rows)
    assert len(groups) == len(groups.hashes) == len(distinct)
    assert (np.diff(groups.firsts) > 0).all()
    assert np.array_equal(rows[groups.firsts][groups.of_row], rows)
    assert np.array_equal(distinct[of_row], rows)


@given(TABLES, st.randoms(use_true_random=False))
def test_the_hash_of_a_row_depends_on_nothing_else(rows, random):
    order = list(range(len(rows)))
    random.shuffle(order)
    one, other = group_rows(rows), group_rows(rows[order])
    assert np.array_equal(one.hashes[one.of_row][order], other.hashes[other.of_row])


def test_many_rows_in_a_full_index():
    rows = np.random.default_rng(1).integers(0, 2000, (4096, 2)).astype(np.uint64)
    groups = group_rows(rows)
    assert len(groups) == len(np.unique(rows, axis=0))
    assert np.array_equal(rows[groups.firsts][groups.of_row], rows)


@given(st.lists(st.tuples(st.integers(-1, 5), st.integers(0, 2**40)), max_size=50))
def test_sums_by_group(given_rows):
    of_row = np.array([group for group, _ in given_rows], np.int64)
    values = np.array([[value, -value] for _, value in given_rows], np.int64).reshape(-1, 2)
    expected = np.zeros((6, 2), np.int64)
    np.add.at(expected, of_row[of_row >= 0], values[of_row >= 0])
    assert np.array_equal(sum_groups(values, of_row, 6), expected)


@given(TABLES, st.integers(0, 70))
def test_the_least_rows_are_the_first_of_all_sorted(rows, most):
    found = least_rows(list(rows.T), most)
    assert np.array_equal(rows[found], rows[np.lexsort(rows.T[::-1])][:most])
    assert len(set(found.tolist())) == len(found)
