"""``pcaphash warmup`` compiles every kernel, and says once that it does; no other command compiles afterwards."""

import pytest

from support.command import complaints, run
from support.shared import ROOT
from support.signatures import KERNELS, signatures_after

OVERLAY = ROOT / "sample_traces" / "overlay.pcap"


@pytest.mark.slow
@pytest.mark.jit_only
def test_every_kernel_is_compiled_in_every_form():
    found = signatures_after("from pcaphash.studies.warmup import warm_up; warm_up()")
    assert {name: found[name] for name in KERNELS} == KERNELS


def announcements(result):
    assert result.returncode == 0, result.stderr
    return [line for line in result.stderr.decode().splitlines() if "compiling" in line]


@pytest.mark.slow
@pytest.mark.jit_only
def test_one_command_has_one_announcement(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    first = run("analyze", OVERLAY)
    assert len(announcements(first)) == 1
    assert len(announcements(run("--quiet", "hashes", OVERLAY))) == 0
    warm = run("warmup")
    assert len(announcements(warm)) == 1
    assert warm.stdout.startswith(b"compiled all kernels in ")
    assert str(tmp_path).encode() in warm.stdout
    for command in ("analyze", "compare", "tune", "sweep", "info", "hashes"):
        assert announcements(run(command, OVERLAY)) == [], command
    again = run("warmup")
    assert (announcements(again), again.stdout[:32]) == ([], b"all kernels are already compiled")


def test_without_a_folder_to_keep_them_nothing_is_compiled(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))
    result = run("warmup")
    assert (result.returncode, result.stdout) == (2, b"")
    (line,) = complaints(result)
    assert line.startswith("pcaphash: error: NUMBA_CACHE_DIR: ")
