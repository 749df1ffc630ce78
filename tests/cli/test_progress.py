"""The progress bar shows how much of the traces was read, whether or not their sizes are known."""

import pytest
from rich.progress import Progress as RichProgress

from pcaphash.cli import progress
from pcaphash.engine.progress import Progress


@pytest.mark.parametrize(
    ("total_bytes", "read_bytes", "shown"),
    [
        (0, 0, None),
        (0, 5_000_000, None),
        (100_000_000, 5_000_000, 100_000_000),
        (100_000_000, 100_000_000, 100_000_000),
        # A pipe beside files, or a file that still grows: never more than all.
        (100_000_000, 120_000_000, 120_000_000),
    ],
)
def test_the_bar_knows_its_total(monkeypatch, total_bytes, read_bytes, shown):
    monkeypatch.setattr(progress, "_PATIENCE", 0)
    monkeypatch.setattr(RichProgress, "start", lambda _: None)
    bar = progress._Bar()
    bar.update(Progress(total_bytes, read_bytes // 2, 10))
    bar.update(Progress(total_bytes, read_bytes, 20))
    (task,) = bar._bar.tasks
    assert (task.total, task.completed) == (shown, read_bytes)
    bar.stop()


def test_no_bar_for_short_work():
    bar = progress._Bar()
    bar.update(Progress(100, 50, 10))
    assert bar._shown is None
    bar.stop()


@pytest.mark.parametrize(("beside", "quiet"), [(True, False), (False, True)])
def test_no_bar_among_results_on_the_same_terminal_or_where_all_is_quiet(monkeypatch, beside, quiet):
    monkeypatch.setattr(progress, "_PATIENCE", 0)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr(progress, "is_quiet", lambda: quiet)
    monkeypatch.setattr(RichProgress, "start", lambda _: pytest.fail("a bar is shown"))
    with progress.watched(beside=beside) as watch:
        watch(Progress(100, 50, 10))
