"""Options that every command has, before its name or after it: how much is said, and whether in colour."""

import os
from collections.abc import Callable
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Annotated, Any

import typer

from pcaphash.cli.messages import be_quiet
from pcaphash.errors import ConfigurationError

COLORS = ("auto", "always", "never")

Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Show only results, errors, and what could not be read."),
]
Color = Annotated[
    str | None,
    typer.Option(
        "--color",
        metavar="|".join(COLORS),
        help="When to use colours. auto: on a terminal, unless NO_COLOR is set.  [default: auto]",
    ),
]


def apply_manners(quiet: bool, color: str | None) -> None:
    """Do as the options say; what is not given changes nothing.

    Raises
    ------
    ConfigurationError
        There is no such choice of colours.
    """
    if quiet:
        be_quiet()
    if color is None:
        return
    if color not in COLORS:
        raise ConfigurationError("--color", f"{color!r} is not known", f"use {', '.join(COLORS)}")
    # These variables are what the libraries go by that write to terminals.
    for variable in ("NO_COLOR", "FORCE_COLOR") if color != "auto" else ():
        os.environ.pop(variable, None)
    if color == "never":
        os.environ["NO_COLOR"] = "1"
    elif color == "always":
        os.environ["FORCE_COLOR"] = "1"
        if os.environ.get("TERM", "").lower() in ("", "dumb", "unknown"):
            os.environ["TERM"] = "xterm-256color"


def takes_manners(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command these options; they are obeyed before anything else is looked at."""

    @wraps(command)
    def run(*, quiet: bool, color: str | None, **values: Any) -> int:
        apply_manners(quiet, color)
        return command(**values)

    added = [
        Parameter("quiet", Parameter.KEYWORD_ONLY, default=False, annotation=Quiet),
        Parameter("color", Parameter.KEYWORD_ONLY, default=None, annotation=Color),
    ]
    kept = signature(command).parameters.values()
    run.__signature__ = Signature([*kept, *added])  # type: ignore[attr-defined]
    return run
