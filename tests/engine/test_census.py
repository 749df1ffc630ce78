"""A census answers for every configuration just as counting the packets one by one does."""

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pcaphash
from naive.capture import load
from naive.configuration import Configuration
from pcaphash.capture.reader import Reader
from pcaphash.engine.census.census import Census, CensusIdentity
from pcaphash.engine.census.distribution import Distribution, count_encapsulations, distribute
from pcaphash.errors import PcaphashError
from pcaphash.kernels.base import COMPILED
from support.captures import pcap, pcap_record, pcapng_of
from support.comparing import LARGE, answers, device_of, small_capture_paths
from support.counting import take_census
from support.packets import configurations, frames
from support.shared import CAPTURES, needs_shared
from support.slow import slow_but
from support.variety import variety

FRAMES = variety()


@pytest.fixture(scope="module")
def trace(tmp_path_factory) -> Path:
    """Write a pcap in which everything occurs that configurations tell apart."""
    path = tmp_path_factory.mktemp("census") / "variety.pcap"
    path.write_bytes(pcap(b"".join(pcap_record(captured, length) for captured, length, _ in FRAMES)))
    return path


def census_of(path: Path, device: pcaphash.Device, slots: int = 128) -> Census:
    identity = CensusIdentity.of(device, slots)
    return take_census([str(path)], identity)[identity]


def facts(distribution: Distribution) -> dict[str, object]:
    """Take from a distribution what can be counted."""
    return {
        "queues": distribution.queues.tolist(),
        "hashed": distribution.hashed,
        "unhashed": distribution.unhashed,
        "unknown": distribution.unknown,
        "n_bytes": distribution.n_bytes,
        "reasons": distribution.reasons,
        "reports": distribution.reports,
    }


def counted(queues: list[int | None], lengths: list[int], reports: list[str], reasons: list[str], n_queues: int):
    """Count packets one by one."""
    loads = np.zeros((n_queues, 2), np.int64)
    for queue, length in zip(queues, lengths, strict=True):
        if queue is not None:
            loads[queue] += 1, length
    by_report = Counter(reports)
    return {
        "queues": loads.tolist(),
        "hashed": len(reports) - by_report["NONE"] - by_report["UNKNOWN"],
        "unhashed": by_report["NONE"],
        "unknown": by_report["UNKNOWN"],
        "n_bytes": sum(lengths),
        "reasons": dict(Counter(reason for reason in reasons if reason)),
        "reports": dict(by_report),
    }


def counted_by_naive(path: Path, configuration: Configuration, n_queues: int) -> dict[str, object]:
    records = [record for record in load(path).records if record.direction != "out"]
    results = answers(records, configuration)
    return counted(
        [result.queue for result in results],
        [record.original_length for record in records],
        [result.hash_report for result in results],
        [result.reason for result in results],
        n_queues,
    )


def counted_rows(path: Path, device: pcaphash.Device) -> tuple[dict[str, object], dict[str, int]]:
    """Count the rows of ``hashes``: what a distribution says, and the encapsulations."""
    rows = pcaphash.hashes(path, device)
    rows = rows[rows["direction"] != "out"]
    queues = [
        None if queue is None else int(queue)
        for queue in rows["queue"].astype(object).where(rows["queue"].notna(), None)
    ]
    lengths = [int(length) for length in rows["original_length"]]
    expected = counted(queues, lengths, list(rows["hash_report"]), list(rows["reason"]), device.queues)
    return expected, dict(Counter(rows["encapsulation"]))


@pytest.mark.jit_only
@pytest.mark.parametrize("part", slow_but(4, range(16)))
def test_every_mask_of_draft_v7(trace, part):
    everything = Configuration("v7", 0xFFF, indirection_table=tuple(i % 7 for i in range(64)), unclassified_queue=7)
    census = census_of(trace, device_of(everything))
    for hash_types in range(part, 4096, 16):
        configuration = replace(everything, hash_types=hash_types)
        found = distribute(census, device_of(configuration))
        assert facts(found) == counted_by_naive(trace, configuration, 8), f"{hash_types:#x}"


def random_device(random_: random.Random) -> pcaphash.Device:
    """Draw a device of either text with any masks and any table up to 512 entries; key and ports are the defaults."""
    spec = random_.choice(["v7", "1.4"])
    queues = random_.randint(1, 40)
    return pcaphash.Device(
        spec=spec,
        hash_types=random_.randrange(0x1000 if spec == "v7" else 0x200),
        tunnel_types=random_.randrange(0x200) if spec == "1.4" else 0,
        queues=queues,
        indirection_table=[random_.randrange(queues) for _ in range(2 ** random_.randrange(10))],
        unclassified_queue=random_.randrange(queues),
    )


def assert_rows_agree(path: Path, devices: list[pcaphash.Device]) -> None:
    """Hold that one analysis for all devices equals counting rows for each."""
    analysis = pcaphash.analyze(path, devices)
    for device, found, encapsulations in zip(devices, analysis.distributions, analysis.encapsulations, strict=True):
        expected, expected_encapsulations = counted_rows(path, device)
        assert facts(found) == expected, device
        assert encapsulations == expected_encapsulations


@pytest.mark.parametrize("seed", range(40 if COMPILED else 10))
def test_any_device_on_the_variety(trace, seed):
    random_ = random.Random(seed)
    assert_rows_agree(trace, [random_device(random_) for _ in range(5)])


@needs_shared
@pytest.mark.parametrize("path", small_capture_paths(), ids=lambda path: path.name)
def test_any_device_on_the_public_captures(path):
    random_ = random.Random(path.name)
    assert_rows_agree(path, [random_device(random_) for _ in range(10)])


@needs_shared
@pytest.mark.jit_only
@pytest.mark.parametrize("name", LARGE)
def test_any_device_on_the_large_captures(name):
    random_ = random.Random(name)
    assert_rows_agree(CAPTURES / name, [random_device(random_) for _ in range(2)])


@pytest.mark.parametrize("size", [2**i for i in range(10)])
def test_every_size_of_the_indirection_table(trace, size):
    table = [(5 * entry + 1) % 11 for entry in range(size)]
    device = pcaphash.Device(queues=11, indirection_table=table)
    assert_rows_agree(trace, [device])
    # In one analysis with a larger table, too: slots are then folded.
    large = pcaphash.Device(queues=3, indirection_table_size=512, name="large")
    assert_rows_agree(trace, [device, large])


@pytest.mark.parametrize("slots", [256, 1024, 65536])
def test_more_slots_than_needed_change_nothing(trace, slots):
    device = pcaphash.Device("1.4", queues=13)
    few, many = census_of(trace, device), census_of(trace, device, slots)
    assert facts(distribute(many, device)) == facts(distribute(few, device))
    for signature in few.signatures():
        for row in range(len(few.rows(signature))):
            folded = many.slots(signature, row).reshape(-1, 128, 2).sum(axis=0)
            assert np.array_equal(folded, few.slots(signature, row))


@given(packets=st.lists(frames(), min_size=1, max_size=20), configuration=configurations())
def test_any_packets_any_device(scratch, packets, configuration):
    device = device_of(configuration)
    path = scratch / "any.pcapng"
    path.write_bytes(pcapng_of(packets))
    (found,) = pcaphash.analyze(path, device).distributions
    assert facts(found) == counted_by_naive(path, configuration, device.queues)


@given(packets=st.lists(frames(), min_size=1, max_size=20), configuration=configurations())
@pytest.mark.slow
def test_pcap_and_pcapng_give_the_same_census(scratch, packets, configuration):
    # A pcap file is counted by a kernel of its own, which finds the packets as it goes.
    link_type = packets[0][2]
    same = [(captured, length, link_type) for captured, length, _ in packets]
    path = scratch / "same.pcap"
    path.write_bytes(pcap(b"".join(pcap_record(captured, length) for captured, length, _ in same), link_type))
    other_path = scratch / "same.pcapng"
    other_path.write_bytes(pcapng_of(same))
    device = device_of(configuration)
    assert_censuses_equal(census_of(path, device), census_of(other_path, device))
    readings = [pcaphash.analyze(trace, device).reading for trace in (path, other_path)]
    assert readings[0].link_types == readings[1].link_types == {link_type: len(packets)}
    assert readings[0].left_out == readings[1].left_out


def assert_censuses_equal(one: Census, other: Census) -> None:
    assert one.signatures() == other.signatures()
    for signature in one.signatures():
        assert np.array_equal(one.rows(signature), other.rows(signature))


def census_of_part(trace: Path, part: slice, device: pcaphash.Device) -> Census:
    census = Census(CensusIdentity.of(device))
    for block in Reader(str(trace)).blocks():
        census.append(block.data, block.records[part])
    return census


@pytest.mark.parametrize("at", [0, 1, 20, len(FRAMES) // 2, len(FRAMES)])
def test_parts_combine_to_the_whole(trace, at):
    device = pcaphash.Device()
    whole = census_of(trace, device)
    parts = [census_of_part(trace, part, device) for part in (slice(at, None), slice(0, at))]
    parts[0].combine(parts[1])
    assert_censuses_equal(parts[0], whole)
    assert count_encapsulations(parts[0], device) == count_encapsulations(whole, device)
    assert facts(distribute(parts[0], device)) == facts(distribute(whole, device))


def test_a_census_combined_with_itself_doubles(trace):
    device = pcaphash.Device("1.4")
    whole, double = census_of(trace, device), census_of(trace, device)
    double.combine(whole)
    for signature in whole.signatures():
        assert np.array_equal(double.rows(signature), 2 * whole.rows(signature))


def test_several_traces_are_one(trace):
    device = pcaphash.Device()
    analysis = pcaphash.analyze([trace, trace, trace], device)
    assert analysis.distributions[0].packets == 3 * len(FRAMES)
    once = pcaphash.analyze(trace, device).distributions[0]
    assert np.array_equal(analysis.distributions[0].queues, 3 * once.queues)


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        (pcaphash.Device(hash_key=b"other" * 8), "hash_keys"),
        (pcaphash.Device(vxlan_ports=[4789]), "vxlan_ports"),
        (pcaphash.Device(geneve_ports=[1]), "geneve_ports"),
        (pcaphash.Device("1.4", vxlan_gpe_ports=[1]), "vxlan_gpe_ports"),
        (pcaphash.Device("1.4", gre_udp_ports=[1]), "gre_udp_ports"),
        (pcaphash.Device(indirection_table_size=256), "slots"),
        (pcaphash.Device(vxlan_ports=[4789], hash_key=b"other" * 8), "hash_keys, vxlan_ports"),
    ],
)
def test_unequal_censuses_do_not_combine(other, difference):
    census = Census(CensusIdentity.of(pcaphash.Device()))
    with pytest.raises(PcaphashError, match=f"differ in {difference} and cannot be combined"):
        census.combine(Census(CensusIdentity.of(other)))


def test_what_does_not_bear_on_a_census_is_not_its_identity():
    one = pcaphash.Device("v7", "IPv4", queues=3, unclassified_queue=1, hash_key=bytes(range(40)), name="one")
    other = pcaphash.Device("1.4", "all", "GENEVE", queues=9, hash_key=bytes(range(60)), indirection_table=[8, 1])
    assert CensusIdentity.of(one) == CensusIdentity.of(other)
    assert CensusIdentity.of(pcaphash.Device(hash_key=b"short", pad_key=True)) == CensusIdentity.of(
        pcaphash.Device(hash_key=b"short" + bytes(35))
    )


def test_rows_grow_as_signatures_turn_up(trace):
    device = pcaphash.Device()
    whole = census_of(trace, device)
    assert sum(len(whole.rows(signature)) for signature in whole.signatures()) > 100
    one_by_one = Census(CensusIdentity.of(device))
    for block in Reader(str(trace)).blocks():
        for i in range(len(block.records)):
            one_by_one.append(block.data, block.records[i : i + 1])
    assert_censuses_equal(one_by_one, whole)


def test_an_empty_census(tmp_path):
    path = tmp_path / "empty.pcap"
    path.write_bytes(pcap())
    (found,) = pcaphash.analyze(path, pcaphash.Device()).distributions
    assert facts(found) == counted([], [], [], [], 8)
