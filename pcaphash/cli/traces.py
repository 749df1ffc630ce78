"""The traces that a command is given: files, standard input, folders."""

from collections.abc import Sequence
from pathlib import Path

from pcaphash.cli.messages import warn
from pcaphash.errors import CaptureError


def list_traces(given: Sequence[str]) -> list[str]:
    """Put the captures in a folder in its place.

    Raises
    ------
    CaptureError
        A folder has none.
    """
    traces: list[str] = []
    for trace in given:
        if trace == "-" or not Path(trace).is_dir():
            traces.append(trace)
            continue
        from pcaphash.capture.folders import find_captures

        found, n_others = find_captures(Path(trace))
        if not found:
            raise CaptureError(trace, "is a folder without a capture", "give a pcap or pcapng file")
        if n_others:
            left_out = (
                "1 file is not a capture and was" if n_others == 1 else f"{n_others:,} files are not captures and were"
            )
            warn(f"{trace}: {left_out} left out")
        traces += found
    return traces
