"""What kernels are written with: decorators, instructions, and loads of bytes. Nothing here loads a compiler.

Contract of every kernel: it never raises, offsets are never negative, and no byte at or past the end that its caller
names is read.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

from pcaphash.kernels.parts import CHECKED, COMPILED, KernelPart, KernelPartKind

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(function: Function) -> Function:
    """Compile a function that Python calls, when it is called first: it releases the GIL, and its code is kept."""
    if not COMPILED:
        return function
    if CHECKED:
        from pcaphash.kernels.compiler import checked_kernel

        return cast(Function, checked_kernel(function))
    from pcaphash.kernels.stored import Kernel

    return cast(Function, Kernel(function))


def _part(function: Function, kind: KernelPartKind) -> Function:
    return cast(Function, KernelPart(function, kind)) if COMPILED else function


def step(function: Function) -> Function:
    """Make a function that only kernels call a part of them, inlined: calling it would cost more than what it does."""
    return _part(function, KernelPartKind.INLINED)


def rare_step(function: Function) -> Function:
    """Make a function a part of kernels that call it for few packets: out of line, it does not slow the others."""
    return _part(function, KernelPartKind.CALLED)


def _instruction(function: Function) -> Function:
    """Have a compiled kernel use what ``instructions`` has under the same name."""
    return _part(function, KernelPartKind.INSTRUCTION)


def _unchecked_instruction(function: Function) -> Function:
    """Do so unless every index is to be checked."""
    return step(function) if CHECKED else _instruction(function)


def before_compiling(announce: Callable[[], None]) -> None:
    """Have somebody called before kernels are compiled; not where the compile cache has them all."""
    if COMPILED and CHECKED:
        from pcaphash.kernels.compiler import before_compiling_checked

        before_compiling_checked(announce)
    elif COMPILED:
        from pcaphash.kernels import stored

        stored.before_compiling(announce)


@_instruction
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


@_instruction
def reverse_bits(value: int) -> int:
    """Reverse the 32 bits of a uint32."""
    return np.uint32(int(f"{int(value):032b}"[::-1], 2))


@_instruction
def bit_length(value: int) -> int:
    """Count the bits of an int64 that is not negative; 0 for 0."""
    return np.int64(int(value).bit_length())


@_instruction
def multiply_wrapping(a: Any, b: Any) -> Any:
    """Multiply two uint64; the low 64 bits of the product."""
    return np.uint64(int(a) * int(b) & 0xFFFFFFFFFFFFFFFF)


@_instruction
def add_wrapping(a: Any, b: Any) -> Any:
    """Add two uint64; the low 64 bits of the sum."""
    return np.uint64(int(a) + int(b) & 0xFFFFFFFFFFFFFFFF)


@_unchecked_instruction
def pointer(array: Any) -> Any:
    """Return the address of a contiguous array's first item, or the array itself, so that every index is checked.

    Passing arrays into functions called per packet would cost reference counting, which is atomic.
    """
    return array


@_unchecked_instruction
def copy_bytes(target: Any, at: int, source: Any, start: int, length: int) -> None:
    """Copy bytes from one place to another; the two do not overlap."""
    for i in range(length):
        target[at + i] = source[start + i]


@_unchecked_instruction
def add_pair(counts: Any, index: int, first: int, second: int) -> None:
    """Add to two neighbouring int64, in one vector instruction."""
    counts[index] += first
    counts[index + 1] += second


@_unchecked_instruction
def prefetch(items: Any, index: int) -> None:
    """Have the processor fetch an item that will be needed soon; where every index is checked, none may lead astray."""


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


@step
def store16(out: Any, offset: int, value: int, big_endian: bool) -> None:
    """Store 2 bytes in a file's own byte order."""
    high, low = (value >> 8) & 0xFF, value & 0xFF
    out[offset] = high if big_endian else low
    out[offset + 1] = low if big_endian else high


@step
def store32(out: Any, offset: int, value: int, big_endian: bool) -> None:
    """Store 4 bytes in a file's own byte order."""
    high, low = value >> 16, value & 0xFFFF
    store16(out, offset, high if big_endian else low, big_endian)
    store16(out, offset + 2, low if big_endian else high, big_endian)
