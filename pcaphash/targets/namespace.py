"""A network namespace of one's own, so that no frame reaches the networks of the host."""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pcaphash.errors import ConfigurationError, Field

_CLONE_NEWNET = 0x40000000
_OWN = "/proc/thread-self/ns/net"
_SECONDS = 20

libc = ctypes.CDLL(None, use_errno=True)


def check_call(result: int) -> int:
    """Return the result of a function of the C library, or raise OSError."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


@contextmanager
def refusing(problem: str, advice: str) -> Iterator[None]:
    """Turn what the kernel refuses into a ConfigurationError that says why."""
    try:
        yield
    except OSError as error:
        raise ConfigurationError(Field("into"), f"{problem}: {error.strerror}", advice) from None


def need(program: str, package: str) -> str:
    """Return where a program is.

    Parameters
    ----------
    program : str
        Its name.
    package : str
        Debian's package that has it.

    Raises
    ------
    ConfigurationError
        It is not installed.
    """
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if path is None:
        raise ConfigurationError(Field("into"), f"{program} is not installed", f"install it (Debian: {package})")
    return path


@contextmanager
def own_network() -> Iterator[None]:
    """Have this thread, and processes that it starts, in a new network namespace.

    Raises
    ------
    ConfigurationError
        This is not Linux, or the user may not.
    """
    if not Path(_OWN).exists():
        raise ConfigurationError(Field("into"), "needs network namespaces, which only Linux has", "use Linux")
    before = os.open(_OWN, os.O_RDONLY)
    try:
        try:
            check_call(libc.unshare(_CLONE_NEWNET))
        except PermissionError:
            problem = "a separate network namespace needs root"
            raise ConfigurationError(Field("into"), problem, "run the command as root") from None
        try:
            yield
        finally:
            check_call(libc.setns(before, _CLONE_NEWNET))
    finally:
        os.close(before)


def configure(*commands: str) -> None:
    """Run commands of iproute2, one after the other.

    Raises
    ------
    ConfigurationError
        iproute2 is not installed, or one of them fails.
    """
    for command in commands:
        program, *words = command.split()
        done = subprocess.run(
            [need(program, "iproute2"), *words], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        if done.returncode:
            said = done.stderr.strip().splitlines() or ["nothing is said why"]
            raise ConfigurationError(Field("into"), f"`{command}` fails: {said[-1]}", "see what the kernel has")


def set_kernel_options(values: dict[str, int]) -> None:
    """Set options of the kernel's network, by their paths below /proc/sys/net; those that do not exist are left out."""
    for name, value in values.items():
        path = Path("/proc/sys/net") / name
        if path.exists():
            path.write_text(f"{value}\n", encoding="ascii")
