"""``pcaphash report``."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pcaphash.capture.files import output_path
from pcaphash.cli import options
from pcaphash.cli.inputs import refuse_overwriting
from pcaphash.cli.messages import tell_written
from pcaphash.cli.outcome import report_reading, report_warnings
from pcaphash.cli.progress import announce_compilation, watched
from pcaphash.cli.running import takes_list
from pcaphash.cli.selecting import takes_selection
from pcaphash.cli.traces import TracesOrCensuses, list_traces
from pcaphash.device import Device
from pcaphash.engine.limits import DEFAULT_MOST_FLOWS
from pcaphash.engine.selecting.selection import RECEIVED, Selection
from pcaphash.errors import ConfigurationError, Field, trace_name
from pcaphash.studies.shared.defaults import DEFAULT_HEAVIEST

if TYPE_CHECKING:
    from pcaphash.engine.progress import Watch
    from pcaphash.studies.replay import Replay


@options.takes_configurations
@takes_list
@takes_selection(RECEIVED)
def report(
    *,
    traces: TracesOrCensuses,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE|DIR",
            parser=output_path,
            help="Write this .html file, or report.html in this folder.",
        ),
    ],
    window: options.Window = None,
    in_time: Annotated[
        bool,
        typer.Option("--in-time", help="Also replay the traces in time: at which service rate packets are dropped."),
    ] = False,
    heaviest: options.Heaviest = DEFAULT_HEAVIEST,
    most_flows: options.MostFlows = DEFAULT_MOST_FLOWS,
    jobs: options.Jobs = None,
    selection: Selection,
    configurations: options.Configurations,
) -> int:
    """Write what compare finds as one HTML page, with figures.

    \b
    The page is a single file that can be mailed and printed. The verdict also goes to standard output.
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

    refuse_overwriting([page_path(output)])
    if in_time:
        _check_in_time(traces)
    report_warnings(devices)
    announce_compilation()
    from pcaphash.studies.compare import compare

    with watched() as watch:
        comparison = compare(
            traces, devices, selection, watch, window_ns=window_ns, heaviest=heaviest, most_flows=most_flows, jobs=jobs
        )
        replay = _replay(traces, devices, selection, watch) if in_time else None
    from rich.text import Text

    from pcaphash.report.compare.words import put_into_words
    from pcaphash.report.layout import open_console, show_text

    path = write_page(comparison, output, shlex.join(["pcaphash", *sys.argv[1:]]), replay)
    tell_written(path)
    lines = put_into_words(comparison.verdict, comparison.reading).lines
    if replay is not None:
        from pcaphash.report.replay.words import headline

        lines.append(headline(replay))
    console = open_console(sys.stdout)
    for line in lines:
        show_text(Text(line), console)
    return report_reading(comparison.reading, selection)


def _check_in_time(traces: list[str]) -> None:
    """Refuse to replay traces that are compared first.

    Raises
    ------
    ConfigurationError
        One of them is a saved census, which has no packets, or cannot be read a second time.
    """
    from pcaphash.capture.input import can_be_read_again
    from pcaphash.engine.saved import is_saved_census
    from pcaphash.studies.shared.asking import inputs_of

    for source in inputs_of(traces):
        if is_saved_census(source.name):
            problem = "is a saved census, which has no times of packets"
        elif not can_be_read_again(source):
            problem = "cannot be read a second time, as packets in time"
        else:
            continue
        raise ConfigurationError(Field("in_time"), f"{trace_name(source.name)} {problem}", "give the captures as files")


def _replay(traces: list[str], devices: list[Device], selection: Selection, watch: "Watch | None") -> "Replay":
    """Replay traces in time."""
    from pcaphash.studies.replay import replay

    return replay(traces, devices, selection=selection, watch=watch)
