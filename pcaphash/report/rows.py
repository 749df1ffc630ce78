"""Write tables: those that come in parts part by part, so that memory stays flat."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from pcaphash.report.files import whole_file
from pcaphash.report.formats import is_gzip
from pcaphash.report.json_rows import write_json, write_json_lines
from pcaphash.report.markdown import write_markdown
from pcaphash.report.parquet import write_parquet

if TYPE_CHECKING:
    import pandas as pd


def write_rows(parts: "Iterable[pd.DataFrame]", columns: Sequence[str], stream: TextIO, format_: str) -> None:
    """Write the rows of a table.

    Parameters
    ----------
    parts : iterable of DataFrame
        The table in parts, each with the columns named.
    columns : sequence of str
        The names of the columns, which are written also where there is no part at all.
    stream : text stream
        Written to; Parquet goes to the binary stream under it (``buffer``).
    format_ : str
        One of ``formats.ROW_FORMATS``: ``csv``; ``jsonl``, an object per line; ``json``, a list of the same objects;
        ``markdown``; ``parquet``.
    """
    parts = iter(parts)
    # What cannot be read complains here, before anything is written.
    whole = chain([first], parts) if (first := next(parts, None)) is not None else parts
    if format_ == "csv":
        _write_csv(whole, columns, stream)
    elif format_ == "jsonl":
        write_json_lines(whole, stream)
    elif format_ == "json":
        write_json(whole, stream)
    elif format_ == "markdown":
        write_markdown(whole, columns, stream)
    else:
        stream.flush()
        write_parquet(whole, columns, stream.buffer)


def save_rows(parts: "Iterable[pd.DataFrame]", columns: Sequence[str], path: Path, format_: str) -> None:
    """Write the rows of a table into a file, whole or not at all; compressed where its name ends in ``.gz``."""
    with whole_file(path) as part:
        if is_gzip(path):
            import gzip

            with gzip.open(part, "wt", compresslevel=6, encoding="utf-8", newline="") as stream:
                write_rows(parts, columns, stream, format_)
        else:
            with part.open("w", encoding="utf-8", newline="") as stream:
                write_rows(parts, columns, stream, format_)


def write_table(table: "pd.DataFrame", stream: TextIO, format_: str) -> None:
    """Write the rows of a table that is whole; the parameters are those of ``write_rows``."""
    write_rows([table], [str(column) for column in table], stream, format_)


def save_tables(tables: "Mapping[str, pd.DataFrame]", folder: Path, formats: Sequence[str] = ("csv",)) -> list[Path]:
    """Write tables into a folder, each file whole or not at all, named after the table and the format.

    Returns
    -------
    list of Path
        The files written.
    """
    paths = []
    for format_ in formats:
        for name, table in tables.items():
            paths.append(folder / f"{name}.{format_}")
            with whole_file(paths[-1]) as part, part.open("w", encoding="utf-8", newline="") as stream:
                write_table(table, stream, format_)
    return paths


def _write_csv(parts: "Iterable[pd.DataFrame]", columns: Sequence[str], stream: TextIO) -> None:
    stream.write(",".join(columns) + "\n")
    for part in parts:
        part.to_csv(stream, index=False, header=False, lineterminator="\n")
        stream.flush()  # whoever watches live traffic sees each part as it comes
