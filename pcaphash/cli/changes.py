"""The option ``--at``: changes of the device while packets arrive, in the words of the command line."""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, NamedTuple

import typer
from typer.exceptions import TyperException

from pcaphash.cli.options import Configurations, takes_configurations
from pcaphash.cli.usage import usage_text
from pcaphash.device import Device, DeviceOptions, TimedOptions, parse_config
from pcaphash.device.changes import AT_FIELD
from pcaphash.errors import ConfigurationError
from pcaphash.quantities import parse_duration


class Timed(NamedTuple):
    """What ``--at`` gives: when, and what is changed, in the words of the command line."""

    time: str
    words: str


At = Annotated[
    list[Timed] | None,
    typer.Option(
        "--at",
        parser=Timed._make,
        metavar="TIME OPTIONS",
        help=(
            'Change the device while packets arrive, such as --at 2.5s "--hash-types all --queues 4"; '
            "--config NAME=TYPES changes one configuration; repeatable."
        ),
    ),
]

_SET_TUNNELS = ("--tunnel-types", "--hash-tunnel-set")
_SET_QUEUES = ("--queues", "--ethtool")
_SET_FEATURES = "--features"
_HASH_CONFIG = "--hash-config"


def read_changes(given: Sequence[tuple[str, str]], devices: Sequence[Device]) -> list[TimedOptions]:
    """Return the changes that the command line gives.

    Parameters
    ----------
    given : sequence of (str, str)
        When, and what is changed, in the words of the command line.
    devices : sequence of Device
        The configurations that may be changed.

    Raises
    ------
    ConfigurationError
        A time or an option cannot be read.
    """
    return [change for time, words in given for change in _read(time, words, devices)]


def _read(time: str, words: str, devices: Sequence[Device]) -> list[TimedOptions]:
    time_ps = parse_duration(AT_FIELD, time, can_be_zero=True)
    try:
        typed = shlex.split(words)
        found = _parse(["--spec", devices[0].spec, *typed])
    except (ValueError, TyperException, ConfigurationError) as error:
        problem = usage_text(error) if isinstance(error, TyperException) else str(error)
        raise ConfigurationError(
            AT_FIELD, f"{words!r}: {problem}", "write options of devices as on the command line, in quotes"
        ) from error
    shared: DeviceOptions = {**found.options}
    if not any(word.startswith(_SET_TUNNELS) for word in typed):
        shared.pop("tunnel_types", None)  # which a captured command clears where it is the first after a reset
    if not any(word.startswith(_SET_QUEUES) for word in typed):
        shared.pop("queues", None)  # a captured command does not say how many there are: only those that it uses
    if not any(word.startswith(_SET_FEATURES) for word in typed):
        shared.pop("features", None)  # nor what else was agreed on
    ends_steering = any(word.startswith(_HASH_CONFIG) for word in typed)
    if found.of_file or found.changes:
        raise ConfigurationError(AT_FIELD, f"{words!r}: the file has its own tables", "give the options themselves")
    if shared.get("spec") == devices[0].spec:
        del shared["spec"]  # which the words take for granted
    if not shared.keys() - {"given"} and not found.named:
        raise ConfigurationError(AT_FIELD, f"{words!r} changes nothing", "write options of devices, in quotes")
    if not found.named:
        return [TimedOptions(time_ps, shared, ends_steering=ends_steering)]
    named = [_change_of_config(time_ps, text, shared, devices) for text in found.named]
    return [replace(each, ends_steering=ends_steering) for each in named]


def _change_of_config(time_ps: int, text: str, shared: DeviceOptions, devices: Sequence[Device]) -> TimedOptions:
    """Return the change of one configuration: ``NAME=TYPES``, as ``--config`` takes it."""
    name = text.partition("=")[0]
    base = next((device for device in devices if device.name == name), None)
    if base is None:
        names = ", ".join(device.name for device in devices)
        raise ConfigurationError(AT_FIELD, f"there is no configuration {name!r}", f"use one of {names}")
    wanted = parse_config(text, base)
    own: DeviceOptions = {"hash_types": wanted.hash_types, **shared}
    if wanted.tunnel_types != base.tunnel_types:
        own["tunnel_types"] = wanted.tunnel_types
    if wanted.hash_key != base.hash_key:
        own["hash_key"] = wanted.hash_key.hex()
    return TimedOptions(time_ps, own, name)


def _parse(words: list[str]) -> Configurations:
    """Parse options of devices as the command line does.

    Raises
    ------
    TyperException
        A word is not such an option, or lacks its value.
    """
    found: list[Configurations] = []

    def take(*, configurations: Any) -> int:
        found.append(configurations)
        return 0

    program = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": []},
    )
    program.command()(takes_configurations(take))
    typer.main.get_command(program).main(words, standalone_mode=False)
    return found[0]
