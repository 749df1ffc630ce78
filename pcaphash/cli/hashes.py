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
from pcaphash.device import Device, DeviceOptions
from pcaphash.engine.selection import EVERYTHING, Selection
from pcaphash.report.files import output_path
from pcaphash.report.formats import ROW_FORMATS, check_stream


@options.takes_device
@takes_selection(EVERYTHING)
def hashes(
    *,
    trace: Annotated[str, typer.Argument(metavar="TRACE", help="A capture; - is standard input.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", parser=output_path, help="Write here instead of standard output."
        ),
    ] = None,
    format_: options.Format = "csv",
    selection: Selection,
    device_options: DeviceOptions,
) -> int:
    """Write one row per packet: what it is, which hash type applies, the hash input, the hash, the receive queue.

    \b
    Formats: csv (default), jsonl (one JSON object per line), json, markdown, parquet (to a file or a pipe).
    \b
    Examples:
      pcaphash hashes trace.pcap | head
      pcaphash hashes trace.pcapng.gz --hash-types linux --queues 4 -o hashes.csv
      pcaphash hashes trace.pcap --spec 1.4 --tunnel-types VXLAN+GENEVE --format jsonl
    """
    options.check_format(format_, ROW_FORMATS)
    if output is None:
        check_stream(format_, sys.stdout)
    else:
        options.refuse_overwriting(output, [trace])
    chosen = Device(**device_options)
    report_warnings([chosen])
    announce_compilation()
    from pcaphash.engine.stream import Account
    from pcaphash.report.rows import write_rows
    from pcaphash.studies.hashes import COLUMNS, stream_hashes

    # Rows that run over a terminal show how far it is; a bar among them would only be torn apart.
    with watched(beside=output is None and sys.stdout.isatty()) as watch:
        account = Account([trace], watch)
        rows = stream_hashes(trace, chosen, account, selection)
        if output is None:
            note_rows()
            write_rows(rows, COLUMNS, sys.stdout, format_)
        else:
            from pcaphash.report.files import whole_file

            with whole_file(output) as part, part.open("w", encoding="utf-8", newline="") as stream:
                write_rows(rows, COLUMNS, stream, format_)
    return report_reading(account.reading)
