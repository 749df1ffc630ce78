"""Draw a sweep: how good all classes of masks are, and the types of the best ones and of those that have a name."""

from typing import TYPE_CHECKING, Any

from pcaphash.report.sweep_text import IN_PERCENT, MEASURES, names_of_class, shown_classes, write_measure
from pcaphash.report.words import count, packets, trace_names

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pcaphash.studies.sweep import Sweep

# Of Okabe and Ito's colours, which colour-blind people tell apart too, two that differ in lightness as well; the shapes
# differ besides.
_STYLES: dict[str, dict[str, Any]] = {
    "packets": {"color": "#56B4E9", "marker": "o"},
    "bytes": {"color": "#D55E00", "marker": "x"},
}
_MARK_STYLE: dict[str, Any] = {"color": "black", "linewidth": 0.8, "linestyle": ":"}

_OFF, _ON = "#D8D8D8", "black"  # types that a mask has not, and has
_STRIPE = "#F4F4F4"  # behind every other row

_WIDTH, _OVERVIEW_HEIGHT, _ROW_HEIGHT = 10.0, 4.0, 0.25  # inches
_AROUND_ROWS = 1.9  # inches above and below the rows of the lower part
_LEAST_GAP = 0.035  # between the names above the overview, of its width


def draw_sweep(sweep: "Sweep") -> "Figure":
    """Draw the measure that classes are ranked by: of all classes, best first, and of those that the terminal shows."""
    from matplotlib.figure import Figure

    shown = shown_classes(sweep)
    heights = [_OVERVIEW_HEIGHT, _AROUND_ROWS + len(shown) * _ROW_HEIGHT]
    figure = Figure(figsize=(_WIDTH, sum(heights) + 0.6), layout="constrained")
    figure.suptitle(_title(sweep), x=0.01, ha="left", fontsize="large", parse_math=False)
    if not sweep.device.has_queue or not sweep.columns["hashed"].any():
        figure.text(0.5, 0.5, "nothing to rank: no hash chooses a receive queue", ha="center")
        return figure
    upper, lower = figure.subfigures(2, 1, height_ratios=heights, squeeze=False).flat
    lower.suptitle("rank and smallest mask of the best classes, and of those with a named mask", x=0.01, ha="left")
    overview = upper.subplots()
    types, values = lower.subplots(1, 2, sharey=True)
    _draw_overview(overview, sweep)
    _draw_types(types, sweep, shown)
    _draw_values(values, sweep, shown)
    handles, names = overview.get_legend_handles_labels()
    figure.legend(handles, names, loc="upper right", markerscale=2, frameon=False)
    return figure


def _title(sweep: "Sweep") -> str:
    whole = sweep.analysis.distributions[0]
    return (
        f"{trace_names(sweep.reading.traces)}: {packets(whole.packets)} over {sweep.device.queues} receive queues,\n"
        f"{count(sweep.n_masks)} masks in {count(sweep.n_classes)} classes that spread them alike"
    )


def _draw_overview(panel: "Axes", sweep: "Sweep") -> None:
    """Draw all classes, and where the masks with names are among them."""
    from matplotlib.ticker import MaxNLocator

    numbers = range(1, sweep.n_classes + 1)
    for unit, style in _STYLES.items():
        panel.plot(numbers, _values(sweep, unit), label=unit, linestyle="none", markersize=3, **style)
    panel.xaxis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))
    panel.xaxis.set_major_formatter("{x:,.0f}")
    panel.set_xlabel("classes of masks, best first by " + sweep.by)
    panel.set_xlim(0.5 - 0.01 * sweep.n_classes, sweep.n_classes * 1.01 + 0.5)
    panel.set_ylim(bottom=0)
    _label_measure(panel, sweep, "y")
    marked = sorted(set(sweep.marks.values()))
    low, high = panel.get_xlim()
    wanted = [(number + 1 - low) / (high - low) for number in marked]
    for number, place in zip(marked, _spread_out(wanted, _LEAST_GAP), strict=True):
        panel.axvline(number + 1, **_MARK_STYLE)
        panel.annotate(
            names_of_class(sweep, number),
            xy=(number + 1, 1),
            xycoords=("data", "axes fraction"),
            xytext=(place, 1.06),
            textcoords="axes fraction",
            rotation=30,
            fontsize="small",
            parse_math=False,
            arrowprops={"arrowstyle": "-", "linewidth": 0.6, "linestyle": ":"},
        )


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
    for unit, style in _STYLES.items():
        panel.plot(_values(sweep, unit)[shown], range(len(shown)), linestyle="none", markersize=6, **style)
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
    if sweep.measure == "min_max":
        values[values < 0] = float("nan")
    return values


def _label_measure(panel: "Axes", sweep: "Sweep", axis: str) -> None:
    from matplotlib.ticker import PercentFormatter

    own = panel.yaxis if axis == "y" else panel.xaxis
    own.set_label_text(MEASURES[sweep.measure])
    if sweep.measure in IN_PERCENT:
        own.set_major_formatter(PercentFormatter(1.0))
    panel.spines[["top", "right"]].set_visible(False)


def _spread_out(wanted: list[float], gap: float) -> list[float]:
    """Move places, ascending, apart from each other by a gap at least, those behind the end back from it."""
    places: list[float] = []
    for place in wanted:
        places.append(max(place, places[-1] + gap) if places else place)
    for i in reversed(range(len(places))):
        places[i] = min(places[i], places[i + 1] - gap if i + 1 < len(places) else 1.0)
    return places
