"""The tables of columns that the pages show, made of the schemas that the studies declare.

A line ``<!-- columns of NAME -->`` stands before the table of the schema of that name. ``python docs/refresh.py``
writes these tables again, and a test holds that they are as this module makes them.
"""

import importlib
import pkgutil
import re
from itertools import groupby

from pcaphash import studies
from pcaphash.studies.shared.schema import Column, Schema

_TABLE = re.compile(r"^(<!-- columns of ([a-z_]+) -->\n)((?:\|.*\n)*)", re.MULTILINE)
_HEAD = "| column | type | unit | meaning | empty |\n| --- | --- | --- | --- | --- |\n"


def schemas() -> dict[str, Schema]:
    """Return every schema that a study declares in a module named ``columns``, by its name."""
    found: dict[str, Schema] = {}
    for module in pkgutil.walk_packages(studies.__path__, "pcaphash.studies."):
        if module.name.rpartition(".")[2] == "columns":
            values = vars(importlib.import_module(module.name)).values()
            found |= {each.name: each for each in values if isinstance(each, Schema)}
    return found


def shown_in(text: str) -> set[str]:
    """Return the names of the schemas whose tables a page shows."""
    return {name for _, name, _ in _TABLE.findall(text)}


def refresh_tables(text: str) -> str:
    """Return a page with the tables of columns as the schemas have them now."""
    known = schemas()
    return _TABLE.sub(lambda found: found[1] + _HEAD + _rows(known[found[2]]), text)


def _rows(schema: Schema) -> str:
    """Return a row for each column; neighbours that mean the same share one."""
    groups = groupby(schema.columns, key=lambda column: (column.type, column.meaning, column.empty))
    return "".join(_row(list(columns)) for _, columns in groups)


def _row(columns: list[Column]) -> str:
    names = ", ".join(f"`{column.name}`" for column in columns)
    units = ", ".join(dict.fromkeys(column.unit for column in columns))
    cells = (names, columns[0].type, units, columns[0].meaning, columns[0].empty or "never")
    return "".join(f"| {cell} " if cell else "| " for cell in cells) + "|\n"
