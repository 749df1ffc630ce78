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


def test_names_with_line_ends_are_written_on_one_line(tmp_path):
    (tmp_path / "two\nlines \x1b[31m.pcap").write_bytes(VXLAN.read_bytes()[:-1])
    (tmp_path / "no\rcapture.pcap").write_bytes(b"Monday\n")
    lines = [line.removeprefix("pcaphash: warning: ") for line in complaints(run("analyze", tmp_path))]
    assert any(line.startswith(f"{tmp_path}/two\\nlines \\x1b[31m.pcap: byte ") for line in lines)
    assert any(line.startswith(f"{tmp_path}/no\\rcapture.pcap ") for line in lines)
    (line,) = complaints(run("analyze", tmp_path / "no\rcapture.pcap"))
    assert "no\\rcapture.pcap is text" in line


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
    for name in ("h.csv", "h.parquet", "h.jsonl", "h.ndjson", "h.json", "h.md", "h.csv.gz", "h.jsonl.gz", "h"):
        assert run("hashes", MICROSOFT, "-o", tmp_path / name).returncode == 0
    assert run("hashes", MICROSOFT, "-o", tmp_path / "h.out", "--format", "csv").returncode == 0
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
        (["-o", "h.txt"], "name it .csv, .jsonl, .ndjson, .json, .md, .parquet, or add --format"),
        (["-o", "h.csv.zst"], "--output: h.csv.zst: .zst is not a format that can be written here"),
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


def test_names_come_from_a_list(folder, tmp_path):
    names = sorted(folder.glob("trace_*"))
    expected = run("analyze", *names, MICROSOFT, "--format", "csv").stdout
    (tmp_path / "lines").write_text(f"{MICROSOFT}\n\n" + "".join(f"{name}\r\n" for name in names))
    assert run("analyze", "--files-from", tmp_path / "lines", "--format", "csv").stdout == expected
    listed = b"".join(f"{name}\0".encode() for name in names)
    assert run("analyze", MICROSOFT, "--files-from", "-", "--format", "csv", stdin=listed).stdout == expected
    for command in ("compare", "sweep", "tune", "info", "hashes"):
        words = ["--keys", "5"] if command == "tune" else []
        whole = run(command, MICROSOFT, *names, *words).stdout
        assert run(command, MICROSOFT, "--files-from", "-", *words, stdin=listed).stdout == whole, command


@pytest.mark.parametrize(
    ("words", "stdin", "said"),
    [
        (
            ["--files-from", "nothing"],
            b"",
            "--files-from: nothing cannot be read: No such file or directory; ",
        ),
        (["--files-from", "-"], b"\n", "--files-from: standard input names no trace; write one path a line"),
        (["-", "--files-from", "-"], b"a\n", "--files-from: standard input is also a trace; it can be read only once"),
        ([], b"", "TRACE: none is given; name a capture, or - for standard input"),
    ],
)
def test_lists_that_are_none(words, stdin, said):
    result = run("analyze", "--quiet", *words, stdin=stdin)
    assert (result.returncode, len(complaints(result))) == (2, 1)
    assert said in complaints(result)[0]


def test_patterns(folder):
    expected = run("info", *sorted(folder.glob("trace_*"))).stdout
    assert run("info", folder / "trace_*.pcap").stdout == expected
    assert b"4 files in " in run("info", folder / "**" / "trace*[p7]").stdout
    odd = folder / "trace[1].pcap"
    odd.write_bytes(MICROSOFT.read_bytes())
    assert run("info", odd).returncode == 0
    result = run("info", folder / "*.pcapng")
    assert (result.returncode, len(complaints(result))) == (4, 1)
    assert "*.pcapng: no file matches this pattern; check it" in complaints(result)[0]


def test_ring_buffers_are_in_order_of_time(tmp_path):
    """What dumpcap counts begins anew after 99,999; tcpdump's first file has no number."""
    names = [
        *("lan_99998_20240501120000.pcapng", "lan_99999_20240501120100.pcapng", "lan_00001_20240501120200.pcapng"),
        *("lan_00002_20240501120200.pcapng", "wan.pcap", "wan.pcap1", "wan.pcap2", "wan.pcap10"),
    ]
    for name in reversed(names):
        (tmp_path / name).write_bytes(MICROSOFT.read_bytes())
    for words in ([tmp_path], [tmp_path / "*"]):
        document = json.loads(run("info", *words, "--format", "json").stdout)
        assert [each["trace"].rpartition("/")[2] for each in document["files"]] == names


def test_results_of_each_trace(folder, tmp_path):
    names = [*sorted(folder.glob("trace_*")), MICROSOFT]
    (tmp_path / "empty.pcap").touch()
    together = json.loads(run("analyze", *names, tmp_path / "empty.pcap", "--per-file", "--format", "json").stdout)
    assert len(together["files"]) == 3 * len(names)
    for name in names:
        alone = json.loads(run("analyze", name, "--format", "json").stdout)["summary"]
        assert [row for row in together["files"] if row["trace"] == str(name)] == [
            {"trace": str(name), **row} for row in alone
        ]
    without = {key: value for key, value in together.items() if key != "files"}
    assert without == json.loads(run("analyze", *names, tmp_path / "empty.pcap", "--format", "json").stdout)
    shown = run("analyze", *names, "--per-file").stdout.decode()
    # Long paths are broken, and folders that all traces are in are left out.
    assert "sample_traces/microsoft.pcap" in "".join(shown.split())
    written = tmp_path / "results"
    assert run("analyze", *names, "--per-file", "-o", written).returncode == 0
    assert pd.read_csv(written / "files.csv")["trace"].nunique() == len(names)
    result = run("analyze", *names, "--per-file", "--format", "csv")
    assert "--per-file: csv has room for only one table; use the format table or json" in complaints(result)[0]
