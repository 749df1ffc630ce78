"""What commands say of the overlay sample, word for word: a change of wording touches the files here and no other test.

``make golden`` writes them anew; look at what changed before committing it.
"""

import os
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).resolve().parent / "golden"
OVERLAY = "sample_traces/overlay.pcap"
SIX = [
    word
    for name in ("one", "a-long-name-of-a-configuration", "plain", "outer-headers-only", "everything-inside", "linux")
    for word in ("--config", f"{name}={'all' if name in ('one', 'everything-inside') else 'base'}")
]
COMMANDS = {
    "analyze": ["analyze", OVERLAY],
    "compare": ["compare", OVERLAY],
    "compare-six": ["compare", OVERLAY, *SIX],
    "compare-few": ["compare", "sample_traces/microsoft.pcap"],
    "sweep": ["sweep", OVERLAY],
    "tune": ["tune", OVERLAY, "--keys", "20"],
}

pytestmark = pytest.mark.jit_only


def said(name: str) -> str:
    """Return what a command prints on 80 columns."""
    from support.command import run

    result = run(*COMMANDS[name])
    assert result.returncode == 0
    return result.stdout.decode()


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_said(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "80")
    assert said(name) == (GOLDEN / f"{name}.txt").read_text("utf-8")


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
    for each in COMMANDS:
        (GOLDEN / f"{each}.txt").write_text(said(each), encoding="utf-8")
