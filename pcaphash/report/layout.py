"""How text tables are laid out: as wide as the terminal, or of one width in a pipe, and never a number cut."""

import os
from collections.abc import Sequence
from typing import Literal, TextIO

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

PIPE_WIDTH = 120
"""Columns of tables that no terminal shows; lines of text are not wrapped there at all."""

LEAST_WIDTH = 40
"""Columns of the narrowest terminal that tables are made for."""

_Side = Literal["left", "right"]
_LONGEST_HEADING = 18  # a longer one is folded
_SHORTEST_LABEL = 8  # labels are folded where they would leave no room, but no narrower
_EDGES, _GAP = 2, 3  # blank columns around a table, and between two of its columns
_ASCII_HEAD = box.Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)


def open_console(stream: TextIO) -> Console:
    """Return what prints to a stream as wide as its terminal, or as the variable COLUMNS says."""
    is_wide = not stream.isatty() and not os.environ.get("COLUMNS", "").isdecimal()
    width = PIPE_WIDTH if is_wide else max(Console(file=stream).width, LEAST_WIDTH)
    # Where colours are not wanted, bold type is not either.
    colors: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
    return Console(
        file=stream,
        width=width,
        soft_wrap=is_wide,
        highlight=False,
        markup=False,
        emoji=False,
        color_system=colors,
    )


class Columns:
    """Columns with a heading each, to be shown side by side as far as there is room, in several tables if need be.

    Parameters
    ----------
    title : str
        Above each of the tables.
    labels : sequence of str
        The first column of each table.
    heading : str
        The heading of the first column.
    justify : str
        How the other columns and their headings stand: ``left`` or ``right``.
    """

    def __init__(self, title: str, labels: Sequence[str], heading: str = "", justify: _Side = "right") -> None:
        self._title = title
        self._labels = labels
        self._heading = heading
        self._justify: _Side = justify
        self._columns: list[tuple[str, Sequence[str]]] = []

    def add(self, heading: str, cells: Sequence[str]) -> None:
        """Add a column."""
        self._columns.append((heading, cells))

    @property
    def width(self) -> int:
        """Columns of text that all of them take side by side."""
        return self._label_width + _EDGES + sum(_GAP + _width(*column) for column in self._columns)

    def print(self, console: Console) -> None:
        """Print the tables one below the other."""
        for group in self._groups(console.width):
            console.print(self._table(group, console.width, console.options.ascii_only))

    @property
    def _label_width(self) -> int:
        return max(map(cell_len, [self._heading, *self._labels]), default=0)

    def _groups(self, width: int) -> list[list[tuple[str, Sequence[str]]]]:
        """Share the columns out among tables that fit; labels fold where not even one column fits beside them."""
        groups: list[list[tuple[str, Sequence[str]]]] = []
        room = 0
        for column in self._columns:
            needed = _GAP + _width(*column)
            if not groups or needed > room:
                groups.append([])
                room = width - _EDGES - self._label_width
            groups[-1].append(column)
            room -= needed
        return groups

    def _table(self, columns: list[tuple[str, Sequence[str]]], width: int, is_ascii: bool) -> Table:
        head = _ASCII_HEAD if is_ascii else box.SIMPLE_HEAD
        table = Table(title=self._title, title_justify="left", title_style="bold", box=head, pad_edge=False)
        widths = [_width(*column) for column in columns]
        room = width - _EDGES - sum(_GAP + each for each in widths)
        label_width = min(self._label_width, max(room, _SHORTEST_LABEL))
        table.add_column(self._heading, width=label_width, justify="right" if self._heading else "left")
        for (heading, _), each in zip(columns, widths, strict=True):
            table.add_column(heading, width=each, justify=self._justify, overflow="fold")
        for i, label in enumerate(self._labels):
            table.add_row(label, *(cells[i] for _, cells in columns))
        return table


def _width(heading: str, cells: Sequence[str]) -> int:
    return max([min(cell_len(heading), _LONGEST_HEADING), *map(cell_len, cells)])
