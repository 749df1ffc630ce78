"""Draw the load of receive queues over time: queues from bottom to top, time to the right, load as lightness."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from pcaphash.report.words import count, moment, percent

if TYPE_CHECKING:
    import numpy.typing as npt
    from matplotlib.figure import Figure

    from pcaphash.engine.timeline import Timeline

    Counts = npt.NDArray[np.int64]

MOST_STEPS = 240
"""Steps of time that are drawn; each is so many whole windows that no more are needed."""

MOST_ROWS = 128
"""Rows of queues that are drawn; each shows the busiest of several queues where there are more."""

_COLOURS = "cividis"  # made to look the same to colour-blind people, and its lightness alone tells all
_WIDTH, _PANEL_HEIGHT = 8.0, 1.7  # inches


def draw_timelines(timelines: "Mapping[str, Timeline]") -> "tuple[Figure, str]":
    """Draw one panel for each configuration, all with the same colours, and describe them.

    Parameters
    ----------
    timelines : mapping of str to Timeline
        Timelines of the same packets in the same windows, by the name of the configuration.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    # A packet whose queue is not known under one configuration may be the only one in its window.
    windows = {name: np.array(timeline.windows, np.int64) for name, timeline in timelines.items()}
    first = min(int(each[0]) for each in windows.values())
    last = max(int(each[-1]) for each in windows.values())
    per_step = -(-(last - first + 1) // MOST_STEPS)
    n_steps = (last - first) // per_step + 1
    window_ns = next(iter(timelines.values())).window_ns
    seconds = per_step * window_ns / 1e9
    loads = {name: timeline.loads[:, :, 0] for name, timeline in timelines.items()}
    images = {name: _sum_steps(loads[name], (windows[name] - first) // per_step, n_steps) / seconds for name in loads}
    most = max(float(image.max()) for image in images.values())

    figure = Figure(figsize=(_WIDTH, 1.2 + _PANEL_HEIGHT * len(images)), layout="constrained")
    panels = figure.subplots(len(images), 1, sharex=True, squeeze=False)[:, 0]
    for panel, (name, image) in zip(panels, images.items(), strict=True):
        extent = (0.0, image.shape[1] * seconds, -0.5, loads[name].shape[1] - 0.5)
        shown = panel.imshow(
            image, _COLOURS, vmin=0, vmax=most, aspect="auto", origin="lower", extent=extent, interpolation="nearest"
        )
        panel.set_title(name, loc="left", fontsize="medium", fontweight="bold", parse_math=False)
        panel.yaxis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))
        panel.set_ylabel("receive queue")
    panels[-1].set_xlabel(f"seconds from {moment(first * window_ns)}")
    figure.colorbar(shown, ax=list(panels), label="packets per second", shrink=min(1.0, 2 / len(images)))
    parts = [_describe_one(name, load) for name, load in loads.items()]
    most_queues = max(load.shape[1] for load in loads.values())
    return figure, f"{_describe(most_queues, per_step, window_ns)} {'; '.join(parts)}."


def _sum_steps(loads: "Counts", steps: "Counts", n_steps: int) -> "Counts":
    """Return packets, a row for each queue (or the busiest of several) and a column for each step."""
    sums = np.zeros((n_steps, loads.shape[1]), np.int64)
    np.add.at(sums, steps, loads)
    per_row = -(-loads.shape[1] // MOST_ROWS)
    starts = np.arange(0, loads.shape[1], per_row)
    return np.asarray(np.maximum.reduceat(sums, starts, axis=1).T)


def _describe(queues: int, per_step: int, window_ns: int) -> str:
    text = "Packets per second on each receive queue"
    if per_step > 1:
        text += f", {count(per_step)} windows of {window_ns / 1e6:g} ms drawn as one"
    if queues > MOST_ROWS:
        text += f", the busiest of each {-(-queues // MOST_ROWS)} receive queues drawn"
    return f"{text}."


def _describe_one(name: str, loads: "Counts") -> str:
    shares = loads.max(axis=1) / loads.sum(axis=1)
    return (
        f"{name}: in {count(len(loads))} windows with packets, the busiest queue has "
        f"{percent(float(np.median(shares)))} of packets in the median window and {percent(float(shares.max()))} in "
        "the worst"
    )
