"""``pcaphash warmup``."""

import time

from pcaphash.cli.progress import announce_compilation
from pcaphash.errors import ConfigurationError


def warmup() -> int:
    """Compile all kernels for this processor now, so that no later command has to.

    Each command compiles what it needs when it is first run after an installation or an update, which takes some
    seconds. This compiles everything at once, for example for a container image or a benchmark.

    \b
    Examples:
      pcaphash warmup
      NUMBA_CACHE_DIR=/opt/pcaphash pcaphash warmup
    """
    was_needed = announce_compilation(everything=True)
    from pcaphash.kernels.base import CACHED
    from pcaphash.kernels.cache import folder_in_use

    if not CACHED:
        problem = "there is no folder to keep compiled kernels in"
        raise ConfigurationError("NUMBA_CACHE_DIR", problem, "set this variable to a folder that only you can write to")
    from pcaphash.studies.warmup import warm_up

    started = time.monotonic()
    warm_up()
    if was_needed():
        print(f"compiled all kernels in {time.monotonic() - started:.0f} s; they are kept in {folder_in_use()}")
    else:
        print(f"all kernels are already compiled; they are kept in {folder_in_use()}")
    return 0
