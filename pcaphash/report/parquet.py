"""Write tables as Parquet, with the same types whatever the rows are."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO

from pcaphash.studies.spread import MEASURES

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

ROWS_OF_GROUP = 65536
"""Rows that are written at a time; as many are held in memory."""

_INTEGERS = frozenset(
    {
        "packet", "timestamp_ns", "captured_length", "original_length", "queue", "packets", "bytes", "hashed",
        "unhashed", "unknown", "queues_used",
    }
)  # fmt: skip
_NUMBERS = frozenset(
    {"packet_share", "byte_share", *(f"{measure}_{unit}" for measure in MEASURES for unit in ("packets", "bytes"))}
)


def write_parquet(parts: "Iterable[pd.DataFrame]", columns: Sequence[str], stream: BinaryIO) -> None:
    """Write the rows of a table to a binary stream, which need not be able to seek.

    Integers have 64 bits, numbers are doubles, everything else is text.

    Parameters
    ----------
    parts : iterable of DataFrame
        The table in parts, each with the columns named.
    columns : sequence of str
        The names of the columns.
    stream : binary stream
        Written to, and left open.
    """
    import pandas as pd
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    parts = iter(parts)
    first = next(parts, pd.DataFrame(columns=list(columns)))
    schema = _schema(first)
    with ParquetWriter(stream, schema, compression="zstd") as writer:
        waiting: list[pa.Table] = []
        for part in chain([first], parts):
            waiting.append(pa.Table.from_pandas(part, schema=schema, preserve_index=False))
            if sum(table.num_rows for table in waiting) >= ROWS_OF_GROUP:
                writer.write_table(pa.concat_tables(waiting))
                waiting.clear()
        writer.write_table(pa.concat_tables(waiting or [schema.empty_table()]))


def _schema(part: "pd.DataFrame") -> "pa.Schema":
    """Return the types of a table's columns; those that are not known by name are what the first part has."""
    import pyarrow as pa

    fields = []
    for field in pa.Schema.from_pandas(part, preserve_index=False):
        if field.name in _INTEGERS:
            type_ = pa.int64()
        elif field.name in _NUMBERS:
            type_ = pa.float64()
        elif pa.types.is_integer(field.type) or pa.types.is_floating(field.type) or pa.types.is_boolean(field.type):
            type_ = field.type
        else:
            type_ = pa.string()
        fields.append((field.name, type_))
    # The table, unlike the list of fields, also says which of pandas' types the columns had.
    return pa.Table.from_pandas(part, schema=pa.schema(fields), preserve_index=False).schema
