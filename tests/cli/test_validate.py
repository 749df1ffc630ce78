"""The command ``validate``: every source of reported values, its exit codes, and what is wrong in one line."""

import json
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import replace

import pandas as pd
import pytest

import pcaphash
from pcaphash.capture.reader import Reader
from pcaphash.capture.reported.writer import ReportedPacket, write_pcapng
from pcaphash.device.payloads.options import encode_rss_config
from pcaphash.engine.census.decision import UNKNOWN
from pcaphash.engine.census.describer import Describer
from pcaphash.standards.virtio import HASH_REPORT_TUNNELS, HASH_REPORTS
from support import captures
from support.command import complaints, run
from support.reported_files import write_table, write_testpmd, write_virtio_pcap
from support.shared import ROOT

OVERLAY = ROOT / "sample_traces" / "overlay.pcap"
KEY = "2cc681d15bdbf4f7fca28319db1a3e946b9e38d92c9c03d1ad9944a7d9563d59063c25f3fc1fdc2a"
DEVICE = pcaphash.Device(hash_key=KEY, queues=4, unclassified_queue=1)
OPTIONS = ("--key", KEY, "--queues", "4", "--unclassified-queue", "1")


def packets_of(trace=OVERLAY, device=DEVICE, most=400) -> list[ReportedPacket]:
    """Report of packets what a device would."""
    describer, found = Describer(device), []
    for block in Reader(str(trace)).blocks():
        answers = describer.describe(block)
        for i, record in enumerate(block.records):
            decision = describer.decisions[int(answers.signatures[i])]
            assert decision.hash_report != UNKNOWN
            start, length = int(record["offset"]), int(record["captured_length"])
            found.append(
                ReportedPacket(
                    block.data[start : start + length].tobytes(),
                    int(record["original_length"]),
                    int(answers.hash_values[i]) if answers.hashed[i] else None,
                    HASH_REPORTS.index(decision.hash_report),
                    HASH_REPORT_TUNNELS.index(decision.hash_report_tunnel),
                    int(answers.queues[i]),
                )
            )
    return found[:most]


@pytest.fixture(scope="module")
def packets():
    return packets_of()


def spoil(packet: ReportedPacket) -> ReportedPacket:
    """Report the hash in the opposite byte order."""
    if packet.hash_value is None:
        return packet
    value = int.from_bytes(packet.hash_value.to_bytes(4, "little"), "big")
    return ReportedPacket(**(vars(packet) | {"hash_value": value}))


@pytest.mark.parametrize("big_endian", [False, True])
def test_a_pcapng_as_dpdk_writes_it(tmp_path, packets, big_endian):
    with (tmp_path / "dump.pcapng").open("wb") as stream:
        write_pcapng(stream, packets, big_endian=big_endian)
    result = run("validate", tmp_path / "dump.pcapng", *OPTIONS)
    assert result.returncode == 0, result.stdout
    assert result.stdout.startswith(b"The device is right: all 400 packets judged match")
    assert b"hash options are read in the byte order of their section" in result.stdout


def test_the_other_byte_order_is_found(tmp_path, packets):
    with (tmp_path / "dump.pcapng").open("wb") as stream:
        write_pcapng(stream, map(spoil, packets))
    result = run("validate", tmp_path / "dump.pcapng", *OPTIONS, "--format", "json")
    assert result.returncode == 0
    document = json.loads(result.stdout)
    assert document["verdicts"]["match"] == document["judged"] == 400
    assert (document["causes"], document["unexplained"]["packets"], document["queues"]) == ([], 0, None)
    facts = {"order": "opposite", "hashes": 399, "as_written": 0, "opposite": 399}
    assert [(each["kind"], each["facts"]) for each in document["decisions"]] == [("hash-order", facts)]


@pytest.mark.parametrize("name", ["hashes.csv", "hashes.jsonl", "hashes.parquet"])
def test_a_table_beside_the_trace(tmp_path, packets, name):
    write_table(tmp_path / name, map(spoil, packets))
    result = run("validate", OVERLAY, "-c", "400", "--reported", tmp_path / name, *OPTIONS, "--format", "json")
    assert result.returncode == 1
    document = json.loads(result.stdout)
    assert [[fault["name"] for fault in cause["faults"]] for cause in document["causes"]] == [["value-byte-swapped"]]
    assert document["causes"][0]["packets"] == document["mismatches"] == document["verdicts"]["wrong-value"]
    assert document["unexplained"]["packets"] == 0


@pytest.mark.parametrize(
    ("lost", "where"),
    [
        ([200], "a row was probably lost where this begins"),
        ([1500, 4000], "rows were probably lost where each of these begins"),
    ],
)
def test_a_table_that_lost_rows_is_said_to(tmp_path, lost, where):
    rows = [each for at, each in enumerate(packets_of(most=10_000)) if at not in lost]
    write_table(tmp_path / "hashes.csv", rows)
    given = ("validate", OVERLAY, "--reported", tmp_path / "hashes.csv", *OPTIONS)
    result = run(*given)
    assert result.returncode == 1
    n = f"{len(lost)} {'row' if len(lost) == 1 else 'rows'}"
    assert f"The table has {n} fewer than the trace: {where}." in " ".join(result.stdout.decode().split())
    assert json.loads(run(*given, "--format", "json").stdout)["lost_rows"] == len(lost)


def test_what_hashes_writes_is_right(tmp_path):
    assert run("hashes", OVERLAY, "-o", tmp_path / "hashes.csv").returncode == 0
    assert run("validate", OVERLAY, "--reported", tmp_path / "hashes.csv").returncode == 0


def test_another_key_is_named(tmp_path, packets):
    write_table(tmp_path / "hashes.csv", packets)
    result = run("validate", OVERLAY, "-c", "400", "--reported", tmp_path / "hashes.csv", "--queues", "4",
                 "--unclassified-queue", "1", "-o", tmp_path / "out")  # fmt: skip
    assert result.returncode == 1
    text = result.stdout.decode()
    assert "The device hashes with the key of the mlx5 driver: " in text
    assert (tmp_path / "out" / "validation.txt").read_text() in text
    rows = pd.read_csv(tmp_path / "out" / "packets.csv", keep_default_na=False)
    assert len(rows) == 400
    assert f"{(rows['verdict'] != 'match').sum()} of 400 packets judged" in text


def test_hashes_that_are_not_reported_beside_queues(tmp_path, packets):
    """They are judged by their queues, and said to be; where no hash is reported, that is said by what is reported."""
    some = [replace(each, hash_value=None, hash_report=None) if i % 5 == 0 else each for i, each in enumerate(packets)]
    n = sum(packets[i].hash_value is not None for i in range(0, len(packets), 5))
    write_table(tmp_path / "some.csv", some)
    given = ("validate", OVERLAY, "-c", "400", *OPTIONS, "--reported")
    result = run(*given, tmp_path / "some.csv")
    assert result.returncode == 0
    they = "have none reported: they were judged by their receive queue alone."
    said = " ".join(result.stdout.decode().split())
    assert said.startswith("The device is right: all 400 packets judged match the spec. ")
    assert f" match the spec. {n} packets that should have a hash {they} " in said
    assert json.loads(run(*given, tmp_path / "some.csv", "--format", "json").stdout)["by_queue_alone"] == n
    write_table(tmp_path / "none.csv", [replace(each, hash_value=None, hash_report=None) for each in packets])
    assert b"judged by their" not in run(*given, tmp_path / "none.csv").stdout
    write_table(tmp_path / "all.csv", packets)
    assert b"judged by their" not in run(*given, tmp_path / "all.csv").stdout


@pytest.mark.parametrize(("header_len", "spec"), [(20, "v7"), (20, "1.4"), (24, "1.4"), (32, "1.4")])
def test_packets_behind_virtio_headers(tmp_path, header_len, spec):
    device = pcaphash.Device(spec, hash_key=KEY, queues=4, unclassified_queue=1)
    with (tmp_path / "guest.pcap").open("wb") as stream:
        write_virtio_pcap(stream, packets_of(device=device), header_len, spec)
    result = run("validate", tmp_path / "guest.pcap", "--virtio-header", header_len, "--spec", spec, *OPTIONS)
    assert result.returncode == 0, result.stdout


def test_a_log_of_testpmd(tmp_path, packets):
    with (tmp_path / "testpmd.log").open("w") as stream:
        write_testpmd(stream, packets)
    result = run("validate", OVERLAY, "-c", "400", "--testpmd", tmp_path / "testpmd.log", *OPTIONS)
    assert result.returncode == 0, result.stdout


def test_a_capture_for_each_queue(tmp_path, packets):
    paths = []
    for queue in range(4):
        paths.append(tmp_path / f"rx-{queue}.pcapng")
        with paths[-1].open("wb") as stream:
            write_pcapng(stream, [packet for packet in packets if packet.queue == queue])
    right = run("validate", *paths, "--per-queue", *OPTIONS, "--format", "json")
    assert right.returncode == 0, right.stdout
    assert {"trace": str(paths[3]), "queue": 3, "is_by_position": False} in [
        note["facts"] for note in json.loads(right.stdout)["notes"]
    ]
    wrong = run("validate", *paths, "--per-queue", *OPTIONS, "--indirection-table", "0,1,2,2")
    assert wrong.returncode == 1
    assert b"receive queues: wrong for" in wrong.stdout


def test_what_the_driver_sent(tmp_path, packets):
    write_table(tmp_path / "hashes.csv", packets)
    payload = encode_rss_config(DEVICE).hex()
    result = run("validate", OVERLAY, "-c", "400", "--reported", tmp_path / "hashes.csv", "--rss-config", payload)
    assert result.returncode == 0, result.stdout
    fields = [line.partition(", byte ")[2] for line in complaints(result)]
    assert fields[2] == "6: unclassified_queue 1 (receive queue, counted from 0)"


def test_a_damaged_trace_is_partial(tmp_path, packets):
    with (tmp_path / "cut.pcapng").open("wb") as stream:
        write_pcapng(stream, packets)
        stream.truncate(stream.tell() - 10)
    result = run("validate", tmp_path / "cut.pcapng", *OPTIONS)
    assert result.returncode == 3
    assert b"all 399 packets judged match" in result.stdout


def test_what_is_wrong_takes_one_line(tmp_path, packets):
    def table(name: str, text: str):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    (tmp_path / "few.pcap").write_bytes(captures.pcap(captures.pcap_record(bytes(60)) * 2))
    few = tmp_path / "few.pcap"
    cases = [
        ((OVERLAY,), "no packet has a reported hash or queue"),
        ((few, "--reported", table("a.csv", "packet,note\n1,2\n")), "has no column hash_value or hash_report or queue"),
        ((few, "--reported", table("b.csv", "packet,hash_value\n1,zz\n")), "'zz'"),
        ((few, "--reported", table("c.csv", "packet,hash_value\n1,0x1\n1,0x1\n")), "packet"),
        ((few, "--reported", table("d.csv", "packet,hash_value\n,0x1\n")), "packet"),
        ((few, "--reported", table("e.csv", "packet,hash_value\n1,0x1\n2,0x2\n3,0x3\n")), "3"),
        ((few, "--reported", tmp_path / "missing.csv"), "missing.csv"),
        ((few, "--virtio-header", "13"), "no virtio_net_hdr has 13 bytes"),
        ((few, "--virtio-header", "20"), "link type"),
        ((few, "--rss-config", "00"), "--rss-config"),
        ((few, "--source", "magic"), "--source"),
        ((few, few), "--per-queue"),
        ((few, "--per-queue", "--testpmd", "x"), "--per-queue"),
        ((few, "--format", "csv"), "--format"),
    ]
    for words, said in cases:
        result = run("validate", *words, "-o", tmp_path / "out")
        assert result.returncode == 2, words
        (line,) = complaints(result)
        assert said in line, words
        assert not (tmp_path / "out").exists(), words


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed (Debian: tshark)")
def test_tshark_reads_our_receive_queue(tmp_path, packets):
    with (tmp_path / "dump.pcapng").open("wb") as stream:
        write_pcapng(stream, packets)
    command = ["tshark", "-r", str(tmp_path / "dump.pcapng"), "-T", "fields", "-e", "frame.interface_queue"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout.split()
    assert [int(queue) for queue in shown] == [packet.queue for packet in packets]


def other_key(table):
    """Return a command that validates a table of hashes with another key than the device has."""
    return ["validate", OVERLAY, "--reported", table, "--hash-types", "all", "--key", "mlx5", "--queues", 4]


@pytest.mark.jit_only
@pytest.mark.slow
def test_where_all_hashes_are_wrong_the_command_that_recovers_the_key_is_given(tmp_path):
    key, table = "a1b2c3d4e5" * 8, tmp_path / "what the device's driver said.csv"
    run("hashes", OVERLAY, "--key", key, "-o", table)
    result = run(*other_key(table), "-o", tmp_path / "out", "--lenient")
    assert result.returncode == 1
    command = result.stdout.decode().rstrip().splitlines()[-1].strip()
    words = shlex.split(command)
    assert words[:2] == ["pcaphash", "recover-key"]
    assert words[2:] == [str(each) for each in (OVERLAY, "--reported", table, "--hash-types", "all", "--queues", 4)]
    quiet = run("--quiet", *other_key(table)).stdout.decode().rstrip().splitlines()[-1]
    assert quiet.strip() == command
    recovered = run(*words[1:]).stdout.decode()
    assert f"key: {key[:24]}" in recovered
    document = json.loads(run(*other_key(table), "--format=json").stdout)
    assert document["recover_command"] == command


@pytest.mark.jit_only
@pytest.mark.slow
def test_where_a_cause_explains_that_all_hashes_are_wrong_no_key_is_asked_for(tmp_path):
    table = tmp_path / "hashes.csv"
    run("hashes", OVERLAY, "--key", "symmetric", "-o", table)
    shown = run(*other_key(table)).stdout
    assert b"the symmetric key" in shown
    assert b"recover-key" not in shown
    assert json.loads(run(*other_key(table), "--format=json").stdout)["recover_command"] is None


def test_where_some_hashes_are_right_no_key_is_asked_for(tmp_path):
    table = tmp_path / "hashes.csv"
    run("hashes", OVERLAY, "--key", "mlx5", "-o", table)
    lines = table.read_text("utf-8").splitlines()
    table.write_text("\n".join([*lines[:9], lines[9].replace(",0x", ",0x0"), *lines[10:]]), "utf-8")
    assert b"recover-key" not in run(*other_key(table)).stdout


@pytest.mark.parametrize(
    ("table", "options", "problem"),
    [
        ("packet,queue\n1,3\n", ["--features", "CTRL_VQ+HASH_REPORT"], "only receive queues are reported"),
        (
            "packet,hash_value,hash_report\n1,0x7,IPv4\n",
            [],
            "the capture shows too little of 1 packet to tell what is expected",
        ),
        ("packet,hash_value\n", [], "table.csv has names of columns, but no rows; give a table with a row"),
        ("", [], "table.csv is empty; give a table with a row for each packet"),
        ("packet,hash_value\n1,\n", [], "no packet has a reported hash or queue"),
    ],
)
def test_nothing_to_judge(tmp_path, table, options, problem):
    path, trace = tmp_path / "table.csv", tmp_path / "trace.pcap"
    path.write_text(table, "utf-8")
    trace.write_bytes(captures.pcap(captures.pcap_record(bytes(12) + b"\x08\x00\x45", 60)))
    result = run("validate", trace, "--reported", path, *options)
    assert result.returncode == 2
    (line,) = complaints(result)
    assert problem in line


def test_a_trace_without_packets(tmp_path):
    path, trace = tmp_path / "table.csv", tmp_path / "trace.pcap"
    path.write_text("packet,hash_value\n", "utf-8")
    trace.write_bytes(captures.pcap(b""))
    result = run("validate", trace, "--reported", path)
    assert result.returncode == 2
    assert not result.stdout
    (line,) = complaints(result)
    assert line.endswith("nothing could be judged: there are no packets; give a trace with packets")
    written = run("validate", trace, "--reported", path, "--format", "json")
    assert json.loads(written.stdout)["conclusion"] == "nothing"


@pytest.mark.slow
def test_a_log_without_any_hash_is_called_so(tmp_path, packets):
    with (tmp_path / "testpmd.log").open("w") as stream:
        write_testpmd(stream, [replace(packet, hash_value=None, hash_report=0, queue=0) for packet in packets[:20]])
    result = run("validate", OVERLAY, "-c", "20", "--testpmd", tmp_path / "testpmd.log", *OPTIONS)
    shown = " ".join(result.stdout.decode().split())
    assert "No hash was reported for any packet: RSS may be off" in shown


def test_columns_of_other_names(tmp_path):
    table = tmp_path / "driver.csv"
    run("hashes", OVERLAY, "-o", table)
    text = table.read_text("utf-8").replace("hash_value", "rss_hash").replace("packet,", "pkt,", 1)
    table.write_text(text, "utf-8")
    result = run("validate", OVERLAY, "--reported", table, "--columns", "hash_value=rss_hash,packet=pkt")
    assert (result.returncode, complaints(result)) == (0, [])
    (line,) = complaints(run("validate", OVERLAY, "--reported", table))
    assert line.endswith("give --columns packet=pkt,hash_value=rss_hash")
    (line,) = complaints(run("validate", OVERLAY, "--columns", "hash_value=rss_hash"))
    assert line.endswith("--columns: --reported is missing; give the table too")


@pytest.mark.parametrize(
    ("value", "headline"),
    [
        ("0x51ccc178", "The device is right: the only packet judged matches the spec."),
        ("0x51ccc179", "The device is wrong: the only packet judged does not match the spec."),
    ],
)
def test_one_packet_is_one_packet(tmp_path, value, headline):
    table = tmp_path / "table.csv"
    table.write_text(f"packet,hash_value\n1,{value}\n")
    shown = run("validate", ROOT / "sample_traces" / "microsoft.pcap", "--reported", table).stdout.decode()
    assert shown.splitlines()[0] == headline


@pytest.mark.jit_only
def test_how_a_pipe_cuts_the_trace_decides_nothing(tmp_path):
    table = tmp_path / "reported.csv"
    rows = run("hashes", OVERLAY, "--hash-types", "base").stdout.decode().splitlines()
    columns = rows[0].split(",")
    at = {name: columns.index(name) for name in ("packet", "encapsulation", "hash_value")}
    lines = [",".join(row.split(",")[at[name]] for name in at) for row in rows[1:]]
    table.write_text("\n".join(["packet,hash_report_tunnel,hash_value", *lines]))
    options = ("--reported", table, "--hash-types", "base", "--format", "json")
    decided = json.loads(run("validate", OVERLAY, *options).stdout)["decisions"]
    assert decided
    data = OVERLAY.read_bytes()
    for size in (3000, 100_000):
        command = [sys.executable, "-m", "pcaphash", "validate", "-", *map(str, options)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            process.stdin.write(data[:size])
            process.stdin.flush()
            time.sleep(0.5)
            written, _ = process.communicate(data[size:])
        assert json.loads(written)["decisions"] == decided
