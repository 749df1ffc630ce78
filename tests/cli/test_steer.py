"""``pcaphash steer``: what it shows, writes and refuses."""

import json

import pcaphash
from support.command import complaints, run

FLOW = ("192.0.2.1", "198.51.100.2:443")


def test_each_queue_gets_a_flow():
    result = run("steer", *FLOW)
    assert (result.returncode, complaints(result)) == (0, [])
    text = result.stdout.decode()
    assert text.startswith("8 flows for 8 receive queues, evenly.")
    assert "queue 7: 4,096 flows would do" in text


def test_the_document_has_everything():
    found = json.loads(run("steer", *FLOW, "--queue", "3", "--count", "2", "--both", "--format", "json").stdout)
    (target,) = found["queues"]
    assert (target["queue"], target["why_not"], len(target["flows"])) == (3, None, 2)
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


def test_what_is_impossible_is_one_line():
    (line,) = complaints(run("steer", *FLOW, "--queue", "3", "--key", "00" * 39 + "01"))
    assert "--queue: 3 cannot be reached: the source port can set only 0 of the 7 bits" in line


def test_queues_without_a_flow_are_warned_of():
    result = run("steer", *FLOW, "--queues", "3", "--indirection-table", "0,1")
    assert result.returncode == 0
    assert any("queue 2 cannot be reached: no entry" in line for line in complaints(result))
