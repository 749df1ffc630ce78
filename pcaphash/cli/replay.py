"""``pcaphash replay``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pcaphash.capture.files import output_path
from pcaphash.cli import options
from pcaphash.cli.delivering import Delivering, takes_delivering
from pcaphash.cli.messages import inform, warn
from pcaphash.cli.outcome import check_set, report_reading, report_warnings, write_set
from pcaphash.cli.progress import announce_compilation, watched
from pcaphash.cli.selecting import takes_selection
from pcaphash.cli.sending import Sending, takes_sending
from pcaphash.cli.timing import TimingOptions, takes_timing
from pcaphash.cli.traces import Traces, list_traces
from pcaphash.device import Device
from pcaphash.engine.selecting.selection import RECEIVED, Selection
from pcaphash.errors import ConfigurationError, Field
from pcaphash.report.formats.registry import check_stream, is_binary
from pcaphash.report.replay.write import REPLAY_WRITERS, write_replay, write_replay_folder

if TYPE_CHECKING:
    from pcaphash.studies.replay import Replay

_FOR_READERS = "table"


@options.takes_configurations
@takes_selection(RECEIVED)
@takes_timing
@takes_delivering
@takes_sending
def replay(
    *,
    traces: Traces,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="DIR", parser=output_path, help="Write tables and figures to this folder."
        ),
    ] = None,
    format_: options.Format = _FOR_READERS,
    delivering: Delivering,
    sending: Sending,
    timing: TimingOptions,
    selection: Selection,
    configurations: options.Configurations,
) -> int:
    """Replay traces in time: each receive queue has a ring and a core, and packets that find the ring full are dropped.

    Without a service rate or time, the command tells which service rate each configuration needs, and how many queues
    would do: none of the packets is lost, and no queue receives more on average than its core serves. (In a short
    trace, rings hold much of what cores are too slow for.) With one, it shows drops, load and delay of each queue.

    Formats: table (default); csv, jsonl, markdown, parquet (a row for each queue, or for each rate); json (everything).

    \b
    Examples:
      pcaphash replay trace.pcap
      pcaphash replay trace.pcap --service-rate 1Mpps --window 100ms -o results
      pcaphash replay trace.pcap --rate 10Gbps --service-time 300ns --service-time-per-byte 0.1ns
      pcaphash replay trace.pcap --service-rate 1Mpps --at 2.5s "--hash-types all"
      pcaphash replay trace.pcap -w delivered.pcapng --explain
      pcaphash replay trace.pcap -w - | pcaphash validate -
      pcaphash replay trace.pcap --into tap --read-hash --decapsulate --reported linux.csv
    """
    options.check_format(format_, REPLAY_WRITERS)
    check_set(output)
    sending.check_alone()
    if sending.is_wanted:
        return _send(traces, output, format_, delivering, sending, timing, selection, configurations)
    if output is None and not delivering.is_wanted:
        check_stream(format_, sys.stdout)
    traces = list_traces(traces)
    is_written_only = delivering.is_wanted and not _can_tell_more(delivering, traces, output, format_)
    devices = configurations.devices()
    how = timing.options(devices, configurations.changes)
    delivering.check()  # when all that is read is known, which changes may name too
    report_warnings(devices)
    announce_compilation()
    if delivering.is_wanted:
        with watched() as watch:
            one = _one_of(devices, configurations, "packets are written as one device delivers them")
            reading = delivering.run(traces, one, how, selection, watch)
        if is_written_only or not (how.has_service or output or format_ != _FOR_READERS):
            return report_reading(reading, selection)
    from pcaphash.studies.replay import replay as study

    with watched() as watch:
        result = study(traces, devices, how, selection, watch)
    if output is not None:
        write_set(output, lambda folder: write_replay_folder(result, folder, format_))
    if not delivering.takes_standard_output and (output is None or not is_binary(format_)):
        write_replay(result, format_, sys.stdout)
    _tell_doubts(result, is_written=delivering.is_wanted)
    return report_reading(result.reading, selection)


def _send(
    traces: list[str],
    output: Path | None,
    format_: str,
    delivering: Delivering,
    sending: Sending,
    timing: TimingOptions,
    selection: Selection,
    configurations: options.Configurations,
) -> int:
    """Send a trace into a real receive path; return the exit code."""
    given = {
        **timing.given,
        **vars(delivering),
        **configurations.typed,
        "changes": timing.given["at"] or configurations.changes,
        "output": output,
        "format": format_ != _FOR_READERS,
    }
    sending.check(given, selection)
    trace = _one_trace(list_traces(traces))
    device = _one_of(configurations.devices_alone(), configurations, "packets are sent into one device")
    sending.check_device(device, given)
    how = timing.options([device], ())
    delivering.check()
    announce_compilation()
    with watched() as watch:
        return report_reading(sending.run(trace, device, how, delivering, selection, watch), selection)


def _can_tell_more(delivering: Delivering, traces: list[str], output: Path | None, format_: str) -> bool:
    """Tell whether results can be told besides packets that are written: that takes a pass of its own, and a place.

    Raises
    ------
    ConfigurationError
        They cannot, but are asked for.
    """
    from pcaphash.capture.input import can_be_read_again
    from pcaphash.studies.shared.asking import inputs_of

    asked = _other_results(output, format_)
    if not all(map(can_be_read_again, inputs_of(traces))):
        if asked is not None:
            problem = "packets are written from standard input or a pipe, which can be read only once"
            raise ConfigurationError(asked, problem, "leave it out, or save the capture to a file first")
        return False
    if delivering.takes_standard_output and output is None:
        if asked is not None:
            problem = "packets go to standard output, which has room for nothing else"
            raise ConfigurationError(asked, problem, f"leave it out, or give {Field('output')} too")
        return False
    return True


def _other_results(output: Path | None, format_: str) -> Field | None:
    """Return what asks for results in another way than as text for readers."""
    return Field("output") if output is not None else Field("format") if format_ != _FOR_READERS else None


def _one_trace(traces: list[str]) -> str:
    """Return the only trace.

    Raises
    ------
    ConfigurationError
        There are several.
    """
    if len(traces) > 1:
        raise ConfigurationError(Field("into"), "packets of one trace are sent", "give one; mergecap merges traces")
    return traces[0]


def _one_of(devices: list[Device], configurations: options.Configurations, why: str) -> Device:
    """Return the configuration whose packets are written: the only one, or of the usual ones the inner one.

    Raises
    ------
    ConfigurationError
        Several were given; why it has to be one is said.
    """
    if len(devices) > 1 and (configurations.named or configurations.of_file):
        problem = f"{len(devices)} configurations are given, and {why}"
        raise ConfigurationError(Field("config"), problem, "give one configuration")
    if len(devices) > 1:
        names = ", ".join(device.name for device in devices)
        inform(f"{why}: {devices[-1].name}, of the configurations {names}; choose another with {Field('config')}")
    return devices[-1]


def _tell_doubts(result: "Replay", *, is_written: bool) -> None:
    """Tell which times were not taken as they are, which changes came too late, and which packets no ring got.

    Where packets were written, the first two were told already.
    """
    from pcaphash.report.replay.words import clock_lines, late_lines, unknown_lines

    told = [] if is_written else [*clock_lines(result.clock), *late_lines(result.options.changes, result.duration_ns)]
    for line in [*told, *unknown_lines(result)]:
        warn(line)
