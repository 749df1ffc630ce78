"""``pcaphash sweep``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from pcaphash.capture.files import output_path
from pcaphash.cli import options
from pcaphash.cli.outcome import check_set, report_reading, report_warnings, write_set
from pcaphash.cli.progress import announce_compilation, watched
from pcaphash.cli.running import takes_running
from pcaphash.cli.selecting import takes_selection
from pcaphash.cli.traces import TracesOrCensuses, list_traces
from pcaphash.device import DeviceOptions
from pcaphash.engine.engines import Running
from pcaphash.engine.selecting.selection import RECEIVED, Selection
from pcaphash.report.formats.registry import check_stream, is_binary
from pcaphash.report.sweep.write import SWEEP_WRITERS, write_sweep, write_sweep_folder
from pcaphash.studies.shared.defaults import DEFAULT_MEASURE


@options.takes_device
@takes_running
@takes_selection(RECEIVED)
def sweep(
    *,
    traces: TracesOrCensuses,
    by: Annotated[
        str,
        typer.Option("--by", metavar="MEASURE", help="Rank masks by this measure."),
    ] = DEFAULT_MEASURE,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            parser=output_path,
            help="Write sweep.csv (all masks), classes.csv and a figure to this folder.",
        ),
    ] = None,
    format_: options.Format = "table",
    jobs: options.Jobs = None,
    selection: Selection,
    running: Running,
    device_options: DeviceOptions,
) -> int:
    """Rank every mask of hash types by how evenly it spreads captures over the receive queues.

    Masks that give the same distribution form a class, which is shown by its smallest mask. Under virtio 1.4, each mask
    is combined with every set of tunnel types that makes a difference for these packets. Presets and the hash types
    that you give are marked.

    Measures: max_ideal (busiest queue above the ideal share), min_ideal (idlest queue below it), min_max (busiest queue
    above the idlest), jain (Jain's index), cov (coefficient of variation), entropy; each with _packets or _bytes
    appended.

    Formats: table (default); csv, jsonl, markdown, parquet (a row for every mask); json (classes with their masks).

    \b
    Examples:
      pcaphash sweep trace.pcap
      pcaphash sweep trace.pcap --by jain_bytes --queues 16 -o results
      pcaphash sweep monday.census tuesday.census --format csv
      pcaphash sweep trace.pcap --spec 1.4
    """
    options.check_format(format_, SWEEP_WRITERS)
    check_set(output)
    if output is None:
        check_stream(format_, sys.stdout)
    traces = list_traces(traces)
    device = options.one_device(options.adopt_census(traces, device_options))
    report_warnings([device])
    announce_compilation()
    from pcaphash.studies.sweep import sweep as study

    is_drawn = output is not None  # and the figure shows what ideal hashes give
    with watched() as watch:
        swept = study(traces, device, selection, watch, by=by, with_chance=is_drawn, jobs=jobs, running=running)
    if output is not None:
        write_set(output, lambda folder: write_sweep_folder(swept, folder, format_))
    if output is None or not is_binary(format_):
        write_sweep(swept, format_, sys.stdout)
    return report_reading(swept.reading, selection)
