"""Processes for a cluster of this machine: they load Dask while the one that starts them does.

They are not left to Dask to start: its way, in which each process is first asked for, then loads, then is asked whether
it has, takes longer than a thousand small files.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from tempfile import TemporaryDirectory
from typing import IO

from pcaphash.engine.cluster.open_files import allow_open_files
from pcaphash.engine.cluster.serving import pause_after
from pcaphash.errors import ConfigurationError, Field

_FORKS = sys.platform == "linux"
"""Whether one process loads Dask, and workers are forks of it: elsewhere, libraries may start threads as they load."""
_GRACE = 5.0  # seconds for a process to end by itself

# A new interpreter, which has none of this one's threads, and loads none of its program. It finds the same packages.
_PROGRAM = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from pcaphash.engine.cluster.serving import serve
serve(sys.argv[2], int(sys.argv[3]))
"""


class Workers:
    """Processes of one thread each that wait for a scheduler's address, and then work; those that die are replaced.

    Parameters
    ----------
    n : int
        How many.

    Raises
    ------
    ConfigurationError
        They cannot be started, or there cannot be so many open files.
    """

    def __init__(self, n: int) -> None:
        allow_open_files(n)
        self.n = n
        self._folder = TemporaryDirectory(prefix="pcaphash-", ignore_cleanup_errors=True)
        self._order: bytes | None = None
        self._lock = threading.Lock()
        self._is_ended = threading.Event()
        self._shares = [n] if _FORKS else [1] * n
        self._processes: list[subprocess.Popen[bytes]] = []
        self._replacing: list[threading.Thread] = []
        try:
            for share in self._shares:
                self._processes.append(self._start(share))
        except BaseException as error:
            self.__exit__()
            if not isinstance(error, OSError):
                raise
            problem = f"its processes cannot be started: {error.strerror or error}"
            raise ConfigurationError(Field("engine", "dask"), problem, "run without a cluster") from error

    def __enter__(self) -> "Workers":
        """Give them."""
        return self

    def __exit__(self, *_: object) -> None:
        """End them, and wait until they have."""
        self.end()
        for thread in self._replacing:
            thread.join(_GRACE)
        for process in self._processes:
            _kill(process)
            process.wait()
        for thread in self._replacing:
            thread.join()
        self._folder.cleanup()

    @property
    def folder(self) -> str:
        """What Dask writes goes here, until they end."""
        return self._folder.name

    @property
    def are_ended(self) -> bool:
        """Whether they were ended, and work no more."""
        return self._is_ended.is_set()

    def work_for(self, address: str, settings: dict[str, object]) -> None:
        """Have them work for a scheduler, with these settings of Dask."""
        with self._lock:
            self._order = json.dumps([address, settings]).encode() + b"\n"
            for process in self._processes:
                self._tell(process)
        for number in range(len(self._processes)):
            name = f"pcaphash-worker-{number}"
            self._replacing.append(threading.Thread(target=self._replace, args=(number,), name=name, daemon=True))
            self._replacing[-1].start()

    def end(self) -> None:
        """Have them end, without waiting for that."""
        with self._lock:
            self._is_ended.set()
            for process in self._processes:
                _close(process)

    def _start(self, share: int) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-Pc", _PROGRAM, json.dumps(sys.path), self.folder, str(share)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # what matters becomes an error where the results are waited for
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # what is forked must have no threads
            process_group=0,  # an interruption from a terminal is for the command, which ends them
        )

    def _tell(self, process: "subprocess.Popen[bytes]") -> None:
        if self._order:
            with suppress(OSError):  # the process has died, and is replaced
                _orders(process).write(self._order)
                _orders(process).flush()

    def _replace(self, number: int) -> None:
        """Replace a process whenever it dies, the later the more often it has."""
        n_died = 0
        while True:
            died = self._processes[number]
            died.wait()
            n_died += 1
            if self._is_ended.wait(pause_after(n_died)):
                return
            with self._lock:
                if self._is_ended.is_set():
                    return
                _close(died)  # its forks end, too
                with suppress(OSError):  # there may be room for a process later
                    self._processes[number] = self._start(self._shares[number])
                    self._tell(self._processes[number])


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End a process with all its forks, if it has not ended."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def _close(process: "subprocess.Popen[bytes]") -> None:
    with suppress(OSError):  # what it was told is not read any more
        _orders(process).close()


def _orders(process: "subprocess.Popen[bytes]") -> IO[bytes]:
    assert process.stdin, "it is a pipe"
    return process.stdin
