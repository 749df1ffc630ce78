"""A key from receive queues alone: as much as linear algebra allows, given the indirection table, and no more."""

import json
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pcaphash
from naive.toeplitz import toeplitz
from pcaphash import Device, ReportedPacket, write_pcapng
from pcaphash.device.hash_key import NAMED_KEYS
from pcaphash.errors import ConfigurationError
from pcaphash.studies.recover_key import recover_key
from pcaphash.studies.recover_key.queues import UNKNOWN, find_queue_sums
from pcaphash.studies.recover_key.result import RecoveryConclusion
from pcaphash.studies.recover_key.solution import KEY_BITS
from pcaphash.studies.shared.linear.hash_input import HashInput
from support import builders
from support.command import complaints, run
from support.traffic import flows, plain

KEY = random.Random(3).randbytes(40)


def input_of(flow):
    source, destination, source_port, destination_port = flow
    return source + destination + source_port.to_bytes(2) + destination_port.to_bytes(2)


def queue_of(data, device):
    return device.indirection_table[toeplitz(device.hash_key, data) % len(device.indirection_table)]


def captured(path, some, device, change=lambda number, queue: queue):
    """Write packets of IPv4 flows with the receive queues that a device gives them, and nothing else."""
    with path.open("wb") as stream:
        write_pcapng(
            stream,
            [
                ReportedPacket(plain(flow), queue=change(number, queue_of(input_of(flow), device)))
                for number, flow in enumerate(some)
            ],
        )
    return path


def known_by_trying(some, device):
    """Say which key bits are determined: by every sum of index bits that is the same for all entries of a queue."""
    table = device.indirection_table
    index_bits = len(table).bit_length() - 1
    rows = {}  # by highest bit
    for flow in some:
        data = input_of(flow)
        entries = [entry for entry, queue in enumerate(table) if queue == queue_of(data, device)]
        number = int.from_bytes(data, "big") << (KEY_BITS - 8 * len(data) - 31)
        for mask in range(1, 1 << index_bits):
            if len({(mask & entry).bit_count() % 2 for entry in entries}) == 1:
                row = 0
                for bit in range(index_bits):
                    if mask >> bit & 1:
                        row ^= number << bit
                while row and row.bit_length() in rows:
                    row ^= rows[row.bit_length()]
                if row:
                    rows[row.bit_length()] = row
    for low in sorted(rows):
        for high in rows:
            if high > low and rows[high] >> (low - 1) & 1:
                rows[high] ^= rows[low]
    return {KEY_BITS - bit for bit, row in rows.items() if row.bit_count() == 1}


def known_bits(solution):
    return {bit for bit in range(KEY_BITS) if solution.key_mask[bit // 8] >> (7 - bit % 8) & 1}


TABLES = {
    "in turns": [i % 8 for i in range(128)],
    "six queues": [i % 6 for i in range(128)],
    "weights": [i // 16 for i in range(64)],
    "one entry each": list(range(16)),
    "halves and quarters": [0] * 32 + [1] * 16 + [2] * 16,
    "mixed": [0, 1, 1, 0, 2, 3, 3, 2, 0, 1, 1, 0, 2, 3, 3, 2],
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_what_is_known_is_what_linear_algebra_allows(tmp_path, table):
    device = Device(hash_key=KEY, queues=max(table) + 1, indirection_table=table)
    some = flows(160)
    recovery = recover_key(captured(tmp_path / "q.pcapng", some, device), replace(device, hash_key=bytes(40)))
    solution = recovery.solution
    assert recovery.best.assumption == "as-configured"
    told = known_by_trying(some, device)
    assert known_bits(solution) >= told
    if recovery.best.tried < 2:
        assert known_bits(solution) == told
    mask = int.from_bytes(solution.key_mask, "big")
    assert int.from_bytes(solution.hash_key, "big") & mask == int.from_bytes(KEY, "big") & mask
    with_it = replace(device, hash_key=solution.hash_key)
    if recovery.queue_sums.is_all or recovery.best.tried:
        assert [queue_of(input_of(flow), with_it) for flow in some] == [
            queue_of(input_of(flow), device) for flow in some
        ]


@given(
    table=st.lists(st.integers(0, 3), min_size=8, max_size=8).filter(lambda table: len(set(table)) > 1),
    seed=st.integers(0, 99),
)
@settings(max_examples=25, deadline=None)
def test_sums_are_those_that_hold_of_all_entries(table, seed):
    device = Device(queues=4, indirection_table=table)
    sums = find_queue_sums(device)
    for queue in range(4):
        entries = [entry for entry, chosen in enumerate(table) if chosen == queue]
        told = {mask for group in sums.groups if group.values[queue] != UNKNOWN for mask in group.masks}
        holding = [mask for mask in range(1, 8) if entries and len({(mask & e).bit_count() % 2 for e in entries}) == 1]
        spanned = {0}
        for mask in told:
            assert spanned.isdisjoint({mask})  # none follows from the others
            spanned |= {mask ^ other for other in spanned}
        assert spanned - {0} == set(holding)
        for group in sums.groups:
            if group.values[queue] != UNKNOWN:
                for place, mask in enumerate(group.masks):
                    assert {(mask & e).bit_count() % 2 for e in entries} == {int(group.values[queue]) >> place & 1}
        assert bool(sums.in_table[queue]) == bool(entries)
    depends = {bit for bit in range(3) for e in range(8) if table[e] != table[e ^ 1 << bit]}
    assert sums.needed == sum(1 << bit for bit in depends)


def ipv6(data):
    content = builders.udp(bytes(10), int.from_bytes(data[32:34], "big"), int.from_bytes(data[34:36], "big"))
    return builders.framed(builders.ipv6(content, 17, data[:16], data[16:32]))


@pytest.mark.jit_only
def test_queues_of_ipv6_tell_all_that_queues_depend_on(tmp_path):
    device = Device(hash_key=KEY)
    source = random.Random(5)
    some = [source.randbytes(36) for _ in range(400)]
    path = tmp_path / "q.pcapng"
    with path.open("wb") as stream:
        write_pcapng(stream, [ReportedPacket(ipv6(data), queue=queue_of(data, device)) for data in some])
    recovery = recover_key(path, Device(hash_types="base"))
    assert recovery.conclusion == RecoveryConclusion.COMPLETE_FOR_QUEUES
    assert recovery.solution.known_bits == 290
    assert recovery.beside_queues == 29
    assert set(recovery.calculable) == set(HashInput)
    others = [source.randbytes(36) for _ in range(100)]
    with_it = replace(device, hash_key=recovery.solution.hash_key)
    assert [queue_of(data, with_it) for data in others] == [queue_of(data, device) for data in others]
    text = run("recover-key", path, "--hash-types", "base").stdout.decode()
    assert text.startswith("All key bits that a receive queue can depend on are known.")
    assert "they tell bits 0 to 2" in " ".join(text.split())
    assert "No receive queue depends on 29 other bits of the key, so they stay unknown." in text
    document = json.loads(run("recover-key", path, "--hash-types", "base", "--format", "json").stdout)
    assert document["conclusion"] == "complete-for-queues"
    told = {"sums": [[0], [1], [2]], "index_bits": 7, "is_all": True, "beside_queues": 29, "keys_tried": 0}
    assert document["from_queues"] == told


def test_published_keys_are_named(tmp_path):
    device = Device(hash_key=NAMED_KEYS["mlx5"])
    recovery = recover_key(captured(tmp_path / "q.pcapng", flows(300), device))
    assert recovery.known_key == "mlx5"


@pytest.mark.jit_only
def test_a_few_wrong_queues_do_not_matter(tmp_path):
    device = Device(hash_key=KEY)

    def change(number, queue):
        return queue ^ 1 if number in (40, 300, 777) else queue

    recovery = recover_key(captured(tmp_path / "q.pcapng", flows(1000), device, change))
    (fit,) = [each for each in recovery.fits if each is recovery.best]
    assert fit.contradicting == (41, 301, 778)
    mask = int.from_bytes(recovery.solution.key_mask, "big")
    assert int.from_bytes(recovery.solution.hash_key, "big") & mask == int.from_bytes(KEY, "big") & mask


@pytest.mark.jit_only
@pytest.mark.parametrize("queues", [6, 10, 12, 24])
def test_the_few_keys_that_equations_leave_open_are_tried(tmp_path, queues):
    device = Device(hash_key=KEY, queues=queues)
    recovery = recover_key(
        captured(tmp_path / "q.pcapng", flows(400), device, lambda number, queue: 1 if number == 7 else queue),
        replace(device, hash_key=bytes(40)),
    )
    assert recovery.best.tried in (1, 1024, 4096)
    assert recovery.solution.known_bits == 102  # all that tuples of these flows can depend on
    assert recovery.calculable == [HashInput.IPV4_ADDRESSES, HashInput.IPV4_PORTS]
    with_it = replace(device, hash_key=recovery.solution.hash_key)
    others = [input_of(flow) for flow in flows(300, seed=2)]
    assert [queue_of(each, with_it) for each in others] == [queue_of(each, device) for each in others]


def test_equations_may_hold_where_no_key_gives_the_queues(tmp_path):
    device = Device(hash_key=KEY, queues=6)
    # The lowest bit is right, but which of the three queues with it is not the hash's doing.
    path = captured(tmp_path / "q.pcapng", flows(400), device, lambda number, queue: queue % 2 + 2 * (number % 3))
    assert recover_key(path, device).conclusion == RecoveryConclusion.NO_KEY


def test_another_table_is_noticed(tmp_path):
    path = captured(tmp_path / "q.pcapng", flows(400), Device(hash_key=KEY))
    other = Device(indirection_table=[(i // 3) % 8 for i in range(128)])
    assert recover_key(path, other).best is None
    fewer = recover_key(path, Device(queues=4))  # to which half of the packets cannot have come
    assert fewer.best is None
    assert 150 < fewer.fits[0].contradictions < 250
    assert fewer.conclusion == RecoveryConclusion.NO_KEY
    text = run("recover-key", path, "--queues", "4").stdout.decode()
    assert text.startswith("No key produces these receive queues.")
    assert "Give the table that the device had: --ethtool, --queues, --indirection-table." in text


@pytest.mark.jit_only
def test_what_queues_do_not_tell_is_said(tmp_path):
    device = Device(hash_key=KEY, queues=6)
    path = captured(tmp_path / "q.pcapng", flows(300), device)
    text = " ".join(run("recover-key", path, "--queues", "6").stdout.decode().split())
    assert "they tell bit 0 of the table index" in text
    assert "What else they say is not linear: all 4,096 keys that were left were tried." in text
    few = captured(tmp_path / "few.pcapng", flows(40), device)
    text = " ".join(run("recover-key", few, "--queues", "6").stdout.decode().split())
    assert "What else these queues say of the table index is not linear, and leaves too many keys to try." in text
    three = Device(hash_key=KEY, queues=3)
    with pytest.raises(ConfigurationError, match="no receive queue tells a bit of the hash, or a sum of bits"):
        recover_key(captured(tmp_path / "three.pcapng", flows(300), three), three)
    with pytest.raises(ConfigurationError, match="no receive queue tells a bit of the hash"):
        recover_key(path, Device(queues=6, indirection_table_size=96, table_index="modulo"))
    with pytest.raises(ConfigurationError, match="all came to receive queue 0, which says nothing"):
        recover_key(captured(tmp_path / "one.pcapng", flows(50), Device(hash_key=bytes(40))))
    (line,) = complaints(run("recover-key", "sample_traces/overlay.pcap"))
    assert "no packet has a reported hash, or a receive queue" in line


def test_hashes_count_if_there_are_some(tmp_path):
    path = tmp_path / "both.pcapng"
    device, some = Device(hash_key=KEY), flows(300)
    with path.open("wb") as stream:
        packets = []
        for number, flow in enumerate(some):
            value = toeplitz(KEY, input_of(flow))
            told = {} if number < 40 else {"hash_value": value}
            packets.append(ReportedPacket(plain(flow), queue=device.indirection_table[value % 128], **told))
        write_pcapng(stream, packets)
    recovery = recover_key(path)
    assert recovery.queue_sums is None
    assert recovery.unreported == 40
    assert recovery.best.packets == 260
    assert pcaphash.hash_tuple("192.0.2.1:1", "192.0.2.2:2", device=device).hash_value is not None
