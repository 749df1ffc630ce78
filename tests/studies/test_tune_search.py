"""The search of ``tune``: flipped bits of a key add bits of inputs to indexes; what is found is not taken on trust."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive.toeplitz import toeplitz
from pcaphash import Device
from pcaphash.studies.tune import tune
from pcaphash.studies.tune.search import SearchGain, conclude, moves_of, search_key
from pcaphash.studies.tune.trial import CHOOSING, split_choosing, split_inputs
from pcaphash.studies.tune.verdict import Halves
from support.traffic import flows, plain, write
from support.words import words_of

KEY = bytes(range(3, 43))


def flipped(key, bit):
    return (int.from_bytes(key, "big") ^ 1 << (8 * len(key) - 1 - bit)).to_bytes(len(key), "big")


@given(
    inputs=st.sets(st.sampled_from([b"\0" * 12, b"\0" * 11 + b"\1", b"\0" * 11 + b"\x80", b"\4" * 12]), min_size=1)
    | st.sets(st.binary(min_size=36, max_size=36), min_size=1, max_size=4),
    index_bits=st.integers(0, 9),
)
@settings(max_examples=30, deadline=None)
def test_moves_are_the_bits_that_tell_inputs_apart(inputs, index_bits):
    def indexes(key):
        return [toeplitz(key, each) % (1 << index_bits) for each in sorted(inputs)]

    before = indexes(KEY)
    telling = []
    for bit in range(8 * len(KEY)):
        added = {one ^ other for one, other in zip(before, indexes(flipped(KEY, bit)), strict=True)}
        telling += [bit] * (len(added) > 1)
    moves = moves_of(words_of(sorted(inputs)), index_bits)
    assert set(telling) <= set(moves)
    if len(inputs) == 2 and index_bits:  # their one difference is all there is to add
        assert telling == moves


def test_a_search_goes_down_as_far_as_it_can():
    def judge(keys):
        return np.array([float(int.from_bytes(key, "big").bit_count()) for key in keys])

    start = bytes([0xFF, 0x0F]) + bytes(38)
    found, tried = search_key([start, bytes([3]) + bytes(39)], range(16), judge, 1000, 1)
    assert found == bytes(40)
    assert tried < 1000
    assert search_key([start], range(16), judge, 1000, 1) == search_key([start], range(16), judge, 1000, 1)
    assert search_key([bytes(40)], range(16), judge, 1000, 1)[0] is None
    assert search_key([start], [], judge, 1000, 1) == (None, 0)
    few, tried = search_key([start], range(16), judge, 5, 1)
    assert tried == 5
    assert judge([few])[0] == 11


def test_the_choosing_half_is_shared_out():
    halves = split_inputs(101, 7)
    parts = split_choosing(halves, 7)
    assert set(parts[halves != CHOOSING]) == {-1}
    counts = np.bincount(parts[halves == CHOOSING])
    assert abs(int(counts[0]) - int(counts[1])) <= 1


@pytest.mark.parametrize(
    ("measure", "found", "ideal", "gain"),
    [
        ("max_ideal_packets", None, 0.1, SearchGain.NONE),
        ("max_ideal_packets", Halves(0.1, 0.05), 0.1, SearchGain.LASTING),
        ("max_ideal_packets", Halves(0.1, 0.15), 0.1, SearchGain.NOT_LASTING),
        ("max_ideal_packets", Halves(0.1, 0.19), 0.3, SearchGain.NOT_LASTING),
        ("max_ideal_packets", Halves(0.1, 0.3), 0.5, SearchGain.NOT_LASTING),
        ("jain_packets", Halves(0.9, 0.95), 0.9, SearchGain.LASTING),
        ("jain_packets", Halves(0.9, 0.85), 0.9, SearchGain.NOT_LASTING),
    ],
)
def test_a_gain_is_one_only_if_it_is_more_than_chance(measure, found, ideal, gain):
    search = conclude(10, measure, Halves(0.2, 0.2), found, ideal)
    assert (search.gain, search.tried, search.found) == (gain, 10, found)


@pytest.mark.jit_only
def test_a_search_is_part_of_tuning(tmp_path):
    trace = write(tmp_path / "many.pcapng", [plain(flow) for flow in flows(600)])
    found = [tune(trace, n_keys=60, seed=seed) for seed in range(6)]
    assert all(each.search.tried == 15 and each.n_random == 60 for each in found)
    assert all(each.search.gain != SearchGain.LASTING for each in found)  # of flows at random, no key suits others
    for each in found:
        assert (len(each.keys) == 62) == (each.search.found is not None)
        if each.search.found is not None:
            assert each.origin(61) == "searched"
            searched = each.key_table[each.key_table.origin == "searched"]
            assert searched.choosing_max_ideal_packets.tolist() == [each.search.found.choosing]
    again = tune(trace, n_keys=60, seed=1)
    assert again.keys == found[1].keys
    assert again.search == found[1].search


@pytest.mark.jit_only
def test_the_rank_is_told_of_the_current_key_and_the_best(tmp_path):
    trace = write(tmp_path / "many.pcapng", [plain(flow) for flow in flows(300)])
    ((current, best),) = tune(trace, Device(hash_key=b"\xff" * 40), n_keys=40).reaches
    assert (current.rank, best.rank) == (1, 7)
