"""Draw a comparison: load of the receive queues, how concentrated it is, load over time, and sizes of flows."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from pcaphash.report.comparison_timeline import draw_timelines
from pcaphash.report.files import whole_file
from pcaphash.report.words import count, packets, percent, trace_names

if TYPE_CHECKING:
    import numpy.typing as npt
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pcaphash.studies.compare import Comparison, Outcome

    Values = npt.NDArray[np.float64]
    Counts = npt.NDArray[np.int64]

FORMATS = ("png", "svg", "pdf")
"""Each figure is written as each of them: for pages, for editing, and for print."""

MOST_CONFIGURATIONS = 8
"""Configurations that are drawn; more could not be told apart."""

# All of Okabe and Ito's colours but yellow, which white paper swallows; neighbours differ in lightness as well, and
# lines in how they are dashed.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000", "#666666")
_DASHES = ("-", "--", "-.", ":")
_IDEAL = "ideal: the same on each queue"
_IDEAL_STYLE: dict[str, Any] = {"color": "black", "linewidth": 1.0, "linestyle": (0, (5, 3))}

_MOST_BARS = 128  # bars of one panel that can be seen one by one
_MOST_POINTS = 400  # points of a curve; more would not be seen
_WIDTH = 8.0  # inches
_LONGEST_NAME = 40  # characters of a configuration's name

# Without dates and random names equal comparisons give equal files.
_METADATA: dict[str, dict[str, Any]] = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}


@dataclass(frozen=True, eq=False)
class Picture:
    """A figure and what it shows in words.

    Parameters
    ----------
    name : str
        What its files are called.
    title : str
        What it is.
    description : str
        What it shows, for those who do not see it.
    figure : Figure
        The figure, on solid white: its colours were chosen for white, and a transparent one would lose its black text
        on a dark page.
    """

    name: str
    title: str
    description: str
    figure: "Figure"


def draw_comparison(comparison: "Comparison") -> list[Picture]:
    """Draw what a comparison found, as far as it has anything that can be drawn."""
    outcomes = shown_outcomes(comparison)
    if not outcomes:
        return []
    pictures = [
        Picture("queues", "Load of each receive queue", _describe_queues(outcomes), _draw_queues(outcomes)),
        Picture("concentration", "Concentration", _describe_concentration(outcomes), _draw_concentration(outcomes)),
    ]
    if any(outcome.inputs is not None and len(outcome.inputs.loads) for outcome in outcomes):
        pictures.append(Picture("flow_sizes", "Sizes of flows", _describe_sizes(outcomes), _draw_sizes(outcomes)))
    timelines = {
        short_name(outcome): outcome.timeline
        for outcome in outcomes
        if outcome.timeline is not None and len(outcome.timeline.windows)
    }
    if timelines:
        figure, description = draw_timelines(timelines)
        pictures.append(Picture("windows", "Load over time", description, figure))
    return pictures


def write_figures(comparison: "Comparison", folder: Path) -> list[Path]:
    """Write each figure in each format, under a title that names the traces; return the files written."""
    names = trace_names(comparison.reading.traces)
    heading = f"{names}: {packets(comparison.analysis.distributions[0].packets)}"
    paths = []
    for picture in draw_comparison(comparison):
        title = f"{printable(heading)}\n{picture.title}"
        picture.figure.suptitle(title, x=0.01, ha="left", fontsize="large", parse_math=False)
        _lay_out(picture.figure)
        for format_ in FORMATS:
            paths.append(folder / f"{picture.name}.{format_}")
            with whole_file(paths[-1]) as part:
                save(picture.figure, part, format_)
    return paths


def save(figure: "Figure", to: "Path | BinaryIO", format_: str, text_as_text: bool = False) -> None:
    """Write a figure to a path or a binary stream.

    Parameters
    ----------
    figure : Figure
        The figure.
    to : path or stream
        Written to.
    format_ : str
        One of ``FORMATS``.
    text_as_text : bool
        Whether SVG has letters as such, to be shown in the reader's font, and not as shapes.
    """
    from matplotlib import rc_context

    settings: Any = {"svg.hashsalt": "pcaphash", "svg.fonttype": "none" if text_as_text else "path"}
    with rc_context(settings), _any_letters():
        figure.savefig(to, format=format_, dpi=150, facecolor="white", metadata=_METADATA[format_])


def _lay_out(figure: "Figure") -> None:
    """Lay a figure out once: each format would do it again, which takes longer than everything else."""
    with _any_letters():
        figure.draw_without_rendering()
    figure.set_layout_engine("none")


@contextmanager
def _any_letters() -> Iterator[None]:
    """Take names in letters that the font of figures lacks: they show as boxes, which is not worth a warning each."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph", UserWarning)
        yield


def shown_outcomes(comparison: "Comparison") -> "list[Outcome]":
    """Return the outcomes that are drawn: those that spread any packets, the first few of them."""
    return [each for each in comparison.outcomes if each.distribution.queues[:, 0].any()][:MOST_CONFIGURATIONS]


def short_name(outcome: "Outcome") -> str:
    """Return the name of a configuration, cut where it is very long."""
    name = outcome.device.name
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 3]}..."


def printable(text: str) -> str:
    r"""Write characters that nothing shows, or that turn text around, as escapes such as ``\x1b``."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def _shares(outcome: "Outcome") -> "Values":
    loads = outcome.distribution.queues[:, 0]
    return np.asarray(loads / loads.sum())


def _draw_queues(outcomes: "Sequence[Outcome]") -> "Figure":
    """Draw all configurations side by side for each queue, or one below the other where bars would be too thin."""
    lengths = {len(outcome.distribution.queues) for outcome in outcomes}
    is_grouped = len(lengths) == 1 and len(outcomes) * max(lengths) <= _MOST_BARS
    n_panels = 1 if is_grouped else len(outcomes)
    figure = _figure(1.6 + (2.6 if is_grouped else 1.4 * n_panels))
    panels = figure.subplots(n_panels, 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    named: list[tuple[str, Artist]] = []
    for number, outcome in enumerate(outcomes):
        if is_grouped:
            drawn = _draw_bars(panels[0], _shares(outcome), number, len(outcomes))
        else:
            drawn = _draw_outline(panels[number], _shares(outcome), number)
        named.append((short_name(outcome), drawn))
    for panel, outcome in zip(panels, outcomes, strict=False):
        n_queues = len(outcome.distribution.queues)
        ideal = panel.hlines(1 / n_queues, -0.5, n_queues - 0.5, **_IDEAL_STYLE)
        _write_percent(panel.yaxis)
        _write_integers(panel.xaxis)
        panel.set_xlim(-0.6, max(lengths) - 0.4)
    panels[-1].set_xlabel("receive queue")
    figure.supylabel("share of packets (%)", fontsize="medium")
    _add_legend(figure, [*named, (_IDEAL, ideal)])
    return figure


def _draw_bars(panel: "Axes", shares: "Values", number: int, n_groups: int) -> "Artist":
    width = 0.84 / n_groups
    places = np.arange(len(shares)) + (number - (n_groups - 1) / 2) * width
    bars = panel.bar(places, shares, width=width, color=_COLOURS[number], edgecolor="white", linewidth=0.4)
    return bars.patches[0]


def _draw_outline(panel: "Axes", shares: "Values", number: int) -> "Artist":
    edges, colour = np.arange(len(shares) + 1) - 0.5, _COLOURS[number]
    return panel.stairs(shares, edges, fill=True, facecolor=colour, edgecolor=colour, linewidth=0.8)


def _describe_queues(outcomes: "Sequence[Outcome]") -> str:
    parts = []
    for outcome in outcomes:
        shares = _shares(outcome)
        parts.append(
            f"{outcome.device.name}: busiest queue {int(shares.argmax())} with {percent(float(shares.max()))}, idlest "
            f"queue {int(shares.argmin())} with {percent(float(shares.min()))}, ideal {percent(1 / len(shares))} on "
            f"each of {count(len(shares))}"
        )
    return f"Share of packets on each receive queue. {'; '.join(parts)}."


def _draw_concentration(outcomes: "Sequence[Outcome]") -> "Figure":
    """Draw the share of packets that the busiest queues have, and the heaviest hash inputs."""
    figure = _figure(4.4)
    with_inputs = [each for each in outcomes if each.inputs is not None and len(each.inputs.loads)]
    panels = figure.subplots(1, 2 if with_inputs else 1, sharey=True, squeeze=False)[0]
    named: list[tuple[str, Artist]] = []
    for number, outcome in enumerate(outcomes):
        shares = np.sort(_shares(outcome))[::-1].cumsum()
        of_queues = np.arange(len(shares) + 1) / len(shares)
        named.append((short_name(outcome), _draw_curve(panels[0], of_queues, np.append(0, shares), number)))
        if outcome in with_inputs:
            of_inputs = _accumulate(_input_loads(outcome))
            _draw_curve(panels[1], np.arange(1, len(of_inputs) + 1), of_inputs, number)
    named += [(_IDEAL, line) for line in panels[0].plot([0, 1], [0, 1], **_IDEAL_STYLE)]
    panels[0].set_xlabel("receive queues, busiest first (% of all)")
    panels[0].set_ylabel("share of packets (%)")
    _write_percent(panels[0].xaxis)
    _write_percent(panels[0].yaxis)
    if with_inputs:
        panels[1].set_xscale("log")
        panels[1].set_xlabel("distinct hash inputs, heaviest first (number)")
    for panel in panels:
        panel.set_ylim(0, 1.02)
        panel.grid(True, linewidth=0.4, color="#CCCCCC")
    _add_legend(figure, named)
    return figure


def _accumulate(loads: "Counts") -> "Values":
    return np.asarray(np.sort(loads)[::-1].cumsum() / loads.sum())


def _input_loads(outcome: "Outcome") -> "Counts":
    assert outcome.inputs is not None
    return outcome.inputs.loads[:, 0]


def _describe_concentration(outcomes: "Sequence[Outcome]") -> str:
    parts = []
    for outcome in outcomes:
        shares = np.sort(_shares(outcome))[::-1]
        n_half = int(np.searchsorted(shares.cumsum(), 0.5)) + 1
        text = f"{outcome.device.name}: {count(n_half)} of {count(len(shares))} receive queues have half of the packets"
        if outcome.inputs is not None and len(outcome.inputs.loads):
            of_inputs = _accumulate(_input_loads(outcome))
            n_inputs = int(np.searchsorted(of_inputs, 0.5)) + 1
            text += f", {count(n_inputs)} of {count(len(of_inputs))} hash inputs half of those with a hash"
        parts.append(text)
    return (
        "Share of packets that the busiest receive queues have together, and likewise the heaviest hash inputs. "
        f"{'; '.join(parts)}."
    )


def _draw_sizes(outcomes: "Sequence[Outcome]") -> "Figure":
    """Draw which share of flows, and of what is hashed of them, has at least so many packets or bytes."""
    figure = _figure(4.4)
    panels = figure.subplots(1, 2, sharey=True)
    flow_set = outcomes[0].flow_set
    assert flow_set is not None
    for column, (panel, unit) in enumerate(zip(panels, ("packets", "bytes"), strict=True)):
        named: list[tuple[str, Artist]] = []
        for number, outcome in enumerate(outcomes):
            if outcome.inputs is not None and len(outcome.inputs.loads):
                drawn = _draw_curve(panel, *_at_least(outcome.inputs.loads[:, column]), number)
                named.append((f"hash inputs, {short_name(outcome)}", drawn))
        sizes, shares = _at_least(flow_set.flows.loads[:, column])
        chosen = _choose_points(len(sizes))
        # Below the curves, which it often equals, and wide enough to be seen there.
        (flows,) = panel.plot(sizes[chosen], shares[chosen], color="#BBBBBB", linewidth=5, zorder=1)
        even = outcomes[0].kept[:, column].sum() / len(outcomes[0].kept)
        ideal = panel.axvline(even, color="#666666", linewidth=1.5, linestyle=(0, (1, 1.5)))
        panel.set(xscale="log", yscale="log", xlabel=f"{unit}, at least (number)")
        panel.grid(True, linewidth=0.4, color="#CCCCCC")
    panels[0].set_ylabel("share of flows, or of hash inputs (%)")
    _write_percent(panels[0].yaxis)
    _add_legend(figure, [*named, ("flows", flows), ("ideal load of one receive queue", ideal)])
    return figure


def _at_least(loads: "Counts") -> "tuple[Counts, Values]":
    """Return the sizes there are, ascending, and the share that has at least each of them."""
    sizes, counts = np.unique(loads, return_counts=True)
    shares = counts[::-1].cumsum()[::-1] / len(loads)
    return sizes, shares


def _describe_sizes(outcomes: "Sequence[Outcome]") -> str:
    flow_set = outcomes[0].flow_set
    assert flow_set is not None
    loads = flow_set.flows.loads[:, 0]
    parts = [
        f"{outcome.device.name}: {count(len(loads_of))} hash inputs, the heaviest with {packets(int(loads_of.max()))}"
        for outcome in outcomes
        if outcome.inputs is not None and len(loads_of := _input_loads(outcome))
    ]
    return (
        "Share of flows that have at least so many packets, or bytes, and likewise of what is hashed of them; a flow "
        "right of the dotted line has more than the ideal load of one receive queue. "
        f"{count(len(loads))} flows: half have at least {packets(int(np.median(loads)))}, the heaviest has "
        f"{packets(int(loads.max()))}; {'; '.join(parts)}."
    )


def _draw_curve(panel: "Axes", places: "Values | Counts", values: "Values", number: int) -> "Artist":
    """Draw a curve of a configuration, through as many points as can be seen."""
    chosen = _choose_points(len(places))
    style: dict[str, Any] = {"color": _COLOURS[number], "linestyle": _DASHES[number % len(_DASHES)]}
    (line,) = panel.plot(places[chosen], values[chosen], **style)
    return line


def _choose_points(n: int) -> "Counts":
    """Choose points of a curve, denser at both of its ends, where logarithmic axes show the most."""
    if n <= _MOST_POINTS:
        return np.arange(n)
    from_start = np.geomspace(1, n, _MOST_POINTS // 2).astype(np.int64) - 1
    return np.unique(np.concatenate([from_start, n - 1 - from_start]))


def _figure(height: float) -> "Figure":
    from matplotlib.figure import Figure

    return Figure(figsize=(_WIDTH, height), layout="constrained")


def _write_percent(axis: Any) -> None:
    from matplotlib.ticker import FuncFormatter, NullFormatter

    form: Callable[[float, int], str] = lambda share, _: f"{100 * share:.3g}%"  # noqa: E731
    axis.set_major_formatter(FuncFormatter(form))
    axis.set_minor_formatter(NullFormatter())


def _write_integers(axis: Any) -> None:
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))


def _add_legend(figure: "Figure", named: "list[tuple[str, Artist]]") -> None:
    """Put one legend for all panels below them, and take away what frames nothing."""
    for panel in figure.axes:
        panel.spines[["top", "right"]].set_visible(False)
    names, artists = [name for name, _ in named], [artist for _, artist in named]
    legend = figure.legend(artists, names, loc="outside lower center", ncols=2, frameon=False)
    for text in legend.get_texts():
        text.set_parse_math(False)
