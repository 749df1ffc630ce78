"""The kernels answer as the naive reference does, for any packet and any device."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive.capture import load
from pcaphash.kernels.base import COMPILED
from support.captures import pcapng_of
from support.comparing import assert_rows_equal, hashes_rows, naive_rows, without_fallback
from support.packets import configurations, frames, whole_frames

# A Hypothesis example has room for so much randomness only; compiled, two hundred examples are thousands of packets.
FRAMES = st.lists(frames(), min_size=1, max_size=24)


def assert_naive_agrees(path, packets, configuration):
    path.write_bytes(pcapng_of(packets))
    configuration = without_fallback(configuration)
    records = load(path).records
    assert [(record.captured, record.original_length, record.link_type) for record in records] == packets
    assert_rows_equal(hashes_rows(path, configuration), naive_rows(records, configuration))


@given(packets=FRAMES, configuration=configurations())
def test_any_packets(scratch, packets, configuration):
    assert_naive_agrees(scratch / "any.pcapng", packets, configuration)


@given(frame=whole_frames(), configuration=configurations(), step=st.just(1 if COMPILED else 7))
def test_every_cut_of_a_packet(scratch, frame, configuration, step):
    whole, link_type = frame
    shown = range(0, len(whole) + 1, step)
    snapped = [(whole[:length], len(whole), link_type) for length in shown]
    short = [(whole[:length], length, link_type) for length in shown]
    assert_naive_agrees(scratch / "cuts.pcapng", snapped + short, configuration)


@settings(max_examples=50)
@given(packet=frames(), configuration=configurations())
@pytest.mark.jit_only
def test_every_byte_of_the_headers_changed(scratch, packet, configuration):
    captured, length, link_type = packet
    values = (0x00, 0xFF, 0x01, 0x45, 0x60)
    changed = [captured[:i] + bytes([value]) + captured[i + 1 :] for i in range(len(captured)) for value in values]
    packets = [(data, length, link_type) for data in (captured, *changed)]
    assert_naive_agrees(scratch / "changed.pcapng", packets, configuration)
