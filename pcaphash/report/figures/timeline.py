"""Draw the load of receive queues over time: queues from bottom to top, time to the right, load as lightness."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from pcaphash.report.figures.canvas import Picture, shorten
from pcaphash.report.figures.heat import draw_heat
from pcaphash.report.words.values import count, percent

if TYPE_CHECKING:
    import numpy.typing as npt

    from pcaphash.engine.timeline import BusiestShare, Timeline

    Counts = npt.NDArray[np.int64]

MOST_STEPS = 240
"""Steps of time that are drawn; each is so many whole windows that no more are needed."""

MOST_ROWS = 128
"""Rows of queues that are drawn; each shows the busiest of several queues where there are more."""


def draw_timelines(coloured: "Mapping[str, tuple[Timeline, str]]", width: float) -> Picture:
    """Draw one panel for each configuration, each with its own scale, and describe them.

    Parameters
    ----------
    coloured : mapping of str to Timeline and str
        Timelines of the same packets in the same windows, and colours, by the name of the configuration.
    width : float
        Inches across.
    """
    timelines = {name: timeline for name, (timeline, _) in coloured.items()}
    of_name = {name: colour for name, (_, colour) in coloured.items()}
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
    queues = {name: load.shape[1] for name, load in loads.items()}
    figure = draw_heat(images, queues, of_name, seconds, first * window_ns, "load", width)
    busiest = {name: each for name, timeline in timelines.items() if (each := timeline.busiest)}
    parts = [_describe_one(name, len(windows[name]), each) for name, each in busiest.items()]
    text = f"{_describe(max(queues.values()), per_step, window_ns)} {'; '.join(parts)}."
    return Picture("windows", _title(busiest), text, figure)


def _title(busiest: "Mapping[str, BusiestShare]") -> str:
    """Say how much of a window's packets its busiest queue has, where that is least and where it is most."""
    medians = {name: each.median for name, each in busiest.items()}
    best, worst = (choose(medians, key=medians.__getitem__) for choose in (min, max))
    text = f"In the median window, the busiest queue has {percent(medians[best])} of packets"
    if percent(medians[best]) == percent(medians[worst]):
        return text if len(medians) == 1 else f"{text} under every configuration"
    return f"{text} under {shorten(best, 28)}, and {percent(medians[worst])} under {shorten(worst, 28)}"


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


def _describe_one(name: str, n_windows: int, busiest: "BusiestShare") -> str:
    return (
        f"{shorten(name)}: in {count(n_windows)} windows with packets, the busiest queue has "
        f"{percent(busiest.median)} of packets in the median window and {percent(busiest.worst)} in the worst"
    )
