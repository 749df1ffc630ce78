"""``pcaphash validate``."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pcaphash.cli import options, reported
from pcaphash.cli.messages import warn
from pcaphash.cli.outcome import report_reading, report_warnings, write_set
from pcaphash.cli.progress import announce_compilation, watched
from pcaphash.cli.reported import ReportedOptions
from pcaphash.cli.selecting import takes_selection
from pcaphash.device import Device, DeviceOptions
from pcaphash.engine.selection import RECEIVED, Selection
from pcaphash.errors import ConfigurationError
from pcaphash.report.files import output_path
from pcaphash.report.formats import VALIDATION_FORMATS

if TYPE_CHECKING:
    from pcaphash.studies.validate import Validation
    from pcaphash.studies.validate.study import Validator

EXIT_MISMATCH = 1
_NOT_OF_RECOVERY = ("--key", "--format", "--output", "-o")  # options that recover-key does without, each with a value


@options.takes_device
@takes_selection(RECEIVED)
@reported.takes_reported
def validate(
    *,
    traces: Annotated[
        list[str],
        typer.Argument(metavar="TRACE", help="A capture; - is standard input. With --per-queue one for each queue."),
    ],
    lenient: Annotated[
        bool,
        typer.Option(
            "--lenient",
            help="Accept extended hash types for plain ones, and either reading of hash_report_tunnel for each packet.",
        ),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="DIR", parser=output_path, help="Write the verdict on each packet to this folder."
        ),
    ] = None,
    format_: options.Format = "table",
    reported_options: ReportedOptions,
    selection: Selection,
    device_options: DeviceOptions,
) -> int:
    """Compare the hashes and receive queues that a device reported with the spec, and say what it does instead.

    Reported values come from the options of pcapng packets (epb_hash, epb_queue) unless an option says otherwise.
    The exit code is 1 if something does not match, and 2 if there is nothing to judge.

    \b
    Formats: table (default), json (everything).
    \b
    Examples:
      pcaphash validate dumpcap.pcapng --device device.toml
      pcaphash validate trace.pcap --reported hashes.csv --ethtool ethtool-x.txt
      pcaphash validate guest.pcap --virtio-header 20 --spec 1.4 -o results
      pcaphash validate q0.pcap q1.pcap q2.pcap q3.pcap --per-queue --queues 4
    """
    options.check_format(format_, VALIDATION_FORMATS)
    device = Device(**device_options)
    sources = reported_options.sources(traces, device)
    report_warnings([device])
    announce_compilation()
    from pcaphash.studies.validate.study import Validator

    with watched() as watch:
        validator = Validator(
            traces, device, sources, selection, watch, lenient=lenient, report_numbers=reported_options.report_numbers
        )
        validation = _run(validator, output)
    from pcaphash.report.validation import write_validation

    command = _recover_command(sys.argv[1:]) if validation.is_every_hash_wrong and len(traces) == 1 else None
    write_validation(validation, format_, sys.stdout, command)
    if validation.mismatches:
        _tell_suspects(validation)
    status = report_reading(validation.reading, selection)
    if not validation.judged and not status:
        problem = f"nothing could be judged: {validation.why_nothing}"
        raise ConfigurationError(", ".join(traces), problem, "give a trace and reported values that go together")
    return status or (EXIT_MISMATCH if validation.mismatches else 0)


def _recover_command(words: list[str]) -> str:
    """Return the command that recovers the key from the same trace and reported values, to be pasted into a shell."""
    at = words.index("validate")
    kept, is_value = list[str](), False
    for word in words[at + 1 :]:
        option = word.partition("=")[0]
        if not is_value and option not in (*_NOT_OF_RECOVERY, "--lenient") and not word.startswith("-o"):
            kept.append(word)
        is_value = not is_value and word in _NOT_OF_RECOVERY
    return shlex.join(["pcaphash", "recover-key", *kept])


def _tell_suspects(validation: "Validation") -> None:
    """Name the tunnels that the device as configured does not look into: the real one may do so."""
    from pcaphash.report.suspicion import describe_suspect
    from pcaphash.studies.suspicion import find_suspects

    for suspect in find_suspects(validation.reading, validation.device):
        warn(f"packets look like {describe_suspect(suspect)}")


def _run(validator: "Validator", output: Path | None) -> "Validation":
    """Judge all packets, writing each as a row where a folder is given."""
    if output is None:
        validator.judge()
        return validator.result()
    from pcaphash.report.files import whole_file
    from pcaphash.report.rows import write_rows
    from pcaphash.report.validation import PACKETS_FILE, write_validation_text
    from pcaphash.studies.validate.rows import COLUMNS

    found: list[Validation] = []

    def write(folder: Path) -> list[Path]:
        packets = folder / PACKETS_FILE
        with whole_file(packets) as part, part.open("w", encoding="utf-8", newline="") as stream:
            write_rows(validator.rows(), COLUMNS, stream, "csv")
        found.append(validator.result())
        return [packets, write_validation_text(found[0], folder)]

    write_set(output, write)
    return found[0]
