"""Runs over many files that are killed, and go on; and disks that are full."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

from support.command import complaints, run
from support.shared import ROOT

N_FILES = 60
SAMPLE = (ROOT / "sample_traces" / "overlay.pcap").read_bytes()


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Make a folder of captures, all of them different."""
    folder = tmp_path_factory.mktemp("many")
    for number in range(N_FILES):
        (folder / f"{number}.pcap").write_bytes(SAMPLE[: -1 - number * 5000])
    return folder


def counted(text: str, folder) -> set[str]:
    """Name the files of which more was read than their beginning, which tells captures from saved censuses."""
    reads = re.findall(rf"read\(\d+<{re.escape(str(folder))}/(\d+\.pcap)>.* = (\d+)$", text, re.MULTILINE)
    return {name for name, n_bytes in reads if int(n_bytes) > 8192}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_ended_leaves_no_half_file(number, tmp_path):
    words = [sys.executable, "-m", "pcaphash", "synth", "-w", str(tmp_path / "a.pcap"), "--packets", "100000000"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as ended:
        while not any(path.stat().st_size for path in tmp_path.iterdir()):
            assert ended.poll() is None
            time.sleep(0.01)
        ended.send_signal(number)
        _, told = ended.communicate(timeout=60)
    assert (ended.returncode, list(tmp_path.iterdir())) == (130, [])
    assert b"interrupted" in told.splitlines()[-1]


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_a_killed_run_goes_on_without_reading_files_twice(many, tmp_path):
    words = [sys.executable, "-m", "pcaphash", "compare", str(many), "--format", "json"]
    expected = subprocess.run(words, capture_output=True, timeout=300, check=False)
    words += ["--resume", str(tmp_path / "partial")]
    killed = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while killed.poll() is None and len(list((tmp_path / "partial").glob("[0-9a-f]*.partial"))) < N_FILES // 3:
        time.sleep(0.002)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    kept = len(list((tmp_path / "partial").glob("[0-9a-f]*.partial")))
    assert N_FILES // 3 <= kept < N_FILES
    traced = tmp_path / "traced"
    watching = ["strace", "-f", "-qq", "-y", "-e", "trace=read", "-o", str(traced)]
    again = subprocess.run([*watching, *words], capture_output=True, timeout=300, check=False)
    assert (again.returncode, again.stdout) == (expected.returncode, expected.stdout)
    assert len(counted(traced.read_text(errors="replace"), many)) == N_FILES - kept


def test_a_full_disk_is_told_in_one_line(many, tmp_path):
    if os.geteuid() or subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs root")
    place = tmp_path / "small"
    place.mkdir()
    script = 'mount -t tmpfs -o size=256k none "$1" && shift && exec "$@"'
    words = [sys.executable, "-m", "pcaphash", "analyze", str(many), "--resume", str(place / "partial")]
    command = ["unshare", "-m", "sh", "-c", script, "sh", str(place), *words]
    result = subprocess.run(command, capture_output=True, timeout=300, check=False)
    assert result.returncode == 2
    (line,) = complaints(result)
    assert re.search(r"partial cannot be written: No space left on device; choose another place with --resume$", line)


def test_a_folder_of_other_options_is_told_in_one_line(many, tmp_path):
    traces = [many / "1.pcap", many / "2.pcap"]
    assert run("analyze", *traces, "--resume", tmp_path / "partial").returncode == 3
    result = run("analyze", *traces, "--resume", tmp_path / "partial", "--queues", "4", "--vxlan-port", "4000")
    assert result.returncode == 2
    (line,) = complaints(result)
    assert "--queues 8, now --queues 4; " in line
    assert "--vxlan-port 4789,8472, now --vxlan-port 4000" in line
