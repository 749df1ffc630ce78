"""``compare`` on the command line: the verdict first, every table, one clear line for what is wrong."""

import csv
import json
from pathlib import Path

import pytest

from support.command import complaints, run
from support.shared import ROOT
from support.traffic import flows, plain, write

OVERLAY = ROOT / "sample_traces" / "overlay.pcap"


def words_of(result) -> str:
    """Return what was written, however it was wrapped."""
    return " ".join(result.stdout.decode().split())


def test_the_verdict_comes_first():
    result = run("compare", OVERLAY)
    assert (result.returncode, complaints(result)) == (0, [])
    text = words_of(result)
    assert text.index("The hash is fine") < text.index("packets per receive queue")
    for part in ("95% of ideal hashes", "192.0.2.13 > 198.51.100.10 VXLAN 1", "chi-square", "of the queue: "):
        assert part in text


@pytest.mark.slow
def test_the_folder_holds_every_table(tmp_path):
    result = run("compare", OVERLAY, "--window", "1s", "-o", tmp_path / "new")
    assert result.returncode == 0
    files = (tmp_path / "new").glob("*.csv")
    tables = {path.stem: list(csv.DictReader(path.read_text().splitlines())) for path in files}
    assert set(tables) == {"distribution", "summary", "baseline", "groups", "flows", "affinity", "windows"}
    assert all(tables.values())
    assert (tmp_path / "new" / "verdict.txt").read_text().startswith("The hash is fine")
    by_queue = {row["queue"]: int(row["packets"]) for row in tables["distribution"] if row["config"] == "inner"}
    for queue, packets in by_queue.items():
        found = [row for row in tables["windows"] if (row["config"], row["queue"]) == ("inner", queue)]
        assert sum(int(row["packets"]) for row in found) == packets


def test_json_has_everything():
    document = json.loads(run("compare", OVERLAY, "--format", "json", "--window", "500ms").stdout)
    analysis = json.loads(run("analyze", OVERLAY, "--format", "json").stdout)
    assert {name: document[name] for name in analysis} == analysis
    assert [each["cause"] for each in document["verdict"]["findings"]] == ["few-inputs", "few-inputs", "even"]
    assert len(document["flows"]) == 60
    assert document["flows_kept_share"] == 1
    assert len({row["window_start_ns"] for row in document["windows"]}) > 4


def test_two_configurations_of_different_keys(tmp_path):
    trace = write(tmp_path / "flows.pcapng", [plain(flow) for flow in flows(500)])
    result = run("compare", trace, "--config", f"zero=all@{'00' * 40}", "--config", "microsoft=all")
    assert "The hash is at fault: it does worse than chance under zero. microsoft would help" in words_of(result)
    assert "zero: 1 of 8 receive queues carries 100% of packets." in words_of(result)


def test_an_empty_trace_is_no_error(tmp_path):
    result = run("compare", write(tmp_path / "empty.pcapng", []), "--window", "1s")
    assert (result.returncode, complaints(result)) == (0, [])
    assert b"There is nothing to spread: there are no packets." in result.stdout


def test_flows_that_were_lumped_are_said():
    assert "raise --max-flows" in words_of(run("compare", OVERLAY, "--max-flows", 100))


def test_a_saved_census_says_what_is_missing(tmp_path):
    saved = tmp_path / "overlay.census"
    assert run("census", OVERLAY, "-o", saved).returncode == 0
    result = run("compare", saved)
    assert result.returncode == 0
    assert "a saved census has no flows" in words_of(result)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--window", "soon"), "--window: 'soon'"),
        (("--format", "csv"), "--format"),
        (("--max-flows", "0"), "--max-flows"),
        (("--heaviest", "-1"), "--heaviest"),
        (("--window", "1ns"), None),
    ],
)
def test_what_is_wrong_takes_one_line(words, said):
    result = run("compare", OVERLAY, *words)
    if said is None:
        assert result.returncode == 0
        return
    assert (result.returncode, result.stdout) == (2, b"")
    (complaint,) = complaints(result)
    assert said in complaint


def test_a_cut_trace_is_partial(tmp_path):
    trace = tmp_path / "cut.pcap"
    trace.write_bytes(Path(OVERLAY).read_bytes()[:-7])
    result = run("compare", trace)
    assert result.returncode == 3
    assert b"The hash is fine" in result.stdout


def test_hash_types_of_a_file_stand_beside_the_usual_configurations(tmp_path):
    device = tmp_path / "device.toml"
    device.write_text('hash_types = "IPv4+TCPv4"\nqueues = 4\n')
    found = json.loads(run("compare", OVERLAY, "--device", device, "--format", "json").stdout)
    names = [each["name"] for each in found["configurations"]]
    assert names == ["given", "outer-addresses", "outer", "inner"]
    assert {each["device"]["queues"] for each in found["configurations"]} == {4}
    device.write_text('hash_types = "base"\n')  # which is one of the usual ones
    found = json.loads(run("compare", OVERLAY, "--device", device, "--format", "json").stdout)
    assert [each["name"] for each in found["configurations"]] == ["given", "outer-addresses", "inner"]
    found = json.loads(run("compare", OVERLAY, "--hash-types", "base", "--format", "json").stdout)
    assert [each["name"] for each in found["configurations"]] == ["given"]
