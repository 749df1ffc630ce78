"""Connect to a Dask cluster, or start one on this machine; and refuse one that would not do."""

import asyncio
import importlib
import logging
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

from pcaphash import __version__
from pcaphash.engine.cluster.local import started
from pcaphash.engine.cluster.work import version
from pcaphash.engine.cluster.workers import Workers
from pcaphash.errors import ConfigurationError, Field

_PATIENCE = 20  # seconds, for a scheduler to answer, and for a worker to be there
_HANDSHAKE = 2  # seconds, for what is there to answer as a scheduler does
_HAS_TO_AGREE = ("python", "dask", "distributed", "cloudpickle", "msgpack", "numpy")
_MOST_NAMED = 2  # packages, of those that do not agree
_OF_PYTHON = re.compile(r"^(in <[^>]*>: \w+: )?(\[Errno -?\d+\] )?")
"""What Dask and Python write before a reason."""

_SETTINGS: dict[str, object] = {
    "distributed.scheduler.allowed-failures": 5,
    "distributed.logging.distributed": "critical",
    "distributed.admin.tick.limit": "60s",
    "distributed.admin.tick.interval": "1s",
    "distributed.worker.http.routes": [],  # workers show nothing
    "distributed.worker.profile.enabled": False,  # nobody looks at where the time of a kernel goes
}


@contextmanager
def connected(
    scheduler: str | None, workers: Workers | None, n_processes: int, announce: Callable[[str], None] | None
) -> Iterator[Any]:
    """Give a client of a cluster.

    Parameters
    ----------
    scheduler : str or None
        Its address; None for a cluster on this machine, which ends with the ``with`` statement.
    workers : Workers or None
        Processes for such a cluster, if they were started already.
    n_processes : int
        How many processes are started otherwise, one thread each.
    announce : callable, optional
        Told in a line of text where the cluster shows what it does.

    Raises
    ------
    ConfigurationError
        Dask is not installed, or the cluster cannot be reached, is of another version, or has no workers.
    """
    if scheduler is not None:
        with _loaded(), _connected(scheduler) as client:
            _announce(client, announce)
            yield client
        return
    if workers is None or workers.are_ended:
        workers = Workers(n_processes)
    with workers, _loaded(), started(workers, _SETTINGS, _PATIENCE) as client:
        _announce(client, announce)
        yield client


@contextmanager
def _loaded() -> Iterator[None]:
    """Load Dask, and have it keep from writing to standard error: what matters of it becomes an error of this package.

    Raises
    ------
    ConfigurationError
        It is not installed.
    """
    try:
        import dask

        importlib.import_module("distributed")
    except ImportError as error:
        problem = f"a package that it needs is missing ({error.name})"
        raise ConfigurationError(Field("engine", "dask"), problem, "install pcaphash[dask]") from error
    before = {logger: logger.level for logger in map(logging.getLogger, _names_of_loggers())}
    for logger in before:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        with dask.config.set(_SETTINGS):
            yield
    finally:
        for logger, level in before.items():
            logger.setLevel(level)


def _names_of_loggers() -> list[str]:
    """Return the loggers of Dask: some have levels that do not follow that of the others."""
    return [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in ("distributed", "tornado")]


@contextmanager
def _connected(scheduler: str) -> Iterator[Any]:
    """Give a client of a cluster that runs."""
    from distributed import Client

    client = _connect(Client, scheduler)
    try:
        _check_versions(client, scheduler)
        yield client
    finally:
        with suppress(Exception):  # the scheduler may be gone
            client.close(timeout=_PATIENCE)


def _announce(client: Any, announce: Callable[[str], None] | None) -> None:
    if announce:
        announce(f"the dashboard of the cluster is at {client.dashboard_link}")


def _connect(make: Callable[..., Any], scheduler: str) -> Any:
    """Return a client of a scheduler.

    Raises
    ------
    ConfigurationError
        It cannot be reached, or speaks another protocol.
    """
    place = Field("scheduler")
    advice = "start one with `dask scheduler`, and give the address that it shows"
    try:
        with ThreadPoolExecutor(1) as pool:  # there may be an event loop in this thread
            pool.submit(asyncio.run, asyncio.wait_for(_greet(scheduler), _PATIENCE + _HANDSHAKE)).result()
        return make(scheduler, timeout=_PATIENCE)
    except (OSError, ValueError) as error:
        reason = _OF_PYTHON.sub("", " ".join(str(error.__cause__ or error).split()))
        reason = reason or "what is there does not answer as a scheduler does"
        raise ConfigurationError(place, f"{scheduler} cannot be reached: {reason}", advice) from error


async def _greet(scheduler: str) -> None:
    """Find out whether a scheduler is there: a client waits without end for the answer of something else."""
    from distributed.comm import connect

    (await connect(scheduler, timeout=_PATIENCE)).abort()


def _check_versions(client: Any, scheduler: str) -> None:
    """Refuse a cluster of other versions, of which results or errors might not be understood.

    Raises
    ------
    ConfigurationError
        It is one, or has no workers.
    """
    place = Field("scheduler")
    try:
        client.wait_for_workers(1, timeout=_PATIENCE)
    except TimeoutError as error:
        problem, advice = f"{scheduler} has no workers", f"start some with `dask worker {scheduler}`"
        raise ConfigurationError(place, problem, advice) from error
    found = client.get_versions()
    mine = _versions_of(found["client"])
    others = {"the scheduler": found["scheduler"], **{f"worker {name}": of for name, of in found["workers"].items()}}
    for name, their in others.items():
        differ = [f"{package} {has} (here {mine[package]})" for package, has in _versions_of(their).items()
                  if has != mine[package]]  # fmt: skip
        if differ:
            problem = f"{name} has {', '.join(differ[:_MOST_NAMED])}"
            raise ConfigurationError(place, problem, "install the same versions everywhere")
    for worker, their_version in client.run(version, on_error="return").items():
        if their_version != __version__:
            has = f"version {their_version}" if isinstance(their_version, str) else "no version"
            problem = f"worker {worker} has {has} of pcaphash, not {__version__}"
            raise ConfigurationError(place, problem, "install the same version everywhere")


def _versions_of(found: dict[str, Any]) -> dict[str, str]:
    """Return the versions that have to agree; of Python, the first two numbers."""
    packages = {name: str(found["packages"].get(name)) for name in _HAS_TO_AGREE}
    return packages | {"python": ".".join(packages["python"].split(".")[:2])}
