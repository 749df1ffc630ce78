"""The kernels answer as the naive reference does, for any packet and any device."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pcaphash
from naive.capture import load
from naive.configuration import Configuration
from pcaphash.kernels.base import COMPILED
from support import builders
from support.builders import IPV4, IPV6
from support.captures import pcapng_of
from support.comparing import assert_rows_equal, device_of, hashes_rows, naive_rows
from support.packets import configurations, frames, whole_frames

# A Hypothesis example has room for so much randomness only; compiled, two hundred examples are thousands of packets.
FRAMES = st.lists(frames(), min_size=1, max_size=24)


def assert_naive_agrees(path, packets, configuration):
    path.write_bytes(pcapng_of(packets))
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


@pytest.mark.parametrize("tags", [[], [0x8100], [0x88A8, 0x8100]], ids=["no tag", "one tag", "two tags"])
@pytest.mark.parametrize(("make", "header_len"), [(builders.ipv4, 20), (builders.ipv6, 40)], ids=["IPv4", "IPv6"])
def test_ip_headers_that_do_not_fit_into_the_frame_are_unknown_for_qemu(scratch, make, header_len, tags):
    """QEMU hashes what an earlier frame left in their place, which no capture shows."""
    payload, ethertype = make(builders.tcp(), builders.TCP), IPV4 if make == builders.ipv4 else IPV6
    frame = builders.ethernet(*builders.vlan_stack(payload, ethertype, tags))
    start = len(frame) - len(payload)
    short = [(frame[:length], length, 1) for length in range(start - 1, start + header_len + 1)]
    path = scratch / "short.pcapng"
    configuration = Configuration("v7", 0x1FF, flavor="qemu")
    assert_naive_agrees(path, short, configuration)
    before, *within, whole = reports_of(path, configuration)
    assert set(within) == {("UNKNOWN", "truncated")}
    assert ("UNKNOWN", "truncated") not in (before, whole)
    _, *within, _ = reports_of(path, Configuration("v7", 0x1FF))
    assert set(within) == {("NONE", "not-ip")}


def reports_of(path, configuration):
    found = pcaphash.hashes(path, device_of(configuration))
    return list(zip(found["hash_report"], found["reason"], strict=True))


def test_home_address_options_anywhere_in_their_header(scratch):
    # RFC 6275 aligns the option so that it ends just where its header does.
    packets = []
    for n_before in range(10):
        for length in (15, 16, 17, 18):
            options = builders.pad_1() * n_before + bytes([0xC9, length]) + bytes(range(1, 17))
            for unit in (2, 3):  # the header's end, before or behind that of the option
                header = bytes([0, unit]) + options.ljust(8 * unit + 6, b"\0")[: 8 * unit + 6]
                chained, first = builders.chain(builders.tcp(), builders.TCP, [(builders.DESTINATION_OPTIONS, header)])
                frame = builders.framed(builders.ipv6(chained, first))
                packets += [(frame[:n], len(frame), 1) for n in (len(frame), len(frame) - 20, 80, 72)]
    assert_naive_agrees(scratch / "home.pcapng", packets, Configuration("v7", 0xFFF))
