"""Draw an analysis: the load of each receive queue under each configuration."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pcaphash.report.words import packets, trace_names

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pcaphash.engine.distribution import Distribution
    from pcaphash.studies.analyze import Analysis

    Shares = npt.NDArray[np.float64]

# Of Okabe and Ito's colours, which colour-blind people tell apart too, two that differ in lightness as well.
_COLOURS = {"packets": "#56B4E9", "bytes": "#D55E00"}

_LINE_WIDTH = 0.8
_IDEAL = "ideal: the same on each queue"
_IDEAL_STYLE: dict[str, Any] = {"color": "black", "linewidth": _LINE_WIDTH, "linestyle": "--"}

_MOST_BARS = 32  # queues of one panel that are drawn as pairs of bars; more are too thin to be seen
_MOST_IN_COLUMN = 3  # panels that stand one below the other before there is a second column
_PANEL_WIDTH, _PANEL_HEIGHT = 7.0, 2.1  # inches
_LONGEST_NAME = 60  # characters of a configuration's name above its panel


def draw_distribution(analysis: "Analysis") -> "Figure":
    """Draw one panel per configuration, the share of packets and of bytes on each receive queue beside the ideal."""
    from matplotlib.figure import Figure

    shown = [distribution for distribution in analysis.distributions if distribution.device.has_queue]
    n_columns = 1 if len(shown) <= _MOST_IN_COLUMN else 2
    n_rows = max(-(-len(shown) // n_columns), 1)
    figure = Figure(figsize=(0.5 + _PANEL_WIDTH * n_columns, 1.1 + _PANEL_HEIGHT * n_rows), layout="constrained")
    figure.suptitle(_title(analysis), x=0.01, ha="left", fontsize="large", parse_math=False)
    panels = figure.subplots(n_rows, n_columns, sharey=True, squeeze=False)
    for panel in panels.flat[len(shown) :]:
        panel.axis("off")
    for panel, distribution in zip(panels.flat, shown, strict=False):
        _draw_panel(panel, distribution)
    if not shown:
        figure.text(0.5, 0.5, "no receive queues: without the feature RSS no hash chooses one", ha="center")
        return figure
    is_mirrored = max(len(distribution.queues) for distribution in shown) > _MOST_BARS
    _label_axes(panels.tolist(), len(shown), "bytes | packets" if is_mirrored else "share of load")
    by_label = dict(zip(*reversed(panels[0, 0].get_legend_handles_labels()), strict=True))
    labels = [*_COLOURS, _IDEAL]
    handles = [by_label[label] for label in labels]
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    return figure


def save(figure: "Figure", path: Path) -> None:
    """Write a figure in the format that the path's suffix names (PNG, SVG, PDF)."""
    figure.savefig(path, format=path.suffix[1:], dpi=150, facecolor="white")


def _title(analysis: "Analysis") -> str:
    names = trace_names(analysis.reading.traces)
    return f"{names}: {packets(analysis.distributions[0].packets)} over receive queues"


def _draw_panel(panel: "Axes", distribution: "Distribution") -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    n_queues = len(distribution.queues)
    of_packets, of_bytes = (load / max(int(load.sum()), 1) for load in distribution.queues.T)
    ideal = 1 / n_queues
    if n_queues <= _MOST_BARS:
        _draw_bars(panel, of_packets, of_bytes, ideal)
    else:
        _draw_outlines(panel, of_packets, of_bytes, ideal)
    name = distribution.device.name
    title = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 3]}..."
    panel.set_title(title, loc="left", fontsize="medium", fontweight="bold", parse_math=False)
    panel.set_xlim(-0.6, n_queues - 0.4)
    panel.xaxis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))
    panel.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * abs(share):.3g}%"))
    panel.spines[["top", "right"]].set_visible(False)


def _draw_bars(panel: "Axes", of_packets: "Shares", of_bytes: "Shares", ideal: float) -> None:
    """Draw a pair of bars for each queue."""
    for offset, label, shares in ((-0.2, "packets", of_packets), (0.2, "bytes", of_bytes)):
        queues = [queue + offset for queue in range(len(shares))]
        panel.bar(queues, shares, width=0.4, label=label, color=_COLOURS[label])
    panel.axhline(ideal, label=_IDEAL, **_IDEAL_STYLE)


def _draw_outlines(panel: "Axes", of_packets: "Shares", of_bytes: "Shares", ideal: float) -> None:
    """Draw one filled outline upward for packets and one downward for bytes: thin bars would hide each other."""
    edges = [queue - 0.5 for queue in range(len(of_packets) + 1)]
    for sign, label, shares in ((1, "packets", of_packets), (-1, "bytes", of_bytes)):
        # The line keeps queues visible that are narrower than a dot of the picture.
        colour = _COLOURS[label]
        panel.stairs(
            sign * shares, edges, fill=True, label=label, facecolor=colour, edgecolor=colour, linewidth=_LINE_WIDTH
        )
        panel.axhline(sign * ideal, label=_IDEAL if sign > 0 else None, **_IDEAL_STYLE)
    panel.axhline(0, color="black", linewidth=0.4)


def _label_axes(panels: "list[list[Axes]]", n_shown: int, of_loads: str) -> None:
    """Write what the axes are along the left and the lower edge of what is shown."""
    n_columns = len(panels[0])
    for row in panels:
        row[0].set_ylabel(of_loads)
    for index in range(max(n_shown - n_columns, 0), n_shown):
        panels[index // n_columns][index % n_columns].set_xlabel("receive queue")
