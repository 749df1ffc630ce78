"""The golden answers of the sample traces: what `hashes` says now is what was looked at and committed."""

import importlib.util

import pytest

from support.shared import ROOT

SPEC = importlib.util.spec_from_file_location("make_golden", ROOT / "sample_traces" / "make_golden.py")
MAKER = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(MAKER)

CASES = [(trace, configuration) for trace in MAKER.traces() for configuration in MAKER.CONFIGURATIONS]


def test_there_is_a_golden_file_for_every_case_and_no_other():
    names = {f"{trace.stem}.{configuration}.csv" for trace, configuration in CASES}
    assert {path.name for path in MAKER.GOLDEN.iterdir()} == names


@pytest.mark.parametrize(("trace", "configuration"), CASES, ids=lambda value: getattr(value, "stem", value))
def test_answers_are_the_golden_ones(trace, configuration):
    expected = (MAKER.GOLDEN / f"{trace.stem}.{configuration}.csv").read_text(encoding="utf-8")
    assert MAKER.golden(trace, configuration) == expected
