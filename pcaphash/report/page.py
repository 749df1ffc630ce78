"""One HTML page about a comparison: whole in itself, for screens of any width, light or dark, and for print."""

import base64
import hashlib
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from pcaphash import __version__
from pcaphash.report import page_facts, page_results
from pcaphash.report.figures.canvas import printable
from pcaphash.report.figures.comparison import MOST_CONFIGURATIONS, draw_comparison
from pcaphash.report.files import make_folder, whole_file
from pcaphash.report.page_svg import inline_svg
from pcaphash.report.words import count, packets, size, trace_names

if TYPE_CHECKING:
    from jinja2 import Environment

    from pcaphash.report.page_table import Table
    from pcaphash.studies.compare import Comparison

PAGE_FILE = "report.html"


@dataclass(frozen=True)
class _Drawing:
    """A figure: its name, what is below it, and its SVG."""

    name: str
    caption: str
    svg: str


@dataclass(frozen=True)
class _Section:
    """A part of the page with a heading."""

    name: str
    title: str
    drawings: "list[_Drawing]" = field(default_factory=list)
    tables: "list[Table]" = field(default_factory=list)


def write_page(comparison: "Comparison", folder: Path, command: str = "") -> Path:
    """Write the page into a folder, whole or not at all.

    Parameters
    ----------
    comparison : Comparison
        The results.
    folder : Path
        Made if need be.
    command : str
        What makes the page again; it is shown unless empty.

    Returns
    -------
    Path
        The file written.
    """
    make_folder(folder)
    path = folder / PAGE_FILE
    with whole_file(path) as part:
        part.write_text(make_page(comparison, command), encoding="utf-8")
    return path


def make_page(comparison: "Comparison", command: str = "") -> str:
    """Return the page as text; parameters as in ``write_page``."""
    reading, whole = comparison.reading, comparison.analysis.distributions[0]
    script = _read("page.js")
    return (
        _environment()
        .from_string(_read("page.html"))
        .render(
            title=trace_names(reading.traces),
            summary=f"{packets(whole.packets)}, {size(whole.n_bytes)}",
            verdict=comparison.verdict,
            notices=page_facts.notices(comparison),
            sections=[each for each in _sections(comparison) if each.drawings or each.tables],
            traces=page_facts.shorten(reading.traces),
            command=command,
            version=__version__,
            style=_read("page.css"),
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
    return resources.files("pcaphash.report").joinpath(name).read_text(encoding="utf-8")


def _sections(comparison: "Comparison") -> list[_Section]:
    """Put together the parts of the page below the verdict."""
    drawings = _draw(comparison)
    sections = [
        ("load", "Load of the receive queues", ["queues"], [page_results.queue_table(comparison)]),
        (
            "ideal",
            "Beside ideal hashes",
            ["concentration"],
            [page_results.baseline_table(comparison), page_results.independence_table(comparison)],
        ),
        ("flows", "Flows", ["flow_sizes"], [page_results.hottest_table(comparison)]),
        ("time", "Load over time", ["windows"], [page_results.window_table(comparison)]),
        (
            "parts",
            "Encapsulations and tunnels",
            [],
            [
                page_results.group_table(comparison, "encapsulation", "How the packets of each encapsulation spread"),
                page_results.group_table(comparison, "tunnel", "How the packets of the heaviest tunnels spread"),
            ],
        ),
        ("affinity", "Together or apart", [], [page_results.affinity_table(comparison)]),
        (
            "hashed",
            "What is hashed, and what is not",
            [],
            [
                page_facts.hashed_table(comparison),
                page_facts.report_table(comparison),
                page_facts.reason_table(comparison),
            ],
        ),
        (
            "configurations",
            "Configurations",
            [],
            [page_facts.configuration_table(comparison), page_facts.common_table(comparison)],
        ),
        (
            "facts",
            "Traces",
            [],
            [
                page_facts.fact_table(comparison),
                page_facts.encapsulation_table(comparison),
                page_facts.link_type_table(comparison),
            ],
        ),
    ]
    return [
        _Section(
            name,
            title,
            [drawings[figure] for figure in figures if figure in drawings],
            [table for table in tables if table.rows],
        )
        for name, title, figures, tables in sections
    ]


def _draw(comparison: "Comparison") -> dict[str, _Drawing]:
    """Draw the figures; return them by name."""
    more = len(comparison.outcomes) - MOST_CONFIGURATIONS
    note = f" The first {MOST_CONFIGURATIONS} configurations are drawn; {count(more)} more are not." if more > 0 else ""
    return {
        picture.name: _Drawing(picture.name, picture.description + note, inline_svg(picture))
        for picture in draw_comparison(comparison)
    }
