"""Write an analysis to a stream, or as tables and a figure into a folder."""

from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from pcaphash.report.files import make_folder, whole_file
from pcaphash.report.formats import PARQUET

if TYPE_CHECKING:
    from pcaphash.studies.analyze import Analysis

FIGURE_FILE = "distribution.png"


def write_analysis(analysis: "Analysis", format_: str, stream: TextIO) -> None:
    """Write an analysis.

    Parameters
    ----------
    analysis : Analysis
        The results.
    format_ : str
        One of ``formats.ANALYSIS_FORMATS``: ``table`` for readers, ``json`` for everything as one document; the others
        are the rows of the distribution.
    stream : text stream
        Written to; Parquet goes to the binary stream under it (``buffer``).
    """
    if format_ == "table":
        from pcaphash.report.console import show_analysis

        show_analysis(analysis, stream)
    elif format_ == "json":
        from pcaphash.report.document import write_document

        write_document(analysis, stream)
    else:
        from pcaphash.report.rows import write_table

        write_table(analysis.distribution, stream, format_)


def write_folder(analysis: "Analysis", folder: Path, format_: str = "csv") -> list[Path]:
    """Write the distribution, the summary and the figure into a folder, each file whole or not at all.

    Parameters
    ----------
    analysis : Analysis
        The results.
    folder : Path
        Made where it does not exist.
    format_ : str
        ``parquet`` writes both tables as Parquet too, beside the CSV files; the other formats write nothing more.

    Returns
    -------
    list of Path
        The files written.
    """
    from pcaphash.report.figures import draw_distribution, save
    from pcaphash.report.rows import save_tables

    make_folder(folder)
    tables = {"distribution": analysis.distribution, "summary": analysis.summary}
    paths = save_tables(tables, folder, ("csv", PARQUET) if format_ == PARQUET else ("csv",))
    paths.append(folder / FIGURE_FILE)
    with whole_file(paths[-1]) as part:
        save(draw_distribution(analysis), part)
    return paths
