"""Write tables that come in parts, part by part, so that memory stays flat."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    import pandas as pd


def write_rows(parts: "Iterable[pd.DataFrame]", columns: Sequence[str], stream: TextIO, format_: str) -> None:
    """Write the rows of a table.

    Parameters
    ----------
    parts : iterable of DataFrame
        The table in parts, each with the columns named.
    columns : sequence of str
        The header line of a CSV file, also where there is no part at all.
    stream : text stream
        Written to.
    format_ : str
        ``csv`` or ``jsonl``.
    """
    parts = iter(parts)
    first = next(parts, None)  # what cannot be read complains here, before anything is written
    if format_ == "csv":
        stream.write(",".join(columns) + "\n")
    while first is not None:
        if format_ == "csv":
            first.to_csv(stream, index=False, header=False, lineterminator="\n")
        else:
            first.to_json(stream, orient="records", lines=True)
        first = next(parts, None)
