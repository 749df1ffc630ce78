"""Colours: one for each configuration, the same in every figure, on the page and in the notebooks.

They are Okabe and Ito's, which colour-blind people tell apart, without yellow, which white paper swallows, and with
indigo for black, which is for text.
"""

from collections.abc import Sequence

PAPER, INK, FAINT, GRID, BAND = "#ffffff", "#1b1f24", "#545b64", "#c9ced6", "#e0e4ea"
"""What is behind everything, text and axes, lesser text, lines of reference, and the band of ideal hashes."""

BLUE, ORANGE, GREEN, VERMILLION, PURPLE, SKY, GREY, INDIGO = (
    "#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#777777", "#332288",
)  # fmt: skip

OF_NAMES = {"outer-addresses": VERMILLION, "outer": ORANGE, "inner": BLUE}
"""Colours of the configurations that there are by default: they keep them beside others and without each other."""

IN_ORDER = (GREEN, PURPLE, SKY, INDIGO, GREY, BLUE, ORANGE, VERMILLION)
"""Colours that others get in their order, those of the names above last and only where these are not there."""

ON_DARK = {
    PAPER: "#16191e", INK: "#e7e9ec", FAINT: "#aab1bb", GRID: "#3b424c", BAND: "#333a44",
    BLUE: "#4da3dc", ORANGE: "#f0b53f", GREEN: "#35bd92", VERMILLION: "#ec7f37", PURPLE: "#dd94bc", SKY: "#9bd5f7",
    GREY: "#868686", INDIGO: "#7a68d8",
}  # fmt: skip
"""What each colour becomes on a dark page."""


def colours(names: Sequence[str]) -> list[str]:
    """Return a colour for each configuration.

    Parameters
    ----------
    names : sequence of str
        The names of all configurations, in their order.

    Returns
    -------
    list of str
        Colours as ``#rrggbb``. They repeat where there are more configurations than colours.
    """
    taken = {OF_NAMES[name] for name in names if name in OF_NAMES}
    free = [colour for colour in IN_ORDER if colour not in taken]
    order = free or list(IN_ORDER)
    n_others = 0
    chosen = []
    for name in names:
        if name in OF_NAMES:
            chosen.append(OF_NAMES[name])
        else:
            chosen.append(order[n_others % len(order)])
            n_others += 1
    return chosen
