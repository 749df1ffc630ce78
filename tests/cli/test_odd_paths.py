"""What cannot be a file, or cannot be reached, gets one line that names it; standard output is not to blame."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.command import complaints, run
from support.shared import ROOT

OVERLAY = ROOT / "sample_traces" / "overlay.pcap"
LONG = "n" * 300
KEY = ", ".join(["0x6d, 0x5a"] * 26)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["info", LONG], 4, f"{LONG}: File name too long"),
        (["analyze", LONG], 4, f"{LONG}: File name too long"),
        (["analyze", f"{LONG}*"], 4, "no file matches this pattern"),
        (["replay", LONG], 4, f"{LONG}: File name too long"),
        (["validate", f"q0{LONG}", "--per-queue"], 4, f"{LONG}: File name too long"),
        (["key", KEY], 4, "File name too long"),
        (["hash", LONG], 2, f"there is no file of tuples called {LONG}"),
        (["compare", OVERLAY, "--ethtool", f"{LONG}#eth0"], 2, "File name too long"),
        (["analyze", OVERLAY, "--device", LONG], 2, "File name too long"),
        (["analyze", OVERLAY, "-o", LONG], 2, f"{LONG} cannot be written: File name too long"),
        (["hashes", OVERLAY, "-o", f"{LONG}.csv"], 2, f"{LONG}.csv cannot be written: File name too long"),
        (["census", OVERLAY, "-o", LONG], 2, f"{LONG} cannot be written: File name too long"),
        (["report", OVERLAY, "-o", LONG], 2, f"{LONG} cannot be written: File name too long"),
        (["report", OVERLAY, "-o", f"{LONG}.html"], 2, f"{LONG}.html cannot be written: File name too long"),
        (["replay", OVERLAY, "--split-by-queue", LONG], 2, f"{LONG} cannot be written: File name too long"),
        (["replay", OVERLAY, "--write", f"{LONG}.pcap"], 2, f"{LONG}.pcap cannot be written: File name too long"),
        (["analyze", OVERLAY, "--resume", LONG], 2, f"{LONG} cannot be written: File name too long"),
        (["analyze", OVERLAY, "--resume", OVERLAY], 2, f"{OVERLAY} cannot be written: it is a file, not a folder"),
    ],
)
def test_names_that_are_too_long_or_of_the_wrong_kind(words, code, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*words)
    assert said in complaints(result)[-1]
    assert (result.returncode, list(tmp_path.iterdir())) == (code, [])


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="no rights can be dropped")
@pytest.mark.parametrize("words", [["info", "{}/a.pcap"], ["analyze", "{}"], ["hash", "{}/a.csv"]])
def test_folders_that_may_not_be_read(words, tmp_path):
    folder = tmp_path / "theirs"
    folder.mkdir()
    for name in ("a.pcap", "a.csv"):
        (folder / name).write_bytes(OVERLAY.read_bytes())
    folder.chmod(0o744)
    os.chown(folder, 65534, 65534)
    without_rights = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
    command = [*without_rights, sys.executable, "-m", "pcaphash", *(word.format(folder) for word in words)]
    result = subprocess.run(command, capture_output=True, check=False)
    assert b"standard output" not in result.stderr
    assert result.returncode in (2, 4)
    assert (b"Permission denied" in result.stderr) != (words[0] == "hash")


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="there is no device that is full")
@pytest.mark.parametrize(
    "words",
    [
        ["analyze", OVERLAY],
        ["hashes", OVERLAY],
        ["hashes", OVERLAY, "--format", "parquet"],
        ["analyze", OVERLAY, "--format", "json"],
        ["--help"],
    ],
)
def test_a_standard_output_that_is_full_is_to_blame(words):
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "pcaphash", *map(str, words)]
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert result.returncode == 2
    assert b"standard output cannot be written: No space left on device; " in result.stderr.splitlines()[-1]


def test_a_standard_output_that_is_closed_takes_everything():
    command = f'"{sys.executable}" -m pcaphash hashes "{OVERLAY}" >&-'
    result = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, check=False)
    assert (result.returncode, complaints(result)) == (0, [])


def test_other_errors_are_not_of_standard_output(tmp_path):
    script = (
        "import pcaphash.cli.info\n"
        "from pcaphash.cli import main\n"
        "def fail(*_, **__): raise OSError(5, 'Input/output error')\n"
        "pcaphash.cli.info.write_info = fail\n"
        "main()\n"
    )
    result = subprocess.run([sys.executable, "-c", script, "info", OVERLAY], capture_output=True, check=False)
    assert result.returncode == 70
    assert b"internal error: OSError: [Errno 5] Input/output error" in result.stderr
