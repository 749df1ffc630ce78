"""Censuses that are given their packets with the flows are those that count every packet themselves."""

import pickle
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pcaphash
from pcaphash.capture.reader import Reader
from pcaphash.engine.census.census import Census, CensusIdentity, identities_of
from pcaphash.engine.counts import Counts
from pcaphash.engine.limits import DEFAULT_MOST_FLOWS
from pcaphash.engine.request import Batch
from pcaphash.engine.rules import ReadingRules
from support.captures import pcapng_of
from support.variety import variety

FRAMES = variety()

DEVICES = [
    pcaphash.Device(),
    pcaphash.Device("1.4", hash_key="symmetric", indirection_table_size=512),
    pcaphash.Device("1.4", queues=3),
    pcaphash.Device(vxlan_ports=[53]),
    pcaphash.Device(flavor="ena-gen4"),
    pcaphash.Device(table_index="modulo", indirection_table_size=100, input_transform="symmetric-xor"),
]
IDENTITIES = identities_of(DEVICES)


@pytest.fixture(scope="module")
def trace(tmp_path_factory) -> Path:
    """Write a capture in which everything occurs that configurations tell apart, some of it often."""
    packets = FRAMES + random.Random(4).choices(FRAMES, k=2 * len(FRAMES))
    path = tmp_path_factory.mktemp("flows") / "variety.pcapng"
    path.write_bytes(pcapng_of(packets))
    return path


@pytest.fixture(scope="module")
def expected(trace) -> dict[CensusIdentity, Census]:
    counts = Counts(IDENTITIES)
    count([counts], trace)
    return counts.censuses


def count(of_parts: list[Counts], trace: Path, block_len: int = 4096, first: int = 0) -> None:
    """Count each block of a trace in one of several parts."""
    for number, block in enumerate(Reader(str(trace), block_len).blocks(), first):
        numbers = np.arange(len(block.records))
        of_parts[number % len(of_parts)].append(Batch(block, numbers, 0))


def is_same(found: dict[CensusIdentity, Census], expected: dict[CensusIdentity, Census]) -> bool:
    """Tell whether censuses have counted the same packets."""
    return all(
        census.signatures() == expected[identity].signatures()
        and all(
            np.array_equal(census.natural_rows(signature), expected[identity].natural_rows(signature))
            for signature in census.signatures()
        )
        for identity, census in found.items()
    )


@settings(max_examples=40)
@given(most=st.integers(1, len(FRAMES) * 2) | st.just(DEFAULT_MOST_FLOWS), block_len=st.integers(256, 16384))
def test_whether_or_not_all_flows_are_kept(trace, expected, most, block_len):
    counts = Counts(IDENTITIES, map(ReadingRules.of, DEVICES), most)
    count([counts], trace, block_len)
    assert is_same(counts.censuses, expected)
    assert is_same(counts.censuses, expected)  # and not twice as much


@settings(max_examples=40)
@given(most=st.integers(1, len(FRAMES) * 2), n_parts=st.integers(2, 5), data=st.data())
def test_in_parts_that_are_sent_and_combined_in_any_order(trace, expected, most, n_parts, data):
    parts = [Counts(IDENTITIES, map(ReadingRules.of, DEVICES), most) for _ in range(n_parts)]
    count(parts, trace, 1024, data.draw(st.integers(0, n_parts)))
    first, *others = data.draw(st.permutations([pickle.loads(pickle.dumps(each)) for each in parts]))
    for other in others:
        first.combine(other)
    assert is_same(first.censuses, expected)


def test_packets_that_come_after_a_look_at_the_censuses(trace, expected):
    counts = Counts(IDENTITIES, map(ReadingRules.of, DEVICES))
    for block in Reader(str(trace), 1024).blocks():
        counts.append(Batch(block, np.arange(len(block.records)), 0))
        assert counts.censuses
    assert is_same(counts.censuses, expected)


def test_no_packet_of_a_complete_table_is_counted_by_itself(trace, monkeypatch):
    counts = Counts(identities_of(DEVICES[:3]), map(ReadingRules.of, DEVICES[:3]))
    monkeypatch.setattr(Census, "append", lambda *arguments: pytest.fail("a packet is counted twice over"))
    count([counts], trace)
    assert sum(census.totals(each)[0] for census in counts.censuses.values() for each in census.signatures())
