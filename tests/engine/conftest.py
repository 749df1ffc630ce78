"""Threads that share out whatever there is, and take turns as often as can be."""

import sys
from collections.abc import Iterator

import pytest

from pcaphash.engine.running import crew


@pytest.fixture(scope="module")
def eager_helpers() -> Iterator[None]:
    """Have helpers count whatever there is, and have threads take turns as often as can be."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crew, "_LEAST_HANDED", 0)
        patch.setattr(crew, "_LEAST_READ", 0)
        before = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)
        yield
        sys.setswitchinterval(before)
