"""Options of ``replay`` that write what the device delivers."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pcaphash.capture.files import output_path
from pcaphash.cli.groups import DELIVERED, put_into
from pcaphash.cli.inputs import refuse_overwriting
from pcaphash.cli.messages import inform, tell_written, warn
from pcaphash.cli.selecting import replace_parameter
from pcaphash.errors import ConfigurationError, Field
from pcaphash.quantities import PS_OF_NS

if TYPE_CHECKING:
    from pcaphash.capture.delivered.encoder import Encoder
    from pcaphash.capture.delivered.pcap import VirtioLayout
    from pcaphash.device import Device
    from pcaphash.engine.progress import Watch
    from pcaphash.engine.reading import Reading
    from pcaphash.engine.selecting.selection import Selection
    from pcaphash.studies.replay import ReplayOptions

STANDARD_OUTPUT = "-"

_OPTIONS = {
    "write": Annotated[
        str | None,
        typer.Option(
            "--write",
            "-w",
            metavar="FILE",
            help="Write the packets that are not dropped, with hash and queue, to this .pcapng or .pcap file (or "
            ".pcapng.gz, .pcapng.zst, ...); - for standard output.",
        ),
    ],
    "header_len": Annotated[
        int | None,
        typer.Option(
            "--virtio-header",
            metavar="BYTES",
            help="Put a virtio_net_hdr of 12, 20, 24 or 32 bytes before packets.",
        ),
    ],
    "split_by_queue": Annotated[
        Path | None,
        typer.Option(
            "--split-by-queue",
            metavar="DIR",
            parser=partial(output_path, place=Field("split_by_queue")),
            help="Write a capture for each receive queue to this folder.",
        ),
    ],
    "reported": Annotated[
        str | None,
        typer.Option("--reported", metavar="FILE", help="Write hash and queue as a .csv, .jsonl or .parquet table."),
    ],
    "with_comments": Annotated[
        bool | None,
        typer.Option("--explain", help="Add a comment to each packet of a .pcapng file: hash type and header."),
    ],
}
put_into(DELIVERED, _OPTIONS)


@dataclass(frozen=True)
class Delivering:
    """What is to be written of delivered packets.

    Parameters
    ----------
    write : str, optional
        A capture.
    header_len : int, optional
        Length of the virtio header in front of each packet.
    split_by_queue : Path, optional
        A folder with a capture for each receive queue.
    reported : str, optional
        A table.
    with_comments : bool, optional
        Whether packets get a comment.
    """

    write: str | None = None
    header_len: int | None = None
    split_by_queue: Path | None = None
    reported: str | None = None
    with_comments: bool | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether anything is to be written."""
        return not (self.write is None and self.split_by_queue is None and self.reported is None)

    @property
    def takes_standard_output(self) -> bool:
        """Whether packets go to standard output, which then has room for nothing else."""
        return self.write == STANDARD_OUTPUT

    def check(self) -> None:
        """Refuse what cannot be written.

        Raises
        ------
        ConfigurationError
            An option has nothing to do with what is written; or what is written would replace a file that is read.
        """
        for name, value in (("header_len", self.header_len), ("with_comments", self.with_comments)):
            if value is not None and self.write is None and self.split_by_queue is None:
                raise ConfigurationError(
                    Field(name), "no capture is written", f"give {Field('write')}, or leave it out"
                )
        if self.with_comments:
            self._refuse_comments_in_pcap()
        for name in ("write", "reported"):
            path = getattr(self, name)
            if path not in (None, STANDARD_OUTPUT):
                refuse_overwriting([Path(path)], Field(name))
        if self.split_by_queue is not None:
            from pcaphash.capture.delivered.opening import split_captures

            refuse_overwriting(split_captures(self.split_by_queue), Field("split_by_queue"))

    def run(
        self,
        traces: Sequence[str],
        device: "Device",
        how: "ReplayOptions",
        selection: "Selection",
        watch: "Watch | None",
    ) -> "Reading":
        """Write what a device delivers of traces; return what was read.

        Raises
        ------
        PcaphashError
            No trace can be read, or something cannot be written.
        """
        from pcaphash.report.replay.comments import comment_of
        from pcaphash.report.replay.words import clock_lines, delivered_line, late_lines
        from pcaphash.studies.replay.course import Course
        from pcaphash.studies.replay.delivery import deliver
        from pcaphash.studies.replay.merging import merge_traces
        from pcaphash.studies.replay.session import nothing_to_replay

        how = replace(how, changes=[change for change in how.changes if change.config == device.name])
        merged = merge_traces(traces, device, how, selection, watch) if len(traces) > 1 else None
        course = Course(traces[0], device, how, merged if how.rate is None else None)
        with ExitStack() as stack:
            encoders = self.open(device, stack, course.plan.queues)
            comment = comment_of if self.with_comments else None
            needed = course if how.has_service or how.changes else None  # else packets need not have times
            trace = traces[0] if merged is None else merged
            reading = deliver(trace, course.plan.devices, encoders, needed, selection, comment, watch)
            if not reading.selected and not reading.is_partial:
                raise nothing_to_replay(reading)
        for line in [*clock_lines(course.clock), *late_lines(how.changes, course.last_arrival_ps / PS_OF_NS)]:
            warn(line)
        self.tell()
        if how.has_service:
            inform(delivered_line(device.name, reading.selected, course.dropped))
        elif not self.takes_standard_output:
            inform(f"written: what {device.name} delivers")
        return reading

    def open(self, device: "Device", stack: ExitStack, queues: int | None = None) -> "list[Encoder]":
        """Open what is to be written of a device, which has so many queues if that is not what it says itself."""
        queues = (device.queues if device.has_queue else 0) if queues is None else queues
        return [stack.enter_context(opened) for opened in self._open(device, queues)]

    def tell(self) -> None:
        """Tell what was written."""
        for path in (self.write, self.split_by_queue, self.reported):
            if path not in (None, STANDARD_OUTPUT):
                tell_written(Path(str(path)))
        self._tell_lost()

    def _tell_lost(self) -> None:
        """Warn if a capture has no place for hashes and queues."""
        from pcaphash.capture.delivered.opening import PCAP, capture_suffix

        if self.write is not None and self.header_len is None and capture_suffix(self.write, False) == PCAP:
            warn(
                f"{self.write} has no hashes and queues, for which plain pcap has no place; name it .pcapng, or give "
                f"{Field('header_len')}"
            )

    def _refuse_comments_in_pcap(self) -> None:
        from pcaphash.capture.delivered.opening import PCAP, capture_suffix, default_suffix

        has_headers, problem = self.header_len is not None, "only pcapng has comments"
        if self.split_by_queue is not None and default_suffix(has_headers) == PCAP:
            raise ConfigurationError(Field("with_comments"), problem, f"leave {Field('header_len')} out")
        if self.write is not None and capture_suffix(self.write, has_headers) == PCAP:
            advice = f"leave {Field('header_len')} out" if has_headers else "name the file .pcapng"
            raise ConfigurationError(Field("with_comments"), problem, advice)

    def _open(self, device: "Device", queues: int) -> "list[AbstractContextManager[Encoder]]":
        from pcaphash.capture.delivered.opening import default_suffix, open_capture, open_split, open_table

        layout = self._layout(device)
        found = []
        if self.write is not None:
            found.append(open_capture(self.write, layout))
        if self.split_by_queue is not None:
            suffix = default_suffix(layout is not None)
            found.append(open_split(self.split_by_queue, queues, suffix, layout))
        if self.reported is not None:
            found.append(open_table(self.reported))
        return found

    def _layout(self, device: "Device") -> "VirtioLayout | None":
        from pcaphash.capture.delivered.pcap import VirtioLayout

        return None if self.header_len is None else VirtioLayout(self.header_len, device.spec)


def takes_delivering(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command every option that writes delivered packets.

    Parameters
    ----------
    command : callable
        Called with ``delivering``, instead of all these options.
    """
    return replace_parameter(command, "delivering", _OPTIONS, lambda given: Delivering(**given))
