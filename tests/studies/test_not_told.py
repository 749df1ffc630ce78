"""What looks like a cause by accident is not told as one; the devices are plain Python."""

import random
from dataclasses import replace

import pytest

from naive.configuration import Configuration
from pcaphash.studies.validate import Validation, validate
from pcaphash.studies.validate.search.traits import Trait, TraitKind
from support import builders
from support.comparing import device_of
from support.diagnosing import Said, SaidOf, misbehave, without_syn
from support.traffic import flows, plain, tunnelled, write

pytestmark = pytest.mark.jit_only

CONFIGURATION = Configuration("v7", 0xFFF, key=random.Random(7).randbytes(40))


def diagnose(tmp_path, frames: list[bytes], said: list[Said]) -> Validation:
    return validate(write(tmp_path / "trace.pcapng", frames), device_of(CONFIGURATION), SaidOf(said))


def pings(n: int) -> list[bytes]:
    """Make ICMP packets from hosts of their own, with a packet that gets no hash after each."""
    frames = []
    for i in range(n):
        packet = builders.ipv4(builders.icmp(), builders.ICMP, bytes([10, 0, i >> 8, i & 255]))
        frames += [builders.framed(packet), builders.ethernet(bytes(28), 0x0806)]
    return frames


def test_no_hashes_at_all_are_not_those_of_packets_without_one(tmp_path):
    """Each packet has what the one before it should have: none. So it would have with any shift by an odd number."""
    frames = pings(80)
    said = [Said(0) if i % 2 == 0 else Said(None) for i in range(len(frames))]
    found = diagnose(tmp_path, frames, said)
    assert found.diagnosis.causes == []
    assert [fault.name for fault in found.diagnosis.possible] == ["without-IPv4"]
    assert not found.may_have_another_key


def test_one_value_for_all_packets_is_no_key_of_zeros(tmp_path):
    frames = [plain(flow) for flow in flows(100)]
    found = diagnose(tmp_path, frames, [Said(0xDEADBEEF) for _ in frames])
    assert (found.diagnosis.causes, found.diagnosis.constant) == ([], 0xDEADBEEF)


def test_one_value_for_all_packets_has_nothing_to_do_with_their_kind(tmp_path):
    frames = pings(80)
    found = diagnose(tmp_path, frames, [Said(0xDEADBEEF) if i % 2 == 0 else Said(None) for i in range(len(frames))])
    assert (found.diagnosis.constant, found.diagnosis.common) == (0xDEADBEEF, None)


def in_gre(flow) -> bytes:
    inner = plain(flow)
    outer = builders.ipv4(builders.gre(inner, 0x6558), builders.GRE, flow[0], flow[1])
    return builders.framed(outer)


def closing(flow) -> bytes:
    """Make a TCP packet with the FIN flag."""
    segment = bytearray(without_syn(flow[2]))
    segment[13] |= 1
    return builders.framed(builders.ipv4(bytes(segment), builders.TCP, flow[0], flow[1]))


def opened(flow) -> bytes:
    return builders.framed(builders.ipv4(without_syn(flow[2]), builders.TCP, flow[0], flow[1]))


@pytest.mark.parametrize(
    ("make", "trait"),
    [(in_gre, Trait(TraitKind.ENCAPSULATION, "GRE")), (closing, Trait(TraitKind.FLAG, "FIN"))],
)
def test_packets_of_a_kind_without_a_hash_have_no_other_fault(tmp_path, make, trait):
    """Many sets of faults leave them without a hash; none says as much as that they are of this kind."""
    others = [plain(flow) for flow in flows(150)] + [opened(flow) for flow in flows(60, 4)]
    others += [tunnelled(flow) for flow in flows(60, 2)]
    own = [make(flow) for flow in flows(90, 3)]
    frames = random.Random(5).sample(others + own, len(others) + len(own))
    due = misbehave(frames, CONFIGURATION)
    said = [Said(None, queue=0 if frame in own else each.queue) for frame, each in zip(frames, due, strict=True)]
    found = diagnose(tmp_path, frames, said)
    assert found.diagnosis is None
    (steered,) = found.queue_diagnosis.steered
    assert steered.queue == 0
    assert trait in steered.traits


def test_a_few_packets_of_many_are_no_habit(tmp_path):
    """Packets with equal ports all differ from what is expected in the same bits: that is worth no word of the rest."""
    alike = [(source, destination, 4000, 53) for source, destination, _, _ in flows(12, 3)]
    others = [(source, destination, 4000, port) for source, destination, _, port in flows(30)]
    others += flows(50, 6)
    others += [(source, destination, port, 53) for source, destination, port, _ in flows(20, 5)]
    framed = random.Random(2).sample([plain(flow) for flow in [*others, *alike]], len(others) + len(alike))
    # Addresses of these are hashed right: no other key would do.
    right = [builders.framed(builders.ipv6(bytes(8), 89, flow[0] * 4, random.Random(i).randbytes(16)))
             for i, flow in enumerate(flows(60, 4))]  # fmt: skip
    said = misbehave([*framed, *right], CONFIGURATION)
    for i, frame in enumerate(framed):
        said[i] = replace(said[i], value=said[i].value ^ random.Random(frame[34:38]).getrandbits(32))
    found = diagnose(tmp_path, [*framed, *right], said).diagnosis
    assert (found.causes, found.contradicting) == ([], ())


def test_rows_of_other_packets_are_no_question_of_keys(tmp_path):
    """The first packet has what none before it has."""
    frames = [plain(flow) for flow in flows(30)]
    due = misbehave(frames, CONFIGURATION)
    found = diagnose(tmp_path, frames, [replace(due[0], value=1), *due[:-1]])
    assert [fault.name for fault in found.diagnosis.faults] == ["rows-late-1"]
    assert found.is_every_hash_wrong
    assert not found.may_have_another_key


def test_right_packets_that_were_not_kept_count_too(tmp_path):
    some = [plain(flow) for flow in flows(40)]
    frames = some * 100
    due = misbehave(some, CONFIGURATION) * 100
    other = misbehave(some, replace(CONFIGURATION, key=bytes.fromhex("6d5a" * 20))) * 100
    said = [b if i % 97 == 0 else a for i, (a, b) in enumerate(zip(due, other, strict=True))]
    found = diagnose(tmp_path, frames, said).diagnosis
    assert [fault.name for fault in found.contradicting] == ["key-symmetric"]
    assert (found.contradicting_packets, found.is_every_right_kept) == ((42, 3958), False)
