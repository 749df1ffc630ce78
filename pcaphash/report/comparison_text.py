"""Show a comparison on the terminal: the verdict first, then what it rests on."""

from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.text import Text

from pcaphash.report.comparison_words import put_into_words
from pcaphash.report.console import show_facts, show_queues, show_reasons
from pcaphash.report.layout import Columns, open_console
from pcaphash.report.words import count, moment, packets, percent, probability
from pcaphash.studies.compare.affinity import QUESTIONS
from pcaphash.studies.compare.rows import flow_rows

if TYPE_CHECKING:
    from pcaphash.engine.timeline import Timeline
    from pcaphash.studies.compare import Comparison, Outcome
    from pcaphash.studies.compare.outcome import Row

_MEASURES = {
    "max_ideal": "busiest queue above ideal",
    "min_ideal": "idlest queue below ideal",
    "jain": "Jain's index",
    "cov": "coefficient of variation",
    "entropy": "entropy",
}
_OF_HOTTEST = 3  # flows shown of the busiest receive queue


def show_comparison(comparison: "Comparison", stream: TextIO) -> None:
    """Print the verdict, the load of each receive queue, and what ideal hashes would give.

    Parameters
    ----------
    comparison : Comparison
        The results.
    stream : text stream
        A terminal, whose width is kept to, or anything else.
    """
    console = open_console(stream)
    show_facts(comparison.analysis, console)
    _show_verdict(comparison, console)
    outcomes = [outcome for outcome in comparison.outcomes if outcome.device.has_queue and outcome.distribution.hashed]
    if outcomes:
        show_queues(comparison.analysis, console)
        _show_baseline(comparison, console)
        for title, kind in (("encapsulations", "encapsulation"), ("heaviest tunnels", "tunnel")):
            _show_groups(f"{title}: busiest queue above ideal, packets", kind, comparison, console)
        for outcome in outcomes:
            _show_hottest(outcome, console)
        _show_affinity(outcomes, console)
        for outcome in outcomes:
            if outcome.timeline is not None and len(outcome.timeline.windows):
                _show_timeline(outcome.device.name, outcome.timeline, console)
    _show_limits(comparison, console)
    show_reasons(comparison.analysis, console)


def _show_verdict(comparison: "Comparison", console: Console) -> None:
    verdict = put_into_words(comparison.verdict)
    console.print(Text(verdict.headline, style="bold"))
    for finding in verdict.told:
        console.print(Text.assemble("  ", (finding.config, "bold"), f": {finding.text}"))
    for advice in verdict.advice:
        console.print(Text.assemble(("  To do: ", "bold green"), advice.text))
        for line in advice.command_lines:
            console.print(Text(f"  {line}"))
    console.print()


def _show_baseline(comparison: "Comparison", console: Console) -> None:
    """Tabulate each measure beside what ideal hashes give, a column for each configuration."""
    for unit in ("packets", "bytes"):
        cells = {
            outcome.device.name: [
                _beside_ideal(row)
                for measure in _MEASURES
                for row in comparison.baseline_rows
                if (row["config"], row["measure"], row["unit"]) == (outcome.device.name, measure, unit)
            ]
            for outcome in comparison.outcomes
            if outcome.baseline is not None
        }
        if cells:
            title = f"spread of {unit} over the queues (and 95 of 100 ideal hashes)"
            columns = Columns(title, list(_MEASURES.values()))
            for name, column in cells.items():
                columns.add(name, column)
            columns.print(console)


def _beside_ideal(row: "Row") -> str:
    value, low, high = (float(row[name]) for name in ("value", "ideal_low", "ideal_high"))  # type: ignore[arg-type]
    if str(row["measure"]).endswith("_ideal"):
        sign = -1 if row["measure"] == "min_ideal" else 1
        low, high = sorted((sign * low, sign * high))
        return f"{sign * value:+.1%} ({low:+.0%} to {high:+.0%})"
    return f"{value:.3f} ({low:.3f} to {high:.3f})"


def _show_groups(title: str, kind: str, comparison: "Comparison", console: Console) -> None:
    """Tabulate the spread of parts of the traffic, a row for each."""
    by_config: dict[str, dict[str, Row]] = {}
    for row in comparison.group_rows:
        if row["group"] == kind and row["packets"]:
            by_config.setdefault(str(row["config"]), {})[str(row["name"])] = row
    if not by_config:
        return
    first = next(iter(by_config.values()))
    columns = Columns(title, list(first))
    columns.add("packets", [count(int(row["packets"] or 0)) for row in first.values()])
    for config, rows in by_config.items():
        columns.add(config, [_excess(rows.get(name)) for name in first])
    columns.print(console)


def _excess(row: "Row | None") -> str:
    if row is None:
        return "-"
    return f"{float(row['max_ideal_packets'] or 0):+.0%} on {row['busiest_queue']}"


def _show_hottest(outcome: "Outcome", console: Console) -> None:
    """Say which flows make the busiest receive queue what it is."""
    packets = outcome.distribution.queues[:, 0]
    hottest = int(packets.argmax())
    own = flow_rows(outcome, _OF_HOTTEST, hottest)
    if not own:
        return
    share = packets[hottest] / packets.sum()
    heading = f"{outcome.device.name}: queue {hottest} ({share:.1%} of packets), of the heaviest flows"
    console.print(Text(heading, style="bold"))
    for row in own:
        flow = row["inner"] if row["inner"] and row["inner"] != "not IP" else row["outer"]
        console.print(f"  {percent(float(row['queue_share'] or 0))} of the queue: {flow} ({row['encapsulation']})")
    console.print()


def _show_affinity(outcomes: "list[Outcome]", console: Console) -> None:
    """Tabulate how often what belongs together is apart, where that can be."""
    asked = {each.question: each.cases for outcome in outcomes for each in outcome.affinity if each.cases}
    if not asked:
        return
    columns = Columns("together or apart", [QUESTIONS[question] for question in asked])
    columns.add("of", [count(cases) for cases in asked.values()])
    for outcome in outcomes:
        apart = {each.question: each.apart for each in outcome.affinity}
        columns.add(outcome.device.name, [count(apart[question]) if question in apart else "-" for question in asked])
    columns.print(console)


def _show_timeline(name: str, timeline: "Timeline", console: Console) -> None:
    """Say how busy the busiest receive queue is in single windows."""
    import numpy as np

    packets = timeline.loads[:, :, 0]
    shares = packets.max(axis=1) / packets.sum(axis=1)
    worst = int(shares.argmax())
    start = moment(timeline.windows[worst] * timeline.window_ns)
    console.print(
        f"{name}: in {len(shares):,} windows of {timeline.window_ns / 1e6:g} ms, the busiest queue has "
        f"{np.median(shares):.0%} of packets (median), {np.quantile(shares, 0.95):.0%} (95 of 100 windows), "
        f"{shares[worst]:.0%} (worst, from {start})"
    )


def _show_limits(comparison: "Comparison", console: Console) -> None:
    """Say what the numbers above rest on, and what they do not tell."""
    lines = []
    for outcome in comparison.outcomes:
        check = outcome.independence
        if check is not None:
            assert outcome.inputs is not None
            lines.append(
                f"{outcome.device.name}: {count(len(outcome.inputs.loads))} distinct hash inputs; chi-square over them "
                f"{check.statistic:.1f} with {check.degrees} degrees of freedom, p {probability(check.probability)}"
            )
    lines += flow_limits(comparison)
    if comparison.without_time:
        lines.append(f"windows: {packets(comparison.without_time)} without a time are in none")
    if lines:
        console.print(Text("\n".join(lines), style="dim"))


def flow_limits(comparison: "Comparison") -> list[str]:
    """Say what is missing where not every flow was kept, or none, a line each."""
    flow_set = comparison.outcomes[0].flow_set
    if flow_set is None:
        return ["a saved census has no flows: without them nothing is said of ideal hashes, tunnels and time"]
    if flow_set.is_complete:
        return []
    return [
        f"flows: {count(len(flow_set.flows.keys))} kept, about {percent(flow_set.kept_share)} of all, chosen by a "
        f"hash of their own; {count(int(flow_set.lumped[0]))} packets of others are missing in what is said of "
        "ideal hashes, tunnels and flows: raise --max-flows"
    ]
