"""Write a comparison: its formats, and the files of a folder."""

from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from pcaphash.capture.files import make_folder, whole_file
from pcaphash.report.formats.rows import save_tables
from pcaphash.report.formats.writers import Writers, as_document

if TYPE_CHECKING:
    from pcaphash.studies.compare import Comparison

VERDICT_FILE = "verdict.txt"


def _show(comparison: "Comparison", stream: TextIO) -> None:
    from pcaphash.report.compare.text import show_comparison

    show_comparison(comparison, stream)


def _document(comparison: "Comparison") -> dict[str, object]:
    from pcaphash.report.compare.document import comparison_document

    return comparison_document(comparison)


COMPARISON_WRITERS: "Writers[Comparison]" = {"table": _show, "json": as_document(_document)}
"""Text and tables for readers, or everything as one document; the tables go into a folder."""


def write_comparison(comparison: "Comparison", format_: str, stream: TextIO) -> None:
    """Write a comparison in one of the formats of ``COMPARISON_WRITERS``."""
    COMPARISON_WRITERS[format_](comparison, stream)


def write_comparison_folder(comparison: "Comparison", folder: Path) -> list[Path]:
    """Write the verdict, the tables and the figures into a folder, each file whole or not at all.

    Returns
    -------
    list of Path
        The files written.
    """
    from pcaphash.report.compare.words import put_into_words
    from pcaphash.report.figures import write_figures

    make_folder(folder)
    paths = [folder / VERDICT_FILE]
    with whole_file(paths[0]) as part:
        part.write_text(
            "\n".join(put_into_words(comparison.verdict, comparison.reading).lines) + "\n", encoding="utf-8"
        )
    paths += save_tables(comparison.tables_with_columns(), folder)
    return [*paths, *write_figures(comparison, folder)]
