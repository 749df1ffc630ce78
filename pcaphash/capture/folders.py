"""Find captures by folders and patterns, in the order in which they were written."""

import re
from collections.abc import Iterable
from glob import glob, has_magic
from pathlib import Path
from stat import S_ISREG

from pcaphash.capture.reader import Reader
from pcaphash.device.paths import is_there
from pcaphash.errors import CaptureError

_CAPTURE = re.compile(r"\.(pcap|pcapng|cap|dmp|ntar)\d*(\.(gz|zst|xz|bz2|lz4))?$", re.IGNORECASE)

_OF_RING = re.compile(r"_(\d{5,})_(\d{14})(?=\.[^/]*$|$)")
"""What dumpcap puts into the names of a ring buffer: a number, which begins anew after 99999, and the time."""


def find_captures(folder: Path) -> tuple[list[str], int]:
    """Find the captures in a folder and those below it, by name or else by content.

    Returns
    -------
    traces : list of str
        Their paths, in order (``in_order``).
    n_others : int
        How many other files there are.
    """
    files = in_order(str(path) for path in folder.rglob("*") if _may_be_file(path))
    traces = [path for path in files if is_named_as_capture(path) or _is_capture(path)]
    return traces, len(files) - len(traces)


def is_named_as_capture(path: str) -> bool:
    """Tell whether a file is a capture, by its name."""
    return _CAPTURE.search(path) is not None


def is_pattern(trace: str) -> bool:
    """Tell whether a name stands for all files that match it: it has ``*``, ``?`` or ``[``, and is not a file."""
    return has_magic(trace) and not is_there(trace)


def find_matches(pattern: str) -> list[str]:
    """Return the files and folders that match a pattern, in order; ``**`` stands for any folders."""
    return in_order(glob(pattern, recursive=True))  # noqa: PTH207 - that of paths takes no absolute patterns


def in_order(paths: Iterable[str]) -> list[str]:
    """Return paths in order of their names, and those of one ring buffer in order of time.

    Numbers in names count as numbers, since rotated files often have no zeros in front.
    """
    return sorted(paths, key=_order)


def _order(path: str) -> list[tuple[int, str]]:
    """Return what to sort a path by: text and numbers in turn."""
    parts = re.split(r"(\d+)", _OF_RING.sub(r"_\2_\1", path))
    return [(int(part) if i % 2 else 0, "" if i % 2 else part) for i, part in enumerate(parts)]


def _may_be_file(path: Path) -> bool:
    """Tell whether a path is a file, or in a folder that may not be read: reading it says so."""
    try:
        return S_ISREG(path.stat().st_mode)
    except OSError as error:
        return isinstance(error, PermissionError)


def _is_capture(path: str) -> bool:
    try:
        reader = Reader(path, 4096)
        reader.wait_for_records()
        reader.close()
    except CaptureError:
        return False
    return True
