"""Options that several commands share, and the devices that they describe."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from pcaphash.cli.device_options import DEVICE_FILES, DEVICE_OPTIONS, TUNNEL_OPTIONS, TYPES_COMPARED, Configs
from pcaphash.cli.device_sources import combine_sources
from pcaphash.cli.inputs import note_keys
from pcaphash.cli.messages import warn
from pcaphash.cli.selecting import replace_parameter
from pcaphash.device import (
    Device,
    DeviceOptions,
    TimedOptions,
    combine_options,
    default_configs,
    make_file_configs,
    parse_config,
)
from pcaphash.errors import ConfigurationError
from pcaphash.report.words.device import missing_config_lines

Window = Annotated[
    str | None,
    typer.Option("--window", metavar="TIME", help="Also show the load over time, in windows such as 100ms."),
]
Heaviest = Annotated[
    int, typer.Option("--heaviest", metavar="N", min=0, help="How many tunnels to list, heaviest first.")
]
MostFlows = Annotated[
    int,
    typer.Option(
        "--max-flows",
        metavar="N",
        min=1,
        help="How many flows to tell apart, in about 0.6 MB of memory per 1,000; the rest are counted as one.",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", metavar="N", help="How many processor cores to use; results are the same.  [default: all]"),
]
JobsInOrder = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        metavar="N",
        help="How many processor cores to use: with 2 or more, packets are read ahead; results are the same.  "
        "[default: all]",
    ),
]
Format = Annotated[str, typer.Option("--format", metavar="FORMAT", help="Format of the output.")]


@dataclass(frozen=True)
class Configurations:
    """What is given of devices that are to be compared.

    Parameters
    ----------
    options : DeviceOptions
        Of all of them, from files and the command line.
    named : list of str
        What ``--config`` gives.
    of_file : dict of str to DeviceOptions
        What a file gives by name; it counts where ``--config`` gives nothing.
    types_option : str
        The option of the command line that gives types for all; empty where none does.
    changes : tuple of TimedOptions
        What a file says that changes while packets arrive.
    typed : dict of str
        What the command line gives, by the names of parameters.
    """

    options: DeviceOptions
    named: list[str]
    of_file: dict[str, DeviceOptions]
    types_option: str
    changes: tuple[TimedOptions, ...]
    typed: dict[str, Any]

    def devices(self, traces: Sequence[str] = ()) -> list[Device]:
        """Make the configurations to compare: those named, those of the file, the one given, or the usual ones.

        Parameters
        ----------
        traces : sequence of str
            Saved censuses among them say how they were taken.

        Raises
        ------
        ConfigurationError
            A configuration is refused, or two have one name.
        """
        return self._devices(adopt_census(traces, self.options))

    def devices_alone(self) -> list[Device]:
        """Make the configurations that are named, those of the file, or the one device that is given.

        Raises
        ------
        ConfigurationError
            A configuration is refused, or two have one name.
        """
        return self._devices(self.options) if self.named or self.of_file else [one_device(self.options)]

    def _devices(self, options: DeviceOptions) -> list[Device]:
        if self.named:
            return self._named(options)
        if self.types_option or ("hash_types" in options and not self.of_file):
            return [one_device(options)]
        if self.of_file:
            return make_file_configs(options, self.of_file)
        base = Device(**options)
        for line in missing_config_lines(base):
            warn(line)
        return default_configs(base)

    def devices_beside(self, traces: Sequence[str] = ()) -> list[Device]:
        """Make the configurations for a comparison that is to say what would help.

        Like ``devices``, but hash types that a file gives, being what the device does today, are put beside the usual
        configurations that differ from them.

        Raises
        ------
        ConfigurationError
            A configuration is refused, or two have one name.
        """
        options = adopt_census(traces, self.options)
        given = self._devices(options)
        if self.named or self.of_file or self.types_option or "hash_types" not in self.options:
            return given
        of_others = options.copy()
        of_others.pop("hash_types", None)
        of_others.pop("tunnel_types", None)
        mine = {(each.hash_types, each.tunnel_types) for each in given}
        others = default_configs(Device(**of_others))
        return given + [each for each in others if (each.hash_types, each.tunnel_types) not in mine]

    def _named(self, options: DeviceOptions) -> list[Device]:
        if self.types_option:
            problem = "has no effect together with --config"
            raise ConfigurationError(self.types_option, problem, "write the types into --config, or leave --config out")
        shared = options.copy()
        shared.pop("hash_types", None)
        shared.setdefault("tunnel_types", 0)
        devices = [parse_config(text, Device(**shared)) for text in self.named]
        names = [device.name for device in devices]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ConfigurationError("--config", f"two configurations are named {twice!r}", "give them different names")
        return devices


def takes_configurations(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command every option that describes devices to be compared.

    Parameters
    ----------
    command : callable
        Called with ``configurations``, instead of all these options.
    """
    return _with_configurations(command, {**DEVICE_OPTIONS, "hash_types": TYPES_COMPARED})


def takes_device_and_configurations(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command every option that describes a device, and others that it is compared with.

    Parameters
    ----------
    command : callable
        Called with ``configurations``, instead of all these options.
    """
    return _with_configurations(command, DEVICE_OPTIONS)


def _with_configurations(command: Callable[..., int], device_options: dict[str, Any]) -> Callable[..., int]:
    options = {"config": Configs, **DEVICE_FILES, **device_options, **TUNNEL_OPTIONS}
    return replace_parameter(command, "configurations", options, _combine_configurations)


def takes_device(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command every option that describes a device.

    Parameters
    ----------
    command : callable
        Called with ``device_options``, a DeviceOptions of what files and the command line give, instead of them all.
    """
    options = {**DEVICE_FILES, **DEVICE_OPTIONS, **TUNNEL_OPTIONS}
    return replace_parameter(command, "device_options", options, lambda given: combine_sources(given).options)


def _combine_configurations(given: dict[str, Any]) -> Configurations:
    typed = given.copy()
    named = given.pop("config") or []
    note_keys(text.partition("=")[2].partition("@")[2] for text in named)
    types = next(
        (f"--{name.replace('_', '-')}" for name in ("hash_types", "tunnel_types") if given[name] is not None), ""
    )
    options, of_file, changes = combine_sources(given)
    return Configurations(options, named, of_file, "" if named and types == "--tunnel-types" else types, changes, typed)


def one_device(options: DeviceOptions) -> Device:
    """Make the device of a command that takes one; its name is the same in all commands."""
    is_typed = "hash_types" in options or "tunnel_types" in options
    return Device(**options, name="given" if is_typed else None)


def adopt_census(traces: Sequence[str], given: DeviceOptions) -> DeviceOptions:
    """Take over from the first saved census among the traces how it was taken, where nothing else is given.

    Raises
    ------
    CaptureError
        It cannot be read.
    """
    from pcaphash.engine.saved import is_saved_census, load_census

    path = next((trace for trace in traces if is_saved_census(trace)), None)
    if path is None:
        return given
    saved = load_census(path)
    names: DeviceOptions = {"given": saved.given | given.get("given", frozenset())}
    return combine_options(saved.device_options(given), given, names)


def check_format(chosen: str, known: Iterable[str]) -> None:
    """Refuse a format that a command does not write.

    Raises
    ------
    ConfigurationError
        The format is not one of those known.
    """
    if chosen not in known:
        raise ConfigurationError("--format", f"{chosen!r} is not available here", f"choose {', '.join(known)}")
