"""A Dask cluster of this machine, and traces that kill the worker that reads them."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pcaphash.capture.input import FileInput
from pcaphash.capture.reader import Reader
from support.shared import ROOT

_DASK = [sys.executable, "-c", "import sys; from dask.__main__ import main; sys.exit(main())"]
_ADDRESS = re.compile(r"Scheduler at:\s+(tcp://[0-9.:]+)")


@contextmanager
def cluster(n_workers: int, *words: str, missing: Mapping[str, Path] = MappingProxyType({})) -> Iterator[str]:
    """Start a scheduler and workers of one thread each; give the scheduler's address.

    ``missing`` has, for the scheduler or the workers, a folder whose packages hide those of the same names.
    """
    place = ("--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0")
    with started("scheduler", *place, hidden_by=missing.get("scheduler")) as log:
        while (found := _ADDRESS.search(log.read_text())) is None:
            time.sleep(0.05)
        address = found[1]
        if not n_workers:
            yield address
            return
        workers = ["--nworkers", str(n_workers), "--nthreads", "1", "--no-dashboard", *words]
        with started("worker", address, "--host", "127.0.0.1", *workers, hidden_by=missing.get("worker")):
            yield address


@contextmanager
def started(*words: str, hidden_by: Path | None = None) -> Iterator[Path]:
    """Run a command of Dask meanwhile, where modules of the tests can be imported; give the file that it logs to."""
    folders = [*([hidden_by] if hidden_by else []), ROOT, ROOT / "tests"]
    paths = os.pathsep.join(map(str, folders))
    variables = {**os.environ, "PYTHONPATH": paths, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "2"}
    with tempfile.NamedTemporaryFile("w", prefix="dask-") as log:
        process = subprocess.Popen([*_DASK, *words], stderr=log, env=variables, cwd=hidden_by or ROOT)
        try:
            yield Path(log.name)
        finally:
            process.terminate()
            process.wait()


@dataclass(frozen=True)
class LoggedInput(FileInput):
    """A file that notes in a log how often it is opened.

    Parameters
    ----------
    log : str
        The log.
    deaths : int
        How often whoever opens it is killed, before it can be read.
    """

    log: str = ""
    deaths: int = 0

    def open(self) -> Reader:
        with Path(self.log).open("a") as stream:
            stream.write(f"{Path(self.name).name}\n")
        if Path(self.log).read_text().split().count(Path(self.name).name) <= self.deaths:
            time.sleep(0.3)  # so that what came of other tasks is known, and lost
            os.kill(os.getpid(), signal.SIGKILL)
        return Reader(self.name)


@dataclass(frozen=True)
class AbsentInput(FileInput):
    """A file that those who read it do not find."""

    def open(self) -> Reader:
        return Reader(f"{self.name}.absent")


def _leave() -> None:
    os._exit(1)


@dataclass(frozen=True)
class LastInput(FileInput):
    """A file that ends the scheduler of the cluster which reads it."""

    def open(self) -> Reader:
        from distributed import get_client

        get_client().run_on_scheduler(_leave)
        return Reader(self.name)
