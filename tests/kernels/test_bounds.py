"""Kernels read nothing past the end of their bytes: each packet alone, in an array of just its captured length.

With bounds checks (NUMBA_BOUNDSCHECK=1), or as plain Python, a read past the end is an error here.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pcaphash
from naive.device import answer
from pcaphash.capture.pcap import Pcap
from pcaphash.capture.pcapng import Pcapng
from pcaphash.capture.reader import Block
from pcaphash.engine.census.census import Census, CensusIdentity
from pcaphash.engine.census.decision import decide
from pcaphash.engine.census.describer import Describer
from pcaphash.engine.flows.table import FlowTable
from pcaphash.engine.rules import ReadingRules
from pcaphash.kernels import departures
from pcaphash.kernels.base import CHECKED, COMPILED
from pcaphash.kernels.dissect import N_SIGNATURES
from pcaphash.kernels.endpoints import ENDPOINTS_LEN, read_endpoints
from pcaphash.kernels.records import NEEDS_MORE
from pcaphash.kernels.rows import INPUT_LEN, UNDECIDED, describe_packets
from pcaphash.kernels.tunnel import NO_NETWORK_NUMBER
from pcaphash.studies.info.tunnel_table import TunnelTable
from support import builders
from support.captures import enhanced, interface, pcap, pcap_record, section
from support.comparing import device_of
from support.packets import configurations, frames, whole_frames
from support.records import laid_out


@pytest.mark.skipif(COMPILED and not CHECKED, reason="compiled kernels check no bounds unless NUMBA_BOUNDSCHECK=1")
def test_a_read_past_the_end_is_an_error():
    frame = builders.framed(builders.ipv4(b"", builders.ICMP))
    block, records = laid_out([(frame, 34, 1)])
    with pytest.raises(IndexError):
        Census(CensusIdentity.of(pcaphash.Device())).append(block[:-1].copy(), records)


def described(packet: tuple[bytes, int, int], configuration) -> tuple[str, str, int | None]:
    """Describe one packet: hash report, hash input, and hash value."""
    device = device_of(configuration)
    identity = CensusIdentity.of(device)
    block, records = laid_out([packet])
    picks = np.full(N_SIGNATURES, UNDECIDED, np.int32)
    signatures, values = np.empty(1, np.int32), np.empty(1, np.uint32)
    inputs, lengths = np.empty(INPUT_LEN, np.uint8), np.empty(1, np.int64)
    arrays = (picks, signatures, values, inputs, lengths)
    assert (
        describe_packets(
            block, records, 1, identity.prepared_key, identity.rules.port_types, identity.departures, *arrays
        )
        == 0
    )
    decision = decide(int(signatures[0]), device)
    picks[signatures[0]] = decision.pick
    assert (
        describe_packets(
            block, records, 1, identity.prepared_key, identity.rules.port_types, identity.departures, *arrays
        )
        == 1
    )
    value = int(values[0]) if decision.is_hashed else None
    return decision.hash_report, inputs[: lengths[0]].tobytes().hex(), value


def assert_naive_agrees(packet, configuration):
    expected = answer(*packet, configuration)
    hash_input = "" if expected.hash_input is None else expected.hash_input.hex()
    assert described(packet, configuration) == (expected.hash_report, hash_input, expected.hash_value)


@given(packet=frames(), configuration=configurations())
def test_rows_of_one_packet(packet, configuration):
    assert_naive_agrees(packet, configuration)


@given(frame=whole_frames(), configuration=configurations())
def test_rows_of_a_packet_cut_at_every_byte(frame, configuration):
    whole, link_type = frame
    for length in range(0, len(whole), 5):
        assert_naive_agrees((whole[:length], len(whole), link_type), configuration)


@given(frame=whole_frames(), configuration=configurations())
def test_census_of_a_packet_cut_at_every_byte(frame, configuration):
    whole, link_type = frame
    census = Census(CensusIdentity.of(device_of(configuration)))
    for length in range(len(whole) + 1):
        census.append(*laid_out([(whole[:length], len(whole), link_type)]))
    assert sum(census.totals(signature)[0] for signature in census.signatures()) == len(whole) + 1


@given(frame=whole_frames())
def test_census_of_a_pcap_cut_at_every_byte(frame):
    whole, _ = frame
    record = pcap_record(whole)
    census = Census(CensusIdentity.of(pcaphash.Device()))
    capture = Pcap.recognize(pcap(b""))
    assert census.takes(capture)
    for length in range(len(record)):
        found = census.append_file(capture, np.array(list(record[:length]), np.uint8), 0, length)
        assert found == (0, 0, NEEDS_MORE, 0)
    found = census.append_file(capture, np.array(list(record), np.uint8), 0, len(record))
    assert found == (1, len(record), NEEDS_MORE, 0)


@given(frame=whole_frames())
def test_census_of_a_pcapng_cut_at_every_byte(frame):
    whole, _ = frame
    start = np.frombuffer(section() + interface(), np.uint8)
    capture = Pcapng()
    after, _ = capture.read_control(start, 0, len(start))
    capture.read_control(start, after, len(start))
    block = enhanced(whole)
    census = Census(CensusIdentity.of(pcaphash.Device()))
    assert census.takes(capture)
    for length in range(len(block)):
        found = census.append_file(capture, np.array(list(block[:length]), np.uint8), 0, length)
        assert found == (0, 0, NEEDS_MORE, 0)
    found = census.append_file(capture, np.array(list(block), np.uint8), 0, len(block))
    assert found == (1, len(block), NEEDS_MORE, 0)


@given(packet=frames(), configuration=configurations())
def test_endpoints_of_one_packet(packet, configuration):
    identity = CensusIdentity.of(device_of(configuration))
    block, records = laid_out([packet])
    arrays = np.empty(1, np.int32), np.empty(1, np.int64), np.empty(ENDPOINTS_LEN, np.uint8)
    read_endpoints(block, records, 1, identity.prepared_key, identity.rules.port_types, identity.departures, *arrays)
    assert arrays[1][0] >= NO_NETWORK_NUMBER


@given(frame=whole_frames(), configuration=configurations())
@pytest.mark.slow
def test_endpoints_of_a_packet_cut_at_every_byte(frame, configuration):
    whole, link_type = frame
    for length in range(len(whole)):
        test_endpoints_of_one_packet.hypothesis.inner_test((whole[:length], len(whole), link_type), configuration)


@given(packet=frames(), configuration=configurations())
def test_census_by_several_keys_of_one_packet(packet, configuration):
    identity = CensusIdentity.of(device_of(configuration))
    keys = (*identity.hash_keys, bytes(range(40)), bytes(40))
    together = Census(replace(identity, hash_keys=keys))
    together.append(*laid_out([packet]))
    for number, key in enumerate(keys):
        single = Census(replace(identity, hash_keys=(key,)))
        single.append(*laid_out([packet]))
        (signature,) = single.signatures()
        assert together.signatures() == [signature]
        assert np.array_equal(together.rows(signature, number), single.rows(signature))


SYMMETRIC = {departures.SYMMETRIC_XOR, departures.SYMMETRIC_OR_XOR}
FAULTS = [getattr(departures, name) for name in dir(departures) if isinstance(getattr(departures, name), int)]


@given(packet=frames(), flags=st.lists(st.sampled_from(sorted(FAULTS)), max_size=4))
def test_rows_of_one_packet_as_devices_with_faults_read_it(packet, flags):
    device = pcaphash.Device()
    block, records = laid_out([packet])
    describer = Describer(device, sum(set(flags)))
    found = describer.describe(Block(block, records))
    assert len(found.hash_values) == 1
    # What is hashed comes from the packet.
    assert found.inputs[0, : found.lengths[0]].tobytes()[:4] in packet[0] or set(flags) & SYMMETRIC


@given(frame=whole_frames(), flags=st.lists(st.sampled_from(sorted(FAULTS)), max_size=4))
def test_rows_as_devices_with_faults_read_a_packet_cut_at_every_byte(frame, flags):
    whole, link_type = frame
    test_one = test_rows_of_one_packet_as_devices_with_faults_read_it.hypothesis.inner_test
    for length in range(0, len(whole), 5):
        test_one((whole[:length], len(whole), link_type), flags)


@given(packet=frames(), configuration=configurations())
def test_flows_and_tunnels_of_one_packet(packet, configuration):
    rules = ReadingRules.of(device_of(configuration))
    record = pcap_record(*packet[:2])
    _, records = laid_out([packet])
    records["offset"] = len(record) - len(packet[0])
    block = Block(np.array(list(record), np.uint8), records)
    flows, tunnels = FlowTable(rules, 10), TunnelTable(rules)
    flows.append(block)
    tunnels.append(block, np.zeros(1, np.int64))
    assert sum(len(each.keys) for each in flows.flows()) == 1
    assert tunnels.loads[:, 0].sum() == 1
