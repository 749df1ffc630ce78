"""Options that say where a device's reported hashes and receive queues are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pcaphash.cli.groups import REPORTED, put_into
from pcaphash.cli.inputs import note_inputs
from pcaphash.cli.selecting import replace_parameter
from pcaphash.errors import ConfigurationError

if TYPE_CHECKING:
    from pcaphash.capture.reported.source import ReportedSource
    from pcaphash.device import Device

_TPACKET = "tpacket"

_OPTIONS = {
    "reported": Annotated[
        str | None,
        typer.Option(
            "--reported",
            metavar="FILE",
            help="Table with the reported values of the trace (.csv, .tsv, .json, .jsonl, .md, .parquet). Columns: "
                "packet, and any of hash_value, hash_report, hash_report_tunnel, queue.",
        ),
    ],
    "columns": Annotated[
        str | None,
        typer.Option(
            "--columns",
            metavar="NAME=COLUMN,...",
            help="What the table calls these columns, such as hash_value=rss_hash,packet=pkt.",
        ),
    ],
    "header_len": Annotated[
        int | None,
        typer.Option(
            "--virtio-header",
            metavar="BYTES",
            help="Packets start with a virtio_net_hdr of this length: 12 (without a hash), 20, 24 or 32. What it does "
                "not contain may come from --reported, --per-queue or --testpmd.",
        ),
    ],
    "link_types": Annotated[
        list[int] | None,
        typer.Option(
            "--virtio-link-type",
            metavar="NUMBER",
            help="Link type of packets with such a header; repeatable.  [default: 147 to 162]",
        ),
    ],
    "testpmd": Annotated[
        str | None,
        typer.Option("--testpmd", metavar="FILE", help="Log of DPDK's testpmd, taken with set verbose 1."),
    ],
    "per_queue": Annotated[
        bool | None,
        typer.Option("--per-queue", help="Each TRACE holds the packets of one receive queue."),
    ],
    "key_shifts": Annotated[
        str | None,
        typer.Option(
            "--key-shifts",
            metavar="BITS:FILE,...",
            help="Captures of the packets of the trace with their receive queues, taken with the key shifted to the "
                "right by so many bits and with queue i at entry i of the table: together they show whole hashes.",
        ),
    ],
    "kind": Annotated[
        str | None,
        typer.Option(
            "--source",
            metavar=_TPACKET,
            help="The hashes are tp_rxhash of Linux, which is the device's own hash only for TCP and UDP types.",
        ),
    ],
}  # fmt: skip
put_into(REPORTED, _OPTIONS)


@dataclass(frozen=True)
class ReportedOptions:
    """Where reported values are, as the command line says.

    Parameters
    ----------
    reported, testpmd : str, optional
        Files.
    columns : str, optional
        What columns of the table are called.
    header_len : int, optional
        Of a virtio_net_hdr before each packet.
    link_types : list of int, optional
        Link types of packets with such headers.
    per_queue : bool, optional
        Whether each trace holds the packets of one receive queue.
    key_shifts : str, optional
        Captures of the same packets with the key shifted.
    kind : str, optional
        ``tpacket`` for Linux's tp_rxhash.
    """

    reported: str | None = None
    columns: str | None = None
    header_len: int | None = None
    link_types: list[int] | None = None
    testpmd: str | None = None
    per_queue: bool | None = None
    key_shifts: str | None = None
    kind: str | None = None

    @property
    def report_numbers(self) -> frozenset[int] | None:
        """The values of hash_report whose hashes are the device's; None for all."""
        if self.kind is None:
            return None
        from pcaphash.capture.reported.tpacket import DEVICE_HASH_REPORTS

        return DEVICE_HASH_REPORTS

    def sources(self, traces: Sequence[str], device: "Device") -> "list[ReportedSource]":
        """Make the source of reported values for each trace.

        Raises
        ------
        ConfigurationError
            Options contradict each other, or a file cannot be read.
        """
        given = {
            "--reported": self.reported,
            "--testpmd": self.testpmd,
            "--per-queue": self.per_queue,
            "--key-shifts": self.key_shifts,
        }
        chosen = [option for option, value in given.items() if value is not None]
        if len(chosen) > 1:
            raise ConfigurationError(
                chosen[1], f"{chosen[0]} also says where the reported values are", "give one of them"
            )
        if self.columns is not None and self.reported is None:
            raise ConfigurationError("--columns", "--reported is missing", "give the table too")
        if self.link_types and self.header_len is None:
            raise ConfigurationError("--virtio-link-type", "--virtio-header is missing", "give its length too")
        if self.kind not in (None, _TPACKET):
            raise ConfigurationError("--source", f"{self.kind!r} is not known", f"use {_TPACKET}, or leave it out")
        if len(traces) > 1 and not self.per_queue:
            problem = f"{len(traces)} traces are given, but validate judges one at a time"
            raise ConfigurationError(
                "TRACE", problem, "give one, or add --per-queue if each trace holds one receive queue"
            )
        note_inputs([*traces, self.reported, self.testpmd])
        from pcaphash.capture.reported.tpacket import TpacketHashes

        sources = self._sources(traces, device)
        if self.header_len is not None:
            sources = self._behind_headers(sources, self.header_len, device.spec)
        return sources if self.kind is None else [TpacketHashes(source) for source in sources]

    def _behind_headers(self, sources: "list[ReportedSource]", length: int, spec: str) -> "list[ReportedSource]":
        """Read the headers of each trace, and beside them what else says something."""
        from pcaphash.capture.reported.joined import BehindHeaders
        from pcaphash.capture.reported.virtio_headers import VirtioHeaders

        link_types = {"link_types": self.link_types} if self.link_types else {}
        if self.reported is None and self.testpmd is None and self.key_shifts is None and not self.per_queue:
            return [VirtioHeaders(length, spec, **link_types)]
        return [BehindHeaders(VirtioHeaders(length, spec, **link_types), source) for source in sources]

    def _sources(self, traces: Sequence[str], device: "Device") -> "list[ReportedSource]":
        if self.per_queue:
            from pcaphash.capture.reported.per_queue import queues_of_traces

            return list(queues_of_traces(traces, device.queues))
        if self.reported is not None:
            from pcaphash.capture.reported.table import ReportedTable, parse_columns

            return [ReportedTable(self.reported, parse_columns(self.columns) if self.columns is not None else None)]
        if self.key_shifts is not None:
            from pcaphash.capture.reported.key_shifts import KeyShifts, parse_key_shifts

            table, captures = device.indirection_table, parse_key_shifts(self.key_shifts)
            note_inputs(captures.values())
            return [KeyShifts(captures, table, device.unclassified_queue)]
        if self.testpmd is not None:
            from pcaphash.capture.reported.testpmd import TestpmdLog

            return [TestpmdLog(self.testpmd)]
        from pcaphash.capture.reported.packet_options import PacketOptions

        return [PacketOptions()]


def takes_reported(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command every option that says where reported values are.

    Parameters
    ----------
    command : callable
        Called with ``reported_options``, a ReportedOptions.
    """

    def combine(given: dict[str, Any]) -> ReportedOptions:
        return ReportedOptions(**given)

    return replace_parameter(command, "reported_options", _OPTIONS, combine)
