"""Tables in every format: the same values and types, in parts, empty, into pipes."""

import contextlib
import io
import json
import os
import threading

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcaphash.capture.files import output_path, whole_file
from pcaphash.errors import ConfigurationError, OutputError
from pcaphash.report.formats.parquet import ROWS_OF_GROUP
from pcaphash.report.formats.registry import ROW_FORMATS, check_stream
from pcaphash.report.formats.rows import write_rows
from pcaphash.studies.shared.schema import Column, Schema

SCHEMA = Schema(
    "rows",
    (
        Column("packet", "integer", "its number"),
        Column("timestamp_ns", "integer", "its time", "ns", empty="without one"),
        Column("hash_value", "text", "its hash", empty="without one"),
        Column("queue", "integer", "its queue", empty="without one"),
        Column("jain_packets", "number", "a measure", empty="without load"),
    ),
)
COLUMNS = list(SCHEMA.names)


def part(first, n, *, late=False):
    """Make rows as ``hashes`` does, nullable columns among them; the first time and queue are missing."""
    packets = list(range(first, first + n))
    times = pd.array([1_672_790_400_000_000_001 + packet for packet in packets], dtype="Int64")
    queues = pd.array([packet % 8 for packet in packets], dtype="Int64")
    if n and not late:
        times[0] = queues[0] = pd.NA
    values = ["" if packet % 3 else "a|b\\,\"c'%s" for packet in packets]
    shares = [0.1 + 0.2 if packet % 2 else float("nan") for packet in packets]
    return pd.DataFrame(dict(zip(COLUMNS, [packets, times, values, queues, shares], strict=True)))


def written(parts, format_, schema=SCHEMA):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
    write_rows(parts, schema, stream, format_)
    stream.flush()
    return stream.buffer.getvalue()


def as_objects(data, format_):
    """Read rows back as plain Python values, missing ones as None; text formats know no types, so they are given."""
    if format_ == "parquet":
        return pq.read_table(io.BytesIO(data)).to_pylist()
    text = data.decode()
    if format_ == "jsonl":
        return [json.loads(line) for line in text.splitlines()]
    if format_ == "json":
        return json.loads(text)
    if format_ == "csv":
        table = pd.read_csv(io.StringIO(text), keep_default_na=False, dtype=str).to_dict("records")
    else:
        head, _, *lines = text.splitlines()
        names = cells_of(head)
        table = [dict(zip(names, cells_of(line), strict=True)) for line in lines]
    types = dict(zip(COLUMNS, (int, int, str, int, float), strict=True))
    return [
        {name: types[name](cell) if cell or types[name] is str else None for name, cell in row.items()} for row in table
    ]


def cells_of(line):
    """Split a line of Markdown at the bars that are not escaped."""
    cells = line.replace("\\\\", "\0").replace("\\|", "\1").strip("|").split("|")
    return [cell.strip().replace("\1", "|").replace("\0", "\\") for cell in cells]


@pytest.mark.parametrize("format_", ROW_FORMATS)
def test_all_formats_hold_the_same_rows(format_):
    rows = as_objects(written([part(1, 5), part(6, 7, late=True)], format_), format_)
    assert [row["packet"] for row in rows] == list(range(1, 13))
    assert rows[0] == dict(zip(COLUMNS, [1, None, "", None, 0.1 + 0.2], strict=True))
    assert rows[5] == dict(zip(COLUMNS, [6, 1_672_790_400_000_000_007, "a|b\\,\"c'%s", 6, None], strict=True))


def test_csv_is_what_pandas_writes():
    whole = pd.concat([part(1, 5), part(6, 7, late=True)])
    assert written([part(1, 5), part(6, 7, late=True)], "csv") == whole.to_csv(index=False).encode()


AWKWARD = (
    "",
    "a",
    " ",
    "a b",
    ",",
    '"',
    "'",
    "a,b",
    'a"b',
    "a\nb",
    "a\rb",
    "\t",
    "ä",
    "NA",
    "0x",
    "-",
    "#",
    "\\",
    "\x1b",
)


@given(
    st.lists(st.tuples(st.none() | st.integers(-(2**63), 2**63 - 1), st.sampled_from(AWKWARD) | st.text()), min_size=1)
)
def test_whole_numbers_and_texts_are_what_pandas_and_json_write(rows):
    schema = Schema(
        "rows", (Column("queue", "integer", "a queue", empty="without one"), Column("text", "text", "a text"))
    )
    numbers, texts = zip(*rows, strict=True)
    table = pd.DataFrame({"queue": pd.array(numbers, dtype="Int64"), "text": pd.array(texts, dtype="str")})
    assert written([table], "csv", schema) == table.to_csv(index=False, lineterminator="\n").encode()
    compact = json.JSONEncoder(separators=(",", ":")).encode
    lines = [compact({"queue": number, "text": text}) for number, text in rows]
    assert written([table], "jsonl", schema).decode().split("\n") == [*lines, ""]
    assert written([table], "json", schema).decode() == "[\n" + ",\n".join(lines) + "\n]\n"


@pytest.mark.parametrize("format_", ROW_FORMATS)
def test_no_part_at_all_leaves_the_names_of_the_columns(format_):
    data = written([], format_)
    assert as_objects(data, format_) == []
    if format_ == "parquet":
        assert pq.read_schema(io.BytesIO(data)).names == COLUMNS
    elif format_ in ("csv", "markdown"):
        assert [
            name.strip() for name in data.decode().splitlines()[0].strip("|").replace("|", ",").split(",")
        ] == COLUMNS


@pytest.mark.parametrize("parts", [[], [part(1, 0)], [part(1, 3)], [part(1, 3).astype({"queue": object})]])
def test_parquet_has_one_schema_whatever_the_rows_are(parts):
    parts = [each if len(each) else each.astype(object) for each in parts]
    schema = pq.read_schema(io.BytesIO(written(parts, "parquet")))
    assert [str(field.type) for field in schema] == ["int64", "int64", "string", "int64", "double"]


def test_parquet_gives_pandas_its_types_back():
    rows = pd.read_parquet(io.BytesIO(written([part(1, 3)], "parquet")))
    pd.testing.assert_frame_equal(rows, part(1, 3))


def test_parquet_has_the_types_that_the_schema_says_whatever_the_columns_have():
    rows = pd.DataFrame(dict(zip(COLUMNS, [[1], [2.0], ["a"], [None], [4]], strict=True)))
    table = pq.read_table(io.BytesIO(written([rows], "parquet")))
    assert [str(field.type) for field in table.schema] == ["int64", "int64", "string", "int64", "double"]
    assert table.to_pylist() == [dict(zip(COLUMNS, [1, 2, "a", None, 4.0], strict=True))]


@pytest.mark.parametrize("format_", ["parquet"])
def test_a_column_that_is_missing_is_an_error(format_):
    with pytest.raises(KeyError, match="queue"):
        written([part(1, 3).drop(columns="queue")], format_)


def test_names_of_columns_may_hold_anything():
    rows = pd.DataFrame({'50%s "a"': [1], "b|c": [2]})
    schema = Schema("any", tuple(Column(name, "integer", "a number") for name in rows))
    assert json.loads(written([rows], "jsonl", schema)) == {'50%s "a"': 1, "b|c": 2}


def test_rows_become_a_table_with_the_types_of_the_schema():
    rows = [
        dict(zip(COLUMNS, [1, 2**62 + 1, "a", None, None], strict=True)),
        {**dict.fromkeys(COLUMNS, 7), "hash_value": ""},
    ]
    table = SCHEMA.frame(rows)
    pd.testing.assert_frame_equal(table.iloc[:0], SCHEMA.frame([]))
    assert table.dtypes.astype(str).tolist()[:2] == ["int64", "Int64"]
    assert table["timestamp_ns"].tolist() == [2**62 + 1, 7]
    assert table["queue"].isna().tolist() == [True, False]
    assert SCHEMA.frame_of_columns({**{name: table[name] for name in COLUMNS}, "other": [1, 2]}).equals(table)
    with pytest.raises(KeyError):
        SCHEMA.frame([{"packet": 1}])


def test_parquet_leaves_the_stream_open():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    write_rows([part(1, 3)], SCHEMA, stream, "parquet")
    assert not stream.buffer.closed


def test_parquet_is_written_in_groups_of_many_rows():
    parts = [part(1 + 1000 * i, 1000) for i in range(ROWS_OF_GROUP // 1000 + 10)]
    metadata = pq.read_metadata(io.BytesIO(written(iter(parts), "parquet")))
    assert metadata.num_rows == 1000 * len(parts)
    assert metadata.num_row_groups == 2


def test_parquet_goes_through_a_pipe():
    reader, writer = os.pipe()
    received = []

    def read():
        with os.fdopen(reader, "rb") as stream:
            received.append(stream.read())

    thread = threading.Thread(target=read)
    thread.start()
    with os.fdopen(writer, "w", encoding="utf-8") as stream:
        write_rows([part(1, 2000)], SCHEMA, stream, "parquet")
    thread.join()
    assert pq.read_table(io.BytesIO(received[0])).num_rows == 2000


@pytest.mark.parametrize("format_", ROW_FORMATS)
def test_a_closed_pipe_is_told_as_such(format_):
    reader, writer = os.pipe()
    os.close(reader)
    stream = os.fdopen(writer, "w", encoding="utf-8", newline="")
    with pytest.raises(BrokenPipeError):
        write_rows((part(1, 2000) for _ in range(100)), SCHEMA, stream, format_)
    with contextlib.suppress(BrokenPipeError):  # what the stream itself still held, or nothing
        stream.close()


@pytest.mark.parametrize("format_", ROW_FORMATS)
def test_what_cannot_be_read_complains_before_anything_is_written(format_):
    def unreadable():
        raise OutputError("x", "y")
        yield

    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with pytest.raises(OutputError):
        write_rows(unreadable(), SCHEMA, stream, format_)
    stream.flush()
    assert stream.buffer.getvalue() == b""


@pytest.mark.parametrize("format_", ROW_FORMATS)
def test_what_fails_on_the_way_leaves_the_file_before_it(tmp_path, format_):
    def failing():
        yield part(1, 3)
        raise KeyboardInterrupt

    path = tmp_path / "rows"
    path.write_text("before")
    with pytest.raises(KeyboardInterrupt), whole_file(path) as name, name.open("w", encoding="utf-8") as stream:
        write_rows(failing(), SCHEMA, stream, format_)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_markdown_lines_up():
    lines = written([part(1, 12)], "markdown").decode().splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[1].startswith("| -----: | ------------------: | ---")


def test_binary_is_kept_from_terminals():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    with pytest.raises(ConfigurationError, match=r"format: parquet is binary.*output"):
        check_stream("parquet", Terminal())
    check_stream("csv", Terminal())
    check_stream("parquet", io.StringIO())


@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_name_is_not_taken_for_the_current_folder(text):
    with pytest.raises(ConfigurationError, match="output: the name is empty"):
        output_path(text)
    assert str(output_path(".")) == "."
