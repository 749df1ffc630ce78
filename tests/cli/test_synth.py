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
        (["-w", "t.txt"], "--write: the file extension names no format; name it .pcapng or .pcap; .gz"),
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


IPIP, NONE, UNNUMBERED = ("--tunnels", "IPIP"), ("--tunnels", "NONE"), ("--tunnels", "NONE,GRE,IPIP")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--packets", "0"], "--packets: 0 is out of range: at least one packet"),
        (["--concurrent", "5", "--flow-sizes", "zipf:1"], "--concurrent: all flows of zipf:1 go on at the same time"),
        (["--endpoints", "2", *NONE], "--endpoints: there are no tunnels in --tunnels; leave it out, or add a tunnel"),
        (["--networks", "2", *NONE], "--networks: there are no tunnels in --tunnels"),
        (
            ["--networks", "2", *UNNUMBERED],
            "--networks: no tunnel in --tunnels has a VNI, VSID or key; leave it out, or",
        ),
        (["--outer-source-port", "2", *UNNUMBERED], "--outer-source-port: no tunnel in --tunnels is in UDP"),
        (["--outer-ipv6", "20%", *IPIP], "--outer-ipv6: IPIP is IPv4 in IPv4; leave it out, or add another tunnel"),
        (["--ipv6", "100%", *IPIP], "--ipv6: IPIP is IPv4 in IPv4"),
        (["--fragments", "20%", "--udp", "0"], "--fragments: only UDP is fragmented, and --udp 0 leaves none"),
        (["--fragments", "20%", "--packet-size", "43"], "--fragments: packets of 43 bytes are too short for two"),
        (["--fragments", "20%", "--packet-size", "63", "--ipv6", "1"], "give --packet-size 64 or more"),
        (
            ["--burst-packets", "32"],
            "--burst-packets: poisson arrivals have no bursts; leave it out, or give --arrivals",
        ),
        (["--peak", "3", "--arrivals", "even"], "--peak: even arrivals have no bursts"),
        (["--tunnels", "VXLAN=80%,NONE=40%"], "--tunnels: the shares add up to 120%; make them 100%"),
        (["--tunnels", "VXLAN=20%"], "--tunnels: the shares add up to 20%"),
        (["--tunnels", "VXLAN=80%,NONE=1"], "--tunnels: only some shares are in per cent"),
        (
            ["--tunnels", "GRE_7676"],
            "--tunnels: GRE_7676 is GRE, and which kind follows from the IP versions; write GRE",
        ),
        (
            ["--flow-sizes", "zipf"],
            "--flow-sizes: 'zipf' does not end with an exponent; give one above 0",
        ),
        (["--tunnels", "VXLAN=-1"], "--tunnels: VXLAN=-1: '-1' is not a share"),
        (["--tunnels", "VXLAN,vxlan"], "--tunnels: VXLAN is given twice"),
    ],
)
def test_an_option_without_an_effect_is_refused(words, sentence, tmp_path):
    result = run("synth", "-w", tmp_path / "t.pcap", *words)
    (line,) = complaints(result)
    assert sentence in line
    assert (result.returncode, result.stdout, list(tmp_path.iterdir())) == (2, b"", [])


@pytest.mark.parametrize(
    "words",
    [
        ["--fragments", "20%", "--packet-size", "44"],
        ["--fragments", "20%", "--packet-size", "64", "--ipv6", "1"],
        ["--burst-packets", "8", "--peak", "3", "--arrivals", "on-off"],
        ["--networks", "2", "--outer-source-port", "2", "--tunnels", "NONE,GENEVE"],
        ["--endpoints", "2", "--ipv6", "0", "--outer-ipv6", "0", *IPIP],
        ["--tunnels", "VXLAN=33%,NONE=33%,GRE=33%"],
    ],
)
def test_what_has_an_effect_is_not_refused(words, tmp_path):
    result = run("synth", "-w", tmp_path / "t.pcap", *FEW, *words)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    "words", [["--seed", "1"], ["--packets", "5"], ["--ipv6", "0"], ["--arrivals", "poisson"], ["--format", "json"]]
)
def test_the_conformance_set_takes_no_options_of_traffic(words, tmp_path):
    result = run("synth", "--conformance", tmp_path / "set", *words)
    (line,) = complaints(result)
    assert f"{words[0]}: the conformance set " in line
    assert (result.returncode, list(tmp_path.iterdir())) == (2, [])


def test_the_option_that_names_the_place_of_the_conformance_set_is_named(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    for place, said in (
        (path, "cannot be written: it is a file, not a folder; choose another place with --conformance"),
        ("", "--conformance: the name is empty"),
    ):
        (line,) = complaints(run("synth", "--conformance", place))
        assert said in line


def test_numbers_in_sentences_are_right(tmp_path):
    words = [
        "--packets",
        "11",
        "--rate",
        "1kpps",
        "--arrivals",
        "even",
        "--flow-sizes",
        "pareto:9",
        "--snap-length",
        "1",
    ]
    text = run("synth", "-w", tmp_path / "t.pcap", *words, "--concurrent", "2").stdout.decode()
    assert "10 ms, 1 kpps on average, even arrivals" in text
    assert "the first byte of each packet is in the file" in text
    alone = ["--flow-sizes", "zipf:1", "--flows", "1", "--udp", "1", "--fragments", "1"]
    text = run("synth", "-w", tmp_path / "t.pcap", *FEW, *alone).stdout.decode()
    assert "the largest has 100% of the datagrams" in " ".join(text.split())
    text = run("synth", "-w", tmp_path / "t.pcap", "--packets", "1", "--flow-sizes", "pareto:9").stdout.decode()
    assert "1 flow came to an end" in text


def test_the_samples_say_why_they_are_not_made_by_it():
    assert "`pcaphash synth`" in (ROOT / "sample_traces" / "README.md").read_text()
