"""``pcaphash info``."""

import sys
from typing import Annotated

import typer

from pcaphash.cli import options
from pcaphash.cli.device_options import GenevePorts, GreUdpPorts, VxlanGpePorts, VxlanPorts
from pcaphash.cli.outcome import report_reading, report_warnings
from pcaphash.cli.progress import announce_compilation, watched
from pcaphash.cli.running import takes_running
from pcaphash.cli.selecting import takes_selection
from pcaphash.cli.traces import TracesOrCensuses, list_traces
from pcaphash.device import Device
from pcaphash.engine.engines import Running
from pcaphash.engine.selecting.selection import EVERYTHING, Selection
from pcaphash.report.info.write import INFO_WRITERS, write_info
from pcaphash.studies.shared.defaults import DEFAULT_HEAVIEST


@takes_running
@takes_selection(EVERYTHING)
def info(
    *,
    traces: TracesOrCensuses,
    format_: options.Format = "table",
    heaviest: options.Heaviest = DEFAULT_HEAVIEST,
    is_verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show all details of each file instead of one row.")
    ] = False,
    vxlan_ports: VxlanPorts = None,
    geneve_ports: GenevePorts = None,
    vxlan_gpe_ports: VxlanGpePorts = None,
    gre_udp_ports: GreUdpPorts = None,
    jobs: options.Jobs = None,
    selection: Selection,
    running: Running,
) -> int:
    """Show what is in captures: files, interfaces, times, lengths, tunnels, and packets without a hash.

    Every packet is counted, including those that the capturing host sent, unless you select packets.

    Formats: table (default), json (one object with everything).

    \b
    Examples:
      pcaphash info trace.pcap
      pcaphash info monday.pcapng.gz tuesday.pcapng.gz --heaviest 50
      pcaphash info trace.pcap --encapsulation VXLAN --format json | jq .tunnels.heaviest
      pcaphash info monday.census
    """
    options.check_format(format_, INFO_WRITERS)
    traces = list_traces(traces)
    given = {
        "vxlan_ports": vxlan_ports,
        "geneve_ports": geneve_ports,
        "vxlan_gpe_ports": vxlan_gpe_ports,
        "gre_udp_ports": gre_udp_ports,
    }
    device = Device("1.4", **{name: ports for name, ports in given.items() if ports})  # type: ignore[arg-type]
    report_warnings([device])
    announce_compilation()
    from pcaphash.studies.info import info as study

    with watched() as watch:
        found = study(traces, device, selection, watch, heaviest=heaviest, jobs=jobs, running=running)
    write_info(found, format_, sys.stdout, is_verbose)
    return report_reading(found.reading)
