"""Files may have any name: every command takes it, and no terminal is told to do what is in it."""

import os
import shutil
import subprocess

import pytest

from pcaphash import Device
from pcaphash.engine.reading import Reading
from pcaphash.studies.hashes import stream_hashes
from support.command import run
from support.hostile import HOSTILE_FILE
from support.shared import ROOT

OVERLAY = ROOT / "sample_traces" / "overlay.pcap"


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    """Make a capture with reported values, a table of them, a census, and captures of queues; return their folder."""
    folder = tmp_path_factory.mktemp("named")
    made = folder / "made.pcapng"
    written = ["--write", made, "--reported", folder / "made.csv", "--split-by-queue", folder / f"{HOSTILE_FILE}q"]
    assert run("replay", OVERLAY, *written).returncode == 0
    for name in ("made.pcapng", "made.csv"):
        shutil.copy(folder / name, folder / f"{HOSTILE_FILE}.{name.partition('.')[2]}")
    assert run("census", made, "-o", folder / f"{HOSTILE_FILE}.census").returncode == 0
    return folder


@pytest.mark.parametrize(
    "words",
    [
        "hashes TRACE OTHER",
        "hashes TRACE OTHER --format json",
        "hashes TRACE OTHER -o OUT.csv.gz",
        "hashes TRACE OTHER -o OUT.md",
        "hashes TRACE OTHER -o OUT.parquet",
        "analyze TRACE OTHER --per-file",
        "analyze TRACE OTHER --per-file --format json",
        "analyze TRACE OTHER --per-file --format parquet -o OUT",
        "analyze CENSUS --per-file -o OUT",
        "info TRACE OTHER",
        "info TRACE",
        "info CENSUS --format json",
        "info CENSUS",
        "compare TRACE OTHER -o OUT",
        "sweep TRACE -o OUT",
        "tune TRACE --keys 1 --max-flows 100 -o OUT",
        "replay TRACE OTHER --service-rate 1Mpps -o OUT",
        "replay TRACE --write OUT.pcapng",
        "replay TRACE --reported OUT.csv",
        "replay TRACE --split-by-queue OUT",
        "report TRACE -o OUT.html",
        "census TRACE -o OUT.census",
        "validate TRACE -o OUT",
        "validate TRACE --reported TABLE --format json",
        "validate TRACE --key mlx5",
        "validate QUEUES --per-queue -o OUT",
        "recover-key TRACE",
        "recover-key TRACE --format json",
        "explain TRACE --packet 1",
        "key TRACE --format csv",
        "synth --packets 10 --write OUT.pcap",
        "steer 192.0.2.1 198.51.100.2:443 --write OUT.pcapng",
        "hash OUT.csv",
    ],
)
def test_every_command_takes_any_name(words, named, tmp_path):
    files = {
        "TRACE": named / f"{HOSTILE_FILE}.pcapng",
        "OTHER": OVERLAY,
        "TABLE": named / f"{HOSTILE_FILE}.csv",
        "CENSUS": named / f"{HOSTILE_FILE}.census",
        "QUEUES": named / f"{HOSTILE_FILE}q",
    }
    result = run(*(files.get(word, word.replace("OUT", f"{tmp_path}/{HOSTILE_FILE}")) for word in words.split()))
    assert result.returncode in (0, 2 if words.startswith("hash ") else 1), result.stderr
    told = result.stderr if "--format" in words or words.startswith("hashes") else result.stdout + result.stderr
    assert b"\x1b" not in told
    assert "\u202e" not in told.decode()


def test_rows_name_what_is_not_text(named):
    (rows, *_) = stream_hashes([str(named / f"{HOSTILE_FILE}.pcapng"), str(OVERLAY)], Device(), Reading())
    assert rows["trace"].iloc[0] == str(named / f"{HOSTILE_FILE}.pcapng").replace("\udcff", "?")


def test_a_command_to_paste_names_the_file(named):
    result = run("recover-key", named / f"{HOSTILE_FILE}.pcapng")
    (command,) = (line.strip() for line in result.stdout.decode().splitlines() if "pcaphash validate" in line)
    words = subprocess.run(["bash", "-c", f"printf '%s\\n' {command}"], capture_output=True, check=True).stdout
    assert os.fsencode(named / f"{HOSTILE_FILE}.pcapng") in words.splitlines()
