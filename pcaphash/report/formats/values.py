"""The values of a table's column, for formats that pandas does not write as they are meant."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def values(column: "pd.Series") -> Iterator[tuple[object, bool]]:
    """Give each value of a column as Python has it, and whether it is missing."""
    return zip(column.tolist(), column.isna().tolist(), strict=True)
