"""Draw how concentrated packets are: on few receive queues, in few hash inputs, in few flows."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pcaphash.report.figures.canvas import (
    NARROW,
    Picture,
    add_legend,
    make_figure,
    shorten,
    write_counts,
    write_percent,
)
from pcaphash.report.figures.palette import FAINT, GRID
from pcaphash.report.figures.queues import IDEAL_STYLE
from pcaphash.report.words.values import count, packets, percent

if TYPE_CHECKING:
    import numpy.typing as npt
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pcaphash.studies.compare import Outcome
    from pcaphash.studies.shared.chance.baseline import Baseline

    Values = npt.NDArray[np.float64]
    Counts = npt.NDArray[np.int64]

_DASHES = ("-", "--", "-.", ":")
_MOST_POINTS = 400  # points of a curve; more would not be seen
_MOST_DRAWS = 400  # ideal hashes that a band is taken from
_HEIGHT = 3.9  # inches, for panels and a legend of so many names
_USUAL_NAMES = 5
_NAME_WIDTH, _NAME_HEIGHT = 3, 0.18  # inches in the legend


def draw_concentration(coloured: "Mapping[Outcome, str]", width: float) -> Picture:
    """Draw the share of packets that the busiest queues have, and the heaviest hash inputs."""
    outcomes = list(coloured)
    with_inputs = [each for each in outcomes if each.inputs is not None and len(each.inputs.loads)]
    figure, panels = _make_panels(2 if with_inputs else 1, width)
    named: list[tuple[str, Artist]] = []
    bands: list[Artist] = []
    for number, (outcome, colour) in enumerate(coloured.items()):
        shares = np.append(0, np.sort(_shares(outcome))[::-1].cumsum())
        of_queues = np.linspace(0, 1, len(shares))
        if outcome.baseline is not None:
            low, high = _concentration_of(outcome.baseline)
            bands.append(panels[0].fill_between(of_queues, low, high, color=colour, alpha=0.16, linewidth=0))
        named.append((shorten(outcome.device.name), _draw_curve(panels[0], of_queues, shares, colour, number)))
        if outcome in with_inputs:
            of_inputs = _accumulate(_input_loads(outcome))
            _draw_curve(panels[1], np.arange(1, len(of_inputs) + 1), of_inputs, colour, number)
    named += [("the same on each queue", line) for line in panels[0].plot([0, 1], [0, 1], **IDEAL_STYLE)]
    named += [("95 of 100 ideal hashes, in the same colour", band) for band in bands[:1]]
    panels[0].set_xlabel("receive queues, busiest first (% of all)")
    write_percent(panels[0].xaxis)
    if with_inputs:
        panels[1].set_xscale("log")
        write_counts(panels[1].xaxis)
        panels[1].set_xlabel("distinct hash inputs, heaviest first (number)")
    for panel in panels:
        panel.set_ylim(0, 1.02)
        panel.set_ylabel("share of packets (%)")
        write_percent(panel.yaxis)
    _finish(figure, named)
    return Picture("concentration", _concentration_title(outcomes), _describe_concentration(outcomes), figure)


def _concentration_of(baseline: "Baseline") -> "tuple[Values, Values]":
    """Return between which shares the busiest queues together lie under 95 of 100 ideal hashes, none of them first."""
    loads = baseline.loads[:_MOST_DRAWS, :, 0]
    shares = np.sort(loads, axis=1)[:, ::-1].cumsum(axis=1) / loads.sum(axis=1, keepdims=True)
    low, high = np.quantile(shares, (0.025, 0.975), axis=0)
    return np.append(0, low), np.append(0, high)


def _concentration_title(outcomes: "Sequence[Outcome]") -> str:
    """Say on how many queues half of the packets are, where these are fewest and where they are most."""
    halves = [(outcome.queues_with_half, outcome.device.queues, outcome.device.name) for outcome in outcomes]
    fewest, most = (choose(halves, key=lambda each: each[0] / each[1]) for choose in (min, max))
    text = f"Half of the packets are on {count(fewest[0])} of {count(fewest[1])} receive queues"
    if len(halves) == 1:
        return text
    if fewest[:2] == most[:2]:
        return f"{text} under every configuration"
    return f"{text} under {shorten(fewest[2], 28)}, and on {count(most[0])} under {shorten(most[2], 28)}"


def _shares(outcome: "Outcome") -> "Values":
    loads = outcome.distribution.queues[:, 0]
    return np.asarray(loads / loads.sum())


def _accumulate(loads: "Counts") -> "Values":
    return np.asarray(np.sort(loads)[::-1].cumsum() / loads.sum())


def _input_loads(outcome: "Outcome") -> "Counts":
    assert outcome.inputs is not None
    return outcome.inputs.loads[:, 0]


def _describe_concentration(outcomes: "Sequence[Outcome]") -> str:
    parts = []
    for outcome in outcomes:
        n_half = outcome.queues_with_half
        verb = "has" if n_half == 1 else "have"
        queues = f"{count(n_half)} of {count(outcome.device.queues)} receive queues"
        text = f"{shorten(outcome.device.name)}: {queues} {verb} half of the packets"
        if outcome.inputs is not None and len(outcome.inputs.loads):
            inputs = f"{count(outcome.inputs_with_half)} of {count(len(outcome.inputs.loads))} hash inputs"
            text += f", {inputs} half of those with a hash"
        parts.append(text)
    return (
        f"Share of packets on the busiest receive queues together, and of the heaviest hash inputs. {'; '.join(parts)}."
    )


def draw_sizes(coloured: "Mapping[Outcome, str]", width: float) -> Picture:
    """Draw which share of flows, and of what is hashed of them, has at least so many packets or bytes."""
    outcomes = list(coloured)
    figure, panels = _make_panels(2, width)
    flow_set = outcomes[0].flow_set
    assert flow_set is not None
    for column, (panel, unit) in enumerate(zip(panels, ("packets", "bytes"), strict=True)):
        named: list[tuple[str, Artist]] = []
        for number, (outcome, colour) in enumerate(coloured.items()):
            if outcome.inputs is not None and len(outcome.inputs.loads):
                drawn = _draw_curve(panel, *_at_least(outcome.inputs.loads[:, column]), colour, number)
                named.append((f"hash inputs, {shorten(outcome.device.name)}", drawn))
        sizes, shares = _at_least(flow_set.flows.loads[:, column])
        chosen = _choose_points(len(sizes))
        # Below the curves, which it often equals, and wide enough to be seen there.
        (flows,) = panel.plot(sizes[chosen], shares[chosen], color=GRID, linewidth=5, zorder=1)
        even = outcomes[0].kept[:, column].sum() / len(outcomes[0].kept)
        ideal = panel.axvline(even, color=FAINT, linewidth=1.5, linestyle=(0, (1, 1.5)))
        panel.set(xscale="log", yscale="log", xlabel=f"at least this many {unit} (number)")
        panel.set_ylabel("flows, or hash inputs (%)")
        write_percent(panel.yaxis)
        write_counts(panel.xaxis)
    _finish(figure, [*named, ("flows", flows), ("ideal load of one receive queue", ideal)])
    return Picture("flow_sizes", _sizes_title(outcomes), _describe_sizes(outcomes), figure)


def _sizes_title(outcomes: "Sequence[Outcome]") -> str:
    """Put the heaviest flow beside the ideal load of a receive queue."""
    flow_set, kept = outcomes[0].flow_set, outcomes[0].kept[:, 0]
    assert flow_set is not None
    loads = flow_set.flows.loads[:, 0]
    heaviest, even = int(loads.max()), kept.sum() / len(kept)
    if heaviest > even:
        n_over = int((loads > even).sum())
        flows = "One flow has" if n_over == 1 else f"{count(n_over)} flows have"
        most = percent(heaviest / loads.sum())
        return f"{flows} more packets than a receive queue's ideal load; the heaviest has {most} of all"
    whole = "The only flow" if len(loads) == 1 else f"The heaviest of {count(len(loads))} flows"
    return f"{whole} has {packets(heaviest)}, {percent(heaviest / even)} of a receive queue's ideal load"


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
        f"{shorten(outcome.device.name)}: {count(len(loads_of))} hash inputs, the heaviest with "
        f"{packets(int(loads_of.max()))}"
        for outcome in outcomes
        if outcome.inputs is not None and len(loads_of := _input_loads(outcome))
    ]
    return (
        "Share of flows with at least this many packets or bytes, and the same for hash inputs; a flow right of the "
        "dotted line has more than the ideal load of one receive queue. "
        f"{count(len(loads))} flows: half have at least {packets(int(np.median(loads)))}, the heaviest has "
        f"{packets(int(loads.max()))}; {'; '.join(parts)}."
    )


def _make_panels(n_panels: int, width: float) -> "tuple[Figure, list[Axes]]":
    """Make panels side by side, or one below the other where there is no room."""
    is_narrow = width <= NARROW
    n_rows, n_columns = (n_panels, 1) if is_narrow else (1, n_panels)
    figure = make_figure(width, _HEIGHT * (0.6 * n_rows + 0.4))
    return figure, list(figure.subplots(n_rows, n_columns, squeeze=False).flat)


def _draw_curve(panel: "Axes", places: "Values | Counts", values: "Values", colour: str, number: int) -> "Artist":
    """Draw a curve of a configuration, through as many points as can be seen."""
    chosen = _choose_points(len(places))
    style: dict[str, Any] = {"color": colour, "linestyle": _DASHES[number % len(_DASHES)]}
    (line,) = panel.plot(places[chosen], values[chosen], **style)
    return line


def _choose_points(n: int) -> "Counts":
    """Choose points of a curve, denser at both of its ends, where logarithmic axes show the most."""
    if n <= _MOST_POINTS:
        return np.arange(n)
    from_start = np.geomspace(1, n, _MOST_POINTS // 2).astype(np.int64) - 1
    return np.unique(np.concatenate([from_start, n - 1 - from_start]))


def _finish(figure: "Figure", named: "list[tuple[str, Artist]]") -> None:
    """Draw the grid and the legend; panels keep their height where that has many names."""
    n_columns = max(int(figure.get_figwidth() // _NAME_WIDTH), 1)
    n_more = math.ceil(len(named) / n_columns) - math.ceil(_USUAL_NAMES / n_columns)
    figure.set_figheight(figure.get_figheight() + _NAME_HEIGHT * max(n_more, 0))
    for panel in figure.axes:
        panel.grid(True, linewidth=0.4, color=GRID)
    add_legend(figure, named, n_columns)
