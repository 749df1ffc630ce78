"""``pcaphash recover-key``."""

import sys
from typing import Annotated

import typer

from pcaphash.cli import options, reported
from pcaphash.cli.outcome import report_reading, report_warnings
from pcaphash.cli.progress import announce_compilation, watched
from pcaphash.cli.reported import ReportedOptions
from pcaphash.cli.selecting import takes_selection
from pcaphash.device import Device, DeviceOptions
from pcaphash.engine.selection import RECEIVED, Selection
from pcaphash.report.formats import RECOVERY_FORMATS


@options.takes_device
@takes_selection(RECEIVED)
@reported.takes_reported
def recover_key(
    *,
    trace: Annotated[str, typer.Argument(metavar="TRACE", help="A capture; - is standard input.")],
    format_: options.Format = "table",
    reported_options: ReportedOptions,
    selection: Selection,
    device_options: DeviceOptions,
) -> int:
    """Recover the hash key of a device from the hashes that it reported, as far as they determine it.

    Also finds out what the device hashes: tries other headers and types than those given.

    \b
    Formats: table (default), json.
    \b
    Examples:
      pcaphash recover-key dumpcap.pcapng
      pcaphash recover-key trace.pcap --reported hashes.csv --format json
      pcaphash recover-key trace.pcap --reported rxhash.csv --source tpacket --hash-types linux
    """
    options.check_format(format_, RECOVERY_FORMATS)
    device = Device(**device_options)
    (source,) = reported_options.sources([trace], device)
    report_warnings([device])
    announce_compilation()
    from pcaphash.studies.recover_key import recover_key as study

    with watched() as watch:
        recovery = study(trace, device, source, selection, watch, report_numbers=reported_options.report_numbers)
    from pcaphash.report.recovery import write_recovery

    write_recovery(recovery, format_, sys.stdout)
    return report_reading(recovery.reading)
