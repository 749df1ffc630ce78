"""What the package shows of itself."""

import subprocess
import sys

import pytest

import pcaphash


def test_dir_shows_the_public_names():
    assert dir(pcaphash) == sorted(pcaphash.__all__)
    for name in pcaphash.__all__:
        assert getattr(pcaphash, name) is not None


def test_dir_is_the_same_before_and_after_names_are_loaded():
    program = (
        "import pcaphash; before = dir(pcaphash); pcaphash.Device, pcaphash.toeplitz; print(before == dir(pcaphash))"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "True\n"


@pytest.mark.slow
def test_types_are_told_to_type_checkers(tmp_path):
    (tmp_path / "code.py").write_text(
        "import pcaphash\n"
        "found = pcaphash.hash_tuple('192.0.2.1', '192.0.2.2')\n"
        "reveal_type(found.queue)\n"
        "reveal_type(pcaphash.toeplitz(b'', b''))\n"
        "reveal_type(pcaphash.compare)\n"
    )
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--config-file",
        "",
        "--cache-dir",
        tmp_path / "cache",
        tmp_path / "code.py",
    ]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=300).stdout
    assert 'Revealed type is "int | None"' in shown.replace("builtins.", "").replace("Union[int, None]", "int | None")
    assert shown.count("Any") == 0
    assert "Comparison" in shown
