"""What commands say of samples, word for word: a change of wording touches the files here and no other test.

``make golden`` writes them anew; look at what changed before committing it.
"""

import os
import re
import sys
from pathlib import Path

import pytest
import typer

from pcaphash.cli import app
from pcaphash.cli.words import speak_in_options

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).resolve().parent / "golden"
OVERLAY = "sample_traces/overlay.pcap"
SIX = [
    word
    for name in ("one", "a-long-name-of-a-configuration", "plain", "outer-headers-only", "everything-inside", "linux")
    for word in ("--config", f"{name}={'all' if name in ('one', 'everything-inside') else 'base'}")
]
TUNE_SMALL = ["tune", OVERLAY, "--keys", "20", "--queues", "6", "--indirection-table-size", "16"]
RIGHT = "sample_traces/golden/overlay.v7-inner.csv"
COMMANDS = {
    "analyze": ["analyze", OVERLAY],
    "compare": ["compare", OVERLAY],
    "compare-six": ["compare", OVERLAY, *SIX],
    "compare-few": ["compare", "sample_traces/microsoft.pcap"],
    "recover-key": ["recover-key", "sample_traces/interfaces.pcapng"],
    "recover-key-faulty": ["recover-key", "sample_traces/faulty-device.pcapng"],
    "replay": ["replay", OVERLAY, "--speed", "1000x"],
    "replay-at-a-rate": ["replay", OVERLAY, "--speed", "1000x", "--service-rate", "500kpps", "--ring-size", "64"],
    "replay-windows": ["replay", OVERLAY, "--speed", "1000x", "--service-rate", "300kpps", "--window", "1ms"],
    "replay-nothing-lost": ["replay", "sample_traces/fragments.pcap", "--service-rate", "1Mpps", "--rate", "1Mpps"],
    "replay-few": ["replay", "sample_traces/vxlan.pcap"],
    "sweep": ["sweep", OVERLAY],
    "sweep-few": ["sweep", "sample_traces/microsoft.pcap", "--spec", "1.4"],
    "sweep-one-queue": ["sweep", OVERLAY, "--queues", "1"],
    "tune": ["tune", OVERLAY, "--keys", "20"],
    "tune-key": [*TUNE_SMALL, "--key", "00" * 40],
    "tune-jain": [*TUNE_SMALL, "--key", "symmetric", "--measure", "jain_bytes"],
    "tune-few": ["tune", "sample_traces/microsoft.pcap", "--keys", "20"],
    "validate": ["validate", "sample_traces/faulty-device.pcapng"],
    "validate-queues": ["validate", "sample_traces/faulty-device.pcapng", "--queues", "4"],
    "validate-other-key": ["validate", OVERLAY, "--key", "mlx5", "--reported", RIGHT],
}
EXIT_CODES = {"validate": 1, "validate-queues": 1, "validate-other-key": 1}
SENTENCES = [
    f"{name}-sentences" for name in ("compare", "key", "recover-key", "replay", "steer", "sweep", "tune", "validate")
]
"""Made of facts, by support.sentences."""

pytestmark = pytest.mark.jit_only


def said(name: str) -> str:
    """Return what a command prints on 80 columns."""
    from support.command import run

    result = run(*COMMANDS[name])
    assert result.returncode == EXIT_CODES.get(name, 0)
    return result.stdout.decode()


def written(name: str) -> str:
    """Return every sentence of a command once, a line each."""
    from support.sentences import SENTENCES

    return "".join(f"{line}\n" for line in dict.fromkeys(SENTENCES[name]()))


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_said(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "80")
    assert said(name) == (GOLDEN / f"{name}.txt").read_text("utf-8")


@pytest.mark.parametrize("name", SENTENCES)
def test_every_sentence(name):
    assert written(name) == (GOLDEN / f"{name}.txt").read_text("utf-8")


@pytest.mark.parametrize("name", COMMANDS)
def test_no_line_ends_in_blanks_or_is_longer_than_the_terminal(name):
    lines = (GOLDEN / f"{name}.txt").read_text("utf-8").splitlines()
    assert [line for line in lines if line != line.rstrip()] == []
    copied = ("key: ", "mask: ", "to validate with it: ")  # lines to copy are never wrapped
    assert [line for line in lines if len(line) > 80 and not line.startswith(copied)] == []


@pytest.mark.parametrize("name", ["analyze", "compare", "compare-six"])
def test_eighty_columns_hold_every_table_once(name):
    text = (GOLDEN / f"{name}.txt").read_text("utf-8")
    assert max(map(len, text.splitlines())) <= 80
    titles = re.findall(r"^(.+)\n(?: .*\n)+ ─+$", text, re.MULTILINE)
    assert len(titles) == len(set(titles)) >= 2


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    os.chdir(ROOT)
    os.environ["COLUMNS"] = "80"
    speak_in_options(typer.main.get_command(app))
    for each in COMMANDS:
        (GOLDEN / f"{each}.txt").write_text(said(each), encoding="utf-8")
    for each in SENTENCES:
        (GOLDEN / f"{each}.txt").write_text(written(each), encoding="utf-8")
