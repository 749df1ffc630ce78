"""A table of a page: cells that show one thing and are sorted by another."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from pcaphash.errors import Command, Field
from pcaphash.report.words.values import above_ideal, count, percent

MOST_ROWS = 200
"""Rows that a table on a page has; a note says so where there would be more."""


class Cell(NamedTuple):
    """A cell.

    Parameters
    ----------
    text : str
        What it shows.
    value : float or None
        What its column is sorted by; None for text, which is sorted as such.
    """

    text: str
    value: float | None = None


@dataclass(frozen=True)
class Table:
    """A table; the first cell of each row is the row's heading.

    Parameters
    ----------
    name : str
        Part of its id.
    caption : str
        What it is.
    headings : list of str
        One for each column.
    rows : list of list of Cell
        Its rows.
    note : str
        What is not in it; may be empty.
    """

    name: str
    caption: str
    headings: list[str]
    rows: list[list[Cell]]
    note: str = ""

    @cached_property
    def is_number(self) -> list[bool]:
        """Which columns have numbers, and stand at the right."""
        return [any(row[column].value is not None for row in self.rows) for column in range(len(self.headings))]


def make_table(name: str, caption: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Table:
    """Make a table of the first rows, and say how many others there are."""
    every = [list(row) for row in rows]
    note = ""
    if len(every) > MOST_ROWS:
        note = (
            f"The first {count(MOST_ROWS)} of {count(len(every))} rows; {Command('compare')} {Field('output')} "
            "writes all of them."
        )
    return Table(name, caption, list(headings), every[:MOST_ROWS], note)


def number(value: int | None) -> Cell:
    """Return a cell with a count."""
    return Cell("-") if value is None else Cell(count(value), value)


def share(value: float | None) -> Cell:
    """Return a cell with a share of a whole."""
    return Cell("-") if value is None else Cell(percent(value), value)


def excess(value: float) -> Cell:
    """Return a cell with how far something is above its ideal share; NaN shows as a dash."""
    return Cell(above_ideal(value), None if math.isnan(value) else value)


def measure(value: float, form: str) -> Cell:
    """Return a cell with a number in some form; one that is none shows as a dash."""
    return Cell("-") if math.isnan(value) else Cell(format(value, form), value)


def text(value: object) -> Cell:
    """Return a cell with text."""
    return Cell("-" if value in (None, "") else str(value))
