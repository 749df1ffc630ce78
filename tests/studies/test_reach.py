"""Which table entries can be reached: the rank says what enumeration of all sums finds."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive.toeplitz import toeplitz
from pcaphash import Device
from pcaphash.studies.shared.linear.equations import Equations, find_basis
from pcaphash.studies.shared.linear.hash_input import INPUT_BYTES_OF, KEY_BITS_OF, HashInput
from pcaphash.studies.shared.linear.index_bits import Dependency, find_dependencies, index_bits_of
from pcaphash.studies.shared.linear.reach import reach_of, span
from support.words import words_of

keys = st.one_of(
    st.binary(min_size=40, max_size=40),
    st.binary(min_size=1, max_size=4).map(lambda part: (part * 40)[:40]),
    st.integers(0, 319).map(lambda bit: (1 << bit).to_bytes(40)),
    st.just(bytes(40)),
)


@st.composite
def input_sets(draw):
    """Draw inputs of one kind: some sums of a few differences, which differ in few bits or many."""
    kind = draw(st.sampled_from(list(HashInput)))
    n_bytes = INPUT_BYTES_OF[kind]
    bits = 8 * n_bytes
    sparse = st.sets(st.integers(0, bits - 1), min_size=1, max_size=2).map(lambda ones: sum(1 << bit for bit in ones))
    differences = draw(st.lists(st.one_of(sparse, st.integers(1, (1 << bits) - 1)), max_size=5))
    first = draw(st.integers(0, (1 << bits) - 1))
    every = {first}
    for difference in differences:
        every |= {each ^ difference for each in every}
    chosen = draw(st.sets(st.sampled_from(sorted(every)), min_size=1))
    return kind, [each.to_bytes(n_bytes) for each in sorted(chosen)]


def affine_space(inputs):
    """Add sums of three until there are no more."""
    numbers = {int.from_bytes(each) for each in inputs}
    first = min(numbers)
    while True:
        more = numbers | {a ^ b ^ first for a, b in combinations(numbers, 2)}
        if more == numbers:
            return [each.to_bytes(len(inputs[0])) for each in sorted(numbers)]
        numbers = more


@given(of=input_sets(), key=keys, index_bits=st.integers(0, 9), queues=st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_the_rank_is_what_enumeration_finds(of, key, index_bits, queues):
    kind, inputs = of
    device = Device(hash_key=key, indirection_table_size=1 << index_bits, queues=queues)
    hashes = [toeplitz(key, each) for each in inputs]
    reach = reach_of(kind, words_of(inputs), np.array(hashes, np.uint32), 17, device)
    every = affine_space(inputs)
    indexes = {toeplitz(key, each) % (1 << index_bits) for each in every}
    assert (reach.kind, reach.inputs, reach.packets, reach.index_bits) == (kind, len(inputs), 17, index_bits)
    assert 1 << reach.dimension == len(every)
    assert reach.reachable == len(indexes)
    assert reach.entries == len({value % (1 << index_bits) for value in hashes})
    assert reach.queues == len({device.indirection_table[index] for index in indexes})
    assert len(reach.dependencies) == index_bits - reach.rank
    for each in reach.dependencies:
        assert {sum(index >> bit & 1 for bit in each.bits) % 2 for index in indexes} == {each.value}
    masks = [sum(1 << bit for bit in each.bits) for each in reach.dependencies]
    assert find_basis(masks) == tuple(masks)
    assert reach.is_limited_by_key == (reach.rank < reach.best_rank)


@given(of=input_sets(), index_bits=st.integers(1, 7), seed=st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_some_key_has_the_best_rank(of, index_bits, seed):
    kind, inputs = of
    source = np.random.default_rng(seed)
    device = Device(indirection_table_size=1 << index_bits)
    for _ in range(40):  # with at least 0.28 of all keys
        key = source.bytes(40)
        hash_values = np.array([toeplitz(key, each) for each in inputs], np.uint32)
        reach = reach_of(kind, words_of(inputs), hash_values, 1, device)
        assert reach.rank <= reach.best_rank
        if not reach.is_limited_by_key:
            return
    pytest.fail("no key of 40 had the best rank")


@given(vectors=st.lists(st.integers(0, 255), max_size=5), first=st.integers(0, 255))
def test_dependencies_have_as_few_bits_as_can_be(vectors, first):
    space = {int(each) for each in span(first, vectors)}
    found = find_dependencies(vectors, 8, first)
    holding = [
        mask for mask in range(1, 256) if len({(mask & index).bit_count() % 2 for index in space}) == 1
    ]  # every sum of bits that is the same everywhere
    assert len(holding) + 1 == 1 << len(found)
    fewest, left = [], sorted(holding, key=lambda mask: (mask.bit_count(), mask))
    for mask in left:
        if len(find_basis([*fewest, mask])) > len(fewest):
            fewest.append(mask)
    assert [len(each.bits) for each in found] == [mask.bit_count() for mask in fewest]


def test_the_sum_of_bits_is_not_known_without_an_index():
    assert find_dependencies([0b011], 3, None) == (Dependency((2,), None), Dependency((0, 1), None))


@given(columns=st.lists(st.integers(0, 15), max_size=4), more=st.integers(0, 2))
def test_checks_are_zero_in_every_column(columns, more):
    checks = Equations(columns, 4 + more).checks
    assert all((check & column).bit_count() % 2 == 0 for check in checks for column in columns)
    assert len(checks) == 4 + more - Equations(columns).rank


def test_an_index_is_made_of_bits_only_where_it_is():
    assert index_bits_of(Device()) == 7
    assert index_bits_of(Device(indirection_table_size=1, queues=1)) == 0
    assert index_bits_of(Device(indirection_table_size=96, table_index="modulo")) is None
    assert index_bits_of(Device(indirection_table_size=64, table_index="modulo")) == 6
    assert index_bits_of(Device(features="CTRL_VQ+HASH_REPORT")) is None


def test_each_input_depends_on_so_many_key_bits():
    assert KEY_BITS_OF == {
        HashInput.IPV4_ADDRESSES: 95,
        HashInput.IPV4_PORTS: 127,
        HashInput.IPV6_ADDRESSES: 287,
        HashInput.IPV6_PORTS: 319,
    }


def test_the_dimension_of_many_inputs_is_that_of_all():
    numbers = [number ^ number >> 3 << 40 for number in range(1 << 13)]  # 13 bits, some of them twice
    numbers += [number ^ 1 << 90 for number in numbers[-3:]]
    inputs = [number.to_bytes(12) for number in numbers]
    key = np.random.default_rng(1).bytes(40)
    hash_values = np.array([toeplitz(key, each) for each in inputs], np.uint32)
    reach = reach_of(HashInput.IPV4_PORTS, words_of(inputs), hash_values, 1, Device())
    assert (reach.inputs, reach.dimension) == (len(inputs), 14)
