"""What an explanation looks like: colours that tie bytes to fields, lines as wide as the terminal, one JSON object."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from pcaphash.device import Device
from pcaphash.report import explain as report
from pcaphash.report.explain import write_explanation
from pcaphash.studies.explain import Explanation, explain
from support import builders
from support.captures import pcap, pcap_record

FRAME = builders.ethernet(builders.ipv4(builders.tcp(b"", 1000, 80), builders.TCP), builders.IPV4)
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
