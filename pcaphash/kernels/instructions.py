"""The instructions that ``base`` has plain twins of, as numba emits them. Loaded only where kernels are compiled."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from pcaphash.kernels import processor

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


@intrinsic
def carry_less_multiply(typing_context, a, b):  # type: ignore[no-untyped-def]
    """Emit the processor's carry-less multiply."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return emit_carry_less_multiply(builder, processor.instruction(), *arguments)

    return types.uint64(types.uint64, types.uint64), generate


@intrinsic
def reverse_bits(typing_context, value):  # type: ignore[no-untyped-def]
    """Emit what reverses bits: on some processors one instruction, on others a dozen."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        bits = ir.IntType(32)
        reverse = builder.module.declare_intrinsic("llvm.bitreverse", [bits], ir.FunctionType(bits, [bits]))
        return builder.call(reverse, arguments)

    return types.uint32(types.uint32), generate


@intrinsic
def bit_length(typing_context, value):  # type: ignore[no-untyped-def]
    """Emit a count of leading zeros."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        declared = ir.FunctionType(_WORD, [_WORD, ir.IntType(1)])
        count = builder.module.declare_intrinsic("llvm.ctlz", [_WORD], declared)
        return builder.sub(_WORD(64), builder.call(count, [arguments[0], ir.IntType(1)(0)]))

    return types.int64(types.int64), generate


@intrinsic
def multiply_wrapping(typing_context, a, b):  # type: ignore[no-untyped-def]
    """Emit a multiplication."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.mul(*arguments)

    return types.uint64(types.uint64, types.uint64), generate


@intrinsic
def add_wrapping(typing_context, a, b):  # type: ignore[no-untyped-def]
    """Emit an addition."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.add(*arguments)

    return types.uint64(types.uint64, types.uint64), generate


@intrinsic
def pointer(typing_context, array):  # type: ignore[no-untyped-def]
    """Emit the address of a contiguous array's first item."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return context.make_array(signature.args[0])(context, builder, arguments[0]).data

    return types.CPointer(array.dtype)(array), generate


@intrinsic
def add_pair(typing_context, counts, index, first, second):  # type: ignore[no-untyped-def]
    """Emit one addition of two lanes."""

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
    """Emit a prefetch for reading, into all caches."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        base, at = arguments
        address = builder.bitcast(builder.gep(base, [at]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        declared = ir.FunctionType(ir.VoidType(), [address.type, number, number, number])
        fetch = builder.module.declare_intrinsic("llvm.prefetch", [address.type], declared)
        builder.call(fetch, [address, number(0), number(3), number(1)])
        return context.get_dummy_value()

    return types.none(items, types.int64), generate


@intrinsic
def copy_bytes(typing_context, target, at, source, start, length):  # type: ignore[no-untyped-def]
    """Emit a copy of memory."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        target, at, source, start, length = arguments
        cgutils.raw_memcpy(builder, builder.gep(target, [at]), builder.gep(source, [start]), length, 1)
        return context.get_dummy_value()

    number = types.int64
    return types.none(target, number, source, number, number), generate
