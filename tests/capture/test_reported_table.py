"""Tables of reported values, as they are written by hand and by programs."""

import gzip
import json
import os

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import pcaphash
from pcaphash.capture.reported import table_file
from pcaphash.capture.reported.notes import BareHex, IgnoredColumns, NoRow
from pcaphash.capture.reported.table import ReportedTable, parse_columns
from pcaphash.errors import ConfigurationError
from pcaphash.report.formats.rows import write_rows
from pcaphash.standards.virtio import HASH_REPORT_TUNNELS, HASH_REPORTS
from pcaphash.studies.shared.columns import HASHES
from support import builders, captures
from support.reported import read_reported, small_trace

NOTHING = (None, None, None, None)


@pytest.fixture
def read(tmp_path):
    """Return what reads a text as a table beside a trace of some packets."""

    def read_text(text, n_packets=3, name="table.csv", block_len=1024, columns=None):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_reported(small_trace(tmp_path / "trace.pcap", n_packets), ReportedTable(path, columns), block_len)

    return read_text


@pytest.fixture
def refusal(tmp_path, read):
    """Return what says why a table is refused, without the name of the file."""

    def refuse(text, n_packets=3, name="table.csv"):
        with pytest.raises(ConfigurationError) as caught:
            read(text, n_packets, name)
        assert "\n" not in str(caught.value)
        assert str(caught.value.place) == f"reported={tmp_path / name}"
        return caught.value.problem

    return refuse


def test_every_column(read):
    text = """packet,hash_value,hash_report,hash_report_tunnel,queue
1,0x51ccc178,TCPv4,VXLAN,3
2,1372373368,udpv6_ex,3,0x1f
3,,,,
"""
    found = read(text)
    assert found.packets == [(0x51CCC178, 2, 2, 3), (0x51CCC178, 9, 3, 31), NOTHING]
    assert found.notes == []


def test_spaces_empty_lines_and_a_byte_order_mark_do_not_matter(read):
    assert read("\ufeffqueue, packet, hash_value\r\n\r\n 4 , 1 , 0xFF\r\n", 1).packets == [(255, None, None, 4)]


def test_every_type_by_name_and_by_number(read):
    names = [(name, "") for name in HASH_REPORTS] + [("1", name) for name in HASH_REPORT_TUNNELS]
    names += [(str(i), "") for i in range(10)] + [("1", str(i)) for i in range(4)]
    lines = [f"{i},0x1,{report},{tunnel}" for i, (report, tunnel) in enumerate(names, 1)]
    found = read("\n".join(["packet,hash_value,hash_report,hash_report_tunnel", *lines]), len(names))
    expected = [(i, None) for i in range(10)] + [(1, i) for i in range(4)]
    assert [(report, tunnel) for _, report, tunnel, _ in found.packets] == expected * 2


def test_none_means_that_no_hash_was_calculated(read):
    assert read("packet,hash_value,hash_report\n1,0x5,NONE\n", 1).packets == [(None, 0, None, None)]


def test_a_type_that_a_cut_packet_leaves_open_is_not_reported(read):
    text = "packet,hash_value,hash_report,hash_report_tunnel\n1,,UNKNOWN,UNKNOWN\n"
    assert read(text, 1).packets == [NOTHING]


def test_columns_that_are_not_read_are_named(read):
    (note,) = read("packet,note,hash_value,other\n1,a,0x1,b\n", 1).notes
    assert isinstance(note, IgnoredColumns)
    assert note.columns == ("note", "other")


def test_packets_without_a_row_are_counted(read):
    found = read("packet,hash_value\n2,0x1\n", 1002)
    assert found.packets == [NOTHING, (1, None, None, None), *[NOTHING] * 1000]
    assert found.notes == [NoRow(found.notes[0].file, 1001, 1002)]


def test_a_table_without_rows(read, refusal):
    assert refusal("packet,hash_value\n") == "has names of columns, but no rows"
    assert read("packet,hash_value\n", 0).packets == []


@pytest.mark.parametrize("rows_of_part", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("block_len", [64, 100, 4096])
def test_parts_of_the_table_and_blocks_of_the_trace_end_anywhere(read, monkeypatch, rows_of_part, block_len):
    monkeypatch.setattr(table_file, "ROWS_OF_PART", rows_of_part)
    numbers = [n for n in range(1, 40) if n % 5]
    text = "packet,hash_value\n" + "".join(f"{n},{n * n:#x}\n" for n in numbers)
    found = read(text, 40, block_len=block_len)
    assert found.packets == [(n * n, None, None, None) if n in numbers else NOTHING for n in range(1, 41)]


def test_json_lines(read):
    rows = [
        {"packet": 1, "hash_value": 7, "hash_report": 2, "queue": None, "reason": "x"},
        {"hash_report": "IPv6", "hash_value": "0x8", "packet": "2"},
        {"packet": 3.0, "hash_value": None, "queue": 5},
    ]
    found = read("\n".join(map(json.dumps, rows)), name="table.jsonl")
    assert found.packets == [(7, 2, None, None), (8, 4, None, None), (None, None, None, 5)]
    assert found.notes == [IgnoredColumns(found.notes[0].file, ("reason",))]


def test_parquet_with_missing_numbers(tmp_path):
    path = tmp_path / "table.parquet"
    table = {"packet": [1, 2, 3], "hash_value": [1.0, None, 2.0**32 - 1], "queue": [None, 6, None], "more": [[1]] * 3}
    pd.DataFrame(table).to_parquet(path)
    found = read_reported(small_trace(tmp_path / "trace.pcap", 3), ReportedTable(path))
    assert found.packets == [(1, None, None, None), (None, None, None, 6), (2**32 - 1, None, None, None)]


def test_numbers_with_gaps_that_pandas_wrote(read):
    rows = pd.DataFrame({"packet": [1, 2], "hash_value": ["0x1", "0x2"], "queue": [None, 6]})
    assert [queue for *_, queue in read(rows.to_csv(index=False), 2).packets] == [None, 6]


def test_parquet_with_a_column_twice(tmp_path):
    columns = [pa.array([1]), pa.array([5]), pa.array([7])]
    path = tmp_path / "table.parquet"
    pq.write_table(pa.Table.from_arrays(columns, ["packet", "hash_value", "hash_value"]), path)
    with pytest.raises(ConfigurationError, match="two columns have the same name"):
        ReportedTable(path)


@pytest.mark.parametrize("format_", ["csv", "jsonl", "json", "markdown", "parquet"])
def test_what_hashes_writes(tmp_path, format_):
    frame = builders.framed(builders.ipv4(builders.udp(), 17))
    trace = tmp_path / "trace.pcap"
    cut = captures.pcap_record(frame[:20], len(frame))
    trace.write_bytes(captures.pcap(captures.pcap_record(frame) + cut + captures.pcap_record(bytes(60))))
    rows = pcaphash.hashes(trace, pcaphash.Device(hash_types="all"))
    path = tmp_path / f"table.{'md' if format_ == 'markdown' else format_}"
    with path.open("w", encoding="utf-8") as stream:
        write_rows([rows], HASHES, stream, format_)
    found = read_reported(trace, ReportedTable(path))
    value, queue = int(rows["hash_value"][0], 16), int(rows["queue"][0])
    assert found.packets == [(value, 3, 0, queue), NOTHING, (None, 0, 0, 0)]


def test_receive_queues_alone(read):
    assert read("packet,queue\n1,3\n3,0\n").packets == [(None, None, None, 3), NOTHING, (None, None, None, 0)]
    rows = [{"packet": 2, "queue": 7}]
    assert read(json.dumps(rows), name="table.json").packets == [NOTHING, (None, None, None, 7), NOTHING]
    assert read("packet\thash_report\n2\tNONE\n", name="table.tsv").packets[1] == (None, 0, None, None)


@pytest.mark.parametrize("name", ["table.csv", "table.tsv"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_what_separates_columns(read, name, delimiter):
    lines = [("packet", "note", "hash_value", "queue"), ("1", '"a,b;c"', '"0x51ccc178"', "2"), ("3", "", "7", "")]
    text = "\r\n".join(delimiter.join(line) for line in lines)
    assert read(text, name=name).packets == [(0x51CCC178, None, None, 2), NOTHING, (7, None, None, None)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[{"packet": 1, "hash_value": "0x7"}, {"packet": 2, "queue": 4, "hash_value": null}]', [(7, 0), (0, 4)]),
        ('{"version": "1", "rows": [{"packet": 1, "hash_value": 9}], "device": {"queues": 4}}', [(9, 0)]),
        ('{"packet": 1, "hash_value": 9}\n{"packet": 2, "hash_value": 8}\n', [(9, 0), (8, 0)]),
        ('{"packet": 2, "hash_value": 9}\n', [(0, 0), (9, 0)]),
        ("[]", None),
    ],
)
def test_json(read, refusal, text, expected):
    if expected is None:
        assert refusal(text, name="table.json") == "is empty"
        return
    found = [(value or 0, queue or 0) for value, _, _, queue in read(text, len(expected), "table.json").packets]
    assert found == expected


def test_hex_without_0x_is_read_as_such_and_said(read):
    found = read("packet,hash_value\n1,51ccc178\n2,12345678\n3,0x10\n")
    assert [value for value, *_ in found.packets] == [0x51CCC178, 0x12345678, 0x10]
    assert found.notes == [BareHex(found.notes[0].file, "51ccc178")]


def test_bare_numbers_are_decimal(read):
    found = read("packet,hash_value\n1,1372373368\n2,12345678\n3,00000010\n")
    assert ([value for value, *_ in found.packets], found.notes) == ([0x51CCC178, 12345678, 10], [])


@pytest.mark.parametrize("name", ["table.csv", "table.jsonl", "table.parquet"])
def test_columns_of_other_names(tmp_path, name):
    rows = pd.DataFrame({"pkt": [1, 2], "rss_hash": ["0x7", "0x8"], "queue": [8, 9], "rxq": [2, 3]})
    path = tmp_path / name
    if name.endswith("csv"):
        rows.to_csv(path, index=False)
    elif name.endswith("jsonl"):
        rows.to_json(path, orient="records", lines=True)
    else:
        rows.to_parquet(path)
    columns = parse_columns("hash_value=rss_hash, packet=pkt,queue=rxq")
    found = read_reported(small_trace(tmp_path / "trace.pcap", 2), ReportedTable(path, columns))
    assert found.packets == [(7, None, None, 2), (8, None, None, 3)]
    assert found.notes == [IgnoredColumns(str(path), ("queue",))]


def test_columns_of_other_names_are_suggested(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("frame.number,rxhash,rx_queue\n1,0x7,2\n", "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        ReportedTable(path)
    assert caught.value.problem == "has no column packet; its columns are frame.number, rxhash, rx_queue"
    assert caught.value.advice == "give columns=packet=frame.number,hash_value=rxhash,queue=rx_queue"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("hash_value", "'hash_value' is not a pair of names"),
        ("", "'' is not a pair of names"),
        ("hash_value=", "'hash_value=' is not a pair of names"),
        ("value=rss", "'value' is not a column that is read"),
        ("queue=a,queue=b", "queue appears twice"),
        ("queue=a,packet=a", "a appears twice"),
    ],
)
def test_bad_names_of_columns(text, problem):
    with pytest.raises(ConfigurationError) as caught:
        parse_columns(text)
    assert (str(caught.value.place), caught.value.problem) == ("columns", problem)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[{"packet": 1,\n "hash_value"', "line 2 is not JSON"),
        ('{"a": [{"packet": 1}], "b": [{"packet": 1}]}', "has 2 lists of objects, but needs exactly one"),
        ('{"device": {"queues": 4}}', "has no list of objects, but needs exactly one"),
        ("7", "has no list of objects, but needs exactly one"),
        ("[7]", "row 1 is not a JSON object"),
    ],
)
def test_bad_json(refusal, text, problem):
    assert refusal(text, name="table.json") == problem


HEAD = "packet,hash_value,hash_report,hash_report_tunnel,queue\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        (
            "packet,hash_report_tunnel\n",
            "has no column hash_value or hash_report or queue; its columns are packet, hash_report_tunnel",
        ),
        ("hash_value\n", "has no column packet; its columns are hash_value"),
        ("packet,packet,hash_value\n", "two columns have the same name"),
        ("packet,hash_value\n1,0x1\n,0x2\n", "row 2: the packet number is missing"),
        ("packet,hash_value\n1,0x1\n1,0x1\n", "row 2: packet 1 has two rows"),
        ("packet,hash_value\n1,0x1\n3,0x1\n2,0x1\n", "row 3: packet 2 comes after packet 3"),
        ("packet,hash_value\n0,0x1\n", "row 1: packet '0' is not a packet number"),
        ("packet,hash_value\n-1,0x1\n", "row 1: packet '-1' is not a packet number"),
        ("packet,hash_value\n1.5,0x1\n", "row 1: packet '1.5' is not a packet number"),
        ("packet,hash_value\n1,0x1\n2,zz\n", "row 2: hash_value 'zz' is not a 32-bit number"),
        ("packet,hash_value\n1,51ccc17g\n", "row 1: hash_value '51ccc17g' is not a 32-bit number"),
        ("packet,hash_value\n1,151ccc178\n", "row 1: hash_value '151ccc178' is not a 32-bit number"),
        ("packet,hash_value\n1,0x100000000\n", "row 1: hash_value '0x100000000' is not a 32-bit number"),
        ("packet,hash_value\n1,-1\n", "row 1: hash_value '-1' is not a 32-bit number"),
        (f"{HEAD}1,,10,,\n", "row 1: hash_report '10' is not a hash report"),
        (f"{HEAD}1,,SCTP,,\n", "row 1: hash_report 'SCTP' is not a hash report"),
        (f"{HEAD}1,,,4,\n", "row 1: hash_report_tunnel '4' is not a hash_report_tunnel"),
        (f"{HEAD}1,,,,x\n", "row 1: queue 'x' is not a receive queue"),
        ("packet,hash_value\n1,0x1,3\n", "row 1: 3 values for 2 columns"),
        ("packet,hash_value\n1\n", "row 1: 1 values for 2 columns"),
        ("packet,hash_value\n3,0x1\n4,0x1\n", "row 2: packet 4, but the trace ends with packet 3"),
        ("packet,hash_value\n1,\0\n", "row 1: hash_value '\\x00' is not a 32-bit number"),
    ],
)
def test_bad_tables(refusal, text, problem):
    assert refusal(text) == problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        ('{"packet": 1}', "has no column hash_value or hash_report or queue; its columns are packet"),
        ('{"packet": 1, "hash_value": "0x1"}\n{"packet": 2', "row 2 is not JSON"),
        ("[1]", "row 1 is not a JSON object"),
        ('{"packet": 1, "hash_value": true}', "row 1: hash_value 'True' is not a 32-bit number"),
        ('{"packet": 1, "hash_value": 1.5}', "row 1: hash_value 1.5 is not a 32-bit number"),
        ('{"packet": 1, "hash_value": [1]}', "row 1: hash_value '[1]' is not a 32-bit number"),
        ('{"packet": 1, "hash_value": NaN}\n{"hash_value": 1}', "row 2: the packet number is missing"),
        ('{"packet": 1, "hash_value": -Infinity}', "row 1: hash_value -inf is not a 32-bit number"),
    ],
)
def test_bad_json_lines(refusal, text, problem):
    assert refusal(text, name="table.jsonl") == problem


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("table.xlsx", b"", "the file extension is not known"),
        ("table.parquet", b"PAR1 and no more", "is not a Parquet file, or is damaged"),
        ("table.parquet", b"", "is not a Parquet file, or is damaged"),
        ("table.csv", b"packet,\x80", "is not UTF-8 text"),
        ("table.jsonl", b"\x80", "is not UTF-8 text"),
        ("table.csv.gz", b"packet,queue\n", "Not a gzipped file (b'pa')"),
        (
            "table.csv.gz",
            gzip.compress(b"packet,queue\n1,0\n" * 999, mtime=0)[:40],
            "Compressed file ended before the end-of-stream marker was reached",
        ),
    ],
)
def test_files_that_are_no_tables(refusal, name, data, problem):
    assert refusal(data, name=name) == problem


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ConfigurationError, match="No such file"):
        ReportedTable(tmp_path / "table.csv")


ROWS = "packet{0}hash_value{0}queue\n1{0}0x51ccc178{0}3\n3{0}0x1{0}0\n"
JSON_ROWS = [{"packet": 1, "hash_value": "0x51ccc178", "queue": 3}, {"packet": 3, "hash_value": 1, "queue": 0}]
IN_ROWS = [(0x51CCC178, None, None, 3), NOTHING, (1, None, None, 0)]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("excel.csv", b"sep=;\r\n" + ROWS.format(";").encode()),
        ("excel.csv", b"\xef\xbb\xbfSEP=|\n" + ROWS.format("|").encode()),
        ("excel.csv", ROWS.format(";").replace("\n", "\r\n").encode() + b";;\r\n ; ; \r\n"),
        ("powershell.csv", ROWS.format(",").replace("\n", "\r\n").encode("utf-16")),
        ("powershell.txt", b"\xfe\xff" + ROWS.format("\t").encode("utf-16-be")),
        ("fields.txt", ROWS.format("\t").encode()),
        ("aligned.txt", ROWS.format("   ").replace("\n", "  \n ").encode()),
        ("table.csv.gz", gzip.compress(ROWS.format(",").encode(), mtime=0)),
        ("table.jsonl.gz", gzip.compress("\n".join(map(json.dumps, JSON_ROWS)).encode(), mtime=0)),
        ("table.json", json.dumps(JSON_ROWS).encode("utf-16")),
        ("savetxt.txt", b"packet hash_value queue\n1.00e+00 1.372373368000e+09 3.00e+00\n3.0e+00 1.0e+00 0.0\n"),
    ],
)  # fmt: skip
def test_tables_of_other_programs(read, name, data):
    assert read(data, name=name).packets == IN_ROWS


@pytest.mark.parametrize("missing", ["NA", "nan", "null", "None", "-", "n/a"])
def test_what_programs_write_for_nothing(read, missing):
    text = f"packet,hash_value,queue,hash_report\n1,{missing},{missing},\n2,0x5,{missing},NONE\n3,{missing},2,TCPv4\n"
    assert read(text).packets == [NOTHING, (None, 0, None, None), (None, 2, None, 2)]


@pytest.mark.parametrize("value", ["2.42E+09", "2.5e+00", "1.372373368E+10", "2,42E+09"])
def test_rounded_hashes_are_refused(refusal, value):
    assert refusal(f"packet;hash_value\n1;{value}\n") == f"row 1: hash_value '{value}' is not a 32-bit number"


def test_what_hashes_writes_compressed_can_be_read(tmp_path):
    trace = small_trace(tmp_path / "trace.pcap", 3)
    table = tmp_path / "hashes.csv.gz"
    with gzip.open(table, "wt", encoding="utf-8", newline="") as stream:
        rows = pcaphash.hashes(trace, pcaphash.Device())
        write_rows([rows], HASHES, stream, "csv")
    found = read_reported(trace, ReportedTable(table))
    assert [report for _, report, _, _ in found.packets] == [0, 0, 0]


def test_a_table_may_come_from_a_pipe(tmp_path):
    receiving, sending = os.pipe()
    os.write(sending, ROWS.format("\t").encode("utf-16"))
    os.close(sending)
    found = read_reported(small_trace(tmp_path / "trace.pcap", 3), ReportedTable(f"/dev/fd/{receiving}"))
    os.close(receiving)
    assert found.packets == IN_ROWS


def test_columns_with_blanks_can_be_pasted(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("Packet No,Hash Value\n1,0x1\n")
    with pytest.raises(ConfigurationError) as caught:
        ReportedTable(path)
    assert caught.value.advice == "give columns='packet=Packet No,hash_value=Hash Value'"
