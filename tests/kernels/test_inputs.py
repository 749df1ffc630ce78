"""Inputs in a table are hashed, and spread over slots, as the naive Toeplitz hash says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naive.toeplitz import toeplitz
from pcaphash.kernels.inputs import LANES, SHORT_WORDS, hash_inputs, spread_by_keys, tabulate_keys, working_room
from pcaphash.kernels.toeplitz import WORDS, prepare_key


@given(st.data())
def test_inputs_hash_and_spread_as_the_naive_reference_says(data):
    n_words = data.draw(st.sampled_from([SHORT_WORDS, WORDS]))
    length = 4 * n_words
    inputs = data.draw(st.lists(st.binary(min_size=length, max_size=length), max_size=8))
    keys = data.draw(st.lists(st.binary(min_size=40, max_size=44), min_size=1, max_size=LANES + 3))
    slot_bits = data.draw(st.integers(1, 9) | st.just(16))
    loads = data.draw(
        st.lists(st.tuples(st.integers(1, 1000), st.integers(1, 10**9)), min_size=len(inputs), max_size=len(inputs))
    )
    words = np.frombuffer(b"".join(inputs), ">u4").astype(np.uint32)
    expected = np.zeros((len(keys), 1 << slot_bits, 2), np.int64)
    for number, key in enumerate(keys):
        hash_values = np.empty(len(inputs), np.uint32)
        hash_inputs(words, len(inputs), n_words, prepare_key(key), hash_values)
        assert hash_values.tolist() == [toeplitz(key, each) for each in inputs]
        for value, load in zip(hash_values.tolist(), loads, strict=True):
            expected[number, value & ((1 << slot_bits) - 1)] += load
    slots = np.zeros(expected.size, np.int64)
    flat = np.array(loads, np.int64).reshape(-1)
    table = tabulate_keys(keys, 1 << slot_bits)
    spread_by_keys(words, len(inputs), n_words, flat, table, len(keys), 1 << slot_bits, working_room(), slots)
    assert np.array_equal(slots.reshape(expected.shape), expected)


@pytest.mark.jit_only
def test_more_inputs_than_are_taken_at_once():
    random = np.random.default_rng(1)
    words = random.integers(0, 2**32, (2000, WORDS), dtype=np.uint32)
    loads = np.ones((2000, 2), np.int64)
    key = random.bytes(40)
    values, slots = np.empty(2000, np.uint32), np.zeros(2 * 128, np.int64)
    hash_inputs(words.reshape(-1), 2000, WORDS, prepare_key(key), values)
    table = tabulate_keys([key], 128)
    spread_by_keys(words.reshape(-1), 2000, WORDS, loads.reshape(-1), table, 1, 128, working_room(), slots)
    assert np.array_equal(slots.reshape(128, 2)[:, 0], np.bincount(values & 127, minlength=128))
