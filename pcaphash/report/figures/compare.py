"""Draw a comparison: load of the receive queues, how concentrated it is, load over time, and sizes of flows."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pcaphash.report.figures.canvas import WIDE, Picture, shorten, styled, write_pictures
from pcaphash.report.figures.curves import draw_concentration, draw_sizes
from pcaphash.report.figures.palette import INK, colours
from pcaphash.report.figures.queues import Load, draw_loads, ideal_band
from pcaphash.report.figures.timeline import draw_timelines
from pcaphash.report.figures.titles import Excess, spread_title
from pcaphash.report.words.values import count, packets, percent, trace_names
from pcaphash.studies.compare.explaining import hidden_share
from pcaphash.studies.shared.chance.enough import cut_packets

if TYPE_CHECKING:
    from pcaphash.studies.compare import Comparison, Outcome

MOST_CONFIGURATIONS = 8
"""Configurations that are drawn; more could not be told apart."""


@styled
def draw_comparison(comparison: "Comparison", width: float = WIDE) -> list[Picture]:
    """Draw what a comparison found, as far as it has anything that can be drawn, without titles above the figures.

    Parameters
    ----------
    comparison : Comparison
        The results.
    width : float
        Inches across: ``canvas.WIDE`` or ``canvas.NARROW``.
    """
    shown = shown_outcomes(comparison)
    if not shown:
        return []
    outcomes = list(shown)
    is_hashed = any(outcome.distribution.hashed for outcome in outcomes)
    loads = [load_of(outcome, colour, is_hashed) for outcome, colour in shown.items()]
    # The verdict has its own reasons to judge a configuration, or not to.
    judged = [Excess(finding.config, finding.excess) for finding in comparison.verdict.findings]
    title = spread_title(judged, loads[0].nothing)
    pictures = [
        Picture("queues", title, _describe_queues(outcomes), draw_loads(loads, width)),
        draw_concentration(shown, width),
    ]
    is_any_flow = any(outcome.inputs is not None and len(outcome.inputs.loads) for outcome in outcomes)
    if is_any_flow and not hidden_share(outcomes[0].flow_set):
        pictures.append(draw_sizes(shown, width))
    timelines = {
        outcome.device.name: (outcome.timeline, colour)
        for outcome, colour in shown.items()
        if outcome.timeline is not None and len(outcome.timeline.windows)
    }
    if timelines:
        pictures.append(draw_timelines(timelines, width))
    return pictures


def write_figures(comparison: "Comparison", folder: Path) -> list[Path]:
    """Write each figure in each format, under a title that says what follows; return the files written."""
    names = trace_names(comparison.reading.traces)
    subject = f"{names}: {packets(comparison.analysis.distributions[0].packets)}"
    if choice := choice_text(comparison):
        subject += f"; {choice}"
    return write_pictures(draw_comparison(comparison), subject, folder)


def shown_outcomes(comparison: "Comparison") -> "dict[Outcome, str]":
    """Return the outcomes that are drawn with their colours: those that spread any packets, as far as there is room.

    The one given, the best, the worst and those of the headline come first where not all are drawn; their order stays.
    """
    own = colours_by_config(comparison)
    return {outcome: own[outcome.device.name] for outcome in _drawn(comparison)}


def colours_by_config(comparison: "Comparison") -> dict[str, str]:
    """Return a colour for each configuration; those that are drawn have different ones."""
    drawn = [outcome.device.name for outcome in _drawn(comparison)]
    names = [outcome.device.name for outcome in comparison.outcomes]
    if len(names) > MOST_CONFIGURATIONS:
        names = [*drawn, *(name for name in names if name not in drawn)]
    return dict(zip(names, colours(names), strict=True))


def choice_text(comparison: "Comparison") -> str:
    """Say how many configurations are drawn, where not all are."""
    n_configurations = len(comparison.outcomes)
    if n_configurations <= MOST_CONFIGURATIONS:
        return ""
    return f"{MOST_CONFIGURATIONS} of {count(n_configurations)} configurations drawn, the best and the worst among them"


def _drawn(comparison: "Comparison") -> "list[Outcome]":
    verdict = comparison.verdict
    first = {finding.config for finding in (verdict.given, verdict.best, verdict.worst) if finding is not None}
    if verdict.gain is not None:
        first |= {verdict.gain.config, verdict.gain.instead_of}
    spread = [outcome for outcome in comparison.outcomes if outcome.distribution.queues[:, 0].any()]
    chosen = sorted(spread, key=lambda outcome: outcome.device.name not in first)[:MOST_CONFIGURATIONS]
    return [outcome for outcome in spread if outcome in chosen]


def load_of(outcome: "Outcome", colour: str = INK, is_hashed: bool = True) -> Load:
    """Return what the receive queues get; the band is for all packets, so that every flow must be known."""
    is_complete = outcome.flow_set is not None and outcome.flow_set.is_complete
    queues = outcome.distribution.queues
    ideal = ideal_band(outcome.baseline, len(queues)) if is_complete else None
    return Load(outcome.device.name, colour, queues, ideal, is_hashed, bool(cut_packets(outcome.distribution)))


def _describe_queues(outcomes: "Sequence[Outcome]") -> str:
    parts = []
    for outcome in outcomes:
        load = load_of(outcome)
        shares = load.shares[:, 0]
        text = (
            f"{shorten(load.name)}: busiest queue {int(shares.argmax())} with {percent(float(shares.max()))}, "
            f"idlest queue {int(shares.argmin())} with {percent(float(shares.min()))}, ideal "
            f"{percent(1 / len(shares))} on each of {count(len(shares))}"
        )
        if load.ideal is not None:
            text += f", {percent(load.ideal.low)} to {percent(load.ideal.high)} under 95 of 100 ideal hashes"
        parts.append(text)
    return f"Share of packets on each receive queue. {'; '.join(parts)}."
