"""A progress bar on standard error, for long work on a terminal; and a word when kernels have to be compiled."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pcaphash.cli.messages import inform, is_quiet, note_progress

if TYPE_CHECKING:
    from pcaphash.engine.progress import Progress

_PATIENCE = 0.8
"""Seconds before a progress bar shows."""


class _Bar:
    """Shows itself once the work turns out to be long."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._shown: object = None

    def update(self, progress: "Progress") -> None:
        """Show how far the work is, with rate and time left."""
        elapsed = time.monotonic() - self._started
        if elapsed < _PATIENCE:
            return
        if self._shown is None:
            self._show(progress)
        rate = progress.packets / elapsed / 1e6
        self._bar.update(
            self._task,
            completed=progress.read_bytes,
            total=_total(progress),
            files=_files(progress),
            rate=f"{progress.packets:,} packets, {rate:.1f} million/s",
        )

    def _show(self, progress: "Progress") -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self._bar = RichProgress(
            TextColumn("reading{task.fields[files]}"),
            BarColumn(),
            DownloadColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task("reading", total=_total(progress), files=_files(progress), rate="")
        self._bar.start()
        self._shown = self._bar

    def stop(self) -> None:
        """Remove the bar."""
        if self._shown is not None:
            self._bar.stop()


def _files(progress: "Progress") -> str:
    """Say which of several files is read."""
    return f" file {progress.read_files:,} of {progress.total_files:,}" if progress.total_files > 1 else ""


def _total(progress: "Progress") -> int | None:
    """Return the bytes to read; None where that is not known. Pipes and growing files give more than was known."""
    return max(progress.total_bytes, progress.read_bytes) if progress.total_bytes else None


@contextmanager
def watched(*, beside: bool = False) -> "Iterator[Callable[[Progress], None]]":
    """Give what a study calls with its progress: it is noted, and shown where somebody is looking.

    Parameters
    ----------
    beside : bool
        Whether results appear on the same terminal meanwhile: then there is no bar.
    """
    if beside or is_quiet() or not sys.stderr.isatty():
        yield note_progress
        return
    bar = _Bar()

    def update(progress: "Progress") -> None:
        note_progress(progress)
        bar.update(progress)

    try:
        yield update
    finally:
        bar.stop()


def announce_compilation(*, everything: bool = False) -> "Callable[[], bool]":
    """Say that kernels are compiled, as soon as that turns out to be needed.

    Parameters
    ----------
    everything : bool
        Whether all kernels may be compiled, and not those of one command.

    Returns
    -------
    callable
        Tells whether it was needed.
    """
    from pcaphash.kernels.base import before_compiling

    announced = []
    text = (
        "compiling all kernels for this processor; this takes about a minute"
        if everything
        else "compiling the kernels of this command for this processor; this happens once and takes about 10 s"
    )

    def announce() -> None:
        announced.append(True)
        inform(text)

    before_compiling(announce)
    return lambda: bool(announced)
