"""How many processor cores there are, and how many are wanted."""

import os

from pcaphash.errors import ConfigurationError, Field


def n_cores() -> int:
    """Return how many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def count_jobs(jobs: int | None) -> int:
    """Return how many threads are to count packets: as many as asked for, or as there are cores that may be used.

    Raises
    ------
    ConfigurationError
        It is not a number of threads.
    """
    if jobs is None:
        return n_cores()
    if jobs < 1:
        raise ConfigurationError(Field("jobs"), f"{jobs} is not a number of threads", "give at least 1")
    return jobs
