"""Kernels that were stored are those that numba compiles and calls, and whatever happens to their files, they run."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pcaphash.kernels.parts import CHECKED
from support.signatures import EVERY_KERNEL, KERNELS, captures_of_all_kinds

pytestmark = [
    pytest.mark.jit_only,
    pytest.mark.skipif(CHECKED, reason="with bounds checks, numba keeps and calls kernels in its own way"),
]

AGREEING = """
import numba
import pcaphash.kernels.compiler
from pcaphash.kernels.stored import Kernel

call_stored, by_numba, n_calls = Kernel.__call__, {}, {}

def copied(argument):
    if not isinstance(argument, numpy.ndarray):
        return argument
    copy = argument.copy()
    copy.flags.writeable = argument.flags.writeable
    return copy

def call_both(kernel, *arguments):
    n_calls[kernel] = n_calls.get(kernel, 0) + 1
    if n_calls[kernel] > 100:
        return call_stored(kernel, *arguments)
    copies = [*map(copied, arguments)]
    result = call_stored(kernel, *arguments)
    if kernel not in by_numba:
        by_numba[kernel] = numba.njit(nogil=True, error_model="numpy")(kernel.function)
    expected = by_numba[kernel](*copies)
    assert repr(result) == repr(expected), (kernel.__name__, result, expected)
    for argument, copy in zip(arguments, copies):
        if isinstance(argument, numpy.ndarray):
            assert argument.tobytes() == copy.tobytes(), kernel.__name__
    return result

Kernel.__call__ = call_both
"""
COUNT = """
import json
print(json.dumps({kernel.__name__: len(dispatcher.signatures) for kernel, dispatcher in by_numba.items()}))
"""

SMALL = """
import sys
import numpy as np
from pcaphash.kernels.keeping import choose_again

chosen = np.zeros(4, bool)
choose_again(np.arange(4), 4, 1, chosen)
print(chosen.astype(int), "numba" in sys.modules)
"""


def run_program(program: str, cache: Path, **environment: str) -> str:
    variables = {**os.environ, "NUMBA_CACHE_DIR": str(cache), **environment}
    result = subprocess.run(
        [sys.executable, "-c", program], env=variables, capture_output=True, text=True, check=False, timeout=300
    )
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout.strip()


def files_in(cache: Path) -> list[Path]:
    return sorted(path for path in cache.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def compiled(tmp_path_factory) -> tuple[Path, str]:
    """Compile one small kernel; return the folder, and what its first run said."""
    cache = tmp_path_factory.mktemp("cache")
    return cache, run_program(SMALL, cache)


@pytest.mark.slow
def test_stored_kernels_do_what_numba_called_ones_do(tmp_path):
    captures = captures_of_all_kinds(tmp_path)
    both = run_with(f"import numpy\n{AGREEING}\n{EVERY_KERNEL}\n{COUNT}", captures)
    assert json.loads(both) == KERNELS
    # Now nothing of numba's is there that machine code could refer to.
    assert run_with(f"{EVERY_KERNEL}\nprint('numba' in sys.modules)", captures) == "False\n"


def run_with(program: str, captures: list[Path]) -> str:
    command = [sys.executable, "-c", program, *map(str, captures)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_a_warm_run_needs_no_compiler(compiled):
    cache, first = compiled
    chosen = first.removesuffix(" True")
    assert chosen != first
    assert run_program(SMALL, cache) == f"{chosen} False"


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "foreign", "folder"])
def test_a_damaged_file_is_replaced(compiled, damage):
    cache, first = compiled
    (stored,) = files_in(cache)
    good = stored.read_bytes()
    if damage == "folder":
        stored.unlink()
        stored.mkdir()
    else:
        bad = {"empty": b"", "cut": good[:-1], "flipped": good[:99] + bytes([good[99] ^ 1]) + good[100:]}
        # Code of another kernel, whole in itself, under this name.
        stored.write_bytes(bad.get(damage) or foreign_file(cache, stored))
    assert run_program(SMALL, cache) == first
    if damage == "folder":  # which is nothing that a file can replace
        stored.rmdir()
        assert run_program(SMALL, cache) == first
    assert [path.name for path in files_in(cache)] == [stored.name]
    assert run_program(SMALL, cache).endswith(" False")


def foreign_file(cache: Path, stored: Path) -> bytes:
    """Take the file that is right for another processor."""
    other = cache.with_name(f"{cache.name}-other")
    run_program(SMALL, other, NUMBA_CPU_NAME="generic")
    (file,) = files_in(other)
    assert (file.name, file.parent.name) == (stored.name, file.parent.name)
    return file.read_bytes()


@pytest.mark.parametrize("switch", ["NUMBA_CPU_NAME=generic", "NUMBA_OPT=1"])
def test_another_key_has_a_folder_of_its_own(compiled, switch):
    cache, first = compiled
    before = files_in(cache)
    name, _, value = switch.partition("=")
    assert run_program(SMALL, cache, **{name: value}) == first
    (added,) = set(files_in(cache)) - set(before)
    assert (added.name, added.parent.parent) == (before[0].name, before[0].parent.parent)
    added.unlink()


@pytest.mark.parametrize("source", ["kernels/keeping.py", "standards/ip.py"])
def test_the_key_knows_the_sources(compiled, source):
    cache, _ = compiled
    edited = """
from pathlib import Path
read = Path.read_bytes
Path.read_bytes = lambda path: read(path) + (b"#" if str(path).endswith("SOURCE") else b"")
from pcaphash.kernels import cache
print(cache.folder().name)
"""
    assert run_program(edited.replace("SOURCE", source), cache) != run_program(edited.replace("SOURCE", "/"), cache)


def test_without_a_folder_to_write_everything_runs(compiled, tmp_path):
    _, first = compiled
    (tmp_path / "file").write_text("")
    for _ in range(2):
        assert run_program(SMALL, tmp_path / "file") == first


def test_a_full_disk_does_no_harm(compiled, tmp_path):
    _, first = compiled
    full = (
        "import tempfile\ndef refuse(**_): raise OSError(28, 'no space left')\ntempfile.NamedTemporaryFile = refuse\n"
    )
    assert run_program(full + SMALL, tmp_path) == first
    assert files_in(tmp_path) == []


def test_of_four_cold_processes_at_once_one_compiles(compiled, tmp_path):
    _, first = compiled
    with ThreadPoolExecutor(4) as pool:
        said = sorted(pool.map(lambda _: run_program(SMALL, tmp_path), range(4)))
    assert said == [first.replace(" True", " False")] * 3 + [first]
    assert len(files_in(tmp_path)) == 1
    assert run_program(SMALL, tmp_path).endswith(" False")


THREADS = """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
import numpy as np
from pcaphash.kernels import compiler
from pcaphash.kernels.keeping import choose_again

compiled = []
compile_kernel = compiler.compile_kernel
compiler.compile_kernel = lambda *arguments: compiled.append(1) or compile_kernel(*arguments)
barrier = Barrier(8)

def choose(seed):
    barrier.wait()
    chosen = np.zeros(1000, bool)
    for _ in range(100):
        choose_again(np.arange(1000) + seed, 1000, 1, chosen)
    return chosen.tolist()

with ThreadPoolExecutor(8) as pool:
    results = list(pool.map(choose, range(8)))
for seed, result in enumerate(results):
    chosen = np.zeros(1000, bool)
    choose_again(np.arange(1000) + seed, 1000, 1, chosen)
    assert chosen.tolist() == result
print(len(compiled))
"""


def test_threads_share_one_compilation(tmp_path):
    assert run_program(THREADS, tmp_path) == "1"
    assert run_program(THREADS, tmp_path) == "0"


PROCESSOR = """
from numba.core.registry import cpu_target
from pcaphash.kernels import processor
codegen = cpu_target.target_context.codegen()
assert processor.name() == codegen._get_host_cpu_name()
theirs = set(codegen._get_host_cpu_features().split(","))
different = {feature for feature in theirs ^ set(processor.features().split(",")) if feature[1:4] != "avx"}
assert not different, different
"""


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"NUMBA_CPU_NAME": "generic"},
        {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "+pclmul"},
        {"NUMBA_CPU_FEATURES": ""},
    ],
    ids=str,
)
def test_the_processor_is_the_one_that_numba_compiles_for(switches, tmp_path):
    run_program(PROCESSOR, tmp_path, **switches)


@pytest.mark.parametrize("argument", ["1.5", "[1]", "np.float64(1)", "'a'"])
def test_what_no_kernel_takes_is_refused(argument, tmp_path):
    program = f"""
import numpy as np
from pcaphash.kernels.keeping import choose_again
try:
    choose_again(np.arange(4), {argument}, 1, np.zeros(4, bool))
except TypeError as error:
    print(error)
"""
    assert run_program(program, tmp_path).startswith("kernels take no ")
