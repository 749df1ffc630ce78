"""What follows from a figure, in one line that is made of the numbers it shows."""

from collections.abc import Sequence
from typing import NamedTuple

from pcaphash.report.words.values import above_ideal, count
from pcaphash.studies.shared.chance.spread import EVEN

_LONGEST = 28  # characters of a configuration's name in a title


class Excess(NamedTuple):
    """How far the busiest receive queue of a configuration is above its ideal share.

    Parameters
    ----------
    name : str
        The configuration.
    value : float
        As a ratio, 0 for an even spread; NaN where there is nothing to spread.
    """

    name: str
    value: float

    @property
    def is_even(self) -> bool:
        """Whether that needs no remedy."""
        return self.value <= EVEN


def spread_title(excesses: Sequence[Excess], nothing: str = "There is nothing to spread") -> str:
    """Say which configurations spread evenly, and how far the best and the worst are from it.

    Parameters
    ----------
    excesses : sequence of Excess
        Of all configurations.
    nothing : str
        What to say where none of them has a number.
    """
    from pcaphash.report.figures.canvas import shorten

    measured = [each for each in excesses if each.value == each.value]
    if not measured:
        return nothing
    best, worst = (choose(measured, key=lambda each: each.value) for choose in (min, max))
    names = [shorten(each.name, _LONGEST) for each in (best, worst)]
    judged = "" if len(measured) == len(excesses) else "judged "
    n_even = sum(each.is_even for each in measured)
    if len(measured) == 1:
        kind = "evenly" if best.is_even else "unevenly"
        return f"{names[0]} spreads {kind}: busiest queue {above_ideal(best.value)}"
    if n_even == len(measured):
        most = above_ideal(worst.value)
        return f"All {count(n_even)} {judged}configurations spread evenly: busiest queue {most} at most"
    contrast = f"{names[1]} {above_ideal(worst.value)}"
    if n_even:
        others = f" and {count(n_even - 1)} more spread" if n_even > 1 else " spreads"
        return f"{names[0]}{others} evenly: busiest queue {above_ideal(best.value)}; {contrast}"
    if above_ideal(best.value) == above_ideal(worst.value):
        return f"No {judged}configuration spreads evenly: busiest queue {above_ideal(best.value)} under each"
    return (
        f"No {judged}configuration spreads evenly: busiest queue {above_ideal(best.value)} under {names[0]}, {contrast}"
    )
