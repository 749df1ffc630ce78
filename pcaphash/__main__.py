"""The program, as the command ``pcaphash`` and as ``python -m pcaphash``."""

import os
import sys

_EXIT_INTERRUPTED = 130
_SOON = 0.01  # seconds


def main() -> None:
    """Run the program; an interruption while its parts are loaded is told like any other."""
    # Nothing here is worth the threads of NumPy's linear algebra: each spins on a core of its own for a while.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.unraisablehook = _insist
    try:
        from pcaphash.cli import main as run
    except KeyboardInterrupt:
        print("pcaphash: error: interrupted: nothing was written", file=sys.stderr, flush=True)
        os._exit(_EXIT_INTERRUPTED)
    try:
        run()
    except KeyboardInterrupt:  # another one, after all was said
        os._exit(_EXIT_INTERRUPTED)


def _insist(ignored: "sys.UnraisableHookArgs") -> None:
    """Have an interruption come again soon that came within a callback of Python's, where no error has an effect.

    Imports are full of them.
    """
    if ignored.exc_type is KeyboardInterrupt:
        import signal  # an interruption while that is loaded is to be told like any other

        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, _SOON)
    else:
        sys.__unraisablehook__(ignored)


if __name__ == "__main__":
    main()
