"""Write tables and a figure of them into a folder: what the folders of several commands have in common."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pcaphash.capture.files import make_folder, whole_file
from pcaphash.report.formats.registry import formats_of_folder
from pcaphash.report.formats.rows import save_tables

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from pcaphash.studies.shared.schema import Schema


def write_tables_and_figure(
    tables: "Sequence[tuple[Schema, pd.DataFrame]]", figure: "Figure", name: str, folder: Path, format_: str = "csv"
) -> list[Path]:
    """Write tables and a figure into a folder, each file whole or not at all.

    Parameters
    ----------
    tables : sequence of Schema and DataFrame
        The tables.
    figure : Figure
        The figure.
    name : str
        Of the file of the figure; its suffix chooses the format.
    folder : Path
        Made if it does not exist.
    format_ : str
        ``parquet`` writes the tables as Parquet too, beside the CSV files; the other formats write nothing more.

    Returns
    -------
    list of Path
        The files written.
    """
    from pcaphash.report.figures import save

    make_folder(folder)
    path = folder / name
    paths = [*save_tables(tables, folder, formats_of_folder(format_)), path]
    with whole_file(path) as part:
        save(figure, part)
    return paths
