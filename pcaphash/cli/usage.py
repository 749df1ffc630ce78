"""What is wrong with the words of a command line, and what to do: sentences in place of those of the parser."""

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typer.exceptions import TyperException

_BOUNDS = {"greater_than_equal": ("ge", "at least"), "less_than_equal": ("le", "at most")}
_NUMBERS = {"int_parsing": "whole number", "float_parsing": "number"}
_UNKNOWN_COMMAND = re.compile(r"No such command '(.*?)'\.", re.DOTALL)
_EXTRA = re.compile(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", re.DOTALL)


def usage_text(error: "TyperException") -> str:
    """Return in a line what is wrong with the command line, where, and what to do."""
    message, ctx, parameter = error.format_message(), getattr(error, "ctx", None), getattr(error, "param", None)
    kind = type(error).__name__
    if kind == "MissingParameter" and parameter is not None:
        return _missing(parameter)
    if kind == "NoSuchOption" and ctx is not None:
        return _unknown_option(_attribute(error, "option_name"), ctx)
    if kind == "BadOptionUsage":
        return _without_value(_attribute(error, "option_name"), takes_one="requires" in message)
    if found := _UNKNOWN_COMMAND.match(message):
        known = list(ctx.command.commands) if ctx is not None else []
        return f"{found[1]!r} is not a command{_nearest(found[1], known, 'pcaphash')}"
    if (found := _EXTRA.match(message)) and ctx is not None:
        return _extra(found[1], ctx.command)
    return _wrong_number(error, parameter) or message


def _attribute(error: Any, name: str) -> str:
    return str(getattr(error, name))


def _missing(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"{parameter.metavar} is missing; give it: {_in_a_sentence(parameter.help)}"
    option = max(parameter.opts, key=len)
    return f"{option} is missing; give {option} {parameter.metavar}: {_in_a_sentence(parameter.help)}"


def _in_a_sentence(help_text: str) -> str:
    return f"{help_text[0].lower()}{help_text[1:]}".rstrip(".")


def _unknown_option(name: str, ctx: Any) -> str:
    known = [option for each in ctx.command.params for option in (*each.opts, *each.secondary_opts)]
    if ctx.parent is not None:
        return f"{name} is not an option of {ctx.info_name}{_nearest(name, known, f'pcaphash {ctx.info_name}')}"
    # Options in the value of another option have no command that lists them.
    return f"{name} is not an option{_nearest(name, known, 'pcaphash' if hasattr(ctx.command, 'commands') else '')}"


def _nearest(word: str, known: "Iterable[str]", command: str) -> str:
    """Return advice to follow what is wrong: the nearest known word, or which command's help lists them."""
    import difflib

    by_letters = {each.lstrip("-"): each for each in known}
    if nearest := difflib.get_close_matches(word.lstrip("-"), by_letters, n=1):
        return f"; did you mean {by_letters[nearest[0]]}?"
    return f"; run {command} --help to list them" if command else ""


def _without_value(option: str, *, takes_one: bool) -> str:
    if takes_one:
        return f"{option} has no value after it; give one"
    return f"{option} takes no value; leave out what follows ="


def _extra(words: str, command: Any) -> str:
    arguments = [each.metavar for each in command.params if each.param_type_name == "argument"]
    takes = f"takes only {' and '.join(arguments)}" if arguments else "takes only options"
    them = "them" if " " in words else "it"
    return f"{words}: {command.name} {takes}; leave {them} out"


def _wrong_number(error: "TyperException", parameter: Any) -> str:
    """Say which option has a value that is not a number, or is out of range; empty if that is not the matter."""
    cause: Any = error.__cause__
    option = getattr(parameter, "opts", ["?"])[0]
    for each in cause.errors() if hasattr(cause, "errors") else ():
        if each["type"] in _NUMBERS:
            return f"{option}: {each['input']!r} is not a {_NUMBERS[each['type']]}; give one, such as 8"
        if each["type"] in _BOUNDS:
            name, words = _BOUNDS[each["type"]]
            return f"{option}: {each['input']} is out of range; give {words} {each['ctx'][name]}"
    return ""
