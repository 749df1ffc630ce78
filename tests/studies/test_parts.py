"""A part of the packets is a cause's own only if nothing else in it is wrong; constant hashes explain no part."""

import random
from dataclasses import replace

import pytest

from pcaphash.studies.validate import validate
from pcaphash.studies.validate.search.traits import Span, Trait, TraitKind
from support.accusing import CONFIGURATION, NOTHING, accusations
from support.builders import UDP, framed, ipv4, udp
from support.comparing import device_of
from support.diagnosing import Said, SaidOf, misbehave, separating_frames
from support.traffic import flows, plain, tunnelled, write

pytestmark = pytest.mark.jit_only  # hundreds of hypotheses

N = 300
PLAIN = [plain(flow) for flow in flows(N)]
OVERLAY = [tunnelled(flow) if i % 3 else plain(flow) for i, flow in enumerate(flows(N, 2))]
KINDS = random.Random(4).choices(separating_frames(), k=N)
TRAFFIC = pytest.mark.parametrize("frames", [PLAIN, OVERLAY, KINDS], ids=["plain", "overlay", "kinds"])


def asked(tmp_path, frames, said):
    return validate(write(tmp_path / "trace.pcapng", frames), device_of(CONFIGURATION), SaidOf(said))


def to_queue(said: list[Said], frames: list[bytes], queue: int) -> list[Said]:
    """Send what a filter takes to one queue, of packets that have a hash."""
    return [
        replace(each, queue=queue) if each.report != "NONE" and (frame[-11] % 2 or i % 4 == 0) else each
        for i, (each, frame) in enumerate(zip(said, frames, strict=True))
    ]


@TRAFFIC
@pytest.mark.parametrize("queue", [0, 7])
@pytest.mark.parametrize("only_queues", [False, True])
def test_packets_that_a_filter_sends_to_one_queue_show_no_hash(tmp_path, frames, queue, only_queues):
    said = to_queue(misbehave(frames, CONFIGURATION), frames, queue)
    if only_queues:
        said = [Said(None, queue=each.queue) for each in said]
    found = asked(tmp_path, frames, said)
    assert found.mismatches > 0
    assert accusations(found) == set()


SERVICES = [
    framed(ipv4(udp(bytes(8), source_port, (53, 443, 8080)[i % 3]), UDP, source, destination))
    for i, (source, destination, source_port, _) in enumerate(flows(N, 3))
]


@pytest.mark.parametrize("only_queues", [False, True])
def test_which_packets_a_filter_sends_to_a_queue_is_said(tmp_path, only_queues):
    right = misbehave(SERVICES, CONFIGURATION)
    said = [replace(each, queue=6) if i % 3 == 1 else each for i, each in enumerate(right)]
    if only_queues:
        said = [Said(None, queue=each.queue) for each in said]
    found = asked(tmp_path, SERVICES, said)
    assert found.queue_diagnosis.rules == []
    (steered,) = found.queue_diagnosis.steered
    assert (steered.queue, steered.packets) == (6, found.mismatches)
    assert 100 <= steered.examined <= sum(each.queue != 6 for each in said)
    assert steered.traits[0] == Trait(TraitKind.DESTINATION_PORT, 443)


def test_queues_at_random_are_of_no_kind(tmp_path):
    numbers = random.Random(5)
    said = [replace(each, queue=numbers.randrange(8)) for each in misbehave(SERVICES, CONFIGURATION)]
    assert asked(tmp_path, SERVICES, said).queue_diagnosis.steered == []


def test_a_filter_that_leaves_some_of_a_kind_elsewhere_is_none_of_this_kind(tmp_path):
    right = misbehave(SERVICES, CONFIGURATION)
    said = [replace(each, queue=6) if i % 3 == 1 and i > 60 else each for i, each in enumerate(right)]
    assert asked(tmp_path, SERVICES, said).queue_diagnosis.steered == []


def test_one_packet_of_a_kind_elsewhere_among_a_thousand_speaks_against_a_filter(tmp_path):
    frames = random.Random(6).choices(separating_frames(), k=1200)
    frames[20::30] = [framed(ipv4(udp(bytes(8), 1000 + i, 7443), UDP)) for i in range(40)]
    right = misbehave(frames, CONFIGURATION)
    said = [replace(each, queue=6) if i % 30 == 20 and i > 20 else each for i, each in enumerate(right)]
    assert right[20].queue != 6
    assert asked(tmp_path, frames, said).queue_diagnosis.steered == []
    frames[20], said[20] = frames[21], right[21]
    (steered,) = asked(tmp_path, frames, said).queue_diagnosis.steered
    assert steered.traits == (Trait(TraitKind.DESTINATION_PORT, 7443),)


@TRAFFIC
@pytest.mark.parametrize(("first", "last"), [(None, 100), (201, None), (81, 140)])
@pytest.mark.parametrize("only_queues", [False, True])
def test_hashes_that_are_off_for_a_while_are_one_cause(tmp_path, frames, first, last, only_queues):
    right = misbehave(frames, CONFIGURATION)
    said = [NOTHING if (first or 1) <= i <= (last or N) else each for i, each in enumerate(right, 1)]
    if only_queues:
        said = [Said(None, queue=each.queue) for each in said]
    diagnosis = asked(tmp_path, frames, said).diagnosis
    (cause,) = diagnosis.causes
    assert [fault.name for fault in cause.faults] == ["unclassified" if only_queues else "no-hash"]
    assert isinstance(cause.part, Span)
    assert (cause.part.first is None, cause.part.last is None) == (first is None, last is None)
    assert diagnosis.unexplained == 0


@TRAFFIC
def test_hashes_that_are_off_twice_are_no_fault_of_types_and_not_sampled(tmp_path, frames):
    right = misbehave(frames, CONFIGURATION)
    said = [NOTHING if 60 <= i < 100 or 200 <= i < 240 else each for i, each in enumerate(right)]
    diagnosis = asked(tmp_path, frames, said).diagnosis
    assert (diagnosis.causes, diagnosis.sampled) == ([], None)


@pytest.mark.parametrize("n_bytes", [8, 12, 20])
@pytest.mark.parametrize("direction", ["left", "right"])
def test_keys_that_are_shifted_by_whole_bytes(tmp_path, n_bytes, direction):
    key = CONFIGURATION.key
    key = key[n_bytes:] + bytes(n_bytes) if direction == "left" else (bytes(n_bytes) + key)[: len(key)]
    frames = KINDS + PLAIN
    found = asked(tmp_path, frames, misbehave(frames, replace(CONFIGURATION, key=key)))
    assert [fault.name for fault in found.diagnosis.faults] == [f"key-shifted-{direction}-{8 * n_bytes}"]
    assert found.diagnosis.unexplained == 0


@pytest.mark.parametrize("n", [10, 16])
def test_a_bit_that_flips_at_random_is_no_missing_bit(tmp_path, n):
    """Where the highest bit flips thrice in a row, the hash may seem to have only 31 bits from there on."""
    frames = PLAIN[:n]
    right = misbehave(frames, CONFIGURATION)
    high = [i for i, each in enumerate(right) if each.value >> 31]
    bits = [31 if i in high[-3:] else i for i in range(len(frames))]
    said = [replace(each, value=each.value ^ 1 << bit) for each, bit in zip(right, bits, strict=True)]
    found = asked(tmp_path, frames, said)
    assert (found.mismatches, accusations(found)) == (n, set())


@pytest.mark.parametrize("share", [0.2, 0.99])
def test_missing_hashes_alone_contradict_nothing(tmp_path, share):
    frames = [frame for frame in OVERLAY for _ in range(5)]
    numbers = random.Random(6)
    said = [each if numbers.random() < share else NOTHING for each in misbehave(frames, CONFIGURATION)]
    diagnosis = asked(tmp_path, frames, said).diagnosis
    assert (diagnosis.causes, diagnosis.contradicting) == ([], ())
    assert diagnosis.sampled == pytest.approx(share, abs=0.02)
