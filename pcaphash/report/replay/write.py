"""Write a replay: its formats, and the files of a folder."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from pcaphash.capture.files import make_folder, whole_file
from pcaphash.report.formats.registry import formats_of_folder
from pcaphash.report.formats.rows import save_tables
from pcaphash.report.formats.writers import Writers, as_document, as_rows

if TYPE_CHECKING:
    import pandas as pd

    from pcaphash.studies.replay import Replay
    from pcaphash.studies.shared.schema import Schema

VERDICT_FILE = "verdict.txt"


def _show(replay: "Replay", stream: TextIO) -> None:
    from pcaphash.report.replay.text import show_replay

    show_replay(replay, stream)


def _document(replay: "Replay") -> dict[str, object]:
    from pcaphash.report.replay.document import replay_document

    return replay_document(replay)


def _rows(replay: "Replay") -> "tuple[Schema, Iterable[pd.DataFrame]]":
    from pcaphash.studies.replay.columns import CURVE, QUEUES

    return (QUEUES, [replay.queues]) if replay.has_service else (CURVE, [replay.curve])


REPLAY_WRITERS: "Writers[Replay]" = {"table": _show, **as_rows(_rows), "json": as_document(_document)}
"""Tables for readers; the rows of receive queues, or of the curve; or everything as one document."""


def write_replay(replay: "Replay", format_: str, stream: TextIO) -> None:
    """Write a replay in one of the formats of ``REPLAY_WRITERS``; Parquet goes to the stream's ``buffer``."""
    REPLAY_WRITERS[format_](replay, stream)


def write_replay_folder(replay: "Replay", folder: Path, format_: str = "csv") -> list[Path]:
    """Write the verdict, the tables and the figures into a folder, each file whole or not at all.

    Parameters
    ----------
    replay : Replay
        The results.
    folder : Path
        Made if it does not exist.
    format_ : str
        ``parquet`` writes the tables as Parquet too, beside the CSV files; the other formats write nothing more.

    Returns
    -------
    list of Path
        The files written.
    """
    from pcaphash.report.figures.replay import write_replay_figures
    from pcaphash.report.replay.words import headline, verdict_lines
    from pcaphash.studies.replay.columns import CURVE, DELAYS, FEWEST_QUEUES, QUEUES, WINDOWS

    make_folder(folder)
    paths = [folder / VERDICT_FILE]
    with whole_file(paths[0]) as part:
        part.write_text("\n".join([headline(replay), *verdict_lines(replay)]) + "\n", encoding="utf-8")
    tables = [(CURVE, replay.curve), (FEWEST_QUEUES, replay.fewest_queues)]
    if replay.has_service:
        tables = [(QUEUES, replay.queues), (DELAYS, replay.delays)]
    if replay.options.window_ns is not None:
        tables.append((WINDOWS, replay.windows))
    paths += save_tables(tables, folder, formats_of_folder(format_))
    return [*paths, *write_replay_figures(replay, folder)]
