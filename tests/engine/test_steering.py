"""Packets are steered as ``Describer`` has it, and told apart by flow as the plain reference has it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pcaphash
from naive.configuration import Configuration
from naive.flow import Flows
from pcaphash.capture.reader import Block, Reader
from pcaphash.engine.census.describer import Describer
from pcaphash.engine.replay.steering import Plan, Steerer, queue_table
from support import builders
from support.comparing import CONFIGURATIONS, device_of
from support.packets import configurations, frames
from support.records import laid_out
from support.shared import ROOT
from support.slow import slow_but

SAMPLES = sorted((ROOT / "sample_traces").glob("*.pcap*"))
PLAIN = Configuration("1.4", 0x1FF, 0x1FF)


def queues_of(steered, devices):
    return [queue_table(device)[entries] for device, entries in zip(devices, steered.entries, strict=True)]


def assert_as_described(block, devices):
    steerer = Steerer([Plan(str(number), (device,)) for number, device in enumerate(devices)])
    steered = steerer.steer(block, 0, np.zeros(len(block.records), np.int64))
    for queues, device in zip(queues_of(steered, devices), devices, strict=True):
        assert np.array_equal(queues, Describer(device).describe(block).queues)
    assert np.array_equal(steered.lengths, block.records["original_length"])


@given(packets=st.lists(frames(), min_size=1, max_size=4), chosen=st.lists(configurations(), min_size=1, max_size=4))
def test_packets_take_the_queues_that_they_are_described_with(packets, chosen):
    assert_as_described(Block(*laid_out(packets)), list(map(device_of, chosen)))


@pytest.mark.parametrize("path", slow_but(6, SAMPLES), ids=lambda path: path.name)
@pytest.mark.jit_only
def test_samples_take_the_queues_that_they_are_described_with(path):
    for block in Reader(str(path)).blocks():
        assert_as_described(block, [*map(device_of, CONFIGURATIONS), pcaphash.Device(features="CTRL_VQ+HASH_REPORT")])


def assert_same_flows(packets):
    device = device_of(PLAIN)
    block = Block(*laid_out(packets))
    found = Steerer([Plan("", (device,))]).steer(block, 0, np.zeros(len(packets), np.int64)).flows.tolist()
    flows = Flows(PLAIN)
    names = [flows.name(*packet) for packet in packets]
    for i in range(len(packets)):
        assert [found[i] == other for other in found] == [names[i] == other for other in names], i


@given(packets=st.lists(frames(), min_size=1, max_size=12))
@settings(max_examples=300)
def test_flows_are_those_of_the_plain_reference(packets):
    assert_same_flows(packets)


@st.composite
def fragments(draw):
    """Draw fragments of a few packets, whole packets of the same flows among them."""
    protocol, transport = draw(st.sampled_from([(17, builders.udp), (6, builders.tcp), (1, builders.icmp)]))
    payload = transport(bytes(16)) if protocol == 1 else transport(bytes(16), draw(st.sampled_from([1000, 1001])))
    offset, more = draw(st.sampled_from([(0, False), (0, True), (1, True), (1, False)]))
    if draw(st.booleans()):
        kind, header = builders.fragment(offset, more)
        header = header[:4] + draw(st.sampled_from([b"\0\0\0\1", b"\0\0\0\2"]))
        return framed(builders.ipv6(*builders.chain(payload, protocol, [(kind, header)])))
    packet = bytearray(builders.ipv4(payload, protocol))
    packet[4:6] = draw(st.sampled_from([b"\0\1", b"\0\2"]))
    packet[6:8] = (offset | (0x2000 if more else 0)).to_bytes(2, "big")
    return framed(bytes(packet))


def framed(packet):
    frame = builders.framed(packet)
    return frame, len(frame), 1


@given(packets=st.lists(fragments(), min_size=1, max_size=12))
def test_later_fragments_belong_to_the_flow_of_the_first(packets):
    assert_same_flows(packets)


@pytest.mark.parametrize("kind", ["vxlan", "geneve", "gre"])
def test_equal_addresses_of_two_tenants_are_two_flows(kind):
    inner = builders.framed(builders.ipv4(builders.udp(), 17))

    def tunnelled(number):
        if kind == "gre":
            header = (0x2000_0800).to_bytes(4, "big") + number.to_bytes(4, "big")
            return framed(builders.ipv4(header + inner[14:], 47))
        header = b"\x08\0\0\0" if kind == "vxlan" else b"\0\0\x65\x58"
        payload = header + number.to_bytes(3, "big") + b"\0" + inner
        return framed(builders.ipv4(builders.udp(payload, destination_port=4789 if kind == "vxlan" else 6081), 17))

    block = Block(*laid_out([tunnelled(1), tunnelled(2), tunnelled(1)]))
    flows = Steerer([Plan("", (device_of(PLAIN),))]).steer(block, 0, np.zeros(3, np.int64)).flows
    assert flows[0] == flows[2] != flows[1]


def test_a_change_steers_packets_from_then_on():
    devices = [pcaphash.Device(queues=8), pcaphash.Device(queues=8, hash_key=bytes(range(40)))]
    packets = [framed(builders.ipv4(builders.udp(source_port=port), 17)) for port in range(1000, 1040)]
    block = Block(*laid_out(packets))
    values = np.arange(40) // 2
    plan = Plan("changed", tuple(devices), (0, 105))
    steered = Steerer([plan]).steer(block, 100, values)
    assert plan.steps(100, values) == [(0, 0, 10), (1, 10, 40)]
    expected = [Describer(device).describe(block).queues for device in devices]
    table = queue_table(devices[0])
    assert np.array_equal(table[steered.entries[0]], np.concatenate([expected[0][:10], expected[1][10:]]))
    assert Plan("at once", tuple(devices), (0, 0)).steps(0, values) == [(1, 0, 40)]
    assert Plan("never", tuple(devices), (0, 10**30)).steps(0, values) == [(0, 0, 40)]


def test_fewer_queues_have_the_default_table():
    table = queue_table(pcaphash.Device(queues=8, unclassified_queue=5), 3)
    assert table.tolist() == [i % 3 for i in range(128)] + [0, -1]
    assert queue_table(pcaphash.Device(queues=8, unclassified_queue=5), 8)[-2] == 5
