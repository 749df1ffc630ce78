"""What an explanation looks like: colours that tie bytes to fields, lines as wide as the terminal, one JSON object."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from pcaphash.device import Device
from pcaphash.report.explain import text as report
from pcaphash.report.explain.stops import stop_document, stop_words
from pcaphash.report.explain.write import write_explanation
from pcaphash.studies.explain import Explanation, Layer, StopReason, TraceStep, explain
from support import builders
from support.captures import pcap, pcap_record

FRAME = builders.framed(builders.ipv4(builders.tcp(b"", 1000, 80), builders.TCP))
COLOURS = ("\x1b[1;36m", "\x1b[1;32m", "\x1b[1;33m", "\x1b[1;35m")


def explained(folder: Path, captured: bytes, original_length: int | None = None, **options: object) -> Explanation:
    path = folder / "one.pcap"
    path.write_bytes(pcap(pcap_record(captured, original_length)))
    return explain(path, 1, Device(**options))


def lines_of(explanation: Explanation) -> list[str]:
    stream = io.StringIO()
    write_explanation(explanation, "tree", stream)
    return stream.getvalue().splitlines()


def document_of(explanation: Explanation) -> dict[str, object]:
    stream = io.StringIO()
    write_explanation(explanation, "json", stream)
    return json.loads(stream.getvalue())


@pytest.fixture
def coloured(monkeypatch):
    """Return what shows an explanation as a terminal with colours would."""

    def show(explanation: Explanation) -> list[str]:
        stream = io.StringIO()
        console = Console(file=stream, width=100, force_terminal=True, color_system="standard", highlight=False)
        monkeypatch.setattr(report, "open_console", lambda _: console)
        write_explanation(explanation, "tree", stream)
        return stream.getvalue().splitlines()

    return show


def test_a_field_has_one_colour_in_header_hash_input_and_list(tmp_path, coloured):
    lines = coloured(explained(tmp_path, FRAME))
    parts = {"192.0.2.1": "c0000201", "198.51.100.2": "c6336402", "1000": "03e8", "80": "0050"}
    for colour, (value, data) in zip(COLOURS, parts.items(), strict=True):
        assert sum(f"{colour}{value}" in line for line in lines) == 2  # in the header, and in the list
        assert sum(f"{colour}{data}\x1b[0m" in line for line in lines) == 1


def test_what_is_not_hashed_has_no_colour(tmp_path, coloured):
    lines = coloured(explained(tmp_path, FRAME, hash_types="IPv4"))
    (port,) = (line for line in lines if "source port" in line)
    assert "\x1b" not in port
    assert sum("(hashed)" in line for line in lines) == 2


@pytest.mark.parametrize("width", [40, 60, 100])
def test_lines_keep_to_the_terminal(tmp_path, monkeypatch, width):
    explanation = explained(tmp_path, FRAME)
    piped = lines_of(explanation)
    assert max(map(len, piped)) > 100  # nothing is wrapped in a pipe
    monkeypatch.setenv("COLUMNS", str(width))
    wrapped = lines_of(explanation)
    # A word longer than the line, such as the name of the trace, is all that may be cut; nothing is lost.
    assert max(map(len, wrapped)) <= width
    assert "".join("".join(wrapped).split()) == "".join("".join(piped).split())


def test_a_packet_without_a_hash_has_no_hash_input(tmp_path):
    lines = lines_of(explained(tmp_path, builders.ethernet(builders.arp(), builders.ARP)))
    assert not any(line.startswith("hash input") for line in lines)
    assert lines[2] == "no hash (reason not-ip): unclassified queue 0"


def test_headers_that_the_capture_cut_say_so(tmp_path):
    lines = lines_of(explained(tmp_path, FRAME[:30], len(FRAME)))
    assert "     14  IPv4, 20 bytes: captured in part" in lines
    assert "     30    destination      not captured" in lines


def test_a_device_without_receive_queues(tmp_path):
    explanation = explained(tmp_path, FRAME, features="CTRL_VQ+HASH_REPORT+HASH_TUNNEL")
    assert lines_of(explanation)[2].endswith("over the outer header, TCPv4")
    document = document_of(explanation)
    assert document["table_index"] is None
    assert document["queue"] is None


def test_the_document_has_every_byte_of_the_hash_input(tmp_path):
    document = document_of(explained(tmp_path, FRAME, queues=3))
    fields = document["input_fields"]
    assert "".join(field["bytes"] for field in fields) == document["hash_input"]
    for field in fields:
        start = field["packet_offset"]
        assert FRAME[start : start + field["length"]].hex() == field["bytes"]
    for header in document["headers"]:
        for field in header["fields"]:
            assert FRAME[field["offset"] : field["offset"] + field["length"]].hex() == field["bytes"]
    assert document["table_index"] == int(document["hash_value"], 16) % 128
    assert document["queue"] == document["table_index"] % 3
    assert [other["config"] for other in document["others"]] == ["outer-addresses", "outer"]


def test_transformed_bytes_have_no_place_in_the_packet(tmp_path):
    explanation = explained(tmp_path, FRAME, input_transform="symmetric-xor")
    assert {field["packet_offset"] for field in document_of(explanation)["input_fields"]} == {None}
    assert any(line.endswith("XOR of addresses  source ^ destination") for line in lines_of(explanation))


@pytest.mark.parametrize(
    ("captured", "original_length", "said", "facts"),
    [
        (
            30,
            len(FRAME),
            "the dissection stops at the outer IPv4 header at byte 14: 20 bytes are needed, and 16 are captured "
            "(captured length 30).",
            {"layer": "ipv4", "offset": 14, "needed": 20, "available": 16, "limit": "captured length"},
        ),
        (
            30,
            30,
            "the dissection stops at the outer IPv4 header at byte 14: 20 bytes are needed, and the packet has 16 left "
            "(original length 30).",
            {"layer": "ipv4", "offset": 14, "needed": 20, "available": 16, "limit": "original length"},
        ),
        (
            36,
            len(FRAME),
            "the dissection stops at the outer TCP ports at byte 34: 4 bytes are needed, and 2 are captured "
            "(captured length 36).",
            {"layer": "transport", "offset": 34, "needed": 4, "available": 2, "value": 6, "reason": "captured_end"},
        ),
    ],
)
def test_where_the_dissection_stops_for_want_of_bytes(tmp_path, captured, original_length, said, facts):
    explanation = explained(tmp_path, FRAME[:captured], original_length)
    assert f"  {said}" in lines_of(explanation)
    stop = document_of(explanation)["stop"]
    assert facts.items() <= stop.items()


def test_where_the_dissection_stops_by_a_rule(tmp_path):
    explanation = explained(tmp_path, builders.ethernet(builders.arp(), builders.ARP))
    said = "the dissection stops at the outer Ethernet header at byte 0: EtherType 0x0806 (ARP) is not IP."
    assert f"  {said}" in lines_of(explanation)
    assert document_of(explanation)["stop"] == {
        "part": "outer",
        "layer": "ethernet",
        "offset": 0,
        "needed": 14,
        "available": None,
        "limit": "",
        "reason": "not_ip_type",
        "value": 0x0806,
    }


def test_a_dissection_that_reads_the_ports_does_not_stop(tmp_path):
    explanation = explained(tmp_path, FRAME)
    assert document_of(explanation)["stop"] is None
    assert not any("the dissection stops" in line for line in lines_of(explanation))


@pytest.mark.parametrize("reason", [reason for reason in StopReason if reason != StopReason.NONE])
@pytest.mark.parametrize("layer", Layer)
def test_every_stop_has_words(layer, reason):
    step = TraceStep("inner", layer, 54, 8, 8, 60, reason, 57)
    assert stop_words(step).startswith("the dissection stops at the inner ")
    assert set(stop_document(step)) == {
        "part", "layer", "offset", "needed", "available", "limit", "reason", "value",
    }  # fmt: skip
