"""The commands and the Python that README shows are run."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.shared import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("pcaphash ")
]


def in_copy(tmp_path, command, **variables):
    """Run a command where it finds the sample traces, but writes elsewhere."""
    (tmp_path / "sample_traces").symlink_to(ROOT / "sample_traces")
    scripts = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": scripts + os.pathsep + os.environ["PATH"], **variables}
    return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)


def test_there_are_commands_to_run():
    assert len(COMMANDS) >= 6


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_run(tmp_path, command):
    result = in_copy(tmp_path, [sys.executable, "-m", *command.split()])
    assert result.returncode == 0, result.stderr
    assert result.stdout


def test_python_runs(tmp_path):
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    result = in_copy(tmp_path, [sys.executable, "-W", "error", "-c", code])
    assert result.returncode == 0, result.stderr
    assert "UDPv4" in result.stdout


def test_the_table_shown_is_the_one_printed(tmp_path):
    shown = README.split("```text\n")[1].split("```")[0]
    command = [sys.executable, "-m", "pcaphash", "analyze", "sample_traces/overlay.pcap"]
    printed = in_copy(tmp_path, command, COLUMNS="80").stdout
    lines = {line.rstrip() for line in printed.splitlines()}
    assert [line for line in shown.splitlines() if line.rstrip() not in lines] == []


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / target).exists(), target
