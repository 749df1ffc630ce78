"""Where the real captures and the real device's answers are, if they are here at all.

What a test shows must not depend on that, so only tests that are marked with ``needs_shared`` may read them: see
:func:`watch`, which ``conftest.py`` calls around each test.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
CAPTURES = SHARED / "captures"
ROBUSTNESS = CAPTURES / "robustness"

needs_shared = pytest.mark.skipif(
    not CAPTURES.is_dir(), reason="needs the public captures in a folder `shared` beside this repository"
)

_READING = {"open", "os.listdir", "os.scandir"}
_watched = ""


@contextmanager
def watch(item: pytest.Item) -> Iterator[None]:
    """Keep a test without that mark from reading what stands beside the repository."""
    global _watched
    is_marked = any(mark == needs_shared.mark for mark in item.iter_markers("skipif"))
    _watched = "" if is_marked else item.nodeid
    try:
        yield
    finally:
        _watched = ""


def _hold(event: str, arguments: tuple[object, ...]) -> None:
    """Look at what is opened, listed and run; Python tells before it does that, and whether or not it is there."""
    if not _watched:
        return
    if event in _READING:
        paths = [arguments[0]]
    elif event == "subprocess.Popen":
        paths = list(arguments[1]) if isinstance(arguments[1], list | tuple) else [arguments[1]]
    else:
        return
    for path in paths:
        if isinstance(path, str | bytes | os.PathLike) and "shared" in (text := os.fsdecode(path)):
            assert not _is_beside(text), f"{_watched} reads {text} and is not marked with needs_shared"


def _is_beside(path: str) -> bool:
    """Look for the folder in a path or, for what a shell is told, anywhere in a text."""
    folders = (str(SHARED) + os.sep, str(SHARED.resolve()) + os.sep)
    return os.path.abspath(path).startswith(folders) or any(folder in path for folder in folders)  # noqa: PTH100


sys.addaudithook(_hold)
