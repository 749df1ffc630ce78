"""A cluster of this machine, which ends with whoever has started it."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from pcaphash.engine.cluster.workers import Workers
from pcaphash.errors import ConfigurationError, Field

_POLL = 0.002
_UNSEEN = 2.0  # seconds before the dashboard is loaded: nobody looks at a run that is shorter
_PATIENCE_FOR_ALL, _PATIENCE_FOR_ANY = 20.0, 60.0  # seconds for workers to be there: the machine may be overloaded
_PATIENCE_AT_END = 20.0


@contextmanager
def started(workers: Workers, settings: dict[str, object]) -> Iterator[Any]:
    """Give a client of a cluster of this machine.

    Parameters
    ----------
    workers : Workers
        Its processes.
    settings : dict
        Of Dask, for them.

    Raises
    ------
    ConfigurationError
        It cannot be started, or none of its processes starts.
    """
    import dask
    from distributed import Client, LocalCluster

    with dask.config.set({"temporary-directory": workers.folder}), ExitStack() as until_done:
        until_done.callback(workers.end)
        try:
            cluster = LocalCluster(
                n_workers=0, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL, scheduler_kwargs={"dashboard": False},
            )  # fmt: skip
            until_done.callback(close, cluster, _PATIENCE_AT_END)
            be_silent(cluster.loop)
            until_done.enter_context(_dashboard_later(cluster.scheduler, cluster.loop))
            workers.work_for(cluster.scheduler_address, settings)
            client = Client(cluster)
        except (OSError, RuntimeError) as error:
            raise _not_started(f"it cannot be started: {' '.join(str(error).split())}") from error
        until_done.callback(close, client, _PATIENCE_AT_END)
        until_done.callback(workers.end)  # before the others, which take a while
        if not _wait_for(cluster.scheduler, workers.n):
            raise _not_started(f"none of its processes was there after {_PATIENCE_FOR_ANY:.0f} seconds")
        yield client


def _not_started(problem: str) -> ConfigurationError:
    return ConfigurationError(Field("engine", "dask"), problem, "run without a cluster")


def be_silent(loop: Any) -> None:
    """Have an event loop of Dask say nothing about errors of tasks that nobody waits for, such as those at the end."""
    loop.asyncio_loop.set_exception_handler(lambda *_: None)


def close(part: Any, patience: float) -> None:
    """Close a client or a cluster; if that fails, or takes too long, what came of the run is as good as before."""
    with suppress(Exception):
        part.close(timeout=patience)


def _wait_for(scheduler: Any, n: int) -> bool:
    """Wait for workers of a scheduler of this process; tell whether there is any in the end."""
    began = time.monotonic()
    while (found := len(scheduler.workers)) < n:
        waited = time.monotonic() - began
        if waited > _PATIENCE_FOR_ANY or (found and waited > _PATIENCE_FOR_ALL):
            break
        time.sleep(_POLL)
    return found > 0


@contextmanager
def _dashboard_later(scheduler: Any, loop: Any) -> Iterator[None]:
    """Have a scheduler show its dashboard once it has run for a while: to load it takes longer than small runs."""
    is_over = threading.Event()

    def load() -> None:
        """Load the modules, unless the run is over by then."""
        if is_over.wait(_UNSEEN):
            return
        with suppress(Exception):  # bokeh may be missing, or of another version
            from distributed.dashboard.scheduler import connect

            loop.add_callback(connect, scheduler.http_application, scheduler.http_server, scheduler)

    threading.Thread(target=load, name="pcaphash-dashboard", daemon=True).start()
    try:
        yield
    finally:
        is_over.set()
