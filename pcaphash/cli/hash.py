"""``pcaphash hash``."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from pcaphash.cli import options
from pcaphash.cli.messages import note_rows, warn
from pcaphash.cli.outcome import report_warnings
from pcaphash.device import Device, DeviceOptions
from pcaphash.device.paths import is_there
from pcaphash.device.text_files import open_text
from pcaphash.errors import CaptureError, ConfigurationError, Unreadable
from pcaphash.report.hash_tuple.write import TUPLE_WRITERS, write_tuples

if TYPE_CHECKING:
    from pcaphash.studies.hash_tuple import TupleHash

_STANDARD_INPUT = "-"


@options.takes_device
def hash_(
    *,
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="SOURCE", help="Address, with or without a port; or a file of tuples; - is standard input."
        ),
    ] = None,
    destination: Annotated[
        str | None, typer.Argument(metavar="DESTINATION", help="Address, with or without a port.")
    ] = None,
    protocol: Annotated[
        str | None,
        typer.Option(
            "--protocol", metavar="NAME", help="tcp, udp, another name, or a number.  [default: tcp with ports]"
        ),
    ] = None,
    both: Annotated[bool, typer.Option("--both", help="Also hash the reverse direction.")] = False,
    format_: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="FORMAT", help="Format of the output.  [default: table for one tuple, csv for many]"
        ),
    ] = None,
    device_options: DeviceOptions,
) -> int:
    """Calculate the hash and the receive queue of a packet from its addresses and ports, without a capture.

    Give the addresses of the header that is hashed: if the device hashes the inner header of a tunnel, the inner ones.
    Without ports, the address types apply, as to all packets that are neither TCP nor UDP.

    To hash many tuples, give them as CSV or JSON objects, one per line, in a file or on standard input. Columns are
    named as in the output (or src, dst, sport, dport, proto). Without a header line, the order is source, source_port,
    destination, destination_port, protocol; or source, destination, then the rest.

    Formats: table, csv, jsonl (one JSON object per line), json (everything), markdown.

    \b
    Examples:
      pcaphash hash 192.0.2.1:1234 198.51.100.2:443 --ethtool eth0.txt
      pcaphash hash [2001:db8::1]:5000 [2001:db8::2]:53 --protocol udp --both
      pcaphash hash 192.0.2.1 198.51.100.2 --format json
      pcaphash hash tuples.csv --queues 16
      ss -tnH | awk '{print $5, $4}' | pcaphash hash - --format jsonl
    """
    chosen = ("table" if destination is not None else "csv") if format_ is None else format_
    options.check_format(chosen, TUPLE_WRITERS)
    device = Device(**device_options)
    report_warnings([device])
    from pcaphash.studies.hash_tuple import hash_packet_tuple, hash_tuples, parse_protocol, parse_tuple

    if destination is not None and source is not None:
        packet = parse_tuple(source, destination, protocol=protocol)
        packets = [packet, packet.reverse()] if both else [packet]
        if packet.has_unhashed_ports:
            warn(f"the ports are ignored: no hash type has those of {packet.protocol_name}, only those of TCP and UDP")
        write_tuples([hash_packet_tuple(each, device) for each in packets], device, chosen, sys.stdout)
        return 0
    parse_protocol(protocol)  # before anything is read
    note_rows()
    with _open(source) as (stream, name):
        found = hash_tuples(stream, name, device, protocol, both=both)
        write_tuples(_noticing(found, name), device, chosen, sys.stdout)
    return 0


@contextmanager
def _open(path: str | None) -> Iterator[tuple[TextIO, str]]:
    """Open a file of tuples, or standard input where there is none."""
    if sys.stdin is None or (path is None and sys.stdin.isatty()):
        raise ConfigurationError("SOURCE", "is missing", "give SOURCE and DESTINATION, or see --help")
    if path in (None, _STANDARD_INPUT):
        with open_text(open(sys.stdin.fileno(), "rb", closefd=False), errors="replace") as stream:
            yield stream, "standard input"
        return
    file = Path(str(path))
    if not is_there(file):
        problem = f"is missing, and there is no file of tuples called {path}"
        raise ConfigurationError("DESTINATION", problem, "give two addresses, or - for tuples on standard input")
    try:
        opened = open_text(file.open("rb"), errors="replace")
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
        raise CaptureError(str(path), Unreadable.NOT_READ, problem, "check the path and its permissions") from error
    with opened as stream:  # reading a file that is open does not fail; writing what comes of it may
        yield stream, str(path)


def _noticing(found: "Iterable[TupleHash]", name: str) -> "Iterator[TupleHash]":
    """Tell once where a protocol is assumed."""
    is_told = is_told_of_ports = False
    for each in found:
        if each.packet.has_unhashed_ports and not is_told_of_ports:
            is_told_of_ports = True
            warn(f"{name}: the ports of some tuples are ignored: only TCP and UDP have hash types with ports")
        if each.packet.is_assumed and not is_told:
            is_told = True
            warn(f"{name}: some tuples have ports but no protocol: TCP is assumed; --protocol chooses another")
        yield each
