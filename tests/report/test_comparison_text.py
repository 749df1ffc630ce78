"""A comparison on the terminal, where it depends on how much there is to tell."""

import io
from pathlib import Path

import pytest

from pcaphash.device import Device
from pcaphash.report.compare.text import show_comparison
from pcaphash.studies.compare import compare

OVERLAY = Path(__file__).resolve().parents[2] / "sample_traces" / "overlay.pcap"

pytestmark = pytest.mark.jit_only  # baselines draw hundreds of ideal hashes for every flow


def text_of(device, **options):
    stream = io.StringIO()
    show_comparison(compare(OVERLAY, device, **options), stream)
    return stream.getvalue()


@pytest.mark.parametrize(("window_ns", "is_ranked"), [(10**9, False), (10**7, True)])
def test_few_windows_are_not_ranked(window_ns, is_ranked):
    text = text_of(Device(), window_ns=window_ns)
    (line,) = [each for each in text.splitlines() if " windows of " in each]
    assert ("95 of 100 windows" in line) == is_ranked
    assert f"{line}\n\n" in text


def test_one_degree_of_freedom_is_singular():
    text = text_of(Device(queues=2))
    assert "with 1 degree of freedom" in text


def test_one_receive_queue_has_no_spread_to_show():
    text = text_of(Device(queues=1))
    assert "To do: give the device more receive queues" in text
    assert "Linux: ethtool -L IF combined N" in text
    assert "spread of packets" not in text
