"""Kernels that are called without their compiler: loaded as machine code, which the compiler is needed for only once.

numba takes longer to load than most traces take to count. So a kernel is compiled for each kind of arguments that it is
called with, and the code is kept (``cache``); later runs load it with LLVM alone. Whether it was compiled just now or
long ago, it is called in the same way: through an entry that ``compiler`` adds to it, which takes all arguments from a
row of 64-bit slots, and puts the results into another. The GIL is released meanwhile.
"""

import ctypes
import hashlib
import struct
from collections.abc import Callable, Sequence
from functools import update_wrapper
from threading import Lock
from typing import Any

import numpy as np
from llvmlite import binding

from pcaphash.kernels import cache
from pcaphash.kernels.cache import Code

Form = tuple[Any, ...]
"""Of each argument what its type depends on: of an array its items, dimensions and layout, of a tuple each item's."""

_ENTRY = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_char_p, ctypes.c_void_p)
_NUMBERS = frozenset((int, bool, np.bool_, np.int64, np.int32, np.uint64, np.uint32))
_LAYOUT_FLAGS = 0x0001 | 0x0002 | 0x0100 | 0x0400
"""NumPy's flags for arrays in C's order, in Fortran's, aligned, writeable."""

_announcers: list[Callable[[], None]] = []
_obtaining = Lock()


def before_compiling(announce: Callable[[], None]) -> None:
    """Have somebody called once, before the first kernel is compiled; not where the compile cache has them all."""
    _announcers.append(announce)


def _lay_out(arguments: Sequence[Any], slots: list[Any]) -> Form:
    """Return the form of arguments, and append what stands in their slots."""
    form: list[Any] = []
    for argument in arguments:
        kind = type(argument)
        if kind in _NUMBERS:
            form.append(kind)
            slots.append(argument)
        elif isinstance(argument, np.ndarray):
            form.append((argument.dtype, argument.ndim, argument.flags.num & _LAYOUT_FLAGS))
            slots.append(id(argument))  # its address: the entry reads there where its items are, and its shape
        elif kind is tuple:
            form.append(_lay_out(argument, slots))
        elif argument is None:
            form.append(None)
        else:
            raise TypeError(f"kernels take no {kind.__name__}")
    return tuple(form)


class _Loaded:
    """A kernel for one kind of arguments, in memory."""

    def __init__(self, code: Code, slots: Sequence[Any]) -> None:
        binding.initialize_native_target()
        binding.initialize_native_asmprinter()
        target = binding.Target.from_default_triple().create_target_machine(codemodel="jitdefault", jit=True)
        self._engine = binding.create_mcjit_compiler(binding.parse_assembly(""), target)
        self._engine.add_object_file(binding.ObjectFileRef.from_data(code.machine_code))
        self._engine.finalize_object()
        self._enter = _ENTRY(self._engine.get_function_address(code.entry))
        self._pack = struct.Struct("".join("Q" if isinstance(slot, np.unsignedinteger) else "q" for slot in slots)).pack
        letters = code.results.removeprefix("(")
        self._results = ctypes.c_int64 * len(letters)
        self._unpack = struct.Struct("".join("?7x" if letter == "b" else "q" for letter in letters)).unpack
        self._has_tuple = letters != code.results

    def run(self, slots: Sequence[Any]) -> Any:
        """Run it, and return what it returns."""
        results = self._results()
        if self._enter(self._pack(*slots), results):
            raise RuntimeError("a kernel raised an error")
        values = self._unpack(results)
        return values if self._has_tuple else values[0] if values else None


class Kernel:
    """A function that is compiled when it is called with a kind of arguments that nobody called it with before."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self._loaded: dict[Form, _Loaded] = {}
        update_wrapper(self, function)

    @property
    def signatures(self) -> list[Form]:
        """The kinds of arguments that it was called with."""
        return list(self._loaded)

    def __call__(self, *arguments: Any) -> Any:
        """Run it."""
        slots: list[Any] = []
        form = _lay_out(arguments, slots)
        loaded = self._loaded.get(form)
        if loaded is None:
            with _obtaining:
                loaded = self._loaded.get(form) or _Loaded(self._obtain(form, arguments), slots)
                self._loaded[form] = loaded
        return loaded.run(slots)

    def _obtain(self, form: Form, arguments: Sequence[Any]) -> Code:
        """Take the code from the cache, or compile it and keep it there."""
        name = f"{self.__name__}-{hashlib.sha256(repr(form).encode()).hexdigest()[:16]}"
        code = cache.load(name)
        if code is None:
            with cache.only_one(name):  # whoever waited for another process finds what that has compiled
                code = cache.load(name) or self._compile(name, arguments)
        return code

    def _compile(self, name: str, arguments: Sequence[Any]) -> Code:
        while _announcers:
            _announcers.pop()()
        from pcaphash.kernels.compiler import compile_kernel  # which loads numba

        code = compile_kernel(self.function, arguments)
        cache.keep(name, code)
        return code
