"""The main program of the processes that ``workers`` starts."""

import asyncio
import gc
import json
import logging
import os
import shutil
import sys
import threading
from queue import SimpleQueue


def serve(folder: str) -> None:
    """Work until the process that has started this one ends it, or itself.

    Parameters
    ----------
    folder : str
        For what the worker writes; it is removed if the process that has started this one does not do it.
    """
    orders: SimpleQueue[bytes] = SimpleQueue()
    listening = threading.Thread(target=_listen, args=(orders, folder), daemon=True)
    listening.start()
    logging.disable()  # what matters becomes an error where the results are waited for
    gc.disable()  # imports make objects that all live on
    try:
        import dask
        import distributed  # noqa: F401
    except ImportError:  # who started this one says so, and ends it
        listening.join()
        return
    import pcaphash.engine.cluster.work  # noqa: F401

    gc.freeze()
    gc.enable()
    address, settings = json.loads(orders.get())
    with dask.config.set(settings):
        asyncio.run(_work(address, folder))


def _listen(orders: "SimpleQueue[bytes]", folder: str) -> None:
    """Pass on what comes through standard input; when it ends, end too, and leave nothing behind."""
    for line in sys.stdin.buffer:
        orders.put(line)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


async def _work(address: str, folder: str) -> None:
    from distributed import Worker

    async with Worker(address, nthreads=1, local_directory=folder) as worker:
        await worker.finished()
