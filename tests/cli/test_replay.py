"""``pcaphash replay``: what it refuses, what it writes, and that the circle through ``validate`` closes."""

import csv
import io
import json
import os
import subprocess

import pytest

from pcaphash.device import Device
from support import captures
from support.command import complaints, run
from support.payloads import encode_hash_config
from support.shared import ROOT

OVERLAY = ROOT / "sample_traces" / "overlay.pcap"
AT_A_RATE = ["--speed", "1000x", "--service-rate", "500kpps", "--ring-size", "64"]
COLUMNS = (
    "config,queue,packets,bytes,dropped,busy_share,occupancy_mean,occupancy_max,delay_median_ns,delay_p99_ns,"
    "delay_p999_ns,delay_max_ns,reordered,offered_load"
)


def test_a_capture_without_a_place_for_hashes_is_warned_of(tmp_path):
    for words, is_warned in ((["-w", "o.pcap"], True), (["-w", "o.pcap", "--virtio-header", "20"], False)):
        result = run("replay", OVERLAY, words[0], tmp_path / words[1], *words[2:], "--config", "a=all")
        said = f"warning: {tmp_path / 'o.pcap'} has no hashes and queues, for which plain pcap has no place; name it "
        assert (said in result.stderr.decode()) == is_warned
        assert result.returncode == 0


def rows_of(*arguments):
    result = run("replay", OVERLAY, *arguments, "--format", "csv")
    assert result.returncode == 0, result.stderr
    return list(csv.DictReader(io.StringIO(result.stdout.decode())))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--ring-size", "0"], "--ring-size: 0 is not a size that a ring can have"),
        (["--service-rate", "2M"], "--service-rate: '2M' is not a rate"),
        (["--service-rate", "2Mpps", "--service-time", "3ns"], "--service-rate: --service-time says how long"),
        (["--service-time", "0ns"], "--service-time: "),
        (["--service-time", "3parsecs"], "--service-time: '3parsecs' is not a"),
        (["--speed", "-1"], "--speed: '-1' is not a speed above 0"),
        (["--speed", "2x", "--rate", "1Mpps"], "--speed: --rate gives the times already"),
        (["--rate", "7"], "--rate: '7' is not a rate"),
        (["--loop", "0"], "--loop: 0 is not a number of rounds"),
        (
            ["--window", "1s"],
            "--window: windows show drops and delay, which need a service rate; give ",
        ),
        (["--at", "1s", "--queues 0"], "--at: 1s: --queues: "),
        (["--at", "1s", "--vxlan-port 1"], "--at: 1s: --vxlan-port is settled when the driver starts"),
        (["--at", "1s", "--queue 1"], "--at: '--queue 1': --queue is not an option; did you mean --queues?"),
        (["--features", "CTRL_VQ+HASH_REPORT", "--at", "1s", "--indirection-table 0"], "RSS_CONFIG needs the RSS"),
        (["--virtio-header", "20"], "--virtio-header: no capture is written"),
        (["--explain"], "--explain: no capture is written"),
        (["-w", "out.txt"], "--write: "),
        (["-w", "out.pcapng", "--virtio-header", "20"], "--virtio-header 20: "),
        (["-w", "out.pcap", "--config", "a=all", "--config", "b=base"], "--config: 2 configurations are given"),
        (["-w", "o.pcapng", "--service-rate", "1Mpps", "--loop", "2"], "--loop 2: each packet is written once"),
        (["-w", "o.pcapng", "--loop", "2"], "--loop 2: each packet is written once"),
        (["-w", OVERLAY], f"--write: {OVERLAY} is an input file"),
        (["--split-by-queue", OVERLAY], "choose another place with --split-by-queue"),
        (["--reported", OVERLAY], f"--reported: {OVERLAY} is an input file"),
        (["-w", "o.pcap", "--explain"], "--explain: only pcapng has comments; name the file .pcapng"),
        (["-w", "o.pcapng.pcap", "--explain"], "--explain: only pcapng has comments; name the file .pcapng"),
        (["-w", "-", "--virtio-header", "20", "--explain"], "--explain: only pcapng has comments; leave --virtio-"),
        (["--split-by-queue", "o", "--virtio-header", "20", "--explain"], "comments; leave --virtio-header out"),
        (["-w", "o.txt", "--explain"], "--write: the file extension names no format"),
        (["--at", "1s", "--spec 1.4"], "--at: 1s: --spec is settled when the driver starts"),
        (["--config", "shared-ring=base"], "--config: 'shared-ring' is the name of a baseline, which is told beside"),
        (["-w", "-", "--format", "csv"], "--format: packets go to standard output, which has room for nothing else"),
    ],
)
def test_what_is_refused(arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("replay", OVERLAY, *arguments)
    line = complaints(result)[-1]
    assert said in line
    assert (result.returncode, list(tmp_path.iterdir())) == (2, [])


def test_packets_without_times_need_a_rate():
    trace = ROOT / "sample_traces" / "interfaces.pcapng"
    (line,) = complaints(run("replay", trace))
    assert "has no time of arrival; give --rate 1Mpps, or another rate" in line
    assert run("replay", trace, "--rate", "1Mpps").returncode == 0


def test_the_columns_are_those_of_the_contract():
    rows = rows_of(*AT_A_RATE)
    assert ",".join(rows[0]) == COLUMNS
    own = [row for row in rows if row["config"] in ("outer-addresses", "outer", "inner")]
    assert [row["queue"] for row in own] == [str(queue) for _ in range(3) for queue in range(8)]
    assert sum(int(row["packets"]) for row in own) == 3 * 6060
    assert ",".join(rows_of("--speed", "1000x")[0]) == "config,service_rate_pps,packets,dropped,drop_share,needed_pps"


def test_the_verdict_is_the_first_line_and_a_fact():
    text = run("replay", OVERLAY, *AT_A_RATE).stdout.decode()
    assert text.startswith("At 500 kpps per core, outer-addresses drops ")
    document = json.loads(run("replay", OVERLAY, *AT_A_RATE, "--format", "json").stdout)
    assert document["verdict"]["best"] == ["inner"]
    dropped = {each["config"]: each["dropped"] for each in document["verdict"]["configurations"]}
    assert dropped["outer-addresses"] > dropped["outer"] > dropped["inner"] == 0


def test_changes_by_option_and_by_file_are_the_same(tmp_path):
    device = tmp_path / "device.toml"
    device.write_text('[[at]]\ntime = "2ms"\nhash_types = "all"\nqueues = 2\n')
    by_option = rows_of(*AT_A_RATE, "--at", "2ms", "--hash-types all --queues 2")
    assert by_option == rows_of(*AT_A_RATE, "--device", device)
    assert by_option != rows_of(*AT_A_RATE)


def test_files_of_a_folder(tmp_path):
    assert run("replay", OVERLAY, *AT_A_RATE, "--window", "100us", "-o", tmp_path).returncode == 0
    tables = {"replay.csv", "delays.csv", "replay_windows.csv"}
    figures = {f"{name}.{kind}" for name in ("delays", "load", "drops") for kind in ("png", "svg", "pdf")}
    assert {path.name for path in tmp_path.iterdir()} == {"verdict.txt"} | tables | figures


@pytest.mark.parametrize("name", ["out.pcapng", "OUT.PCAPNG", "-"])
def test_comments_go_where_pcapng_is_written(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("replay", OVERLAY, "-w", name, "--explain", "-c", "3")
    written = result.stdout if name == "-" else (tmp_path / name).read_bytes()
    assert (result.returncode, written[:4], written.count(b" over the inner header")) == (0, b"\x0a\x0d\x0d\x0a", 3)


@pytest.mark.parametrize("carrier", ["pcapng", "12", "20", "csv", "jsonl", "parquet"])
def test_what_is_delivered_is_right(carrier, tmp_path):
    if carrier == "pcapng":
        written = tmp_path / "out.pcapng"
        result = run("replay", OVERLAY, "-w", written, "--explain")
        checked = run("validate", written)
    elif carrier.isdecimal():
        written = tmp_path / "out.pcap"
        result = run("replay", OVERLAY, "-w", written, "--virtio-header", carrier)
        table = tmp_path / "out.csv"
        assert run("replay", OVERLAY, "--reported", table).returncode == 0
        more = ["--reported", table] if carrier == "12" else []
        checked = run("validate", written, "--virtio-header", carrier, *more)
    else:
        written = tmp_path / f"out.{carrier}"
        result = run("replay", OVERLAY, "--reported", written)
        checked = run("validate", OVERLAY, "--reported", written)
    assert (result.returncode, result.stdout) == (0, b"")
    assert (checked.returncode, checked.stdout.splitlines()[0]) == (
        0,
        b"The device is right: all 6,060 packets judged match the spec.",
    ), checked.stderr


def test_what_is_dropped_is_not_written(tmp_path):
    written = tmp_path / "out.pcapng"
    types = ["--hash-types", "base"]
    report = run("replay", OVERLAY, *AT_A_RATE, *types, "-w", written, "--format", "json")
    dropped = json.loads(report.stdout)["verdict"]["configurations"][0]["dropped"]
    assert dropped > 0
    checked = run("validate", written, *types)
    assert checked.stdout.startswith(f"The device is right: all {6060 - dropped:,} packets".encode())


def test_a_capture_for_each_receive_queue(tmp_path):
    folder = tmp_path / "queues"
    assert run("replay", OVERLAY, "--split-by-queue", folder, "--queues", "4").returncode == 0
    names = sorted(path.name for path in folder.iterdir())
    checked = run("validate", *(folder / name for name in names), "--per-queue", "--queues", "4")
    assert checked.stdout.startswith(b"The device is right: all 6,060 packets")


def test_the_folder_is_validated_as_it_is_packets_of_unknown_queues_too(tmp_path):
    folder = tmp_path / "queues"
    assert run("replay", ROOT / "sample_traces" / "cut.pcap", "--split-by-queue", folder).returncode == 0
    assert (folder / "queue-unknown.pcapng").exists()
    of_folder = run("validate", "--per-queue", folder)
    assert of_folder.stdout.startswith(b"The device is right")
    assert of_folder.returncode == 0
    of_files = run("validate", "--per-queue", *sorted(folder.iterdir()))
    assert of_files.stdout == of_folder.stdout


def test_several_traces_are_written_as_they_arrive(tmp_path):
    """What is dropped of them together is not there, and everything else is, under its queue."""
    traces = [OVERLAY, ROOT / "sample_traces" / "faulty-device.pcapng"]
    how = ["--config", "x=all", *AT_A_RATE[:2], "--service-rate", "100kpps", "--ring-size", "2"]
    result = run("replay", *traces, *how, "--format", "csv")
    rows = [row for row in csv.DictReader(io.StringIO(result.stdout.decode())) if row["config"] == "x"]
    merged, queues, table = tmp_path / "merged.pcapng", tmp_path / "queues", tmp_path / "table.csv"
    assert run("replay", *traces, *how, "-w", merged, "--split-by-queue", queues).returncode == 0
    found = run("validate", merged)
    wanted = [int(row["packets"]) - int(row["dropped"]) for row in rows]
    assert found.stdout.startswith(f"The device is right: all {sum(wanted):,} packets".encode())
    counted = [json.loads(run("info", queues / f"queue-{n}.pcapng", "--format", "json").stdout) for n in range(8)]
    assert [each["packets"] for each in counted] == wanted
    assert 0 < sum(wanted) < 7560
    assert run("replay", *traces, "-w", merged, "--reported", table).returncode == 0
    found = run("validate", merged, "--reported", table)
    assert found.stdout.startswith(b"The device is right: all 7,560 packets")


def test_of_what_is_written_it_is_told_which_times_are_not_taken_as_they_are(tmp_path):
    trace = tmp_path / "back.pcap"
    packet = bytes(60)
    times = [(100, 5), (100, 4), (9000, 0)]
    trace.write_bytes(captures.pcap(b"".join(captures.pcap_record(packet, time=time) for time in times)))
    out = tmp_path / "out.pcapng"
    for traces in ([trace], [trace, OVERLAY]):
        result = run("replay", *traces, "--service-rate", "1Mpps", "--config", "x=all", "-w", out)
        said = [line for line in result.stderr.decode().splitlines() if "back.pcap: " in line]
        assert "1 packet is stamped earlier than the packet before, from packet 2 on" in said[0]
        assert "the clock was set before packet 3, by +8,900 s" in said[1]
        assert len(said) == 2


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("replay", []),
        ("replay", ["-w", "out.pcapng"]),
    ],
)
def test_of_packets_that_the_host_sent_it_is_told_that_none_was_received(command, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sent = captures.enhanced(bytes(60), options=captures.number_option(2, "I", 2) + captures.option(0, b""))
    (tmp_path / "sent.pcapng").write_bytes(captures.section() + captures.interface() + sent)
    result = run(command, "sent.pcapng", *arguments)
    assert "no packet was received; the host sent all 1 that there are; give --direction all" in complaints(result)[-1]
    assert (result.returncode, [path.name for path in tmp_path.iterdir()]) == (2, ["sent.pcapng"])


def test_captures_of_other_queues_are_not_mixed_with_these(tmp_path):
    folder = tmp_path / "queues"
    assert run("replay", OVERLAY, "--split-by-queue", folder, "--queues", "4").returncode == 0
    result = run("replay", OVERLAY, "--split-by-queue", folder, "--queues", "2")
    assert "has files of another run, such as queue-2.pcapng; remove them" in complaints(result)[-1]
    assert (result.returncode, len(list(folder.iterdir()))) == (2, 4)


def test_nothing_is_written_of_no_packets(tmp_path):
    trace = tmp_path / "none.pcap"
    trace.write_bytes(OVERLAY.read_bytes()[:24])
    for more in ([], ["-w", tmp_path / "out.pcapng"]):
        result = run("replay", trace, *more)
        assert (result.returncode, list(tmp_path.iterdir())) == (2, [trace])
        assert "no packet arrives; give a capture with packets" in complaints(result)[-1]


def test_after_hash_config_no_ring_gets_packets(tmp_path):
    payload = tmp_path / "payload.bin"
    payload.write_bytes(encode_hash_config(Device(hash_types="linux")))
    at_half = ["--speed", "1000x", "--at", "2ms", f"--hash-config {payload}"]
    result = run("replay", OVERLAY, *at_half, "--service-rate", "1Mpps", "--config", "x=all", "--format", "csv")
    of_config = [row for row in csv.DictReader(io.StringIO(result.stdout.decode())) if row["config"] == "x"]
    missing = 6060 - sum(int(row["packets"]) for row in of_config)
    assert 2500 < missing < 3500
    assert complaints(result)[-1] == (
        "pcaphash: warning: x: after HASH_CONFIG, hashes choose no receive queue; it is not known for "
        f"{missing:,} packets, so no ring gets them"
    )


def test_a_change_after_the_last_packet_is_told():
    result = run("replay", OVERLAY, *AT_A_RATE, "--at", "1min", "--queues 2")
    assert b"the change at 60 s has no effect: the last packet arrives after 4 ms" in result.stderr


def test_packets_after_a_change_are_reported_as_it_makes_them(tmp_path):
    table = tmp_path / "out.csv"
    result = run("replay", OVERLAY, "--hash-types", "all", "--at", "2s", "--hash-types none", "--reported", table)
    assert (result.returncode, result.stdout) == (0, b"")
    rows = list(csv.DictReader(table.read_text().splitlines()))
    first = rows[0]["hash_report"]
    n_before = max(number for number, row in enumerate(rows, 1) if row["hash_report"] != "NONE")
    assert first != "NONE"
    assert 0.4 < n_before / len(rows) < 0.6
    ended = run("replay", OVERLAY, "--hash-types", "all", "--at", "60min", "--hash-types none", "--reported", table)
    assert b"the change at 3,600 s has no effect: the last packet arrives after 4 s" in ended.stderr
    assert list(csv.DictReader(table.read_text().splitlines()))[:n_before] == rows[:n_before]


def test_standard_output_has_nothing_but_packets(tmp_path):
    written = run("replay", OVERLAY, "--config", "outer=base", "-w", "-", *AT_A_RATE, "-o", tmp_path / "results")
    assert written.stdout.startswith(b"\x0a\x0d\x0d\x0a")
    rows = list(csv.DictReader((tmp_path / "results" / "replay.csv").read_text().splitlines()))
    dropped = sum(int(row["dropped"]) for row in rows if row["config"] == "outer")
    assert f"configuration outer delivers; it drops {dropped:,} of 6,060 packets (" in written.stderr.decode()
    checked = run("validate", "-", "--hash-types", "base", stdin=written.stdout)
    assert checked.returncode == 0


def test_what_is_asked_for_is_told_besides_what_is_written(tmp_path):
    rows = run("replay", OVERLAY, "-w", tmp_path / "out.pcapng", "--format", "csv").stdout
    assert rows == run("replay", OVERLAY, "--format", "csv").stdout


def test_of_standard_input_and_pipes_packets_are_written_and_nothing_else(tmp_path):
    path, pipe = tmp_path / "out.pcapng", tmp_path / "pipe.pcap"
    os.mkfifo(pipe)
    with subprocess.Popen(["cp", OVERLAY, pipe]):
        written = run("replay", pipe, "-w", path, *AT_A_RATE)
    assert (written.returncode, written.stdout) == (0, b"")
    assert run("validate", path).returncode == 0
    for name, value in (("--format", "csv"), ("--output", tmp_path / "results")):
        refused = run("replay", "-", "-w", tmp_path / "no.pcapng", name, value, stdin=OVERLAY.read_bytes())
        assert complaints(refused) == [
            f"pcaphash: error: {name}: packets are written from standard input or a pipe, which can be read only once; "
            "leave it out, or save the capture to a file first"
        ]
        assert refused.returncode == 2
    assert sorted(tmp_path.iterdir()) == [path, pipe]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--into", "nothing"], "--into: there is no network interface 'nothing'"),
        (["--into", "tap", "--loop", "2"], "--loop: packets go into tap one after the other"),
        (["--into", "qemu", "--speed", "2x"], "--speed: packets go into qemu one after the other"),
        (["--into", "qemu", "--read-hash"], "--read-hash: it works only with --into tap"),
        (["--decapsulate"], "--decapsulate: it works only with --into tap"),
        (["--into", "lo", "--reported", "out.csv"], "--reported: an interface does not say what"),
        (["--into", "tap", "--service-rate", "1Mpps"], "--service-rate: the packets go to a real device, which has"),
        (["--into", "lo", "--window", "1s"], "--window: the packets go to a real device, which has its own rings"),
        (["--into", "tap", "--flavor", "qemu"], "--flavor qemu: the steering program of Linux's tap hashes in its own"),
        (["--into", "qemu", "--flavor", "vpp"], "leave it out, or give --flavor qemu"),
        (
            ["--into", "tap", "--config", "a=all", "--config", "b=all"],
            "2 configurations are given, and packets are sent",
        ),
        (["--into", "tap", "--decapsulate", "--hash-types", "base"], "--decapsulate: no tunnel type is enabled"),
        (["--into", "qemu", "--vni", "7", "missing.pcap"], "--into: packets of one trace are sent"),
        (["--into", "tap", "--format", "json"], "--format: --into prints what became of the packets, as text"),
        (["--into", "lo", "-o", "results"], "--output: --into prints what became of the packets, as text"),
        (
            ["--into", "qemu", "-w", "out.pcapng", "--explain"],
            "--explain: a device that packets are sent into does not",
        ),
        ([OVERLAY, "--into", "lo"], "--into: packets of one trace are sent"),
    ],
)
def test_what_is_not_sent_anywhere(arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("replay", OVERLAY, *arguments)
    (line,) = complaints(result)
    assert said in line
    assert (result.returncode, result.stdout, list(tmp_path.iterdir())) == (2, b"", [])
