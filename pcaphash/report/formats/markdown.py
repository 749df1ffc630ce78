"""Tables as GitHub's Markdown has them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from pcaphash.report.formats.format import Format
from pcaphash.report.formats.values import values

if TYPE_CHECKING:
    import pandas as pd

    from pcaphash.studies.shared.schema import Schema


@dataclass(frozen=True)
class _Column:
    """How a column is written."""

    width: int
    is_number: bool

    @property
    def rule(self) -> str:
        return "-" * (self.width - 1) + ":" if self.is_number else "-" * self.width

    def adjust(self, cell: str) -> str:
        return cell.rjust(self.width) if self.is_number else cell.ljust(self.width)


def _write(parts: "Iterable[pd.DataFrame]", schema: "Schema", stream: TextIO) -> None:
    """Write a table; the first part says how wide the columns are, because later ones are not there yet."""
    parts, names = iter(parts), schema.names
    part: pd.DataFrame | None = next(parts, None)
    if part is None:
        part = schema.frame([])
    columns: list[_Column] = []
    while part is not None:
        cells = [_cells(part[name]) for name in names]
        if not columns:
            widths = [max(3, *map(len, [name, *column])) for name, column in zip(names, cells, strict=True)]
            columns = [_Column(width, of.type != "text") for width, of in zip(widths, schema.columns, strict=True)]
            _write_row([column.adjust(name) for column, name in zip(columns, names, strict=True)], stream)
            _write_row([column.rule for column in columns], stream)
        for row in zip(*cells, strict=True):
            _write_row([column.adjust(cell) for column, cell in zip(columns, row, strict=True)], stream)
        part = next(parts, None)


def _write_row(cells: list[str], stream: TextIO) -> None:
    stream.write(f"| {' | '.join(cells)} |\n")


def _cells(column: "pd.Series") -> list[str]:
    """Write values as CSV has them, but so that none ends its cell."""
    cells = ["" if missing else str(value) for value, missing in values(column)]
    return [cell.replace("\\", "\\\\").replace("|", "\\|") for cell in cells]


MARKDOWN = Format("markdown", (".md",), _write)
