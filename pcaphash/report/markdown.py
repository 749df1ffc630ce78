"""Write tables as GitHub's Markdown has them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from pcaphash.report.values import values

if TYPE_CHECKING:
    import pandas as pd


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


def write_markdown(parts: "Iterable[pd.DataFrame]", names: Sequence[str], stream: TextIO) -> None:
    """Write the rows of a table; the first part says how wide columns are, as later ones are yet to come.

    Parameters
    ----------
    parts : iterable of DataFrame
        The table in parts, each with the columns named.
    names : sequence of str
        The names of the columns.
    stream : text stream
        Written to.
    """
    import pandas as pd
    from pandas.api.types import is_numeric_dtype

    parts = iter(parts)
    part: pd.DataFrame | None = next(parts, pd.DataFrame(columns=list(names)))
    columns: list[_Column] = []
    while part is not None:
        cells = [_cells(part[name]) for name in names]
        if not columns:
            widths = [max(3, *map(len, [name, *column])) for name, column in zip(names, cells, strict=True)]
            numeric = [is_numeric_dtype(part[name].dtype) for name in names]
            columns = [_Column(*each) for each in zip(widths, numeric, strict=True)]
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
