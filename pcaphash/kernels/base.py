"""The one place that knows numba: decorators, raw pointers, instructions, and loads of bytes.

Three ways to run the same kernels:

- compiled (the normal way): bytes are read through a raw pointer, which costs nothing and checks nothing;
- compiled with ``NUMBA_BOUNDSCHECK=1``: :func:`pointer` hands back the array itself, so that every read is checked;
- as plain Python with ``NUMBA_DISABLE_JIT=1``: the instructions have plain Python twins here.

Contract of every kernel: it never raises, offsets are never negative, and no byte at or past the end that its caller
names is read.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.core import cgutils, event
from numba.core.registry import cpu_target
from numba.extending import intrinsic

from pcaphash.kernels import cache

Function = TypeVar("Function", bound=Callable[..., Any])

COMPILED = not numba.config.DISABLE_JIT
CHECKED = bool(numba.config.BOUNDSCHECK)
CACHED = COMPILED and cache.enable()


def kernel(function: Function) -> Function:
    """Compile a function that Python calls: it releases the GIL and is kept in the compile cache."""
    return numba.njit(nogil=True, cache=CACHED, error_model="numpy")(function)


def step(function: Function) -> Function:
    """Compile a function that only kernels call, inlined: a call per packet costs more than what it does."""
    return numba.njit(nogil=True, error_model="numpy", forceinline=True)(function)


class _Announcer(event.Listener):
    """Calls somebody when the first kernel is compiled and not found in the compile cache."""

    def __init__(self, announce: Callable[[], None]) -> None:
        self._announce = announce
        self._announced = False

    def on_start(self, event: Any) -> None:
        if not self._announced:
            self._announced = True
            self._announce()

    def on_end(self, event: Any) -> None:
        pass


def rare_step(function: Function) -> Function:
    """Compile a function that kernels call for few packets: left out of line, it does not slow the others."""
    return numba.njit(nogil=True, error_model="numpy")(function)


def before_compiling(announce: Callable[[], None]) -> None:
    """Have somebody called once, before the first kernel is compiled; not where the compile cache has them all."""
    event.register("numba:compile", _Announcer(announce))


def instruction_of(machine: str, features: str) -> str:
    """Name the carry-less multiply instruction of a target, or nothing where it has none.

    Parameters
    ----------
    machine : str
        LLVM target triple, such as ``x86_64-unknown-linux-gnu``.
    features : str
        LLVM feature string, such as ``+sse2,+pclmul,-avx``.
    """
    present = set(features.split(","))
    if machine.startswith("x86_64") and "+pclmul" in present:
        return "llvm.x86.pclmulqdq"
    if machine.startswith(("aarch64", "arm64")) and "+aes" in present:
        return "llvm.aarch64.neon.pmull64"
    return ""


def target_instruction() -> str:
    """Name the carry-less multiply of the processor that numba compiles for (which need not be the one it runs on)."""
    codegen = cpu_target.target_context.codegen()
    return instruction_of(binding.get_process_triple(), codegen._get_host_cpu_features())


_WORD = ir.IntType(64)
_PAIR = ir.VectorType(_WORD, 2)


def emit_carry_less_multiply(builder: Any, instruction: str, a: Any, b: Any) -> Any:
    """Emit the low 64 bits of the carry-less product of two 64-bit values."""
    if instruction == "llvm.x86.pclmulqdq":
        byte, zero = ir.IntType(8), ir.IntType(32)(0)
        multiply = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(_PAIR, [_PAIR, _PAIR, byte]), instruction
        )
        operands = [builder.insert_element(_PAIR(ir.Undefined), operand, zero) for operand in (a, b)]
        product = builder.call(multiply, [*operands, byte(0)])
    else:
        bytes_16 = ir.VectorType(ir.IntType(8), 16)
        multiply = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(bytes_16, [_WORD, _WORD]), instruction
        )
        product = builder.bitcast(builder.call(multiply, [a, b]), _PAIR)
    return builder.extract_element(product, ir.IntType(32)(0))


if COMPILED:

    @intrinsic
    def carry_less_multiply(typing_context, a, b):  # type: ignore[no-untyped-def]
        """Multiply two uint64 without carries; the low 64 bits of the product."""

        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            return emit_carry_less_multiply(builder, target_instruction(), *arguments)

        return types.uint64(types.uint64, types.uint64), generate

    @intrinsic
    def reverse_bits(typing_context, value):  # type: ignore[no-untyped-def]
        """Reverse the 32 bits of a uint32."""

        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            bits = ir.IntType(32)
            reverse = builder.module.declare_intrinsic("llvm.bitreverse", [bits], ir.FunctionType(bits, [bits]))
            return builder.call(reverse, arguments)

        return types.uint32(types.uint32), generate

else:

    def carry_less_multiply(a: int, b: int) -> int:
        """Multiply two uint64 without carries; the low 64 bits of the product."""
        a, b = int(a), int(b)
        product = 0
        while a:
            if a & 1:
                product ^= b
            a >>= 1
            b <<= 1
        return np.uint64(product & 0xFFFFFFFFFFFFFFFF)

    def reverse_bits(value: int) -> int:
        """Reverse the 32 bits of a uint32."""
        return np.uint32(int(f"{int(value):032b}"[::-1], 2))


if COMPILED and not CHECKED:

    @intrinsic
    def pointer(typing_context, array):  # type: ignore[no-untyped-def]
        """Return the address of a contiguous array's first item; indexing it checks nothing.

        Passing arrays into functions called per packet would cost reference counting, which is atomic.
        """

        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            return context.make_array(signature.args[0])(context, builder, arguments[0]).data

        return types.CPointer(array.dtype)(array), generate

    @intrinsic
    def add_pair(typing_context, counts, index, first, second):  # type: ignore[no-untyped-def]
        """Add to two neighbouring int64 in one vector instruction."""

        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            base, at, *values = arguments
            address = builder.bitcast(builder.gep(base, [at]), _PAIR.as_pointer())
            added = _PAIR(ir.Undefined)
            for lane, value in enumerate(values):
                added = builder.insert_element(added, value, ir.IntType(32)(lane))
            # The array is aligned to its items only.
            total = builder.add(builder.load(address, align=8), added)
            builder.store(total, address, align=8)
            return context.get_dummy_value()

        return types.none(counts, types.int64, types.int64, types.int64), generate

    @intrinsic
    def prefetch(typing_context, items, index):  # type: ignore[no-untyped-def]
        """Have the processor fetch an item that will be needed soon; where it is does not matter otherwise."""

        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            base, at = arguments
            address = builder.bitcast(builder.gep(base, [at]), ir.IntType(8).as_pointer())
            number = ir.IntType(32)
            declared = ir.FunctionType(ir.VoidType(), [address.type, number, number, number])
            fetch = builder.module.declare_intrinsic("llvm.prefetch", [address.type], declared)
            builder.call(fetch, [address, number(1), number(3), number(1)])
            return context.get_dummy_value()

        return types.none(items, types.int64), generate

else:

    @step
    def add_pair(counts: Any, index: int, first: int, second: int) -> None:
        """Add to two neighbouring int64."""
        counts[index] += first
        counts[index + 1] += second

    @step
    def prefetch(items: Any, index: int) -> None:
        """Do nothing: where every index is checked, none may lead past the end."""

    @step
    def pointer(array: Any) -> Any:
        """Return the array itself, so that every index is checked."""
        return array


if COMPILED:

    @step
    def multiply_wrapping(a: Any, b: Any) -> Any:
        """Multiply two uint64; the low 64 bits of the product."""
        return a * b

    @step
    def add_wrapping(a: Any, b: Any) -> Any:
        """Add two uint64; the low 64 bits of the sum."""
        return a + b

else:

    def multiply_wrapping(a: Any, b: Any) -> Any:
        """Multiply two uint64; the low 64 bits of the product."""
        return np.uint64(int(a) * int(b) & 0xFFFFFFFFFFFFFFFF)

    def add_wrapping(a: Any, b: Any) -> Any:
        """Add two uint64; the low 64 bits of the sum."""
        return np.uint64(int(a) + int(b) & 0xFFFFFFFFFFFFFFFF)


@step
def be16(d: Any, offset: int) -> int:
    """Load 2 bytes in network order as int64."""
    return (np.int64(d[offset]) << 8) | np.int64(d[offset + 1])


@step
def be32(d: Any, offset: int) -> int:
    """Load 4 bytes in network order as int64."""
    return (be16(d, offset) << 16) | be16(d, offset + 2)


@step
def le16(d: Any, offset: int) -> int:
    """Load 2 bytes, least significant first, as int64."""
    return np.int64(d[offset]) | (np.int64(d[offset + 1]) << 8)


@step
def le32(d: Any, offset: int) -> int:
    """Load 4 bytes, least significant first, as int64."""
    return le16(d, offset) | (le16(d, offset + 2) << 16)


@step
def load16(d: Any, offset: int, big_endian: bool) -> int:
    """Load 2 bytes in a file's own byte order as int64."""
    return be16(d, offset) if big_endian else le16(d, offset)


@step
def load32(d: Any, offset: int, big_endian: bool) -> int:
    """Load 4 bytes in a file's own byte order as int64."""
    return be32(d, offset) if big_endian else le32(d, offset)
