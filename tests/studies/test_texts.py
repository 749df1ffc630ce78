"""Columns of text that are made without a Python object for each row: equal to those that are."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pcaphash.studies.shared.texts import chosen_texts, hash_texts, hex_texts

WIDTH = 6


@given(st.lists(st.tuples(st.binary(min_size=WIDTH, max_size=WIDTH), st.integers(0, WIDTH))))
def test_bytes_as_hexadecimal_digits(rows):
    data = np.frombuffer(b"".join(data for data, _ in rows), np.uint8).reshape(-1, WIDTH)
    lengths = np.array([length for _, length in rows], np.int64)
    assert hex_texts(data, lengths).tolist() == [data[:length].hex() for data, length in rows]


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.booleans())))
def test_hashes_as_hexadecimal_digits(rows):
    values, is_written = np.array([value for value, _ in rows], np.uint32), np.array([is_ for _, is_ in rows], bool)
    assert hash_texts(values, is_written).tolist() == [f"0x{value:08x}" if is_ else "" for value, is_ in rows]


@given(st.lists(st.sampled_from([0, 1, 2])))
def test_one_of_a_few_texts(chosen):
    texts = ("", "in", 'ä, "b"')
    assert chosen_texts(texts, np.array(chosen, np.uint8)).tolist() == [texts[index] for index in chosen]
