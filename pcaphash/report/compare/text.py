"""Show a comparison on the terminal: the verdict first, then what it rests on."""

from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.text import Text

from pcaphash.errors import Field
from pcaphash.report.analyze.text import show_facts, show_queues, show_reasons
from pcaphash.report.compare.words import put_into_words
from pcaphash.report.layout import BAD, GOOD, Columns, open_console, show_headline, show_text
from pcaphash.report.words.affinity import QUESTIONS
from pcaphash.report.words.suspicion import STRIP_MIRROR, looks_like, missed_options
from pcaphash.report.words.values import above_ideal, count, counted, index, moment, packets, percent, probability
from pcaphash.studies.compare.explaining import hidden_share
from pcaphash.studies.compare.rows import flow_rows, ideal_rows
from pcaphash.studies.compare.verdict import ComparisonConclusion

if TYPE_CHECKING:
    from pcaphash.engine.timeline import BusiestShare, Timeline
    from pcaphash.studies.compare import Comparison, Outcome
    from pcaphash.studies.compare.outcome import Row

_MEASURES = {
    "max_ideal": "busiest queue",
    "min_ideal": "idlest queue",
    "jain": "Jain's index",
    "cov": "coefficient of variation",
    "entropy": "entropy",
}
_STYLES = {ComparisonConclusion.EVEN: GOOD, ComparisonConclusion.GAIN: BAD, ComparisonConclusion.UNEVEN: BAD}
_WINDOWS_TO_RANK = 20  # of fewer, not one is outside of 95 in 100
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
    _show_verdict(comparison, console)
    outcomes = [outcome for outcome in comparison.outcomes if outcome.device.has_queue and outcome.distribution.hashed]
    if outcomes:
        show_queues(comparison.analysis, console)
    if outcomes and comparison.verdict.best is not None:  # of few packets all else is chance
        _show_baseline(comparison, console)
        for title, kind in (("encapsulations", "encapsulation"), ("heaviest tunnels", "tunnel")):
            _show_groups(f"{title}: busiest queue above the ideal share of packets", kind, comparison, console)
        if not hidden_share(outcomes[0].flow_set):
            for outcome in outcomes:
                _show_hottest(outcome, console)
        _show_affinity(outcomes, console)
        for outcome in outcomes:
            if outcome.timeline is not None and (busiest := outcome.timeline.busiest):
                _show_timeline(outcome.device.name, outcome.timeline, busiest, console)
        if any(outcome.timeline is not None for outcome in outcomes):
            console.print()
    show_facts(comparison.analysis, console)
    _show_limits(comparison, console)
    show_reasons(comparison.analysis, console)


def _show_verdict(comparison: "Comparison", console: Console) -> None:
    verdict = put_into_words(comparison.verdict, comparison.reading)
    style = "" if comparison.verdict.is_mostly_even else _STYLES.get(comparison.verdict.conclusion, "")
    show_headline(verdict.headline, console, style)
    for finding in verdict.told:
        show_text(Text.assemble((finding.config, "bold"), f": {finding.text}"), console, 2)
    for advice in verdict.advice:
        show_text(Text.assemble((f"{advice.label}: ", "bold"), advice.text), console, 2)
        for line in advice.command_lines:
            show_text(Text(line), console, 2, further=10)
    if verdict.told or verdict.advice:
        console.print()


def _show_baseline(comparison: "Comparison", console: Console) -> None:
    """Tabulate each measure above what ideal hashes give, three lines for each configuration."""
    names = [outcome.device.name for outcome in comparison.outcomes if outcome.baseline is not None]
    every = [row for outcome in comparison.outcomes for row in ideal_rows(outcome)]
    for unit in ("packets", "bytes") if names else ():
        rows = {(row["config"], row["measure"]): row for row in every if row["unit"] == unit}
        labels = [label for name in names for label in (name, "  95% of ideal hashes, from", "    to")]
        title = f"spread of {unit}: busiest and idlest queue against the ideal share"
        columns = Columns(title, labels)
        for measure, heading in _MEASURES.items():
            columns.add(heading, [cell for name in names for cell in _beside_ideal(rows[name, measure])])
        columns.print(console)


def _beside_ideal(row: "Row") -> tuple[str, str, str]:
    """Write a measure, and where it lies for ideal hashes."""
    value, low, high = (float(row[name]) for name in ("value", "ideal_low", "ideal_high"))  # type: ignore[arg-type]
    if row["measure"] == "max_ideal":
        return above_ideal(value), above_ideal(low), above_ideal(high)
    if row["measure"] == "min_ideal":
        return above_ideal(-value), above_ideal(-high), above_ideal(-low)
    return index(value), index(low), index(high)


def _show_groups(title: str, kind: str, comparison: "Comparison", console: Console) -> None:
    """Tabulate the spread of parts of the traffic, a row for each."""
    by_config: dict[str, dict[str, Row]] = {}
    for row in comparison.group_rows:
        if row["group"] == kind and row["packets"]:
            by_config.setdefault(str(row["config"]), {})[str(row["name"])] = row
    if not by_config:
        return
    first = next(iter(by_config.values()))

    def tabulate(on_queue: str) -> Columns:
        columns = Columns(title, list(first), may_turn=True)
        columns.add("packets", [count(int(row["packets"] or 0)) for row in first.values()])
        for config, rows in by_config.items():
            columns.add(config, [_excess(rows.get(name), on_queue) for name in first])
        return columns

    forms = [tabulate(on_queue) for on_queue in (" on queue ", " q", "")]
    shortest = min(forms, key=lambda form: form.laid_out(console.width).length(console.width))
    next((form for form in forms if form.fits(console.width, own_lines=True)), shortest).print(console)


def _excess(row: "Row | None", on_queue: str) -> str:
    if row is None:
        return "-"
    excess = above_ideal(float(row["max_ideal_packets"] or 0))
    return f"{excess}{on_queue}{row['busiest_queue']}" if on_queue else excess


def _show_hottest(outcome: "Outcome", console: Console) -> None:
    """Say which flows make the busiest receive queue what it is."""
    packets = outcome.distribution.queues[:, 0]
    hottest = int(packets.argmax())
    own = flow_rows(outcome, _OF_HOTTEST, hottest)
    if not own:
        return
    share = packets[hottest] / packets.sum()
    heading = f"{outcome.device.name}: heaviest flows of queue {hottest}, which has {percent(share)} of packets"
    show_text(Text(heading, style="bold"), console)
    for row in own:
        flow = row["inner"] if row["inner"] and row["inner"] != "not IP" else row["outer"]
        console.print(f"  {percent(float(row['queue_share'] or 0))} of the queue: {flow} ({row['encapsulation']})")
    console.print()


def _show_affinity(outcomes: "list[Outcome]", console: Console) -> None:
    """Tabulate how often what belongs together is apart, where that can be."""
    asked = {each.question: each.cases for outcome in outcomes for each in outcome.affinity if each.cases}
    if not asked:
        return
    title, labels = "what belongs together, but is on different queues", [QUESTIONS[question] for question in asked]
    columns = Columns(title, labels, may_turn=True)
    columns.add("of", [count(cases) for cases in asked.values()])
    for outcome in outcomes:
        apart = {each.question: each.apart for each in outcome.affinity}
        columns.add(outcome.device.name, [count(apart[question]) if question in apart else "-" for question in asked])
    columns.print(console)


def _show_timeline(name: str, timeline: "Timeline", busiest: "BusiestShare", console: Console) -> None:
    """Say how busy the busiest receive queue is in single windows."""
    n_windows = len(timeline.windows)
    mostly = f" {percent(busiest.in_95_of_100)} (95 of 100 windows)," if n_windows >= _WINDOWS_TO_RANK else ""
    text = (
        f"{name}: in {counted(n_windows, 'window', 'windows')} of {timeline.window_ns / 1e6:g} ms, the busiest queue "
        f"has {percent(busiest.median)} of packets (median),{mostly} "
        f"{percent(busiest.worst)} (worst, from {moment(busiest.worst_start_ns)})"
    )
    show_text(Text(text), console)


def _show_limits(comparison: "Comparison", console: Console) -> None:
    """Say what the numbers above rest on, and what they do not tell."""
    lines = []
    for outcome in comparison.outcomes:
        check = outcome.independence
        if check is not None:
            assert outcome.inputs is not None
            freedom = counted(check.degrees, "degree", "degrees")
            lines.append(
                f"{outcome.device.name}: {count(len(outcome.inputs.loads))} distinct hash inputs; chi-square over them "
                f"{check.statistic:.1f} with {freedom} of freedom, p {probability(check.probability)}"
            )
    lines += other_tunnels(comparison)
    lines += flow_limits(comparison)
    if comparison.without_time:
        lines.append(f"windows: {packets(comparison.without_time)} without a timestamp are in none")
    if lines:
        show_text(Text("\n".join(lines), style="dim"), console)


def other_tunnels(comparison: "Comparison") -> list[str]:
    """Name the tunnels that no configuration looks into and that the verdict does not speak of, a line each."""
    verdict = comparison.verdict
    told: list[object] = [finding.facts for finding in verdict.findings]
    told += [getattr(each, "tunnel", None) for each in verdict.advice]
    lines = []
    for tunnel in comparison.missed:
        if not any(tunnel is each for each in told):
            options = str(STRIP_MIRROR) if tunnel.is_mirrored else missed_options(tunnel)
            lines.append(
                f"{looks_like(tunnel)}, which no configuration here looks into{f': try {options}' if options else ''}"
            )
    return lines


def flow_limits(comparison: "Comparison") -> list[str]:
    """Say what is missing where not every flow was kept, or none, or where flows are cut, a line each."""
    flow_set = comparison.outcomes[0].flow_set
    if flow_set is None:
        return ["a saved census has no flows, so this report does not cover ideal hashes, tunnels and time"]
    lines = []
    if share := hidden_share(flow_set):
        lines.append(
            f"flows are not shown: {percent(share)} of packets are in tunnels and cut before their inner ports"
        )
    if flow_set.is_complete:
        return lines
    return [
        *lines,
        f"flows: {count(len(flow_set.flows.keys))} kept, about {percent(flow_set.kept_share)} of all, chosen by a "
        f"hash of the flow; {count(int(flow_set.lumped[0]))} packets of other flows are missing from the results on "
        f"ideal hashes, tunnels and flows: raise {Field('most_flows')}",
    ]
