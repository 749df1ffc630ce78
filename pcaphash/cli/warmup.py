"""``pcaphash warmup``."""

import time

from pcaphash.cli.progress import announce_compilation
from pcaphash.errors import ConfigurationError


def warmup() -> int:
    """Compile all kernels for this processor now, so that no later command has to.

    Otherwise each command compiles what it needs when it first runs after an installation or an update, which takes
    some seconds. Use warmup for a container image, for example, or before a benchmark.

    \b
    Examples:
      pcaphash warmup
      NUMBA_CACHE_DIR=/opt/pcaphash pcaphash warmup
    """
    was_needed = announce_compilation(everything=True)
    from pcaphash.kernels import cache

    folder = cache.folder()
    if folder is None:
        problem = "there is no folder to keep compiled kernels in"
        raise ConfigurationError("NUMBA_CACHE_DIR", problem, "set this variable to a folder that only you can write to")
    from pcaphash.studies.warmup import warm_up

    started = time.monotonic()
    warm_up()
    if was_needed():
        print(f"compiled all kernels in {time.monotonic() - started:.0f} s; they are kept in {folder}")
    else:
        print(f"all kernels are already compiled; they are kept in {folder}")
    return 0
