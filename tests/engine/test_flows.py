"""The flow table counts what a Python dictionary counts, and forgets by a rule that order does not touch."""

import random
from collections import defaultdict
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pcaphash
from naive.capture import load
from naive.configuration import Configuration
from naive.device import answer
from pcaphash.capture.reader import Reader
from pcaphash.engine.flows.table import FlowTable
from pcaphash.engine.rules import ReadingRules
from pcaphash.kernels.base import COMPILED
from pcaphash.kernels.timestamps import NO_TIMESTAMP
from pcaphash.kernels.tunnel import NO_NETWORK_NUMBER
from support.captures import enhanced, interface, pcapng_of, section
from support.comparing import LARGE, small_capture_paths
from support.packets import frames
from support.shared import CAPTURES, needs_shared
from support.variety import variety

FRAMES = variety()

# Devices whose hash inputs together are everything that a flow is told apart by.
ASKED = [
    Configuration("1.4", 0x009, 0), Configuration("1.4", 0x03F, 0), Configuration("1.4", 0x1C0, 0),
    Configuration("1.4", 0x009, 0x1FF), Configuration("1.4", 0x03F, 0x1FF), Configuration("1.4", 0x1C0, 0x1FF),
    Configuration("v7", 0xFFF),
]  # fmt: skip


def flow_table(path, **words) -> FlowTable:
    table = FlowTable(ReadingRules.of(pcaphash.Device()), **words)
    for block in Reader(str(path)).blocks():
        table.append(block)
    return table


def naive_identity(captured: bytes, length: int, link_type: int) -> tuple:
    """Name a flow by what every device asked says of its packets."""
    results = [answer(captured, length, link_type, each) for each in ASKED]
    return tuple((r.encapsulation, r.header, r.hash_report, r.hash_input, r.reason) for r in results)


def counted_naively(records) -> list[tuple[int, ...]]:
    """Count packets, bytes, first and last time by flow; sorted, since keys of two kinds do not compare."""
    sums: dict[tuple, list[int]] = defaultdict(lambda: [0, 0])
    times = defaultdict(list)
    for record in records:
        name = naive_identity(record.captured, record.original_length, record.link_type)
        sums[name][0] += 1
        sums[name][1] += record.original_length
        if record.timestamp_ns is not None:
            times[name].append(record.timestamp_ns)
    return sorted(
        (*loads, min(times[name], default=NO_TIMESTAMP), max(times[name], default=NO_TIMESTAMP))
        for name, loads in sums.items()
    )


def counted(table: FlowTable) -> list[tuple[int, ...]]:
    return sorted(tuple(row) for flows in table.flows() for row in flows.sums.tolist())


def is_coarser(found: list[tuple[int, ...]], expected: list[tuple[int, ...]]) -> bool:
    """Tell whether there are at least as many flows, of the same packets and bytes."""
    same = [sum(row[i] for row in found) == sum(row[i] for row in expected) for i in (0, 1)]
    return all(same) and len(found) >= len(expected)


def test_the_variety(tmp_path):
    path = tmp_path / "variety.pcapng"
    path.write_bytes(pcapng_of(FRAMES * 3))
    found, expected = counted(flow_table(path)), counted_naively(load(path).records)
    # Flows also differ in what no hash shows (such as packets that are cut, under any device unknown).
    assert is_coarser(found, expected)
    assert len(found) <= len(expected) * 1.5
    assert all(packets % 3 == 0 for packets, *_ in found)


@needs_shared
@pytest.mark.parametrize("path", small_capture_paths(), ids=lambda path: path.name)
def test_keys_are_counted_as_a_dictionary_counts_them(path):
    assert_dictionary_agrees(path)


@needs_shared
@pytest.mark.jit_only
@pytest.mark.parametrize("name", LARGE)
@pytest.mark.slow
def test_large_captures_are_counted_as_a_dictionary_counts_them(name):
    assert_dictionary_agrees(CAPTURES / name)


def assert_dictionary_agrees(path):
    """Count in a dictionary, by the rows of ``hashes`` of devices that together tell flows apart."""
    devices = [
        pcaphash.Device("1.4", each.hash_types, each.tunnel_types, name=str(number))
        for number, each in enumerate(ASKED[:6])
    ]
    names: list[tuple] = []
    for device in devices:
        rows = pcaphash.hashes(path, device)
        own = zip(rows["encapsulation"], rows["hash_report"], rows["hash_input"], rows["reason"], strict=True)
        names = [(*name, each) for name, each in zip(names or [()] * len(rows), own, strict=True)]
    dictionary: dict[tuple, list[int]] = defaultdict(lambda: [0, 0])
    for name, length in zip(names, rows["original_length"] if len(names) else [], strict=True):
        dictionary[name][0] += 1
        dictionary[name][1] += int(length)
    table = flow_table(path)
    hashable = [tuple(row[:2]) for row in counted(table)]
    assert is_coarser(hashable, [tuple(loads) for loads in dictionary.values()])
    if all(reason not in ("truncated", "link-type") for name in dictionary for *_, reason in name):
        assert sorted(hashable) == sorted(tuple(loads) for loads in dictionary.values())


def test_times(tmp_path):
    frame = FRAMES[0][0]
    path = tmp_path / "times.pcapng"
    path.write_bytes(section() + interface() + b"".join(enhanced(frame, ticks=ticks) for ticks in (50, 10, 90, 30)))
    (plain, extended) = flow_table(path).flows()
    assert len(extended.sums) == 0
    assert (plain.first_times.tolist(), plain.last_times.tolist()) == ([10_000], [90_000])


@pytest.mark.parametrize("most", [1, 2, 7, 20, 40])
def test_forgetting_does_not_depend_on_order(tmp_path, most):
    kept = set()
    for seed in range(4):
        packets = FRAMES * 2
        random.Random(seed).shuffle(packets)
        path = tmp_path / f"{seed}.pcapng"
        path.write_bytes(pcapng_of(packets))
        table = flow_table(path, most_flows=most)
        assert table.n_flows <= most
        assert not table.is_complete
        loads = sum(int(flows.loads[:, 0].sum()) for flows in table.flows()) + int(table.lumped[:, 0].sum())
        assert loads == len(packets)
        kept.add(str(sorted(map(str, (row for flows in table.flows() for row in flows.keys.tolist())))))
        assert all(packets % 2 == 0 for packets, *_ in counted(table))
    assert len(kept) == 1


@pytest.mark.parametrize("most", [10**6, 40])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_tables_of_parts_make_that_of_the_whole(tmp_path, most, order):
    path = tmp_path / "twice.pcapng"
    blocks = [enhanced(captured, ticks=i * 7919 % 100) for i, (captured, *_) in enumerate(FRAMES * 2)]
    path.write_bytes(section() + interface() + b"".join(blocks))
    tables = [FlowTable(ReadingRules.of(pcaphash.Device()), most_flows=most) for _ in order]
    for block in Reader(str(path)).blocks():
        for number, table in enumerate(tables):
            table.append(replace(block, records=block.records[number :: len(tables)]))
    first, *others = (tables[number] for number in order)
    for other in others:
        first.combine(other)
    whole = flow_table(path, most_flows=most)
    assert whole.is_complete == (most > 40)
    for found, expected in zip(first.flows(), whole.flows(), strict=True):
        assert sorted(rows_of(found)) == sorted(rows_of(expected))
    assert first.lumped.tolist() == whole.lumped.tolist()


def test_flows_that_are_kept_are_exact(tmp_path):
    path = tmp_path / "variety.pcapng"
    path.write_bytes(pcapng_of(FRAMES))
    everything = {tuple(row): sums for flows in flow_table(path).flows() for row, sums in rows_of(flows)}
    some = {tuple(row): sums for flows in flow_table(path, most_flows=40).flows() for row, sums in rows_of(flows)}
    assert 10 < len(some) <= 40
    assert all(everything[row] == sums for row, sums in some.items())


def rows_of(flows):
    return zip(flows.keys.tolist(), flows.sums.tolist(), strict=True)


@pytest.mark.parametrize("n_flows", [5000 if COMPILED else 300])
def test_many_flows(tmp_path, n_flows):
    base = bytearray(FRAMES[0][0])
    packets = []
    for number in range(n_flows):
        base[26:30] = (number * 7919 % 2**32).to_bytes(4, "big")
        packets.append((bytes(base), len(base), 1))
    path = tmp_path / "many.pcapng"
    path.write_bytes(pcapng_of(packets * 2))
    table = flow_table(path)
    assert table.n_flows == n_flows
    assert {tuple(row[:2]) for row in counted(table)} == {(2, 2 * len(base))}


@given(packets=st.lists(frames(), min_size=1, max_size=30))
def test_any_packets(scratch, packets):
    path = scratch / "any.pcapng"
    path.write_bytes(pcapng_of(packets))
    found = counted(flow_table(path))
    assert is_coarser(found, counted_naively(load(path).records))


def test_key_bytes_are_addresses_as_on_the_wire(tmp_path):
    path = tmp_path / "one.pcapng"
    captured = FRAMES[0][0]
    path.write_bytes(pcapng_of([FRAMES[0]]))
    plain, _ = flow_table(path).flows()
    data = plain.key_bytes()[0]
    assert data[16:24].tobytes() == captured[26:34]
    assert plain.network_numbers.tolist() == [NO_NETWORK_NUMBER]
