"""The words that CONTRIBUTING says not to use stand nowhere that users read: pages, help, and what commands print."""

import re

import pytest

from pcaphash.cli.commands import SUMMARIES
from support.command import run
from support.shared import ROOT

READ = sorted(
    [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "tests" / "report" / "golden").glob("*.txt")]
)
MEANT_ELSEWHERE = {
    "text", "due", "differs",  # said of other things too
    "ring", "tuple", "RETA", "default queue",  # of rings in memory, of Python, and where other programs say so
}  # fmt: skip
OF_ANYTHING = {
    "a key of its own": r"\bof its own\b",
    "a fault of its own": r"\bof its own\b",
    "is no power of two": r"\bno power of two\b",
    "is passed over": r"\bpassed over\b",
    "is stepped over": r"\bstepped over\b",
    "is walked over": r"\bwalked over\b",
    "behind the header": r"\bbehind (the|an?) [\w ]*header\b",
    "otherwise than the spec": r"\botherwise than\b",
    "TCP types alone": r"\btypes alone\b",
}
"""What is looked for in place of an example."""


def unwanted() -> dict[str, str]:
    """Return patterns by the words in the right-hand column of the list."""
    table = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("| say | not |\n| --- | --- |\n")[2]
    rows = re.findall(r"^\| (?:.+) \| (.+) \|$", table, re.MULTILINE)
    words = [word.partition(" (")[0] for row in rows for word in row.split(", ")]
    return {word: OF_ANYTHING.get(word, rf"\b{re.escape(word)}\b") for word in words if word not in MEANT_ELSEWHERE}


def found_in(text: str) -> list[str]:
    joined = " ".join(re.sub(r"```.*?```", "", text, flags=re.DOTALL).split())
    return [joined[each.start() - 40 : each.end() + 20] for pattern in unwanted().values()
            for each in re.finditer(pattern, joined)]  # fmt: skip


def test_the_list_is_read():
    assert {"standard text", "behind the header", "the packet met the NIC", "is walked over"} <= set(unwanted())
    assert found_in("It skips whatever stands behind an authentication header.") != []


@pytest.mark.parametrize("path", READ, ids=lambda path: path.name)
def test_what_users_read(path):
    assert found_in(path.read_text("utf-8")) == []


@pytest.mark.parametrize("command", SUMMARIES)
def test_help(command):
    assert found_in(run(command, "--help").stdout.decode()) == []
