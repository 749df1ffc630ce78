"""``pcaphash hashes``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from pcaphash.cli import options
from pcaphash.cli.messages import note_rows
from pcaphash.cli.outcome import report_reading, report_warnings
from pcaphash.cli.progress import announce_compilation, watched
from pcaphash.cli.selecting import takes_selection
from pcaphash.cli.traces import list_traces
from pcaphash.device import Device, DeviceOptions
from pcaphash.engine.selection import EVERYTHING, Selection
from pcaphash.report.files import output_path
from pcaphash.report.formats import ROW_FORMATS, check_stream, format_of_rows


@options.takes_device
@takes_selection(EVERYTHING)
def hashes(
    *,
    traces: Annotated[
        list[str], typer.Argument(metavar="TRACE", help="Captures, or folders of them; - is standard input.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            parser=output_path,
            help="Write to this file instead of standard output. The file extension chooses the format: .csv, "
            ".csv.gz, .jsonl, "
            ".json, .md, .parquet.",
        ),
    ] = None,
    format_: Annotated[
        str | None, typer.Option("--format", metavar="FORMAT", help="What to write.  [default: csv, or by --output]")
    ] = None,
    selection: Selection,
    device_options: DeviceOptions,
) -> int:
    """Write one row per packet: what it is, which hash type applies, the hash input, the hash, the receive queue.

    With several traces, the extra column trace names the trace of each row; rows are in the order of the traces.

    \b
    Formats: csv (default), jsonl (one JSON object per line), json, markdown, parquet (to a file or a pipe).
    \b
    Examples:
      pcaphash hashes trace.pcap | head
      pcaphash hashes trace.pcapng.gz --hash-types linux --queues 4 -o hashes.parquet
      pcaphash hashes trace.pcap --spec 1.4 --tunnel-types VXLAN+GENEVE --format jsonl
    """
    if format_ is not None:
        options.check_format(format_, ROW_FORMATS)
    traces = list_traces(traces)
    if output is not None:
        options.refuse_overwriting(output, traces)
    chosen_format = format_of_rows(format_, output)
    if output is None:
        check_stream(chosen_format, sys.stdout)
    chosen = Device(**device_options)
    report_warnings([chosen])
    announce_compilation()
    from pcaphash.engine.stream import Account
    from pcaphash.report.rows import save_rows, write_rows
    from pcaphash.studies.hashes import columns_of, stream_hashes

    # Rows that run over a terminal show how far it is; a bar among them would only be torn apart.
    with watched(beside=output is None and sys.stdout.isatty()) as watch:
        account = Account(traces, watch)
        rows = stream_hashes(traces, chosen, account, selection)
        if output is None:
            note_rows()
            write_rows(rows, columns_of(traces), sys.stdout, chosen_format)
        else:
            save_rows(rows, columns_of(traces), output, chosen_format)
    return report_reading(account.reading)
