"""Options of ``replay`` that say when packets arrive and how fast they are served."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pcaphash.cli.changes import At, read_changes
from pcaphash.cli.groups import TIME, put_into
from pcaphash.cli.selecting import replace_parameter
from pcaphash.device import Device, TimedOptions

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
        typer.Option(
            "--service-time",
            metavar="TIME",
            help="How long a core takes for a packet, such as 400ns; instead of a rate.",
        ),
    ],
    "service_time_per_byte": Annotated[
        str | None,
        typer.Option(
            "--service-time-per-byte", metavar="TIME", help="How much longer it takes for each byte, such as 0.1ns."
        ),
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
        str | None,
        typer.Option("--window", metavar="TIME", help="Also show load, drops and delay per window, such as 100ms."),
    ],
}
put_into(TIME, _OPTIONS)


@dataclass(frozen=True)
class TimingOptions:
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
        from pcaphash.studies.replay import ReplayOptions
        from pcaphash.studies.replay.words import changes_of, read_words

        arguments = read_words(self.given)
        timed = [*changes_of_file, *read_changes(self.given.get("at") or (), devices)]
        return ReplayOptions(**arguments, changes=changes_of(devices, timed))


def takes_timing(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command every option that says when packets arrive and how they are served.

    Parameters
    ----------
    command : callable
        Called with ``timing``, instead of all these options.
    """
    return replace_parameter(command, "timing", _OPTIONS, TimingOptions)
