"""Compiles kernels. This module and ``instructions`` are all that imports numba, and only where something is compiled.

numba's own way from Python into compiled code leads through its type registries, which take longer to load than most
traces to count. So each kernel gets an entry that needs nothing of numba: it takes its arguments from a row of 64-bit
slots, which ``stored`` fills, and puts what the kernel returns into another.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils, event
from numba.core.compiler import Flags, compile_extra
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target
from numba.extending import typeof_impl
from numba.np.arrayobj import get_itemsize, populate_array

from pcaphash.kernels import cache, instructions
from pcaphash.kernels.cache import Code
from pcaphash.kernels.parts import CHECKED, KernelPart, KernelPartKind

_SLOT = ir.IntType(64)
# Kernels own no arrays, so nothing counts references to them.
_OPTIONS = {"error_model": "numpy", "_nrt": CHECKED}


@functools.cache
def compiled(part: KernelPart) -> Any:
    """Return a part as numba knows it: an intrinsic, or a function that is compiled when a kernel calls it."""
    if part.kind is KernelPartKind.INSTRUCTION:
        return getattr(instructions, part.__name__)
    return numba.njit(nogil=True, forceinline=part.kind is KernelPartKind.INLINED, **_OPTIONS)(part.function)


@typeof_impl.register(KernelPart)
def _type_of_part(part: KernelPart, context: Any) -> Any:
    """Have numba take a part that it meets in a kernel for what it stands for."""
    return cpu_target.typing_context.resolve_value_type(compiled(part))


def checked_kernel(function: Callable[..., Any]) -> Any:
    """Compile a kernel with bounds checks, which raise errors: called and kept in numba's own way."""
    folder = cache.folder()
    numba.config.CACHE_DIR = str(folder or "")
    return numba.njit(nogil=True, cache=folder is not None, error_model="numpy")(function)


class _Announcer(event.Listener):
    def __init__(self, announce: Callable[[], None]) -> None:
        self._announce = announce

    def on_start(self, event: Any) -> None:
        self._announce()

    def on_end(self, event: Any) -> None:
        pass


def before_compiling_checked(announce: Callable[[], None]) -> None:
    """Have somebody called before numba compiles anything; not where its own cache has it."""
    event.register("numba:compile", _Announcer(announce))


def compile_kernel(function: Callable[..., Any], arguments: Sequence[Any]) -> Code:
    """Compile a function for arguments like these."""
    with global_compiler_lock:
        return _compile(function, tuple(map(numba.typeof, arguments)))


def _compile(function: Callable[..., Any], given: tuple[Any, ...]) -> Code:
    """Compile a function for arguments of these types, and its entry."""
    flags = cpu_target.options.parse_as_flags(
        Flags(), {**_OPTIONS, "nopython": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    )
    flags.no_compile = True  # until its entry is there
    typing, target = cpu_target.typing_context, cpu_target.target_context
    typing.refresh()
    target.refresh()
    result = compile_extra(typing, target, function, given, None, flags, {})
    entry = f"{result.fndesc.llvm_func_name}.entry"
    with target.push_code_library(result.library):
        _add_entry(result.library, result.fndesc, entry)
    result.library.get_pointer_to_function(entry)
    _, _, (machine_code, _) = result.library.serialize_using_object_code()
    return Code(entry, _describe_results(result.fndesc.restype), machine_code)


def _add_entry(library: Any, kernel: Any, name: str) -> None:
    """Add a function that takes the addresses of two rows of slots, and returns whether the kernel raised an error."""
    context = cpu_target.target_context
    module = library.create_ir_module(name)
    slots = _SLOT.as_pointer()
    entry = ir.Function(module, ir.FunctionType(ir.IntType(32), [slots, slots]), name)
    builder = ir.IRBuilder(entry.append_basic_block())
    taken = _read_slots(builder, entry.args[0])
    arguments = [_take(context, builder, kind, taken) for kind in kernel.argtypes]
    callee = context.declare_function(module, kernel)
    status, result = context.call_conv.call_function(builder, callee, kernel.restype, kernel.argtypes, arguments)
    for at, (value, kind) in enumerate(_results(builder, result, kernel.restype)):
        number = context.cast(builder, value, kind, types.int64)
        builder.store(number, builder.gep(entry.args[1], [_SLOT(at)]))
    builder.ret(builder.zext(status.is_error, ir.IntType(32)))
    library.add_ir_module(module)


def _read_slots(builder: Any, slots: Any) -> Iterator[Any]:
    """Emit a load of one slot after the other."""
    at = 0
    while True:
        yield builder.load(builder.gep(slots, [_SLOT(at)]))
        at += 1


def _take(context: Any, builder: Any, kind: Any, slots: Iterator[Any]) -> Any:
    """Emit what makes an argument out of the slots that it takes."""
    if isinstance(kind, types.BaseTuple):
        return context.make_tuple(builder, kind, [_take(context, builder, item, slots) for item in kind])
    if isinstance(kind, types.NoneType):
        return context.get_dummy_value()
    if isinstance(kind, types.Array):
        return _view_array(context, builder, kind, next(slots))
    if isinstance(kind, types.Integer | types.Boolean):
        return context.cast(builder, next(slots), types.int64, kind)
    raise TypeError(f"kernels take no {kind}")


def _view_array(context: Any, builder: Any, kind: Any, address: Any) -> Any:
    """Emit what makes numba's array out of NumPy's: PyArrayObject in NumPy's C interface lays down its first fields."""
    array = context.make_array(kind)(context, builder)
    fields = builder.inttoptr(address, _SLOT.as_pointer())
    data, _, shape, strides = (
        builder.load(builder.gep(fields, [_SLOT(object.__basicsize__ // 8 + field)])) for field in range(4)
    )
    lengths = ir.ArrayType(_SLOT, kind.ndim).as_pointer()
    populate_array(
        array,
        data=builder.inttoptr(data, array.data.type),
        shape=builder.load(builder.inttoptr(shape, lengths)),
        strides=builder.load(builder.inttoptr(strides, lengths)),
        itemsize=context.get_constant(types.intp, get_itemsize(context, kind)),
        meminfo=None,
    )
    return array._getvalue()


def _results(builder: Any, result: Any, kind: Any) -> list[tuple[Any, Any]]:
    """List the values that a kernel returned, each with its type."""
    if isinstance(kind, types.NoneType):
        return []
    if isinstance(kind, types.BaseTuple):
        return list(zip(cgutils.unpack_tuple(builder, result), kind, strict=True))
    return [(result, kind)]


def _describe_results(kind: Any) -> str:
    """Say what a kernel returns, as ``Code.results`` has it."""
    if isinstance(kind, types.NoneType):
        return ""
    if isinstance(kind, types.BaseTuple):
        return "(" + "".join(map(_describe_results, kind))
    return "b" if isinstance(kind, types.Boolean) else "i"
