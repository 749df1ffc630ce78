"""Show the result of tuning on the terminal: the verdict first, then what it rests on, then what could be set."""

from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.text import Text

from pcaphash.errors import Field
from pcaphash.report.analyze.text import show_facts
from pcaphash.report.layout import Columns, open_console, show_headline, show_text
from pcaphash.report.tune.words import DIGITS, MOST_ENTRIES, put_into_words, same_sizes_text
from pcaphash.report.words.measures import write_measure
from pcaphash.report.words.values import count, counted
from pcaphash.studies.tune.trial import CURRENT, EQUAL, GIVEN
from pcaphash.studies.tune.verdict import TuningConclusion

if TYPE_CHECKING:
    from pcaphash.studies.tune import Tuning

_MOST_SHOWN = 5  # keys
_TABLES = {GIVEN: "given", EQUAL: "even"}
_SAME = 12  # decimal places that tell measures apart: the last ones depend on the order of the queues


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
    words = put_into_words(tuning)
    show_headline(words.headline, console)
    for line in (why := [*words.reasons, *words.cautions]):
        show_text(Text(line), console, 2)
    if why:
        console.print()
    if tuning.verdict.cause == TuningConclusion.NOTHING:
        show_facts(tuning.analysis, console)
        return
    if tuning.n_inputs is not None:
        _show_keys(tuning, console)
        _show_sizes(tuning, console)
    entries = [_entries(tuning)] if tuning.moved or tuning.n_inputs is None else []
    for line in [*words.tables, *entries, *words.settings]:
        show_text(Text(line), console)
    console.print()
    show_facts(tuning.analysis, console)
    if words.limits:
        show_text(Text("\n".join(words.limits), style="dim"), console)


def _show_keys(tuning: "Tuning", console: Console) -> None:
    order = tuning.order.tolist()
    shown = [CURRENT, *[number for number in order if number != CURRENT][:_MOST_SHOWN]]
    places = {number: place for place, number in enumerate(order, 1)}
    n_searched = len(order) - tuning.n_random - 1
    searched = ", one that was searched for" if n_searched else ""
    title = f"{counted(tuning.n_random, 'random key', 'random keys')}{searched} and the current one by {tuning.measure}"
    columns = Columns(title, [_name(tuning, number)
                              for number in shown], "key", "right")  # fmt: skip
    columns.add(f"place of {count(len(order))}", [count(places[number]) for number in shown])
    for heading, part in (("choosing flows", "choosing"), ("other flows", "judging"), ("all flows", "all")):
        columns.add(heading, [_brief(tuning, tuning.value(part, number)) for number in shown])
    columns.print(console)


def _name(tuning: "Tuning", number: int) -> str:
    origin = tuning.origin(number)
    beginning = f"{tuning.keys[number].hex()[:16]}…"
    return {"current": origin, "searched": f"searched {beginning}"}.get(origin, beginning)


def _show_sizes(tuning: "Tuning", console: Console) -> None:
    if len({round(each.median, _SAME) for each in tuning.sizes}) == 1:
        console.print(f"{same_sizes_text(tuning)}\n")
        return
    several = {each.size for each in tuning.sizes if each.table == GIVEN}
    sizes = [
        f"{count(each.size)}{f' ({_TABLES[each.table]})' if each.size in several else ''}" for each in tuning.sizes
    ]
    columns = Columns("table sizes on other flows, under random keys", sizes, "entries", "right")
    columns.add("median", [_brief(tuning, each.median) for each in tuning.sizes])
    columns.add(
        "95 of 100",
        [f"{_brief(tuning, each.low)} to {_brief(tuning, each.high)}" for each in tuning.sizes],
    )
    columns.print(console)


def _entries(tuning: "Tuning") -> str:
    new = tuning.rebalanced.table
    entries = ",".join(map(str, new)) if len(new) <= MOST_ENTRIES else f"see table.csv ({Field('output')})"
    return f"rebalanced table, {count(tuning.moved)} of {count(len(new))} entries moved: {entries}"


def _brief(tuning: "Tuning", value: float) -> str:
    return write_measure(tuning.measure, value, DIGITS)
