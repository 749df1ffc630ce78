"""The sample traces are what their maker makes, small, sound, and listed."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from naive.capture import load
from naive.configuration import Configuration
from naive.device import answer

SAMPLES = Path(__file__).parents[2] / "sample_traces"
TRACES = sorted(path.name for path in SAMPLES.iterdir() if path.suffix in (".pcap", ".pcapng"))
LARGEST = 1_000_000  # bytes


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder into which the maker wrote all traces."""
    folder = tmp_path_factory.mktemp("samples")
    subprocess.run([sys.executable, SAMPLES / "make_samples.py", "--output", folder], check=True, timeout=300)
    return folder


@pytest.fixture(scope="module")
def page() -> str:
    """Return the page beside the traces."""
    return (SAMPLES / "README.md").read_text("utf-8")


@pytest.fixture(scope="module")
def listed(page: str) -> dict[str, tuple[str, int]]:
    """Return link types and number of packets by trace, as the table says."""
    rows = re.findall(r"^\| `([^`]+\.pcap(?:ng)?)` \| ([^|]+) \| (\d+) \|", page, re.MULTILINE)
    return {name: (link_type, int(packets)) for name, link_type, packets in rows}


@pytest.mark.slow
def test_the_maker_makes_these_traces_and_no_others(made: Path) -> None:
    assert sorted(path.name for path in made.iterdir()) == TRACES


@pytest.mark.parametrize("name", TRACES)
def test_the_maker_makes_the_same_bytes(name: str, made: Path) -> None:
    assert (made / name).read_bytes() == (SAMPLES / name).read_bytes()


@pytest.mark.parametrize("name", TRACES)
def test_a_trace_is_small(name: str) -> None:
    assert (SAMPLES / name).stat().st_size < LARGEST


def test_the_table_lists_every_trace_and_no_other(listed: dict[str, tuple[str, int]]) -> None:
    assert sorted(listed) == TRACES


@pytest.mark.parametrize("name", TRACES)
def test_a_trace_is_undamaged_and_as_listed(name: str, listed: dict[str, tuple[str, int]]) -> None:
    capture = load(SAMPLES / name)
    link_types = sorted({record.link_type for record in capture.records})
    assert capture.damage is None
    assert (", ".join(map(str, link_types)), len(capture.records)) == listed[name]


@pytest.mark.parametrize(
    ("configuration", "hash_types"), [("outer-addresses", 0x049), ("outer", 0x1FF), ("inner", 0xFFF)]
)
def test_the_shares_of_the_overlay_are_as_the_page_says(configuration: str, hash_types: int, page: str) -> None:
    records = load(SAMPLES / "overlay.pcap").records
    device = Configuration("v7", hash_types)
    queues = Counter(answer(r.captured, r.original_length, r.link_type, device).queue for r in records)
    shares = " | ".join(f"{100 * queues[queue] / len(records):.1f}" for queue in range(8))
    assert f"| `{configuration}` | {shares} |" in page
