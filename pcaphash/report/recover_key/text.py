"""Show what was recovered of a hash key on the terminal."""

from typing import TYPE_CHECKING, TextIO

from rich.text import Text

from pcaphash.report.layout import Columns, open_console, show_text
from pcaphash.report.recover_key.words import COLUMNS, assumption_text, put_into_words
from pcaphash.report.words.values import count
from pcaphash.studies.recover_key.result import RecoveryConclusion

if TYPE_CHECKING:
    from pcaphash.studies.recover_key import Recovery
    from pcaphash.studies.recover_key.result import Fit

_STYLES = {
    RecoveryConclusion.COMPLETE: "bold green",
    RecoveryConclusion.COMPLETE_FOR_QUEUES: "bold green",
    RecoveryConclusion.PARTIAL: "bold",
}


def show_recovery(recovery: "Recovery", stream: TextIO, validate_command: str | None = None) -> None:
    """Print what is known of the key, and which assumption it rests on.

    Parameters
    ----------
    recovery : Recovery
        The results.
    stream : text stream
        A terminal, whose width is kept to, or anything else.
    validate_command : str, optional
        The command that validates the same reported values, without the key.
    """
    console = open_console(stream)
    words = put_into_words(recovery, validate_command)
    show_text(Text(words.headline, style=_STYLES.get(recovery.conclusion, "bold red")), console, further=0)
    for line in words.key:
        console.print(Text(line), soft_wrap=True)
    for line in words.findings:
        show_text(Text(line), console)
    for line in words.commands:
        console.print(Text(line), soft_wrap=True)
    for line in words.notes:
        show_text(Text(line, style="dim"), console)
    console.print()
    _assumptions(recovery.fits).print(console)
    for line in COLUMNS:
        show_text(Text(line, style="dim"), console)


def _assumptions(fits: "list[Fit]") -> Columns:
    columns = Columns("what may be hashed", [assumption_text(fit.assumption) for fit in fits])
    columns.add("packets", [count(fit.packets) for fit in fits])
    columns.add("independent", [count(fit.rank) for fit in fits])
    columns.add("conflicts", [count(fit.contradictions) for fit in fits])
    columns.add("fits", ["yes" if fit.is_consistent else "no" for fit in fits])
    columns.add("key bits", [str(fit.solution.known_bits) if fit.solution else "-" for fit in fits])
    return columns
