"""``pcaphash compare``."""

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
from pcaphash.engine.engines import Running
from pcaphash.engine.limits import DEFAULT_MOST_FLOWS
from pcaphash.engine.selecting.selection import RECEIVED, Selection
from pcaphash.report.compare.write import COMPARISON_WRITERS, write_comparison, write_comparison_folder
from pcaphash.studies.shared.defaults import DEFAULT_HEAVIEST


@options.takes_configurations
@takes_running
@takes_selection(RECEIVED)
def compare(
    *,
    traces: TracesOrCensuses,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="DIR", parser=output_path, help="Write tables and figures to this folder."
        ),
    ] = None,
    format_: options.Format = "table",
    window: options.Window = None,
    heaviest: options.Heaviest = DEFAULT_HEAVIEST,
    most_flows: options.MostFlows = DEFAULT_MOST_FLOWS,
    jobs: options.Jobs = None,
    selection: Selection,
    running: Running,
    configurations: options.Configurations,
) -> int:
    """Compare how configurations and ideal hashes spread the same packets, and say what is to blame.

    Formats: table (default), json (everything).

    \b
    Examples:
      pcaphash compare trace.pcap
      pcaphash compare trace.pcap --window 100ms -o results
      pcaphash compare trace.pcap --config outer=base --config inner=all --config other=all@microsoft
    """
    options.check_format(format_, COMPARISON_WRITERS)
    check_set(output)
    from pcaphash.engine.timeline import parse_window

    window_ns = None if window is None else parse_window(window)
    traces = list_traces(traces)
    devices = configurations.devices_beside(traces)
    report_warnings(devices)
    announce_compilation()
    from pcaphash.studies.compare import compare as study

    with watched() as watch:
        comparison = study(
            traces, devices, selection, watch, window_ns=window_ns, heaviest=heaviest, most_flows=most_flows, jobs=jobs,
            running=running,
        )  # fmt: skip
    if output is not None:
        write_set(output, lambda folder: write_comparison_folder(comparison, folder))
    write_comparison(comparison, format_, sys.stdout)
    return report_reading(comparison.reading, selection)
