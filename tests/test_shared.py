"""No test depends on what stands beside the repository, unless it is marked: support/shared.py holds that."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import pcaphash
from support.command import run
from support.shared import CAPTURES, ROOT, SHARED, needs_shared

INDEX = CAPTURES / "INDEX.csv"
READING = {
    "opened": lambda: INDEX.open(),
    "read by its name from here": lambda: Path(os.path.relpath(INDEX)).read_bytes(),
    "listed": lambda: list(CAPTURES.iterdir()),
    "walked": lambda: list(os.walk(SHARED / "captures")),
    "analyzed": lambda: pcaphash.info(INDEX),
    "analyzed by a command": lambda: run("analyze", INDEX),
    "given to a program": lambda: subprocess.run([sys.executable, "-c", "", str(INDEX)]),
    "given to a shell": lambda: subprocess.run(f": {INDEX}", shell=True),
}


@pytest.mark.parametrize("reading", READING.values(), ids=READING)
def test_it_cannot_be(reading):
    with pytest.raises(AssertionError, match="is not marked with needs_shared"):
        reading()


@needs_shared
def test_marked_tests_may_read_it():
    assert INDEX.read_bytes()
    assert run("info", INDEX).returncode == 4


def test_the_repository_may_be_read_by_all():
    assert (ROOT / "README.md").read_bytes()
    assert not str(ROOT).startswith(str(SHARED))
