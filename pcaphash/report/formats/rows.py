"""Write tables: those that come in parts part by part, so that memory stays flat."""

from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from pcaphash.capture.files import whole_file
from pcaphash.report.formats.registry import ROW_FORMATS, is_gzip

if TYPE_CHECKING:
    import pandas as pd

    from pcaphash.studies.shared.schema import Schema


def write_rows(parts: "Iterable[pd.DataFrame]", schema: "Schema", stream: TextIO, format_: str) -> None:
    """Write a table.

    Parameters
    ----------
    parts : iterable of DataFrame
        The table in parts.
    schema : Schema
        Its columns, which are written even if there are no parts.
    stream : text stream
        Written to; a binary format goes to the binary stream below (``buffer``).
    format_ : str
        One of ``ROW_FORMATS``.
    """
    parts = iter(parts)
    # What cannot be read complains here, before anything is written.
    whole = chain([first], parts) if (first := next(parts, None)) is not None else parts
    ROW_FORMATS[format_].write(whole, schema, stream)


def save_rows(parts: "Iterable[pd.DataFrame]", schema: "Schema", path: Path, format_: str) -> None:
    """Write a table to a file, whole or not at all; compressed if its name ends in ``.gz``."""
    with whole_file(path) as part:
        if is_gzip(path):
            import gzip

            with gzip.open(part, "wt", compresslevel=6, encoding="utf-8", newline="") as stream:
                write_rows(parts, schema, stream, format_)
        else:
            with part.open("w", encoding="utf-8", newline="") as stream:
                write_rows(parts, schema, stream, format_)


def save_tables(
    tables: "Sequence[tuple[Schema, pd.DataFrame]]", folder: Path, formats: Sequence[str] = ("csv",)
) -> list[Path]:
    """Write tables to a folder, each file whole or not at all, named after its table and its format.

    Returns
    -------
    list of Path
        The files written.
    """
    paths = []
    for format_ in formats:
        for schema, table in tables:
            paths.append(folder / f"{schema.name}{ROW_FORMATS[format_].suffixes[0]}")
            save_rows([table], schema, paths[-1], format_)
    return paths
