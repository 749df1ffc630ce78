"""``pcaphash explain``."""

import sys
from dataclasses import replace
from typing import Annotated

import typer

from pcaphash.cli import options
from pcaphash.cli.options import Configurations
from pcaphash.cli.outcome import report_warnings
from pcaphash.cli.progress import announce_compilation, watched
from pcaphash.cli.selecting import Strip
from pcaphash.cli.traces import OneTrace
from pcaphash.device import Device
from pcaphash.report.explain.write import EXPLANATION_WRITERS, write_explanation


@options.takes_device_and_configurations
def explain(
    *,
    trace: OneTrace,
    packet: Annotated[
        int, typer.Option("--packet", metavar="N", help="Number of the packet, counted from 1, as hashes shows it.")
    ],
    strip: Strip = None,
    format_: options.Format = "tree",
    configurations: Configurations,
) -> int:
    """Explain why one packet gets its hash and receive queue, or why it gets no hash.

    The output shows the packet header by header, each rule that applies with its reason and source, the bytes of the
    hash input, and what other configurations would do: the usual three, or those that --config names.

    Formats: tree (default), json (one object with everything).

    \b
    Examples:
      pcaphash explain trace.pcap --packet 17
      pcaphash explain trace.pcap --packet 17 --hash-types linux --queues 4
      pcaphash explain trace.pcap --packet 17 --spec 1.4 --config plain=base/none --config nvgre=base/NVGRE
      pcaphash explain trace.pcap --packet 17 --format json | jq .steps
    """
    options.check_format(format_, EXPLANATION_WRITERS)
    device = options.one_device(configurations.options)
    others = _compared(configurations)
    report_warnings([device])
    announce_compilation()
    from pcaphash.studies.explain import explain as study

    with watched() as watch:
        explanation = study(trace, packet, device, others, watch, strip=strip)
    write_explanation(explanation, format_, sys.stdout)
    return 0


def _compared(configurations: Configurations) -> list[Device] | None:
    """Make the configurations to compare with: those named, or none, which stands for the usual ones."""
    if configurations.named or configurations.of_file:
        # Types given on the command line are those of the device explained, beside the configurations named.
        return replace(configurations, types_option="").devices()
    return None
