"""What would explain few wrong packets is said to be possible, and never named as a cause."""

import io
import random
from dataclasses import replace

import pytest

from pcaphash.report.validate.document import validation_document
from pcaphash.report.validate.text import show_validation
from pcaphash.studies.validate import validate
from pcaphash.studies.validate.catalogue.fault import READING
from pcaphash.studies.validate.search.traits import Trait, TraitKind
from support import builders
from support.accusing import CONFIGURATION, STRANGE, asked_of, traces
from support.comparing import device_of
from support.diagnosing import Said, SaidOf, misbehave, tagged
from support.traffic import flows, plain, write

pytestmark = pytest.mark.jit_only  # hundreds of hypotheses

FLOWS = flows(60)
NOTHING = Said(0, "NONE", "NONE", 0)


def fragment(n: int) -> bytes:
    return builders.framed(builders.ipv4(bytes(16), builders.UDP, bytes([10, 1, 2, n]), more_fragments=True))


def ipv6(n: int) -> bytes:
    return builders.framed(builders.ipv6(builders.tcp(b"", 3000 + n), builders.TCP, bytes([n]) * 16))


KINDS = {
    "fragments-not-hashed": (fragment, {"fragments-not-hashed", "without-IPv4", "flavor-vpp"}),
    "vlan-one-tag": (
        lambda n: tagged(plain(FLOWS[n]), [0x88A8, 0x8100]),
        {"vlan-one-tag", "vlan-not-skipped", "flavor-corundum"},
    ),
    "flavor-corundum": (ipv6, {"flavor-corundum", "ipv6-not-hashed"}),
}
TRAITS = {
    "fragments-not-hashed": Trait(TraitKind.FRAGMENT, "first"),
    "vlan-one-tag": Trait(TraitKind.TAGS, 2),
    "flavor-corundum": Trait(TraitKind.REPORT, "TCPv6"),
}


def asked(tmp_path, fault, n):
    make, _ = KINDS[fault]
    frames = [plain(flow) for flow in FLOWS] + [make(i + 1) for i in range(n)]
    said = misbehave(frames, CONFIGURATION, fault)
    return validate(write(tmp_path / "trace.pcapng", frames), device_of(CONFIGURATION), SaidOf(said))


def shown(found) -> str:
    stream = io.StringIO()
    show_validation(found, stream)
    return stream.getvalue()


@pytest.mark.parametrize("fault", KINDS)
@pytest.mark.parametrize("n", [1, 2, 4])
def test_few_packets_show_what_is_possible_and_no_cause(tmp_path, fault, n):
    found = asked(tmp_path, fault, n)
    assert (found.mismatches, found.diagnosis.causes, found.diagnosis.faults) == (n, [], ())
    assert {each.name for each in found.diagnosis.possible} == KINDS[fault][1]
    assert (found.diagnosis.common is None) == (n == 1)
    text = shown(found)
    assert "to tell a cause from chance" in text
    for accusing in ("The device does not", "The device reads", "what the device does", "No known fault"):
        assert accusing not in text
    document = validation_document(found, None)
    assert document["causes"] == []
    assert {each["name"] for each in document["unexplained"]["possible"]} == KINDS[fault][1]


@pytest.mark.parametrize("fault", KINDS)
def test_headers_that_only_these_packets_have_are_said(tmp_path, fault):
    found = asked(tmp_path, fault, 3)
    assert TRAITS[fault] in found.diagnosis.common.traits
    assert found.diagnosis.common.others == 0
    kinds = {TraitKind.FLOW, TraitKind.SOURCE, TraitKind.DESTINATION, TraitKind.SOURCE_PORT, TraitKind.DESTINATION_PORT}
    assert not kinds & {each.kind for each in found.diagnosis.common.traits}


@pytest.mark.parametrize("fault", KINDS)
def test_enough_packets_show_the_cause(tmp_path, fault):
    found = asked(tmp_path, fault, 30)
    sets = (found.diagnosis.faults, *found.diagnosis.alternatives)
    names = {each.name for some in sets for each in some}
    assert names
    assert names <= KINDS[fault][1]
    assert found.diagnosis.possible == ()


def test_what_right_packets_contradict_is_not_possible(tmp_path):
    """A fragment that has its hash speaks against each fault that leaves fragments without one."""
    frames = [plain(flow) for flow in FLOWS] + [fragment(n) for n in range(1, 4)]
    said = misbehave(frames, CONFIGURATION)
    said[-1] = said[-2] = NOTHING
    found = validate(write(tmp_path / "trace.pcapng", frames), device_of(CONFIGURATION), SaidOf(said))
    assert (found.mismatches, found.diagnosis.possible, found.diagnosis.common) == (2, (), None)
    assert "No known fault explains 2 packets." in shown(found)


def test_where_no_packet_is_right_only_devices_that_read_otherwise_are_possible(tmp_path):
    frames = [fragment(n) for n in range(1, 4)]
    path = write(tmp_path / "trace.pcapng", frames)
    found = validate(path, device_of(CONFIGURATION), SaidOf([NOTHING] * 3))
    assert (found.mismatches, found.diagnosis.causes, found.diagnosis.faults) == (3, [], ())
    possible = found.diagnosis.possible
    assert {"fragments-not-hashed", "without-IPv4"} <= {each.name for each in possible}
    assert all(READING in each.places for each in possible)
    assert validation_document(found, None)["causes"] == []


def test_nothing_is_possible_where_every_packet_has_a_wrong_hash(tmp_path):
    frames = [fragment(n) for n in range(1, 4)]
    numbers = random.Random(4)
    said = [replace(each, value=numbers.getrandbits(32)) for each in misbehave(frames, CONFIGURATION)]
    found = validate(write(tmp_path / "trace.pcapng", frames), device_of(CONFIGURATION), SaidOf(said))
    assert (found.mismatches, found.diagnosis.causes, found.diagnosis.possible) == (3, [], ())


def test_random_hashes_are_explained_by_nothing(tmp_path):
    frames = [plain(flow) for flow in FLOWS]
    said = misbehave(frames, CONFIGURATION)
    numbers = random.Random(3)
    said[5], said[6] = (replace(said[i], value=numbers.getrandbits(32)) for i in (5, 6))
    found = validate(write(tmp_path / "trace.pcapng", frames), device_of(CONFIGURATION), SaidOf(said))
    assert (found.mismatches, found.diagnosis.possible) == (2, ())


@pytest.mark.parametrize("make", STRANGE, ids=lambda make: make.__name__)
def test_a_cause_and_what_is_only_possible_are_never_said_together(tmp_path, make):
    numbers = random.Random(8)
    for each in traces(tmp_path, 13, (3, 10)):
        diagnosis = asked_of(each, make(numbers, each)).diagnosis
        assert diagnosis is None or not (diagnosis.possible and diagnosis.causes)
