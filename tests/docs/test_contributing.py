"""What CONTRIBUTING says of the code is so."""

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

from pcaphash.capture.input import FileInput
from pcaphash.capture.reader import Reader
from pcaphash.engine.part import Part, split_part
from pcaphash.engine.running.run import combine, finish, run

TEXT = Path("CONTRIBUTING.md").read_text("utf-8")
TRACE = "sample_traces/vxlan.pcap"


EXAMPLE = dict(re.findall(r"`(pcaphash/\w+/lengths\.py)`\n\n```python\n(.*?)```", TEXT, re.DOTALL))
SUMMARY = re.search(r'```python\n(    "lengths": .*?)```', TEXT, re.DOTALL)[1]
ROOTS = Path(), Path("pcaphash")


def named_in(text: str) -> list[str]:
    """List the folders and modules that a text names; what stands for any name is written as ``*``."""
    names = re.findall(r"`(?:python )?([\w/.<>]+(?:/|\.py))`", text)
    return [re.sub(r"<\w+>", "*", name) for name in names]


def found_in(text: str) -> list[str]:
    """List what a text names that exists: in the repository or the package, or beside what is named before."""
    folders, found = [*ROOTS], []
    for name in named_in(text):
        at = next((folder / name for folder in folders if any(folder.glob(name))), None)
        if at:
            found.append(name)
            folders.append(at if at.is_dir() else at.parent)
    return found


def test_files_that_are_named_exist():
    prose = re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL)
    lines = [
        line for block in prose.split("\n\n") for line in (block.splitlines() if block.startswith("|") else [block])
    ]
    missing = [(name, line) for line in lines for name in named_in(line) if name not in found_in(line)]
    assert [name for name, _ in missing if name not in EXAMPLE] == []
    assert len([name for line in lines for name in named_in(line)]) > 90
    assert len(EXAMPLE) == 3


def test_a_file_that_does_not_exist_is_noticed():
    text = "`kernels/link.py` and `records.py`, not `cli.py`, `kernels/nothing.py`, `engine/<of>/joining.py`, `no/`"
    assert found_in(text) == ["kernels/link.py", "records.py", "engine/*/joining.py"]
    assert found_in("`records.py` alone") == []


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Make a copy of the repository to which the example was added."""
    folder = tmp_path_factory.mktemp("tree")
    shutil.copytree("pcaphash", folder / "pcaphash", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "tests/test_house.py", "tests/cli/test_words.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(name, folder / name)
    for name, code in EXAMPLE.items():
        (folder / name).write_text(code, "utf-8")
    commands = folder / "pcaphash/cli/commands.py"
    code = commands.read_text("utf-8")
    commands.write_text(re.sub(r"(?<=^SUMMARIES = \{\n)", SUMMARY, code, flags=re.MULTILINE), "utf-8")
    return folder


def run_in(tree, *command):
    environment = os.environ | {"PYTHONPATH": str(tree)}
    command = [sys.executable, "-m", *command]
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=300)


def test_the_example_is_a_command(tree):
    result = run_in(tree, "pcaphash", "lengths", str(Path(TRACE).resolve()))
    lengths = [int(each) for block in Reader(TRACE).blocks() for each in block.records["original_length"]]
    expected = [f"{length} B: {lengths.count(length):,} packets" for length in sorted(set(lengths))]
    assert result.stdout.splitlines() == expected
    assert (result.stderr, result.returncode) == ("", 0)
    shown = run_in(tree, "pcaphash", "lengths", "--help").stdout
    assert shown.startswith("Usage: python -m pcaphash lengths [OPTIONS] TRACE...\n")
    assert "  TRACE  Captures" in shown


def test_the_example_keeps_the_rules_of_the_house(tree):
    result = run_in(tree, "pytest", "-q", "-p", "no:cacheprovider", "--noconftest", "tests")
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("how", [("check",), ("format", "--check")], ids=lambda how: how[0])
@pytest.mark.skipif(find_spec("ruff") is None, reason="ruff is not installed")
def test_the_example_has_the_style_of_the_house(tree, how):
    result = run_in(tree, "ruff", *how, "--no-cache", *EXAMPLE, "pcaphash/cli/commands.py")
    assert result.returncode == 0, result.stdout


@pytest.mark.slow
@pytest.mark.skipif(find_spec("mypy") is None, reason="mypy is not installed")
def test_the_example_has_types(tree):
    result = run_in(tree, "mypy", *EXAMPLE)
    assert result.returncode == 0, result.stdout


@pytest.fixture
def study(monkeypatch):
    """Return the module of the study, as if it stood in the package."""
    module = ModuleType("pcaphash.studies.lengths")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(EXAMPLE["pcaphash/studies/lengths.py"], module.__name__, "exec"), module.__dict__)
    return module


def test_the_example_runs_in_parts(study):
    request = study.LengthsRequest()
    whole = Part(FileInput(TRACE))
    parts = split_part(whole, [3, 50])
    expected = finish(request, run(request, whole))
    assert expected.sum() > 0
    assert (finish(request, combine(run(request, part) for part in reversed(parts))) == expected).all()


def test_the_example_is_short():
    lines = [line.strip() for code in EXAMPLE.values() for line in code.splitlines()]
    assert len([line for line in lines if line and not line.startswith(("import", "from", '"""'))]) < 30
