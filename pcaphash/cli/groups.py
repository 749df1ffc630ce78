"""Options in groups, as help texts and the manual show them."""

import re
from collections.abc import Mapping
from typing import Any, get_args

from typer.core import TyperCommand
from typer.models import OptionInfo

from pcaphash.cli.plain_values import PlainValues

OPTIONS = "Options"
OUTPUT = "Output"
SELECTION = "Selection of packets"
REPORTED = "Reported values"
FLOWS = "Flows"
PACKETS = "Packets"
ARRIVALS = "Arrivals"
TIME = "Time and service"
DELIVERED = "Delivered packets"
REAL = "Real receive paths"
DEVICE = "Device"
TUNNELS = "Tunnels"
MANY = "Many traces"
GENERAL = "General"

_ORDER = (
    *(OPTIONS, REPORTED, FLOWS, PACKETS, ARRIVALS, TIME, DELIVERED, REAL, OUTPUT),
    *(MANY, SELECTION, DEVICE, TUNNELS, GENERAL),
)
_OF_ALL_COMMANDS = ("--quiet", "--color", "--version", "--install-completion", "--show-completion", "--help")
_PAIRS = ("at",)  # options that take two words
_RANGE = re.compile(r"; (?:\S*[<>]=?)?x(?:[<>]=?\S*)?\]$")  # that typer writes after a default
_GROUP_OF = {"--output": OUTPUT, "--format": OUTPUT, **dict.fromkeys(_OF_ALL_COMMANDS, GENERAL)}


def put_into(group: str, options: Mapping[str, Any]) -> None:
    """Put options into a group.

    Parameters
    ----------
    group : str
        Its heading.
    options : mapping
        Annotated types with a ``typer.Option`` each, as parameters of commands have them.
    """
    for option in options.values():
        for info in get_args(option)[1:]:
            if isinstance(info, OptionInfo):
                info.rich_help_panel = group


def group_of(option: Any) -> str:
    """Name the group of an option: the one it was put into, or that of options of its name."""
    named = next((_GROUP_OF[name] for name in option.opts if name in _GROUP_OF), OPTIONS)
    return getattr(option, "rich_help_panel", None) or named


def list_groups(context: Any, command: Any) -> dict[str, list[tuple[str, str]]]:
    """List a command's arguments and options by heading: what is written, and what it means."""
    groups: dict[str, list[tuple[str, str]]] = {"Arguments": [], **{group: [] for group in _ORDER}}
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is None:
            continue
        record = (record[0], _RANGE.sub("]", record[1]))
        if parameter.param_type_name == "argument":
            # The type that typer writes after the name means nothing to those who do not write Python.
            groups["Arguments"].append((parameter.metavar or record[0], record[1]))
        else:
            groups[group_of(parameter)].append(record)
    return {heading: records for heading, records in groups.items() if records}


def write_options(context: Any, command: Any, formatter: Any) -> None:
    """Write arguments and options into a help text, below the heading of each group."""
    for heading, records in list_groups(context, command).items():
        with formatter.section(heading):
            formatter.write_dl(records)


class GroupedCommand(PlainValues, TyperCommand):
    """A command whose help shows its options in groups."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        for parameter in self.params:
            if parameter.name in _PAIRS:  # which typer has no way to say of an option that is repeatable
                parameter.nargs = 2

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the parts of the line that says how to call it, without typer's braces around what is required."""
        return [piece.replace("{", "").replace("}", "") for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options below the heading of each group."""
        write_options(ctx, self, formatter)
