"""A cluster of this machine: its processes, started by spawn, load Dask while the one that starts them does.

They are not left to Dask to start: its way, in which each process is first asked for, then loads, then is asked whether
it has, takes longer than a thousand small files.
"""

import asyncio
import gc
import importlib
import logging
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing import connection, get_context
from multiprocessing.process import BaseProcess
from tempfile import TemporaryDirectory
from typing import Any

_PAUSE, _LONGEST_PAUSE = 0.1, 5.0  # seconds, for each process that died, before it is replaced
_POLL = 0.002
_UNSEEN = 2.0  # seconds before the dashboard is loaded: nobody looks at a run that is shorter


class Workers:
    """Processes of one thread each that wait for a scheduler's address, and then work; those that die are replaced.

    Parameters
    ----------
    n : int
        How many.
    settings : mapping
        Of Dask.
    module : str
        What they load meanwhile, beside Dask.
    """

    def __init__(self, n: int, settings: Mapping[str, Any], module: str) -> None:
        self.n = n
        self._given = dict(settings), module
        self._folder = TemporaryDirectory(prefix="pcaphash-", ignore_cleanup_errors=True)
        self._address: str | None = None
        self._lock = threading.Lock()
        self._is_ended = threading.Event()
        self._orders: dict[BaseProcess, connection.Connection] = {}
        self._replacing: threading.Thread | None = None
        for _ in range(n):
            self._start()

    def __enter__(self) -> "Workers":
        """Give them."""
        return self

    def __exit__(self, *_: object) -> None:
        """End them."""
        self.end()

    def work_for(self, address: str) -> None:
        """Have them work for a scheduler."""
        with self._lock:
            self._address = address
            for orders in self._orders.values():
                _send(orders, address)
        self._replacing = threading.Thread(target=self._replace, name="pcaphash-workers", daemon=True)
        self._replacing.start()

    def end(self) -> None:
        """End them at once."""
        self._is_ended.set()
        with self._lock:
            processes = [*self._orders]
        for process in processes:
            process.kill()
        for process in processes:
            process.join()
        if self._replacing:
            self._replacing.join()
        for process in processes:
            self._orders.pop(process).close()
        self._replacing = None
        self._folder.cleanup()

    def _start(self) -> None:
        context = get_context("spawn")
        received, orders = context.Pipe(duplex=False)
        process = context.Process(target=_serve, args=(received, *self._given, self._folder.name), daemon=True)
        with _without_program():
            process.start()
        received.close()
        self._orders[process] = orders
        if self._address:
            _send(orders, self._address)

    def _replace(self) -> None:
        """Replace those that die, the later the more have."""
        n_died = 0
        while not self._is_ended.is_set():
            died = connection.wait([process.sentinel for process in self._orders])
            n_died += len(died)
            if self._is_ended.wait(min(n_died * _PAUSE, _LONGEST_PAUSE)):
                return
            with self._lock:
                if self._is_ended.is_set():
                    return
                for process in [each for each in self._orders if each.sentinel in died]:
                    process.join()
                    self._orders.pop(process).close()
                    self._start()


def _send(orders: connection.Connection, address: str) -> None:
    with suppress(OSError):  # the process has died, and is replaced
        orders.send(address)


@contextmanager
def _without_program() -> Iterator[None]:
    """Have processes that are spawned not load the program that spawns them: workers need none of it.

    A script that does not ask whether it is the main program would otherwise run once more in each of them.
    """
    main = vars(sys.modules["__main__"])
    before: dict[str, Any] = {name: main[name] for name in ("__file__", "__spec__") if name in main}
    main.pop("__file__", None)
    main["__spec__"] = None
    try:
        yield
    finally:
        main.update(before)


def _serve(orders: connection.Connection, settings: dict[str, Any], module: str, folder: str) -> None:
    """Work until the process that has started this one ends it, or itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; who started this one says so
    logging.disable()  # what matters becomes an error where the results are waited for
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.disable()  # imports make objects that all live on
    try:
        import dask

        dask.config.set(settings)
        importlib.import_module("distributed")
    except ImportError:
        return  # who started this one says so
    importlib.import_module(module)
    gc.freeze()
    gc.enable()
    try:
        address = orders.recv()
    except EOFError:
        return
    threading.Thread(target=_end_with, args=(orders, folder), daemon=True).start()
    asyncio.run(_work(address, folder))


def _end_with(orders: connection.Connection, folder: str) -> None:
    """End when the other end of a pipe does, which nothing is sent through any more, and leave nothing behind."""
    with suppress(EOFError, OSError):
        orders.recv()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


async def _work(address: str, folder: str) -> None:
    from distributed import Worker

    async with Worker(address, nthreads=1, local_directory=folder) as worker:
        await worker.finished()


def wait_for(scheduler: Any, n: int, patience: float) -> bool:
    """Wait for workers of a scheduler of this process; tell whether there is any after so many seconds."""
    until = time.monotonic() + patience
    while len(scheduler.workers) < n and time.monotonic() < until:
        time.sleep(_POLL)
    return bool(scheduler.workers)


@contextmanager
def dashboard_later(scheduler: Any, loop: Any) -> Iterator[None]:
    """Have a scheduler show its dashboard once it has run for a while: to load it takes longer than small runs."""
    is_over = threading.Event()

    def load() -> None:
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
