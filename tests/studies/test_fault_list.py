"""Which faults are tried, and what a device with one reports of tunnels."""

from dataclasses import replace

import pytest

from pcaphash import Device
from pcaphash.studies.validate import validate
from pcaphash.studies.validate.catalogue.fault import FaultKind
from pcaphash.studies.validate.catalogue.faults import faults_of
from support.accusing import CONFIGURATION
from support.comparing import device_of
from support.diagnosing import SaidOf, misbehave
from support.traffic import flows, plain, tunnelled, write

OF_ROWS = {FaultKind.ROWS_LATE, FaultKind.ROWS_EARLY}  # found without a trial
# Read off packets.
LEARNED = {
    FaultKind.ALSO_HASHES,
    FaultKind.BEFORE_PORTS,
    FaultKind.BEFORE_ADDRESSES,
    FaultKind.VALUE_AND,
    FaultKind.VALUE_OR,
    FaultKind.VALUE_STUCK,
    FaultKind.VALUE_XOR,
}
DEVICES = (Device(), Device(hash_types="base"), Device(hash_types="addresses"))


def test_every_kind_of_fault_is_tried_under_draft_v7():
    tried = {
        fault.kind
        for device in DEVICES
        for by_queue in (False, True)
        for fault in faults_of(device, (4799,), by_queue=by_queue)
    }
    assert set(FaultKind) - tried == OF_ROWS | LEARNED


@pytest.mark.jit_only
def test_a_device_that_reports_no_tunnel_does_not_look_into_others(tmp_path):
    """Faults that look into tunnels of virtio 1.4 report tunnels as the configured spec does."""
    frames = [tunnelled(flow) if i % 4 else plain(flow) for i, flow in enumerate(flows(60))]
    said = [replace(each, tunnel="NONE") for each in misbehave(frames, CONFIGURATION)]
    found = validate(write(tmp_path / "overlay.pcapng", frames), device_of(CONFIGURATION), SaidOf(said))
    assert [fault.name for fault in found.diagnosis.faults] == ["tunnel-unreported"]
    assert (found.mismatches, found.diagnosis.alternatives) == (45, [])
