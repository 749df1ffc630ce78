"""Lines of text that people copy from terminals, mails and logs, without what quotes them."""

import re
from dataclasses import dataclass

_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_QUOTED = re.compile(r"\s*((?:(?:[A-Za-z]{0,3}>|&gt;|\|)\s*|(?:#|//|;|\*)(?:\s+|$))*)(.*)", re.DOTALL)


@dataclass(frozen=True)
class Line:
    """A line of a pasted text.

    Parameters
    ----------
    number : int
        Where it starts in the text, counted from 1; lines that end in a backslash go on in the next.
    mark : str
        What quotes it, such as ``>`` in a mail, ``|`` in a table or ``#`` in a comment; mostly empty.
    text : str
        The rest, with single blanks between words.
    """

    number: int
    mark: str
    text: str


def uncoloured(text: str) -> str:
    """Return a text without what a terminal takes as colours and the like."""
    return _COLOUR.sub("", text)


def read_lines(text: str) -> list[Line]:
    """Return the lines of a text; line ends of any system are the same, and so are tabs and blanks."""
    lines: list[Line] = []
    is_continued = False
    plain = uncoloured(text).replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")
    for number, raw in enumerate(plain.split("\n"), 1):
        quoted = _QUOTED.fullmatch(raw)
        mark, rest = ("".join(quoted[1].split()), quoted[2]) if quoted else ("", raw)
        words = rest.split()
        if "|" in mark and words and words[-1] == "|":
            words.pop()
        goes_on = bool(words) and words[-1].endswith("\\")
        if goes_on:
            words[-1] = words[-1][:-1]
        line = " ".join(words)
        if is_continued:
            lines[-1] = Line(lines[-1].number, lines[-1].mark, f"{lines[-1].text} {line}".strip())
        else:
            lines.append(Line(number, mark, line))
        is_continued = goes_on
    return lines


def unquote(text: str) -> str:
    """Return a text without the marks that quote its lines; blanks between words stay as they are."""
    quoted = (_QUOTED.fullmatch(line) for line in uncoloured(text).splitlines())
    return "\n".join("*" if line and line[1].strip().endswith("*") else line[2] if line else "" for line in quoted)
