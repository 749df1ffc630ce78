"""Run the command line as a user does, in a process of its own."""

import subprocess
import sys


def run(*words: object, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run ``pcaphash`` with some words behind it."""
    command = [sys.executable, "-m", "pcaphash", *map(str, words)]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=300, check=False)


def complaints(result: subprocess.CompletedProcess[bytes]) -> list[str]:
    """Give the lines on standard error, but for the one that says that kernels are compiled."""
    text = result.stderr.decode()
    assert "Traceback" not in text
    lines = [line for line in text.splitlines() if "compiling kernels" not in line]
    assert all(line.startswith("pcaphash: ") for line in lines), text
    return lines
