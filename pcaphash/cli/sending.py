"""Options of ``replay`` that send packets into real receive paths."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from pcaphash.cli.delivering import Delivering
from pcaphash.cli.groups import REAL, put_into
from pcaphash.cli.messages import warn
from pcaphash.cli.selecting import replace_parameter
from pcaphash.errors import ConfigurationError, Field

if TYPE_CHECKING:
    from pcaphash.device import Device
    from pcaphash.engine.progress import Watch
    from pcaphash.engine.reading import Reading
    from pcaphash.engine.selection import Selection
    from pcaphash.studies.replay import ReplayOptions
    from pcaphash.targets.answer import Target

_TAP, _QEMU = "tap", "qemu"

_OPTIONS = {
    "into": Annotated[
        str | None,
        typer.Option(
            "--into",
            metavar="tap|qemu|IFACE",
            help="Send packets into a real receive path: Linux's tap, steered by QEMU's eBPF program; or QEMU's "
            "virtio-net device; or send them on this network interface, in time.",
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

    def check(self, delivering: Delivering, how: "ReplayOptions", other: Field | None) -> None:
        """Refuse what does not go together.

        Parameters
        ----------
        delivering, how
            The other options.
        other : Field or None
            Asks for results of a replay in a way that packets which are sent have none in.

        Raises
        ------
        ConfigurationError
            An option has nothing to do with where packets are sent.
        """
        for name, value in (("read_hash", self.read_hash), ("decapsulate", self.decapsulate)):
            if value and self.into != _TAP:
                problem = f"it is only about {Field('into', _TAP)}"
                raise ConfigurationError(Field(name), problem, "leave it out")
        if not self.is_wanted:
            return
        if how.has_service or how.changes:
            field = Field("changes" if how.changes else "service_ps")
            raise ConfigurationError(field, f"{Field('into')} sends to a device that is what it is", "leave it out")
        if other is not None:
            problem = f"{Field('into')} prints what became of the packets, as text, and measures nothing in time"
            raise ConfigurationError(other, problem, "leave it out; -w and --reported write what a device answers")
        if delivering.with_comments:
            problem = "a device that packets are sent into does not say what it hashes"
            raise ConfigurationError(Field("with_comments"), problem, "leave it out")
        if self.into in (_TAP, _QEMU):
            if how.loop > 1 or how.rate or how.speed != 1:
                field = Field("loop" if how.loop > 1 else "rate" if how.rate else "speed")
                problem = f"packets go into {self.into} one after the other, as fast as it answers"
                raise ConfigurationError(field, problem, "leave it out")
        elif delivering.is_wanted:
            problem = "an interface does not say what the device behind it reports"
            raise ConfigurationError(delivering.first_field, problem, "leave it out, and capture over there")

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
        if self.into not in (_TAP, _QEMU):
            return self._send_on(trace, device, how, selection, watch)
        from pcaphash.report.replay.sent import show_sent
        from pcaphash.studies.replay.into import send_into
        from pcaphash.targets.qemu import open_qemu
        from pcaphash.targets.tap import open_tap

        if device.tunnel_mask and not self.decapsulate:
            advice = f"; {Field('decapsulate')} has Linux take the outer header off" if self.into == _TAP else ""
            warn(f"{self.into} knows no tunnels: it hashes the outer header of all packets{advice}")
        with ExitStack() as stack:
            opened: AbstractContextManager[Target] = (
                open_qemu(device)
                if self.into == _QEMU
                else open_tap(device, with_hash=bool(self.read_hash), decapsulated=bool(self.decapsulate))
            )
            target = stack.enter_context(opened)
            encoders = delivering.open(device, stack)
            sent = send_into(trace, target, device, encoders, selection, watch)
        delivering.tell()
        if not delivering.takes_standard_output:
            show_sent(sent, str(self.into), sys.stdout)
        return sent.reading

    def _send_on(
        self, trace: str, device: "Device", how: "ReplayOptions", selection: "Selection", watch: "Watch | None"
    ) -> "Reading":
        if trace == "-" and how.loop > 1:
            problem = "standard input can be read only once"
            raise ConfigurationError(Field("loop"), problem, "save the capture to a file first")
        from pcaphash.report.replay.sent import show_lateness
        from pcaphash.studies.replay.onto import send_on
        from pcaphash.targets.interface import open_interface

        with open_interface(str(self.into)) as interface:
            reading = send_on(trace, interface, device, how, selection, watch)
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
