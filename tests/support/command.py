"""Run the command line as a user does, in a process of its own.

Most of the time of a short command goes into starting Python and importing libraries. So one process imports them once
and is forked for every command: each has memory, streams, variables, folder and exit code of its own, as any process.
What depends on how Python starts (``PYTHON...``, ``NUMBA_...`` and other variables that are read while importing) is
run from the start.
"""

import atexit
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

READ_WHILE_STARTING = ("HOME", "LANG", "LC_", "MPL", "NUMBA_", "PYTHON", "TMPDIR", "XDG_")
HERE = Path(__file__).parent


def run(*words: object, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run ``pcaphash`` with some words behind it."""
    command = [*program(), *map(str, words)]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=300, check=False)


def program() -> list[str]:
    """Return the command that stands for ``pcaphash`` in this environment."""
    socket, started_with = prepared()
    if relevant_variables() != started_with:
        return [sys.executable, "-m", "pcaphash"]
    return [sys.executable, "-I", "-S", str(HERE / "forked_command.py"), socket]


def relevant_variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(READ_WHILE_STARTING)}


@cache
def prepared() -> tuple[str, dict[str, str]]:
    """Start the process that is forked; return where it listens, and by which variables it was started."""
    command = [sys.executable, str(HERE / "forking_server.py")]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdin
    assert server.stdout
    atexit.register(server.communicate)  # which closes its input
    path = server.stdout.readline().rstrip()
    assert path, "the process that commands are forked from does not start"
    return path, relevant_variables()


def complaints(result: subprocess.CompletedProcess[bytes]) -> list[str]:
    """Give the lines on standard error, but for the one that says that kernels are compiled."""
    text = result.stderr.decode()
    assert "Traceback" not in text
    lines = [line for line in text.splitlines() if not re.search("compiling .*kernels", line)]
    assert all(line.startswith("pcaphash: ") for line in lines), text
    return lines
