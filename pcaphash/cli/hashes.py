"""``pcaphash hashes``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from pcaphash.capture.files import output_path
from pcaphash.cli import options
from pcaphash.cli.inputs import refuse_overwriting
from pcaphash.cli.messages import note_rows, warn
from pcaphash.cli.outcome import report_reading, report_warnings
from pcaphash.cli.progress import announce_compilation, watched
from pcaphash.cli.running import takes_list
from pcaphash.cli.selecting import takes_selection
from pcaphash.cli.traces import Traces, list_traces
from pcaphash.device import Device, DeviceOptions
from pcaphash.engine.selecting.selection import EVERYTHING, Selection
from pcaphash.report.formats.registry import ROW_FORMATS, check_stream, format_of_rows
from pcaphash.report.formats.rows import save_rows, write_rows


@options.takes_device
@takes_list
@takes_selection(EVERYTHING)
def hashes(
    *,
    traces: Traces,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            parser=output_path,
            help="Write to this file instead of standard output. Its extension chooses the format: .csv, .csv.gz, "
            ".jsonl, .json, .md, .parquet.",
        ),
    ] = None,
    format_: Annotated[
        str | None,
        typer.Option("--format", metavar="FORMAT", help="Format of the output.  [default: csv, or by --output]"),
    ] = None,
    jobs: options.JobsInOrder = None,
    selection: Selection,
    device_options: DeviceOptions,
) -> int:
    """Write one row per packet: its encapsulation, hash type, hash input, hash and receive queue.

    With several traces, an extra column, trace, names the trace of each row. Rows are in the order of the traces.

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
        refuse_overwriting([output])
    chosen_format = format_of_rows(format_, output)
    if output is None:
        check_stream(chosen_format, sys.stdout)
    chosen = Device(**device_options)
    report_warnings([chosen])
    announce_compilation()
    from pcaphash.engine.reading import Reading
    from pcaphash.studies.hashes import stream_hashes
    from pcaphash.studies.shared.columns import columns_of_hashes

    # Rows that run over a terminal show how far it is; a bar among them would only be torn apart.
    with watched(beside=output is None and sys.stdout.isatty()) as watch:
        reading = Reading()
        rows = stream_hashes(traces, chosen, reading, selection, watch, jobs)
        columns = columns_of_hashes(names_traces=len(traces) > 1)
        if output is None:
            note_rows()
            write_rows(rows, columns, sys.stdout, chosen_format)
        else:
            save_rows(rows, columns, output, chosen_format)
    if not reading.packets and not reading.is_partial:
        warn("there are no packets, so there are no rows; give a trace with packets")
    return report_reading(reading)
