"""How text tables are laid out: as wide as the terminal, or of one width in a pipe, and never a number cut."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import TextWrapper
from typing import Literal, TextIO

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.text import Text

from pcaphash.errors import on_one_line

PIPE_WIDTH = 120
"""Columns of tables that no terminal shows; lines of text are not wrapped there at all."""

LEAST_WIDTH = 40
"""Columns of the narrowest terminal that tables are made for."""

BAD, GOOD = "red", "green"
"""Styles of what matters most; everything else has no colour."""

Cell = str | Text

_Side = Literal["left", "right"]
_LONGEST_HEADING = 18  # a longer one is folded
_SHORTEST_LABEL = 8  # labels are folded where they would leave no room, but no narrower
_INDENT = 2  # of numbers whose label stands in a line of its own
_EDGES, _GAP = 2, 3  # blank columns around a table, and between two of its columns


@dataclass(frozen=True)
class _Style:
    """How columns stand side by side: the gap between them, the longest heading, and where labels stand."""

    gap: int
    longest_heading: int
    own_lines: bool


# The first that fits is taken; where none does, the columns are shared out among several tables of the first style.
_STYLES = (
    _Style(_GAP, _LONGEST_HEADING, False),
    *(_Style(2, longest, own_lines) for own_lines in (False, True) for longest in (14, 12, 11, 10, 9, 8)),
)


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


def show_headline(headline: str, console: Console, style: str = "") -> None:
    """Print what matters most, its first sentence in the style given."""
    first, dot, rest = headline.partition(". ")
    show_text(Text.assemble((first + dot, f"bold {style}".strip()), (rest, "bold")), console, further=0)
    console.print()


def show_text(text: Text, console: Console, indent: int = 0, further: int | None = None) -> None:
    """Print a text, in lines as long as the terminal where there is one.

    Parameters
    ----------
    text : Text
        What to print.
    console : Console
        Where.
    indent, further : int
        Blank columns before its first line, and before each further one (default: two more).
    """
    further = indent + 2 if further is None else further
    for paragraph in text.split("\n", allow_blank=True):
        lines = [paragraph] if console.soft_wrap else paragraph.wrap(console, console.width - max(indent, further))
        for number, line in enumerate(lines):
            whole = Text(" " * (further if number else indent)).append_text(line)
            whole.rstrip()
            console.print(whole)


class Columns:
    """Columns with a heading each, side by side: folded headings and labels above their rows make room for more.

    Names in them may be those of files and interfaces, so what controls terminals is written out.

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
    may_turn : bool
        Whether columns become rows if that needs fewer tables: then each of many configurations has a row.
    """

    def __init__(
        self, title: str, labels: Sequence[str], heading: str = "", justify: _Side = "right", may_turn: bool = False
    ) -> None:
        self._title = on_one_line(title)
        self._labels = list(map(on_one_line, labels))
        self._heading = heading
        self._justify: _Side = justify
        self._may_turn = may_turn
        self._columns: list[tuple[str, Sequence[Cell]]] = []

    def add(self, heading: str, cells: Sequence[Cell]) -> None:
        """Add a column."""
        shown = [each if isinstance(each, Text) else on_one_line(each) for each in cells]
        self._columns.append((on_one_line(heading), shown))

    def fits(self, width: int, own_lines: bool = False) -> bool:
        """Tell whether all columns have room side by side, if need be with labels in lines of their own."""
        return any(self._width(style) <= width for style in _STYLES if own_lines or not style.own_lines)

    def laid_out(self, width: int) -> "Columns":
        """Return the table as it is printed in that width: itself, or with its columns as rows."""
        if not self._may_turn or self._fitting(width) is not None:
            return self
        turned = Columns(self._title, [heading for heading, _ in self._columns], self._heading)
        for i, label in enumerate(self._labels):
            turned.add(label, [cells[i] for _, cells in self._columns])
        return min(self, turned, key=lambda table: table.length(width))

    def length(self, width: int) -> tuple[int, bool]:
        """Return how many tables of that width are needed, and whether their rows have two lines."""
        style = self._fitting(width)
        return (1, style.own_lines) if style else (len(self._groups(width)), False)

    def print(self, console: Console) -> None:
        """Print the table, or several one below the other where there is no room for one."""
        table = self.laid_out(console.width)
        style = table._fitting(console.width)
        for group in [table._columns] if style else table._groups(console.width):
            table._print(console, group, style or _STYLES[0])

    def _fitting(self, width: int) -> _Style | None:
        """Return the first style in which all columns have room side by side."""
        # Labels in lines of their own would lose their heading.
        styles = (style for style in _STYLES if not (style.own_lines and self._heading))
        return next((style for style in styles if self._width(style) <= width), None)

    def _width(self, style: _Style) -> int:
        label_width = _INDENT if style.own_lines else self._label_width
        beside = sum(style.gap + _width(*column, style.longest_heading) for column in self._columns)
        return max(label_width + beside, self._label_width) + _EDGES

    @property
    def _label_width(self) -> int:
        return max(map(cell_len, [self._heading, *self._labels]), default=0)

    def _groups(self, width: int) -> list[list[tuple[str, Sequence[Cell]]]]:
        """Share the columns out among tables that fit; labels fold where not even one column fits beside them."""
        groups: list[list[tuple[str, Sequence[Cell]]]] = []
        room = 0
        for column in self._columns:
            needed = _GAP + _width(*column, _LONGEST_HEADING)
            if not groups or needed > room:
                groups.append([])
                room = width - _EDGES - self._label_width
            groups[-1].append(column)
            room -= needed
        return groups

    def _print(self, console: Console, columns: list[tuple[str, Sequence[Cell]]], style: _Style) -> None:
        widths = [_width(*column, style.longest_heading) for column in columns]
        room = console.width - _EDGES - sum(style.gap + each for each in widths)
        label_width = _INDENT if style.own_lines else min(self._label_width, max(room, _SHORTEST_LABEL))
        label_side: _Side = "right" if self._heading else "left"
        if self._title:
            console.print(Text(self._title, style="bold"))
        headings = [_fold(heading, width) for (heading, _), width in zip(columns, widths, strict=True)]
        own = _fold(self._heading, label_width) if not style.own_lines else []

        def line(label: Cell, cells: Sequence[Cell]) -> Text:
            gap = " " * style.gap
            parts = [_pad(label, label_width, label_side)]
            parts += [_pad(cell, width, self._justify) for cell, width in zip(cells, widths, strict=True)]
            text = Text(" ").append_text(Text(gap).join(parts))
            text.rstrip()
            return text

        for lines in _align_bottom([own, *headings]):
            console.print(line(lines[0], lines[1:]), style="bold")
        total = label_width + sum(style.gap + each for each in widths)
        console.print(" " + ("-" if console.options.ascii_only else "─") * total)
        for i, label in enumerate(self._labels):
            cells = [column[i] for _, column in columns]
            if style.own_lines:
                console.print(Text(f" {label}"))
                console.print(line("", cells))
                continue
            first, *more = _fold(label, label_width) or [""]
            console.print(line(first, cells))
            for rest in more:
                console.print(line(rest, [""] * len(cells)))
        console.print()


def _pad(cell: Cell, width: int, side: _Side) -> Text:
    """Fill up a cell with blanks."""
    text = cell.copy() if isinstance(cell, Text) else Text(cell)
    blanks = " " * (width - text.cell_len)
    return text.append(blanks) if side == "left" else Text(blanks).append_text(text)


def _align_bottom(columns: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the lines of headings of several lines, each ending in the last line."""
    height = max(map(len, columns))
    return [list(each) for each in zip(*([""] * (height - len(lines)) + list(lines) for lines in columns), strict=True)]


def _fold(text: str, width: int) -> list[str]:
    """Fold a text at blanks and hyphens if it can be, else anywhere."""
    folded = TextWrapper(width, break_long_words=False).wrap(text) if width else []
    return [part for line in folded for part in (chop_cells(line, width) if cell_len(line) > width else [line])]


def _width(heading: str, cells: Sequence[Cell], longest_heading: int) -> int:
    lengths = [cell.cell_len if isinstance(cell, Text) else cell_len(cell) for cell in cells]
    folded = _fold(heading, max([longest_heading, *lengths]))
    return max([*map(cell_len, folded), *lengths], default=0)
