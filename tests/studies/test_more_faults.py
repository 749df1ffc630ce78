"""Habits of devices that need traffic of their own to show; the devices are plain Python."""

import random
from dataclasses import replace

import pytest

from naive.configuration import Configuration
from pcaphash.report.validate.words import unexplained_text
from pcaphash.report.words.faults import fault_text
from pcaphash.studies.validate import Validation, validate
from support import builders
from support.comparing import device_of
from support.diagnosing import Said, SaidOf, misbehave, tagged
from support.traffic import flows, plain, tunnelled, write

pytestmark = pytest.mark.jit_only

CONFIGURATION = Configuration("v7", 0xFFF, key=random.Random(7).randbytes(40))


def diagnose(tmp_path, frames, said) -> Validation:
    return validate(write(tmp_path / "trace.pcapng", frames), device_of(CONFIGURATION), SaidOf(said))


def named(found: Validation) -> list[str]:
    assert found.diagnosis.unexplained == 0
    return [fault.name for fault in found.diagnosis.faults]


def to_port(frame: bytes, port: int) -> bytes:
    """Send what is in a VXLAN tunnel to another port."""
    at = 14 + 20 + 2  # Ethernet, IPv4, source port
    return frame[:at] + port.to_bytes(2, "big") + frame[at + 2 :]


def test_one_of_two_vxlan_ports_is_not_known(tmp_path):
    frames = [plain(flow) for flow in flows(40)]
    frames += [to_port(tunnelled(flow), 4789 if i % 2 else 8472) for i, flow in enumerate(flows(120, 3))]
    found = diagnose(tmp_path, frames, misbehave(frames, replace(CONFIGURATION, vxlan_ports=(4789,))))
    assert named(found) == ["vxlan-port-ignored-8472"]
    assert (found.mismatches, found.diagnosis.alternatives) == (60, [])


def test_receive_queues_of_a_key_that_nobody_knows(tmp_path):
    frames = [plain(flow) for flow in flows(150)] * 2
    said = misbehave(frames, replace(CONFIGURATION, key=random.Random(8).randbytes(40)))
    queues = diagnose(tmp_path, frames, [Said(None, queue=each.queue) for each in said]).queue_diagnosis
    matching, hashes = queues.matching
    assert (queues.rules, hashes) == ([], 150)
    assert 5 < matching < 40


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_receive_queues_at_random_are_those_of_no_key(tmp_path, share):
    frames = [plain(flow) for flow in flows(150)] * 2
    numbers = random.Random(2)
    said = [
        Said(None, queue=numbers.randrange(8) if numbers.random() < share else each.queue)
        for each in misbehave(frames, CONFIGURATION)
    ]
    found = diagnose(tmp_path, frames, said)
    assert not found.may_have_another_key


def test_a_key_with_one_bit_that_is_wrong_is_worth_recovering(tmp_path):
    frames = [plain(flow) for flow in flows(150)]
    key = bytearray(CONFIGURATION.key)
    key[15] ^= 0x02  # the hash depends on it where the last bit of the destination port is set
    found = diagnose(tmp_path, frames, misbehave(frames, replace(CONFIGURATION, key=bytes(key))))
    assert found.diagnosis.causes == []
    assert found.right_hashes > 50
    assert found.may_have_another_key


@pytest.mark.parametrize("share", [0.1, 0.9])
def test_where_most_hashes_are_right_the_key_is(tmp_path, share):
    frames, numbers = [plain(flow) for flow in flows(300)], random.Random(3)
    said = [
        replace(each, value=numbers.getrandbits(32), queue=None) if numbers.random() < share else each
        for each in misbehave(frames, CONFIGURATION)
    ]
    found = diagnose(tmp_path, frames, said)
    assert (found.diagnosis.causes, found.diagnosis.common) == ([], None)
    assert found.may_have_another_key == (share > 0.5)


def test_a_few_packets_of_a_kind_may_have_a_key_of_their_own(tmp_path):
    frames = [plain(flow) for flow in flows(300)]
    for i, (source, destination, source_port, port) in enumerate(flows(30, 2)):
        segment = builders.udp(bytes(8), source_port, port)
        frames[10 * i] = builders.framed(builders.ipv6(segment, builders.UDP, source * 4, destination * 4))
    other = replace(CONFIGURATION, key=random.Random(8).randbytes(40))
    said = [
        strange if right.report == "UDPv6" else right
        for right, strange in zip(misbehave(frames, CONFIGURATION), misbehave(frames, other), strict=True)
    ]
    found = diagnose(tmp_path, frames, said)
    assert (found.mismatches, found.diagnosis.causes) == (30, [])
    assert found.may_have_another_key


@pytest.mark.parametrize("value", [0, 0x12345678])
def test_one_hash_of_every_packet_is_none(tmp_path, value):
    frames = [plain(flow) for flow in flows(100)]
    right = misbehave(frames, CONFIGURATION)
    found = diagnose(tmp_path, frames, [Said(value, queue=each.queue) for each in right])
    assert (found.diagnosis.causes, found.diagnosis.possible, found.diagnosis.constant) == ([], (), value)
    assert not found.may_have_another_key
    assert f"has the same reported one, 0x{value:08x}: " in unexplained_text(found.diagnosis, "")
    some = [Said(value + (i % 50 == 0), queue=each.queue) for i, each in enumerate(right)]
    assert diagnose(tmp_path, frames, some).diagnosis.constant is None


def test_one_hash_of_one_flow_says_nothing(tmp_path):
    frames = [plain(flow) for flow in flows(1)] * 100
    found = diagnose(tmp_path, frames, [Said(0x12345678)] * 100)
    assert found.diagnosis.constant is None


def test_where_no_packet_has_a_hash_what_all_have_may_be_why(tmp_path):
    tagged_frames = [tagged(plain(flow), [0x8100]) for flow in flows(100)]
    said = misbehave(tagged_frames, CONFIGURATION, "vlan-not-skipped")
    found = diagnose(tmp_path, tagged_frames, said).diagnosis
    assert found.causes == []
    assert "vlan-not-skipped" in [fault.name for fault in found.possible]


def test_without_any_hash_nothing_is_possible_that_does_not_fit(tmp_path):
    frames = [plain(flow) if i % 2 else tagged(plain(flow), [0x8100]) for i, flow in enumerate(flows(100))]
    found = diagnose(tmp_path, frames, [Said(0, "NONE", "NONE", 0)] * 100).diagnosis
    assert (found.causes, found.possible) == ([], ())


def _changing(frames, change) -> list[Said]:
    """Answer as the spec requires, but for the hash value; queues are not reported."""
    right = misbehave(frames, CONFIGURATION)
    return [each if each.report == "NONE" else replace(each, value=change(each.value), queue=None) for each in right]


def test_bits_that_are_stuck_at_0_and_others_at_1(tmp_path):
    frames = [plain(flow) for flow in flows(60)]
    found = diagnose(tmp_path, frames, _changing(frames, lambda value: value & ~0x40 | 1 << 31))
    assert named(found) == ["value-stuck-0x00000040-0x80000000"]
    assert found.diagnosis.alternatives == []
    assert fault_text(found.diagnosis.faults[0]) == (
        "reports the bits 0x00000040 of the hash as 0 always, and the bits 0x80000000 as 1 always"
    )


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lambda value: value ^ 0x80000040, ["value-xor-0x80000040"]),
        (lambda value: value & ~0x80000040, ["value-and-0x7fffffbf"]),
        (lambda value: value | 0x80000040, ["value-or-0x80000040"]),
    ],
)
def test_bits_that_are_inverted_or_stuck_alike_are_not_stuck_in_both_ways(tmp_path, change, names):
    frames = [plain(flow) for flow in flows(60)]
    found = diagnose(tmp_path, frames, _changing(frames, change))
    assert (named(found), found.diagnosis.alternatives) == (names, [])


@pytest.mark.parametrize("n", [3, 12])
def test_bits_of_a_few_random_values_are_not_stuck(tmp_path, n):
    frames, numbers = [plain(flow) for flow in flows(n)], random.Random(n)
    found = diagnose(tmp_path, frames, _changing(frames, lambda _: numbers.getrandbits(32)))
    assert found.diagnosis.faults == ()


def test_two_bits_of_a_value_that_only_sometimes_are_stuck(tmp_path):
    """Right packets that have these bits otherwise speak against it."""
    frames = [plain(flow) for flow in flows(60)]
    said = _changing(frames, lambda value: value & ~0x40 | 1 << 31)
    said[::2] = misbehave(frames, CONFIGURATION)[::2]
    found = diagnose(tmp_path, frames, said)
    assert found.diagnosis.faults == ()
    assert found.diagnosis.unexplained == found.mismatches
