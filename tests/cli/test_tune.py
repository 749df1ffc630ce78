"""``tune`` on the command line: what it writes where, and one clear line for what is wrong."""

import csv
import json

import pytest

from support.command import complaints, run
from support.shared import ROOT

SAMPLES = ROOT / "sample_traces"
TRACE = SAMPLES / "overlay.pcap"
FEW = ("--keys", 20)


def test_json_has_the_facts_and_the_words_that_the_table_has():
    shown = run("tune", TRACE, *FEW)
    assert (shown.returncode, complaints(shown)) == (0, [])
    text = " ".join(shown.stdout.decode().split())
    document = json.loads(run("tune", TRACE, *FEW, "--format", "json").stdout)
    verdict, advice, current = document["verdict"], document["advice"], document["current_key"]
    assert (verdict["cause"], verdict["facts"]["why"], verdict["cautions"]) == ("little", "as-chance", [])
    assert verdict["facts"]["current"] == {part: current[part] for part in ("choosing", "judging")}
    assert verdict["facts"]["ideal"] == document["ideal"]
    assert (advice["key"], advice["entries_moved"], advice["ethtool_table"]) == ("current", 116, None)
    assert document["rss_config"].startswith("ff0f00007f000000")
    for line in [verdict["headline"], *verdict["lines"], *advice["texts"][:-1]]:
        assert line in text


def test_a_bad_key_is_replaced_on_the_line_for_ethtool():
    document = json.loads(run("tune", TRACE, *FEW, "--key", "00" * 40, "--format", "json").stdout)
    assert (document["verdict"]["cause"], document["advice"]["key"]) == ("key", "best")
    assert [each["kind"] for each in document["verdict"]["cautions"]] == ["zero-key"]
    best = document["best_key"]
    assert f"hkey {bytes.fromhex(best['key']).hex(':')}" in document["ethtool"]
    assert best["judging"] < document["current_key"]["judging"]
    # What it proposes is what analyze then says.
    table = ",".join(map(str, document["rebalanced"]["table"]))
    options = ("--key", best["key"], "--indirection-table", table, "--hash-types", "all", "--format", "json")
    (row,) = json.loads(run("analyze", TRACE, *options).stdout)["summary"]
    assert row["max_ideal_packets"] == pytest.approx(document["rebalanced"]["all"])


def test_the_payload_is_taken_back_as_it_was_meant(tmp_path):
    assert run("tune", TRACE, *FEW, "-o", tmp_path).returncode == 0
    with (tmp_path / "table.csv").open() as stream:
        table = [row["rebalanced"] for row in csv.DictReader(stream)]
    analyzed = run("analyze", TRACE, "--rss-config", tmp_path / "rss_config.bin", "--format", "json")
    device = json.loads(analyzed.stdout)["configurations"][0]["device"]
    assert device["indirection_table"] == list(map(int, table))
    assert bytes.fromhex((tmp_path / "rss_config.hex").read_text()) == (tmp_path / "rss_config.bin").read_bytes()


def test_a_folder_gets_every_key_and_the_verdict(tmp_path):
    result = run("tune", TRACE, *FEW, "--measure", "cov_bytes", "-o", tmp_path / "new")
    assert (result.returncode, result.stderr.decode().count("wrote ")) == (0, 7)
    with (tmp_path / "new" / "keys.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len({row["key"] for row in rows}) == len(rows) == 21
    values = [float(row["choosing_cov_bytes"]) for row in rows]
    assert values == sorted(values)
    assert [row["origin"] for row in rows].count("current") == 1
    lines = (tmp_path / "new" / "verdict.txt").read_text().splitlines()
    assert lines[0].startswith("Keep the current key: it does as well as ideal hashes. On the flows not used to ")
    assert lines[-1].startswith("RSS_CONFIG with the current key")


def test_a_trace_without_packets_is_told_and_no_failure(tmp_path):
    empty = tmp_path / "empty.pcap"
    empty.write_bytes(TRACE.read_bytes()[:24])
    for format_ in ("table", "json"):
        result = run("tune", empty, *FEW, "--format", format_, "-o", tmp_path / "new")
        assert (result.returncode, result.stderr.decode().count("wrote ")) == (0, 7)
        assert b"There is nothing to tune: there are no packets." in result.stdout
        assert len((tmp_path / "new" / "verdict.txt").read_text().splitlines()) == 1  # nothing is proposed either


def test_of_a_saved_census_the_table_is_tuned(tmp_path):
    saved = tmp_path / "saved.census"
    assert run("census", TRACE, "-o", saved).returncode == 0
    of_trace = json.loads(run("tune", TRACE, *FEW, "--format", "json").stdout)
    of_census = json.loads(run("tune", saved, "--format", "json", "-o", tmp_path / "new").stdout)
    assert of_census["verdict"]["cause"] == "no-flows"
    assert of_census["verdict"]["facts"] == {
        "measure": "max_ideal_packets", "current": of_census["current_key"]["all"],
        "rebalanced": of_census["rebalanced"]["all"], "is_gain": True,
    }  # fmt: skip
    assert (of_census["hash_inputs"], of_census["best_key"], of_census["keys_tried"]) == (None, None, 0)
    assert of_census["rebalanced"] == of_trace["rebalanced"] | {"judging": None}
    assert of_census["weighted"] == of_trace["weighted"] | {"judging": None}
    assert of_census["current_key"]["all"] == of_trace["current_key"]["all"]
    assert (
        of_census["rss_config"] == of_trace["rss_config"] == (tmp_path / "new" / "rss_config.hex").read_text().strip()
    )
    shown = run("tune", saved).stdout.decode()
    assert shown.startswith("A saved census has no flows, so hash keys cannot be tried")
    assert "ethtool -X" not in shown
    assert "RSS_CONFIG" not in shown
    assert "nan" not in shown


def test_what_is_wrong_takes_one_line(tmp_path):
    for words, status, said in [
        ((TRACE, "--measure", "speed"), 2, "--measure: 'speed' is not known"),
        ((TRACE, "--keys", 0), 2, "--keys"),
        ((TRACE, "--format", "csv"), 2, "--format: 'csv' is not available here"),
        ((TRACE, "-o", TRACE), 2, "overlay.pcap cannot be written"),
        ((TRACE, "--features", "CTRL_VQ+HASH_REPORT"), 2, "--features: without the RSS feature"),
        (
            (TRACE, "--indirection-table-size", 96, "--table-index", "modulo"),
            2,
            "--table-index: keys can be tried only",
        ),
        ((tmp_path / "absent.pcap",), 4, "absent.pcap"),
    ]:
        result = run("tune", *words)
        assert (result.returncode, result.stdout) == (status, b""), words
        (complaint,) = complaints(result)
        assert said in complaint, (words, complaint)


def test_with_one_queue_there_is_nothing_to_tune(tmp_path):
    saved = tmp_path / "saved.census"
    assert run("census", TRACE, "-o", saved).returncode == 0
    for words in ((TRACE, *FEW), (saved,)):
        result = run("tune", *words, "--queues", 1, "-o", tmp_path / "new")
        assert result.returncode == 0, result.stderr
        assert result.stdout.startswith(b"There is nothing to tune: there is only one receive queue.")
        json.loads(run("tune", *words, "--queues", 1, "--format", "json").stdout)
