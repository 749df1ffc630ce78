"""No command writes its results over a file that it reads, under whatever name."""

import os
import shutil
import subprocess
import sys

import pytest

from support.command import complaints, run
from support.shared import ROOT

OVERLAY = ROOT / "sample_traces" / "overlay.pcap"
DEVICE = "queues = 4\n"
SHOWN = f"RSS hash key:\n{':'.join(['6d', '5a'] * 20)}\n"


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(folder, *arguments):
    """Run a command that is to leave a folder as it is; return what it says."""
    before = contents(folder)
    result = run(*arguments)
    assert contents(folder) == before
    assert result.returncode == 2
    return complaints(result)[-1]


@pytest.mark.parametrize("name", ["queue-3.pcapng", "queue-unknown.pcapng"])
@pytest.mark.parametrize("given", ["file", "folder"])
def test_captures_of_queues_do_not_replace_a_trace(name, given, tmp_path):
    assert run("replay", OVERLAY, "--split-by-queue", tmp_path / "all").returncode == 0
    folder = tmp_path / "q"
    folder.mkdir()
    shutil.copy(tmp_path / "all" / "queue-3.pcapng", folder / name)
    trace = folder if given == "folder" else folder / name
    said = refused(folder, "replay", trace, "--split-by-queue", folder, "--queues", "8", "--key", "symmetric")
    assert f"--split-by-queue: {folder / name} is an input file; write to another file or folder" in said


@pytest.mark.parametrize(
    ("command", "name", "option"),
    [
        ("analyze", "summary.csv", "TRACE"),
        ("sweep", "classes.csv", "TRACE"),
        ("compare", "verdict.txt", "--files-from"),
        ("tune", "verdict.txt", "--device"),
        ("tune", "keys.csv", "--ethtool"),
        ("tune", "rss_config.bin", "--key"),
        ("replay", "verdict.txt", "TRACE"),
        ("analyze", "distribution.csv", "--config"),
        ("validate", "packets.csv", "--reported"),
    ],
)
def test_files_of_a_folder_do_not_replace_inputs(command, name, option, tmp_path):
    folder = tmp_path / "results"
    folder.mkdir()
    read = folder / name
    given = [option, read]
    if option == "TRACE":
        shutil.copy(OVERLAY, read)
    elif option == "--files-from":
        read.write_text(f"{OVERLAY}\n")
    elif option == "--device":
        read.write_text(DEVICE)
    elif option == "--ethtool":
        read.write_text(SHOWN)
    elif option == "--reported":
        assert run("replay", OVERLAY, "--reported", tmp_path / "reported.csv").returncode == 0
        shutil.copy(tmp_path / "reported.csv", read)
    elif option == "--config":
        read.write_bytes(bytes(range(40)))
        given = ["--config", f"a=all@{read}"]
    elif option == "--key":
        read.write_bytes(bytes(range(40)))
    words = [command, *given[1:]] if option == "TRACE" else [command, OVERLAY, *given]
    words += ["--max-flows", "100", "--keys", "1"] if command == "tune" else []
    assert f"--output: {read} is an input file" in refused(folder, *words, "-o", folder)


@pytest.mark.parametrize("link", [os.link, os.symlink])
@pytest.mark.parametrize("command", ["hashes", "census"])
def test_a_link_is_the_file_that_it_leads_to(command, link, tmp_path):
    trace, output = tmp_path / "trace.pcap", tmp_path / "out.csv"
    shutil.copy(OVERLAY, trace)
    link(trace, output)
    assert f"--output: {output} is an input file" in refused(tmp_path, command, trace, "-o", output)


@pytest.mark.parametrize("command", ["hashes", "census"])
def test_a_row_file_does_not_replace_what_describes_the_device(command, tmp_path):
    device = tmp_path / "device.csv"
    device.write_text(DEVICE)
    said = refused(tmp_path, command, OVERLAY, "--device", device, "--output", device)
    assert f"--output: {device} is an input file" in said


@pytest.mark.parametrize("form", ["{}", "@{}", " {} "])
@pytest.mark.parametrize("given", ["--at", "[[at]]", "--key"])
def test_a_capture_does_not_replace_the_file_of_a_key(given, form, tmp_path):
    key = tmp_path / "key.pcapng"
    key.write_bytes(bytes(range(40)))
    device = tmp_path / "device.toml"
    device.write_text(f'hash_types = "all"\n[[at]]\ntime = "1ms"\nkey = "{form.format(key)}"\n')
    words = {
        "--at": ["--config", "a=all", "--at", "1ms", f"'--key={form.format(key)}'"],
        "[[at]]": ["--config", "a=all", "--device", device],
        "--key": ["--config", "a=all", "--key", form.format(key)],
    }[given]
    said = refused(tmp_path, "replay", OVERLAY, *words, "-w", key)
    assert f"--write: {key} is an input file" in said


def test_a_sent_trace_does_not_replace_the_file_of_a_key(tmp_path):
    key = tmp_path / "key.pcapng"
    key.write_bytes(bytes(range(40)))
    said = refused(tmp_path, "replay", OVERLAY, "--into", "tap", "--key", key, "-w", key)
    assert f"--write: {key} is an input file" in said


@pytest.mark.parametrize("option", ["--hash-types=linux", "--key=symmetric"])
def test_a_word_that_names_no_file_is_no_input(option, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    output = tmp_path / option.partition("=")[2]
    output.write_text("before")
    result = run("hashes", OVERLAY, option, "-o", output.name)
    assert (result.returncode, complaints(result)) == (0, [])
    assert output.read_bytes() != b"before"


def test_standard_input_may_be_a_file(tmp_path):
    trace = tmp_path / "trace.pcap"
    shutil.copy(OVERLAY, trace)
    with trace.open("rb") as stream:
        command = [sys.executable, "-m", "pcaphash", "hashes", "-", "--output", str(trace), "--format", "csv"]
        result = subprocess.run(command, stdin=stream, capture_output=True, check=False)
    assert b"is an input file" in result.stderr
    assert trace.read_bytes() == OVERLAY.read_bytes()


@pytest.mark.parametrize("command", ["analyze", "hashes", "compare"])
@pytest.mark.parametrize("shown", ["-", "-#eth0"])
def test_standard_input_is_not_both_a_trace_and_what_ethtool_printed(command, shown):
    with OVERLAY.open("rb") as stream:
        words = [sys.executable, "-m", "pcaphash", command, "-", "--ethtool", shown]
        result = subprocess.run(words, stdin=stream, capture_output=True, check=False)
    assert b"--ethtool: standard input is also a trace; it can be read only once" in result.stderr
    assert (result.returncode, result.stdout) == (2, b"")


@pytest.mark.parametrize("command", ["analyze", "compare", "sweep", "tune", "replay"])
@pytest.mark.parametrize("folder", ["file", "file/within/it"])
def test_a_folder_that_cannot_be_written_is_refused_before_the_work(command, folder, tmp_path):
    """Nothing comes from the pipe that is the trace, so a command that reads it would wait."""
    (tmp_path / "file").write_text("before")
    read, write = os.pipe()
    words = [sys.executable, "-m", "pcaphash", command, "-", "-o", str(tmp_path / folder)]
    try:
        result = subprocess.run(words, stdin=read, capture_output=True, check=False, timeout=60)
    finally:
        os.close(read)
        os.close(write)
    assert result.returncode == 2
    assert f"{tmp_path / 'file'} cannot be written" in result.stderr.decode()
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_a_new_folder_is_not_left_where_the_trace_cannot_be_read(tmp_path):
    assert run("analyze", tmp_path / "none.pcap", "-o", tmp_path / "new").returncode == 4
    assert list(tmp_path.iterdir()) == []
