"""Connect to a Dask cluster, or start one on this machine; and refuse one that would not do."""

import asyncio
import importlib
import logging
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from pcaphash import __version__
from pcaphash.engine.cluster.local import be_silent, close, started
from pcaphash.engine.cluster.work import version
from pcaphash.engine.cluster.workers import Workers
from pcaphash.errors import ConfigurationError, Field

_PATIENCE = 20  # seconds, for a scheduler to answer, and for a worker to be there
_PATIENCE_AT_END = 5  # seconds: the scheduler may be gone, or stopped
_HANDSHAKE = 2  # seconds, for what is there to answer as a scheduler does
_HAS_TO_AGREE = ("python", "dask", "distributed", "cloudpickle", "msgpack", "numpy")
_MOST_NAMED = 2  # packages, of those that do not agree
_LOGGING = ("asyncio", "distributed", "tornado")
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
    with workers, _loaded(), started(workers, _SETTINGS) as client:
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
    return [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in _LOGGING]


@contextmanager
def _connected(scheduler: str) -> Iterator[Any]:
    """Give a client of a cluster that runs."""
    from distributed import Client

    client = _connect(Client, scheduler)
    be_silent(client.loop)
    try:
        _check_workers(client, scheduler)
        yield client
    finally:
        close(client, _PATIENCE_AT_END)


def _announce(client: Any, announce: Callable[[str], None] | None) -> None:
    if announce:
        announce(f"the dashboard of the cluster is at {client.dashboard_link}")


def _connect(make: Callable[..., Any], scheduler: str) -> Any:
    """Return a client of a scheduler.

    Raises
    ------
    ConfigurationError
        It cannot be reached, speaks another protocol, or is of another version.
    """
    place = Field("scheduler")
    advice = "start one with `dask scheduler`, and give the address that it shows"
    pool = ThreadPoolExecutor(1)  # there may be an event loop in this thread
    try:
        found = pool.submit(asyncio.run, asyncio.wait_for(_greet(scheduler), _PATIENCE + _HANDSHAKE)).result()
        _check_packages("the scheduler", found)
        return make(scheduler, timeout=_PATIENCE)
    except (OSError, ValueError, TypeError) as error:  # TypeError: there are no certificates for tls://
        reason = _OF_PYTHON.sub("", " ".join(str(error.__cause__ or error).split()))
        if not reason:
            is_there = isinstance(error, TimeoutError) or "handshake" in str(error)
            reason = "what is there does not answer as a scheduler does" if is_there else "nobody answers"
        raise ConfigurationError(place, f"{scheduler} cannot be reached: {reason}", advice) from error
    finally:
        pool.shutdown(wait=False)  # of an interruption, for example


async def _greet(scheduler: str) -> dict[str, Any]:
    """Ask whether a scheduler is there, and of which versions.

    A client waits without end for the answer of something else, and fails in many ways with one of other versions.
    """
    from distributed.comm import connect
    from distributed.core import send_recv

    comm = await connect(scheduler, timeout=_PATIENCE)
    try:
        if (await send_recv(comm, op="identity"))["type"] != "Scheduler":
            raise OSError("what is there is another part of a cluster")
        found: dict[str, Any] = await send_recv(comm, op="versions")
        return found
    finally:
        comm.abort()


def _check_workers(client: Any, scheduler: str) -> None:
    """Refuse workers of other versions, of which results or errors might not be understood.

    Raises
    ------
    ConfigurationError
        There are some, or there are no workers.
    """
    place = Field("scheduler")
    try:
        client.wait_for_workers(1, timeout=_PATIENCE)
    except TimeoutError as error:
        problem, advice = f"{scheduler} has no workers", f"start some with `dask worker {scheduler}`"
        raise ConfigurationError(place, problem, advice) from error
    for name, their in client.get_versions()["workers"].items():
        _check_packages(f"worker {name}", their)
    versions = {f"worker {name}": their for name, their in client.run(version, on_error="return").items()}
    for who, their_version in (versions | {"the scheduler": _version_of_scheduler(client)}).items():
        if their_version != __version__:
            has = f"version {their_version}" if isinstance(their_version, str) else "no version"
            problem = f"{who} has {has} of pcaphash, not {__version__}"
            raise ConfigurationError(place, problem, "install the same version everywhere")


def _version_of_scheduler(client: Any) -> object:
    """Return the version of the package where the scheduler runs, which takes tasks apart; else anything."""
    try:
        return client.run_on_scheduler(version)
    except Exception as error:
        return error


def _check_packages(who: str, found: dict[str, Any]) -> None:
    """Refuse a part of a cluster that has other versions of packages.

    Raises
    ------
    ConfigurationError
        It has.
    """
    from distributed.versions import get_versions

    mine, theirs = _versions_of(get_versions()), _versions_of(found)
    differ = [f"{name} {theirs[name]} (here {mine[name]})" for name in mine if theirs[name] != mine[name]]
    if differ:
        problem = f"{who} has {', '.join(differ[:_MOST_NAMED])}"
        raise ConfigurationError(Field("scheduler"), problem, "install the same versions everywhere")


def _versions_of(found: dict[str, Any]) -> dict[str, str]:
    """Return the versions that have to agree; of Python, the first two numbers."""
    packages = {name: str(found["packages"].get(name)) for name in _HAS_TO_AGREE}
    return packages | {"python": ".".join(packages["python"].split(".")[:2])}
