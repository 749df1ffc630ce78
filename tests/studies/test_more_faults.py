"""Habits of devices that need traffic of their own to show; the devices are plain Python."""

import random
from dataclasses import replace

import pytest

from naive.configuration import Configuration
from pcaphash.studies.validate import Validation, validate
from support.comparing import device_of
from support.diagnosing import SaidOf, misbehave
from support.traffic import flows, plain, tunnelled, write

pytestmark = pytest.mark.jit_only

CONFIGURATION = Configuration("v7", 0xFFF, key=random.Random(7).randbytes(40))


def diagnose(tmp_path, frames, said) -> Validation:
    return validate(write(tmp_path / "trace.pcapng", frames), device_of(CONFIGURATION), SaidOf(said))


def named(found: Validation) -> list[str]:
    assert found.diagnosis.unexplained == 0
    return [fault.name for fault in found.diagnosis.faults]


def to_port(frame: bytes, port: int) -> bytes:
    """Send what is in a VXLAN tunnel to another port."""
    at = 14 + 20 + 2  # Ethernet, IPv4, source port
    return frame[:at] + port.to_bytes(2, "big") + frame[at + 2 :]


def test_one_of_two_vxlan_ports_is_not_known(tmp_path):
    frames = [plain(flow) for flow in flows(40)]
    frames += [to_port(tunnelled(flow), 4789 if i % 2 else 8472) for i, flow in enumerate(flows(120, 3))]
    found = diagnose(tmp_path, frames, misbehave(frames, replace(CONFIGURATION, vxlan_ports=(4789,))))
    assert named(found) == ["vxlan-port-ignored-8472"]
    assert (found.mismatches, found.diagnosis.alternatives) == (60, [])
