"""Several traces, folders of them, and the names of files that results go to."""

import gzip
import json
import lzma

import pandas as pd
import pytest

from support.command import complaints, run
from support.shared import ROOT

SAMPLES = ROOT / "sample_traces"
VXLAN, MICROSOFT = SAMPLES / "vxlan.pcap", SAMPLES / "microsoft.pcap"


@pytest.fixture
def folder(tmp_path):
    """Make a folder of rotated captures, one below another folder, one compressed, one named oddly, and a note."""
    place = tmp_path / "captures"
    (place / "older").mkdir(parents=True)
    for i in range(1, 4):
        (place / f"trace_0000{i}_20240501.pcap").write_bytes(VXLAN.read_bytes())
    (place / "older" / "trace.pcap7").write_bytes(MICROSOFT.read_bytes())
    (place / "packed.xz").write_bytes(lzma.compress(MICROSOFT.read_bytes()))
    (place / "dump").write_bytes(MICROSOFT.read_bytes())
    (place / "notes.txt").write_text("Monday\n")
    return place


def test_a_folder_stands_for_the_captures_in_it(folder):
    result = run("hashes", folder)
    assert result.returncode == 0
    assert [line.split("warning: ")[1] for line in complaints(result)] == [
        f"{folder}: 1 file is not a capture and was left out"
    ]
    traces = [line.split(",")[0].removeprefix(f"{folder}/") for line in result.stdout.decode().splitlines()]
    names = ["dump", "older/trace.pcap7", "packed.xz", *(f"trace_0000{i}_20240501.pcap" for i in range(1, 4))]
    assert list(dict.fromkeys(traces)) == ["trace", *names]
    for words in (
        ["analyze", "--format", "csv"],
        ["sweep", "--format", "csv"],
        ["tune", "--keys", "5", "--format", "json"],
    ):
        apart = run(*words, *(folder / name for name in names))
        assert run(*words, folder).stdout == apart.stdout


def test_a_folder_without_captures(tmp_path):
    (tmp_path / "notes.txt").write_text("Monday\n")
    for command in ("info", "hashes", "analyze"):
        result = run(command, tmp_path)
        assert result.returncode == 4
        assert f"{tmp_path} is a folder without a capture" in complaints(result)[0]


def test_rows_of_several_traces_are_those_of_each(tmp_path):
    both = tmp_path / "both.csv"
    assert run("hashes", VXLAN, MICROSOFT, "-o", both).returncode == 0
    rows = pd.read_csv(both, dtype=str, keep_default_na=False)
    for trace in (VXLAN, MICROSOFT):
        alone = pd.read_csv(pd.io.common.BytesIO(run("hashes", trace).stdout), dtype=str, keep_default_na=False)
        of_trace = rows[rows["trace"] == str(trace)].drop(columns="trace").reset_index(drop=True)
        pd.testing.assert_frame_equal(of_trace, alone)


def test_info_shows_a_row_for_each_file_and_details_on_request(folder):
    text = run("info", folder).stdout.decode()
    assert "\n6 files in " in text
    rows = [line for line in text.splitlines() if "trace_0000" in line and "24" in line]
    assert len(rows) == 3
    assert "snap length" not in text
    assert run("info", folder, "-v").stdout.decode().count("snap length") == 6
    assert "snap length" in run("info", VXLAN).stdout.decode()


def test_equal_warnings_of_many_files_are_one(tmp_path):
    for i in range(300):
        (tmp_path / f"trace_{i:05}_20240501.pcap").write_bytes(VXLAN.read_bytes()[: 510 if i % 2 else None])
    for words in (["info"], ["analyze"], ["hashes", "-o", tmp_path / "rows.csv"]):
        result = run(*words, tmp_path)
        assert result.returncode == 3
        lines = complaints(result)
        assert len(lines) <= 4, lines
        told = next(line for line in lines if "150 traces have this problem, the first of them: " in line)
        assert "the file ends within a record" in told
    result = run("analyze", *(tmp_path / f"trace_{i:05}_20240501.pcap" for i in (1, 3)))
    assert sum("byte" in line for line in complaints(result)) == 2


@pytest.mark.slow
def test_the_name_of_the_file_chooses_the_format(tmp_path):
    expected = run("hashes", MICROSOFT).stdout
    rows = pd.read_csv(pd.io.common.BytesIO(expected), keep_default_na=False)
    for name in ("h.csv", "h.parquet", "h.jsonl", "h.ndjson", "h.json", "h.md", "h.csv.gz", "h.jsonl.gz", "h", "h.out"):
        assert run("hashes", MICROSOFT, "-o", tmp_path / name).returncode == 0
    assert pd.read_parquet(tmp_path / "h.parquet")["hash_value"].tolist() == rows["hash_value"].tolist()
    for name in ("h.csv", "h", "h.out"):
        assert (tmp_path / name).read_bytes() == expected
    assert gzip.decompress((tmp_path / "h.csv.gz").read_bytes()) == expected
    lines = [json.loads(line) for line in (tmp_path / "h.jsonl").read_text().splitlines()]
    assert [line["hash_value"] for line in lines] == rows["hash_value"].tolist()
    assert (tmp_path / "h.ndjson").read_bytes() == (tmp_path / "h.jsonl").read_bytes()
    assert gzip.decompress((tmp_path / "h.jsonl.gz").read_bytes()) == (tmp_path / "h.jsonl").read_bytes()
    assert json.loads((tmp_path / "h.json").read_text()) == lines
    assert (tmp_path / "h.md").read_text().startswith("| packet |")


def test_what_is_written_as_parquet_can_be_validated(tmp_path):
    path = tmp_path / "h.parquet"
    assert run("hashes", MICROSOFT, "-o", path).returncode == 0
    assert run("validate", MICROSOFT, "--reported", path).returncode == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-o", "h.parquet", "--format", "csv"], "--format: csv contradicts the name of h.parquet, which says parquet"),
        (["-o", "h.csv", "--format", "json"], "--format: json contradicts the name of h.csv, which says csv"),
        (["-o", "h.tsv"], "--output: h.tsv: .tsv is not a format that can be written here; name it .csv"),
        (["-o", "h.parquet.gz"], "--output: h.parquet.gz: parquet is already compressed"),
    ],
)
def test_what_contradicts_itself_is_refused(tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    result = run("hashes", MICROSOFT, *words)
    assert result.returncode == 2
    assert said in complaints(result)[0]
    assert list(tmp_path.iterdir()) == []


def test_a_format_that_the_name_does_not_contradict(tmp_path):
    for name, format_ in (("h.parquet", "parquet"), ("h.txt", "markdown")):
        assert run("hashes", MICROSOFT, "-o", tmp_path / name, "--format", format_).returncode == 0
    assert (tmp_path / "h.parquet").read_bytes().startswith(b"PAR1")
    assert (tmp_path / "h.txt").read_text().startswith("| packet |")


def test_numbers_in_names_are_in_order(tmp_path):
    names = [f"trace.pcap{number}" for number in (9, 10, 2, 100, 1)]
    for name in names:
        (tmp_path / name).write_bytes(MICROSOFT.read_bytes())
    rows = run("hashes", tmp_path, "--format", "csv").stdout.decode().splitlines()[1:]
    found = list(dict.fromkeys(row.split(",")[0].rpartition("pcap")[2] for row in rows))
    assert found == ["1", "2", "9", "10", "100"]


def test_totals_come_before_the_files(folder):
    lines = run("info", folder).stdout.decode().splitlines()
    assert lines[0].startswith("120 packets, ")
    assert next(i for i, line in enumerate(lines) if line.startswith("6 files in ")) > 5
