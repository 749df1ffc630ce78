"""The packets kept for a diagnosis: all kinds of them, a bounded number, each standing for as many as there were."""

import numpy as np
import pytest

from naive.configuration import Configuration
from pcaphash.capture.reader import Reader
from pcaphash.engine.census.describer import Describer
from pcaphash.studies.validate.sample import Sampler
from pcaphash.studies.validate.verdicts import WRONG_QUEUE, WRONG_VALUE, Judgement
from support import builders
from support.comparing import device_of
from support.diagnosing import Said, SaidOf
from support.traffic import flows, plain, write

DEVICE = device_of(Configuration("v7", 0xFFF))


@pytest.fixture(scope="module")
def trace(tmp_path_factory):
    long = builders.framed(builders.ipv4(builders.tcp(bytes(4000)), builders.TCP))
    packets = [plain(flow) for flow in flows(3000)] + [long]
    return write(tmp_path_factory.mktemp("sample") / "flows.pcapng", packets)


def sample_of(trace, faults_of):
    describer, sampler, first = Describer(DEVICE), Sampler(), 1
    for block in Reader(str(trace)).blocks():
        n = len(block.records)
        numbers = np.arange(first, first + n)
        faults = np.array([faults_of(number) for number in numbers.tolist()], np.uint8)
        _, reported = SaidOf([Said(int(number)) for number in numbers]).read(block, 1)
        judgement = Judgement(faults, np.zeros(n, np.uint8))
        sampler.append(block, numbers, describer.describe(block), reported, judgement)
        first += n
    return sampler.sample()


def test_each_kind_is_kept_and_stands_for_all(trace):
    sample = sample_of(trace, lambda number: WRONG_VALUE if number % 3 else WRONG_QUEUE if number % 2 else 0)
    wrong, other, right = ((sample.faults == kind) for kind in (WRONG_VALUE, WRONG_QUEUE, 0))
    assert (wrong.sum(), other.sum(), right.sum()) == (1024 + 1, 500, 128)  # TCP is a kind of its own
    assert sample.weights[wrong].sum() == pytest.approx(2001)
    assert (sample.weights[other] == 1).all()
    assert not sample.is_whole
    assert np.array_equal(sample.numbers, np.sort(sample.numbers))
    assert np.array_equal(sample.reported.hash_values, sample.numbers)  # what was said stays with its packet


def test_packets_stay_what_they_were(trace):
    sample = sample_of(trace, lambda number: WRONG_VALUE if number > 2990 else 0)
    found = Describer(DEVICE).describe(sample.block)
    known = {}
    first = 1
    for block in Reader(str(trace)).blocks():
        described = Describer(DEVICE).describe(block)
        known |= dict(enumerate(described.hash_values.tolist(), first))
        first += len(block.records)
    assert found.hash_values.tolist() == [known[number] for number in sample.numbers.tolist()]
    assert sample.is_whole
    assert sample.block.records["captured_length"].max() == 2048
    assert sample.block.records["original_length"].max() > 4000


def test_those_at_the_end_are_as_likely_as_those_at_the_beginning(trace):
    sample = sample_of(trace, lambda number: WRONG_VALUE)
    kept = sample.numbers[sample.faults > 0]
    assert 0.42 < (kept <= 1500).mean() < 0.58


def test_nothing_is_no_sample():
    assert Sampler().sample() is None


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 1, 0, 2), (2, 3, 1, 0)])
def test_parts_in_any_order_give_the_same_sample(trace, order):
    """Blocks of 16 kB are dealt out to four samplers."""
    describer, first = Describer(DEVICE), 1
    samplers, whole = [Sampler() for _ in order], Sampler()
    for i, block in enumerate(Reader(str(trace), 2**14).blocks()):
        n = len(block.records)
        numbers = np.arange(first, first + n)
        faults = np.where(numbers % 3 > 0, WRONG_VALUE, 0).astype(np.uint8)
        _, reported = SaidOf([Said(int(number)) for number in numbers]).read(block, 1)
        judgement, found = Judgement(faults, np.zeros(n, np.uint8)), describer.describe(block)
        for sampler in (samplers[i % len(order)], whole):
            sampler.append(block, numbers, found, reported, judgement)
        first += n
    assert i >= len(order)
    combined = Sampler()
    for place in order:
        combined.combine(samplers[place])
    found, expected = combined.sample(), whole.sample()
    assert np.array_equal(found.numbers, expected.numbers)
    assert np.array_equal(found.weights, expected.weights)
    assert np.array_equal(found.block.data, expected.block.data)
    assert np.array_equal(found.reported.hash_values, found.numbers)
    assert found.weights.sum() == pytest.approx(first - 1)
