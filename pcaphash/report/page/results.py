"""The tables of a page about how packets spread."""

import math
from typing import TYPE_CHECKING

import numpy as np

from pcaphash.report.figures.compare import choice_text, shown_outcomes
from pcaphash.report.page.table import Cell, Table, excess, make_table, measure, number, share, text
from pcaphash.report.words.affinity import QUESTIONS
from pcaphash.report.words.measures import IN_PERCENT, MEASURES, write_measure
from pcaphash.report.words.values import count, moment, probability
from pcaphash.studies.compare.affinity import Question
from pcaphash.studies.compare.explaining import hidden_share
from pcaphash.studies.compare.rows import flow_rows

if TYPE_CHECKING:
    from pcaphash.engine.timeline import BusiestShare, Timeline
    from pcaphash.studies.compare import Comparison, Outcome
    from pcaphash.studies.compare.outcome import Row

MOST_QUEUES = 100
"""Receive queues of the table of queues: where there are more, those that are the busiest anywhere."""

_ABOVE_ALL = 1e9  # where a queue is empty, the busiest is above the idlest without bounds
_OF_HOTTEST = 10  # flows shown of the busiest receive queue of each configuration


def queue_table(comparison: "Comparison") -> Table:
    """Tabulate packets and their share on each receive queue, two columns for each configuration."""
    outcomes = list(shown_outcomes(comparison))
    loads = [outcome.distribution.queues[:, 0] for outcome in outcomes]
    n_queues = max(map(len, loads), default=0)
    most = np.zeros(n_queues)
    for load in loads:
        most[: len(load)] = np.maximum(most[: len(load)], load / load.sum())
    chosen = np.sort(np.argsort(-most, kind="stable")[:MOST_QUEUES]).tolist()
    names = [outcome.device.name for outcome in outcomes]
    headings = ["receive queue", *(f"{name}, {unit}" for name in names for unit in ("packets", "share"))]
    rows = []
    for queue in chosen:
        row = [number(queue)]
        for load in loads:
            packets = int(load[queue]) if queue < len(load) else None
            row += [number(packets), share(None if packets is None else packets / load.sum())]
        rows.append(row)
    table = make_table("queues", "Packets on each receive queue", headings, rows)
    notes = []
    if n_queues > MOST_QUEUES:
        notes.append(f"The {MOST_QUEUES} busiest of {count(n_queues)} receive queues.")
    if choice := choice_text(comparison).replace(" drawn", ""):
        notes.append(f"{choice}.")
    return Table(table.name, table.caption, table.headings, table.rows, " ".join(notes))


def baseline_table(comparison: "Comparison") -> Table:
    """Tabulate each measure beside what ideal hashes give."""
    headings = [
        *("configuration", "measure", "of", "value", "ideal hashes, from", "to", "ideal hashes below this"),
        *("other flows, from", "to"),
    ]
    rows = []
    for row in comparison.baseline_rows:
        ideal, other = ((f"{of}_low", f"{of}_high") for of in ("ideal", "sampling"))
        if row["measure"] == "min_ideal":  # has a minus in front, so that the ends change places
            ideal, other = ideal[::-1], other[::-1]
        values = [_measure(row, name) for name in ("value", *ideal)]
        others = [_measure(row, name) for name in other]
        labels = [text(row["config"]), text(MEASURES[str(row["measure"])]), text(row["unit"])]
        rows.append([*labels, *values, _percentile(_float(row["percentile"])), *others])
    return make_table(
        "baseline",
        "Measures of spread, with the ranges of 95 of 100 ideal hashes and of resampled flows",
        headings,
        rows,
    )


def _measure(row: "Row", name: str) -> Cell:
    """Write a measure as the terminal does: the idlest queue, which is below ideal, with a minus."""
    value, kind = _float(row[name]), row["measure"]
    if kind == "min_max" and not math.isnan(value):
        return Cell(write_measure(str(kind), value), _ABOVE_ALL if math.isinf(value) else value)
    if kind in IN_PERCENT:
        return excess(-value if kind == "min_ideal" else value)
    return measure(value, ".3f")


def _percentile(value: float) -> Cell:
    return Cell("-") if math.isnan(value) else Cell(f"{value:.2f}%", value)


def _float(value: str | int | float | None) -> float:
    return float("nan") if value is None else float(value)


def independence_table(comparison: "Comparison") -> Table:
    """Tabulate whether distinct hash inputs spread over the receive queues as the indirection table lets them."""
    rows = [
        [
            text(outcome.device.name),
            number(len(outcome.inputs.loads)),
            measure(check.statistic, ".1f"),
            number(check.degrees),
            Cell(probability(check.probability), check.probability),
        ]
        for outcome in comparison.outcomes
        if (check := outcome.independence) is not None and outcome.inputs is not None
    ]
    headings = ["configuration", "distinct hash inputs", "chi-square", "degrees of freedom", "probability"]
    caption = "Whether distinct hash inputs spread over the receive queues as the indirection table lets them"
    return make_table("independence", caption, headings, rows)


def group_table(comparison: "Comparison", kind: str, caption: str) -> Table:
    """Tabulate how parts of the traffic spread.

    Parameters
    ----------
    comparison : Comparison
        The results.
    kind : str
        ``encapsulation`` or ``tunnel``.
    caption : str
        What the table is.
    """
    headings = [kind, "configuration", "packets", "bytes", "queues used", "busiest queue"]
    headings += [f"{MEASURES['max_ideal']}, {unit}" for unit in ("packets", "bytes")]
    rows = [
        [
            *(text(row["name"]), text(row["config"])),
            *(number(_int(row[name])) for name in ("packets", "bytes", "queues_used", "busiest_queue")),
            *(excess(_float(row[f"max_ideal_{unit}"])) for unit in ("packets", "bytes")),
        ]
        for row in comparison.group_rows
        if row["group"] == kind
    ]
    return make_table(kind, caption, headings, rows)


def _int(value: str | int | float | None) -> int | None:
    return None if value is None else int(value)


def hottest_table(comparison: "Comparison") -> Table:
    """Tabulate the heaviest flows of the busiest receive queue of each configuration; none where flows are cut."""
    headings = [
        *("flow", "encapsulation", "network number", "configuration", "busiest queue", "packets", "bytes"),
        "share of the queue",
    ]
    is_hidden = hidden_share(comparison.outcomes[0].flow_set) > 0
    rows = [] if is_hidden else [row for outcome in comparison.outcomes for row in _hottest_rows(outcome)]
    return make_table("hottest", "Heaviest flows of the busiest receive queue", headings, rows)


def _hottest_rows(outcome: "Outcome") -> list[list[Cell]]:
    packets = outcome.distribution.queues[:, 0]
    if not packets.any():
        return []
    return [
        [
            text(row["inner"] if row["inner"] and row["inner"] != "not IP" else row["outer"]),
            *(text(row["encapsulation"]), number(_int(row["network_number"])), text(row["config"])),
            *(number(_int(row[name])) for name in ("queue", "packets", "bytes")),
            share(float(row["queue_share"] or 0)),
        ]
        for row in flow_rows(outcome, _OF_HOTTEST, int(packets.argmax()))
    ]


def affinity_table(comparison: "Comparison") -> Table:
    """Tabulate how often what belongs together is on different receive queues."""
    rows = [
        [
            *(text(QUESTIONS[Question(str(row["question"]))]), text(row["config"])),
            *(number(_int(row[name])) for name in ("cases", "apart", "packets")),
        ]
        for row in comparison.affinity_rows
        if row["cases"]
    ]
    headings = ["what", "configuration", "cases", "on different queues", "packets of these"]
    return make_table("affinity", "What belongs together, but is on different receive queues", headings, rows)


def window_table(comparison: "Comparison") -> Table:
    """Tabulate how busy the busiest receive queue is in single windows."""
    headings = [
        *("configuration", "windows with packets", "window length (ms)", "busiest queue's share, median"),
        *("95 of 100 windows", "worst window", "start of the worst window"),
    ]
    rows = [
        _window_row(outcome.device.name, outcome.timeline, busiest)
        for outcome in comparison.outcomes
        if outcome.timeline is not None and (busiest := outcome.timeline.busiest)
    ]
    table = make_table("windows", "Load of the busiest receive queue in single windows", headings, rows)
    without = comparison.without_time
    note = f"{count(without)} packets without a timestamp are in no window." if without else ""
    return Table(table.name, table.caption, table.headings, table.rows, note)


def _window_row(name: str, timeline: "Timeline", busiest: "BusiestShare") -> list[Cell]:
    return [
        text(name),
        number(len(timeline.windows)),
        measure(timeline.window_ns / 1e6, "g"),
        *map(share, (busiest.median, busiest.in_95_of_100, busiest.worst)),
        Cell(moment(busiest.worst_start_ns), busiest.worst_start_ns),
    ]
