"""What belongs together and is apart, on traffic where it can be counted by hand."""

import pytest

from pcaphash import Device, hashes
from pcaphash.studies.compare import compare
from support import builders
from support.shared import ROOT
from support.traffic import Flow, flows, plain, tunnelled, write

pytestmark = pytest.mark.jit_only  # baselines draw a thousand ideal hashes for every flow

OUTER = Device(hash_types="base", queues=64)
INNER = Device(queues=64)


def turned(flow: Flow) -> Flow:
    source, destination, source_port, destination_port = flow
    return destination, source, destination_port, source_port


def found(trace, device) -> dict[str, tuple[int, int, int]]:
    (outcome,) = compare(trace, device).outcomes
    return {each.question: (each.cases, each.apart, each.packets) for each in outcome.affinity}


def n_apart(trace, device, groups) -> tuple[int, int]:
    """Count, from the rows of ``hashes``, the groups of packets on more than one receive queue, and their packets."""
    queues = hashes(trace, device)["queue"].tolist()
    apart = [group for group in groups if len({queues[i] for i in group}) > 1]
    return len(apart), sum(map(len, apart))


def test_inner_flows_whose_outer_source_port_varies(tmp_path):
    some = flows(20)
    packets = [tunnelled(flow, source_port=port) for flow in some for port in (50000, 50001, 50002)]
    trace = write(tmp_path / "ports.pcapng", packets)
    groups = [range(3 * i, 3 * i + 3) for i in range(20)]
    assert found(trace, INNER)["inner-flows"] == (20, 0, 0)
    expected = n_apart(trace, OUTER, groups)
    assert expected[0] == 20
    assert found(trace, OUTER)["inner-flows"] == (20, *expected)


def test_one_inner_flow_in_two_networks_is_two(tmp_path):
    flow = flows(1)[0]
    trace = write(tmp_path / "networks.pcapng", [tunnelled(flow, vni=1), tunnelled(flow, vni=2)])
    assert found(trace, INNER)["inner-flows"] == (2, 0, 0)


@pytest.mark.parametrize("wrap", [plain, tunnelled])
def test_two_directions(tmp_path, wrap):
    some = flows(30)
    packets = [wrap(flow) for flow in some] + [wrap(turned(flow)) for flow in some[:20]]
    trace = write(tmp_path / "directions.pcapng", packets)
    groups = [(i, 30 + i) for i in range(20)]
    expected = n_apart(trace, INNER, groups)
    assert expected[0] > 10
    assert found(trace, INNER)["directions"] == (20, *expected)
    assert found(trace, Device(queues=64, hash_key="symmetric"))["directions"] == (20, 0, 0)


def test_fragments_apart_from_packets_with_ports(tmp_path):
    some = flows(30)
    packets = [plain(flow) for flow in some]
    for source, destination, _, _ in some[:25]:
        later = builders.ipv4(bytes(16), 17, source, destination, fragment_offset=100)
        packets.append(builders.ethernet(later, builders.IPV4))
    trace = write(tmp_path / "fragments.pcapng", packets)
    groups = [(i, 30 + i) for i in range(25)]
    assert found(trace, INNER)["without-ports"] == (25, *n_apart(trace, INNER, groups))
    assert found(trace, Device(hash_types="addresses", queues=64))["without-ports"] == (25, 0, 0)


def test_equal_inner_flows_in_several_tunnels(tmp_path):
    some = flows(40)
    packets = [tunnelled(flow, 1) for flow in some] + [tunnelled(flow, 2, vni=9) for flow in some[:15]]
    trace = write(tmp_path / "tunnels.pcapng", packets)
    assert found(trace, INNER)["tunnels"] == (15, 0, 0)
    groups = [(i, 40 + i) for i in range(15)]
    expected = n_apart(trace, OUTER, groups)
    assert expected[0] > 10
    assert found(trace, OUTER)["tunnels"] == (15, *expected)


def test_ipv6_and_what_is_not_ip():
    for name in ("ipv6-extensions", "geneve", "gre", "fragments"):
        for device in (INNER, OUTER, Device(hash_types="none")):
            affinity = found(ROOT / "sample_traces" / f"{name}.pcap", device)
            assert all(apart <= cases for cases, apart, _ in affinity.values())
            assert device.hash_types or not any(apart for _, apart, _ in affinity.values())
