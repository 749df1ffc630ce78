"""Write a sweep to a stream, or as tables and a figure into a folder."""

from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from pcaphash.report.document import finite, make_document, write_json_document
from pcaphash.report.files import make_folder, whole_file
from pcaphash.report.formats import PARQUET
from pcaphash.report.rows import save_tables, write_table

if TYPE_CHECKING:
    from pcaphash.studies.sweep import Sweep

FIGURE_FILE = "sweep.png"


def write_sweep(sweep: "Sweep", format_: str, stream: TextIO) -> None:
    """Write a sweep.

    Parameters
    ----------
    sweep : Sweep
        The results.
    format_ : str
        One of ``formats.ANALYSIS_FORMATS``: ``table`` for readers, ``json`` for the classes with all their masks as one
        document; the others are a row for every mask.
    stream : text stream
        Written to; Parquet goes to the binary stream under it (``buffer``).
    """
    if format_ == "table":
        from pcaphash.report.sweep_text import show_sweep

        show_sweep(sweep, stream)
    elif format_ == "json":
        write_json_document(_document(sweep), stream)
    else:
        write_table(sweep.masks, stream, format_)


def write_sweep_folder(sweep: "Sweep", folder: Path, format_: str = "csv") -> list[Path]:
    """Write all masks, the classes and the figure into a folder, each file whole or not at all.

    Parameters
    ----------
    sweep : Sweep
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
    from pcaphash.report.figures import draw_sweep, save

    make_folder(folder)
    tables = {"sweep": sweep.masks, "classes": sweep.classes}
    paths = save_tables(tables, folder, ("csv", PARQUET) if format_ == PARQUET else ("csv",))
    paths.append(folder / FIGURE_FILE)
    with whole_file(paths[-1]) as part:
        save(draw_sweep(sweep), part)
    return paths


def _document(sweep: "Sweep") -> dict[str, object]:
    has_tunnel_types = bool(sweep.device.profile.tunnel_types)
    types = [sweep.types(position) for position in range(sweep.n_masks)]
    masks = [{"hash_types": each, "tunnel_types": tunnels if has_tunnel_types else None} for each, tunnels in types]
    classes = []
    for row, start in zip(sweep.classes.to_dict("records"), sweep.smallest.tolist(), strict=True):
        of_class = finite({str(name): value for name, value in row.items()})
        classes.append({**of_class, "members": masks[start : start + row["masks"]]})
    marks = {name: number + 1 for name, number in sweep.marks.items()}
    return {**make_document(sweep.analysis), "by": sweep.by, "marks": marks, "classes": classes}
