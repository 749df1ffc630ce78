"""What `analyze` writes: columns, totals that agree with `hashes`, the figure, JSON."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from pcaphash.cli import app
from support.shared import ROOT

OVERLAY = str(ROOT / "sample_traces" / "overlay.pcap")
DISTRIBUTION = ["config", "queue", "packets", "bytes", "packet_share", "byte_share"]
SUMMARY = [
    *("config", "spec", "hash_types", "tunnel_types", "packets", "hashed", "unhashed", "unknown", "queues_used"),
    *("max_ideal_packets", "min_ideal_packets", "min_max_packets", "jain_packets", "cov_packets", "entropy_packets"),
    *("max_ideal_bytes", "min_ideal_bytes", "min_max_bytes", "jain_bytes", "cov_bytes", "entropy_bytes"),
]


def run(*arguments):
    result = CliRunner().invoke(app, ["analyze", *arguments], catch_exceptions=False, env={"COLUMNS": "80"})
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results") / "new"
    run(OVERLAY, "--output", str(folder))
    return folder


def test_the_folder_holds_both_tables_and_the_figure(folder):
    assert sorted(path.name for path in folder.iterdir()) == ["distribution.csv", "distribution.png", "summary.csv"]
    assert list(pd.read_csv(folder / "distribution.csv")) == DISTRIBUTION
    assert list(pd.read_csv(folder / "summary.csv")) == SUMMARY
    assert (folder / "distribution.png").read_bytes().startswith(b"\x89PNG")


def test_shares_and_counts_add_up(folder):
    distribution = pd.read_csv(folder / "distribution.csv")
    summary = pd.read_csv(folder / "summary.csv").set_index("config")
    for config, rows in distribution.groupby("config"):
        assert list(rows["queue"]) == list(range(8))
        assert rows["packet_share"].sum() == pytest.approx(1)
        assert rows["byte_share"].sum() == pytest.approx(1)
        assert rows["packets"].sum() == summary.loc[config, ["hashed", "unhashed"]].sum()
        assert summary.loc[config, ["hashed", "unhashed", "unknown"]].sum() == summary.loc[config, "packets"]
    assert list(summary.index) == ["outer-addresses", "outer", "inner"]


def test_the_overlay_tells_its_story(folder):
    summary = pd.read_csv(folder / "summary.csv").set_index("config")
    above_ideal = summary["max_ideal_packets"]
    assert above_ideal["outer-addresses"] > 2
    assert 0.5 < above_ideal["outer"] < above_ideal["outer-addresses"]
    assert above_ideal["inner"] < 0.15


def test_csv_and_json_on_standard_output_agree_with_the_files(folder):
    assert run(OVERLAY, "--format", "csv") == (folder / "distribution.csv").read_text()
    document = json.loads(run(OVERLAY, "--format", "json"))
    assert [row["packets"] for row in document["distribution"]] == list(
        pd.read_csv(folder / "distribution.csv")["packets"]
    )
    assert document["packets"] == 6060
    assert document["partial"] is False


def test_a_ratio_to_an_empty_queue_is_an_empty_cell(tmp_path):
    run(OVERLAY, "--queues", "64", "--config", "few=addresses", "--output", str(tmp_path))
    summary = pd.read_csv(tmp_path / "summary.csv")
    assert (pd.read_csv(tmp_path / "distribution.csv")["packets"] == 0).any()
    assert summary["min_max_packets"].isna().all()
    assert summary["min_ideal_packets"].tolist() == [1.0]
    (row,) = json.loads(run(OVERLAY, "--queues", "64", "--config", "few=addresses", "--format", "json"))["summary"]
    assert row["min_max_packets"] is None


def test_tables_fit_eighty_columns():
    text = run(OVERLAY, "--config", "a-rather-long-name=linux", "--config", "b=all", "--config", "c=none")
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text


def test_without_rss_there_is_a_hash_but_no_queue():
    features = ["--features", "CTRL_VQ+HASH_REPORT+HASH_TUNNEL"]
    assert "no RSS" in run(OVERLAY, *features)
    assert run(OVERLAY, *features, "--format", "csv").splitlines() == [",".join(DISTRIBUTION)]
    document = json.loads(run(OVERLAY, *features, "--format", "json"))
    assert document["summary"][0]["hashed"] == 6048


def test_options_of_a_file_give_way_to_the_command_line(tmp_path):
    options = tmp_path / "device.toml"
    options.write_text('queues = 4\nhash_types = "linux"\nunclassified_queue = 3\n')
    rows = run(OVERLAY, "--device", str(options), "--format", "csv").splitlines()[1:]
    assert len(rows) == 4
    rows = run(OVERLAY, "--device", str(options), "--queues", "5", "--format", "csv").splitlines()[1:]
    assert len(rows) == 5


def test_what_was_given_is_not_called_assumed():
    shown = " ".join(run(OVERLAY, "--queues", "8", "--key", "microsoft").split())
    given, assumed = shown.partition(" configurations ")[0].partition("given: ")[2].split(" assumed: ")
    assert given == "key Microsoft's published key; queues 8"
    assert "queues" not in assumed
    assert "key" not in assumed
