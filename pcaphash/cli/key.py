"""``pcaphash key``."""

import sys
from typing import Annotated

import typer

from pcaphash.cli import options
from pcaphash.cli.outcome import report_reading, report_warnings
from pcaphash.cli.progress import announce_compilation, watched
from pcaphash.cli.running import takes_list
from pcaphash.cli.selecting import takes_selection
from pcaphash.cli.traces import list_traces
from pcaphash.engine.selecting.selection import RECEIVED, Selection
from pcaphash.report.key.write import KEY_WRITERS, write_examination


@options.takes_configurations
@takes_list
@takes_selection(RECEIVED)
def key(
    *,
    traces: Annotated[
        list[str],
        typer.Argument(metavar="TRACE", help="Captures, or folders of them; - is standard input.  [default: none]"),
    ],
    format_: options.Format = "table",
    jobs: options.Jobs = None,
    selection: Selection,
    configurations: options.Configurations,
) -> int:
    """Say what is wrong with a hash key: which table entries can never be reached with it, and what an attacker can do.

    A Toeplitz hash is linear. So the rank of the map from what varies to the bits of the table index says how many
    entries can be reached at all. Without traces, source port, source address, both and everything vary, and one
    device with all hash types is looked at unless --config names others. With traces, what varies in their hash inputs
    is looked at too, under each configuration.

    Formats: table (default); csv, jsonl, markdown (a row for each input and what varies in it); json (everything).

    \b
    Examples:
      pcaphash key
      pcaphash key --key symmetric --indirection-table-size 512
      pcaphash key --ethtool eth0.txt
      pcaphash key --config ours=all@mlx5 --config other=all@i40e
      pcaphash key trace.pcap --hash-config payload.hex
    """
    options.check_format(format_, KEY_WRITERS)
    from pcaphash.studies.key import examine_key as study

    if not traces:
        devices = configurations.devices_alone()
        report_warnings(devices)
        write_examination(study(devices=devices, selection=selection), format_, sys.stdout)
        return 0
    traces = list_traces(traces)
    devices = configurations.devices(traces)
    report_warnings(devices)
    announce_compilation()
    with watched() as watch:
        examination = study(traces, devices, selection, watch, jobs=jobs)
    write_examination(examination, format_, sys.stdout)
    assert examination.reading is not None, "traces were read"
    return report_reading(examination.reading, selection)
