"""Every way a command can end: its exit code, one clear line on standard error, and never a traceback."""

import gzip
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.command import complaints, run
from support.shared import ROOT

SAMPLES = ROOT / "sample_traces"
VXLAN = SAMPLES / "vxlan.pcap"
OVERLAY = SAMPLES / "overlay.pcap"


def test_success_says_nothing_on_standard_error():
    result = run("analyze", VXLAN)
    assert (result.returncode, complaints(result)) == (0, [])
    assert "packets per receive queue" in result.stdout.decode()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["analyze"], []),
        (["analyze", VXLAN, "--bogus"], ["--bogus"]),
        (["analyze", VXLAN, "--queues", "many"], ["--queues"]),
        (["analyze", VXLAN, "--queues", "0"], ["--queues"]),
        (["analyze", VXLAN, "--hash-types", "GRE_INER"], ["--hash-types", "GRE_INNER"]),
        (["analyze", VXLAN, "--key", "xyz"], ["--key"]),
        (["analyze", VXLAN, "--indirection-table-size", "100"], ["--indirection-table-size", "power of two"]),
        (["analyze", VXLAN, "--indirection-table", "0,1,9,1"], ["--indirection-table"]),
        (["analyze", VXLAN, "--config", "linux"], ["--config", "NAME=HASH_TYPES"]),
        (["analyze", VXLAN, "--config", "a=linux", "--config", "a=base"], ["--config", "'a'"]),
        (["analyze", VXLAN, "--tunnel-types", "VXLAN"], ["--tunnel-types", "1.4"]),
        (["analyze", VXLAN, "--spec", "1.3"], ["--spec"]),
        (["analyze", VXLAN, "--features", "HASH_TUNNEL"], ["CTRL_VQ"]),
        (["analyze", VXLAN, "--vxlan-port", "6081"], ["6081"]),
        (["analyze", VXLAN, "--format", "xml"], ["--format", "csv"]),
        (["analyze", VXLAN, "--device", "nowhere.toml"], ["nowhere.toml"]),
        (["hashes", VXLAN, "--format", "table"], ["--format"]),
    ],
)
def test_wrong_usage_is_one_line_that_names_the_option(arguments, words):
    result = run(*arguments)
    assert result.returncode == 2
    if words:
        (line,) = complaints(result)
        assert all(word in line for word in words), line
        assert result.stdout == b""


def test_what_ethtool_does_not_show_is_told(tmp_path):
    shown = tmp_path / "eth0.txt"
    shown.write_text(
        "RX flow hash indirection table for eth0 with 4 RX ring(s):\nOperation not supported\n"
        "RSS hash key:\nOperation not supported\n"
    )
    result = run("analyze", VXLAN, "--ethtool", shown)
    assert result.returncode == 0
    (line,) = complaints(result)
    assert "shows no hash key and no indirection table, so the default is assumed" in line
    result = run("analyze", VXLAN, "--ethtool", shown, "--key", "microsoft", "--indirection-table-size", "64")
    assert (result.returncode, complaints(result)) == (0, [])


def test_a_key_that_ethtool_shows_as_zeros_is_told_once_and_the_assumed_one_is_named(tmp_path):
    shown = tmp_path / "eth0.txt"
    table = "RX flow hash indirection table for eth0 with 4 RX ring(s):\n    0:      0     1     2     3\n"
    shown.write_text(f"{table}RSS hash key:\n{bytes(40).hex(':')}\n")
    result = run("key", "--ethtool", shown)
    (line,) = complaints(result)
    assert "is shown as zeros" in line
    assert "unless it is given, the default is assumed: give it with --key" in line
    assert result.stdout.startswith(b"Apart from being published, the assumed key has no weakness")
    tuned = run("tune", ROOT / "sample_traces" / "overlay.pcap", "--ethtool", shown, "--keys", "5")
    assert b"the assumed key" in tuned.stdout.partition(b"\n\n")[0]
    given = run("key", "--ethtool", shown, "--key", "microsoft")
    assert given.stdout.startswith(b"Apart from being published, the key has no weakness")
    assert complaints(given) == []


def test_a_trace_without_packets_has_no_rows_and_says_so(tmp_path):
    empty = tmp_path / "empty.pcap"
    empty.write_bytes(VXLAN.read_bytes()[:24])
    result = run("hashes", empty)
    assert result.returncode == 0
    assert len(result.stdout.splitlines()) == 1
    assert complaints(result) == [
        "pcaphash: warning: there are no packets, so there are no rows; give a trace with packets"
    ]


def test_a_trace_given_twice_is_told():
    result = run("analyze", VXLAN, VXLAN)
    assert result.returncode == 0
    (line,) = complaints(result)
    assert line.endswith("vxlan.pcap was given 2 times and is counted each time")


@pytest.mark.parametrize("command", ["hashes", "census", "analyze"])
def test_standard_output_is_no_file(command):
    result = run(command, VXLAN, "-o", "-")
    assert result.returncode == 2
    (line,) = complaints(result)
    assert "--output: - is not a file" in line
    assert not Path("-").exists()


@pytest.mark.parametrize("command", ["analyze", "hashes"])
def test_a_missing_file_cannot_be_read(command):
    result = run(command, "nowhere.pcap")
    assert result.returncode == 4
    (line,) = complaints(result)
    assert "nowhere.pcap" in line
    assert result.stdout == b""


@pytest.mark.parametrize("content", [b"", b"no capture at all", b"\xd4\xc3\xb2\xa1\x02\x00"])
def test_what_is_no_capture_cannot_be_read(tmp_path, content):
    trace = tmp_path / "trace"
    trace.write_bytes(content)
    result = run("analyze", trace)
    assert result.returncode == 4
    (line,) = complaints(result)
    assert str(trace) in line


def test_a_cut_capture_is_reported_as_partial_with_its_offset(tmp_path):
    trace = tmp_path / "cut.pcap"
    content = VXLAN.read_bytes()
    trace.write_bytes(content[:-1])
    result = run("hashes", trace)
    whole = run("hashes", VXLAN)
    assert result.returncode == 3
    assert result.stdout.splitlines() == whole.stdout.splitlines()[:-1]
    lines = complaints(result)
    assert str(trace) in lines[0]
    assert f"byte {_offset_of_last_record(content)}" in lines[0]


@pytest.mark.parametrize("command", ["replay", "recover-key", "explain"])
def test_what_needs_a_packet_names_the_damage_that_left_none(tmp_path, command):
    trace = tmp_path / "cut.pcap"
    trace.write_bytes(VXLAN.read_bytes()[:60])
    result = run(command, trace, *(["--packet", "1"] if command == "explain" else []))
    assert (result.returncode, result.stdout) == (3, b"")
    (line,) = complaints(result)
    assert str(trace) in line
    assert "byte 24: the file ends within a record" in line


def _offset_of_last_record(content):
    offset = last = 24
    while offset < len(content):
        last = offset
        offset += 16 + int.from_bytes(content[offset + 8 : offset + 12], "little")
    return last


def test_several_traces_of_which_one_is_missing_give_the_rest(tmp_path):
    result = run("analyze", VXLAN, tmp_path / "missing.pcap", "--format", "csv")
    assert result.returncode == 3
    assert result.stdout == run("analyze", VXLAN, "--format", "csv").stdout
    assert "missing.pcap" in complaints(result)[0]


def test_standard_input_gives_what_the_file_gives():
    expected = run("hashes", VXLAN).stdout
    assert run("hashes", "-", stdin=VXLAN.read_bytes()).stdout == expected
    assert run("hashes", "-", stdin=gzip.compress(VXLAN.read_bytes())).stdout == expected


@pytest.mark.parametrize(("command", "start"), [("hashes", b"packet,timestamp_ns,"), ("hash", b"source,source_port,")])
def test_a_closed_output_pipe_ends_quietly(command, start, tmp_path):
    source = SAMPLES / "overlay.pcap"
    if command == "hash":
        source = tmp_path / "flows.csv"
        source.write_text("".join(f"192.0.2.1:{port},198.51.100.2:443\n" for port in range(40_000)))
    words = f"{sys.executable} -m pcaphash {command} {source} --quiet | head -1"
    result = subprocess.run(["bash", "-o", "pipefail", "-c", words], capture_output=True, timeout=300)
    assert result.returncode == 0
    assert result.stderr == b""
    assert result.stdout.startswith(start)


def test_output_that_cannot_be_written_is_named(tmp_path):
    result = run("hashes", VXLAN, "--output", tmp_path / "no" / "such" / "folder.csv")
    assert result.returncode == 2
    (line,) = complaints(result)
    assert "folder.csv" in line


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device /dev/full")
@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["analyze", VXLAN], "write to a file with --output"),
        (["hashes", VXLAN], "write to a file with --output"),
        (["hashes", "--help"], "send it to another place"),
        (["--version"], "send it to another place"),
        (["--quiet", "steer", "192.0.2.1", "192.0.2.2:80"], "send it to another place"),
    ],
)
def test_a_full_disk_behind_standard_output_is_said(words, advice):
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [sys.executable, "-m", "pcaphash", *words], stdout=full, stderr=subprocess.PIPE, timeout=300
        )
    assert result.returncode == 2
    (line,) = complaints(result)
    assert f"No space left on device; {advice}" in line


def test_standard_output_that_is_not_blocking_gets_everything():
    words = ["steer", "192.0.2.1", "198.51.100.2:443", "--count", "500", "--format", "csv"]
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    process = subprocess.Popen([sys.executable, "-m", "pcaphash", *words], stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        first = stream.read(1)
        time.sleep(0.5)  # meanwhile, it fills the pipe
        output = first + stream.read()
    assert process.communicate(timeout=300)[1] == b""
    assert process.returncode == 0
    assert len(output) > 100_000  # more than a pipe holds
    assert output == run(*words).stdout


@pytest.mark.parametrize(("option", "output"), [("-Eu", b"text\nbytes"), ("-E", b"")])
def test_standard_output_stays_as_buffered_as_it_was(option, output):
    lines = [
        "import os, sys",
        "from pcaphash.cli.standard_output import watch_standard_output",
        "watch_standard_output()",
        "print('text')",
        "sys.stdout.buffer.write(b'bytes')",
        "os._exit(0)",
    ]
    result = subprocess.run([sys.executable, option, "-c", "\n".join(lines)], capture_output=True, timeout=300)
    assert (result.stdout, result.stderr) == (output, b"")


def test_closed_streams_do_no_harm():
    command = f"{sys.executable} -m pcaphash analyze {VXLAN} <&- >&- 2>&-"
    assert subprocess.run(["bash", "-c", command], timeout=300).returncode == 0


def test_an_output_file_is_written_whole_or_not_at_all(tmp_path):
    output = tmp_path / "hashes.csv"
    output.write_text("kept")
    assert run("hashes", "nowhere.pcap", "--output", output).returncode == 4
    assert output.read_text() == "kept"
    assert run("hashes", VXLAN, "--output", output).returncode == 0
    assert output.read_bytes() == run("hashes", VXLAN).stdout
    assert [path.name for path in tmp_path.iterdir()] == ["hashes.csv"]


def test_link_types_that_are_not_dissected_are_named_and_counted(tmp_path):
    content = bytearray(VXLAN.read_bytes())
    content[20:24] = (105).to_bytes(4, "little")
    trace = tmp_path / "wireless.pcap"
    trace.write_bytes(content)
    result = run("hashes", trace)
    assert result.returncode == 0
    assert "link type 105" in complaints(result)[0]
    rows = result.stdout.decode().splitlines()[1:]
    assert all(row.endswith(",UNKNOWN,none,UNKNOWN,UNKNOWN,,,,link-type") for row in rows)


def test_help_shows_examples():
    for arguments in (["--help"], ["analyze", "--help"], ["hashes", "--help"]):
        result = run(*arguments)
        assert result.returncode == 0
        assert "Examples:" in result.stdout.decode()


@pytest.mark.slow
def test_the_first_run_says_that_it_compiles(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    assert b"compiling" in run("hashes", VXLAN).stderr
    assert b"compiling" not in run("hashes", VXLAN).stderr


@pytest.mark.slow
def test_a_cache_that_cannot_be_written_does_no_harm(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(Path(blocked) / "below"))
    assert run("hashes", VXLAN).returncode == 0


def test_a_named_pipe_as_output_gets_the_rows_and_stays_a_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE)
    assert run("hashes", VXLAN, "--output", pipe).returncode == 0
    assert reader.communicate(timeout=60)[0] == run("hashes", VXLAN).stdout
    assert pipe.is_fifo()


def test_an_output_that_is_a_link_keeps_link_and_permissions(tmp_path):
    target, link = tmp_path / "target.csv", tmp_path / "link.csv"
    target.write_text("old")
    target.chmod(0o600)
    link.symlink_to(target)
    assert run("hashes", VXLAN, "--output", link).returncode == 0
    assert link.is_symlink()
    assert target.read_bytes() == run("hashes", VXLAN).stdout
    assert target.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["[/x]", "[red]a", "a$\\foo$", ":smile:"])
def test_names_are_shown_as_they_are(tmp_path, name):
    result = run("analyze", VXLAN, "--config", f"{name}=linux", "--output", tmp_path)
    assert result.returncode == 0
    assert name in result.stdout.decode()


def test_a_terminal_without_block_characters_still_gets_tables(monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    assert run("analyze", VXLAN).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["analyze", "-", "-"], 2, ["twice"]),
        (["analyze", VXLAN, "--config", "a=linux", "--hash-types", "all"], 2, ["--hash-types", "--config"]),
        (["analyze", "missing-a", "missing-b"], 4, ["missing-a", "missing-b"]),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments, code, words):
    result = run(*arguments)
    assert result.returncode == code
    text = "\n".join(complaints(result))
    assert all(word in text for word in words)


def test_a_configuration_without_tunnel_types_hashes_the_outer_header():
    plain = run("analyze", VXLAN, "--spec", "1.4", "--config", "a=base", "--format", "csv").stdout
    none = run("analyze", VXLAN, "--spec", "1.4", "--config", "a=base/none", "--format", "csv").stdout
    every = run("analyze", VXLAN, "--spec", "1.4", "--config", "a=base/all", "--format", "csv").stdout
    assert plain == none != every


def test_a_capture_is_not_overwritten_with_its_own_hashes(tmp_path):
    trace = tmp_path / "trace.pcap"
    trace.write_bytes(VXLAN.read_bytes())
    result = run("hashes", trace, "--output", trace)
    assert result.returncode == 2
    assert "is an input file" in complaints(result)[0]
    assert trace.read_bytes() == VXLAN.read_bytes()


@pytest.mark.parametrize("command", ["analyze", "compare", "report", "sweep"])
def test_a_disk_too_small_for_the_files_leaves_nothing(command, tmp_path):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))  # what writes more gets an error, as on a full disk

    folder = tmp_path / "results"
    words = [sys.executable, "-m", "pcaphash", command, OVERLAY, "--output", folder]
    result = subprocess.run(words, capture_output=True, preexec_fn=limit, timeout=300)
    assert (result.returncode, result.stdout) == (2, b"")
    line = complaints(result)[-1]
    assert line.startswith(f"pcaphash: error: {folder}")
    assert line.endswith("cannot be written: File too large; choose another place with --output")
    assert list(tmp_path.iterdir()) == []
