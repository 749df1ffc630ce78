"""Draw a sweep: how good all classes of masks are, and the types of the best ones and of those that have a name."""

from typing import TYPE_CHECKING, Any

import numpy as np

from pcaphash.report.figures.canvas import WIDE, add_legend, say_nothing, styled, write_integers, write_title
from pcaphash.report.figures.palette import BAND, FAINT, GREY, GRID, INK, OF_NAMES, PAPER
from pcaphash.report.sweep.text import names_of_class, shown_classes
from pcaphash.report.sweep.words import sweep_title
from pcaphash.report.words.measures import IN_PERCENT, MEASURES, write_measure
from pcaphash.report.words.values import count, packets, trace_names
from pcaphash.studies.sweep.verdict import SweepConclusion

if TYPE_CHECKING:
    import numpy.typing as npt
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pcaphash.studies.sweep import Sweep

_STYLES: dict[str, dict[str, Any]] = {
    "packets": {"color": FAINT, "marker": "o"},
    "bytes": {"color": GREY, "marker": "x"},
}
_WHOLE: dict[str, Any] = {"clip_on": False}  # also on an axis
_DIAMOND: dict[str, Any] = {"markersize": 7, "markeredgecolor": PAPER, **_WHOLE}
# Presets have the colours of the configurations that are made of them.
_OF_PRESETS = {"addresses": OF_NAMES["outer-addresses"], "base": OF_NAMES["outer"], "all": OF_NAMES["inner"]}
_BAND = "95 of 100 ideal hashes under the best mask"

_OFF, _ON = GRID, INK  # types that a mask has not, and has
_STRIPE = "#f3f5f8"  # behind every other row

_MOST_LINEAR, _LINEAR_UP_TO = 2.0, 0.1  # shares: up to which an axis is linear, and up to where if it reaches further
_LINEAR_SHARE = 1.0  # decades that the linear part takes
_ABOVE = 1.25  # where a logarithmic axis ends, by where a linear one does
_OVERVIEW_HEIGHT, _ROW_HEIGHT = 3.6, 0.25  # inches
_AROUND_ROWS = 1.9  # inches above and below the rows of the lower part
_LEAST_GAP = 0.035  # between the names above the overview, of its width


@styled
def draw_sweep(sweep: "Sweep") -> "Figure":
    """Draw the measure that classes are ranked by: of all classes, best first, and of those that the terminal shows."""
    from matplotlib.figure import Figure

    shown = shown_classes(sweep)
    heights = [_OVERVIEW_HEIGHT, _AROUND_ROWS + len(shown) * _ROW_HEIGHT]
    figure = Figure(figsize=(WIDE + 1, sum(heights) + 0.9), layout="constrained")
    whole = sweep.analysis.distributions[0]
    queues = "1 receive queue" if sweep.device.queues == 1 else f"{count(sweep.device.queues)} receive queues"
    subject = f"{trace_names(sweep.reading.traces)}: {packets(whole.packets)} over {queues}"
    if sweep.verdict.conclusion in (SweepConclusion.NO_HASH, SweepConclusion.NO_RSS):
        write_title(figure, sweep_title(sweep), subject)
        say_nothing(figure, "nothing to rank")
        return figure
    write_title(figure, sweep_title(sweep), f"{subject}; {count(sweep.n_masks)} masks in classes that spread alike")
    upper, lower = figure.subfigures(2, 1, height_ratios=heights, squeeze=False).flat
    lower.suptitle(
        "the best classes, and those with named masks (in brackets): rank, and the types of the smallest mask in the "
        "class", x=0.01, ha="left", fontsize="medium",
    )  # fmt: skip
    overview = upper.subplots()
    types, values = lower.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    _draw_overview(overview, sweep)
    _draw_types(types, sweep, shown)
    _draw_values(values, sweep, shown)
    handles, names = overview.get_legend_handles_labels()
    named: list[tuple[str, Artist]] = list(zip(names, handles, strict=True))
    add_legend(figure, named)
    return figure


def _draw_overview(panel: "Axes", sweep: "Sweep") -> None:
    """Draw all classes over the band of chance, and where the masks with names are among them."""
    numbers = range(1, sweep.n_classes + 1)
    band = sweep.ideal
    if band is not None:
        panel.axhspan(band.low, band.high, color=BAND, linewidth=0, zorder=0, label=_BAND)
    for z, (unit, style) in enumerate(_STYLES.items()):
        look: dict[str, Any] = {"linestyle": "none", "markersize": 3, "zorder": 2 - z / 2, **style, **_WHOLE}
        panel.plot(numbers, _values(sweep, unit), label=unit, **look)
    write_integers(panel.xaxis)
    panel.set_xlabel(f"rank of the class, best first by {sweep.by} (number)")
    panel.set_xlim(0.5 - 0.01 * sweep.n_classes, sweep.n_classes * 1.01 + 0.5)
    panel.set_ylim(bottom=0)
    _label_measure(panel, sweep, "y")
    labels: dict[int, str] = {0: f"best {sweep.mask_text(int(sweep.smallest[0]))}"}
    for number in sorted(set(sweep.marks.values())):
        names = names_of_class(sweep, number)
        labels[number] = f"{labels[number]}, {names}" if number in labels else names
    low, high = panel.get_xlim()
    places = _spread_out([(number + 1 - low) / (high - low) for number in sorted(labels)], _LEAST_GAP)
    values = _values(sweep, sweep.by.rpartition("_")[2])
    for number, place in zip(sorted(labels), places, strict=True):
        colour = _colour_of(sweep, number)
        if values[number] == values[number]:
            panel.plot(number + 1, values[number], "D", color=colour, zorder=4, **_DIAMOND)
        panel.axvline(number + 1, color=colour, linewidth=0.8, linestyle=":", zorder=0.5)
        panel.annotate(
            labels[number],
            xy=(number + 1, 1),
            xycoords=("data", "axes fraction"),
            xytext=(place, 1.06),
            textcoords="axes fraction",
            rotation=30,
            fontsize="small",
            parse_math=False,
            arrowprops={"arrowstyle": "-", "linewidth": 0.6, "linestyle": ":", "color": FAINT},
        )


def _colour_of(sweep: "Sweep", number: int) -> str:
    names = [name for name, marked in sweep.marks.items() if marked == number]
    return next((_OF_PRESETS[name] for name in names if name in _OF_PRESETS), INK)


def _draw_types(panel: "Axes", sweep: "Sweep", shown: list[int]) -> None:
    """Draw a row of dots for each class: which types its smallest mask has, of those that any of them has."""
    profile = sweep.device.profile
    masks = [sweep.types(position) for position in sweep.smallest[shown].tolist()]
    rows_of = {
        name: [row for row, types in enumerate(masks) if types[field] & bit]
        for field, names in enumerate((profile.hash_types, profile.tunnel_types))
        for name, bit in names.items()
    }
    columns = [name for name, rows in rows_of.items() if rows]
    for column, name in enumerate(columns):
        for colour, rows in ((_OFF, range(len(shown))), (_ON, rows_of[name])):
            panel.plot([column] * len(rows), rows, linestyle="none", marker="o", markersize=6, color=colour)
    panel.set_xticks(range(len(columns)), columns, rotation=60, ha="left", rotation_mode="anchor", fontsize="small")
    panel.set_xlim(-0.7, len(columns) - 0.3)
    panel.xaxis.tick_top()
    labels = [_label(sweep, number) for number in shown]
    panel.set_yticks(range(len(shown)), labels, fontsize="small", parse_math=False)
    panel.set_ylim(len(shown) - 0.5, -0.5)
    panel.spines[:].set_visible(False)
    panel.tick_params(length=0)
    _draw_stripes(panel, len(shown))


def _draw_values(panel: "Axes", sweep: "Sweep", shown: list[int]) -> None:
    """Draw the measure of some classes, a row for each."""
    band = sweep.ideal
    if band is not None:
        panel.axvspan(band.low, band.high, color=BAND, linewidth=0, zorder=0.5)
    for unit, style in reversed(_STYLES.items()):  # packets above bytes
        panel.plot(_values(sweep, unit)[shown], range(len(shown)), linestyle="none", markersize=6, **style, **_WHOLE)
    of_packets = _values(sweep, "packets")
    for row, number in enumerate(shown):
        if (colour := _colour_of(sweep, number)) != INK:
            panel.plot(of_packets[number], row, "D", color=colour, **_DIAMOND)
    panel.set_xlim(left=0)
    panel.tick_params("y", length=0)
    _label_measure(panel, sweep, "x")
    _draw_stripes(panel, len(shown))
    unit = sweep.by.rpartition("_")[2]
    texts = [unit, *(write_measure(sweep.by, value) for value in sweep.columns[sweep.by][shown].tolist())]
    for row, text in enumerate(texts, start=-1):
        panel.text(1.02, row, text, transform=panel.get_yaxis_transform(), va="center", fontsize="small")


def _draw_stripes(panel: "Axes", n_rows: int) -> None:
    for row in range(0, n_rows, 2):
        panel.axhspan(row - 0.5, row + 0.5, color=_STRIPE, zorder=0, linewidth=0)


def _label(sweep: "Sweep", number: int) -> str:
    """Write the names of masks in a class, its rank, and its smallest mask of hash types."""
    names = names_of_class(sweep, number)
    brackets = f"({names})  " if names else ""
    return f"{brackets}{count(int(sweep.ranks[number]))}:  {sweep.mask_text(int(sweep.smallest[number]))}"


def _values(sweep: "Sweep", unit: str) -> "npt.NDArray[np.float64]":
    """Return the measure that classes are ranked by, over packets or bytes; NaN where there is none."""
    values: npt.NDArray[np.float64] = sweep.columns[f"{sweep.measure}_{unit}"].copy()
    values[np.isinf(values)] = float("nan")  # a queue is empty
    return values


def _label_measure(panel: "Axes", sweep: "Sweep", axis: str) -> None:
    from matplotlib.ticker import PercentFormatter

    own = panel.yaxis if axis == "y" else panel.xaxis
    is_percent = sweep.measure in IN_PERCENT
    own.set_label_text(f"{MEASURES[sweep.measure]}{' (%)' if is_percent else ''}")
    if is_percent:
        _spread_small(panel, axis)
        own.set_major_formatter(PercentFormatter(1.0, decimals=0))


def _spread_small(panel: "Axes", axis: str) -> None:
    """Let an axis from 0 on be logarithmic above a tenth, if values reach so far that small ones would be one blob."""
    low, high = panel.get_ylim() if axis == "y" else panel.get_xlim()
    if high < _MOST_LINEAR:
        return
    decades = range(int(np.log10(high / _LINEAR_UP_TO)) + 1)
    ticks = [0.0, _LINEAR_UP_TO / 2, *(_LINEAR_UP_TO * part * 10**n for n in decades for part in (1, 3))]
    if axis == "y":
        panel.set_yscale("symlog", linthresh=_LINEAR_UP_TO, linscale=_LINEAR_SHARE)
        panel.set_yticks(ticks)
        panel.set_ylim(low, _ABOVE * high)
    else:
        panel.set_xscale("symlog", linthresh=_LINEAR_UP_TO, linscale=_LINEAR_SHARE)
        panel.set_xticks(ticks)
        panel.set_xlim(low, _ABOVE * high)


def _spread_out(wanted: list[float], gap: float) -> list[float]:
    """Move places, ascending, apart from each other by a gap at least, those behind the end back from it."""
    places: list[float] = []
    for place in wanted:
        places.append(max(place, places[-1] + gap) if places else place)
    for i in reversed(range(len(places))):
        places[i] = min(places[i], places[i + 1] - gap if i + 1 < len(places) else 1.0)
    return places
