"""``pcaphash validate``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pcaphash.capture.files import output_path
from pcaphash.cli import options, reported
from pcaphash.cli.messages import warn
from pcaphash.cli.outcome import report_reading, report_warnings, write_set
from pcaphash.cli.progress import announce_compilation, watched
from pcaphash.cli.reported import ReportedOptions
from pcaphash.cli.same_input import other_command
from pcaphash.cli.selecting import takes_selection
from pcaphash.cli.traces import list_traces
from pcaphash.device import Device, DeviceOptions
from pcaphash.engine.selecting.selection import RECEIVED, Selection
from pcaphash.errors import ConfigurationError
from pcaphash.report.formats.rows import save_rows
from pcaphash.report.validate.write import PACKETS_FILE, VALIDATION_WRITERS, write_validation, write_validation_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pcaphash.capture.input import Input
    from pcaphash.engine.progress import Watch
    from pcaphash.studies.validate import Validation
    from pcaphash.studies.validate.study import ValidationRequest

EXIT_MISMATCH = 1
_NOT_OF_RECOVERY = ("--key", "--format", "--output", "-o")  # options that recover-key does without, each with a value


@options.takes_device
@takes_selection(RECEIVED)
@reported.takes_reported
def validate(
    *,
    traces: Annotated[
        list[str],
        typer.Argument(
            metavar="TRACE",
            help="A capture, or with --per-queue one for each queue, or a folder of them; - is standard input.",
        ),
    ],
    lenient: Annotated[
        bool,
        typer.Option(
            "--lenient",
            help="Accept extended hash types in place of plain ones, and for each packet either reading of "
            "hash_report_tunnel.",
        ),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            parser=output_path,
            help="Write the result and a verdict on each packet to this folder.",
        ),
    ] = None,
    format_: options.Format = "table",
    jobs: options.JobsInOrder = None,
    reported_options: ReportedOptions,
    selection: Selection,
    device_options: DeviceOptions,
) -> int:
    """Check the reported hashes and receive queues of a device against the spec, and name the fault if there is one.

    Reported values are read from the options of pcapng packets (epb_hash, epb_queue) unless you name another source.
    The exit code is 1 if something does not match, and 2 if there is nothing to judge.

    Formats: table (default), json (everything).

    \b
    Examples:
      pcaphash validate dumpcap.pcapng --device device.toml
      pcaphash validate trace.pcap --reported hashes.csv --ethtool ethtool-x.txt
      pcaphash validate guest.pcap --virtio-header 20 --spec 1.4 -o results
      pcaphash validate q0.pcap q1.pcap q2.pcap q3.pcap --per-queue --queues 4
    """
    options.check_format(format_, VALIDATION_WRITERS)
    device = Device(**device_options)
    if reported_options.per_queue:
        traces = list_traces(traces)
    sources = reported_options.sources(traces, device)
    report_warnings([device])
    announce_compilation()
    from pcaphash.studies.shared.asking import inputs_of
    from pcaphash.studies.validate.study import ValidationRequest

    report_numbers = reported_options.report_numbers
    request = ValidationRequest((device,), selection, tuple(sources), lenient, report_numbers)
    with watched() as watch:
        validation = _run(request, inputs_of(traces), output, watch, jobs)
    from pcaphash.report.validate.words import why_nothing
    from pcaphash.studies.validate.result import NoneJudged

    is_asked = validation.may_have_another_key and len(traces) == 1 and _is_recoverable(validation)
    command = other_command("validate", "recover-key", _NOT_OF_RECOVERY, ["--lenient"]) if is_asked else None
    is_error = validation.nothing == NoneJudged.NO_PACKETS and not validation.reading.is_partial
    if not (is_error and format_ == "table"):  # the error says it all
        write_validation(validation, format_, sys.stdout, command)
    if validation.mismatches:
        _tell_suspects(validation)
    status = report_reading(validation.reading, selection)
    if not validation.judged and not status:
        problem = f"nothing could be judged: {why_nothing(validation)}"
        raise ConfigurationError(", ".join(traces), problem, _advice(validation))
    return status or (EXIT_MISMATCH if validation.mismatches else 0)


def _advice(validation: "Validation") -> str:
    """Say what to do where nothing was judged."""
    from pcaphash.studies.validate.result import NoneJudged

    if validation.nothing == NoneJudged.NO_PACKETS:
        return "give a trace with packets"
    if validation.nothing == NoneJudged.NONE_SELECTED:
        return "select other packets"
    return "give a trace and reported values that belong together"


def _is_recoverable(validation: "Validation") -> bool:
    """Tell whether something was reported that tells of a key: hashes, or queues that tell bits of the table index."""
    from pcaphash.studies.recover_key.queues import find_queue_sums

    return bool(validation.compared_hashes) or find_queue_sums(validation.device) is not None


def _tell_suspects(validation: "Validation") -> None:
    """Name the tunnels that the device as configured does not look into: the real one may do so."""
    from pcaphash.report.words.suspicion import describe_suspect
    from pcaphash.studies.shared.suspicion import find_suspects

    for suspect in find_suspects(validation.reading, validation.device):
        warn(f"packets look like {describe_suspect(suspect)}")


def _run(
    request: "ValidationRequest",
    inputs: "Sequence[Input]",
    output: Path | None,
    watch: "Watch | None",
    jobs: int | None,
) -> "Validation":
    from pcaphash.engine.running.run import answer, begin, finish

    if output is None:
        return answer(request, inputs, watch, jobs)
    from pcaphash.studies.validate.columns import PACKETS
    from pcaphash.studies.validate.study import stream_verdicts

    found: list[Validation] = []

    def write(folder: Path) -> list[Path]:
        partial, packets = begin(request), folder / PACKETS_FILE
        save_rows(stream_verdicts(request, partial, inputs, watch, jobs), PACKETS, packets, "csv")
        found.append(finish(request, partial))
        return [packets, write_validation_text(found[0], folder)]

    write_set(output, write)
    return found[0]
