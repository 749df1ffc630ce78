"""What the columns of a table are: declared once, and used by every format, by pandas, and by the docs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

ColumnType = Literal["integer", "number", "text"]


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    name : str
        Its name in every format.
    type : str
        ``integer`` (64 bits), ``number`` (a double) or ``text``.
    meaning : str
        What a value is, in a few words of Markdown.
    unit : str
        Of the values; empty if they have none.
    empty : str
        When a cell is empty; empty if no cell ever is.
    """

    name: str
    type: ColumnType
    meaning: str
    unit: str = ""
    empty: str = ""

    @property
    def dtype(self) -> str:
        """The dtype that pandas has for it."""
        if self.type == "integer":
            return "Int64" if self.empty else "int64"  # only the former has missing values
        return {"number": "float64", "text": "str"}[self.type]


@dataclass(frozen=True)
class Schema:
    """The columns of a table, in order.

    Parameters
    ----------
    name : str
        The name of the table; its file is called this with the suffix of the format.
    columns : tuple of Column
        The columns.
    """

    name: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)

    def frame(self, rows: Iterable[Mapping[str, object]]) -> "pd.DataFrame":
        """Return rows as a table; each has a value for every column, None or NaN for an empty cell."""
        rows = list(rows)
        return self.frame_of_columns({name: [row[name] for row in rows] for name in self.names})

    def frame_of_columns(self, values: Mapping[str, object]) -> "pd.DataFrame":
        """Return columns of values as a table: infinite ones are empty cells, and other columns are ignored."""
        import pandas as pd

        frame = pd.DataFrame(
            {column.name: pd.Series(values[column.name], dtype=column.dtype) for column in self.columns}
        )
        infinite = [float("inf"), float("-inf")]
        numbers = [column.name for column in self.columns if column.type == "number"]
        if len(frame) and numbers:
            frame[numbers] = frame[numbers].replace(infinite, float("nan"))
        return frame
