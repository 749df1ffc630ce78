"""``pcaphash report``."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from pcaphash.cli import options
from pcaphash.cli.messages import tell_written
from pcaphash.cli.outcome import report_reading, report_warnings
from pcaphash.cli.progress import announce_compilation, watched
from pcaphash.cli.selecting import takes_selection
from pcaphash.cli.traces import list_traces
from pcaphash.engine.selection import RECEIVED, Selection
from pcaphash.report.files import output_path

_DEFAULT_HEAVIEST = 10
_DEFAULT_MOST_FLOWS = 1_000_000


@options.takes_configurations
@takes_selection(RECEIVED)
def report(
    *,
    traces: Annotated[
        list[str],
        typer.Argument(metavar="TRACE", help="Captures, folders of them, or saved censuses; - is standard input."),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE|DIR", parser=output_path, help="Write this .html file, or report.html here."
        ),
    ],
    window: Annotated[
        str | None,
        typer.Option("--window", metavar="TIME", help="Also show the load over time, in windows such as 100ms."),
    ] = None,
    heaviest: Annotated[
        int, typer.Option("--heaviest", metavar="N", min=0, help="Tunnels to show one by one.")
    ] = _DEFAULT_HEAVIEST,
    most_flows: Annotated[
        int, typer.Option("--max-flows", metavar="N", min=1, help="Flows to keep; the rest are lumped together.")
    ] = _DEFAULT_MOST_FLOWS,
    selection: Selection,
    configurations: options.Configurations,
) -> int:
    """Write one HTML page on how configurations spread the same packets: the findings of compare, with figures.

    \b
    The page is self-contained, so it can be mailed and printed. The verdict also goes to standard output.
    \b
    Examples:
      pcaphash report trace.pcap -o results
      pcaphash report trace.pcap --window 100ms -o page.html
      pcaphash report trace.pcap --config outer=base --config inner=all -o results
    """
    from pcaphash.engine.timeline import parse_window

    window_ns = None if window is None else parse_window(window)
    traces = list_traces(traces)
    devices = configurations.devices_beside(traces)
    from pcaphash.report.page import page_path, write_page

    options.refuse_overwriting(page_path(output), traces)
    report_warnings(devices)
    announce_compilation()
    from pcaphash.studies.compare import compare

    with watched() as watch:
        comparison = compare(
            traces, devices, selection, watch, window_ns=window_ns, heaviest=heaviest, most_flows=most_flows
        )
    from pcaphash.report.comparison_words import put_into_words

    path = write_page(comparison, output, shlex.join(["pcaphash", *sys.argv[1:]]))
    tell_written(path)
    print("\n".join(put_into_words(comparison.verdict).lines))
    return report_reading(comparison.reading, selection)
