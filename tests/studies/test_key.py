"""What a key can reach, held to enumeration with a hash that is calculated plainly."""

import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pcaphash
from naive.toeplitz import toeplitz
from pcaphash import Device
from pcaphash.device.hash_key import NAMED_KEYS
from pcaphash.engine.saved import save_census
from pcaphash.engine.selecting.selection import Selection
from pcaphash.errors import ConfigurationError
from pcaphash.studies.census import census
from pcaphash.studies.key.facts import InputPart, Symmetry, Varying, Weakness, find_facts, hash_rank_of
from pcaphash.studies.shared.linear.hash_input import INPUT_BYTES_OF, HashInput
from support.shared import ROOT
from support.traffic import flows, plain, write

keys = st.one_of(
    st.binary(min_size=40, max_size=52),
    st.binary(min_size=1, max_size=5).map(lambda part: (part * 40)[:40]),
    st.integers(0, 319).map(lambda bit: (1 << bit).to_bytes(40)),
    st.just(bytes(40)),
)
WEAK = bytes.fromhex("6d5a56da255b0ec24167253d43a38fb0d000000000000000" + "0" * 32)


def facts_of(key, **options):
    return {each.kind: each for each in find_facts(Device(hash_key=key, **options)).inputs}


def choices_of(key, kind, **options):
    return {choice.varying: choice for choice in facts_of(key, **options)[kind].choices}


@pytest.mark.parametrize("key", [NAMED_KEYS["microsoft"], NAMED_KEYS["symmetric"], WEAK, bytes(12) + b"\1" * 28])
@pytest.mark.parametrize("size", [16, 512])
def test_every_source_port_is_counted(key, size):
    choice = choices_of(key, HashInput.IPV4_PORTS, indirection_table_size=size)[Varying.SOURCE_PORT]
    addresses, port = bytes([10, 0, 0, 1, 10, 0, 0, 2]), (80).to_bytes(2)
    found = Counter(toeplitz(key, addresses + source.to_bytes(2) + port) % size for source in range(65536))
    assert choice.bits == 16
    assert len(found) == choice.reachable
    assert set(found.values()) == {choice.per_entry}
    for each in choice.dependencies:
        assert each.value is None
        assert len({sum(entry >> bit & 1 for bit in each.bits) % 2 for entry in found}) == 1
    assert len(choice.dependencies) == choice.index_bits - choice.rank


@given(key=keys, kind=st.sampled_from(list(HashInput)), bits=st.integers(0, 8), seed=st.integers(0, 100))
@settings(max_examples=60, deadline=None)
def test_what_varies_leads_to_as_many_entries_as_the_rank_says(key, kind, bits, seed):
    facts = facts_of(key, indirection_table_size=1 << bits, queues=1)[kind]
    source = random.Random(seed)
    n_bytes = INPUT_BYTES_OF[kind]
    address = 16 if n_bytes > 12 else 4
    places = {  # bytes of the input
        Varying.SOURCE_PORT: range(2 * address, 2 * address + 2),
        Varying.SOURCE_ADDRESS: range(address),
        Varying.SOURCE: [*range(address), 2 * address, 2 * address + 1],
        Varying.ALL: range(n_bytes),
    }
    fixed = source.randbytes(n_bytes)
    for choice in facts.choices:
        indexes = set()
        for _ in range(20 << choice.rank):
            data = bytearray(fixed)
            for place in places[choice.varying]:
                data[place] = source.randrange(256)
            indexes.add(toeplitz(key, bytes(data)) % (1 << bits))
        assert len(indexes) == choice.reachable  # missing one has a chance of less than 1 in a million
        assert choice.bits == 8 * len(places[choice.varying])
        for each in choice.dependencies:
            sums = {sum(index >> bit & 1 for bit in each.bits) % 2 for index in indexes}
            assert len(sums) == 1
            assert each.value in ({0} if choice.varying == Varying.ALL else {None})
    if len(facts.choices) > 2 or n_bytes in (8, 32):
        assert {choice.varying for choice in facts.choices} == {
            varying for varying in places if n_bytes in (12, 36) or varying in (Varying.SOURCE_ADDRESS, Varying.ALL)
        }


@given(key=keys, kind=st.sampled_from(list(HashInput)), seed=st.integers(0, 100))
@settings(max_examples=60, deadline=None)
def test_keys_are_symmetric_if_swapped_packets_have_the_same_hash(key, kind, seed):
    facts = facts_of(key)[kind]
    source = random.Random(seed)
    address = 16 if INPUT_BYTES_OF[kind] > 12 else 4
    port = 2 if kind in (HashInput.IPV4_PORTS, HashInput.IPV6_PORTS) else 0
    hashes, indexes = True, True
    for _ in range(40):
        a, b, p, q = (
            source.randbytes(address),
            source.randbytes(address),
            source.randbytes(port),
            source.randbytes(port),
        )
        one, other = toeplitz(key, a + b + p + q), toeplitz(key, b + a + q + p)
        hashes &= one == other
        indexes &= one % 128 == other % 128
    assert facts.symmetry == (Symmetry.HASH if hashes else Symmetry.INDEX if indexes else Symmetry.NONE)


@given(key=keys, n_bytes=st.sampled_from([8, 12, 32, 36]))
@settings(max_examples=30, deadline=None)
def test_the_rank_of_the_hash_is_that_of_its_values(key, n_bytes):
    values = [toeplitz(key, (1 << bit).to_bytes(n_bytes)) for bit in range(8 * n_bytes)]
    matrix = np.array([[value >> bit & 1 for bit in range(32)] for value in values], bool)
    rank = 0
    for column in range(32):
        rows = np.flatnonzero(matrix[rank:, column]) + rank
        if len(rows):
            matrix[[rank, rows[0]]] = matrix[[rows[0], rank]]
            others = matrix[:, column].copy()
            others[rank] = False
            matrix[others] ^= matrix[rank]
            rank += 1
    assert hash_rank_of(key, 8 * n_bytes) == rank


def test_low_ranks_are_called_weak_where_they_are_rare():
    source = random.Random(1)
    for size in (128, 1 << 14, 1 << 16):
        choices = [
            choices_of(source.randbytes(40), HashInput.IPV4_PORTS, indirection_table_size=size, hash_types="TCPv4")[
                Varying.SOURCE_PORT
            ]
            for _ in range(600)
        ]
        low = sum(choice.rank < min(choice.bits, choice.index_bits) for choice in choices) / 600
        distance = 16 - choices[0].index_bits
        assert abs(low - 2.0 ** (-1 - distance)) < 0.06
        assert sum(choice.is_weak for choice in choices) / 600 < 0.012


def test_bits_that_no_hash_depends_on_are_counted():
    padded = bytes(range(2, 38)) + bytes(4)
    facts = find_facts(Device(hash_key=padded, pad_key=True))
    (with_ports,) = (each for each in facts.inputs if each.kind == HashInput.IPV6_PORTS)
    assert with_ports.ignored == {}
    assert facts.zero_tail == 4
    shorter = facts_of(bytes(range(2, 34)), pad_key=True)[HashInput.IPV6_PORTS]
    assert shorter.ignored == {InputPart.SOURCE_PORT: 16, InputPart.DESTINATION_PORT: 16}
    assert Weakness.IGNORED_BITS in find_facts(Device(hash_key=bytes(range(2, 34)), pad_key=True)).weaknesses
    port, other = b"\0\1", b"\7\7"
    addresses = bytes(range(32))
    assert toeplitz(bytes(range(2, 34)) + bytes(8), addresses + port + port) == toeplitz(
        bytes(range(2, 34)) + bytes(8), addresses + other + other
    )


def test_a_key_says_which_inputs_it_is_too_short_for():
    facts = find_facts(Device(hash_key=bytes(range(16)), hash_types="IPv4+TCPv4"))
    assert facts.too_short_for == {HashInput.IPV6_ADDRESSES: 36, HashInput.IPV6_PORTS: 40}
    assert [each.kind for each in facts.inputs] == [HashInput.IPV4_ADDRESSES, HashInput.IPV4_PORTS]
    assert find_facts(Device(hash_key="i40e")).unused == 12


def test_weaknesses_have_names():
    assert find_facts(Device(hash_key=bytes(40))).weaknesses == [Weakness.ZERO]
    assert find_facts(Device()).weaknesses == [Weakness.PUBLISHED]
    assert find_facts(Device(hash_key=random.Random(1).randbytes(40))).weaknesses == []
    symmetric = find_facts(Device(hash_key="symmetric"))
    assert symmetric.period == 16
    assert {each.distinct_windows for each in symmetric.inputs} == {16}
    assert symmetric.weaknesses == [
        Weakness.FEW_HASHES,
        Weakness.SYMMETRIC,
        Weakness.REPEATING,
        Weakness.PUBLISHED,
    ]
    ones = find_facts(Device(hash_key=b"\xff" * 40))
    assert (ones.period, ones.weaknesses[0]) == (1, Weakness.LOW_RANK)
    assert {each.hash_rank for each in ones.inputs} == {1}


def test_a_symmetric_key_over_a_symmetric_input_hashes_nothing():
    facts = find_facts(Device(hash_key="symmetric", input_transform="symmetric-xor"))
    assert {each.hash_rank for each in facts.inputs} == {0}
    flow = ("192.0.2.1:1234", "198.51.100.2:443")
    assert pcaphash.hash_tuple(*flow, device=facts.device).hash_value == 0


@given(key=st.binary(min_size=40, max_size=40))
@settings(max_examples=20, deadline=None)
def test_of_a_symmetric_input_each_port_counts_twice(key):
    device = Device(hash_key=key, input_transform="symmetric-xor", indirection_table_size=16)
    (facts,) = (each for each in find_facts(device).inputs if each.kind == HashInput.IPV4_PORTS)
    assert facts.symmetry == Symmetry.HASH
    entries = {
        pcaphash.hash_tuple(f"192.0.2.1:{port}", "198.51.100.2:443", device=device).table_entry
        for port in [0, *(1 << bit for bit in range(16)), *random.Random(2).sample(range(65536), 400)]
    }
    assert len(entries) == facts.choices[0].reachable


def test_what_is_not_linear_is_not_claimed():
    assert find_facts(Device(input_transform="symmetric-or-xor")).inputs == ()
    modulo = find_facts(Device(table_index="modulo", indirection_table_size=96))
    assert all(each.choices == () for each in modulo.inputs)


def test_a_device_that_does_not_hash_ipv6_has_no_such_inputs(tmp_path):
    device = Device(flavor="corundum")
    assert [each.kind for each in find_facts(device).inputs] == [HashInput.IPV4_ADDRESSES, HashInput.IPV4_PORTS]
    assert {str(row["hash_input"]) for row in pcaphash.examine_key(devices=device).rows()} == {
        "ipv4-addresses",
        "ipv4-ports",
    }
    assert len(find_facts(Device(flavor="vpp")).inputs) == 4
    only_ipv6 = Device(flavor="corundum", hash_types="IPv6+TCPv6")
    with pytest.raises(ConfigurationError, match="only IPv6 types are enabled, but Corundum does not hash IPv6"):
        pcaphash.examine_key(devices=only_ipv6)


def test_traffic_reaches_what_its_inputs_vary_in(tmp_path):
    some = [(bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]), 32768 + i, 80) for i in range(16)]
    trace = write(tmp_path / "ports.pcapng", [plain(flow) for flow in some])
    found = pcaphash.examine_key(trace, Device())
    ((reach,),) = found.reaches
    assert (reach.inputs, reach.dimension, reach.rank, reach.entries, reach.packets) == (16, 4, 4, 16, 16)
    assert reach.is_limited_by_inputs
    assert not reach.is_limited_by_key
    row = found.rows()[-1]
    assert (row["varying"], row["entries_reachable"], row["queues_reachable"]) == ("traffic", 16, reach.queues)
    ((zero,),) = pcaphash.examine_key(trace, Device(hash_key=bytes(40))).reaches
    assert (zero.rank, zero.entries, zero.queues, zero.best_rank) == (0, 1, 1, 4)
    ((free,),) = pcaphash.examine_key(
        write(tmp_path / "free.pcapng", [plain(flow) for flow in flows(300)]), Device()
    ).reaches
    assert (free.dimension, free.rank, free.dependencies) == (90, 7, ())  # destination ports are below 1024


def test_outer_and_inner_headers_are_examined():
    found = pcaphash.examine_key(ROOT / "sample_traces" / "overlay.pcap")
    assert [device.name for device in found.devices] == ["outer-addresses", "outer", "inner"]
    assert all(found.reaches)
    assert len(found.main_table()) == len(found.rows())


def test_what_cannot_be_examined_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="no hash type is enabled"):
        pcaphash.examine_key(devices=Device(hash_types="none"))
    with pytest.raises(ConfigurationError, match="count=5: selects packets, but no trace is given"):
        pcaphash.examine_key(devices=Device(), selection=Selection(count=5))
    with pytest.raises(ConfigurationError, match="there is no configuration"):
        pcaphash.examine_key(devices=[])
    saved = tmp_path / "saved.census"
    with saved.open("wb") as stream:
        save_census(census(ROOT / "sample_traces" / "gre.pcap", Device()), stream)
    with pytest.raises(ConfigurationError, match="a saved census has no hash inputs"):
        pcaphash.examine_key(saved, Device())
