"""Which of many like cases are left to ``make test-all``."""

from collections.abc import Iterable

import pytest


def slow_but(n: int, values: Iterable[object]) -> list[object]:
    """Mark all values of a parameter but the first ``n`` as slow."""
    return [value if i < n else pytest.param(value, marks=pytest.mark.slow) for i, value in enumerate(values)]
