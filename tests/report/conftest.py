"""Analyses made of numbers, without any trace."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import typer

from pcaphash import errors
from pcaphash.cli import app
from pcaphash.cli.words import speak_in_options
from pcaphash.device import Device
from pcaphash.engine.census.distribution import Distribution
from pcaphash.engine.reading import Reading
from pcaphash.studies.analyze import Analysis

MakeAnalysis = Callable[..., Analysis]


def analysis_of(
    devices: Sequence[Device],
    loads: Sequence[int] | None = None,
    *,
    unhashed: int = 0,
    unknown: int = 0,
    sent: int = 0,
    traces: Sequence[str] = ("trace.pcap",),
) -> Analysis:
    """Spread packets of 100 bytes over queues: ``loads`` on the first ones, the rest gets nothing."""
    distributions = []
    for device in devices:
        packets = np.zeros(device.queues, np.int64)
        given = range(1, device.queues + 1) if loads is None else loads
        packets[: len(given)] = given
        hashed = int(packets.sum())
        packets[0] += unhashed
        reasons = {name: n for name, n in (("not-ip", unhashed), ("truncated", unknown)) if n}
        n_packets = hashed + unhashed + unknown
        queues = np.stack([packets, 100 * packets], axis=1) * device.has_queue
        entries = np.zeros((len(device.indirection_table), 2), np.int64)
        distributions.append(
            Distribution(device, queues, entries, hashed, unhashed, unknown, 100 * n_packets, reasons, {})
        )
    left_out = {"sent by the capturing host": sent} if sent else {}
    reading = Reading.of(list(traces), n_packets + sent, left_out, link_types={1: n_packets})
    return Analysis(reading, distributions, [{"NONE": n_packets}] * len(distributions))


@pytest.fixture(autouse=True)
def _in_options(monkeypatch):
    """Speak in options, as the command line does: most that is tested here is what it prints."""
    monkeypatch.setattr(errors, "_Words", type("_Words", (errors._Words,), {}))
    speak_in_options(typer.main.get_command(app))


@pytest.fixture(scope="session")
def make_analysis() -> MakeAnalysis:
    """Return what makes analyses of numbers."""
    return analysis_of
