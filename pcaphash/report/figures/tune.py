"""Draw a tuning: every key tried, on the half of the hash inputs used to choose keys and on the other half."""

from typing import TYPE_CHECKING, Any

from pcaphash.report.figures.canvas import add_legend, make_figure, say_nothing, styled, write_percent, write_title
from pcaphash.report.figures.palette import BAND, BLUE, FAINT, GREY, INK, PAPER, VERMILLION
from pcaphash.report.tune.words import DIGITS, tuning_title
from pcaphash.report.words.measures import IN_PERCENT, MEASURES, write_measure
from pcaphash.report.words.values import counted, packets, trace_names
from pcaphash.studies.tune.trial import CURRENT

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pcaphash.studies.tune import Tuning

_WIDTH, _HEIGHT = 7.5, 5.6  # inches


@styled
def draw_tuning(tuning: "Tuning") -> "Figure":
    """Draw a dot for each key: across, what it gives on the flows used to choose keys, and up, on the others."""
    whole = tuning.analysis.distributions[0]
    subject = f"{trace_names(tuning.reading.traces)}: {packets(whole.packets)}"
    if tuning.best is None or tuning.baseline is None:
        figure = make_figure(_WIDTH, 2.0)
        write_title(figure, tuning_title(tuning.verdict), subject)
        say_nothing(figure, "no keys were tried")
        return figure
    figure = make_figure(_WIDTH, _HEIGHT)
    write_title(figure, tuning_title(tuning.verdict), f"{subject}; {_keys_text(tuning)}")
    panel = figure.subplots()
    named = _draw_keys(panel, tuning)
    measure = tuning.measure.rpartition("_")[0]
    of_what = f"{MEASURES[measure]}{' (%)' if measure in IN_PERCENT else ''}"
    panel.set_xlabel(f"{of_what}\non the half of the hash inputs used to choose keys")
    panel.set_ylabel(f"{of_what}\non the other half")
    if measure in IN_PERCENT:
        write_percent(panel.xaxis)
        write_percent(panel.yaxis)
        panel.set_xlim(left=0)
        panel.set_ylim(bottom=0)
    add_legend(figure, named)
    return figure


def _keys_text(tuning: "Tuning") -> str:
    """Say which keys there is a dot for."""
    searched = " and one that was searched for" if len(tuning.keys) > tuning.n_random + 1 else ""
    return f"{counted(tuning.n_random, 'random key', 'random keys')}{searched}"


def _draw_keys(panel: "Axes", tuning: "Tuning") -> "list[tuple[str, Artist]]":
    assert tuning.baseline is not None
    choosing, judging = (tuning.columns[f"{part}_{tuning.measure}"] for part in ("choosing", "judging"))
    ideal = tuning.baseline.interval(tuning.measure)
    band = panel.axhspan(ideal.low, ideal.high, color=BAND, linewidth=0, zorder=0)
    others = [number for number in range(len(tuning.keys)) if number not in (CURRENT, tuning.best)]
    (cloud,) = panel.plot(choosing[others], judging[others], ".", color=GREY, markersize=4, zorder=2)
    median = panel.axhline(tuning.baseline.median(tuning.measure), color=INK, linewidth=1, linestyle=(0, (4, 3)))
    named: list[tuple[str, Artist]] = [
        ("other keys", cloud),
        ("95 of 100 ideal hashes", band),
        ("median of ideal hashes", median),
    ]
    marks: list[tuple[str, int | None, str, str]] = [
        ("best key on the choosing half", tuning.best, "s", VERMILLION),
        ("current key", CURRENT, "o", BLUE),
    ]
    for text, number, marker, colour in marks:
        place = float(choosing[number]), float(judging[number])
        style: dict[str, Any] = {"color": colour, "markersize": 9, "markeredgecolor": PAPER, "zorder": 3}
        (drawn,) = panel.plot(*place, marker, linestyle="none", **style)
        panel.annotate(
            write_measure(tuning.measure, place[1], DIGITS),
            place,
            xytext=(7, 6),
            textcoords="offset points",
            color=INK,
            fontweight="bold",
            bbox={"facecolor": PAPER, "edgecolor": FAINT, "linewidth": 0.4, "pad": 1.5, "alpha": 0.85},
            zorder=4,
        )
        named.append((text, drawn))
    return named
