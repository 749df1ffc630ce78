"""The command ``explain``: a tree for readers, one object for programs, one line for what is wrong."""

import json

import pytest

import pcaphash
from support.command import complaints, run
from support.shared import ROOT

OVERLAY = ROOT / "sample_traces" / "overlay.pcap"


def test_a_tree():
    result = run("explain", OVERLAY, "--packet", "2")
    assert result.returncode == 0
    text = result.stdout.decode()
    parts = [
        "packet 2 of ",
        "headers, by byte offset",
        "rules, in the order they apply",
        "\nhash input, ",
        "\nthe device",
    ]
    assert [text.index(part) for part in parts] == sorted(text.index(part) for part in parts)
    assert "\x1b" not in text  # no terminal, no colours


def test_json():
    document = json.loads(run("explain", OVERLAY, "--packet", "2", "--format", "json", "--queues", "4").stdout)
    row = pcaphash.hashes(OVERLAY, pcaphash.Device(queues=4)).iloc[1]
    for column in ("hash_value", "queue", "hash_input", "hash_report", "hash_report_tunnel", "encapsulation", "reason"):
        assert document[column] == row[column]
    assert document["steps"][0]["rule"] == "outer link layer"


def test_named_configurations_are_compared():
    words = ("--config", "mine=linux", "--config", "other=addresses@symmetric")
    text = run("explain", OVERLAY, "--packet", "2", *words).stdout.decode()
    compared = text.partition("other configurations")[2]
    assert "mine: " in compared
    assert "other: " in compared


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--packet", "6061"), "has no packet 6,061: there are 6,060"),
        (("--packet", "0"), "packets are counted from 1"),
        (("--packet", "-1"), "packets are counted from 1"),
        (("--packet", "x"), "--packet"),
        ((), "--packet"),
        (("--packet", "1", "--format", "csv"), "--format"),
    ],
)
def test_what_is_wrong_takes_one_line(words, said):
    result = run("explain", OVERLAY, *words)
    assert result.returncode == 2
    (line,) = complaints(result)
    assert said in line
    assert result.stdout == b""


def test_files_that_cannot_be_read(tmp_path):
    (tmp_path / "text.pcap").write_text("no capture at all")
    for path, said in (("missing.pcap", "missing.pcap"), (tmp_path, "is a directory"), ("text.pcap", "is text")):
        result = run("explain", tmp_path / path, "--packet", "1")
        assert result.returncode == 4
        (line,) = complaints(result)
        assert said in line
        assert result.stdout == b""


def test_standard_input():
    result = run("explain", "-", "--packet", "2", stdin=OVERLAY.read_bytes())
    assert result.returncode == 0
    expected = run("explain", OVERLAY, "--packet", "2").stdout
    assert result.stdout.splitlines()[1:] == expected.splitlines()[1:]
