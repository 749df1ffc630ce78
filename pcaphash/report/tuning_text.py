"""Show what came of tuning on the terminal: the verdict first, then what it rests on, then what could be set."""

from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.text import Text

from pcaphash.report.console import show_facts, show_headline
from pcaphash.report.layout import Columns, open_console, show_text
from pcaphash.report.words import count, percent
from pcaphash.studies.tune.result import CURRENT
from pcaphash.studies.tune.verdict import NOTHING, write, write_brief

if TYPE_CHECKING:
    from pcaphash.studies.tune import Tuning

_MOST_SHOWN = 5  # keys
_MOST_ENTRIES = 512  # of a table
_DIGITS = 12  # behind the point, that tell measures apart: the last ones depend on the order of the queues

_SPLIT = (
    "hash inputs are split at random: keys and judged tables are made from one half alone; gains on these very "
    "flows last only as long as the flows do"
)


def show_tuning(tuning: "Tuning", stream: TextIO) -> None:
    """Print the verdict, the best keys, table sizes, tables, and the lines and the payload that would set them.

    Parameters
    ----------
    tuning : Tuning
        The results.
    stream : text stream
        A terminal, whose width is kept to, or anything else.
    """
    console = open_console(stream)
    show_headline(tuning.verdict.headline, console)
    for line in tuning.verdict.lines:
        show_text(Text(line), console, 2)
    if tuning.verdict.lines:
        console.print()
    if tuning.verdict.cause == NOTHING:
        show_facts(tuning.analysis, console)
        return
    if tuning.n_inputs is not None:
        _show_keys(tuning, console)
        _show_sizes(tuning, console)
    _show_tables(tuning, console)
    for line in setting_lines(tuning):
        show_text(Text(line), console)
    console.print()
    show_facts(tuning.analysis, console)
    limits = [] if tuning.n_inputs is None else [f"{count(tuning.n_inputs)} distinct {_SPLIT}"]
    if tuning.kept_share not in (None, 1):
        limits.append(f"flows: about {percent(tuning.kept_share)} of all are kept; raise --max-flows to keep more")
    if limits:
        show_text(Text("\n".join(limits), style="dim"), console)


def verdict_lines(tuning: "Tuning") -> list[str]:
    """Return the verdict, and what could be set, line by line."""
    proposed = [] if tuning.verdict.cause == NOTHING else [*table_lines(tuning), *setting_lines(tuning)]
    return [tuning.verdict.headline, *tuning.verdict.lines, *proposed]


def table_lines(tuning: "Tuning") -> list[str]:
    """Say what the tables that were made for the trace give, on these flows and on those they were not made from."""
    measure, key = tuning.measure, tuning.recommended
    trials = (("rebalanced table", tuning.rebalanced), ("table by weights", tuning.weighted))
    if tuning.n_inputs is None:
        now = f"now {write(measure, tuning.value('all', key))}"
        return [f"{name}: {write(measure, trial.whole)} ({now})" for name, trial in trials]
    now = f"now {write(measure, tuning.value('all', key))}, {write(measure, tuning.value('judging', key))}"
    return [
        f"{name}: {write(measure, trial.whole)} on these flows, made from one half and judged by the other "
        f"{write(measure, trial.judged)} ({now})"
        for name, trial in trials
    ]


def setting_lines(tuning: "Tuning") -> list[str]:
    """Return the commands that set key and table, and say how far they do."""
    line = tuning.ethtool_line
    if tuning.is_table_in_ethtool:
        note = []
    elif "weight" in line or "equal" in line:
        note = ["ethtool -X cannot set the rebalanced table entry by entry; the weights above come closest"]
    else:
        note = [
            "ethtool -X cannot set the rebalanced table entry by entry, and no weights improve the spread both on "
            "these flows and on others"
        ]
    is_short = len(tuning.rebalanced.table) <= _MOST_ENTRIES
    payload = tuning.rss_config.hex() if is_short else "see rss_config.hex (--output)"
    payload = f"RSS_CONFIG with the {_key_name(tuning)} key and the rebalanced table: {payload}"
    return [*([f"Linux: {line}"] if line else []), *note, payload]


def _key_name(tuning: "Tuning") -> str:
    return "current" if tuning.recommended == CURRENT else "best"


def _show_keys(tuning: "Tuning", console: Console) -> None:
    order = tuning.order.tolist()
    shown = [CURRENT, *[number for number in order if number != CURRENT][:_MOST_SHOWN]]
    ranks = {number: rank for rank, number in enumerate(order, 1)}
    title = f"{count(len(order) - 1)} random keys and the current one by {tuning.measure}"
    columns = Columns(title, ["current" if number == CURRENT else tuning.keys[number].hex()[:16] + "…"
                              for number in shown], "key", "right")  # fmt: skip
    columns.add("rank", [count(ranks[number]) for number in shown])
    for heading, part in (("chosen by", "choosing"), ("on other flows", "judging"), ("on all", "all")):
        columns.add(heading, [write_brief(tuning.measure, tuning.value(part, number)) for number in shown])
    columns.print(console)


def _show_sizes(tuning: "Tuning", console: Console) -> None:
    if len({round(each.median, _DIGITS) for each in tuning.sizes}) == 1:
        sizes = f"{tuning.sizes[0].size} to {tuning.sizes[-1].size} entries"
        console.print(f"tables of {sizes} all spread alike here\n")
        return
    columns = Columns("table sizes on other flows, under random keys", [count(each.size) for each in tuning.sizes],
                      "entries", "right")  # fmt: skip
    columns.add("median", [write_brief(tuning.measure, each.median) for each in tuning.sizes])
    columns.add(
        "95 of 100",
        [
            f"{write_brief(tuning.measure, each.low)} to {write_brief(tuning.measure, each.high)}"
            for each in tuning.sizes
        ],
    )
    columns.print(console)


def _show_tables(tuning: "Tuning", console: Console) -> None:
    own, new = tuning.device.indirection_table, tuning.rebalanced.table
    moved = sum(before != after for before, after in zip(own, new, strict=True))
    for line in table_lines(tuning):
        show_text(Text(line), console)
    entries = ",".join(map(str, new)) if len(new) <= _MOST_ENTRIES else "see table.csv (--output)"
    show_text(Text(f"rebalanced table, {moved} of {len(own)} entries moved: {entries}"), console)
