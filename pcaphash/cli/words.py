"""How the command line writes fields and commands: by the options that it has."""

from functools import cache
from typing import Any

from pcaphash.errors import speak

PARAMETERS = {
    "changes": "at",
    "devices": "config",
    "format": "format_",
    "name": "config",
    "service_per_byte_ps": "service_time_per_byte",
    "service_ps": "service_time",
    "window_ns": "window",
}
"""Parameters of commands by the fields that they give, if they have other names."""

COMMANDS = {"examine_key": "key"}
"""Commands by the functions that they call, if they have other names."""


def speak_in_options(program: Any) -> None:
    """Have errors name fields by the options of a program, and functions by its commands."""
    options = cache(lambda: options_of(program))  # most runs have nothing to name

    def write(name: str, value: object) -> str:
        option = options().get(PARAMETERS.get(name, name), name)
        return option if value is None else f"{option} {value}"

    speak(write, lambda name: f"pcaphash {COMMANDS.get(name, name)}")


def options_of(program: Any) -> dict[str, str]:
    """List the options and arguments of all commands, as they are typed, by the parameters that take them."""
    return {each.name: _typed(each) for command in program.commands.values() for each in command.params}


def _typed(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.metavar)
    return str(next((name for name in parameter.opts if name.startswith("--")), parameter.opts[0]))
