"""What a reading means for the user: warnings on standard error, and the exit code."""

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pcaphash.capture.files import whole_folder
from pcaphash.cli.inputs import refuse_overwriting
from pcaphash.cli.messages import tell_written, warn, warn_partial
from pcaphash.device.paths import is_folder, is_there
from pcaphash.errors import OUTPUT_FIELD, Field, OutputError, trace_name
from pcaphash.report.words.device import warning_lines
from pcaphash.report.words.doubts import list_doubts
from pcaphash.report.words.problems import list_problems
from pcaphash.report.words.values import link_type_name, packets
from pcaphash.standards.ethernet import LINK_TYPE_NAMES

if TYPE_CHECKING:
    from pcaphash.device import Device
    from pcaphash.engine.reading import Reading
    from pcaphash.engine.selecting.selection import Selection

EXIT_PARTIAL = 3

_MOST_TOLD = 3  # traces that are named one by one


def report_reading(reading: "Reading", selection: "Selection | None" = None) -> int:
    """Tell what could not be read or dissected; return the exit code.

    Parameters
    ----------
    reading : Reading
        What was read.
    selection : Selection, optional
        What was selected, if it matters that the device received all of it. Doubts about that are told, unless the
        selection includes packets that the host sent.
    """
    if selection is not None and selection.direction == "in":
        for doubt in list_doubts(reading):
            warn(doubt)
    repeated = {trace: times for trace, times in Counter(reading.traces).items() if times > 1 and trace != "-"}
    for trace, times in list(repeated.items())[:_MOST_TOLD]:  # standard inputs of several censuses may be anything
        warn(f"{trace} was given {times} times and is counted each time")
    if len(repeated) > _MOST_TOLD:
        warn(f"{len(repeated) - _MOST_TOLD:,} more traces were given several times and are counted each time")
    for trace, offsets in list(reading.joined.items())[:_MOST_TOLD]:
        files = "another file starts" if len(offsets) == 1 else f"{len(offsets):,} more files start, the first"
        warn(
            f"{trace_name(trace)}: {files} at byte {offsets[0]}: the trace is several files joined together, and "
            "all of them were read"
        )
    if len(reading.joined) > _MOST_TOLD:
        warn(f"{len(reading.joined) - _MOST_TOLD:,} more traces are joined files too, and were read the same way")
    for problem in list_problems(reading.problems):
        warn_partial(problem)
    others = {number: n for number, n in reading.link_types.items() if number not in LINK_TYPE_NAMES}
    for number, n_packets in sorted(others.items()):
        name = link_type_name(number)
        link_type = f"{number} ({name})" if name else str(number)
        warn(f"link type {link_type} is not dissected: the hashes of {packets(n_packets)} are unknown")
    if reading.is_partial:
        warn_partial("the results are partial")
        return EXIT_PARTIAL
    return 0


def check_set(folder: Path | None) -> None:
    """Refuse a folder that cannot be written before any work is done for it.

    Raises
    ------
    OutputError
        Nothing can be made there.
    """
    if folder is not None:
        there = next((each for each in (folder, *folder.absolute().parents) if is_there(each)), folder)
        try:
            with whole_folder(there):
                pass
        except OutputError as error:
            raise OutputError(str(folder if is_folder(there) else there), error.problem, error.place) from error


def write_set(folder: Path, write: Callable[[Path], Iterable[Path]], place: Field = OUTPUT_FIELD) -> None:
    """Have files written into a folder, all of them or none, and tell which.

    Parameters
    ----------
    folder : Path
        Made where it does not exist.
    write : callable
        Writes files into the folder that it is given, and returns their paths.
    place : Field
        What names the folder.

    Raises
    ------
    ConfigurationError
        One of the files would replace one that the command reads.
    """
    with whole_folder(folder, place) as part:
        names = [path.name for path in write(part)]
        refuse_overwriting((folder / name for name in names), place)
    for name in names:
        tell_written(folder / name)


def report_warnings(devices: "Iterable[Device]") -> None:
    """Warn once about what is accepted but probably not intended."""
    for line in warning_lines(devices):
        warn(line)
