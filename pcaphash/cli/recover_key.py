"""``pcaphash recover-key``."""

import sys

from pcaphash.cli import options, reported
from pcaphash.cli.outcome import report_reading, report_warnings
from pcaphash.cli.progress import announce_compilation, watched
from pcaphash.cli.reported import ReportedOptions
from pcaphash.cli.same_input import other_command
from pcaphash.cli.selecting import takes_selection
from pcaphash.cli.traces import OneTrace
from pcaphash.device import Device, DeviceOptions
from pcaphash.engine.selecting.selection import RECEIVED, Selection
from pcaphash.report.recover_key.write import RECOVERY_WRITERS, write_recovery


@options.takes_device
@takes_selection(RECEIVED)
@reported.takes_reported
def recover_key(
    *,
    trace: OneTrace,
    format_: options.Format = "table",
    jobs: options.JobsInOrder = None,
    reported_options: ReportedOptions,
    selection: Selection,
    device_options: DeviceOptions,
) -> int:
    """Recover the hash key of a device from the hashes that it reported, as far as they determine it.

    If only receive queues are reported, they tell some bits of each hash, given the indirection table (--ethtool,
    --indirection-table): three if queue i % 8 is at entry i. That is enough for all key bits that queues depend on.

    The command also finds out what the device hashes, by trying headers and hash types other than those given.

    Formats: table (default), json.

    \b
    Examples:
      pcaphash recover-key dumpcap.pcapng
      pcaphash recover-key trace.pcap --reported hashes.csv --format json
      pcaphash recover-key queues.pcapng --ethtool eth0.txt
      pcaphash recover-key trace.pcap --reported rxhash.csv --source tpacket --hash-types linux
    """
    options.check_format(format_, RECOVERY_WRITERS)
    device = Device(**device_options)
    (source,) = reported_options.sources([trace], device)
    report_warnings([device])
    announce_compilation()
    from pcaphash.studies.recover_key import recover_key as study

    with watched() as watch:
        recovery = study(
            trace, device, source, selection, watch, report_numbers=reported_options.report_numbers, jobs=jobs
        )
    write_recovery(
        recovery, format_, sys.stdout, other_command("recover-key", "validate", ["--key", "--format"], ["--pad-key"])
    )
    return report_reading(recovery.reading)
