"""Draw the load of each receive queue: a panel for each configuration, with the band of ideal hashes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pcaphash.report.figures.canvas import (
    NARROW,
    add_legend,
    make_figure,
    shorten,
    write_integers,
    write_percent,
)
from pcaphash.report.figures.palette import BAND, INK
from pcaphash.report.figures.titles import Excess
from pcaphash.report.words.values import above_ideal, packets, too_few
from pcaphash.studies.shared.chance.baseline import Baseline
from pcaphash.studies.shared.chance.enough import packets_needed
from pcaphash.studies.shared.chance.spread import spread
from pcaphash.studies.shared.chance.trials import Interval

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

IDEAL = "ideal: the same on each queue"
IDEAL_BAND = "ideal hashes: 95 of 100 stay in the band"
BYTES = "bytes"
IDEAL_STYLE: dict[str, Any] = {"color": INK, "linewidth": 1.0, "linestyle": (0, (4, 3))}

_MOST_RATIO = 10  # of the tallest bars of two panels that have one scale
_MOST_BARS = 48  # bars of one panel that can be seen one by one
_MOST_BESIDE = 4  # panels in one row of a wide figure, and in one column of a narrow one
_MOST_TICKS = 8  # queues that are all numbered
_PER_INCH = 11  # characters of a panel's name, about
_HEIGHT, _LEAST_HEIGHT = 2.3, 1.15  # inches of a panel
_FOR_LONG_LABEL = 1.9  # inches of a panel
_AROUND = 1.0  # inches of title and legend


@dataclass(frozen=True, eq=False)
class Load:
    """What the receive queues get under one configuration.

    Parameters
    ----------
    name : str
        The configuration.
    colour : str
        Its colour.
    queues : int64 array of shape (queues, 2)
        Packets and bytes on each receive queue.
    ideal : Interval or None
        Shares of packets between which 95 of 100 ideal hashes keep all receive queues; None where that is not known.
    is_hashed : bool
        Whether any packet has a hash here, or else under another configuration beside this one. Without one there is
        nothing to spread.
    is_cut : bool
        Whether the capture does not show enough of too many packets.
    """

    name: str
    colour: str
    queues: npt.NDArray[np.int64]
    ideal: Interval | None = None
    is_hashed: bool = True
    is_cut: bool = False

    @property
    def shares(self) -> npt.NDArray[np.float64]:
        """The share of packets, and of bytes, on each receive queue; shape (queues, 2)."""
        return np.asarray(self.queues / np.maximum(self.queues.sum(axis=0), 1))

    @property
    def excess(self) -> Excess:
        """How far the busiest receive queue is above its share of packets; NaN where that says nothing."""
        n_queues, n_packets = len(self.queues), int(self.queues[:, 0].sum())
        is_told = n_queues > 1 and self.is_hashed and not self.is_cut and n_packets >= packets_needed(n_queues)
        return Excess(self.name, spread(self.queues[:, 0])["max_ideal"] if is_told else float("nan"))

    @property
    def nothing(self) -> str:
        """Why that says nothing."""
        n_queues, n_packets = len(self.queues), int(self.queues[:, 0].sum())
        if n_queues == 1:
            return "There is nothing to spread: there is one receive queue"
        if not self.is_hashed:
            return "There is nothing to spread: no packet has a hash"
        if self.is_cut:
            return "The capture is cut too short to judge by"
        return too_few(n_packets, packets_needed(n_queues), n_queues)


def ideal_band(baseline: Baseline | None, n_queues: int) -> Interval | None:
    """Return the shares of packets between which 95 of 100 ideal hashes keep the idlest and the busiest queue."""
    if baseline is None:
        return None
    least, most = (baseline.interval(f"{end}_ideal_packets").high for end in ("min", "max"))
    return Interval((1 - least) / n_queues, (1 + most) / n_queues)


def draw_loads(loads: Sequence[Load], width: float, with_bytes: bool = False) -> "Figure":
    """Draw a panel for each configuration: bars, or one outline where there are many queues.

    All have one scale, unless the bars of one would be too low to be seen beside those of another.
    """
    most_queues = max(len(load.queues) for load in loads)
    n_columns = _columns(len(loads), width, most_queues)
    n_rows = -(-len(loads) // n_columns)
    height = max(_HEIGHT * 3 / (2 + n_rows), _LEAST_HEIGHT)
    figure = make_figure(width, _AROUND + n_rows * height)
    tallest = [float(load.shares[:, : 1 + with_bytes].max()) for load in loads]
    is_one_scale = min(tallest) * _MOST_RATIO >= max(tallest)
    panels = figure.subplots(n_rows, n_columns, sharey=is_one_scale, squeeze=False)
    room = int(_PER_INCH * (width - 0.6) / n_columns)
    named: dict[str, Artist] = {}
    for panel, load in zip(panels.flat, loads, strict=False):
        _draw_panel(panel, load, named, with_bytes)
        panel.set_title(shorten(load.name, room), loc="left", fontsize="medium", fontweight="bold", parse_math=False)
    for panel in panels.flat[len(loads) :]:
        panel.axis("off")
    bands = [load.ideal.high if load.ideal is not None else 0.0 for load in loads]
    if is_one_scale:
        _scale(panels[0, 0], max(tallest), max(bands))
    else:
        for panel, of_panel, band in zip(panels.flat, tallest, bands, strict=False):
            _scale(panel, of_panel, band)
    for row in panels:
        row[0].set_ylabel("share of packets (%)" if height >= _FOR_LONG_LABEL else "packets (%)")
    for index in range(max(len(loads) - n_columns, 0), len(loads)):
        panels.flat[index].set_xlabel("receive queue")
    add_legend(figure, list(named.items()))
    return figure


def _scale(panel: "Axes", tallest: float, band: float) -> None:
    """Let a panel reach above its bars, and as far as possible above its band."""
    # The whole of a band that reaches far beyond every bar would leave no room for the bars.
    panel.set_ylim(0, 1.22 * max(tallest, min(band, 1.5 * tallest), 1e-9))
    panel.set_yticks([tick for tick in panel.get_yticks() if 0 <= tick <= 1])


def _columns(n_panels: int, width: float, most_queues: int) -> int:
    """Choose how many panels stand side by side."""
    if width <= NARROW:
        return 1 if n_panels <= _MOST_BESIDE - 1 else 2
    if most_queues > _MOST_BARS:
        return 1 if n_panels <= _MOST_BESIDE - 1 else 2
    n_rows = -(-n_panels // _MOST_BESIDE)
    return -(-n_panels // n_rows)


def _draw_panel(panel: "Axes", load: Load, named: "dict[str, Artist]", with_bytes: bool) -> None:
    n_queues = len(load.queues)
    of_packets, of_bytes = load.shares.T
    edges = np.arange(n_queues + 1) - 0.5
    if load.ideal is not None:
        named[IDEAL_BAND] = panel.axhspan(load.ideal.low, load.ideal.high, color=BAND, linewidth=0, zorder=0)
    named[IDEAL] = panel.axhline(1 / n_queues, **IDEAL_STYLE)
    if n_queues <= _MOST_BARS:
        panel.bar(np.arange(n_queues), of_packets, width=0.8, color=load.colour)
    else:
        # The line keeps queues visible that are narrower than a dot of the picture.
        panel.stairs(of_packets, edges, fill=True, facecolor=load.colour, edgecolor=load.colour, linewidth=0.6)
    if with_bytes and n_queues <= _MOST_BARS:
        places = np.arange(n_queues)
        named[BYTES] = panel.hlines(of_bytes, places - 0.4, places + 0.4, color=INK, linewidth=1.4)
    elif with_bytes:
        named[BYTES] = panel.stairs(of_bytes, edges, color=INK, linewidth=0.4)
    _label_busiest(panel, load)
    panel.set_xlim(-0.7, n_queues - 0.3)
    write_integers(panel.xaxis, n_queues if n_queues <= _MOST_TICKS else 0)
    write_percent(panel.yaxis)


def _label_busiest(panel: "Axes", load: Load) -> None:
    """Write over the busiest bar how far it is above its ideal share."""
    n_queues, of_packets = len(load.queues), load.shares[:, 0]
    busiest = int(of_packets.argmax())
    if not of_packets[busiest]:
        return
    text = above_ideal(load.excess.value)
    if n_queues == 1 or not load.is_hashed:
        text = "all packets" if n_queues == 1 else "no hash"
    elif math.isnan(load.excess.value):  # too few to be judged
        text = packets(int(load.queues[busiest, 0]))
    place = busiest / max(n_queues - 1, 1)
    side = "left" if place < 0.12 and n_queues > 4 else "right" if place > 0.88 and n_queues > 4 else "center"
    panel.annotate(
        text,
        (busiest, float(of_packets[busiest])),
        xytext=({"left": -3, "right": 3, "center": 0}[side], 2),
        textcoords="offset points",
        ha=side,
        va="bottom",
        fontsize="medium",
        fontweight="bold",
    )
