"""The processor that kernels are compiled for: the one they run on, or the one that numba's switches name."""

import os
from functools import cache

from llvmlite import binding


@cache
def name() -> str:
    """Name the processor, as LLVM does."""
    return os.environ.get("NUMBA_CPU_NAME") or str(binding.get_host_cpu_name())


@cache
def features() -> str:
    """List what it can do, as LLVM does: ``+sse2,+pclmul,-avx``; on some processors numba does without AVX."""
    chosen = os.environ.get("NUMBA_CPU_FEATURES")
    if chosen is not None:
        return chosen
    return "" if name().lower() == "generic" else str(binding.get_host_cpu_features().flatten())


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


def instruction() -> str:
    """Name the carry-less multiply of the processor that kernels are compiled for."""
    return instruction_of(binding.get_process_triple(), features())
