"""A cluster of this machine, which ends with whoever has started it."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from pcaphash.engine.cluster.workers import Workers
from pcaphash.errors import ConfigurationError, Field

_POLL = 0.002
_UNSEEN = 2.0  # seconds before the dashboard is loaded: nobody looks at a run that is shorter


@contextmanager
def started(workers: Workers, settings: dict[str, object], patience: float) -> Iterator[Any]:
    """Give a client of a cluster of this machine.

    Parameters
    ----------
    workers : Workers
        Its processes.
    settings : dict
        Of Dask, for them.
    patience : float
        Seconds for one of them to be there.

    Raises
    ------
    ConfigurationError
        None of its processes starts.
    """
    import dask
    from distributed import Client, LocalCluster

    with (
        dask.config.set({"temporary-directory": workers.folder}),
        LocalCluster(
            n_workers=0, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL, scheduler_kwargs={"dashboard": False},
        ) as cluster,
        _dashboard_later(cluster.scheduler, cluster.loop),
    ):  # fmt: skip
        workers.work_for(cluster.scheduler_address, settings)
        with Client(cluster) as client:
            try:
                if not _wait_for(cluster.scheduler, workers.n, patience):
                    problem = f"none of its processes was there after {patience} seconds"
                    raise ConfigurationError(Field("engine", "dask"), problem, "run without a cluster")
                yield client
            finally:
                workers.end()


def _wait_for(scheduler: Any, n: int, patience: float) -> bool:
    """Wait for workers of a scheduler of this process; tell whether there is any after so many seconds."""
    until = time.monotonic() + patience
    while len(scheduler.workers) < n and time.monotonic() < until:
        time.sleep(_POLL)
    return bool(scheduler.workers)


@contextmanager
def _dashboard_later(scheduler: Any, loop: Any) -> Iterator[None]:
    """Have a scheduler show its dashboard once it has run for a while: to load it takes longer than small runs."""
    is_over = threading.Event()

    def load() -> None:
        """Load the modules, unless the run is over by then."""
        if is_over.wait(_UNSEEN):
            return
        with suppress(ImportError):  # bokeh may be missing
            from distributed.dashboard.scheduler import connect

            loop.add_callback(connect, scheduler.http_application, scheduler.http_server, scheduler)

    threading.Thread(target=load, name="pcaphash-dashboard", daemon=True).start()
    try:
        yield
    finally:
        is_over.set()
