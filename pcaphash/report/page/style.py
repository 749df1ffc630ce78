"""The colours of a page: those of the figures, as variables that are others on a dark screen."""

import re
from typing import TYPE_CHECKING

from pcaphash.report.figures.compare import colours_by_config
from pcaphash.report.figures.palette import BAND, FAINT, GRID, INK, ON_DARK, PAPER

if TYPE_CHECKING:
    from pcaphash.studies.compare import Comparison

_OWN_NAMES = {PAPER: "paper", INK: "ink", FAINT: "faint", GRID: "line", BAND: "band"}
_COLOUR = re.compile(r"#[0-9a-f]{6}\b")


def palette_style() -> str:
    """Return a style sheet with a variable for each colour, once for light and for print, once for dark screens."""
    light = {colour: colour for colour in ON_DARK}
    return (
        f":root {{ color-scheme: light dark; {_variables(light)} }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {_variables(ON_DARK)} }} }}"
    )


def style_with_variables(style: str) -> str:
    """Put variables for the colours in a style attribute, as far as they are ones of the palette."""
    return _COLOUR.sub(lambda found: f"var({_name(found[0])})" if found[0] in ON_DARK else found[0], style)


def colours_of(comparison: "Comparison") -> dict[str, str]:
    """Return for the name of each configuration its colour, as a style sheet has it."""
    return {name: f"var({_name(colour)})" for name, colour in colours_by_config(comparison).items()}


def _variables(values: dict[str, str]) -> str:
    return " ".join(f"{_name(colour)}: {value};" for colour, value in values.items())


def _name(colour: str) -> str:
    return f"--{_OWN_NAMES.get(colour, 'colour-' + colour[1:])}"
