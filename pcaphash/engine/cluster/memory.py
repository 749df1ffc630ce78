"""Memory of the processes of a cluster: what is freed after one file is kept for the next.

Dask has its workers give memory back to the system at once (``MALLOC_TRIM_THRESHOLD_``). Then every file costs more in
page faults than in counting.
"""

import ctypes
from contextlib import suppress
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt(3)
_KEPT = 64 * 1024 * 1024
_FROM_SYSTEM = 16 * 1024 * 1024


@cache
def keep_memory() -> None:
    """Have this process keep up to 64 MiB that it has freed; only glibc can be told that."""
    with suppress(AttributeError, OSError, TypeError):  # TypeError: Windows has no library without a name
        c = ctypes.CDLL(None)
        c.mallopt(_TRIM_THRESHOLD, _KEPT)
        c.mallopt(_MMAP_THRESHOLD, _FROM_SYSTEM)
