"""The traces that a command is given: files, standard input, folders, patterns, lists of them."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from pcaphash.cli.inputs import note_inputs
from pcaphash.cli.messages import warn
from pcaphash.device.paths import is_folder
from pcaphash.errors import CaptureError, ConfigurationError, Field, Unreadable, trace_name

OneTrace = Annotated[str, typer.Argument(metavar="TRACE", help="A capture; - is standard input.")]
Traces = Annotated[
    list[str], typer.Argument(metavar="TRACE", help="Captures, or folders of them; - is standard input.")
]
TracesOrCensuses = Annotated[
    list[str],
    typer.Argument(metavar="TRACE", help="Captures, folders of them, or saved censuses; - is standard input."),
]
_MAGIC = {"*", "?", "["}


def _list_url(url: str) -> list[str]:
    """Put the captures in a folder, whose URL ends with a slash, or those that match a pattern, in its place.

    Raises
    ------
    CaptureError
        There are none.
    """
    if not url.endswith("/") and not ("*" in url and not url.startswith("http")):
        return [url]
    from pcaphash.capture.folders import in_order, is_named_as_capture
    from pcaphash.capture.remote import list_objects

    found = list_objects(url)
    if url.endswith("/"):
        found = [each for each in found if is_named_as_capture(each)]
    if not found:
        raise CaptureError(url, Unreadable.NOT_FOUND, "there is no capture", "check the URL")
    return in_order(found)


def read_list(path: str, others: Sequence[str]) -> list[str]:
    """Read names of traces, one a line, or each ended by a zero byte as ``find -print0`` writes them.

    Parameters
    ----------
    path : str
        The file; ``-`` is standard input.
    others : sequence of str
        Traces that are given beside the list.

    Raises
    ------
    ConfigurationError
        It cannot be read, or names nothing.
    """
    place = Field("files_from")
    note_inputs([path])
    try:
        data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        problem = f"{trace_name(path)} cannot be read: {error.strerror or error}"
        raise ConfigurationError(place, problem, "check the path and its permissions") from error
    names = data.split(b"\0") if b"\0" in data else data.splitlines()
    traces = [os.fsdecode(name) for name in names if name.strip()]
    if not traces and not others:
        raise ConfigurationError(place, f"{trace_name(path)} names no trace", "write one path a line")
    if path == "-" and "-" in (*traces, *others):
        raise ConfigurationError(place, "standard input is also a trace", "it can be read only once")
    return traces


def list_traces(given: Sequence[str]) -> list[str]:
    """Put the captures in a folder in its place, and those that match a pattern in its.

    Raises
    ------
    CaptureError
        A folder has none, or nothing matches.
    """
    traces: list[str] = []
    for trace in given:
        if "://" in trace:
            traces += _list_url(trace)
            continue
        if trace == "-" or not (is_folder(trace) or _MAGIC & set(trace)):
            traces.append(trace)
            continue
        from pcaphash.capture.folders import find_captures, find_matches, is_pattern

        if is_pattern(trace):
            matches = find_matches(trace)
            if not matches:
                raise CaptureError(trace, Unreadable.NOT_FOUND, "no file matches this pattern", "check it")
            traces += list_traces(matches)
            continue
        if not is_folder(trace):
            traces.append(trace)
            continue
        found, n_others = find_captures(Path(trace))
        if not found:
            raise CaptureError(trace, Unreadable.FOLDER, "is a folder without a capture", "give a pcap or pcapng file")
        if n_others:
            left_out = (
                "1 file is not a capture and was" if n_others == 1 else f"{n_others:,} files are not captures and were"
            )
            warn(f"{trace}: {left_out} left out")
        traces += found
    note_inputs(traces)
    return traces
