"""The program, as the command ``pcaphash`` and as ``python -m pcaphash``."""

import os
import sys


def main() -> None:
    """Run the program; an interruption while its parts are loaded is told like any other."""
    # Nothing here is worth the threads of NumPy's linear algebra: each spins on a core of its own for a while.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from pcaphash.cli import main as run
    except KeyboardInterrupt:
        print("pcaphash: error: interrupted: nothing was written", file=sys.stderr, flush=True)
        os._exit(130)
    run()


if __name__ == "__main__":
    main()
