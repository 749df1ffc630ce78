"""What all tests share: how hard Hypothesis tries, and which tests need compiled kernels."""

import os
import signal
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from pcaphash.kernels.base import COMPILED
from support.shared import watch

# What is printed must not depend on the terminal that tests are started from, whose size readline (which pytest loads)
# puts into the variables of every process that is started.
for _name in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
    os.environ.pop(_name, None)
os.environ["TERM"] = "xterm"

# What a script starts in the background ignores interruptions, and would hand that on to the commands under test.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Compiling a kernel, or running it as plain Python, takes longer than any deadline that would catch a slow example.
# `.ci/run` tries the same examples every time: a change is refused for what it breaks, not for what chance finds that
# day. All other runs draw new ones.
settings.register_profile(
    "default",
    deadline=None,
    derandomize="CI" in os.environ,
    max_examples=200 if COMPILED else 50,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("default")


MOST_PROCESSES = 8  # more would compile kernels and start browsers at once, where memory may be short


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Count the processors that may be used, which on a shared machine are fewer than there are."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(usable or 1, MOST_PROCESSES)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what would take minutes when kernels run as plain Python."""
    if COMPILED:
        return
    for item in items:
        if item.get_closest_marker("jit_only"):
            item.add_marker(pytest.mark.skip(reason="too slow, or without meaning, for kernels that are not compiled"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Hold that what a test shows does not depend on what stands beside the repository."""
    with watch(item):
        return (yield)


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for files that examples of Hypothesis write over and over."""
    return tmp_path_factory.mktemp("scratch")
