"""Which carry-less multiply is chosen, what is emitted for it, and that without one the hashes are the same."""

import os
import subprocess
import sys

import pytest
from llvmlite import binding, ir

from pcaphash.kernels.processor import instruction_of
from support import builders
from support.captures import pcapng_of

X86, ARM = "llvm.x86.pclmulqdq", "llvm.aarch64.neon.pmull64"


@pytest.mark.parametrize(
    ("machine", "features", "instruction"),
    [
        ("x86_64-unknown-linux-gnu", "+sse2,+pclmul,-avx", X86),
        ("x86_64-apple-darwin20.0.0", "+pclmul", X86),
        ("x86_64-unknown-linux-gnu", "+sse2,-pclmul", ""),
        ("x86_64-unknown-linux-gnu", "+vpclmulqdq", ""),
        ("x86_64-unknown-linux-gnu", "+aes", ""),
        ("x86_64-unknown-linux-gnu", "", ""),
        ("aarch64-unknown-linux-gnu", "+neon,+aes", ARM),
        ("arm64-apple-darwin23.1.0", "+aes", ARM),
        ("aarch64-unknown-linux-gnu", "+neon,-aes", ""),
        ("aarch64-unknown-linux-gnu", "+pclmul", ""),
        ("i686-pc-linux-gnu", "+pclmul", ""),
        ("armv7l-unknown-linux-gnueabihf", "+aes", ""),
        ("powerpc64le-unknown-linux-gnu", "+aes,+pclmul", ""),
    ],
)
def test_instruction_of_a_target(machine, features, instruction):
    assert instruction_of(machine, features) == instruction


def emitted(instruction: str, machine: str) -> str:
    """Emit a function that multiplies two numbers, in LLVM's language."""
    from pcaphash.kernels.instructions import emit_carry_less_multiply

    word = ir.IntType(64)
    module = ir.Module()
    module.triple = machine
    function = ir.Function(module, ir.FunctionType(word, [word, word]), "multiply")
    builder = ir.IRBuilder(function.append_basic_block())
    builder.ret(emit_carry_less_multiply(builder, instruction, *function.args))
    return str(module)


@pytest.mark.parametrize(
    ("instruction", "machine", "features", "mnemonic"),
    [
        (ARM, "aarch64-unknown-linux-gnu", "+neon,+aes", "pmull"),
        (X86, "x86_64-unknown-linux-gnu", "+sse2,+pclmul", "pclmulqdq"),
    ],
)
def test_the_instruction_is_emitted(instruction, machine, features, mnemonic):
    text = emitted(instruction, machine)
    assert f'@"{instruction}"' in text
    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()
    try:
        target = binding.Target.from_triple(machine).create_target_machine(features=features)
    except RuntimeError:
        pytest.skip(f"this LLVM does not compile for {machine}")
    module = binding.parse_assembly(text)
    module.verify()
    assert mnemonic in target.emit_assembly(module)


def run_hashes(trace, **environment: str) -> str:
    command = [sys.executable, "-m", "pcaphash", "hashes", str(trace)]
    variables = {**os.environ, **environment}
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=True, timeout=300).stdout


@pytest.mark.slow
@pytest.mark.jit_only
def test_a_processor_without_the_instruction_gets_the_same_hashes(tmp_path):
    ports = range(1000, 1200)
    frames = [builders.framed(builders.ipv4(builders.tcp(b"", port), 6)) for port in ports]
    frames += [builders.framed(builders.ipv6(builders.udp(b"", port), 17)) for port in ports]
    trace = tmp_path / "trace.pcapng"
    trace.write_bytes(pcapng_of((frame, len(frame), 1) for frame in frames))
    generic = {"NUMBA_CPU_NAME": "generic", "NUMBA_CACHE_DIR": str(tmp_path)}
    code = "from pcaphash.kernels import toeplitz; print(repr(toeplitz.INSTRUCTION))"
    chosen = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **generic}, capture_output=True, text=True, check=True
    )
    assert chosen.stdout.strip() == "''"
    expected = run_hashes(trace)
    assert len(expected.splitlines()) == 401
    assert run_hashes(trace, **generic) == expected
