"""Flows for receive queues: right by every other way to get a hash, and complete."""

import json
import shutil
import subprocess
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pcaphash
from naive.toeplitz import toeplitz
from pcaphash import Device
from pcaphash.errors import ConfigurationError
from pcaphash.studies.shared import tunnelling
from pcaphash.studies.steer.capture import write_flows
from pcaphash.studies.steer.search import divide
from support.shared import ROOT

V4 = ("192.0.2.1", "198.51.100.2:443")
V6 = ("2001:db8::1", "[2001:db8::2]:443")


def naive_queue(source, source_port, destination, destination_port, device):
    """Calculate a queue plainly."""
    data = ip_address(source).packed + ip_address(destination).packed
    data += source_port.to_bytes(2) + destination_port.to_bytes(2)
    return device.indirection_table[toeplitz(device.hash_key, data) % len(device.indirection_table)]


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("address", [V4, V6])
def test_ports_are_all_that_trying_finds(address, both):
    device = Device(queues=6, indirection_table_size=64, hash_key=bytes(range(1, 41)))
    found = pcaphash.steer(*address, queue=4, flow_count=10_000, both=both, source_ports="1000-1999", device=device)
    source, destination = address[0], address[1].rpartition(":")[0].strip("[]")
    tried = [
        port
        for port in range(1000, 2000)
        if naive_queue(source, port, destination, 443, device) == 4
        and (not both or naive_queue(destination, 443, source, port, device) == 4)
    ]
    assert [flow[0].packet.source_port for flow in found.targets[0].flows] == tried
    assert found.targets[0].possible == len(tried) > 0


def test_both_directions_with_the_largest_table():
    device = Device(queues=2, indirection_table_size=65536)  # a billion pairs of entries for each queue
    found = pcaphash.steer(*V4, queue=1, flow_count=1000, both=True, source_ports="1000-1999", device=device)
    tried = [
        port
        for port in range(1000, 2000)
        if naive_queue(V4[0], port, "198.51.100.2", 443, device) == 1
        and naive_queue("198.51.100.2", 443, V4[0], port, device) == 1
    ]
    assert [flow[0].packet.source_port for flow in found.targets[0].flows] == tried
    assert found.targets[0].possible == len(tried) > 0


@given(
    key=st.binary(min_size=40, max_size=40),
    size=st.sampled_from([1, 2, 16, 128, 512]),
    queues=st.integers(1, 16),
    transform=st.sampled_from(["none", "symmetric-xor", "symmetric-or-xor"]),
    address=st.sampled_from([V4, V6, ("10.0.0.0/28", "10.1.2.3:80"), ("fd00::/120", "[fd00::1:0]:53")]),
    both=st.booleans(),
    protocol=st.sampled_from(["tcp", "udp"]),
)
@settings(max_examples=40)
def test_every_answer_is_what_hash_says(key, size, queues, transform, address, both, protocol):
    device = Device(hash_key=key, indirection_table_size=size, queues=queues, input_transform=transform)
    found = pcaphash.steer(*address, protocol, flow_count=3, both=both, device=device)
    assert len(found.targets) == queues
    lengths = {len(target.flows) for target in found.targets if target.flows}
    assert len(lengths) <= 1
    seen = set()
    for target in found.targets:
        assert bool(target.flows) != bool(target.why_not)
        for flow in target.flows:
            assert len(flow) == 1 + both
            for each in flow:
                packet = each.packet
                again = pcaphash.hash_tuple(
                    str(packet.source), str(packet.destination), packet.source_port, packet.destination_port, protocol,
                    device,
                )  # fmt: skip
                assert again.queue == target.queue == each.queue
                assert packet not in seen
                seen.add(packet)


@pytest.mark.parametrize("name", tunnelling.NAMES)
@pytest.mark.parametrize("header", ["inner", "outer"])
@pytest.mark.parametrize("version", [4, 6])
def test_packets_that_are_written_have_that_queue(tmp_path, name, header, version):
    if version == 6 and name == "IPIP":
        pytest.skip("IPIP is IPv4 in IPv4")
    tunnels = "all" if header == "inner" else "none"
    device = Device("1.4", tunnel_types=tunnels, hash_key=bytes(range(7, 47)), indirection_table_size=256)
    source, destination = ("10.0.0.0/24", "10.1.0.1") if version == 4 else ("fd00::/120", "fd01::1")
    if header == "inner":
        destination += ":80" if version == 4 else ""
        destination = destination if version == 4 else f"[{destination}]:80"
    found = pcaphash.steer(source, destination, flow_count=4, tunnel=name, header=header, device=device)
    path = str(tmp_path / "t.pcapng")
    write_flows(path, found)
    rows = pcaphash.hashes(path, device)
    assert rows["queue"].tolist() == [each.queue for each in found.tuples]
    assert rows["hash_value"].tolist() == [f"0x{each.hash_value:08x}" for each in found.tuples]
    assert set(rows["header"]) == {header}
    counted = pcaphash.analyze(path, device).distribution
    assert counted["packets"].tolist() == [4] * 8
    assert pcaphash.validate(path, device).mismatches == 0


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is another reader of packets")
@pytest.mark.parametrize("protocol", ["icmp", "icmpv6", "sctp", "esp", "gre", None])
def test_packets_without_ports_are_well_formed(tmp_path, protocol):
    device, path = Device(hash_types="base"), tmp_path / "t.pcapng"
    for ends in (("10.0.0.0/24", "10.1.0.1"), ("fd00::/64", "fd00:1::1")):
        write_flows(str(path), pcaphash.steer(*ends, protocol, device=device))
        assert pcaphash.validate(path, device).mismatches == 0
        command = ["tshark", "-n", "-r", path, "-Y", "_ws.malformed || icmp.checksum.status == 0"]
        assert subprocess.run(command, capture_output=True, timeout=60, check=True).stdout == b""


@pytest.mark.parametrize(
    ("network", "destination", "numbers"),
    [
        ("10.0.0.0/29", "192.0.2.1", [1, 2, 3, 4, 5, 6, 0, 7]),
        ("fd00::/125", "fd01::1", [1, 2, 3, 4, 5, 6, 7, 0]),
        ("10.0.0.0/31", "192.0.2.1", [0, 1]),
    ],
)
def test_addresses_that_no_host_has_come_last(network, destination, numbers):
    found = pcaphash.steer(network, destination, flow_count=9, device=Device(queues=1, hash_types="base"))
    assert [int(each.packet.source) & 7 for each in found.tuples] == numbers
    assert found.targets[0].possible == len(numbers)


def test_one_queue_can_be_attacked(tmp_path):
    found = pcaphash.steer("10.0.0.0/8", "10.1.0.1:80", queue=5, flow_count=500)
    path = str(tmp_path / "attack.pcapng")
    write_flows(path, found)
    counted = pcaphash.analyze(path, Device()).distribution
    assert dict(zip(counted["queue"], counted["packets"], strict=True))[5] == 500
    assert found.targets[0].possible == (1 << 24) * 32768 // 8


@pytest.mark.skipif(shutil.which("gcc") is None or shutil.which("pkg-config") is None, reason="needs a C compiler")
def test_dpdk_agrees(tmp_path):
    build = subprocess.run(
        ["make", "-s", "-C", ROOT / "benchmarks" / "c", f"BUILD={tmp_path}", tmp_path / "softrss_libpcap"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if build.returncode:
        pytest.skip("needs DPDK and libpcap to build with")
    for address, protocol in ((V4, "tcp"), (V6, "udp")):
        for queue in (0, 6):
            found = pcaphash.steer(*address, protocol, queue=queue, flow_count=40)
            path = str(tmp_path / "t.pcapng")
            write_flows(path, found)
            command = [tmp_path / "softrss_libpcap", path]
            shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
            assert json.loads(shown)["queue_packets"] == [40 if each == queue else 0 for each in range(8)]


def test_blocks_cover_a_range_of_ports_once():
    for low, high in ((0, 65535), (1, 1), (1000, 1999), (32768, 65535), (5, 6)):
        ports = [port for first, bits in divide(low, high) for port in range(first, first + (1 << bits))]
        assert ports == list(range(low, high + 1))


@pytest.mark.parametrize(
    ("words", "device", "field", "problem"),
    [
        ({"queue": 8}, {}, "queue", "8 is out of range"),
        ({"queue": 2}, {"indirection_table": [0, 1], "queues": 3}, "queue", "no entry of the indirection table"),
        ({"queue": 3}, {"hash_key": bytes(39) + b"\1"}, "queue", "only 0 of the 7 bits"),
        (
            {"queue": 3, "both": True, "source_ports": "8-9"},
            {},
            "queue",
            "none of the 2 source ports 8-9 leads there",
        ),
        ({"queue": 3, "source_ports": "9-9"}, {}, "queue", "the only source port, 9, does not lead there"),
        (
            {"queue": 3, "both": True},
            {"hash_key": bytes(39) + b"\1"},
            "queue",
            "only 0 of the 14 bits of the two table ind",
        ),
        ({}, {"hash_types": "addresses"}, "hash_types", "IPv4 covers no ports"),
        ({}, {"hash_types": "IPv6"}, "hash_types", "no enabled hash type"),
        ({}, {"features": "CTRL_VQ+HASH_REPORT"}, "features", "without the RSS feature"),
        ({}, {"table_index": "modulo", "indirection_table_size": 100}, "table_index", "not linear"),
        ({"source_ports": "9-1"}, {}, "source_ports", "not a range"),
        ({"source_ports": "1-70000"}, {}, "source_ports", "not a range"),
        ({"tunnel": "VXLNA"}, {}, "tunnel", "did you mean VXLAN"),
        ({"header": "outer"}, {}, "header", "there is no tunnel"),
        ({"tunnel": "VXLAN", "header": "middle"}, {}, "header", "not known"),
        ({"tunnel": "VXLAN"}, {"hash_types": "base"}, "tunnel", "hashes the outer header of VXLAN"),
        ({"tunnel": "VXLAN", "header": "outer"}, {}, "header", "hashes the inner header of VXLAN"),
        ({"flow_count": 0}, {}, "flow_count", "out of range"),
    ],
)
def test_what_is_impossible_is_said(words, device, field, problem):
    address = ("192.0.2.1", "192.0.2.2") if words.get("header") == "outer" and "tunnel" in words else V4
    with pytest.raises(ConfigurationError, match=problem) as error:
        pcaphash.steer(*address, device=Device(**device), **words)
    assert str(error.value.place).partition("=")[0] == field


def test_a_port_of_a_tunnel_needs_its_name():
    with pytest.raises(ConfigurationError, match="may be VXLAN"):
        pcaphash.steer("192.0.2.1", "192.0.2.2:4789", "udp")
    with pytest.raises(ConfigurationError, match="not a network"):
        pcaphash.steer("192.0.2.1/24", "192.0.2.2:80")
    with pytest.raises(ConfigurationError, match="IPv4 in IPv4"):
        pcaphash.steer("fd00::1", "[fd00::2]:80", tunnel="IPIP", device=Device("1.4", tunnel_types="all"))


def test_queues_that_cannot_be_reached_are_told():
    found = pcaphash.steer(*V4, device=Device(hash_key=bytes(39) + b"\1"))
    assert [bool(target.flows) for target in found.targets] == [True] + [False] * 7
    why_not = found.missing[0].why_not
    assert (why_not.why, why_not.rank, why_not.needed) == ("rank", 0, 7)
    assert list(found.missing_by_reason.values()) == [[1, 2, 3, 4, 5, 6, 7]]


def test_the_result_shows_itself():
    assert repr(pcaphash.steer(*V4, queue=1)) == "<Steering: 1 flow for 1 receive queue>"
