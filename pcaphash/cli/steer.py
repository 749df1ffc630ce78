"""``pcaphash steer``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from pcaphash.cli import options
from pcaphash.cli.groups import OUTPUT, put_into
from pcaphash.cli.inputs import refuse_overwriting
from pcaphash.cli.messages import tell_written, warn
from pcaphash.cli.outcome import report_warnings
from pcaphash.device import Device, DeviceOptions
from pcaphash.errors import Field
from pcaphash.report.steer.write import STEERING_WRITERS, write_steering

_STANDARD_OUTPUT = "-"
_WRITE = Annotated[
    str | None,
    typer.Option(
        "--write",
        "-w",
        metavar="FILE",
        help="Also write the flows to this .pcapng file, with hash and queue; - for standard output, instead of text.",
    ),
]
put_into(OUTPUT, {"write": _WRITE})


@options.takes_device
def steer(
    *,
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="Source address, or a network to choose addresses from.")
    ],
    destination: Annotated[str, typer.Argument(metavar="DESTINATION", help="Destination address with its port.")],
    protocol: Annotated[
        str | None,
        typer.Option("--protocol", metavar="NAME", help="tcp, udp, another name, or a number.  [default: tcp]"),
    ] = None,
    queue: Annotated[
        int | None, typer.Option("--queue", metavar="N", help="The receive queue.  [default: each, evenly]")
    ] = None,
    flow_count: Annotated[int, typer.Option("--count", metavar="N", help="Flows for each queue, at most.")] = 1,
    both: Annotated[
        bool, typer.Option("--both", help="Find flows whose other direction goes to the same queue, too.")
    ] = False,
    source_ports: Annotated[
        str | None,
        typer.Option("--source-ports", metavar="LOW-HIGH", help="Source ports to choose from.  [default: 32768-65535]"),
    ] = None,
    tunnel: Annotated[
        str, typer.Option("--tunnel", metavar="NAME", help="The tunnel that the flows are in, such as VXLAN.")
    ] = "",
    header: Annotated[
        str,
        typer.Option(
            "--header",
            metavar="inner|outer",
            help="Which header of tunnel packets has these addresses.  [default: inner]",
        ),
    ] = "",
    write: _WRITE = None,
    format_: options.Format = "table",
    device_options: DeviceOptions,
) -> int:
    """Find flows for receive queues: which source ports lead to a queue, found by solving equations over GF(2).

    Without --queue, every receive queue gets the same number of flows. With --queue and --count, all flows load one
    queue: what an attacker who knows the key could send.

    Formats: table (default); csv, jsonl, markdown (a row for each direction of each flow); json (everything).

    \b
    Examples:
      pcaphash steer 192.0.2.1 198.51.100.2:443 --ethtool eth0.txt
      pcaphash steer 192.0.2.1 198.51.100.2:443 --queue 3 --count 10
      pcaphash steer 10.0.0.0/16 10.1.0.1:80 --queue 0 --count 1000 -w attack.pcapng
      pcaphash steer 10.0.0.1 10.0.0.2:80 --both
      pcaphash steer 192.0.2.1 198.51.100.2 --tunnel VXLAN --header outer --hash-types base
    """
    options.check_format(format_, STEERING_WRITERS)
    device = Device(**device_options)
    from pcaphash.report.steer.text import name_queues
    from pcaphash.studies.steer import WhyNot
    from pcaphash.studies.steer import steer as study
    from pcaphash.studies.steer.capture import write_flows
    from pcaphash.studies.steer.unreached_words import reason_text

    found = study(source, destination, protocol, queue, flow_count, both, source_ports, tunnel, header, device)
    if write is not None:
        refuse_overwriting([Path(write)], Field("write"))
        write_flows(write, found)
    report_warnings([device])
    for unreached, queues in found.missing_by_reason.items():
        if unreached.why != WhyNot.ZERO_KEY:  # which the warnings of the device tell
            more = f"; give more with {Field('source_ports')}" if unreached.why == WhyNot.FEW_PORTS else ""
            warn(f"{name_queues(queues)} cannot be reached: {reason_text(unreached)}{more}")
    few = {target.queue: target.possible for target in found.targets if 0 < target.possible < flow_count}
    if few:
        least, most = min(few.values()), max(few.values())
        number = f"{least:,}" if least == most else f"{least:,} to {most:,}"
        warn(
            f"only {number} of {flow_count:,} flows lead to {name_queues(list(few))}; widen {Field('source_ports')}, "
            f"or give a larger network as {Field('source')}"
        )
    if write != _STANDARD_OUTPUT:
        if write is not None:
            tell_written(Path(write))
        write_steering(found, format_, sys.stdout)
    return 0
