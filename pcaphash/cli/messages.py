"""What is said on standard error: warnings, errors, what was written, and how far an interrupted command came."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pcaphash.errors import on_one_line

if TYPE_CHECKING:
    from pcaphash.engine.progress import Progress


_RED, _YELLOW = 31, 33  # as terminals number them


class _Voice:
    """What is said of one run, and how loudly."""

    def __init__(self) -> None:
        self.is_quiet = False
        self.written: list[str] = []
        self.progress: Progress | None = None
        self.has_rows = False
        self.left = ""


_voice = _Voice()


def be_quiet() -> None:
    """Say nothing but errors from now on."""
    _voice.is_quiet = True


def is_quiet() -> bool:
    """Tell whether nothing but errors is to be said."""
    return _voice.is_quiet


def complain(text: str) -> None:
    """Say in one line why the command ends."""
    print(f"pcaphash: {_in_colour('error:', _RED)} {on_one_line(' '.join(text.split()))}", file=sys.stderr)


def warn(text: str) -> None:
    """Say in one line what may be wrong."""
    if not _voice.is_quiet:
        print(f"pcaphash: {_in_colour('warning:', _YELLOW)} {on_one_line(text)}", file=sys.stderr)


def warn_partial(text: str) -> None:
    """Say in one line what input could not be read: that is said also where nothing but errors is to be said."""
    print(f"pcaphash: warning: {on_one_line(text)}", file=sys.stderr)


def inform(text: str) -> None:
    """Say something in one line."""
    if not _voice.is_quiet:
        print(f"pcaphash: {on_one_line(text)}", file=sys.stderr)


def _in_colour(word: str, colour: int) -> str:
    """Put a word in colour where standard error is to have any, by the rules that hold for standard output."""
    is_shown = sys.stderr.isatty() and os.environ.get("TERM", "").lower() not in ("", "dumb", "unknown")
    is_wanted = not os.environ.get("NO_COLOR") and (is_shown or os.environ.get("FORCE_COLOR"))
    return f"\x1b[1;{colour}m{word}\x1b[0m" if is_wanted else word


def tell_written(path: Path) -> None:
    """Say that a file was written."""
    _voice.written.append(str(path))
    if not _voice.is_quiet:
        print(f"wrote {on_one_line(str(path))}", file=sys.stderr)


def note_progress(progress: "Progress") -> None:
    """Note how far the command is, in case it is interrupted."""
    _voice.progress = progress


def note_rows() -> None:
    """Note that rows go to standard output as they are found, in case the command is interrupted."""
    _voice.has_rows = True


def note_left(text: str) -> None:
    """Note what the command leaves besides files, in case it is interrupted."""
    _voice.left = text


def describe_interruption() -> str:
    """Say how far an interrupted command came, and what it left."""
    parts = ["interrupted"]
    progress = _voice.progress
    if progress is not None and progress.packets:
        parts.append(f" after {progress.packets:,} packets")
        if progress.total_bytes:
            parts.append(f", {min(progress.read_bytes / progress.total_bytes, 1):.0%} of the input")
    if _voice.written:
        parts.append(f": written so far: {', '.join(_voice.written)}")
    elif _voice.has_rows:
        parts.append(": standard output has only the rows up to this point")
    elif _voice.left:
        parts.append(f": {_voice.left}")
    else:
        parts.append(": nothing was written")
    return "".join(parts)
