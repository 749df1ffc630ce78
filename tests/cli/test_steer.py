"""``pcaphash steer``: what it shows, writes and refuses."""

import json
import re

import pytest

import pcaphash
from support.command import complaints, run

FLOW = ("192.0.2.1", "198.51.100.2:443")


def test_each_queue_gets_a_flow():
    result = run("steer", *FLOW)
    assert (result.returncode, complaints(result)) == (0, [])
    text = result.stdout.decode()
    assert text.startswith("8 flows for 8 receive queues, 1 for each.")
    assert text.endswith("\nqueues 0-7: 4,096 flows of the given addresses and ports lead to each\n")


def test_the_document_has_everything():
    found = json.loads(run("steer", *FLOW, "--queue", "3", "--count", "2", "--both", "--format", "json").stdout)
    (target,) = found["queues"]
    assert (target["queue"], target["why_not"], len(target["flows"])) == (3, None, 2)
    weak = ("--key", "00" * 39 + "01")
    why_not = json.loads(run("steer", *FLOW, *weak, "--format", "json").stdout)["queues"][3]["why_not"]
    assert (why_not["kind"], why_not["facts"]) == ("rank", {"rank": 0, "needed": 7})
    assert why_not["text"].startswith("the source port can set only 0 of the 7 bits of the table index freely")
    assert {row["queue"] for flow in target["flows"] for row in flow} == {3}
    assert found["both"] is True


def test_rows_can_be_hashed_again():
    rows = run("steer", *FLOW, "--count", "5", "--format", "csv").stdout
    assert run("hash", "-", stdin=rows).stdout == rows


def test_packets_go_to_a_file_or_to_standard_output(tmp_path):
    path = tmp_path / "t.pcapng"
    result = run("steer", *FLOW, "-w", path)
    assert f"wrote {path}" in result.stderr.decode()
    assert len(pcaphash.hashes(path)) == 8
    assert run("steer", *FLOW, "-w", "-").stdout == path.read_bytes()
    (line,) = complaints(run("steer", *FLOW, "-w", tmp_path / "t.pcap"))
    assert "--write: only pcapng has a place for hashes and queues" in line
    (line,) = complaints(run("steer", *FLOW, "-w", tmp_path))
    assert line.endswith("it is a folder, not a file; choose another place with --write")


def test_fewer_flows_than_asked_for_are_warned_of():
    result = run("steer", *FLOW, "--source-ports", "1000-1999", "--count", "500")
    (line,) = complaints(result)
    assert re.search(r"only \d+( to \d+)? of 500 flows lead to queues 0-7; widen --source-ports", line)
    table = ("--queues", 4, "--indirection-table", ",".join("0" * 8 + "1" * 4 + "22" + "33"))
    (line,) = complaints(run("steer", *FLOW, *table, "--source-ports", "1-64", "--count", 10))
    assert re.search(r"only 8 to 9 of 10 flows lead to queues 2-3; widen --source-ports", line)
    assert complaints(run("steer", *FLOW, "--source-ports", "1000-1999", "--count", "9")) == []


def test_what_is_impossible_is_one_line():
    (line,) = complaints(run("steer", *FLOW, "--queue", "3", "--key", "00" * 39 + "01"))
    assert "--queue: 3 cannot be reached: the source port can set only 0 of the 7 bits" in line


def test_queues_without_a_flow_are_warned_of():
    result = run("steer", *FLOW, "--queues", "3", "--indirection-table", "0,1")
    assert result.returncode == 0
    assert any("queue 2 cannot be reached: no entry" in line for line in complaints(result))


def test_few_source_ports_are_told_as_such():
    (line,) = complaints(run("steer", *FLOW, "--source-ports", "1000-1003"))
    assert "cannot be reached: none of the 4 source ports 1000-1003 leads there; give more with --source-ports" in line
    (line,) = complaints(run("steer", *FLOW, "--source-ports", "32768-32895", "--key", "00" * 39 + "01"))
    assert "cannot be reached: the source port can set only 0 of the 7 bits" in line


ZERO_KEY = ("--key", "00" * 40)


def test_queues_that_cannot_be_reached_for_one_reason_are_one_line():
    key = ("--key", "00" * 39 + "01")
    result = run("steer", *FLOW, *key)
    (line,) = complaints(result)
    assert line.startswith("pcaphash: warning: queues 1-7 cannot be reached: the source port can set only 0 of")
    assert result.stdout.decode().splitlines()[-1] == "queues 1-7: none"


def test_a_key_of_zeros_is_told_once():
    (line,) = complaints(run("steer", *FLOW, *ZERO_KEY))
    assert line.startswith("pcaphash: warning: all bytes of the hash key are 0, so all hashes are the same")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["foo", "bar"], "SOURCE: 'foo' is not an IP address"),
        (["192.0.2.1", "bar"], "DESTINATION: 'bar' is not an IP address"),
        (["192.0.2.1", "192.0.2.2:70000"], "DESTINATION: '70000' is not a port"),
        (["192.0.2.1:5", "192.0.2.2:80"], "SOURCE: 192.0.2.1:5 has a port, but source ports are what is to be found"),
        (["192.0.2.1", "192.0.2.2"], "DESTINATION has no port, and without ports all packets between two addresses go"),
        (["192.0.2.1", "fd00::1:443"], "DESTINATION: fd00::1:443 is IPv6, but the source 192.0.2.1 is IPv4"),
        (["fd00::1", "fd00::1:443"], "write [fd00::1]:443, or give a network as SOURCE"),
        (["fd00::1", "fd00::1:fe"], "write [fd00::1:fe]:443, or give a network as SOURCE"),
        (["fd00::1", "fd00::2"], "write [fd00::2]:443, or give a network as SOURCE"),
        (["192.0.2.1/24", "192.0.2.2:80"], "is not a network, but an address in one; write 192.0.2.0/24"),
        (["192.0.2.0/24", "192.0.2.2", "--source-ports", "5"], "--source-ports: DESTINATION has no port"),
        (
            ["192.0.2.0/24", "192.0.2.2", "--protocol", "tcp"],
            "DESTINATION has no port, which tcp needs; write 192.0.2.2:",
        ),
        (["192.0.2.1", "192.0.2.2", "--protocol", "icmp"], "SOURCE: icmp has no ports, so that all packets between"),
        (["192.0.2.1", "192.0.2.2:8", "--protocol", "icmp"], "--protocol: a device hashes no ports of icmp"),
        (["192.0.2.0/24", "192.0.2.2", "--protocol", "gre"], "--tunnel: packets of this protocol may be GRE"),
        (
            [*FLOW, "--source-ports", "9", "--both"],
            "--source-ports: no receive queue can be reached: the only source port, 9, does not lead there",
        ),
        (
            ["10.0.0.0/30", "10.1.0.1", "--both"],
            "SOURCE: no receive queue can be reached: the free bits of the address",
        ),
        ([*FLOW, "--queue", "1", *ZERO_KEY], "--queue: 1 cannot be reached: all bytes of the hash key are 0"),
        ([*FLOW, "--tunnel", "GRE", "--hash-types", "base"], "--tunnel: the device hashes the outer header of GRE"),
        (
            [*FLOW, "--tunnel", "GRE", "--hash-types", "base"],
            "enable GRE_INNER, or ask for the outer header with --head",
        ),
    ],
)
def test_what_is_wrong_is_named_in_one_line(words, said):
    result = run("steer", *words)
    (line,) = complaints(result)
    assert said in line
    assert (result.returncode, result.stdout) == (2, b"")


@pytest.mark.parametrize(
    ("destination", "tunnel", "words", "said"),
    [
        (
            "192.0.2.2:443",
            "VXLAN",
            [],
            "port 4789 or 8472 for VXLAN, and not those to 443; leave the port out, or give",
        ),
        ("192.0.2.2:443", "GRE", [], "DESTINATION: the outer header of GRE has no ports; leave the port out"),
        ("192.0.2.2", "GRE", [], "SOURCE: GRE has no ports, so that all packets between two addresses go to one queue"),
        ("192.0.2.2", "VXLAN", ["--protocol", "udp"], "--protocol: VXLAN has its own protocol; leave it out"),
    ],
)
def test_what_the_outer_header_of_a_tunnel_has_not_is_refused(destination, tunnel, words, said):
    outer = ("--tunnel", tunnel, "--header", "outer", "--hash-types", "base")
    (line,) = complaints(run("steer", "192.0.2.1", destination, *outer, *words))
    assert said in line


def test_the_port_of_a_tunnel_may_be_any_that_the_device_knows():
    outer = ("--tunnel", "VXLAN", "--header", "outer", "--hash-types", "base", "--format", "csv")
    rows = run("steer", "192.0.2.1", "192.0.2.2:8472", *outer).stdout
    assert b"192.0.2.2,8472" in rows
    assert run("hash", "-", "--hash-types", "base", stdin=rows).stdout == rows
