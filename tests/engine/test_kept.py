"""Which packets are kept depends on their places alone: not on the parts in which they are seen, nor on their order."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcaphash.capture.reader import Block, Reader
from pcaphash.engine.sampled.kept import PacketKeeper

(BLOCK,) = Reader("sample_traces/overlay.pcap").blocks()
N_PACKETS = len(BLOCK.records)


def kept_of(keeper: PacketKeeper) -> list[tuple[int, bytes]]:
    kept = keeper.kept()
    packets = kept.records[["offset", "captured_length"]].tolist()
    data = [kept.data[offset : offset + length].tobytes() for offset, length in packets]
    return list(zip(kept.traces.tolist(), data, strict=True))


@pytest.mark.jit_only
@settings(max_examples=50)
@given(
    cuts=st.sets(st.integers(0, N_PACKETS), max_size=30),
    most=st.integers(1, 700),
    traces=st.integers(1, 6),
    seed=st.integers(0, 1000),
)
def test_parts_in_any_order_keep_the_same(cuts, most, traces, seed):
    bounds = [0, *sorted(cuts), N_PACKETS]
    alone, parts = PacketKeeper(most), []
    for trace in range(traces):
        for first, last in pairwise(bounds):
            records = BLOCK.records[first:last]
            part = PacketKeeper(most)
            for keeper in (alone, part):
                keeper.append(Block(BLOCK.data, records), trace)
            parts.append(part)
    order = np.random.default_rng(seed).permutation(len(parts))
    total = PacketKeeper(most)
    for number in order:
        total.combine(parts[number])
    assert kept_of(total) == kept_of(alone)
    assert len(kept_of(alone)) <= most


def test_adding_little_to_much_copies_little():
    """A thousand small traces are added one after the other."""
    total, small = PacketKeeper(), PacketKeeper()
    small.append(Block(BLOCK.data, BLOCK.records[:5]), 0)
    n_copies = 0
    for _ in range(1000):
        before = total._data
        total.combine(small)
        n_copies += not np.shares_memory(total._data, before)
    assert len(total.kept()) == 5000
    assert n_copies < 20
