"""How the result of a command is written: a writer for each format that the command offers."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, TextIO, TypeVar

from pcaphash import __version__
from pcaphash.report.formats.registry import ROW_FORMATS
from pcaphash.report.formats.rows import write_rows

if TYPE_CHECKING:
    import pandas as pd

    from pcaphash.studies.shared.schema import Schema

Result = TypeVar("Result")
Writer = Callable[[Result, TextIO], None]
Writers = Mapping[str, Writer[Result]]
"""By the name of each format that a command offers, what writes its result; the default format comes first."""


def as_document(make: Callable[[Result], Mapping[str, object]]) -> Writer[Result]:
    """Return what writes a result as one JSON object, which begins with the version of the program that wrote it.

    Parameters
    ----------
    make : callable
        Makes the rest of the object.
    """

    def write(result: Result, stream: TextIO) -> None:
        import json

        json.dump({"version": __version__, **make(result)}, stream, indent=2, allow_nan=False)
        stream.write("\n")

    return write


def as_rows(
    make: "Callable[[Result], tuple[Schema, Iterable[pd.DataFrame]]]", formats: Iterable[str] = tuple(ROW_FORMATS)
) -> dict[str, Writer[Result]]:
    """Return, for each format of rows, what writes a result as one table.

    Parameters
    ----------
    make : callable
        Makes the table: its columns, and its rows in parts.
    formats : iterable of str
        The formats, of ``ROW_FORMATS``.
    """

    def writer(format_: str) -> Writer[Result]:
        def write(result: Result, stream: TextIO) -> None:
            schema, parts = make(result)
            write_rows(parts, schema, stream, format_)

        return write

    return {name: writer(name) for name in formats}
