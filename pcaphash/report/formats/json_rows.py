"""Tables as JSON: an object for each row, numbers with all their digits."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

from pcaphash.report.formats.format import Format
from pcaphash.report.formats.values import values

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from pcaphash.studies.shared.schema import Schema


_ESCAPED = r'[\\"]|[^ -~]'
"""What text does not hold as it is in JSON."""


def _write_lines(parts: "Iterable[pd.DataFrame]", schema: "Schema", stream: TextIO) -> None:
    for part in parts:
        if len(part):
            stream.write(_objects(part, "\n") + "\n")
        stream.flush()  # whoever watches live traffic sees each part as it comes


def _write_list(parts: "Iterable[pd.DataFrame]", schema: "Schema", stream: TextIO) -> None:
    before = "[\n"
    for part in parts:
        if len(part):
            stream.write(before + _objects(part, ",\n"))
            before = ",\n"
    stream.write("[]\n" if before == "[\n" else "\n]\n")


def _objects(part: "pd.DataFrame", between: str) -> str:
    """Write the rows as objects, without a Python object for each cell where there need not be any."""
    import json

    pieces: list[str | pa.Array] = []
    for name in part:
        pieces += [f"{',' if pieces else '{'}{json.dumps(name)}:", _encoded(part[name])]
    return between.join(_joined(*pieces, "}").to_pylist())


def _joined(*pieces: "str | pa.Array") -> "pa.Array":
    """Put texts of each row, and texts that are the same in all rows, behind each other."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = [pa.scalar(piece, pa.large_string()) if isinstance(piece, str) else piece for piece in (*pieces, "")]
    return pc.binary_join_element_wise(*texts)


def _encoded(column: "pd.Series") -> "pa.Array":
    """Write each value of a column as JSON."""
    import json

    import pyarrow as pa
    import pyarrow.compute as pc

    cells = pa.array(column)
    if pa.types.is_integer(cells.type):
        return cells.cast(pa.large_string()).fill_null("null")
    if pa.types.is_large_string(cells.type) and not pc.any(pc.match_substring_regex(cells, _ESCAPED)).as_py():
        return _joined('"', cells, '"').fill_null("null")
    encode = json.JSONEncoder(allow_nan=False).encode
    return pa.array(
        ["null" if is_missing else encode(value) for value, is_missing in values(column)], pa.large_string()
    )


JSON_LINES = Format("jsonl", (".jsonl", ".ndjson"), _write_lines)
"""An object on each line."""

JSON_LIST = Format("json", (".json",), _write_list)
"""A list of the same objects."""
