"""Devices that nothing explains are not accused of anything, and right ones of nothing at all."""

import random
from dataclasses import replace

import pytest

from pcaphash.studies.validate import validate
from support.accusing import CONFIGURATION, STRANGE, accusations, asked_of, right_device, traces
from support.comparing import device_of
from support.diagnosing import Said, SaidOf, misbehave
from support.traffic import flows, plain, write

pytestmark = pytest.mark.jit_only  # hundreds of hypotheses, each on hundreds of packets


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    return traces(tmp_path_factory.mktemp("few"), 11, (3, 10, 30))


@pytest.mark.parametrize("make", STRANGE, ids=lambda make: make.__name__)
def test_no_fault_is_named_of_a_device_that_nothing_explains(few, make):
    numbers = random.Random(5)
    for asked in few:
        found = asked_of(asked, make(numbers, asked))
        assert accusations(found, make) == set(), asked.path.name


def test_one_packet_that_has_the_hash_of_the_way_back_shows_nothing(tmp_path):
    """Of three rows that are shifted by two only one is there, and may look like an input with sorted ends."""
    (there,) = flows(1)
    back = (there[1], there[0], there[3], there[2])
    frames = [plain(there), plain(flows(2)[1]), plain(back)]
    right = misbehave(frames, CONFIGURATION)
    nothing = Said(0, "NONE", "NONE", 0)
    path = write(tmp_path / "three.pcapng", frames)
    for said in ([right[2], nothing, nothing], [nothing, nothing, right[0]]):
        assert accusations(validate(path, device_of(CONFIGURATION), SaidOf(said))) == set()


@pytest.mark.parametrize(
    ("n", "right"),
    [
        (16, set()),  # every packet meets the filter, of which there may be few by chance
        (40, {0, 1, 2}),
        (40, {20}),  # among those that meet it
        (24, set(range(8))),  # from one packet on every packet meets it
    ],
)
@pytest.mark.parametrize("only_queues", [False, True])
def test_a_filter_that_most_packets_meet_is_not_one_queue_for_all(tmp_path, n, right, only_queues):
    some = [plain(flow) for flow in flows(n)]
    said = [each if i in right else replace(each, queue=5) for i, each in enumerate(misbehave(some, CONFIGURATION))]
    said = [Said(None, queue=each.queue) for each in said] if only_queues else said
    path = write(tmp_path / "filtered.pcapng", some)
    assert accusations(validate(path, device_of(CONFIGURATION), SaidOf(said))) == set()


@pytest.mark.slow
@pytest.mark.parametrize("make", STRANGE, ids=lambda make: make.__name__)
def test_nor_on_longer_traces(tmp_path, make):
    numbers = random.Random(6)
    for asked in traces(tmp_path, 12, (1500,)):
        assert accusations(asked_of(asked, make(numbers, asked)), make) == set(), asked.path.name


def test_right_devices_are_right(few):
    numbers = random.Random(7)
    for asked in few:
        found = right_device(numbers, asked)
        assert (found.mismatches, found.diagnosis, found.queue_diagnosis) == (0, None, None)
