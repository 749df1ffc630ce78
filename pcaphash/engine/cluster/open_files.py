"""Open files that a cluster of this machine needs: the command has connections to all its processes."""

import resource

from pcaphash.errors import ConfigurationError, Field

_NEEDED, _NEEDED_FOR_EACH = 40, 4


def allow_open_files(n_processes: int) -> None:
    """Raise the limit of this process, if it is too low for a cluster of so many processes.

    Raises
    ------
    ConfigurationError
        It may not be raised so far.
    """
    needed = _NEEDED + _NEEDED_FOR_EACH * n_processes
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        problem = f"a cluster of {n_processes} processes needs {needed} open files, and the limit is {hard}"
        raise ConfigurationError(Field("engine", "dask"), problem, "raise it (`ulimit -n`), or run without a cluster")
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
