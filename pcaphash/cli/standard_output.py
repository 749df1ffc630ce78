"""Standard output, whose errors are told from those of all other files."""

import io
import os
import selectors
import sys
from typing import Any


class StandardOutputError(OSError):
    """Standard output cannot be written."""


class _Raw(io.FileIO):
    def write(self, data: Any, /) -> int:
        try:
            while (n_written := super().write(data)) is None:  # it is not blocking, and has no room
                self._wait()
        except BrokenPipeError:
            raise  # whoever read has seen enough
        except OSError as error:
            raise StandardOutputError(error.errno, error.strerror) from error
        return n_written

    def _wait(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self, selectors.EVENT_WRITE)
            selector.select()


class _Unbuffered(io.BufferedWriter):
    """Writes everything at once, and whole, which a raw file need not."""

    def write(self, data: Any, /) -> int:
        n_written = super().write(data)
        self.flush()
        return n_written


def watch_standard_output() -> None:
    """Have standard output raise ``StandardOutputError``, and replace characters that it cannot show.

    It stays unbuffered where Python was started so.
    """
    before = sys.stdout
    raw = _Raw(os.dup(before.fileno()), "wb")  # what was there before may close its own
    is_unbuffered = bool(getattr(before, "write_through", False))
    sys.stdout = io.TextIOWrapper(
        _Unbuffered(raw) if is_unbuffered else io.BufferedWriter(raw),
        before.encoding,
        "replace",
        line_buffering=before.isatty(),
        write_through=is_unbuffered,
    )
