"""Measures of spread for readers: what they are called, and how their values are written."""

import math

from pcaphash.report.words.values import above_ideal, percent
from pcaphash.studies.shared.chance.spread import MOST_MIN_MAX

MEASURES = {
    "max_ideal": "busiest queue above the ideal",
    "min_ideal": "idlest queue below the ideal",
    "min_max": "busiest queue above the idlest",
    "jain": "Jain's index, 1 is even",
    "cov": "coefficient of variation, 0 is even",
    "entropy": "entropy, 1 is even",
}
"""What measures are called if there is room for it."""

IN_PERCENT = ("max_ideal", "min_ideal", "min_max")

_BRIEF = {
    "max_ideal": "busiest queue",
    "min_ideal": "idlest queue",
    "min_max": "busiest above idlest queue",
    "jain": "Jain's index",
    "cov": "variation",
    "entropy": "entropy",
}
_IN_SENTENCES = {
    "max_ideal": "the busiest receive queue is {value} above the ideal share{of}",
    "min_ideal": "the idlest receive queue is {value} below the ideal share{of}",
    "jain": "Jain's index{of} is {value}",
    "cov": "the coefficient of variation{of} is {value}",
    "entropy": "the entropy{of} is {value}",
}


def write_measure(name: str, value: float, digits: int = 3) -> str:
    """Write the value of a measure for a table; ``-`` if there is no load at all."""
    if math.isnan(value):
        return "-"
    if math.isinf(value):
        return "empty queue"
    if name.startswith("min_max") and value >= MOST_MIN_MAX:
        return f"{above_ideal(MOST_MIN_MAX)} or more"
    if name.startswith(("max_ideal", "min_max")):
        return above_ideal(value)
    return above_ideal(-value) if name.startswith("min_ideal") else f"{value:.{digits}f}"


def write_number(name: str, value: float) -> str:
    """Write the value of a measure for a sentence that says its meaning."""
    if math.isnan(value):
        return "-"
    return percent(value) if name.startswith(IN_PERCENT) else f"{value:.4f}"


def say_measure(name: str, value: str) -> str:
    """Say what a value of a measure means, in a clause."""
    measure, _, unit = name.rpartition("_")
    return _IN_SENTENCES[measure].format(value=value, of="" if unit == "packets" else f" of {unit}")


def brief_measure(name: str, value: float) -> str:
    """Write the value of a measure for a title, after a few words that say its meaning."""
    measure, _, unit = name.rpartition("_")
    return f"{_BRIEF[measure]} {write_measure(name, value)}{'' if unit == 'packets' else f', {unit}'}"
