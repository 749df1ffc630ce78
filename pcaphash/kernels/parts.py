"""What kernels are made of, as long as nothing has to be compiled: plain functions that say how they are meant.

Three ways to run the same kernels:

- compiled (the normal way): bytes are read through a raw pointer, which costs nothing and checks nothing;
- compiled with ``NUMBA_BOUNDSCHECK=1``: every read is checked;
- as plain Python with ``NUMBA_DISABLE_JIT=1``.
"""

import os
from collections.abc import Callable
from enum import Enum
from functools import update_wrapper
from typing import Any


def _is_on(switch: str) -> bool:
    """Tell whether a switch of numba's is on, as numba reads it."""
    return os.environ.get(switch, "").strip() not in ("", "0")


COMPILED = not _is_on("NUMBA_DISABLE_JIT")
CHECKED = _is_on("NUMBA_BOUNDSCHECK")


class KernelPartKind(Enum):
    """What becomes of a part where a kernel is compiled."""

    INLINED = "inlined"
    CALLED = "called"
    INSTRUCTION = "instruction"


class KernelPart:
    """A function that only kernels call; the compiler knows what to make of it, and Python runs it as it stands."""

    def __init__(self, function: Callable[..., Any], kind: KernelPartKind) -> None:
        self.function = function
        self.kind = kind
        update_wrapper(self, function)

    def __call__(self, *arguments: Any) -> Any:
        """Run it as plain Python."""
        return self.function(*arguments)
