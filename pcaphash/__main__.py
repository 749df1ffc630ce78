"""The program, as the command ``pcaphash`` and as ``python -m pcaphash``."""

import os
import sys


def main() -> None:
    """Run the program; an interruption while its parts are loaded is told like any other."""
    try:
        from pcaphash.cli import main as run
    except KeyboardInterrupt:
        print("pcaphash: error: interrupted: nothing was written", file=sys.stderr, flush=True)
        os._exit(130)
    run()


if __name__ == "__main__":
    main()
