"""``pcaphash census``."""

from pathlib import Path
from typing import Annotated

import typer

from pcaphash.capture.files import output_path
from pcaphash.cli import options
from pcaphash.cli.inputs import refuse_overwriting
from pcaphash.cli.messages import tell_written
from pcaphash.cli.outcome import report_reading, report_warnings
from pcaphash.cli.progress import announce_compilation, watched
from pcaphash.cli.running import takes_running
from pcaphash.cli.selecting import takes_selection
from pcaphash.cli.traces import list_traces
from pcaphash.device import Device, DeviceOptions
from pcaphash.engine.engines import Running
from pcaphash.engine.selecting.selection import RECEIVED, Selection


@options.takes_device
@takes_running
@takes_selection(RECEIVED)
def census(
    *,
    traces: Annotated[
        list[str],
        typer.Argument(metavar="TRACE", help="Captures, or saved censuses to combine; - is standard input."),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", parser=output_path, help="The file to write.")
    ],
    jobs: options.Jobs = None,
    selection: Selection,
    running: Running,
    device_options: DeviceOptions,
) -> int:
    """Count the packets of captures once, and save the counts. Other commands take the file in place of the captures.

    A census works with any hash types, tunnel types, queues and indirection tables (up to the size given here), under
    either spec. Several censuses combine to exactly the result of one run over all captures if they were taken with
    the same key, ports and table size.

    \b
    Examples:
      pcaphash census monday.pcap -o monday.census
      pcaphash census monday.census tuesday.census -o both.census
      pcaphash analyze both.census --queues 16
    """
    traces = list_traces(traces)
    refuse_overwriting([output])
    device = Device(**options.adopt_census(traces, device_options))
    report_warnings([device])
    announce_compilation()
    from pcaphash.capture.files import whole_file
    from pcaphash.engine.saved import save_census
    from pcaphash.studies.census import census as study

    with watched() as watch:
        taken = study(traces, device, selection, watch, jobs=jobs, running=running)
    with whole_file(output) as part, part.open("wb") as stream:
        save_census(taken, stream)
    tell_written(output)
    return report_reading(taken.reading, selection)
