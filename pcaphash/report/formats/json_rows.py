"""Tables as JSON: an object for each row, numbers with all their digits."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TextIO

from pcaphash.report.formats.format import Format
from pcaphash.report.formats.values import values

if TYPE_CHECKING:
    import pandas as pd

    from pcaphash.studies.shared.schema import Schema


def _write_lines(parts: "Iterable[pd.DataFrame]", schema: "Schema", stream: TextIO) -> None:
    for part in parts:
        stream.writelines(f"{line}\n" for line in _objects(part))
        stream.flush()  # whoever watches live traffic sees each part as it comes


def _write_list(parts: "Iterable[pd.DataFrame]", schema: "Schema", stream: TextIO) -> None:
    before = "[\n"
    for part in parts:
        for line in _objects(part):
            stream.write(before + line)
            before = ",\n"
    stream.write("[]\n" if before == "[\n" else "\n]\n")


def _objects(part: "pd.DataFrame") -> Iterator[str]:
    import json

    encode = json.JSONEncoder(allow_nan=False).encode
    template = "{" + ",".join(encode(name).replace("%", "%%") + ":%s" for name in part) + "}"
    columns = [[_encode(*each, encode) for each in values(part[name])] for name in part]
    return (template % row for row in zip(*columns, strict=True))


def _encode(value: object, is_missing: bool, encode: Callable[[object], str]) -> str:
    if is_missing:
        return "null"
    return str(value) if type(value) is int else encode(value)  # the quicker way for whole numbers


JSON_LINES = Format("jsonl", (".jsonl", ".ndjson"), _write_lines)
"""An object on each line."""

JSON_LIST = Format("json", (".json",), _write_list)
"""A list of the same objects."""
