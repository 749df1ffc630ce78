"""The notebooks run as they are, compute what the sample holds, and are stored without anything that a run leaves."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from support.slow import slow_but

pytestmark = pytest.mark.jit_only

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
MOST_SECONDS = 120  # for one cell, the first of which may have to compile kernels

# A value that each computes, as Python that its kernel can evaluate at the end, and what that is for the sample.
VALUES = {
    # The table in sample_traces/README.md: of 6060 packets the busiest receive queue has 44.7, 34.2 and 13.6 per cent.
    "outer_against_inner.ipynb": ("shares.max().round(1).tolist()", [44.7, 34.2, 13.6]),
    # Equal to what `replay --format csv` prints; tests/engine holds the rings against a simulation of events.
    "bursts_in_time.ipynb": ("busiest.dropped.tolist()", [512, 33, 0]),
    # The device's own key and a thousand more; their rank over one half tells next to nothing of the other half.
    "key_and_table.ipynb": ("[len(keys), bool(abs(carried_over) < 0.1), tuning.verdict.cause]", [1001, True, "little"]),
    # Both faults that the notebook builds in, and no other, and then the one that is left.
    "validating_a_device.ipynb": (
        "[sorted(fault.name for fault in each.diagnosis.faults) for each in (validation, second)]",
        [["key-words-swapped", "outer-of-geneve"], ["outer-of-geneve"]],
    ),
}


def run(name: str, expression: str) -> Any:
    """Run a notebook in its folder, which raises where a cell does, and evaluate an expression at its end."""
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(f"import json\nprint(json.dumps({expression}))"))
    resources = {"metadata": {"path": str(NOTEBOOKS)}}
    NotebookClient(notebook, timeout=MOST_SECONDS, kernel_name="python3", resources=resources).execute()
    outputs = notebook.cells[-1].outputs  # a line may come in several
    return json.loads("".join(output.text for output in outputs if output.name == "stdout"))


def test_every_notebook_is_tested():
    assert {path.name for path in NOTEBOOKS.glob("*.ipynb")} == set(VALUES)


@pytest.mark.parametrize("name", slow_but(1, VALUES))
def test_a_notebook_runs_and_computes_what_the_sample_holds(name):
    expression, expected = VALUES[name]
    assert run(name, expression) == expected


@pytest.mark.parametrize("name", VALUES)
def test_a_notebook_is_stored_as_written(name):
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.id for cell in code if cell.outputs or cell.execution_count is not None] == []


@pytest.mark.parametrize("name", VALUES)
def test_prose_stands_in_front_of_each_code_cell(name):
    kinds = [cell.cell_type for cell in nbformat.read(NOTEBOOKS / name, as_version=4).cells]
    assert kinds[0] == "markdown"
    assert ("code", "code") not in set(pairwise(kinds))
