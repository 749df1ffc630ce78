"""Where and how a study of many traces runs: on this machine or on a cluster, and whether it can go on later."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pcaphash.device.paths import is_there
from pcaphash.device.words import unknown_word
from pcaphash.errors import ConfigurationError, Field

if TYPE_CHECKING:
    from pcaphash.capture.input import Input
    from pcaphash.engine.cluster.workers import Workers
    from pcaphash.engine.progress import Watch
    from pcaphash.engine.request import C, Partial, Request
    from pcaphash.engine.running.apart import Each

ENGINES = ("threads", "dask")


@dataclass(frozen=True)
class Running:
    """How a study runs over many traces; what comes of it does not depend on that.

    Parameters
    ----------
    engine : str
        ``threads`` reads one trace after the other on this machine. ``dask`` has the processes of a Dask cluster read
        several at once.
    scheduler : str, optional
        Address of the scheduler of a Dask cluster, such as ``tcp://10.0.0.1:8786``. Default: a cluster of one process
        for each processor core of this machine.
    resume : str or Path, optional
        Folder for what came of each trace: a run that was interrupted and is started again goes on where it stopped.
    announce : callable, optional
        Told in a line of text where the cluster shows what it does.

    Raises
    ------
    ConfigurationError
        There is no such engine, or a scheduler is given for another than ``dask``.
    """

    engine: str = ENGINES[0]
    scheduler: str | None = None
    resume: str | Path | None = None
    announce: Callable[[str], None] | None = None
    _workers: "Workers | None" = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise unknown_word(Field("engine"), self.engine, ENGINES, "an engine")
        if self.scheduler is not None and self.engine != "dask":
            raise ConfigurationError(Field("scheduler"), "only Dask has one", f"add {Field('engine', 'dask')}")

    def start_ahead(self, jobs: int | None) -> None:
        """Start the processes of a cluster of this machine, if it needs one: they load while other things are done.

        They end with this process. ``jobs`` is what ``gather`` will be given.

        Raises
        ------
        ConfigurationError
            It is not a number of processes.
        """
        may_be_done = self.resume is not None and is_there(self.resume)  # then there is nothing to do for them
        if self.engine != "dask" or self.scheduler is not None or may_be_done:
            return
        from pcaphash.engine.cluster.workers import Workers
        from pcaphash.engine.running.cores import count_jobs

        object.__setattr__(self, "_workers", Workers(count_jobs(jobs)))

    def gather(
        self,
        request: "Request[C, Any]",
        inputs: "Sequence[Input]",
        watch: "Watch | None",
        jobs: int | None,
        each: "Each | None" = None,
    ) -> "Partial[C]":
        """Run a request over traces, and return what came of it, as ``run.gather`` does.

        Parameters
        ----------
        request, inputs, watch, jobs
            As ``run.gather`` takes them; on a cluster of this machine, ``jobs`` is the number of processes.
        each : callable, optional
            Is told what came of each trace; it may change that.

        Raises
        ------
        ConfigurationError
            The request cannot run in parts, or not with these traces; or the cluster or the folder cannot be used.
        OutputError
            The folder cannot be written.
        """
        if self.engine == ENGINES[0] and self.resume is None and each is None:
            from pcaphash.engine.running.run import gather

            return gather(request, inputs, watch, jobs)
        self._check(request, inputs)
        from pcaphash.engine.running.resume import ResumeFolder

        folder = None if self.resume is None else ResumeFolder(Path(self.resume), request)
        try:
            if self.engine == "dask":
                from pcaphash.engine.cluster.gathering import gather_on_cluster

                return gather_on_cluster(
                    request, inputs, watch, jobs, self.scheduler, folder, each, self.announce, self._workers
                )
            from pcaphash.engine.running.apart import gather_apart

            return gather_apart(request, inputs, watch, jobs, folder, each)
        finally:
            if folder:
                folder.close()

    def telling(self, each: "Each") -> "Telling":
        """Return what runs the same, and tells what came of each trace."""
        return Telling(self, each)

    def _check(self, request: "Request[C, Any]", inputs: "Sequence[Input]") -> None:
        """Refuse what cannot run in parts, or elsewhere, or later.

        Raises
        ------
        ConfigurationError
            It cannot.
        """
        from pcaphash.capture.input import can_be_read_again

        way = Field("engine", self.engine) if self.resume is None else Field("resume")
        if request.needs_order:
            problem = "the first packets of all traces are not known when each trace is read apart"
            raise ConfigurationError(Field("count"), problem, f"leave out {way}")
        if not all(map(can_be_read_again, inputs)):
            problem = "standard input and pipes can be read only once, and only here"
            raise ConfigurationError(way, problem, "save the packets to a file first")


@dataclass(frozen=True)
class Telling:
    """Runs a study over many traces, and tells what came of each.

    Parameters
    ----------
    running : Running
        How it runs.
    each : callable
        Is told what came of each trace, in any order.
    """

    running: Running
    each: "Each"

    def gather(
        self, request: "Request[C, Any]", inputs: "Sequence[Input]", watch: "Watch | None", jobs: int | None
    ) -> "Partial[C]":
        """Return what ``Running.gather`` returns."""
        return self.running.gather(request, inputs, watch, jobs, self.each)
