"""Write the manual pages: what ``--help`` says of the program and of each command, as man shows it.

    python docs/manual.py FOLDER

The build of the wheel puts them into share/man/man1.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from pcaphash import __version__
from pcaphash.cli import app
from pcaphash.cli.groups import list_groups

EXIT_CODES = {
    "0": "Done.",
    "1": "validate found mismatches.",
    "2": "Wrong usage or configuration, or results that cannot be written.",
    "3": "Some input was damaged, cut short or unreadable; the results cover what could be read.",
    "4": "No input could be read at all.",
    "70": "Internal error; please report it.",
    "130": "Interrupted.",
}
VARIABLES = {
    "NO_COLOR": "No colours, and no bold type, unless --color always is given.",
    "COLUMNS": "The width of tables.",
    "NUMBA_CACHE_DIR": "Where compiled kernels are kept, instead of in the user's cache folder.",
}


def write_pages(folder: Path) -> list[Path]:
    """Write a page for the program and one for each command; return their paths."""
    program: Any = get_command(app)
    context = program.make_context("pcaphash", ["info"], resilient_parsing=True)
    pages = {"pcaphash": "\n".join(_program_page(program, context))}
    for name, command in program.commands.items():
        inner = type(context)(command, info_name=name, parent=context)
        pages[f"pcaphash-{name}"] = "\n".join(_command_page(name, command, inner))
    paths = [folder / f"{name}.1" for name in pages]
    for path, text in zip(paths, pages.values(), strict=True):
        path.write_text(f"{text}\n", encoding="utf-8")
    return paths


def _program_page(program: Any, context: Any) -> Iterator[str]:
    summary = "recompute the receive-side-scaling hash over captured traffic"
    yield from _head("pcaphash", summary, "[\\fIOPTIONS\\fR] \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]")
    yield from _description(program.help)
    yield ".SH COMMANDS"
    for name, command in program.commands.items():
        yield from _item(f"\\fBpcaphash\\-{_escape(name)}\\fR(1)", command.short_help)
    yield from _options(context, program)
    yield ".SH EXIT STATUS"
    for code, meaning in EXIT_CODES.items():
        yield from _item(f"\\fB{code}\\fR", meaning)
    yield ".SH ENVIRONMENT"
    for name, meaning in VARIABLES.items():
        yield from _item(f"\\fB{name}\\fR", meaning)


def _command_page(name: str, command: Any, context: Any) -> Iterator[str]:
    pieces = " ".join(command.collect_usage_pieces(context))
    yield from _head(f"pcaphash-{name}", command.short_help.rstrip("."), _escape(pieces))
    yield from _description(command.help)
    yield from _options(context, command)
    yield ".SH SEE ALSO"
    yield "\\fBpcaphash\\fR(1)"


def _head(name: str, summary: str, usage: str) -> Iterator[str]:
    yield f'.TH {_escape(name.upper())} 1 "" "pcaphash {__version__}" "pcaphash"'
    yield ".SH NAME"
    yield f"{_escape(name)} \\- {_escape(summary)}"
    yield ".SH SYNOPSIS"
    yield f"\\fB{_escape(name.replace('pcaphash-', 'pcaphash '))}\\fR {usage}"


def _description(text: str) -> Iterator[str]:
    """Write paragraphs; those that begin with a backspace keep their lines, as in help texts."""
    yield ".SH DESCRIPTION"
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        yield ".PP"
        lines = paragraph.strip("\n").splitlines()
        if lines[0].strip() != "\b":
            yield _escape(" ".join(line.strip() for line in lines))
            continue
        yield _escape(lines[1])
        yield ".RS 4\n.nf"
        yield from (_escape(line.strip()) for line in lines[2:])
        yield ".fi\n.RE"


def _options(context: Any, command: Any) -> Iterator[str]:
    for heading, records in list_groups(context, command).items():
        yield f'.SH "{_escape(heading.upper())}"'
        for written, meaning in records:
            yield from _item(f"\\fB{_escape(written)}\\fR", meaning)


def _item(label: str, meaning: str) -> Iterator[str]:
    yield ".TP"
    yield label
    yield _escape(" ".join(meaning.split()))


def _escape(text: str) -> str:
    """Write text so that roff takes nothing in it for a command."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    write_pages(target)
