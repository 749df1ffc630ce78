"""``pcaphash analyze``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from pcaphash.cli import options
from pcaphash.cli.outcome import report_reading, report_warnings
from pcaphash.cli.progress import announce_compilation, watched
from pcaphash.device import DeviceOptions


@options.takes_device
def analyze(
    *,
    traces: Annotated[list[str], typer.Argument(metavar="TRACE...", help="Captures; - is standard input.")],
    config: options.Configs = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Write distribution.csv, summary.csv and a figure here."),
    ] = None,
    format_: options.Format = "table",
    device_options: DeviceOptions,
) -> int:
    """Show how the packets of captures spread over the receive queues, configurations side by side.

    \b
    Formats: table (default), csv (the rows of distribution.csv), json (everything).
    \b
    Examples:
      pcaphash analyze trace.pcap
      pcaphash analyze a.pcap.gz b.pcapng --queues 16 -o results
      pcaphash analyze trace.pcap --config linux=linux --config vxlan=linux+VXLAN_INNER
      pcaphash analyze trace.pcap --spec 1.4 --config nvgre=base/NVGRE
      zstd -dc trace.zst | pcaphash analyze - --format json
    """
    options.check_format(format_, ("table", "csv", "json"))
    devices = options.make_configs(device_options, config)
    report_warnings(devices)
    announce_compilation()
    from pcaphash.studies.analyze import analyze as study

    with watched() as watch:
        analysis = study(traces, devices, watch)
    if output is not None:
        from pcaphash.report.tables import write_folder

        for path in write_folder(analysis, output):
            print(f"wrote {path}", file=sys.stderr)
    if format_ == "table":
        from rich.console import Console

        from pcaphash.report.console import show_analysis

        show_analysis(analysis, Console(highlight=False, markup=False, emoji=False))
    else:
        from pcaphash.report.tables import write_csv, write_json

        (write_csv if format_ == "csv" else write_json)(analysis, sys.stdout)
    return report_reading(analysis.reading)
