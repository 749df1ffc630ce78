"""Run a request over each trace apart, and add up what came of them: some may have been read by an earlier run."""

from collections.abc import Callable, Sequence
from typing import Any

from pcaphash.capture.input import Input, state_of
from pcaphash.engine.part import Part, whole_parts
from pcaphash.engine.progress import Watch, Watched
from pcaphash.engine.request import C, Partial, Request
from pcaphash.engine.running.packed import pack, unpack
from pcaphash.engine.running.resume import ResumeFolder
from pcaphash.engine.running.run import begin, count

Each = Callable[[Part, Partial[Any]], None]
"""Called with what came of each trace, which it may change."""


def gather_apart(
    request: Request[C, Any],
    inputs: Sequence[Input],
    watch: Watch | None,
    jobs: int | None,
    folder: ResumeFolder | None = None,
    each: Each | None = None,
) -> Partial[C]:
    """Run a request over traces, one after the other, and return what came of it.

    Parameters
    ----------
    request, inputs, watch, jobs
        As ``run.gather`` takes them.
    folder : ResumeFolder, optional
        Has what came of some of the traces before, and keeps what comes of the others.
    each : callable, optional
        Is told what came of each trace.

    Raises
    ------
    ConfigurationError
        A saved census does not go with the request, or there are no threads.
    OutputError
        The folder cannot be written.
    """
    total = begin(request)
    watched = Watched(inputs, watch)
    for part in whole_parts(inputs):
        packed = folder.load(part) if folder else None
        if packed is not None:
            partial: Partial[C] = unpack(packed)
            watched.step_over(part.input.size, partial.reading.packets)
        else:
            state, partial = count_apart(request, part, watched, jobs)
            if folder and state:
                folder.shelf.save(part, state, pack(partial))
        total.combine(partial)
        if each:
            each(part, partial)
    return total


def count_apart(request: Request[C, Any], part: Part, watched: Watched, jobs: int | None) -> tuple[str, Partial[C]]:
    """Run a request over one part of traces.

    Returns
    -------
    state : str
        In which the trace was read (``input.state_of``); empty if it has changed meanwhile or cannot be read at all,
        so that it is worth nothing to keep what came of it.
    partial : Partial
        What came of it.
    """
    before = state_of(part.input)
    partial = begin(request)
    count(request, partial, [part], watched, jobs)
    is_kept = not partial.reading.unreadable and before == state_of(part.input)
    return before if is_kept else "", partial
