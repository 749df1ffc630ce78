"""The main program of the processes that ``workers`` starts."""

import asyncio
import gc
import json
import logging
import os
import shutil
import sys
import threading
import time
from contextlib import suppress
from typing import NoReturn

_PAUSE, _LONGEST_PAUSE = 0.1, 5.0  # seconds, for each time that a process died, before it is replaced


def pause_after(n_died: int) -> float:
    """Return how many seconds to wait before a process is replaced: the more have died, the longer."""
    return min(n_died * _PAUSE, _LONGEST_PAUSE)


def serve(folder: str, n: int) -> None:
    """Work until standard input ends, because the process that has started this one ends it, or has ended itself.

    Parameters
    ----------
    folder : str
        For what workers write; it is removed if the process that has started this one does not do it.
    n : int
        How many workers are wanted. One is this process itself. Several are forks of it, which need not load anything.
    """
    _load()
    order = sys.stdin.buffer.readline()
    if order and n == 1:
        _work(order, folder)
    elif order:
        _keep_forking(n, order, folder)
    _end(folder)


def _load() -> None:
    """Load what workers need."""
    logging.disable()  # what matters becomes an error where the results are waited for
    gc.disable()  # imports make objects that all live on
    with suppress(ImportError):  # if Dask is not installed, who started this process says so, and ends it
        from distributed.versions import get_versions

        import pcaphash.engine.cluster.work  # noqa: F401

        get_versions()  # every worker tells them to the scheduler; what Dask has found out once, forks know
    gc.freeze()
    gc.enable()


def _keep_forking(n: int, order: bytes, folder: str) -> None:
    """Have forks of this process work, until one of them says that there is nothing more to do.

    This process has no threads, so that no fork waits for a lock of a thread that it does not have.
    """
    n_wanted, n_died = n, 0
    while True:
        for _ in range(n_wanted):
            if os.fork() == 0:
                _work(order, folder)
        if os.wait()[1] == 0:
            break
        n_wanted, n_died = 1, n_died + 1
        time.sleep(pause_after(n_died))
    with suppress(ChildProcessError):  # until there are no others
        while True:
            os.wait()


def _work(order: bytes, folder: str) -> NoReturn:
    """Work for a scheduler, given its address and the settings of Dask."""
    import dask

    threading.Thread(target=_end_with_input, args=(folder,), daemon=True).start()
    address, settings = json.loads(order)
    with dask.config.set(settings), suppress(Exception):  # who waits for workers says that none starts
        asyncio.run(_work_for(address, folder))
    os._exit(1)  # it is replaced, if there is still something to do


def _end_with_input(folder: str) -> None:
    """Wait until standard input ends; then end too, and leave nothing behind."""
    sys.stdin.buffer.read()
    _end(folder)


def _end(folder: str) -> NoReturn:
    """End at once, and leave nothing behind: to take apart what was loaded takes longer than to load it."""
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


async def _work_for(address: str, folder: str) -> None:
    from distributed import Worker

    async with Worker(address, nthreads=1, local_directory=folder) as worker:
        await worker.finished()
