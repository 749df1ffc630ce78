"""Find the captures in folders."""

import re
from pathlib import Path

from pcaphash.capture.reader import Reader
from pcaphash.errors import CaptureError

_CAPTURE = re.compile(r"\.(pcap|pcapng|cap|dmp|ntar)\d*(\.(gz|zst|xz|bz2|lz4))?$", re.IGNORECASE)


def find_captures(folder: Path) -> tuple[list[str], int]:
    """Find the captures in a folder and those below it, by name or else by content.

    Returns
    -------
    traces : list of str
        Their paths, in order of the names; numbers in them count as numbers, since rotated files often have no zeros
        in front.
    n_others : int
        How many other files there are.
    """
    files = sorted((path for path in folder.rglob("*") if path.is_file()), key=_order)
    traces = [str(path) for path in files if _CAPTURE.search(path.name) or _is_capture(path)]
    return traces, len(files) - len(traces)


def _order(path: Path) -> list[tuple[int, str]]:
    """Return what to sort a path by: text and numbers in turn."""
    parts = re.split(r"(\d+)", str(path))
    return [(int(part) if i % 2 else 0, "" if i % 2 else part) for i, part in enumerate(parts)]


def _is_capture(path: Path) -> bool:
    try:
        Reader(str(path), 4096).close()
    except CaptureError:
        return False
    return True
