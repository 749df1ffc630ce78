"""Run a request over traces on a Dask cluster, and turn what can go wrong there into errors that say what to do."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from pcaphash.capture.input import FileInput, Input
from pcaphash.device.paths import is_there
from pcaphash.engine.cluster.conducting import Conductor
from pcaphash.engine.cluster.connecting import connected
from pcaphash.engine.cluster.planning import Sizes
from pcaphash.engine.cluster.work import partials_of
from pcaphash.engine.cluster.workers import Workers
from pcaphash.engine.part import Part, whole_parts
from pcaphash.engine.progress import Watch, Watched
from pcaphash.engine.reading import Reading
from pcaphash.engine.request import C, Partial, Request
from pcaphash.engine.running.apart import Each
from pcaphash.engine.running.cores import count_jobs
from pcaphash.engine.running.packed import unpack
from pcaphash.engine.running.resume import ResumeFolder
from pcaphash.engine.running.run import begin
from pcaphash.errors import CaptureError, ConfigurationError, Field, PcaphashError, Unreadable

SIZES = Sizes()


def gather_on_cluster(
    request: Request[C, Any],
    inputs: Sequence[Input],
    watch: Watch | None,
    jobs: int | None,
    scheduler: str | None = None,
    folder: ResumeFolder | None = None,
    each: Each | None = None,
    announce: Callable[[str], None] | None = None,
    workers: Workers | None = None,
) -> Partial[C]:
    """Run a request over traces, and return what came of it.

    Parameters
    ----------
    request, inputs, watch, jobs
        As ``run.gather`` takes them; ``jobs`` is the number of processes of a cluster on this machine.
    scheduler, announce, workers
        As ``Running`` has them.
    folder, each
        As ``apart.gather_apart`` takes them.

    Raises
    ------
    ConfigurationError
        The cluster cannot be used, or a saved census does not go with the request.
    OutputError
        The folder cannot be written.
    """
    total = begin(request)
    watched = Watched(inputs, watch)
    to_read: list[Part] = []
    with ExitStack() as until_done:
        for part in whole_parts(inputs):
            packed = folder.load(part) if folder else None
            if packed is None:
                to_read.append(part)
                if not workers and scheduler is None:  # they load while what else was kept is added up
                    workers = until_done.enter_context(Workers(count_jobs(jobs)))
                continue
            if each:
                each(part, unpack(packed))
            partial: Partial[C] = unpack(packed)
            watched.step_over(part.input.size, partial.reading.packets)
            total.combine(partial)
        if not to_read:
            return total
        with connected(scheduler, workers, count_jobs(jobs), announce) as client, _understood():
            shelf = folder.shelf if folder else None
            portions = Conductor(client, request, watched, SIZES, shelf, scheduler is None, each).run(to_read)
    for portion in portions:
        for partial in partials_of(portion):
            total.combine(partial)
    _tell_missed(total.reading, to_read)
    return total


def _tell_missed(reading: Reading, parts: Sequence[Part]) -> None:
    """Say of which files only a worker says that they are not there."""
    for part in parts:
        source, number = part.input, (part.number,)
        problems = reading.problems_of.get(number, [])
        if not isinstance(source, FileInput) or not problems or not is_there(source.path):
            continue
        problem = f"is not on every machine of the cluster, or not at {Path(source.path).absolute()}"
        missed = CaptureError(source.name, Unreadable.NOT_FOUND, problem, "have all of them find it at the same path")
        reading.problems_of[number] = [
            missed if isinstance(each, CaptureError) and each.kind == Unreadable.NOT_FOUND else each
            for each in problems
        ]


@contextmanager
def _understood() -> Iterator[None]:
    """Turn errors of Dask into such that say what to do.

    Raises
    ------
    ConfigurationError
        Workers died again and again, or the scheduler is gone.
    """
    from distributed import KilledWorker

    place = Field("engine", "dask")
    try:
        yield
    except PcaphashError:
        raise
    except KilledWorker as error:
        problem = f"a task was given up after the workers that had it died {error.allowed_failures + 1} times"
        raise ConfigurationError(place, problem, "give workers more memory, or run without a cluster") from error
    except (CancelledError, OSError) as error:
        problem = "the connection to the scheduler was lost"
        raise ConfigurationError(place, problem, f"run it again; {Field('resume')} keeps what was done") from error
