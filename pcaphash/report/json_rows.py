"""Write tables as JSON: an object for each row, numbers with all their digits."""

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TextIO

from pcaphash.report.values import values

if TYPE_CHECKING:
    import pandas as pd

_encode = json.JSONEncoder(allow_nan=False).encode


def write_json_lines(parts: "Iterable[pd.DataFrame]", stream: TextIO) -> None:
    """Write an object per line."""
    for part in parts:
        stream.writelines(f"{line}\n" for line in _objects(part))
        stream.flush()  # whoever watches live traffic sees each part as it comes


def write_json(parts: "Iterable[pd.DataFrame]", stream: TextIO) -> None:
    """Write a list of objects."""
    before = "[\n"
    for part in parts:
        for line in _objects(part):
            stream.write(before + line)
            before = ",\n"
    stream.write("[]\n" if before == "[\n" else "\n]\n")


def _objects(part: "pd.DataFrame") -> Iterator[str]:
    template = "{" + ",".join(_encode(name).replace("%", "%%") + ":%s" for name in part) + "}"
    columns = [[_write(*each) for each in values(part[name])] for name in part]
    return (template % row for row in zip(*columns, strict=True))


def _write(value: object, is_missing: bool) -> str:
    if is_missing:
        return "null"
    return str(value) if type(value) is int else _encode(value)  # the quicker way for whole numbers
