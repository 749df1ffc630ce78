"""Show a sweep on the terminal: the best classes of masks, and where the masks with names are."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from pcaphash.device.hash_types import format_mask
from pcaphash.report.analyze.text import nothing, show_facts
from pcaphash.report.layout import open_console, show_headline, show_text
from pcaphash.report.sweep.words import doubt, footnotes, headline, listing
from pcaphash.report.words.measures import write_measure
from pcaphash.report.words.values import count, percent
from pcaphash.studies.sweep.verdict import SweepConclusion

if TYPE_CHECKING:
    from pcaphash.studies.sweep import Sweep

_MOST_SHOWN = 10  # classes, besides those of masks with names
_LEAST_TYPES, _MOST_TYPES = 24, 60  # columns of text
_GAP = 2
_PIECE = re.compile(r"[^+/]+[+/]?")


@dataclass(frozen=True)
class _Column:
    """A column of numbers.

    Parameters
    ----------
    heading : str
        Above it, in lines.
    cells : list of str
        One for each class shown.
    """

    heading: str
    cells: list[str]

    @property
    def width(self) -> int:
        """Columns of text that it takes."""
        return max(map(cell_len, [*self.heading.split("\n"), *self.cells]), default=0)


def show_sweep(sweep: "Sweep", stream: TextIO) -> None:
    """Print what was read and assumed, the best classes, and those of masks that have a name.

    Parameters
    ----------
    sweep : Sweep
        The results.
    stream : text stream
        A terminal, whose width is kept to, or anything else.
    """
    console = open_console(stream)
    conclusion = sweep.verdict.conclusion
    if conclusion in (SweepConclusion.NO_HASH, SweepConclusion.ONE_QUEUE):
        is_hashed = conclusion == SweepConclusion.ONE_QUEUE
        show_headline(f"{doubt(sweep)}." if is_hashed else nothing(sweep.analysis), console)
        show_facts(sweep.analysis, console, with_types=False)
        return
    show_headline(headline(sweep), console)
    show_text(Text(listing(sweep)), console, further=0)
    console.print()
    for line in _table(sweep, console):
        console.print(line)
    console.print()
    show_text(Text("\n".join(footnotes(sweep)), style="dim"), console)
    console.print()
    show_facts(sweep.analysis, console, with_types=False)


def _table(sweep: "Sweep", console: Console) -> Iterator[Text]:
    """Tabulate some classes, line by line: as many columns of numbers as there is room for, and one at least."""
    shown = shown_classes(sweep)
    ranks = _Column("rank", [count(rank) for rank in sweep.ranks[shown].tolist()])
    masks = _Column("mask", [sweep.mask_text(position) for position in sweep.smallest[shown].tolist()])
    columns = _columns(sweep, shown)

    def room() -> int:
        return console.width - sum(column.width + _GAP for column in [ranks, masks, *columns])

    while len(columns) > 1 and room() < _LEAST_TYPES:
        columns.pop()
    names = [names_of_class(sweep, number) for number in shown]
    types = [fold(_pieces_of_types(sweep, number), min(room(), _MOST_TYPES)) for number in shown]
    types = [lines + [f"({name})"] * bool(name) for lines, name in zip(types, names, strict=True)]
    types_width = max(map(cell_len, chain(*types)))

    def row(rank: str, mask: str, lines: list[str], cells: list[str], style: str) -> Iterator[Text]:
        beside = [f"{cell:>{column.width + _GAP}}" for cell, column in zip(cells, columns, strict=True)]
        left = f"{rank:>{ranks.width}}{'':{_GAP}}{mask:<{masks.width}}{'':{_GAP}}"
        for i, line in enumerate(lines):
            text = f"{left if i == 0 else '':{len(left)}}{line:<{types_width}}{''.join(beside) if i == 0 else ''}"
            yield Text(text.rstrip(), style=style)

    headings = [column.heading.split("\n") for column in columns]
    height = max(map(len, headings))
    above = [[""] * (height - len(lines)) + lines for lines in headings]
    for i in range(height):
        first = (ranks.heading, masks.heading, ["types"]) if i == height - 1 else ("", "", [""])
        yield from row(*first, [lines[i] for lines in above], "bold")
    for i in range(len(shown)):
        if i == _MOST_SHOWN:
            yield Text()
        yield from row(
            ranks.cells[i],
            masks.cells[i],
            types[i],
            [column.cells[i] for column in columns],
            "bold" if names[i] else "",
        )


def _columns(sweep: "Sweep", shown: list[int]) -> list[_Column]:
    """Return the columns of numbers, the more important ones first."""
    values = {name: column[shown].tolist() for name, column in sweep.columns.items()}
    total = sweep.analysis.distributions[0].packets
    columns = []
    if sweep.device.has_queue:
        for name in dict.fromkeys([sweep.by, "max_ideal_packets", "max_ideal_bytes"]):
            heading = name.replace("_", "\n").replace("max\nideal", "busiest")
            columns.append(_Column(heading, [write_measure(name, value) for value in values[name]]))
    columns.append(_Column("hashed", [percent(n / total) for n in values["hashed"]]))
    if any(values["unknown"]):
        columns.append(_Column("unknown", [percent(n / total) for n in values["unknown"]]))
    if sweep.device.has_queue:
        columns.append(_Column("queues\nused", [count(n) for n in values["queues_used"]]))
    return [*columns, _Column("masks", [count(n) for n in sweep.sizes[shown].tolist()])]


def shown_classes(sweep: "Sweep") -> list[int]:
    """Choose the classes to show: the best ones, and those of masks with names."""
    return sorted({*range(min(_MOST_SHOWN, sweep.n_classes)), *sweep.marks.values()})


def names_of_class(sweep: "Sweep", number: int) -> str:
    """Name the masks in a class that have a name, such as presets; empty where none has."""
    return ", ".join(name for name, marked in sweep.marks.items() if marked == number)


def _pieces_of_types(sweep: "Sweep", number: int) -> list[str]:
    """Write the types of the smallest mask of a class as ``--config`` takes them, in pieces that lines may end with."""
    profile = sweep.device.profile
    hash_types, tunnel_types = sweep.types(int(sweep.smallest[number]))
    text = format_mask(hash_types, profile.hash_types)
    if profile.tunnel_types:
        text += f"/{format_mask(tunnel_types, profile.tunnel_types)}"
    return _PIECE.findall(text)


def fold(pieces: Sequence[str], width: int) -> list[str]:
    """Write pieces into lines that are no longer than ``width``, if no piece is."""
    lines = [""]
    for piece in pieces:
        if len(lines[-1]) + len(piece) > width:
            lines.append("")
        lines[-1] += piece
    return lines
