"""``info`` on the command line: what traces hold, for readers and for programs, one clear line for what is wrong."""

import gzip
import json

import pytest

from support.captures import enhanced, interface, option, pcapng_of, section
from support.command import complaints, run
from support.shared import CAPTURES, ROOT, needs_shared
from support.traffic import flows, plain, tunnelled, write

SAMPLES = ROOT / "sample_traces"
OVERLAY = SAMPLES / "overlay.pcap"


def words_of(result) -> str:
    """Return what was written, however it was wrapped."""
    return " ".join(result.stdout.decode().split())


def test_the_sample():
    result = run("info", OVERLAY)
    assert (result.returncode, complaints(result)) == (0, [])
    text = words_of(result)
    for part in [
        "pcap, little-endian, 895.3 kB, 6,060 packets",
        "link type ETHERNET (1), snap length 144 B, times in us",
        "from 2023-01-04 00:00:00.000178 UTC",
        "VXLAN VXLAN 2,235 36.9% 1.7 MB",
        "8 tunnels: packets, share, bytes",
        "834 13.8% 676.9 kB 192.0.2.13 > 198.51.100.10 VXLAN 1",
        "inner packet not IP 12 12",
    ]:
        assert part in text


def test_json_and_standard_input():
    data = gzip.compress(OVERLAY.read_bytes())
    result = run("info", "-", "--format", "json", "--heaviest", 3, stdin=data)
    assert (result.returncode, complaints(result)) == (0, [])
    document = json.loads(result.stdout)
    assert document["packets"] == document["lengths"]["packets"] == 6060
    assert len(document["tunnels"]["heaviest"]) == 3
    (file,) = document["files"]
    assert (file["trace"], file["compression"], file["stored_bytes"]) == ("-", "gzip", len(data))
    analysis = json.loads(run("analyze", OVERLAY, "--format", "json").stdout)
    for name in ("partial", "problems", "packets", "left_out", "stopped", "link_types"):
        assert document[name] == analysis[name]
    assert document["reasons"]["v7"] == analysis["configurations"][2]["reasons"]


def test_selections_and_ports(tmp_path):
    packets = [tunnelled(flow, 1 + i % 2, i % 3) for i, flow in enumerate(flows(30))] + [
        plain(flow) for flow in flows(5)
    ]
    trace = write(tmp_path / "trace.pcapng", packets)
    chosen = json.loads(run("info", trace, "--vni", 2, "--endpoint", "192.0.2.1", "--format", "json").stdout)
    assert chosen["selected"]["packets"] == 5
    assert chosen["packets"] == 35
    others = json.loads(run("info", trace, "--vxlan-port", 53, "--format", "json").stdout)
    assert [(each["v7"], each["packets"]) for each in others["encapsulations"]] == [("NONE", 35)]


def test_all_packets_count_unless_some_are_selected(tmp_path):
    sent = option(2, bytes([2, 0, 0, 0]))
    parts = [section(), interface(), enhanced(plain(flows(1)[0]), options=sent), enhanced(plain(flows(1)[0]))]
    trace = tmp_path / "trace.pcapng"
    trace.write_bytes(b"".join(parts))
    assert "in 0, out 1, unknown 1" in words_of(run("info", trace))
    assert "left out: 1 packet sent by the capturing host" in words_of(run("info", trace, "--direction", "in"))


def test_saved_censuses(tmp_path):
    saved = tmp_path / "overlay.census"
    assert run("census", OVERLAY, "-o", saved).returncode == 0
    result = run("info", saved, OVERLAY)
    assert (result.returncode, complaints(result)) == (0, [])
    assert "overlay.census: saved census, 6,060 packets, 4.5 MB of overlay.pcap" in words_of(result)
    assert "12,120 packets, 9.0 MB" in words_of(result)
    refused = run("info", saved, "-c", 5)
    assert (refused.returncode, refused.stdout) == (2, b"")
    (complaint,) = complaints(refused)
    assert "saved census" in complaint


def test_damage_is_partial_and_one_line(tmp_path):
    trace = tmp_path / "cut.pcap"
    trace.write_bytes(OVERLAY.read_bytes()[:-7])
    result = run("info", trace)
    assert result.returncode == 3
    first, second = complaints(result)
    assert f"{trace}: byte " in first
    assert "partial" in second
    assert "6,059 packets" in words_of(result)
    assert "damaged at byte" in words_of(result)
    document = json.loads(run("info", trace, "--format", "json").stdout)
    assert document["partial"] is True
    assert first.removeprefix("pcaphash: warning: ") in document["problems"]


def test_one_of_two_that_cannot_be_read(tmp_path):
    result = run("info", tmp_path / "none.pcap", OVERLAY)
    assert result.returncode == 3
    assert any("none.pcap" in line for line in complaints(result))
    assert "6,060 packets" in words_of(result)


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ((OVERLAY, "--format", "csv"), 2, "--format"),
        ((OVERLAY, "--heaviest", "-1"), 2, "--heaviest"),
        ((OVERLAY, "--vxlan-port", "6081"), 2, "6081"),
        ((OVERLAY, "--vni", "4242"), 2, "none of the 6,060 packets matches the selection"),
        ((OVERLAY, "--encapsulation", "VXLANN"), 2, "VXLAN"),
        (("-", "-"), 2, "TRACE"),
        (("nowhere.pcap",), 4, "nowhere.pcap"),
    ],
)
def test_what_is_wrong_takes_one_line(words, status, said):
    result = run("info", *words)
    assert (result.returncode, result.stdout) == (status, b"")
    (complaint,) = complaints(result)
    assert said in complaint


def test_help_has_examples():
    text = run("info", "--help").stdout.decode()
    assert "pcaphash info trace.pcap" in text
    assert "--heaviest" in text


@needs_shared
def test_real_captures_of_every_kind_end_well(tmp_path):
    for name in (
        "brimcap__bad-caplen.pcap",
        "pcapplusplus__many_interfaces-1.pcapng",
        "zeek__echo-connections.pcap.gz",
    ):
        result = run("info", CAPTURES / name)
        assert result.returncode in (0, 3), name
        complaints(result)


def test_an_empty_trace_is_no_error(tmp_path):
    trace = tmp_path / "empty.pcapng"
    trace.write_bytes(pcapng_of([]))
    result = run("info", trace)
    assert (result.returncode, complaints(result)) == (0, [])
    assert "0 packets, 0 B" in words_of(result)
