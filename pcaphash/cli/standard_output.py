"""Standard output, whose errors are told from those of all other files."""

import io
import os
import sys
from typing import Any


class StandardOutputError(OSError):
    """Standard output cannot be written."""


class _Raw(io.FileIO):
    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise  # whoever read has seen enough
        except OSError as error:
            raise StandardOutputError(error.errno, error.strerror) from error


def watch_standard_output() -> None:
    """Have standard output raise ``StandardOutputError``, and replace characters that it cannot show."""
    before = sys.stdout
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(_Raw(os.dup(before.fileno()), "wb")),  # what was there before may close its own
        before.encoding,
        "replace",
        line_buffering=before.isatty(),
    )
