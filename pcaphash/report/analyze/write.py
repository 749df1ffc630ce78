"""Write an analysis: its formats, and the files of a folder."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from pcaphash.report.folder import write_tables_and_figure
from pcaphash.report.formats.writers import Writers, as_document, as_rows

if TYPE_CHECKING:
    import pandas as pd

    from pcaphash.studies.analyze import Analysis
    from pcaphash.studies.shared.schema import Schema

FIGURE_FILE = "distribution.png"


def _show(analysis: "Analysis", stream: TextIO) -> None:
    from pcaphash.report.analyze.text import show_analysis

    show_analysis(analysis, stream)


def _document(analysis: "Analysis") -> dict[str, object]:
    from pcaphash.report.analyze.document import make_document

    return make_document(analysis)


def _rows(analysis: "Analysis") -> "tuple[Schema, Iterable[pd.DataFrame]]":
    from pcaphash.studies.shared.columns import DISTRIBUTION

    return DISTRIBUTION, [analysis.distribution]


ANALYSIS_WRITERS: "Writers[Analysis]" = {"table": _show, **as_rows(_rows), "json": as_document(_document)}
"""A table for readers, the rows of the distribution, or everything as one document."""


def write_analysis(analysis: "Analysis", format_: str, stream: TextIO) -> None:
    """Write an analysis in one of the formats of ``ANALYSIS_WRITERS``; Parquet goes to the stream's ``buffer``."""
    ANALYSIS_WRITERS[format_](analysis, stream)


def write_folder(analysis: "Analysis", folder: Path, format_: str = "csv") -> list[Path]:
    """Write the distribution, the summary and the figure into a folder, each file whole or not at all.

    Parameters
    ----------
    analysis : Analysis
        The results.
    folder : Path
        Made if it does not exist.
    format_ : str
        ``parquet`` writes both tables as Parquet too, beside the CSV files; the other formats write nothing more.

    Returns
    -------
    list of Path
        The files written.
    """
    from pcaphash.report.figures import draw_distribution
    from pcaphash.studies.shared.columns import DISTRIBUTION, FILES, SUMMARY

    tables = [(DISTRIBUTION, analysis.distribution), (SUMMARY, analysis.summary)]
    if analysis.file_rows:
        tables.append((FILES, analysis.files))
    return write_tables_and_figure(tables, draw_distribution(analysis), FIGURE_FILE, folder, format_)
