"""``pcaphash analyze``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from pcaphash.cli import options
from pcaphash.cli.outcome import report_reading, report_warnings, write_set
from pcaphash.cli.progress import announce_compilation, watched
from pcaphash.cli.selecting import takes_selection
from pcaphash.cli.traces import list_traces
from pcaphash.engine.selection import RECEIVED, Selection
from pcaphash.report.files import output_path
from pcaphash.report.formats import ANALYSIS_FORMATS, PARQUET, check_stream


@options.takes_configurations
@takes_selection(RECEIVED)
def analyze(
    *,
    traces: Annotated[
        list[str],
        typer.Argument(metavar="TRACE", help="Captures, folders of them, or saved censuses; - is standard input."),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            parser=output_path,
            help="Write distribution.csv, summary.csv and a figure here.",
        ),
    ] = None,
    format_: options.Format = "table",
    selection: Selection,
    configurations: options.Configurations,
) -> int:
    """Show how the packets of captures spread over the receive queues, configurations side by side.

    \b
    Formats: table (default); csv, jsonl, markdown, parquet (the rows of distribution.csv); json (everything).
    \b
    Examples:
      pcaphash analyze trace.pcap
      pcaphash analyze a.pcap.gz b.pcapng --queues 16 -o results
      pcaphash analyze trace.pcap --config linux=linux --config vxlan=linux+VXLAN_INNER
      pcaphash analyze trace.pcap --spec 1.4 --config nvgre=base/NVGRE
      zstd -dc trace.zst | pcaphash analyze - --format json
    """
    options.check_format(format_, ANALYSIS_FORMATS)
    if output is None:
        check_stream(format_, sys.stdout)
    traces = list_traces(traces)
    devices = configurations.devices(traces)
    report_warnings(devices)
    announce_compilation()
    from pcaphash.studies.analyze import analyze as study

    with watched() as watch:
        analysis = study(traces, devices, selection, watch, with_chance=output is not None)  # which the figure shows
    from pcaphash.report.tables import write_analysis, write_folder

    if output is not None:
        write_set(output, lambda folder: write_folder(analysis, folder, format_))
    if output is None or format_ != PARQUET:
        write_analysis(analysis, format_, sys.stdout)
    return report_reading(analysis.reading, selection)
