"""What CONTRIBUTING says of the code is so."""

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
import typer
from typer.testing import CliRunner

from pcaphash.capture.input import FileInput
from pcaphash.capture.reader import Reader
from pcaphash.engine.part import Part, split_part
from pcaphash.engine.run import combine, finish, run

TEXT = Path("CONTRIBUTING.md").read_text("utf-8")
TRACE = "sample_traces/vxlan.pcap"


def test_files_that_are_named_exist():
    named = set(re.findall(r"`((?:pcaphash|tests|docs|studies|report|engine)/[\w/.]*)`", TEXT))
    assert len(named) > 30
    made = {"pcaphash/studies/lengths.py", "pcaphash/report/lengths.py", "pcaphash/cli/lengths.py"}
    missing = [name for name in named - made if not (Path(name).exists() or (Path("pcaphash") / name).exists())]
    assert missing == []
    assert made <= named


@pytest.fixture
def example(monkeypatch):
    """The modules of the example, as if they stood in the package."""
    modules = {}
    for name, code in re.findall(
        r"`pcaphash/(\w+/lengths)\.py`[^`]*(?:`[^`\n]+`\n)?\n*```python\n(.*?)```", TEXT, re.DOTALL
    ):
        full = f"pcaphash.{name.replace('/', '.')}"
        module = ModuleType(full)
        monkeypatch.setitem(sys.modules, full, module)
        exec(compile(code, full, "exec"), module.__dict__)
        modules[name.partition("/")[0]] = module
    assert list(modules) == ["studies", "report", "cli"]
    return modules


def test_the_example_is_a_command(example):
    app = typer.Typer()
    app.command()(example["cli"].lengths)
    result = CliRunner().invoke(app, [TRACE])
    lengths = [int(each) for block in Reader(TRACE).blocks() for each in block.records["original_length"]]
    expected = [f"{length} B: {lengths.count(length):,} packets" for length in sorted(set(lengths))]
    assert result.stdout.splitlines() == expected


def test_the_example_runs_in_parts(example):
    request = example["studies"].LengthsRequest()
    whole = Part(FileInput(TRACE))
    parts = split_part(whole, [3, 50])
    expected = finish(request, run(request, whole))
    assert expected.sum() > 0
    assert (finish(request, combine(run(request, part) for part in reversed(parts))) == expected).all()


def test_the_example_is_short():
    code = [line for block in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()]
    assert len([line for line in code if line and not line.startswith(("import", "from"))]) < 30
