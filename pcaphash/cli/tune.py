"""``pcaphash tune``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from pcaphash.capture.files import output_path
from pcaphash.cli import options
from pcaphash.cli.outcome import check_set, report_reading, report_warnings, write_set
from pcaphash.cli.progress import announce_compilation, watched
from pcaphash.cli.running import takes_list
from pcaphash.cli.selecting import takes_selection
from pcaphash.cli.traces import TracesOrCensuses, list_traces
from pcaphash.device import DeviceOptions
from pcaphash.engine.limits import DEFAULT_MOST_FLOWS
from pcaphash.engine.selecting.selection import RECEIVED, Selection
from pcaphash.report.tune.write import TUNING_WRITERS, write_tuning, write_tuning_folder
from pcaphash.studies.shared.defaults import DEFAULT_KEYS, DEFAULT_MEASURE


@options.takes_device
@takes_list
@takes_selection(RECEIVED)
def tune(
    *,
    traces: TracesOrCensuses,
    n_keys: Annotated[int, typer.Option("--keys", metavar="N", min=1, help="Random hash keys to try.")] = DEFAULT_KEYS,
    seed: Annotated[
        int,
        typer.Option(
            "--seed", metavar="N", min=0, help="Seed of the random keys and halves; the same seed gives the same ones."
        ),
    ] = 1,
    measure: Annotated[
        str, typer.Option("--measure", metavar="MEASURE", help="Choose keys by this measure.")
    ] = DEFAULT_MEASURE,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            parser=output_path,
            help="Write verdict.txt, keys.csv, keys.png, table.csv, sizes.csv, rss_config.hex and rss_config.bin to "
            "this folder.",
        ),
    ] = None,
    format_: options.Format = "table",
    most_flows: Annotated[
        int, typer.Option("--max-flows", metavar="N", min=1, help="How many flows to keep; the rest are left out.")
    ] = DEFAULT_MOST_FLOWS,
    jobs: options.Jobs = None,
    selection: Selection,
    device_options: DeviceOptions,
) -> int:
    """Try many hash keys and table sizes, and make an indirection table for this traffic.

    A key is chosen on one half of the flows and judged on the other half. That shows what it may gain on other traffic:
    usually little. After the random keys, a quarter as many are tried by flipping bits of the best ones. A saved census
    has no flows to try keys on, so it gives only a table.

    Measures: max_ideal (busiest queue above the ideal share), min_ideal (idlest queue below it), jain (Jain's index),
    cov (coefficient of variation), entropy; each with _packets or _bytes appended.

    Formats: table (default), json.

    \b
    Examples:
      pcaphash tune trace.pcap
      pcaphash tune trace.pcap --ethtool eth0.txt --keys 5000 --measure cov_bytes
      pcaphash tune trace.pcap --queues 6 --indirection-table-size 16 -o results
    """
    options.check_format(format_, TUNING_WRITERS)
    check_set(output)
    traces = list_traces(traces)
    device = options.one_device(options.adopt_census(traces, device_options))
    report_warnings([device])
    announce_compilation()
    from pcaphash.studies.tune import tune as study

    with watched() as watch:
        tuning = study(
            traces,
            device,
            selection,
            watch,
            measure=measure,
            n_keys=n_keys,
            seed=seed,
            most_flows=most_flows,
            jobs=jobs,
        )
    if output is not None:
        write_set(output, lambda folder: write_tuning_folder(tuning, folder))
    write_tuning(tuning, format_, sys.stdout)
    return report_reading(tuning.reading, selection)
