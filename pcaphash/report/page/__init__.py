"""One HTML page about a comparison, in a single file: for screens of any width, light or dark, and for print.

Its first screen has the verdict, three numbers and a figure; what to do follows, and everything else is folded below.
"""

import base64
import hashlib
from contextlib import nullcontext
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from pcaphash import __version__
from pcaphash.capture.files import output_folder, whole_file
from pcaphash.device.paths import is_folder
from pcaphash.errors import OUTPUT_FIELD, ConfigurationError, trace_name
from pcaphash.report.compare.words import put_into_words
from pcaphash.report.figures.canvas import NARROW, WIDE, printable
from pcaphash.report.figures.compare import choice_text, draw_comparison
from pcaphash.report.figures.replay import LOSS, draw_replay
from pcaphash.report.page import facts, results
from pcaphash.report.page.front import front_numbers
from pcaphash.report.page.replay import curve_table, fewest_table
from pcaphash.report.page.style import colours_of, palette_style
from pcaphash.report.page.svg import inline_svg
from pcaphash.report.words.values import packets, size, trace_names

if TYPE_CHECKING:
    from jinja2 import Environment

    from pcaphash.report.page.table import Table
    from pcaphash.studies.compare import Comparison
    from pcaphash.studies.replay import Replay

PAGE_FILE = "report.html"
_SUFFIXES = (".html", ".htm")

FRONT = "queues"
"""The figure of the first screen."""


@dataclass(frozen=True)
class _Drawing:
    """A figure: its name, what follows from it, what it shows, and its SVG for wide and for narrow screens."""

    name: str
    title: str
    caption: str
    svgs: "dict[str, str]"


@dataclass(frozen=True)
class _Section:
    """A part of the page: its heading, its figure if it has one, and its tables."""

    name: str
    title: str
    drawing: _Drawing | None
    tables: "list[Table]"


def page_path(output: Path) -> Path:
    """Return the file that a page is written to: what is named like a page, else ``report.html`` in that folder.

    Raises
    ------
    ConfigurationError
        There is no such folder, and the name ends like a file of another kind.
    """
    suffix = output.suffix.lower()
    if is_folder(output) or not suffix[1:2].isalpha():  # results.2024 is no file of another kind
        return output / PAGE_FILE
    if suffix not in _SUFFIXES:
        problem = f"{output}: {output.suffix} is not a format that a page can be written in"
        raise ConfigurationError(OUTPUT_FIELD, problem, f"name it {', '.join(_SUFFIXES)}, or name a folder")
    return output


def write_page(comparison: "Comparison", output: Path, command: str = "", replay: "Replay | None" = None) -> Path:
    """Write the page, whole or not at all.

    Parameters
    ----------
    comparison : Comparison
        The results.
    output : Path
        A file named like a page, or a folder, which is made if need be.
    command : str
        What makes the page again; it is shown unless empty.
    replay : Replay, optional
        The same traces and configurations in time, as another section.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    ConfigurationError
        The name of the file ends like another kind of file.
    OutputError
        It cannot be written.
    """
    path = page_path(output)
    with output_folder(output) if path.parent == output else nullcontext(), whole_file(path) as part:
        part.write_text(make_page(comparison, command, replay), encoding="utf-8")
    return path


def make_page(comparison: "Comparison", command: str = "", replay: "Replay | None" = None) -> str:
    """Return the page as text; parameters as in ``write_page``."""
    reading, whole = comparison.reading, comparison.analysis.distributions[0]
    script = _read("page.js")
    drawings = _draw(comparison, replay)
    return (
        _environment()
        .from_string(_read("page.html"))
        .render(
            title=trace_names(reading.traces),
            summary="; ".join([f"{packets(whole.packets)}, {size(whole.n_bytes)}", *facts.reservations(reading)]),
            verdict=put_into_words(comparison.verdict, comparison.reading),
            numbers=front_numbers(comparison),
            front=drawings.get(FRONT),
            colours=colours_of(comparison),
            notices=facts.notices(comparison),
            sections=[each for each in _sections(comparison, drawings, replay) if each.drawing or each.tables],
            traces=facts.shorten(list(map(trace_name, reading.traces))),
            command=command,
            version=__version__,
            style=f"{palette_style()}\n{_read('page.css')}",
            script=script,
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
    )


def _environment() -> "Environment":
    """Return what fills in templates: everything is escaped but the style, the script and the figures."""
    from jinja2 import Environment, StrictUndefined

    return Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined, finalize=_finalize
    )


def _finalize(value: object) -> object:
    """Leave markup as it is; write in any other text what nothing would show as escapes."""
    return value if hasattr(value, "__html__") else printable(str(value))


def _read(name: str) -> str:
    return resources.files("pcaphash.report.page").joinpath(name).read_text(encoding="utf-8")


def _sections(comparison: "Comparison", drawings: dict[str, _Drawing], replay: "Replay | None") -> list[_Section]:
    """Put together the parts of the page below the first screen."""
    sections = [
        ("load", "Load of the receive queues", FRONT, [results.queue_table(comparison)]),
        (
            "ideal",
            "Compared with ideal hashes",
            "concentration",
            [results.baseline_table(comparison), results.independence_table(comparison)],
        ),
        ("flows", "Flows", "flow_sizes", [results.hottest_table(comparison)]),
        ("time", "Load over time", "windows", [results.window_table(comparison)]),
        (
            "replay",
            "In time: packets dropped",
            LOSS,
            [] if replay is None else [curve_table(replay), fewest_table(replay)],
        ),
        (
            "parts",
            "Encapsulations and tunnels",
            "",
            [
                results.group_table(comparison, "encapsulation", "How the packets of each encapsulation spread"),
                results.group_table(comparison, "tunnel", "How the packets of the heaviest tunnels spread"),
            ],
        ),
        ("affinity", "What belongs together", "", [results.affinity_table(comparison)]),
        (
            "hashed",
            "Packets with and without a hash",
            "",
            [
                facts.hashed_table(comparison),
                facts.report_table(comparison),
                facts.reason_table(comparison),
            ],
        ),
        (
            "configurations",
            "Configurations",
            "",
            [facts.configuration_table(comparison), facts.common_table(comparison)],
        ),
        (
            "facts",
            "Traces",
            "",
            [
                facts.fact_table(comparison),
                facts.encapsulation_table(comparison),
                facts.link_type_table(comparison),
            ],
        ),
    ]
    return [
        _Section(name, title, drawings.get(figure), [table for table in tables if table.rows])
        for name, title, figure, tables in sections
    ]


def _draw(comparison: "Comparison", replay: "Replay | None") -> dict[str, _Drawing]:
    """Draw the figures, once for wide and once for narrow screens; return them by name."""
    choice = choice_text(comparison)
    note = f" {choice}." if choice else ""
    pictures = {
        kind: draw_comparison(comparison, width) + ([] if replay is None else draw_replay(replay, width))
        for kind, width in (("wide", WIDE), ("narrow", NARROW))
    }
    return {
        wide.name: _Drawing(
            wide.name,
            wide.title,
            wide.description + note,
            {"wide": inline_svg(wide, "wide"), "narrow": inline_svg(narrow, "narrow")},
        )
        for wide, narrow in zip(*pictures.values(), strict=True)
    }
