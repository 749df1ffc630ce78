"""``sweep`` on the command line: what it writes where, and one clear line for what is wrong."""

import csv
import io
import json
import subprocess
import sys

import pytest

from support.command import complaints, run
from support.shared import ROOT

SAMPLES = ROOT / "sample_traces"
TRACE = SAMPLES / "geneve.pcap"


def rows_of(result):
    assert result.returncode == 0, result.stderr
    return list(csv.DictReader(io.StringIO(result.stdout.decode())))


def text_of(result):
    """Give what is shown as one line, wherever it was wrapped."""
    return " ".join(result.stdout.decode().split())


def test_csv_has_every_mask_as_analyze_has_it():
    options = ("--queues", 4, "-c", 9, "--format")
    rows = rows_of(run("sweep", TRACE, *options, "csv"))
    assert len(rows) == 4096
    assert len({row["mask"] for row in rows}) == 4096
    for row in (rows[0], rows[1000]):
        results = json.loads(run("analyze", TRACE, "--hash-types", row["mask"], *options, "json").stdout)
        (alone,) = results["summary"]
        del alone["config"]
        assert alone["packets"] == 9
        found = {name: row[name] for name in alone}
        assert found == {name: "" if value is None else str(value) for name, value in alone.items()}


def test_the_table_does_not_wait_for_pandas():
    command = [sys.executable, "-X", "importtime", "-m", "pcaphash", "sweep", str(TRACE)]
    imported = subprocess.run(command, capture_output=True, timeout=300, check=True).stderr.decode()
    assert "pcaphash.report.sweep.text" in imported
    assert "pandas" not in imported


def test_virtio_1_4_has_rows_for_the_tunnel_types_that_differ():
    rows = rows_of(run("sweep", TRACE, "--spec", "1.4", "--format", "csv"))
    assert {row["tunnel_types"] for row in rows} == {"none", "GENEVE"}
    assert len(rows) == 2 * 512


def test_given_types_are_marked():
    assert b"given)" in run("sweep", TRACE, "--hash-types", "UDPv6+IP_EX").stdout
    assert b"given)" not in run("sweep", TRACE).stdout


@pytest.mark.parametrize("format_", ["table", "csv", "json"])
def test_a_saved_census_gives_the_same_bytes(tmp_path, format_):
    saved = tmp_path / "saved.census"
    options = ("--key", "01" * 40, "--geneve-port", "6081")
    assert run("census", TRACE, *options, "-o", saved).returncode == 0
    from_census = run("sweep", saved, "--format", format_)
    assert from_census.stdout == run("sweep", TRACE, *options, "--format", format_).stdout
    assert from_census.returncode == 0


def test_a_folder_gets_tables_and_figure(tmp_path):
    result = run("sweep", TRACE, "--by", "cov_bytes", "-o", tmp_path / "new")
    assert result.returncode == 0
    assert "the best classes by cov_bytes" in text_of(result)
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["classes.csv", "sweep.csv", "sweep.png"]
    assert result.stderr.decode().count("wrote ") == 3


def test_a_trace_without_packets_is_told_and_no_failure(tmp_path):
    empty = tmp_path / "empty.pcap"
    empty.write_bytes(TRACE.read_bytes()[:24])
    result = run("sweep", empty)
    assert (result.returncode, complaints(result)) == (0, [])
    assert b"There is nothing to spread: there are no packets." in result.stdout
    assert len(rows_of(run("sweep", empty, "--format", "csv"))) == 4096


def test_a_trace_without_ip_is_told_and_no_failure(tmp_path):
    trace = tmp_path / "lldp.pcap"
    frame = bytes(12) + b"\x88\xcc" + bytes(46)
    record = bytes(8) + len(frame).to_bytes(4, "little") * 2 + frame
    trace.write_bytes(bytes.fromhex("d4c3b2a1 0200 0400 00000000 00000000 ffff0000 01000000") + record * 3)
    result = run("sweep", trace, "-o", tmp_path / "new")
    assert (result.returncode, result.stderr.decode().count("wrote ")) == (0, 3)
    assert "There is nothing to spread: no packet gets a hash. 3 packets go to the unclassified queue." in text_of(
        result
    )


def test_what_is_wrong_takes_one_line(tmp_path):
    for words, status, said in [
        ((TRACE, "--by", "jane_packets"), 2, "--by: 'jane_packets' is not known; did you mean jain_packets?"),
        ((TRACE, "--by", "speed"), 2, "--by: 'speed' is not known; use max_ideal_packets, "),
        ((TRACE, "--format", "xml"), 2, "--format: 'xml' is not available here"),
        ((TRACE, "-o", TRACE), 2, "geneve.pcap cannot be written"),
        ((TRACE, "--hash-types", "TCPv5"), 2, "--hash-types: "),
        (("-", "-"), 2, "TRACE: standard input is given twice"),
        ((tmp_path / "absent.pcap",), 4, "absent.pcap"),
        ((TRACE, "--vni", 4242424), 2, "--vni 4242424: none of the"),
    ]:
        result = run("sweep", *words)
        assert (result.returncode, result.stdout) == (status, b""), words
        (complaint,) = complaints(result)
        assert said in complaint, (words, complaint)
