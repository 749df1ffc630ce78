"""Where hashes are wrong, receive queues tell whether the device steers by the expected hashes or by those reported."""

import json
import random
from dataclasses import replace
from io import StringIO

import pytest

from naive.configuration import Configuration
from pcaphash.report.validate.write import write_validation
from pcaphash.studies.validate import validate
from pcaphash.studies.validate.queues.steering import Followed, FollowedHashes
from support.comparing import device_of
from support.diagnosing import SaidOf, misbehave, separating_frames
from support.traffic import flows, plain, write

pytestmark = pytest.mark.jit_only

CONFIGURATION = Configuration(
    "v7", 0xFFF, key=random.Random(7).randbytes(40), indirection_table=tuple(i % 7 for i in range(128))
)


@pytest.fixture(scope="module")
def frames():
    return [plain(flow) for flow in flows(300)]


@pytest.fixture(scope="module")
def right(frames):
    return misbehave(frames, CONFIGURATION)


def found_on(frames, said, tmp_path):
    return validate(write(tmp_path / "trace.pcapng", frames), device_of(CONFIGURATION), SaidOf(said))


def steering_on(frames, said, tmp_path):
    return found_on(frames, said, tmp_path).steering


def queue_of(value):
    return CONFIGURATION.indirection_table[value & 127]


@pytest.mark.parametrize("name", ["key-mlx5", "value-byte-swapped", "endpoints-swapped"])
def test_a_device_that_steers_by_its_wrong_hash(tmp_path, name):
    frames = separating_frames()
    said = misbehave(frames, CONFIGURATION, name)
    steering = steering_on(frames, said, tmp_path)
    assert steering.follows == Followed.REPORTED
    assert steering.packets == steering.telling > 10


@pytest.mark.parametrize("name", ["key-mlx5", "value-byte-swapped"])
def test_a_device_that_only_reports_a_wrong_hash(tmp_path, frames, right, name):
    wrong = misbehave(frames, CONFIGURATION, name)
    said = [replace(each, queue=due.queue) for each, due in zip(wrong, right, strict=True)]
    n = sum(queue_of(each.value) != due.queue for each, due in zip(wrong, right, strict=True))
    found = found_on(frames, said, tmp_path)
    assert found.steering == FollowedHashes(Followed.EXPECTED, n, n)
    text, document = StringIO(), StringIO()
    write_validation(found, "table", text)
    write_validation(found, "json", document)
    told = (
        f"The receive queues follow the expected hashes ({n} packets whose expected and reported hash lead to "
        "different queues): steering is right, only the report is wrong."
    )
    assert told in " ".join(text.getvalue().split())
    assert json.loads(document.getvalue())["steering"] == {"follows": "expected", "packets": n, "telling": n}


def test_hashes_that_nobody_knows(tmp_path, frames, right):
    values = [random.Random(i).getrandbits(32) for i in range(len(frames))]
    said = [replace(each, value=value, queue=queue_of(value)) for each, value in zip(right, values, strict=True)]
    found = found_on(frames, said, tmp_path)
    assert found.steering.follows == Followed.REPORTED
    assert not found.diagnosis.causes


def test_hashes_that_are_missing_where_steering_is_right(tmp_path, frames, right):
    said = [replace(each, value=0, report="NONE") for each in right]
    n = sum(each.queue != 0 for each in right)
    assert steering_on(frames, said, tmp_path) == FollowedHashes(Followed.EXPECTED, n, n)


def test_a_few_packets_that_filters_steer_elsewhere(tmp_path, frames, right):
    said = [replace(each, value=each.value ^ 1, queue=6 if i < 12 else each.queue) for i, each in enumerate(right)]
    steering = steering_on(frames, said, tmp_path)
    assert steering.follows == Followed.EXPECTED
    assert steering.telling - 12 <= steering.packets < steering.telling


@pytest.mark.parametrize(
    "change",
    [
        lambda each, numbers: replace(each, value=numbers.getrandbits(32), queue=numbers.randrange(7)),
        lambda each, numbers: replace(each, value=numbers.getrandbits(32), queue=3),
        lambda each, numbers: replace(each, value=each.value ^ 0xFFFF0000),
        lambda each, numbers: replace(each, value=0, report="NONE", queue=0),
        lambda each, numbers: replace(each, value=each.value ^ 1, queue=None),
    ],
    ids=["any-queue", "one-queue", "same-queue", "unclassified", "no-queue"],
)
def test_nothing_is_said_where_queues_do_not_tell(tmp_path, frames, right, change):
    numbers = random.Random(3)
    assert steering_on(frames, [change(each, numbers) for each in right], tmp_path) is None


def test_a_few_packets_may_be_chance(tmp_path, frames, right):
    said = [replace(each, value=each.value ^ 1) for each in right]
    assert steering_on(frames[:5], said[:5], tmp_path) is None
    assert steering_on(frames[:20], said[:20], tmp_path).follows == Followed.EXPECTED


def test_rows_of_other_packets_do_not_tell(tmp_path, frames, right):
    assert steering_on(frames, [right[-1], *right[:-1]], tmp_path) is None
