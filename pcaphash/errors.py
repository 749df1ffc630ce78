"""Errors that users can act on: each is one line, and has the exit code of a command that ends with it.

Messages name fields by ``Field``, and functions that are also commands by ``Command``. So users of Python read
``queues=4``, and users of the command line read the option.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

_UNSHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_VERBS = ("is ", "has ", "shows ", "cannot ")


def _say(place: object, problem: str) -> str:
    """Return a sentence about a place: a problem that starts with a verb has it as its subject."""
    return f"{place} {problem}" if problem.startswith(_VERBS) else f"{place}: {problem}"


def on_one_line(name: str) -> str:
    """Return a name as it can be shown, whatever it is: on one line, in order, and as text.

    Line ends, what else controls terminals, marks that turn the direction of writing, and bytes that are not UTF-8 are
    written out.
    """
    return _UNSHOWN.sub(lambda found: ascii(found[0])[1:-1], name)


def trace_name(trace: str) -> str:
    """Return what sentences call a trace: its path on one line, or standard input."""
    return "standard input" if trace == "-" else on_one_line(trace)


def portable(name: str) -> str:
    """Return a name as text that any table can hold: what is not UTF-8 in the name of a file becomes ``?``."""
    return name.encode("utf-8", "replace").decode()


def _as_argument(name: str, value: object) -> str:
    return name if value is None else f"{name}={value}"


def _as_function(name: str) -> str:
    return f"pcaphash.{name}"


class _Words:
    """How this process writes fields and commands."""

    write_field: Callable[[str, object], str] = staticmethod(_as_argument)
    write_command: Callable[[str], str] = staticmethod(_as_function)


def speak(write_field: Callable[[str, object], str], write_command: Callable[[str], str]) -> None:
    """Have texts name fields and commands in other words than those of Python, from now on.

    Parameters
    ----------
    write_field : callable
        Returns the words for a field, of which it gets the name and the value (None for none).
    write_command : callable
        Returns the words for a function of the package, of which it gets the name.
    """
    _Words.write_field, _Words.write_command = staticmethod(write_field), staticmethod(write_command)


@dataclass(frozen=True)
class Field:
    """A field of a device or of a request, and perhaps a value for it, as texts name it.

    Parameters
    ----------
    name : str
        The argument of Python that gives it, such as ``hash_types``.
    value : object, optional
        What is given, or should be.
    """

    name: str
    value: object = None

    def __str__(self) -> str:
        """Return it in the words of whoever reads."""
        return _Words.write_field(self.name, self.value)


@dataclass(frozen=True)
class Command:
    """A function of the package that is also a command, as texts name it.

    Parameters
    ----------
    name : str
        Of the function, such as ``info``.
    """

    name: str

    def __str__(self) -> str:
        """Return it in the words of whoever reads."""
        return _Words.write_command(self.name)


OUTPUT_FIELD = Field("output")


class PcaphashError(Exception):
    """An error that the user can do something about; its text is one line."""

    exit_code = 2


class ConfigurationError(PcaphashError):
    """A field is wrong.

    Parameters
    ----------
    place : Field or str
        The field; or a file, and the line of it.
    problem : str
        What is wrong with it, and which rule it breaks.
    advice : str
        What to do.
    """

    def __init__(self, place: Field | str, problem: str, advice: str) -> None:
        super().__init__(place, problem, advice)
        self.place = place
        self.problem = problem
        self.advice = advice

    def __str__(self) -> str:
        """Return one line that names the field."""
        place = trace_name(self.place) if isinstance(self.place, str) else self.place
        return f"{_say(place, self.problem)}; {self.advice}"


class Unreadable(StrEnum):
    """Why a capture or a saved census cannot be read at all; the values are what JSON documents call it."""

    NOT_FOUND = "not_found"
    FOLDER = "folder"
    TERMINAL = "terminal"
    NOT_READ = "not_read"
    EMPTY = "empty"
    HEADER_CUT_SHORT = "header_cut_short"
    NOT_A_CAPTURE = "not_a_capture"
    OTHER_CENSUS_VERSION = "other_census_version"
    CENSUS_DAMAGED = "census_damaged"


class CaptureError(PcaphashError):
    """A capture cannot be read at all.

    Parameters
    ----------
    path : str
        The capture, or ``-``.
    kind : Unreadable
        Why not.
    problem : str
        The same in words.
    advice : str
        What to do; may be empty.
    offset : int, optional
        Byte offset of the problem in the (decompressed) capture.
    """

    exit_code = 4

    def __init__(self, path: str, kind: Unreadable, problem: str, advice: str = "", offset: int | None = None) -> None:
        super().__init__(path, kind, problem, advice, offset)
        self.path = path
        self.kind = kind
        self.problem = problem
        self.advice = advice
        self.offset = offset

    def __str__(self) -> str:
        """Return one line that names the capture and, where known, the byte offset."""
        name = trace_name(self.path)
        place = f"{name}: byte {self.offset}" if self.offset else name  # at byte 0, the whole file is meant
        return _say(place, self.problem) + (f"; {self.advice}" if self.advice else "")


class NothingReadableError(PcaphashError):
    """Not one of several captures can be read; its text has a line for each.

    Parameters
    ----------
    errors : list of CaptureError
        Why not.
    """

    exit_code = 4

    def __init__(self, errors: list[CaptureError]) -> None:
        super().__init__(errors)
        self.errors = errors

    def __str__(self) -> str:
        """Return a line for each capture."""
        return "\n".join(map(str, self.errors))


class PacketLostError(PcaphashError):
    """What was asked for would come after damage; the message is one line."""

    exit_code = 3


class OutputError(PcaphashError):
    """A result cannot be written.

    Parameters
    ----------
    path : str
        The file or folder.
    problem : str
        What is wrong with it.
    place : Field, optional
        The field that names it.
    """

    def __init__(self, path: str, problem: str, place: Field = OUTPUT_FIELD) -> None:
        super().__init__(path, problem, place)
        self.path = path
        self.problem = problem
        self.place = place

    def __str__(self) -> str:
        """Return one line that names the file."""
        return f"{self.path} cannot be written: {self.problem}; choose another place with {self.place}"
