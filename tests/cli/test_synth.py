"""``pcaphash synth``: what it writes where, and what it says."""

import json

import pytest

import pcaphash
from support.command import complaints, run
from support.shared import ROOT

FEW = ("--packets", "200", "--seed", "3")


@pytest.mark.parametrize("name", ["t.pcap", "t.pcapng", "t.pcap.gz", "t.pcapng.zst"])
def test_every_kind_of_file_holds_the_same_packets(tmp_path, name):
    result = run("synth", "-w", tmp_path / name, *FEW, "--format", "json")
    assert result.returncode == 0
    assert f"wrote {tmp_path / name}" in result.stderr.decode()
    made = json.loads(result.stdout)
    assert made["packets"] == 200
    table = pcaphash.hashes(tmp_path / name)
    assert (len(table), table["original_length"].sum()) == (200, made["bytes"])


def test_packets_on_standard_output_leave_no_room_for_words():
    result = run("synth", "-w", "-", *FEW, "--format", "json")
    said = "\n".join(line for line in result.stderr.decode().splitlines() if not line.startswith("pcaphash: "))
    assert json.loads(said)["packets"] == 200
    counted = run("info", "-", "--format", "json", stdin=result.stdout)
    assert json.loads(counted.stdout)["selected"] == {"packets": 200, "bytes": json.loads(said)["bytes"]}


def test_what_was_asked_for_is_in_the_document(tmp_path):
    words = ["--tunnels", "VXLAN=3,NONE=1", "--ipv6", "50%", "--arrivals", "on-off", "--rate", "2Mpps"]
    result = run("synth", "-w", tmp_path / "t.pcap", *FEW, *words, "--format", "json")
    asked = json.loads(result.stdout)["traffic"]
    assert asked["tunnels"] == {"NONE": 0.25, "VXLAN": 0.75}
    assert (asked["ipv6"], asked["arrivals"], asked["seed"]) == (0.5, "on-off", 3)


def test_text_says_what_was_made(tmp_path):
    words = ["--fragments", "20%", "--vlans", "50%", "--flow-sizes", "zipf:1.2"]
    text = run("synth", "-w", tmp_path / "t.pcap", *FEW, *words).stdout.decode()
    assert text.startswith("200 packets of ")
    for part in ("flow sizes zipf:1.2 over 10,000 flows", "with a VLAN tag", "fragments", "seed 3", "first 256 bytes"):
        assert part in text


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--packets", "5"], "--write is missing; name a file, or - for standard output"),
        (["-w", "t.txt"], "--write: the file extension names no format; name it .pcapng or .pcap"),
        (["-w", "t.pcap", "--tunnels", "VXLNA"], "--tunnels: 'VXLNA' is not an encapsulation; did you mean VXLAN?"),
        (["-w", "t.pcap", "--format", "csv"], "--format: 'csv' is not available here; choose table, json"),
        (["-w", "t.pcap", "--outer-source-port", "x"], "--outer-source-port: 'x' is not a port"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path, words, sentence, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("synth", *words)
    assert result.returncode == 2
    (line,) = complaints(result)
    assert sentence in line
    assert list(tmp_path.iterdir()) == []


def test_the_samples_say_why_they_are_not_made_by_it():
    assert "`pcaphash synth`" in (ROOT / "sample_traces" / "README.md").read_text()
