"""Draw what happens on receive queues over time: queues from bottom to top, time to the right, lightness for a rate."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pcaphash.report.figures.canvas import make_figure, shorten, write_integers, written
from pcaphash.report.words.values import duration, moment, packet_rate

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from matplotlib.figure import Figure

    Values = npt.NDArray[np.float64]

_LIGHTNESS = "cividis"  # made to look the same to colour-blind people, and its lightness alone tells all
_PANEL_HEIGHT = 1.7  # inches
_PER_INCH = 10  # characters of a panel's name, about
_MOST_TICKS = 4  # beside a panel


def draw_heat(
    images: "Mapping[str, Values]", queues: Mapping[str, int], of_name: Mapping[str, str], seconds: float,
    first_ns: int, label: str, width: float,
) -> "Figure":  # fmt: skip
    """Draw a panel for each configuration, with its own scale: else even load would be dark beside one hot queue.

    Parameters
    ----------
    images : mapping of str to arrays of shape (rows, steps)
        Packets per second by the name of the configuration, a row for each queue, or for each few of many.
    queues : mapping of str to int
        How many queues the rows stand for.
    of_name : mapping of str to str
        Colours of configurations.
    seconds : float
        Length of a step.
    first_ns : int
        When the first step begins, since 1970.
    label : str
        What is drawn, beside the scale.
    width : float
        Inches across.
    """
    from matplotlib.ticker import MaxNLocator

    figure = make_figure(width, 1.2 + _PANEL_HEIGHT * len(images))
    panels = figure.subplots(len(images), 1, sharex=True, squeeze=False)[:, 0]
    room = int(width * _PER_INCH)
    for panel, (name, image) in zip(panels, images.items(), strict=True):
        extent = (0.0, image.shape[1] * seconds, -0.5, queues[name] - 0.5)
        most = float(image.max())
        shown = panel.imshow(
            image, _LIGHTNESS, vmin=0, vmax=most or 1, aspect="auto", origin="lower", extent=extent,
            interpolation="nearest",
        )  # fmt: skip
        panel.set_title(shorten(name, room), loc="left", fontsize="medium", fontweight="bold", parse_math=False)
        panel.spines["left"].set(color=of_name[name], linewidth=4)
        write_integers(panel.yaxis)
        panel.set_ylabel("receive queue")
        ticks = MaxNLocator(_MOST_TICKS) if most else [0]
        figure.colorbar(shown, ax=panel, label=label, ticks=ticks, format=written(packet_rate), aspect=12, pad=0.02)
    panels[-1].set_xlabel(f"time from {moment(first_ns)}")
    panels[-1].xaxis.set_major_formatter(written(seconds_text))
    return figure


def seconds_text(value: float) -> str:
    """Write a time of an axis in seconds."""
    return duration(1e9 * value) if value else "0"
