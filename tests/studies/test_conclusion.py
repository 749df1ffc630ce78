"""Causes are found where several things are wrong at once, where little is said, and where its order is open."""

import random
from dataclasses import replace

import pytest

from naive.configuration import Configuration
from pcaphash.capture.reported.writer import ReportedPacket, write_pcapng
from pcaphash.studies.validate import validate
from pcaphash.studies.validate.deciding import ByteOrder, FewerFaults, HashOrder
from pcaphash.studies.validate.verdicts import TunnelNaming
from support.comparing import device_of
from support.diagnosing import KEYS, VALUES, Said, SaidOf, misbehave, separating_frames
from support.slow import slow_but
from support.traffic import flows, plain, tunnelled, write

pytestmark = pytest.mark.jit_only  # thousands of hypotheses, each on hundreds of packets

CONFIGURATION = Configuration("v7", 0xFFF, key=random.Random(7).randbytes(40))
SEVEN = replace(CONFIGURATION, indirection_table=tuple(i % 7 for i in range(128)))


@pytest.fixture(scope="module")
def frames():
    return separating_frames()


@pytest.fixture(scope="module")
def trace(tmp_path_factory, frames):
    return write(tmp_path_factory.mktemp("conclusion") / "frames.pcapng", frames)


def found_on(trace, said, configuration=CONFIGURATION):
    return validate(trace, device_of(configuration), SaidOf(said))


def sets_of(found) -> list[set[str]]:
    """Return what is found, and what would do as well."""
    return [{fault.name for fault in each} for each in (found.diagnosis.faults, *found.diagnosis.alternatives)]


@pytest.mark.parametrize(
    "some",
    slow_but(
        3,
        [
            ("initial-value-ones", "value-byte-swapped"),
            ("initial-value-ones", "value-bit-reversed"),
            ("key-mlx5", "key-words-swapped"),
            ("key-mlx5", "key-shifted-left-1"),
            ("ports-swapped", "addresses-sorted"),
            ("ports-sorted", "input-words-swapped"),
            ("home-address-ignored", "routing-header-ignored"),
            ("key-mlx5", "initial-value-ones", "value-byte-swapped"),
            ("outer-instead-of-inner", "key-words-reversed", "value-bit-reversed"),
        ],
    ),
    ids="+".join,
)
def test_several_faults_that_show_only_together(trace, frames, some):
    found = found_on(trace, misbehave(frames, CONFIGURATION, *some))
    assert set(some) in sets_of(found)
    assert found.diagnosis.unexplained == 0


@pytest.mark.slow
def test_faults_that_the_reported_types_tell_from_others(trace, frames):
    # Both hash IPv6 packets with extension headers by their plain addresses, but report other types.
    pair = {"home-address-ignored", "routing-header-ignored"}
    assert pair in sets_of(found_on(trace, misbehave(frames, CONFIGURATION, *pair)))
    assert sets_of(found_on(trace, misbehave(frames, CONFIGURATION, "extended-types-ignored"))) == [
        {"extended-types-ignored"}
    ]


@pytest.mark.parametrize("change", ["key-bytes-reversed", "key-words-reversed", "key-rotated-left-8"])
def test_a_key_longer_than_any_input_takes(trace, frames, change):
    key = random.Random(9).randbytes(52)
    behaved = replace(CONFIGURATION, key=KEYS[change](key[:40]))
    found = found_on(trace, misbehave(frames, behaved), replace(CONFIGURATION, key=key))
    assert sets_of(found) == [{f"{change}-of-40"}]


@pytest.mark.parametrize("fault", ["outer-instead-of-inner", "key-mlx5", "endpoints-swapped", "addresses-only"])
def test_queues_alone_tell_of_hashes(tmp_path, fault):
    some = [plain(flow) for flow in flows(150)] + [tunnelled(flow, i % 3) for i, flow in enumerate(flows(150, seed=2))]
    some += [tunnelled(flow, i, source_port=4000 + i) for i, flow in enumerate(flows(100, seed=3))]
    said = [Said(None, queue=each.queue) for each in misbehave(some, CONFIGURATION, fault)]
    found = found_on(write(tmp_path / "queues.pcapng", some), said)
    assert found.verdicts["wrong-queue"] == found.mismatches > 100
    assert {fault} in sets_of(found)
    assert found.diagnosis.unexplained == 0
    assert found.queue_diagnosis is None


@pytest.mark.slow
def test_random_queues_tell_of_nothing(tmp_path):
    some = [plain(flow) for flow in flows(300)]
    numbers = random.Random(1)
    said = [Said(None, queue=numbers.randrange(8)) for _ in some]
    found = found_on(write(tmp_path / "queues.pcapng", some), said)
    assert found.diagnosis is None
    assert found.queue_diagnosis.rules == []


def test_a_packet_that_only_its_queue_shows_to_be_unhashed(trace, frames):
    """Values have no types with them in packet options: what got no hash has only a queue."""
    said = [
        Said(each.value if each.report != "NONE" else None, queue=each.queue)
        for each in misbehave(frames, CONFIGURATION, "vlan-not-skipped")
    ]
    found = found_on(trace, said)
    assert sets_of(found)[0] == {"vlan-not-skipped"}


@pytest.mark.parametrize("order", ["value-byte-swapped", "value-bit-reversed"])
def test_a_queue_by_the_hash_itself_where_it_is_reported_otherwise(tmp_path, order):
    some = [plain(flow) for flow in flows(400)]
    said = [replace(each, value=VALUES[order](each.value), queue=each.value % 7) for each in misbehave(some, SEVEN)]
    found = found_on(write(tmp_path / "flows.pcapng", some), said, SEVEN)
    assert sets_of(found) == [{order}]
    (rule,) = found.queue_diagnosis.rules
    assert rule.name == "modulo-queues"
    assert rule.of_own_hash


@pytest.mark.parametrize("fault", slow_but(1, ["key-mlx5", "endpoints-swapped", "initial-value-ones"]))
@pytest.mark.parametrize("is_opposite", [False, True])
def test_the_byte_order_of_options_where_no_hash_is_right(tmp_path, fault, is_opposite):
    some = [plain(flow) for flow in flows(300)]
    packets = []
    for i, (frame, each) in enumerate(zip(some, misbehave(some, CONFIGURATION, fault), strict=True)):
        value = VALUES["value-byte-swapped"](each.value) if is_opposite else each.value
        packets.append(ReportedPacket(frame, timestamp_ns=i, hash_value=value, queue=each.queue))
    path = tmp_path / "dump.pcapng"
    with path.open("wb") as stream:
        write_pcapng(stream, packets)
    found = validate(path, device_of(CONFIGURATION))
    assert sets_of(found) == [{fault}]
    assert found.queue_diagnosis is None
    assert (FewerFaults() in found.decisions) == is_opposite
    assert found.decisions[0] == HashOrder(ByteOrder.SECTION, 300, 0, 0)


def test_few_flows_with_many_packets_are_no_evidence_for_another_table(tmp_path):
    some = [plain(flow) for flow in flows(12)] * 20
    said = [Said(None, queue=each.queue) for each in misbehave(some, CONFIGURATION, "key-mlx5")]
    found = found_on(write(tmp_path / "few.pcapng", some), said)
    assert found.queue_diagnosis is None
    assert {"key-mlx5"} in sets_of(found)


@pytest.mark.parametrize(
    ("behaved", "configured", "name"),
    [
        (0xFFF & ~0x020, 0xFFF, "without-UDPv6"),
        (0xFFF & ~0x008, 0xFFF, "without-IPv6"),
        (0xFFF & ~0x006, 0xFFF, "ipv4-addresses-only"),
        (0x1FF | 0x400, 0x1FF, "with-VXLAN_INNER"),
        (0x049 | 0x002, 0x049, "with-TCPv4"),
    ],
)
def test_one_hash_type_more_or_less(trace, frames, behaved, configured, name):
    said = misbehave(frames, replace(CONFIGURATION, hash_types=behaved))
    found = found_on(trace, said, replace(CONFIGURATION, hash_types=configured))
    assert sets_of(found) == [{name}]
    assert found.diagnosis.unexplained == 0


def test_a_rare_fault_behind_a_frequent_one(tmp_path, frames):
    many = [plain(flow, size) for size, flow in enumerate(flows(1400))] * 3
    every = [*many, *frames]
    said = misbehave(every, CONFIGURATION, "ports-swapped", "home-address-ignored")
    found = found_on(write(tmp_path / "many.pcapng", every), said)
    assert sets_of(found)[0] == {"ports-swapped", "home-address-ignored"}
    assert found.diagnosis.unexplained == 0


def test_plain_types_for_extended_ones(trace, frames):
    plain_of = {"IPv6_EX": "IPv6", "TCPv6_EX": "TCPv6", "UDPv6_EX": "UDPv6"}
    said = [replace(each, report=plain_of.get(each.report, each.report)) for each in misbehave(frames, CONFIGURATION)]
    found = found_on(trace, said)
    assert found.verdicts["wrong-type"] == found.mismatches > 0
    assert sets_of(found) == [{"extended-types-reported-plain"}]
    assert validate(trace, device_of(CONFIGURATION), SaidOf(said), lenient=True).mismatches == 0


@pytest.mark.parametrize("hash_types", [0x1FF, 0x5FF, 0xFFF])
def test_the_tunnel_of_every_packet_may_be_reported(tmp_path, hash_types):
    some = [tunnelled(flow) for flow in flows(30)] + [plain(flow) for flow in flows(30, seed=2)]
    trace = write(tmp_path / "tunnels.pcapng", some)
    configuration = replace(CONFIGURATION, hash_types=hash_types)
    said = misbehave(some, configuration)
    said = [replace(each, tunnel="VXLAN" if i < 30 else "NONE") for i, each in enumerate(said)]
    found = found_on(trace, said, configuration)
    assert found.mismatches == 0
    namings = [(TunnelNaming.HASHED, TunnelNaming.EVERY)] if hash_types == 0x1FF else []
    assert [each.namings for each in found.decisions] == namings


@pytest.mark.parametrize("fault", ["outer-instead-of-inner", "key-mlx5", "addresses-only"])
def test_queues_by_another_hash_than_the_one_reported(tmp_path, fault):
    some = [plain(flow) for flow in flows(150)] + [tunnelled(flow, i % 3) for i, flow in enumerate(flows(150, seed=2))]
    some += [tunnelled(flow, i, source_port=4000 + i) for i, flow in enumerate(flows(100, seed=3))]
    right, other = misbehave(some, CONFIGURATION), misbehave(some, CONFIGURATION, fault)
    said = [replace(each, queue=elsewhere.queue) for each, elsewhere in zip(right, other, strict=True)]
    found = found_on(write(tmp_path / "steered.pcapng", some), said)
    assert found.diagnosis is None
    assert {rule.name for rule in found.queue_diagnosis.rules} == {"another-hash"}
    assert found.queue_diagnosis.unexplained == 0


def test_a_wrong_hash_may_be_followed_by_the_right_queue(trace, frames):
    said = misbehave(frames, CONFIGURATION, "key-mlx5")
    said = [replace(each, value=VALUES["value-bit-reversed"](each.value)) for each in said]
    found = found_on(trace, said)
    assert sets_of(found) == [{"key-mlx5", "value-bit-reversed"}]
    assert found.queue_diagnosis is None


def test_the_byte_order_of_options_is_decided_where_there_are_some(tmp_path):
    some = [plain(flow) for flow in flows(300)]
    said = misbehave(some, CONFIGURATION)
    packets = [ReportedPacket(plain(flow, 1400), timestamp_ns=0) for flow in flows(9000, seed=2)]
    packets += [
        ReportedPacket(frame, timestamp_ns=1, hash_value=VALUES["value-byte-swapped"](each.value), queue=each.queue)
        for frame, each in zip(some, said, strict=True)
    ]
    path = tmp_path / "late.pcapng"
    with path.open("wb") as stream:
        write_pcapng(stream, packets)
    found = validate(path, device_of(CONFIGURATION))
    assert (found.mismatches, found.judged) == (0, 300)
    assert found.decisions == [HashOrder(ByteOrder.OPPOSITE, 300, 0, 300)]


def test_wrong_types_of_right_hashes(trace, frames):
    right = misbehave(frames, CONFIGURATION)
    by_addresses = {"TCPv4": "IPv4", "UDPv4": "IPv4", "TCPv6": "IPv6", "UDPv6": "IPv6"}
    by_addresses |= {"TCPv6_EX": "IPv6_EX", "UDPv6_EX": "IPv6_EX"}
    said = [replace(each, report=by_addresses.get(each.report, each.report)) for each in right]
    assert sets_of(found_on(trace, said)) == [{"types-by-addresses"}]
    said = [replace(each, tunnel="NONE") for each in right]
    assert sets_of(found_on(trace, said)) == [{"tunnel-unreported"}]


def test_two_names_for_one_key(trace, frames):
    """The first bit of this key is 0, so that it makes no difference whether a shift brings it back at the end."""
    configuration = replace(CONFIGURATION, key=bytes([0x51]) + CONFIGURATION.key[1:39] + bytes([0x52]))
    said = misbehave(frames, replace(configuration, key=KEYS["key-shifted-left-1"](configuration.key)))
    (fault,) = found_on(trace, said, configuration).diagnosis.faults
    assert fault.name == "key-shifted-left-1"
    assert [each.name for each in fault.same_key] == ["key-rotated-left-1"]
