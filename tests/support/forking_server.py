"""Import the program once, and become it as often as a client asks: ``python forking_server.py``.

It prints the path of its socket. A client (``forked_command.py``) sends the words of a command, its variables and its
folder, with the three standard streams; it gets the exit code. Closing standard input ends the server.
"""

import contextlib
import gc
import importlib
import json
import locale
import os
import pkgutil
import select
import signal
import socket
import sys
import tempfile
import warnings
from pathlib import Path

import pcaphash

NEEDED_LATE = (
    *("matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg", "matplotlib.pyplot", "pandas"),
    *("pyarrow.parquet", "rich.console", "rich.progress", "rich.table"),
)


def import_everything() -> None:
    """Import every module of the package, and what some import only when they need it."""
    names = [module.name for module in pkgutil.walk_packages(pcaphash.__path__, "pcaphash.")]
    for name in (*names, *NEEDED_LATE):
        if not name.endswith("__main__"):
            importlib.import_module(name)


def become(words: list[str], variables: dict[str, str], folder: str, streams: list[int]) -> None:
    """Turn this process into the command."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(folder)
    locale.setlocale(locale.LC_CTYPE, "")
    sys.argv = ["pcaphash", *words]
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    from pcaphash.cli import main

    main()


def answer(client: socket.socket) -> None:
    """Run what a client asks for."""
    length, streams, _, _ = socket.recv_fds(client, 10, 3)
    with client.makefile("rb") as lines:
        request = json.loads(lines.read(int(length)))
    # What the child alone keeps open is closed when it ends.
    ended, kept = os.pipe()
    child = os.fork()
    if not child:
        client.close()
        become(*request, streams)
    for each in (*streams, kept):
        os.close(each)
    readable, _, _ = select.select([ended, client], [], [])
    os.close(ended)
    if ended not in readable:  # the client is gone, and wants its command ended
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    with contextlib.suppress(BrokenPipeError):
        client.sendall(b"%d" % os.waitstatus_to_exitcode(status))


def main() -> None:
    """Import, tell where to ask, and serve clients at the same time: a pipe may lead from one to the other."""
    # Libraries have threads, which wait for work; newer versions of Python warn of what forking does to busy ones.
    warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*fork")
    import_everything()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that answer
    with tempfile.TemporaryDirectory(prefix="pcaphash-") as folder, socket.socket(socket.AF_UNIX) as server:
        path = str(Path(folder) / "socket")
        server.bind(path)
        server.listen()
        print(path, flush=True)
        while server in select.select([server, 0], [], [])[0]:
            client, _ = server.accept()
            with client:
                if not os.fork():
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    server.close()
                    answer(client)
                    os._exit(0)


if __name__ == "__main__":
    main()
