"""Tables as Parquet, with the same types whatever the rows are."""

from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING, TextIO

from pcaphash.report.formats.format import Format

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from pcaphash.studies.shared.schema import Schema

ROWS_OF_GROUP = 65536
"""Rows that are written at a time; as many are held in memory."""


def _write(parts: "Iterable[pd.DataFrame]", schema: "Schema", stream: TextIO) -> None:
    """Write a table; the binary stream below need not be able to seek."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    stream.flush()
    parts = iter(parts)
    first = next(parts, None)
    if first is None:
        first = schema.frame([])
    types = _types(schema, first)
    with ParquetWriter(stream.buffer, types, compression="zstd") as writer:
        waiting: list[pa.Table] = []
        for part in chain([first], parts):
            waiting.append(pa.Table.from_pandas(part, schema=types, preserve_index=False))
            if sum(table.num_rows for table in waiting) >= ROWS_OF_GROUP:
                writer.write_table(pa.concat_tables(waiting))
                waiting.clear()
        writer.write_table(pa.concat_tables(waiting or [types.empty_table()]))


def _types(schema: "Schema", part: "pd.DataFrame") -> "pa.Schema":
    """Return the types of the columns, and which of pandas' types they have in a part."""
    import pyarrow as pa

    of_type = {"integer": pa.int64(), "number": pa.float64(), "text": pa.string()}
    types = pa.schema([(column.name, of_type[column.type]) for column in schema.columns])
    # The table, unlike the types, also says which of pandas' types the columns had.
    return pa.Table.from_pandas(part, schema=types, preserve_index=False).schema


PARQUET = Format("parquet", (".parquet",), _write, is_binary=True)
