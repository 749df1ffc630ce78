"""The commands of the program. Each is imported only where it is run or asked about: all of them take longer."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from pcaphash.cli.completion import offer_values
from pcaphash.cli.groups import GroupedCommand, write_options
from pcaphash.cli.manners import takes_manners
from pcaphash.cli.plain_values import PlainValues

SUMMARIES = {
    "info": "Show what is in captures: files, tunnels, reported hashes, damage.",
    "analyze": "Show how packets spread over the receive queues.",
    "hashes": "Write one row per packet: hash type, hash input, hash, queue.",
    "hash": "Calculate hash and queue from addresses and ports, without a capture.",
    "steer": "Find flows that go to a receive queue, or one for each.",
    "key": "Say what is wrong with a hash key, and what traffic can reach with it.",
    "explain": "Explain why one packet gets its hash, or none.",
    "compare": "Compare configurations with ideal hashes, and say what is to blame.",
    "sweep": "Rank every mask of hash types, best first.",
    "tune": "Try thousands of hash keys, and make a table for the traffic.",
    "replay": "Replay captures in time: which packets are dropped, and how fast a core must be.",
    "report": "Write a comparison as one HTML page.",
    "census": "Count packets once, and save the counts for other commands.",
    "validate": "Check the hashes that a device reported, and name what is wrong.",
    "recover-key": "Find the hash key of a device from the hashes that it reported.",
    "synth": "Make traffic from a seed: flows in tunnels, of any size.",
    "warmup": "Compile all kernels now, so that no command has to.",
}
"""What each command is for, in the order of ``--help``. Its function is in the module of its name."""

_FUNCTIONS = {"hash": "hash_"}  # not what Python itself calls hash
_RUN_WITHOUT_ARGUMENTS = ("hash", "key", "warmup")


class Commands(Mapping[str, Any]):
    """The commands by name, made when they are asked for."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(SUMMARIES)

    def __len__(self) -> int:
        return len(SUMMARIES)

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = _make(name, SUMMARIES[name])
        return self._made[name]


class Program(PlainValues, TyperGroup):
    """The program, whose help shows its commands, and then its options in groups."""

    def __init__(self, **named: Any) -> None:
        super().__init__(**named)
        self.commands: Any = Commands()

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, then the options below the heading of each group."""
        with formatter.section("Commands"):
            formatter.write_dl(list(SUMMARIES.items()))
        write_options(ctx, self, formatter)


def _make(name: str, summary: str) -> Any:
    module = name.replace("-", "_")
    function = getattr(import_module(f"pcaphash.cli.{module}"), _FUNCTIONS.get(name, module))
    alone = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    needs_arguments = name not in _RUN_WITHOUT_ARGUMENTS
    register = alone.command(name, cls=GroupedCommand, short_help=summary, no_args_is_help=needs_arguments)
    register(offer_values(takes_manners(function)))
    return typer.main.get_command(alone)
