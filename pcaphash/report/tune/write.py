"""Write the result of tuning: its formats, and the files of a folder."""

from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from pcaphash.capture.files import make_folder, whole_file
from pcaphash.report.folder import write_tables_and_figure
from pcaphash.report.formats.writers import Writers, as_document

if TYPE_CHECKING:
    from pcaphash.studies.tune import Tuning

VERDICT_FILE = "verdict.txt"
PAYLOAD_FILE = "rss_config.bin"
PAYLOAD_TEXT_FILE = "rss_config.hex"
FIGURE_FILE = "keys.png"


def write_tuning(tuning: "Tuning", format_: str, stream: TextIO) -> None:
    """Write the result of tuning in one of the formats of ``TUNING_WRITERS``."""
    TUNING_WRITERS[format_](tuning, stream)


def _show(tuning: "Tuning", stream: TextIO) -> None:
    from pcaphash.report.tune.text import show_tuning

    show_tuning(tuning, stream)


def _document(tuning: "Tuning") -> dict[str, object]:
    from pcaphash.report.tune.document import tuning_document

    return tuning_document(tuning)


def write_tuning_folder(tuning: "Tuning", folder: Path) -> list[Path]:
    """Write verdict, tables, figure and the payload of RSS_CONFIG into a folder, each file whole or not at all.

    Returns
    -------
    list of Path
        The files written.
    """
    from pcaphash.report.figures import draw_tuning
    from pcaphash.report.tune.words import put_into_words
    from pcaphash.studies.tune.columns import ENTRIES, KEYS, SIZES

    make_folder(folder)
    texts = {VERDICT_FILE: "\n".join(put_into_words(tuning).lines), PAYLOAD_TEXT_FILE: tuning.rss_config.hex()}
    paths = []
    for name, text in texts.items():
        paths.append(folder / name)
        with whole_file(paths[-1]) as part:
            part.write_text(text + "\n", encoding="utf-8")
    paths.append(folder / PAYLOAD_FILE)
    with whole_file(paths[-1]) as part:
        part.write_bytes(tuning.rss_config)
    tables = [(KEYS, tuning.key_table), (ENTRIES, tuning.entry_table), (SIZES, tuning.size_table)]
    return paths + write_tables_and_figure(tables, draw_tuning(tuning), FIGURE_FILE, folder)


TUNING_WRITERS: "Writers[Tuning]" = {"table": _show, "json": as_document(_document)}
"""Text for readers, or everything as one document; the tables go into a folder."""
