"""The indirection table: power of two, queues of the device, and the default."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcaphash import Device
from pcaphash.device.indirection_table import default_table, parse_size, parse_table, parse_unclassified_queue
from pcaphash.errors import ConfigurationError


def test_default_table():
    assert default_table(8, 3) == (0, 1, 2, 0, 1, 2, 0, 1)


@given(st.integers(0, 8).flatmap(lambda bits: st.lists(st.integers(0, 7), min_size=1 << bits, max_size=1 << bits)))
def test_every_notation(queues):
    for value in (queues, tuple(queues), np.array(queues), ",".join(map(str, queues)), " ".join(map(str, queues))):
        table = parse_table(value, 8)
        assert table == tuple(queues)
        assert all(type(queue) is int for queue in table)


def test_sizes():
    for bits in range(17):
        assert parse_size(1 << bits) == 1 << bits


@pytest.mark.parametrize("size", [3, 100, 127, 65535])
def test_sizes_that_are_no_power_of_two_are_refused_with_the_neighbours(size):
    below = 1 << (size.bit_length() - 1)
    with pytest.raises(
        ConfigurationError,
        match=f"a table; give {below} or {2 * below} entries, or use table_index=m",
    ):
        parse_size(size)
    assert parse_size(size, "modulo") == size


@pytest.mark.parametrize(
    ("value", "part"),
    [
        (
            [0, 1, 2],
            "3 is not a power of two, as the spec requires of the length of a table; "
            "give 2 or 4 entries, or use table_index=modulo",
        ),
        ([0, 8], "8 is out of range: only enabled receive queues are allowed; with queues=8, the last is 7"),
        ([0, -1], "-1 is out of range"),
        ([], "0 entries: a table has 1 to 65536 entries"),
        ("", "0 entries"),
        ("0,,5,", "a number is missing beside a comma"),
        ("0, ,5", "a number is missing"),
        ("0,5,", "a number is missing"),
        (",0", "a number is missing"),
        (",", "a number is missing"),
        ([0] * 131072, "131072 entries: a table has 1 to 65536 entries, since indirection_table_mask is two bytes"),
        ("0,a", "'a' is not a whole number"),
        ("0,0x1", "'0x1' is not a whole number"),
        ("0,-1", "'-1' is not a whole number"),
        ([0.0, 1.0], "0.0 is not a whole number"),
        ([False, True], "False is not a whole number"),
        (["a"], "'a' is not a whole number"),
        (128, "128 is not a list of whole numbers"),
        (b"01", "is not a list of whole numbers"),
    ],
)
def test_refused_tables(value, part):
    with pytest.raises(ConfigurationError) as caught:
        parse_table(value, 8)
    assert str(caught.value.place) == "indirection_table"
    assert part in str(caught.value)


@pytest.mark.parametrize("size", [0, -1, 131072, True, "128", 128.0])
def test_refused_sizes(size):
    with pytest.raises(ConfigurationError) as caught:
        parse_size(size)
    assert str(caught.value.place) == "indirection_table_size"


@given(st.lists(st.integers(0, 7), min_size=1, max_size=300))
def test_under_modulo_any_length_will_do(queues):
    assert parse_table(queues, 8, "modulo") == tuple(queues)


@pytest.mark.parametrize("text", ["0,1", " 0 , 1 ", "0 1", "0\n1", "0,\n1", "0\t1"])
def test_separators(text):
    assert parse_table(text, 8) == (0, 1)


def test_a_table_that_was_checked_is_taken_as_it_is():
    table = tuple(i % 8 for i in range(65536))
    assert parse_table(table, 8) is table


def test_unclassified_queue():
    assert parse_unclassified_queue(7, 8) == 7
    with pytest.raises(ConfigurationError, match="unclassified_queue: 8 is out of range: only enabled receive queues"):
        parse_unclassified_queue(8, 8)


@given(
    hash_values=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=9),
    table=st.sampled_from([("mask", 1), ("mask", 128), ("modulo", 128), ("modulo", 100), ("modulo", 3)]),
)
def test_the_entry_that_a_hash_leads_to(hash_values, table):
    index, n_entries = table
    device = Device(table_index=index, indirection_table_size=n_entries)
    expected = [value % n_entries for value in hash_values]
    assert [device.entry_of(value) for value in hash_values] == expected
    assert device.entry_of(np.array(hash_values, np.int64)).tolist() == expected
