"""Commands that are forked (support/command.py) say and do what commands say and do that start from nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from support.command import program, run
from support.shared import ROOT

OVERLAY = str(ROOT / "sample_traces" / "overlay.pcap")


def run_afresh(*words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [Path(sys.executable).with_name("pcaphash"), *words]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=300)


def without_compiling(stderr: bytes) -> list[bytes]:
    """Leave out the line that the first of two commands may print."""
    return [line for line in stderr.splitlines() if b"compiling" not in line]


@pytest.mark.parametrize(
    "words",
    [
        ("analyze", OVERLAY, "--queues", "4"),
        ("analyze", "nothing.pcap"),
        ("analyze", OVERLAY, "--queues", "none"),
        ("compare", "-"),
        ("info", "-", "--format", "json"),
        ("--help",),
        (),
    ],
)
def test_streams_and_exit_codes_are_the_same(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stdin = (ROOT / "sample_traces" / "overlay.pcap").read_bytes()
    forked, fresh = run(*words, stdin=stdin), run_afresh(*words, stdin=stdin)
    assert (forked.returncode, forked.stdout) == (fresh.returncode, fresh.stdout)
    assert without_compiling(forked.stderr) == without_compiling(fresh.stderr)


def test_files_are_written_where_the_command_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("analyze", OVERLAY, "-o", "results").returncode == 0
    assert (tmp_path / "results" / "summary.csv").exists()


def test_variables_that_are_read_while_starting_take_a_fresh_start(monkeypatch):
    assert program() != [sys.executable, "-m", "pcaphash"]
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    assert program() == [sys.executable, "-m", "pcaphash"]


def test_other_variables_are_those_of_the_command(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    narrow = run("info", OVERLAY).stdout
    monkeypatch.setenv("COLUMNS", "100")
    assert narrow != run("info", OVERLAY).stdout
