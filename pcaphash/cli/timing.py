"""Options of ``replay`` that say when packets arrive and how fast they are served."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pcaphash.cli.changes import At, read_changes
from pcaphash.cli.groups import TIME, put_into
from pcaphash.cli.selecting import replace_parameter
from pcaphash.device import Device, TimedOptions, change_devices
from pcaphash.errors import ConfigurationError, Field
from pcaphash.quantities import parse_duration

if TYPE_CHECKING:
    from pcaphash.studies.replay import ReplayOptions

_OPTIONS = {
    "ring_size": Annotated[
        int | None, typer.Option("--ring-size", metavar="N", help="Descriptors in each ring.  [default: 256]")
    ],
    "service_rate": Annotated[
        str | None,
        typer.Option(
            "--service-rate", metavar="RATE", help="Packets that each core serves in a second, such as 2Mpps."
        ),
    ],
    "service_time": Annotated[
        str | None,
        typer.Option("--service-time", metavar="TIME", help="Or what a packet takes, such as 400ns."),
    ],
    "service_time_per_byte": Annotated[
        str | None,
        typer.Option("--service-time-per-byte", metavar="TIME", help="What each byte of it takes besides."),
    ],
    "speed": Annotated[
        str | None, typer.Option("--speed", metavar="FACTOR", help="Replay faster or slower, such as 2x.")
    ],
    "rate": Annotated[
        str | None,
        typer.Option(
            "--rate",
            metavar="RATE",
            help=(
                "Replace the times of the trace by an even rate, such as 5Mpps or 10Gbps (of original lengths, without "
                "preamble, frame check sequence and gap)."
            ),
        ),
    ],
    "loop": Annotated[int | None, typer.Option("--loop", metavar="N", help="Replay the traces N times.")],
    "rebase": Annotated[
        bool | None, typer.Option("--rebase", help="Replay traces one after the other, not merged by time.")
    ],
    "at": At,
    "window": Annotated[
        str | None, typer.Option("--window", metavar="TIME", help="Also tell it per window, such as 100ms.")
    ],
}
put_into(TIME, _OPTIONS)


@dataclass(frozen=True)
class Timing:
    """What is given of times and service.

    Parameters
    ----------
    given : dict of str
        By the names of parameters; None where nothing is given.
    """

    given: dict[str, Any]

    def options(self, devices: Sequence[Device], changes_of_file: Sequence[TimedOptions]) -> "ReplayOptions":
        """Return how the traces are to be replayed.

        Parameters
        ----------
        devices : sequence of Device
            The configurations.
        changes_of_file : sequence of TimedOptions
            What a file says that changes in the middle; the command line adds to it.

        Raises
        ------
        ConfigurationError
            A value cannot be read, makes no sense, or is of a change that the device refuses.
        """
        from pcaphash.engine.rates import parse_rate, parse_service_rate, parse_speed
        from pcaphash.studies.replay import Change, ReplayOptions

        given = {name: value for name, value in self.given.items() if value is not None}
        if "service_rate" in given and {"service_time", "service_time_per_byte"} & given.keys():
            problem = f"{Field('service_time')} says how long a packet takes, too"
            raise ConfigurationError(Field("service_rate"), problem, "give one of the two")
        arguments: dict[str, Any] = {name: given[name] for name in ("ring_size", "loop", "rebase") if name in given}
        if "service_rate" in given:
            arguments["service_ps"] = parse_service_rate(given["service_rate"])
        if "service_time" in given:
            arguments["service_ps"] = parse_duration(Field("service_time"), given["service_time"])
        if "service_time_per_byte" in given:
            place = Field("service_time_per_byte")
            arguments["service_per_byte_ps"] = parse_duration(place, given["service_time_per_byte"])
        if "speed" in given:
            arguments["speed"] = parse_speed(given["speed"])
        if "rate" in given:
            arguments["rate"] = parse_rate(given["rate"])
        if "window" in given:
            from pcaphash.engine.timeline import parse_window

            arguments["window_ns"] = parse_window(given["window"])
        timed = [*changes_of_file, *read_changes(given.get("at", ()), devices)]
        changes = [
            Change(device.name, time_ps, after)
            for device, steps in zip(devices, change_devices(devices, timed), strict=True)
            for time_ps, after in steps
        ]
        return ReplayOptions(**arguments, changes=changes)


def takes_timing(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command every option that says when packets arrive and how they are served.

    Parameters
    ----------
    command : callable
        Called with ``timing``, instead of all these options.
    """
    return replace_parameter(command, "timing", _OPTIONS, Timing)
