"""Write a sweep: its formats, and the files of a folder."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from pcaphash.report.analyze.document import make_document
from pcaphash.report.documents import facts_document, finite
from pcaphash.report.folder import write_tables_and_figure
from pcaphash.report.formats.writers import Writers, as_document, as_rows

if TYPE_CHECKING:
    import pandas as pd

    from pcaphash.studies.shared.schema import Schema
    from pcaphash.studies.sweep import Sweep

FIGURE_FILE = "sweep.png"


def write_sweep(sweep: "Sweep", format_: str, stream: TextIO) -> None:
    """Write a sweep in one of the formats of ``SWEEP_WRITERS``; Parquet goes to the stream's ``buffer``."""
    SWEEP_WRITERS[format_](sweep, stream)


def _show(sweep: "Sweep", stream: TextIO) -> None:
    from pcaphash.report.sweep.text import show_sweep

    show_sweep(sweep, stream)


def _rows(sweep: "Sweep") -> "tuple[Schema, Iterable[pd.DataFrame]]":
    from pcaphash.studies.sweep.columns import MASKS

    return MASKS, [sweep.masks]


def write_sweep_folder(sweep: "Sweep", folder: Path, format_: str = "csv") -> list[Path]:
    """Write all masks, the classes and the figure into a folder, each file whole or not at all.

    Parameters
    ----------
    sweep : Sweep
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
    from pcaphash.report.figures import draw_sweep
    from pcaphash.studies.sweep.columns import CLASSES, MASKS

    tables = [(MASKS, sweep.masks), (CLASSES, sweep.classes)]
    return write_tables_and_figure(tables, draw_sweep(sweep), FIGURE_FILE, folder, format_)


def _document(sweep: "Sweep") -> dict[str, object]:
    from pcaphash.report.sweep.words import sweep_title  # loads NumPy, which formats need not

    has_tunnel_types = bool(sweep.device.profile.tunnel_types)
    types = [sweep.types(position) for position in range(sweep.n_masks)]
    masks = [{"hash_types": each, "tunnel_types": tunnels if has_tunnel_types else None} for each, tunnels in types]
    classes = []
    for row, start in zip(sweep.classes.to_dict("records"), sweep.smallest.tolist(), strict=True):
        of_class = finite({str(name): value for name, value in row.items()})
        classes.append({**of_class, "members": masks[start : start + row["masks"]]})
    marks = {name: number + 1 for name, number in sweep.marks.items()}
    verdict = {**facts_document(sweep.verdict), "headline": sweep_title(sweep)}
    return {"verdict": verdict, **make_document(sweep.analysis), "by": sweep.by, "marks": marks, "classes": classes}


SWEEP_WRITERS: "Writers[Sweep]" = {"table": _show, **as_rows(_rows), "json": as_document(_document)}
"""Text for readers, a row for every mask, or the classes with all their masks as one document."""
