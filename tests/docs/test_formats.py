"""The tables of docs/formats.md say what is really written: no column more, none less, and of these types."""

import io
import json
import re
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from docs.columns import refresh_tables, schemas, shown_in
from pcaphash import cli, errors
from pcaphash.cli.outcome import EXIT_PARTIAL
from pcaphash.device import Device
from pcaphash.device.configs import default_configs
from pcaphash.engine.census import decision
from pcaphash.engine.saved import save_census
from pcaphash.report.analyze.write import ANALYSIS_WRITERS, write_analysis, write_folder
from pcaphash.report.formats.registry import ROW_FORMATS
from pcaphash.report.formats.rows import write_rows
from pcaphash.report.info.write import write_info
from pcaphash.studies.analyze import analyze
from pcaphash.studies.census import census
from pcaphash.studies.compare import compare
from pcaphash.studies.compare.affinity import Question
from pcaphash.studies.explain import Layer, StopReason
from pcaphash.studies.hash_tuple import hash_tuples
from pcaphash.studies.hashes import hashes
from pcaphash.studies.info import info
from pcaphash.studies.shared.chance.spread import MEASURES
from pcaphash.studies.shared.columns import HASHES
from pcaphash.studies.sweep import sweep
from pcaphash.studies.tune import tune
from support.command import run
from support.shared import ROOT

PAGE = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
TRACES = sorted(str(path) for path in (ROOT / "sample_traces").glob("*.pcap*"))
DEVICES = {
    "v7": default_configs(Device()),
    "1.4": default_configs(Device("1.4")),
    "without RSS": [Device(features="CTRL_VQ+HASH_REPORT+HASH_TUNNEL")],
    "few types": [Device(hash_types="TCPv4", name="few")],
}
ARROW_TYPES = {"integer": "int64", "number": "double", "text": "string"}
ROWS = ("summary[]", "distribution[]")  # whose columns are those of the files
JSON_TYPES = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "text",
    list: "list",
    dict: "object",
    type(None): "null",
}


def table(heading):
    """Return the rows of the table under a heading, as lists of cells; one that is all code loses its backquotes."""
    section = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    (text,) = [each for each in section if each.splitlines()[0] == heading]
    _, _, *rows = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return [[re.sub(r"^`([^`]*)`$", r"\1", cell) for cell in row] for row in cells]


@pytest.fixture(scope="module")
def analyses(tmp_path_factory):
    empty = tmp_path_factory.mktemp("traces") / "empty.pcap"
    empty.write_bytes(Path(TRACES[0]).read_bytes()[:24])
    return [analyze(TRACES, devices) for devices in DEVICES.values()] + [analyze(str(empty), DEVICES["v7"])]


def folders(analyses, tmp_path, name):
    """Write every analysis; return one of the tables of each as Parquet has it."""
    tables = []
    for number, analysis in enumerate(analyses):
        write_folder(analysis, tmp_path / str(number), "parquet")
        header = (tmp_path / str(number) / f"{name}.csv").read_text().splitlines()[0]
        tables.append(pq.read_table(tmp_path / str(number) / f"{name}.parquet"))
        assert header.split(",") == tables[-1].column_names
    return tables


@pytest.fixture(scope="module")
def hashes_tables():
    tables = []
    for trace in TRACES:
        for devices in DEVICES.values():
            stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
            write_rows([hashes(trace, devices[-1])], HASHES, stream, "parquet")
            tables.append(pq.read_table(stream.buffer))
    return tables


def check_columns(documented, tables):
    """Hold names, order and types of columns, and that those and only those are ever empty that may be."""
    for written in tables:
        assert written.column_names == [row[0] for row in documented]
        assert [str(field.type) for field in written.schema] == [ARROW_TYPES[row[1]] for row in documented]
    for name, _, _, meaning, empty in documented:
        is_ever_empty = any(value in (None, "") for written in tables for value in written[name].to_pylist())
        assert is_ever_empty == (empty != "never"), name
        assert meaning


@pytest.mark.parametrize("name", ["distribution", "summary"])
def test_columns_of_files(analyses, tmp_path, name):
    check_columns(table(f"{name}.csv, {name}.parquet"), folders(analyses, tmp_path, name))


def test_columns_of_hashes(hashes_tables):
    check_columns(table("hashes"), hashes_tables)


def test_columns_of_hash():
    lines = ["192.0.2.1:1 192.0.2.2:2", "2001:db8::1 2001:db8::2"]
    devices = [Device(), Device(features="CTRL_VQ+HASH_REPORT"), Device(hash_types="TCPv4")]
    rows = [each.row() for device in devices for each in hash_tuples(lines, "here", device)]
    for name, kind, _, _, empty in table("hash"):
        values = [row[name] for row in rows]
        assert any(value in (None, "") for value in values) == (empty != "never"), name
        assert {type(value) for value in values} - {type(None)} == {int if kind == "integer" else str}, name
    assert [row[0] for row in table("hash")] == list(rows[0])


def test_values_that_are_listed_are_all_there_are(hashes_tables):
    listed = {row[0]: set(re.findall(r"`([^`]+)`", row[3])) for row in table("hashes")}
    for name in ("direction", "header", "hash_report", "hash_report_tunnel"):
        written = {value for each in hashes_tables for value in each[name].to_pylist()} - {""}
        assert written <= listed[name], name
        assert listed[name] - {"hash_report"} <= written, name


def test_reasons(hashes_tables):
    documented = dict(table("Reasons"))
    assert set(documented) == {value for name, value in vars(decision).items() if name.startswith("REASON_")}
    written = {value for each in hashes_tables for value in each["reason"].to_pylist()} - {""}
    assert written <= set(documented)
    for each in hashes_tables:
        for reason, report in zip(each["reason"].to_pylist(), each["hash_report"].to_pylist(), strict=True):
            if reason:
                assert documented[reason].endswith(": unknown." if report == "UNKNOWN" else ": no hash.")


def paths_of(value, path=""):
    """Yield where each value of a document stands, and its type."""
    if path:
        yield path, JSON_TYPES[type(value)]
    if path in ROWS:
        return
    if isinstance(value, list):
        for each in value:
            yield from paths_of(each, f"{path}[]")
    elif isinstance(value, dict):
        has_names = path.rpartition(".")[2] in ("left_out", "encapsulations", "hash_reports", "reasons")
        for key, each in value.items():
            yield from paths_of(each, f"{path}{{}}" if has_names else f"{path}.{key}".lstrip("."))


def test_keys_of_the_json_document(analyses, tmp_path):
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(Path(TRACES[0]).read_bytes()[:-1])
    other = tmp_path / "other.pcap"
    other.write_bytes(bytes.fromhex("d4c3b2a1020004000000000000000000ffff0000") + b"\xff\xfd\0\0" + bytes(16))
    written = defaultdict(set)
    long = tmp_path / "long.pcap"
    long.write_bytes(Path(TRACES[0]).read_bytes() + b"\xff" * 16)
    traces = [str(cut), str(other), str(long), str(tmp_path / "missing.pcap")]
    for analysis in [*analyses, analyze(traces, DEVICES["v7"])]:
        stream = io.StringIO()
        write_analysis(analysis, "json", stream)
        for path, kind in paths_of(json.loads(stream.getvalue())):
            written[path].add(kind)
    # What lists and objects are is told by what is in them, but not that they may be null.
    told = {path: kinds for path, kinds in written.items() if path in ROWS or not kinds <= {"list", "object"}}
    assert told == {key: set(kinds.split(" or ")) for key, kinds, _ in table("The JSON document of `analyze`")}


def test_formats():
    rows = table("Formats")
    assert {row[0] for row in rows if row[1]} == set(ANALYSIS_WRITERS)
    assert {row[0] for row in rows if row[2]} == set(ROW_FORMATS)


def test_measures():
    assert [row[0] for row in table("Measures of spread")] == list(MEASURES)


def test_exit_codes():
    raised = {each.exit_code for each in vars(errors).values() if hasattr(each, "exit_code")}
    named = {value for name, value in vars(cli).items() if name.startswith("EXIT_")}
    documented = {int(row[0]) for row in table("Exit codes")}
    assert documented == raised | named | {EXIT_PARTIAL, 1}  # 1 is what `validate` alone gives


def section_of(heading):
    """Return the text under a heading of level two, or of level three."""
    (text,) = [each for each in re.split(r"^#{2,3} ", PAGE, flags=re.MULTILINE) if each.splitlines()[0] == heading]
    return text


def columns_under(heading):
    """Return the columns of the table under a heading of level three or two, some of which share a row."""
    _, _, *rows = [line for line in section_of(heading).splitlines() if line.startswith("|")]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row.strip("|").split("|")[0])]


def test_the_tables_of_columns_are_those_of_the_schemas():
    assert refresh_tables(PAGE) == PAGE
    assert shown_in(PAGE) == set(schemas()) - {"classes"}  # which has one column more than the sweep
    assert columns_under("baseline.csv")[:2] == ["config", "measure"]


def test_the_tables_of_compare():
    tables = compare(str(ROOT / "sample_traces" / "overlay.pcap"), window_ns=10**9).tables()
    assert list(tables) == ["distribution", "summary", "baseline", "groups", "flows", "affinity", "windows"]
    for name, found in tables.items():
        check_types(name, found)


def check_types(name, table):
    """Hold that a table has rows and the columns of its schema, and that no cell is empty that must not be."""
    schema = schemas()[name]
    assert len(table)
    assert table.dtypes.astype(str).to_dict() == {column.name: column.dtype for column in schema.columns}
    for column in schema.columns:
        if not column.empty:
            assert not table[column.name].isin([""]).any(), column.name
            assert not table[column.name].isna().any(), column.name


def test_the_questions_of_affinity():
    (row,) = [line for line in PAGE.splitlines() if line.startswith("| `question` |")]
    assert set(re.findall(r"`([a-z-]+)`", row)) - {"question"} == set(Question)


def test_the_columns_of_sweep():
    found = sweep(str(ROOT / "sample_traces" / "gre.pcap"))
    summary = [name for name, *_ in table("summary.csv, summary.parquet") if name != "config"]
    assert list(found.masks) == ["class", "rank", "mask", *summary]
    assert list(found.classes) == ["class", "rank", "masks", "mask", *summary]
    check_types("sweep", found.masks)
    check_types("classes", found.classes)


def test_the_columns_of_tune():
    found = tune(str(ROOT / "sample_traces" / "overlay.pcap"), n_keys=5)
    measures = [f"{part}_{name}_{unit}" for part in ("choosing", "judging", "all") for unit in ("packets", "bytes")
                for name in MEASURES]  # fmt: skip
    assert list(found.key_table)[:3] == ["rank", "key", "origin"]
    assert set(list(found.key_table)[3:]) == set(measures)
    assert list(found.entry_table) == ["entry", "current", "rebalanced", "weighted"]
    assert list(found.size_rows[0]) == ["size", "table", "median", "low", "high"]
    for name, rows in (("keys", found.key_table), ("table", found.entry_table), ("sizes", found.size_table)):
        check_types(name, rows)


def test_the_columns_of_validate(tmp_path):
    run("validate", ROOT / "sample_traces" / "interfaces.pcapng", "-o", tmp_path)
    packets = pd.read_csv(tmp_path / "packets.csv")
    assert list(packets) == columns_under("validate --output")


def test_the_arrays_of_a_saved_census(tmp_path):
    found = census(str(ROOT / "sample_traces" / "overlay.pcap"), Device())
    with (tmp_path / "overlay.census").open("wb") as stream:
        save_census(found, stream)
    with np.load(tmp_path / "overlay.census", allow_pickle=False) as arrays:
        assert sorted(columns_under("The saved census")) == sorted(arrays.files)
        packets = arrays["counts"][arrays["first_rows"]].sum(axis=(0, 1))[0]
    assert packets == found.reading.packets


def names_inside(value):
    """Yield the keys of objects, however deep they are."""
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from names_inside(each)
    if isinstance(value, dict):
        yield from value


@pytest.mark.parametrize(
    "command",
    [
        "explain vxlan.pcap --packet 3",
        "sweep gre.pcap",
        "compare gre.pcap --window 1s",
        "tune gre.pcap --keys 3",
        "recover-key interfaces.pcapng",
    ],
)
def test_documents_of_commands(command):
    name, trace, *options = command.split()
    result = run(name, ROOT / "sample_traces" / trace, *options, "--format", "json")
    document = json.loads(result.stdout)
    shared = {re.split(r"\W", key)[0] for key, *_ in table("The JSON document of `analyze`")} & set(document)
    own = {key: value for key, value in document.items() if key not in shared}
    heading = f"The JSON document of `{name}`"
    assert set(columns_under(heading)) == set(own)
    # Objects that have configurations, presets or options for keys are described as such.
    # So are the facts of notes, whose names are those of what was met, such as an algorithm.
    notes = [{key: value for key, value in note.items() if key != "facts"} for note in own.get("notes", [])]
    told = [value for key, value in own.items() if key not in ("device", "others", "marks", "notes")]
    inside = set(names_inside([*told, notes]))
    rows = {"sweep": ["sweep.csv, classes.csv"], "tune": ["sizes.csv"]}.get(name, [])
    rows += [f"{each}.csv" for each in ("baseline", "groups", "flows", "affinity", "windows") if name == "compare"]
    rows += [f"The verdict of `{name}`"] if f"### The verdict of `{name}`" in PAGE else []
    rows += ["Where a dissection stops"] if name == "explain" else []
    rows += ["What hash inputs reach"] if name in ("compare", "tune") else []
    documented = "".join(map(section_of, [heading, *rows]))
    assert inside <= {*re.findall(r"`([a-z_]+)`", documented), "class"}


def test_the_document_of_key():
    document = json.loads(run("key", ROOT / "sample_traces" / "gre.pcap", "--format", "json").stdout)
    section = section_of("The JSON document of `key`")
    assert set(document) - {"version"} <= set(columns_under("The JSON document of `key`"))
    told = [{name: value for name, value in each.items() if name != "device"} for each in document["configurations"]]
    options = {"ignored", "too_short_for"}  # objects that have inputs and fields for keys
    assert not any(each[name] for each in told for name in options & set(each))
    documented = section + section_of("What hash inputs reach")
    assert set(names_inside(told)) <= set(re.findall(r"`([a-z_]+)`", documented))


def test_where_a_dissection_stops():
    listed = set(re.findall(r"`([a-z0-9_]+)`", section_of("Where a dissection stops")))
    reasons = {reason for reason in StopReason if reason != StopReason.NONE}
    assert {each.name.lower() for each in (*Layer, *reasons)} <= listed


def test_the_document_of_info():
    stream = io.StringIO()
    write_info(info(str(ROOT / "sample_traces" / "interfaces.pcapng")), "json", stream)
    document = json.loads(stream.getvalue())
    assert set(columns_under("The JSON document of `info`")) >= set(document)


def test_the_rows_of_info_have_the_columns_of_their_schemas():
    found = info(str(ROOT / "sample_traces" / "overlay.pcap"))
    assert found.tunnels is not None
    for name, rows in (("encapsulations", found.encapsulations), ("tunnels", found.tunnels.heaviest)):
        check_types(name, schemas()[name].frame(row.row() for row in rows))
        assert all(tuple(row.row()) == schemas()[name].names for row in rows)
