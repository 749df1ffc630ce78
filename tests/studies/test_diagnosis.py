"""Devices that misbehave in known ways are diagnosed as that, and nothing else; the diagnosis is told nothing."""

import random
from dataclasses import replace
from functools import cache
from itertools import combinations

import pytest

from naive.configuration import Configuration
from pcaphash.studies.validate import Validation, validate
from pcaphash.studies.validate.search.traits import Span
from support import diagnosing
from support.comparing import device_of
from support.diagnosing import Said, SaidOf, misbehave, separating_frames
from support.slow import slow_but
from support.traffic import flows, plain, tunnelled, write

pytestmark = pytest.mark.jit_only  # thousands of hypotheses, each on hundreds of packets

CONFIGURATION = Configuration("v7", 0xFFF, key=random.Random(7).randbytes(40))
OUTER = replace(CONFIGURATION, hash_types=0x1FF)
ADDRESSES = replace(CONFIGURATION, hash_types=0x049)

# Faults that change nothing unless the device is configured for something else.
OF_OTHER_DEVICES = {"inner-instead-of-outer": OUTER, "ports-too": ADDRESSES}
ALL = [
    *diagnosing.READING,
    *diagnosing.RECONFIGURED,
    *diagnosing.INPUTS,
    *diagnosing.KEYS,
    *diagnosing.VALUES,
    *diagnosing.HASHING,
    *diagnosing.FLAVORED,
    "symmetric-xor",
    "symmetric-or-xor",
    "outer-where-inner-not-ip",
]


@cache
def frames() -> list[bytes]:
    return separating_frames()


@pytest.fixture(scope="module")
def trace(tmp_path_factory):
    return write(tmp_path_factory.mktemp("diagnosis") / "frames.pcapng", frames())


def named(found: Validation) -> set[str]:
    return {fault.name for fault in found.diagnosis.faults} if found.diagnosis else set()


def diagnose(trace, said, configuration=CONFIGURATION) -> Validation:
    return validate(trace, device_of(configuration), SaidOf(said))


LEARNED = ("value-and", "value-or", "value-stuck", "value-xor")

EQUAL = {"outer-of-vxlan": ["vxlan-port-ignored-4789"]}
"""Faults that these frames cannot tell from others: all of their VXLAN packets go to one port."""


@pytest.mark.parametrize("name", ALL)
def test_each_fault_alone(trace, name):
    found = diagnose(trace, misbehave(frames(), CONFIGURATION, name))
    assert named(found) == {name}
    assert [fault.name for (fault,) in found.diagnosis.alternatives] == EQUAL.get(name, [])
    assert found.diagnosis.unexplained == 0
    assert sum(cause.packets for cause in found.diagnosis.causes) == found.mismatches > 0


def test_inner_headers_that_nobody_asked_for(trace):
    found = diagnose(trace, misbehave(frames(), CONFIGURATION), OUTER)
    assert named(found) == {"inner-instead-of-outer"}
    assert (found.diagnosis.alternatives, found.diagnosis.unexplained) == ([], 0)


def test_ports_that_nobody_asked_for(trace):
    found = diagnose(trace, misbehave(frames(), OUTER), replace(OUTER, hash_types=0x049))
    assert named(found) == {"ports-too"}
    assert (found.diagnosis.alternatives, found.diagnosis.unexplained) == ([], 0)


@pytest.mark.parametrize(("name", "bit"), [("vxlan-gpe", 5), ("ipip", 7), ("gre-udp", 3)])
@pytest.mark.parametrize("types", [0x1FF, 0xFFF])
def test_tunnels_that_only_the_other_spec_has(trace, name, bit, types):
    """A device under draft v7 that looks into tunnels of virtio 1.4, beside those that it knows."""
    known = sum(1 << other for other in (0, 1, 2, 4, 6, 8)) if types == 0xFFF else 0
    behaves = replace(OF_1_4, tunnel_types=known | 1 << bit)
    said = [replace(each, tunnel=None) for each in misbehave(frames(), behaves)]
    found = diagnose(trace, said, replace(CONFIGURATION, hash_types=types))
    assert named(found) == {f"inner-of-{name}"}
    assert (found.diagnosis.alternatives, found.diagnosis.unexplained) == ([], 0)


@pytest.mark.parametrize(("name", "bit"), [("gre-2784", 0), ("vxlan-gpe", 5), ("ipip", 7)])
def test_tunnel_types_of_1_4_that_are_not_enabled(trace, name, bit):
    enabled = 0x1FF & ~(1 << bit) & ~(1 << 6)
    said = misbehave(frames(), replace(OF_1_4, tunnel_types=enabled | 1 << bit))
    found = diagnose(trace, said, replace(OF_1_4, tunnel_types=enabled))
    assert named(found) == {f"inner-of-{name}"}
    assert (found.diagnosis.alternatives, found.diagnosis.unexplained) == ([], 0)


def test_ports_of_sctp_where_udp_has_none(trace):
    """Its ports are hashed beside those of TCP, whatever is done with UDP; the type is that of addresses, or none."""
    configuration = replace(CONFIGURATION, hash_types=0x1FF & ~0x124)
    said = misbehave(frames(), replace(configuration, hash_types=0x1FF), "sctp-ports")
    due = misbehave(frames(), configuration)
    is_sctp = [frame[23:24] == b"\x84" or frame[20:21] == b"\x84" for frame in frames()]
    mixed = [replace(a if own else b, report=None) for a, b, own in zip(said, due, is_sctp, strict=True)]
    found = diagnose(trace, mixed, configuration)
    assert named(found) == {"sctp-ports"}
    assert (found.mismatches, found.diagnosis.unexplained) == (6, 0)


@pytest.mark.parametrize(("queue", "is_unclassified"), [(0, True), (5, False)])
@pytest.mark.slow
def test_whether_packets_without_a_hash_go_to_the_unclassified_queue(trace, queue, is_unclassified):
    said = misbehave(frames(), CONFIGURATION, "fragments-not-hashed")
    due = misbehave(frames(), CONFIGURATION)
    said = [replace(a, queue=queue if a.report != b.report else a.queue) for a, b in zip(said, due, strict=True)]
    (cause,) = diagnose(trace, said).diagnosis.causes
    assert [fault.name for fault in cause.faults] == ["fragments-not-hashed"]
    assert cause.is_unclassified == is_unclassified


OF_1_4 = Configuration("1.4", 0x1FF, 0x1FF, key=CONFIGURATION.key)


@pytest.mark.parametrize(
    ("name", "bit"), [("gre-2784", 0), ("gre-udp", 3), ("vxlan-gpe", 5), ("ipip", 7), ("nvgre", 8)]
)
def test_tunnel_types_of_1_4(trace, name, bit):
    found = diagnose(trace, misbehave(frames(), replace(OF_1_4, tunnel_types=0x1FF & ~(1 << bit))), OF_1_4)
    assert named(found) == {f"outer-of-{name}"}
    assert (found.diagnosis.alternatives, found.diagnosis.unexplained) == ([], 0)


@pytest.mark.parametrize("name", ["outer-instead-of-inner", "key-words-swapped", "vlan-not-skipped", "fragment-ports"])
def test_faults_under_1_4(trace, name):
    said = misbehave(frames(), replace(OF_1_4, tunnel_types=0) if name.startswith("outer") else OF_1_4, name)
    found = diagnose(trace, said, OF_1_4)
    assert named(found) == {name}
    assert (found.diagnosis.alternatives, found.diagnosis.unexplained) == ([], 0)


PAIRS = random.Random(3).sample(
    [
        pair
        for pair in combinations([name for name in ALL if name not in diagnosing.FLAVORED], 2)
        # One arrangement of the input, one key, one form of the value; and types that are taken away once.
        if not any(
            set(pair) <= set(group)
            for group in (
                [*diagnosing.INPUTS, "symmetric-xor", "symmetric-or-xor"],
                [*diagnosing.KEYS, *diagnosing.HASHING],
                diagnosing.VALUES,
                [*diagnosing.RECONFIGURED, *diagnosing.READING, "outer-where-inner-not-ip"],
            )
        )
        # Seven or eight bits of a hash tell too little of the few packets that show these faults.
        and not (
            set(pair)
            & {
                "version-unchecked",
                "extension-headers-past-frame",
                "home-address-of-any-length",
                "outer-where-inner-not-ip",
            }
            and set(pair) & {"value-low-bits-7", "value-low-bits-8"}
        )
        # Rare faults are not tried in pairs.
        and not all(
            name.startswith(
                (
                    "value-low-bits",
                    "value-shifted",
                    "key-shifted",
                    "key-rotated",
                    "key-first",
                    "key-repeated",
                    "function",
                    "only",
                )
            )
            for name in pair
        )
        and not any(name.startswith(LEARNED) for name in pair)  # read off packets that are wrong in one way
        and "key-zero" not in pair  # whatever else is wrong does not show
        and not ("key-symmetric" in pair and set(pair) & set(diagnosing.INPUTS))  # nor do ends that are exchanged
    ],
    24,
)


@pytest.mark.parametrize("pair", slow_but(6, PAIRS), ids="+".join)
def test_two_faults_at_once(trace, pair):
    found = diagnose(trace, misbehave(frames(), CONFIGURATION, *pair))
    sets = [named(found), *({fault.name for fault in each} for each in found.diagnosis.alternatives)]
    assert set(pair) in sets
    assert found.diagnosis.unexplained == 0


@pytest.mark.slow
def test_independent_faults_are_causes_of_their_own(trace):
    names = ("home-address-ignored", "first-fragment-ports", "vlan-not-skipped", "second-level-inner")
    found = diagnose(trace, misbehave(frames(), CONFIGURATION, *names))
    assert named(found) == set(names)
    assert {len(cause.faults) for cause in found.diagnosis.causes} == {1}
    assert found.diagnosis.unexplained == 0


def test_a_device_as_the_spec_requires(trace):
    found = diagnose(trace, misbehave(frames(), CONFIGURATION))
    assert (found.mismatches, found.diagnosis, found.judged) == (0, None, len(frames()))


@pytest.mark.slow
def test_random_values_are_not_explained(trace):
    numbers = random.Random(1)
    said = [replace(each, value=numbers.getrandbits(32)) for each in misbehave(frames(), CONFIGURATION)]
    found = diagnose(trace, said)
    assert named(found) == set()
    assert found.diagnosis.unexplained == found.mismatches == found.verdicts["wrong-value"] > 100


def test_a_key_changed_during_the_trace(trace):
    before, after = misbehave(frames(), CONFIGURATION), misbehave(frames(), CONFIGURATION, "key-symmetric")
    half = len(frames()) // 2
    found = diagnose(trace, before[:half] + after[half:])
    (cause,) = found.diagnosis.causes
    assert [fault.name for fault in cause.faults] == ["key-symmetric"]
    assert isinstance(cause.part, Span)
    changed = next(i for i in range(half, len(frames())) if before[i] != after[i])
    assert (found.examples[cause.part.first].packet, cause.part.last) == (changed + 1, None)
    assert cause.packets == found.mismatches
    assert found.diagnosis.unexplained == 0


def test_what_this_trace_cannot_tell_apart(tmp_path):
    some = [tunnelled(flow) for flow in flows(40)]
    trace = write(tmp_path / "vxlan.pcapng", some)
    found = diagnose(trace, misbehave(some, CONFIGURATION, "outer-instead-of-inner"))
    sets = [[fault.name for fault in each] for each in (found.diagnosis.faults, *found.diagnosis.alternatives)]
    equal = ["outer-instead-of-inner", "outer-of-vxlan", "vxlan-port-ignored-4789"]
    assert sets == [[name] for name in equal]
    assert [fault.name for fault in found.diagnosis.open_faults] == equal


QUEUE_RULES = {
    "modulo-queues": lambda value: value % 5,
    "high-bits": lambda value: (value >> 25) % 5,
    "byte-swapped": lambda value: (int.from_bytes(value.to_bytes(4, "big"), "little") & 127) % 5,
    "scaled": lambda value: value * 5 >> 32,
    "first-16": lambda value: (value & 15) % 5,
    "table-of-512": lambda value: (value & 511) % 5,
    "other-queues": lambda value: (value & 127) % 11,
    "one-queue": lambda value: 3,
    "other-table": lambda value: (value & 127) * 7 % 11 % 5,
    "index-bits-8": lambda value: (value >> 8 & 127) % 5,
    "folded": lambda value: ((value >> 16 ^ value) & 127) % 5,
}


@pytest.mark.parametrize("name", QUEUE_RULES)
def test_each_rule_of_receive_queues(tmp_path, name):
    some = [plain(flow) for flow in flows(600)]
    trace = write(tmp_path / "flows.pcapng", some)
    configuration = replace(CONFIGURATION, indirection_table=tuple(i % 5 for i in range(128)))
    said = [replace(each, queue=QUEUE_RULES[name](each.value)) for each in misbehave(some, configuration)]
    found = diagnose(trace, said, configuration)
    assert found.diagnosis is None
    assert [rule.name for rule in found.queue_diagnosis.rules] == [name]
    assert found.queue_diagnosis.packets == found.mismatches == found.verdicts["wrong-queue"]
    assert found.queue_diagnosis.unexplained == 0
    assert found.queue_diagnosis.beyond == sum(each.queue >= 5 for each in said)


def test_the_hash_modulo_fewer_queues_than_there_are(tmp_path):
    some = [plain(flow) for flow in flows(600)]
    said = [replace(each, queue=each.value % 7) for each in misbehave(some, CONFIGURATION)]
    found = diagnose(write(tmp_path / "flows.pcapng", some), said).queue_diagnosis
    assert [(rule.name, rule.number) for rule in found.rules] == [("modulo-queues", 7)]


def test_which_bits_index_the_table_shows_without_hashes(tmp_path):
    some = [plain(flow) for flow in flows(600)]
    said = [Said(None, queue=(each.value >> 8 & 127) % 8) for each in misbehave(some, CONFIGURATION)]
    found = diagnose(write(tmp_path / "flows.pcapng", some), said)
    assert found.diagnosis is None
    assert [rule.name for rule in found.queue_diagnosis.rules] == ["index-bits-8"]


@pytest.mark.parametrize("name", ["modulo-queues", "other-queues", "other-table", "one-queue"])
def test_a_change_of_receive_queues_during_the_trace(tmp_path, name):
    some = [plain(flow) for flow in flows(1200)]
    trace = write(tmp_path / "flows.pcapng", some)
    configuration = replace(CONFIGURATION, indirection_table=tuple(i % 5 for i in range(128)))
    said = misbehave(some, configuration)
    said = [replace(each, queue=QUEUE_RULES[name](each.value)) if i >= 500 else each for i, each in enumerate(said)]
    found = diagnose(trace, said, configuration)
    (rule,) = found.queue_diagnosis.rules
    first = next(i for i in range(500, 1200) if said[i].queue != (said[i].value & 127) % 5)
    assert (rule.name, found.examples[rule.part.first].packet, rule.part.last) == (name, first + 1, None)
    assert found.queue_diagnosis.unexplained == 0


def test_packets_without_a_hash_go_where_the_first_entry_leads(trace):
    configuration = replace(CONFIGURATION, indirection_table=(5, *range(1, 8)) * 16)
    said = misbehave(frames(), configuration)
    said = [replace(each, queue=5) if each.report == "NONE" else each for each in said]
    rules = diagnose(trace, said, configuration).queue_diagnosis.rules
    assert [(rule.name, rule.number) for rule in rules] == [("unclassified-queue", 5), ("first-entry", 5)]


@pytest.mark.slow
def test_queues_by_filters_are_not_explained(tmp_path):
    some = [plain(flow) for flow in flows(50)] * 4
    trace = write(tmp_path / "flows.pcapng", some)
    said = misbehave(some, CONFIGURATION)
    said = [replace(each, queue=(each.queue + 1 + i // 50) % 8) if i % 50 < 3 else each for i, each in enumerate(said)]
    found = diagnose(trace, said)
    assert found.queue_diagnosis.rules == []
    assert found.queue_diagnosis.hash_values == 3


@pytest.mark.slow
def test_a_rule_and_a_few_filters(tmp_path):
    some = [plain(flow) for flow in flows(600)]
    trace = write(tmp_path / "flows.pcapng", some)
    configuration = replace(CONFIGURATION, indirection_table=tuple(i % 5 for i in range(128)))
    said = [replace(each, queue=each.value % 5) for each in misbehave(some, configuration)]
    steered = [replace(each, queue=6 if i < 4 else each.queue) for i, each in enumerate(said)]
    found = diagnose(trace, steered, configuration).queue_diagnosis
    assert [(rule.name, rule.exceptions) for rule in found.rules] == [("modulo-queues", 4)]
    assert found.unexplained == 4


def test_one_steered_flow_is_a_filter_as_well_as_another_table(tmp_path):
    some = [plain(flow) for flow in flows(50)] * 4
    trace = write(tmp_path / "flows.pcapng", some)
    said = misbehave(some, CONFIGURATION)
    alone = next(i for i, each in enumerate(said) if sum(not (other.value ^ each.value) & 127 for other in said) == 4)
    said = [replace(each, queue=(each.queue + 1) % 8) if i % 50 == alone else each for i, each in enumerate(said)]
    (rule,) = diagnose(trace, said).queue_diagnosis.rules
    assert rule.name == "other-table"
    assert (rule.entries_elsewhere, rule.is_one_hash_each) == (1, True)


@pytest.mark.slow
def test_a_queue_far_beyond_the_last_one(tmp_path):
    some = [plain(flow) for flow in flows(50)]
    trace = write(tmp_path / "flows.pcapng", some)
    said = misbehave(some, CONFIGURATION)
    said[7] = replace(said[7], queue=2**32 - 1)
    found = diagnose(trace, said).queue_diagnosis
    assert (found.rules, found.beyond, found.unexplained) == ([], 1, 1)


def test_the_unclassified_queue(trace):
    said = misbehave(frames(), CONFIGURATION)
    said = [replace(each, queue=6) if each.report == "NONE" else each for each in said]
    found = diagnose(trace, said)
    assert [(rule.name, rule.of_unhashed) for rule in found.queue_diagnosis.rules] == [("unclassified-queue", True)]
    assert found.queue_diagnosis.unexplained == 0


@pytest.mark.slow
def test_packets_without_a_hash_and_those_with_one_have_rules_of_their_own(trace):
    numbers = random.Random(1)
    said = misbehave(frames(), CONFIGURATION)
    said = [replace(each, queue=6 if each.report == "NONE" else numbers.randrange(8)) for each in said]
    found = diagnose(trace, said).queue_diagnosis
    assert [rule.name for rule in found.rules] == ["unclassified-queue"]
    assert found.unexplained == found.hashed > 0


def test_a_wrong_hash_and_a_wrong_queue_are_two_things(tmp_path):
    some = [plain(flow) for flow in flows(300)]
    trace = write(tmp_path / "flows.pcapng", some)
    configuration = replace(CONFIGURATION, indirection_table=tuple(i % 5 for i in range(128)))
    said = misbehave(some, configuration, "value-byte-swapped")
    said = [replace(each, queue=each.value % 5) for each in said]
    found = diagnose(trace, said, configuration)
    assert named(found) == {"value-byte-swapped"}
    assert [rule.name for rule in found.queue_diagnosis.rules] == ["modulo-queues"]


def test_values_alone_will_do(trace):
    said = [Said(each.value) for each in misbehave(frames(), CONFIGURATION, "ports-swapped")]
    assert named(diagnose(trace, said)) == {"ports-swapped"}
