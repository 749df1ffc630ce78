"""Every kernel is compiled once, or twice where devices can depart from the texts, whatever was asked."""

import ast
from pathlib import Path

import pytest

from pcaphash import kernels
from support.signatures import EVERY_KERNEL, KERNELS, captures_of_all_kinds, signatures_after


@pytest.mark.jit_only
def test_each_kernel_has_its_signatures(tmp_path):
    found = signatures_after(EVERY_KERNEL, *captures_of_all_kinds(tmp_path))
    assert {name: found[name] for name in KERNELS} == KERNELS


def test_there_is_no_other_kernel():
    found = set()
    for path in Path(kernels.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and "kernel" in map(ast.unparse, node.decorator_list):
                found.add(node.name)
    assert found == set(KERNELS)
