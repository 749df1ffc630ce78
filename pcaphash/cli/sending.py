"""Options of ``replay`` that send packets into real receive paths."""

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from pcaphash.cli.delivering import Delivering
from pcaphash.cli.effects import QEMU, TAP, refuse_device, refuse_words
from pcaphash.cli.groups import REAL, put_into
from pcaphash.cli.messages import note_left, warn
from pcaphash.cli.outcome import report_warnings
from pcaphash.cli.selecting import replace_parameter
from pcaphash.errors import ConfigurationError, Field

if TYPE_CHECKING:
    from pcaphash.device import Device
    from pcaphash.engine.progress import Watch
    from pcaphash.engine.reading import Reading
    from pcaphash.engine.selecting.selection import Selection
    from pcaphash.studies.replay import ReplayOptions
    from pcaphash.targets.answer import Target

_OPTIONS = {
    "into": Annotated[
        str | None,
        typer.Option(
            "--into",
            metavar="tap|qemu|IFACE",
            help="Send packets into a real receive path: Linux's tap, steered by QEMU's eBPF program (tap), "
            "or QEMU's virtio-net device (qemu); or send them from a network interface, in time (its name).",
        ),
    ],
    "read_hash": Annotated[
        bool | None, typer.Option("--read-hash", help="With tap: read the whole hash, by five shifts of the key.")
    ],
    "decapsulate": Annotated[
        bool | None,
        typer.Option("--decapsulate", help="With tap: have Linux's own tunnel devices take outer headers off first."),
    ],
}
put_into(REAL, _OPTIONS)


@dataclass(frozen=True)
class Sending:
    """Where packets are to be sent.

    Parameters
    ----------
    into : str, optional
        The receive path.
    read_hash, decapsulate : bool, optional
        What is wanted of a tap.
    """

    into: str | None = None
    read_hash: bool | None = None
    decapsulate: bool | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether packets are to be sent anywhere."""
        return self.into is not None

    def check_alone(self) -> None:
        """Refuse what has nothing to do with where packets are sent.

        Raises
        ------
        ConfigurationError
            There is something.
        """
        for name, value in (("read_hash", self.read_hash), ("decapsulate", self.decapsulate)):
            if value and self.into != TAP:
                problem = f"it works only with {Field('into', TAP)}"
                raise ConfigurationError(Field(name), problem, "leave it out")

    def check(self, given: Mapping[str, object], selection: "Selection") -> None:
        """Refuse options that have no effect on packets that are sent.

        Parameters
        ----------
        given : mapping of str
            What the command line gives, by the names of parameters.
        selection : Selection
            Which packets are sent.

        Raises
        ------
        ConfigurationError
            There is such an option.
        """
        refuse_words(str(self.into), given, selection, is_decapsulated=bool(self.decapsulate))

    def check_device(self, device: "Device", given: Mapping[str, object]) -> None:
        """Refuse a device that is not what packets are sent into.

        Raises
        ------
        ConfigurationError
            It is to do something else.
        """
        if self.into in (TAP, QEMU):
            refuse_device(self.into, device, given, is_decapsulated=bool(self.decapsulate))

    def run(
        self,
        trace: str,
        device: "Device",
        how: "ReplayOptions",
        delivering: Delivering,
        selection: "Selection",
        watch: "Watch | None",
    ) -> "Reading":
        """Send the packets of a trace, print what became of them, and write what the device says.

        Raises
        ------
        PcaphashError
            Something is missing here, the trace cannot be read, or something cannot be written.
        """
        if self.into not in (TAP, QEMU):
            return self._send_on(trace, device, how, selection, watch)
        from pcaphash.report.replay.sent import show_sent
        from pcaphash.studies.replay.into import send_into
        from pcaphash.targets.qemu import open_qemu
        from pcaphash.targets.tap import open_tap

        with ExitStack() as stack:
            opened: AbstractContextManager[Target] = (
                open_qemu(device)
                if self.into == QEMU
                else open_tap(device, with_hash=bool(self.read_hash), decapsulated=bool(self.decapsulate))
            )
            target = stack.enter_context(opened)
            encoders = delivering.open(device, stack)
            sent = send_into(trace, target, device, encoders, selection, watch)
        report_warnings([device])
        if device.tunnel_mask and not self.decapsulate:
            advice = f"; {Field('decapsulate')} has Linux take the outer header off" if self.into == TAP else ""
            warn(f"{self.into} knows no tunnels: it hashes the outer header of all packets{advice}")
        delivering.tell()
        if not delivering.takes_standard_output:
            show_sent(sent, str(self.into), sys.stdout)
        return sent.reading

    def _send_on(
        self, trace: str, device: "Device", how: "ReplayOptions", selection: "Selection", watch: "Watch | None"
    ) -> "Reading":
        from pcaphash.capture.input import can_be_read_again, input_of

        if how.loop > 1 and not can_be_read_again(input_of(trace)):
            problem = "standard input and pipes can be read only once"
            raise ConfigurationError(Field("loop"), problem, "save the capture to a file first")
        from pcaphash.report.replay.sent import show_lateness
        from pcaphash.studies.replay.onto import send_on
        from pcaphash.targets.interface import open_interface

        with open_interface(str(self.into)) as interface:
            try:
                reading = send_on(trace, interface, device, how, selection, watch)
            except KeyboardInterrupt:
                note_left(f"{interface.lateness.sent:,} frames were sent on {self.into}")
                raise
        show_lateness(interface.lateness, str(self.into), sys.stdout)
        return reading


def takes_sending(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command every option that sends packets.

    Parameters
    ----------
    command : callable
        Called with ``sending``, instead of all these options.
    """
    return replace_parameter(command, "sending", _OPTIONS, lambda given: Sending(**given))
