"""Tables as CSV."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

from pcaphash.report.formats.format import Format

if TYPE_CHECKING:
    import pandas as pd

    from pcaphash.studies.shared.schema import Schema

_QUICK = ("integer", "text")
"""Types of columns that are written alike by whatever writes them."""


def _write(parts: "Iterable[pd.DataFrame]", schema: "Schema", stream: TextIO) -> None:
    stream.write(",".join(schema.names) + "\n")
    is_quick = all(column.type in _QUICK for column in schema.columns)
    for part in parts:
        stream.write(_quickly(part) if is_quick else _with_pandas(part))
        stream.flush()  # whoever watches live traffic sees each part as it comes


def _with_pandas(part: "pd.DataFrame") -> str:
    return part.to_csv(index=False, header=False, lineterminator="\n")


def _quickly(part: "pd.DataFrame") -> str:
    """Write whole numbers and texts as pandas does, without a Python object for each cell."""
    import pyarrow as pa
    from pyarrow.csv import WriteOptions, write_csv

    written = pa.BufferOutputStream()
    options = WriteOptions(include_header=False, quoting_style="none")
    try:
        write_csv(pa.Table.from_pandas(part, preserve_index=False, nthreads=1), written, options)
    except pa.ArrowInvalid:  # a text must be quoted
        return _with_pandas(part)
    text: str = written.getvalue().to_pybytes().decode()
    return text


CSV = Format("csv", (".csv",), _write)
