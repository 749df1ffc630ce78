"""Show a sweep on the terminal: the best classes of masks, and where the masks with names are."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pcaphash.device.hash_types import format_mask
from pcaphash.report.console import nothing, show_facts, show_headline
from pcaphash.report.layout import open_console, show_text
from pcaphash.report.words import above_ideal, count, index, percent
from pcaphash.studies.enough import packets_needed

if TYPE_CHECKING:
    from pcaphash.studies.sweep import Sweep

MEASURES = {
    "max_ideal": "busiest queue above the ideal",
    "min_ideal": "idlest queue below the ideal",
    "min_max": "busiest queue above the idlest, as a ratio up to 20",
    "jain": "Jain's index, 1 is even",
    "cov": "coefficient of variation, 0 is even",
    "entropy": "entropy, 1 is even",
}
"""What measures are called where there is room for it."""

IN_PERCENT = ("max_ideal", "min_ideal")

_MOST_SHOWN = 10  # classes, besides those of masks with names
_LEAST_TYPES, _MOST_TYPES = 24, 60  # columns of text
_GAP = 2
_PIECE = re.compile(r"[^+/]+[+/]?")

_IDEAL = "busiest: load of the busiest receive queue above the ideal, an equal share"
_CHANCE = "small differences are chance; pcaphash compare shows what ideal hashes would give"
_UNKNOWN = "unknown: packets of which the capture shows too little; no measure counts them"
_NAMES = "in brackets: presets and given types that spread the packets this way"
_NO_QUEUES = "no receive queues to rank by: without the RSS feature, no hash chooses one"


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
    if not sweep.columns["hashed"].any():
        show_headline(nothing(sweep.analysis), console)
        show_facts(sweep.analysis, console, with_types=False)
        return
    if sweep.device.has_queue and sweep.device.queues == 1:
        show_headline(f"{no_ranking(sweep)}.", console)
        show_facts(sweep.analysis, console, with_types=False)
        return
    show_headline(_headline(sweep), console)
    console.print(_table(sweep, console))
    lines = [_IDEAL, _CHANCE, _NAMES] if sweep.device.has_queue else [_NO_QUEUES, _NAMES]
    if sweep.columns["unknown"].any():
        lines.append(_UNKNOWN)
    console.print()
    show_text(Text("\n".join(lines), style="dim"), console)
    console.print()
    show_facts(sweep.analysis, console, with_types=False)


def _headline(sweep: "Sweep") -> str:
    n_sets = len(set(sweep.swept_tunnels.values()))
    differing = f" ({count(sweep.n_masks // n_sets)} of hash types x {count(n_sets)} of tunnel types that differ here)"
    ways = "1 way" if sweep.n_classes == 1 else f"{count(sweep.n_classes)} ways"
    masks = f"{count(sweep.n_masks)} masks{differing if sweep.device.profile.tunnel_types else ''}"
    by = f"best first by {sweep.by} ({MEASURES[sweep.measure]})"
    order = by if sweep.device.has_queue else "those with the fewest types first"
    ranked = f"{masks} spread these packets in {ways}. The smallest mask of each is listed, {order}."
    doubt = no_ranking(sweep)
    return ranked if doubt is None else f"{doubt}. {ranked}"


def no_ranking(sweep: "Sweep") -> str | None:
    """Say why masks cannot be ranked; None where they can."""
    n_packets, queues = int(sweep.analysis.distributions[0].queues[:, 0].sum()), sweep.device.queues
    if not sweep.device.has_queue:
        return None
    if queues == 1:
        return "There is nothing to rank: there is only one receive queue"
    if n_packets >= packets_needed(queues):
        return None
    needed = count(packets_needed(queues))
    return f"Too few packets to rank masks by: {count(n_packets)}; at least {needed} are needed"


def _table(sweep: "Sweep", console: Console) -> Table:
    """Tabulate some classes; of the columns of numbers there are as many as there is room for, and one at least."""
    shown = shown_classes(sweep)
    ranks = _Column("rank", [count(rank) for rank in sweep.ranks[shown].tolist()])
    masks = _Column("mask", [sweep.mask_text(position) for position in sweep.smallest[shown].tolist()])
    columns = _columns(sweep, shown)

    def room() -> int:
        return console.width - sum(column.width + _GAP for column in [ranks, masks, *columns])

    while len(columns) > 1 and room() < _LEAST_TYPES:
        columns.pop()
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False)
    table.add_column(ranks.heading, justify="right", width=ranks.width)
    table.add_column(masks.heading, width=masks.width)
    table.add_column("types")
    for column in columns:
        table.add_column(column.heading, justify="right", width=column.width)
    for i, number in enumerate(shown):
        if i == _MOST_SHOWN:
            table.add_row()
        types = fold(_pieces_of_types(sweep, number), min(room(), _MOST_TYPES))
        if names := names_of_class(sweep, number):
            types.append(f"({names})")
        cells = [column.cells[i] for column in columns]
        style = "bold" if names else ""
        table.add_row(ranks.cells[i], masks.cells[i], "\n".join(types), *cells, style=style)
    return table


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


def write_measure(name: str, value: float) -> str:
    """Write the value of a measure; ``-`` where there is no load at all."""
    if math.isnan(value):
        return "-"
    if name.startswith("min_max") and value < 0:
        return "empty queue"
    if name.startswith("max_ideal"):
        return above_ideal(value)
    return above_ideal(-value) if name.startswith("min_ideal") else index(value)


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
