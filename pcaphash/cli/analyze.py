"""``pcaphash analyze``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from pcaphash.capture.files import output_path
from pcaphash.cli import options
from pcaphash.cli.outcome import check_set, report_reading, report_warnings, write_set
from pcaphash.cli.progress import announce_compilation, watched
from pcaphash.cli.running import PerFile, takes_running
from pcaphash.cli.selecting import takes_selection
from pcaphash.cli.traces import TracesOrCensuses, list_traces
from pcaphash.engine.engines import Running
from pcaphash.engine.selecting.selection import RECEIVED, Selection
from pcaphash.errors import ConfigurationError
from pcaphash.report.analyze.write import ANALYSIS_WRITERS, write_analysis, write_folder
from pcaphash.report.formats.registry import check_stream, is_binary


@options.takes_configurations
@takes_running
@takes_selection(RECEIVED)
def analyze(
    *,
    traces: TracesOrCensuses,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            parser=output_path,
            help="Write distribution.csv, summary.csv, with --per-file also files.csv, and a figure to this folder.",
        ),
    ] = None,
    format_: options.Format = "table",
    per_file: PerFile = False,
    jobs: options.Jobs = None,
    selection: Selection,
    running: Running,
    configurations: options.Configurations,
) -> int:
    """Show how the packets of captures spread over the receive queues under each configuration.

    Formats: table (default); csv, jsonl, markdown, parquet (the rows of distribution.csv); json (everything).

    \b
    Examples:
      pcaphash analyze trace.pcap
      pcaphash analyze a.pcap.gz b.pcapng --queues 16 -o results
      pcaphash analyze trace.pcap --config linux=linux --config vxlan=linux+VXLAN_INNER
      pcaphash analyze captures/ --per-file --resume partial
      pcaphash analyze s3://bucket/monday/ --engine dask
      pcaphash analyze trace.pcap --spec 1.4 --config nvgre=base/NVGRE
      zstd -dc trace.zst | pcaphash analyze - --format json
    """
    options.check_format(format_, ANALYSIS_WRITERS)
    check_set(output)
    if output is None:
        check_stream(format_, sys.stdout)
        if per_file and format_ not in ("table", "json"):
            advice = "use the format table or json, or add --output"
            raise ConfigurationError("--per-file", f"{format_} has room for only one table", advice)
    traces = list_traces(traces)
    devices = configurations.devices(traces)
    report_warnings(devices)
    announce_compilation()
    from pcaphash.studies.analyze import analyze as study

    is_drawn = output is not None  # and the figure shows what ideal hashes give
    with watched() as watch:
        analysis = study(
            traces, devices, selection, watch, with_chance=is_drawn, per_file=per_file, jobs=jobs, running=running
        )
    if output is not None:
        write_set(output, lambda folder: write_folder(analysis, folder, format_))
    if output is None or not is_binary(format_):
        write_analysis(analysis, format_, sys.stdout)
    return report_reading(analysis.reading, selection)
