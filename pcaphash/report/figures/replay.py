"""Draw a replay: loss against service rate, or load and drops over time and the distribution of delays."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pcaphash.report.figures.canvas import (
    WIDE,
    Picture,
    add_legend,
    make_figure,
    shorten,
    styled,
    write_percent,
    write_pictures,
    written,
)
from pcaphash.report.figures.heat import draw_heat, seconds_text
from pcaphash.report.figures.palette import FAINT, GREY, GRID, INK, colours
from pcaphash.report.replay.words import drop_percent, headline, join
from pcaphash.report.words.values import count, duration, packet_rate, packets, percent, trace_names
from pcaphash.studies.replay.rows import rows_by_config

if TYPE_CHECKING:
    import numpy.typing as npt
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

    from pcaphash.studies.replay import Replay
    from pcaphash.studies.replay.rows import Row

    Values = npt.NDArray[np.float64]

LOSS = "loss"
"""The figure of the loss against the service rate."""

MOST_STEPS = 240
"""Steps of time that are drawn; each is so many whole windows that no more are needed."""

MOST_CONFIGURATIONS = 8
"""Configurations that are drawn; more could not be told apart."""

_DASHES = ("-", "--", "-.", ":")
_BASELINES = ((INK, (0, (1, 1.5))), (FAINT, (0, (4, 2))), (GREY, "-"))  # colours and dashes
_HEIGHT = 3.9  # inches
_MOST_NAMED = 4  # configurations in a title
_NARROW = 5  # up to that range a logarithmic axis has round numbers at equal distances
_FEW_DECADES = 1000  # up to that range of a logarithmic axis there is room for three numbers in a decade


@styled
def draw_replay(replay: "Replay", width: float = WIDE) -> list[Picture]:
    """Draw what a replay found, as far as it has anything that can be drawn, without titles above the figures."""
    names = [each.config for each in replay.verdicts]
    own = [each.config for each in replay.verdicts if not each.is_baseline][:MOST_CONFIGURATIONS]
    of_name = dict(zip(own, colours(own), strict=True))
    baselines = [name for name in names if name not in own][: len(_BASELINES)]
    pictures = []
    if replay.curve_rows:
        pictures.append(_draw_curve(replay, of_name, baselines, width))
    if replay.delay_rows:
        pictures.append(_draw_delays(replay, of_name, baselines, width))
    if replay.window_rows:
        pictures += [
            _draw_windows(replay, of_name, "packets", "load", "load", width),
            _draw_windows(replay, of_name, "dropped", "drops", "drops", width),
        ]
    return pictures


def write_replay_figures(replay: "Replay", folder: Path) -> list[Path]:
    """Write each figure in each format, under a title that says what follows; return the files written."""
    subject = f"{trace_names(replay.reading.traces)}: {count(replay.packets)} packets"
    return write_pictures(draw_replay(replay), subject, folder)


def _draw_curve(replay: "Replay", of_name: Mapping[str, str], baselines: Sequence[str], width: float) -> Picture:
    """Draw the share of packets dropped against what each core serves."""
    figure = make_figure(width, _HEIGHT)
    panel = figure.subplots()
    named: list[tuple[str, Artist]] = []
    by_config = rows_by_config(replay.curve_rows)
    n_shown = 2 + max((n for rows in by_config.values() for n, row in enumerate(rows) if row["dropped"]), default=0)
    for name, style in _styles(of_name, baselines):
        rows = by_config.get(name, [])[: n_shown + 1]
        rates, shares = _values(rows, "service_rate_pps"), _values(rows, "drop_share")
        (line,) = panel.plot(rates, shares, marker="." if name in of_name else "", **style)
        named.append((shorten(name), line))
    _name_axis(panel.xaxis, "service rate of each core", packet_rate)
    panel.set_ylabel("share of packets dropped (%)")
    write_percent(panel.yaxis)
    panel.set_ylim(-0.02, None)
    _finish(panel)
    add_legend(figure, named)
    title = headline(replay).partition(". At ")[0].rstrip(".").partition(";")[0]
    return Picture(LOSS, title, _describe_curve(replay, list(of_name)), figure)


def _describe_curve(replay: "Replay", names: Sequence[str]) -> str:
    parts = []
    for name, rows in rows_by_config(replay.curve_rows).items():
        if name in names:
            lossy = [row for row in rows if row["dropped"]]
            last = (
                f"loses packets up to {packet_rate(float(lossy[-1]['service_rate_pps'] or 0))}"
                if lossy
                else "loses none"
            )
            parts.append(f"{shorten(name)}: {last}")
    return f"Share of packets dropped, by the packets that each core serves in a second. {'; '.join(parts)}."


def _draw_delays(replay: "Replay", of_name: Mapping[str, str], baselines: Sequence[str], width: float) -> Picture:
    """Draw the share of packets that wait at least so long, of all that arrive: dropped ones have no delay."""
    figure = make_figure(width, _HEIGHT)
    panel = figure.subplots()
    named: list[tuple[str, Artist]] = []
    by_config = rows_by_config(replay.delay_rows)
    dropped = {each.config: drop_percent(each.drop_share) for each in replay.verdicts if each.drop_share}
    arrived = {each.config: each.packets for each in replay.verdicts}
    for name, style in _styles(of_name, baselines):
        rows = by_config.get(name, [])
        if rows:
            delays, numbers = _values(rows, "delay_from_ns"), _values(rows, "packets")
            longer = numbers[::-1].cumsum()[::-1] / arrived[name]
            # The curve ends below what one packet would be, as none takes longer.
            delays = np.append(delays, float(rows[-1]["delay_to_ns"] or 0))
            longer = np.append(longer, 0.5 / arrived[name])
            (line,) = panel.plot(np.maximum(delays, 1) * 1e-9, longer, drawstyle="steps-post", **style)
            named.append((f"{shorten(name)} ({dropped[name]} dropped)" if name in dropped else shorten(name), line))
    _name_axis(panel.xaxis, "delay from arrival to the end of service, at least", seconds_text)
    panel.set_yscale("log")
    panel.set_ylabel("share of packets that arrive (%)")
    write_percent(panel.yaxis)
    _finish(panel)
    add_legend(figure, named)
    longest = _longest(replay, list(of_name))
    title = f"The longest delay is {join_delays(longest, dropped)}" if longest else "Every packet was dropped"
    text = f"Share of packets with at least such a delay, of all that arrive; dropped ones have none. {title}."
    return Picture("delays", title, text, figure)


def _longest(replay: "Replay", names: Sequence[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for row in replay.queue_rows:
        if row["config"] in names and row["delay_max_ns"] is not None:
            name = str(row["config"])
            found[name] = max(found.get(name, 0.0), float(row["delay_max_ns"]))
    return found


def join_delays(longest: Mapping[str, float], dropped: Mapping[str, str]) -> str:
    """Say how long the longest delay is under the first configurations, and what share of packets each drops."""
    texts = {
        name: f"{duration(delay)} under {shorten(name, 28)}"
        + (f" ({dropped[name]} dropped)" if name in dropped else "")
        for name, delay in longest.items()
    }
    if len({duration(delay) for delay in longest.values()}) == 1 and not any(name in dropped for name in longest):
        return duration(next(iter(longest.values())))
    return join(list(texts.values())[:_MOST_NAMED])


def _draw_windows(
    replay: "Replay", of_name: Mapping[str, str], column: str, name: str, label: str, width: float
) -> Picture:
    """Draw a heat map of each configuration: receive queues from bottom to top, time to the right."""
    window_ns = replay.options.window_ns
    assert window_ns is not None
    by_config = {key: rows for key, rows in rows_by_config(replay.window_rows).items() if key in of_name}
    # After the last packet, rings only run empty.
    starts = [int(row["window_start_ns"] or 0) for row in replay.window_rows if row["packets"]]
    first, n_windows = min(starts), (max(starts) - min(starts)) // window_ns + 1
    per_step = -(-n_windows // MOST_STEPS)
    seconds = per_step * window_ns / 1e9
    images = {
        key: _image(rows, column, first, per_step * window_ns, -(-n_windows // per_step)) / seconds
        for key, rows in by_config.items()
    }
    queues = {key: len(image) for key, image in images.items()}
    figure = draw_heat(images, queues, of_name, seconds, first, label, width)
    totals = {key: sum(int(row[column] or 0) for row in rows) for key, rows in by_config.items()}
    busiest = {key: _busiest(rows, column) for key, rows in by_config.items()}
    return Picture(
        name,
        _windows_title(totals, busiest, column),
        f"{label.capitalize()} of each receive queue, in packets per second.",
        figure,
    )


def _windows_title(totals: Mapping[str, int], busiest: Mapping[str, float], column: str) -> str:
    if column == "dropped":
        if not any(totals.values()):
            return "No packet is dropped"
        parts = [
            f"{shorten(name, 28)} drops {packets(total) if total else 'nothing'}" for name, total in totals.items()
        ]
        return ", ".join(parts[:_MOST_NAMED])
    shares = [percent(share) for share in busiest.values()]
    if len(shares) > 1 and len(set(shares)) == 1:
        return f"Share of packets on the busiest queue: {shares[0]} under every configuration"
    parts = [f"{share} under {shorten(name, 28)}" for name, share in zip(busiest, shares, strict=True)]
    return f"Share of packets on the busiest queue: {', '.join(parts[:_MOST_NAMED])}"


def _busiest(rows: "Sequence[Row]", column: str) -> float:
    sums: dict[object, int] = {}
    for row in rows:
        sums[row["queue"]] = sums.get(row["queue"], 0) + int(row[column] or 0)
    return max(sums.values()) / (sum(sums.values()) or 1)


def _image(rows: "Sequence[Row]", column: str, first: int, step_ns: int, n_steps: int) -> "Values":
    queues = np.array([int(row["queue"] or 0) for row in rows])
    steps = (np.array([int(row["window_start_ns"] or 0) for row in rows], np.int64) - first) // step_ns
    image = np.zeros((int(queues.max()) + 1, n_steps))
    drawn = (steps >= 0) & (steps < n_steps)
    np.add.at(image, (queues[drawn], steps[drawn]), _values(rows, column)[drawn])
    return image


def _styles(of_name: Mapping[str, str], baselines: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
    """Return how each curve is drawn: configurations in their colours, baselines faint."""
    own: list[tuple[str, dict[str, Any]]] = [
        (name, {"color": colour, "linestyle": _DASHES[number % len(_DASHES)]})
        for number, (name, colour) in enumerate(of_name.items())
    ]
    return own + [
        (name, {"color": colour, "linestyle": dashes, "linewidth": 1, "zorder": 1})
        for name, (colour, dashes) in zip(baselines, _BASELINES, strict=False)
    ]


def _values(rows: "Sequence[Row]", column: str) -> "Values":
    return np.array([float(row[column] or 0) for row in rows])


def _name_axis(axis: "Axis", label: str, write: Callable[[float], str]) -> None:
    """Make an axis logarithmic, with its numbers written as text has them."""
    from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

    axis.axes.set_xscale("log")
    low, high = axis.get_view_interval()
    if high < _NARROW * low:
        axis.set_major_locator(MaxNLocator(6))
    elif high < _FEW_DECADES * low:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(written(write))
    axis.set_minor_formatter(NullFormatter())
    axis.set_label_text(label)


def _finish(panel: "Axes") -> None:
    panel.grid(True, linewidth=0.4, color=GRID)
