"""What real devices reported validates: QEMU's as QEMU's, and without that the diagnosis names it.

Source of the answers: QEMU 7.2.22, by its virtio-net device itself, and as Linux hands them on.
"""

import csv
import re
from pathlib import Path

import pytest

from pcaphash import Device
from pcaphash.capture.reported.tpacket import DEVICE_HASH_REPORTS, TpacketHashes
from pcaphash.studies.validate import validate
from support.diagnosing import Said, SaidOf
from support.shared import SHARED, needs_shared
from support.slow import slow_but

pytestmark = [needs_shared, pytest.mark.jit_only]

DEVICE = SHARED / "device"
LEFTOVERS = re.compile("v[46]-header-cut")  # what is answered for these depends on the frame before

FOUND = {
    "reported": {"flavor-qemu"},
    "reported-all-types": {"flavor-qemu"},
    "reported-ex-only": {"flavor-qemu"},
    "reported-hash-config-cmd": {"flavor-qemu"},
    "reported-ip-only": {"flavor-qemu"},
    "reported-l4-only": {"flavor-qemu"},
    "reported-no-types": set(),
    "reported-random-key": {"flavor-qemu"},
    "reported-tcp-and-ip": {"flavor-qemu"},
}


def read(name: str) -> tuple[str, list[dict[str, str]]]:
    """Return the remarks in front of answers, and the answers."""
    lines = (DEVICE / f"{name}.csv").read_text().splitlines()
    remarks = "\n".join(line for line in lines if line.startswith("#"))
    return remarks, list(csv.DictReader(line for line in lines if not line.startswith("#")))


def validated(name: str, flavor: str):
    remarks, answers = read(name)
    has_queue = "HASH_CONFIG" not in remarks  # without RSS_CONFIG the queue is not the hash's
    said = [
        Said(None)
        if LEFTOVERS.match(answer["label"])
        else Said(int(answer["hash"], 16), answer["report"], None, int(answer["queue"]) if has_queue else None)
        for answer in answers
    ]
    device = Device(
        flavor=flavor,
        hash_types=int(re.search(r"hash_types: 0x(\w+)", remarks)[1], 16),
        hash_key=re.search(r"key: (\w+)", remarks)[1],
        queues=4,
        unclassified_queue=3,
    )
    return validate(DEVICE / "frames.pcap", device, SaidOf(said))


def test_these_are_all_answers_there_are():
    assert {path.stem for path in Path(DEVICE).glob("reported*.csv")} == set(FOUND)


@pytest.mark.parametrize("name", FOUND)
def test_all_is_right_for_qemu(name):
    found = validated(name, "qemu")
    assert (found.judged, found.mismatches) == (100, 0)
    assert found.not_compared == {"nothing-reported": 4}


@pytest.mark.parametrize("name", slow_but(2, FOUND))
def test_under_the_text_it_is_the_cause(name):
    found = validated(name, "spec")
    causes = found.diagnosis.causes if found.diagnosis else []
    assert {fault.name for cause in causes for fault in cause.faults} == FOUND[name]
    assert all(len(cause.faults) == 1 for cause in causes)
    assert sum(cause.packets for cause in causes) == found.mismatches
    assert found.queue_diagnosis is None


def test_what_linux_hands_on_is_the_devices_for_tcp_and_udp_alone():
    remarks, answers = read("linux-guest")
    device = Device(flavor="qemu", hash_types="linux", hash_key=re.search(r"^# key: (\w+)", remarks, re.MULTILINE)[1])
    said = [Said(int(answer["tp_rxhash"], 16)) for answer in answers]
    as_device = validate(DEVICE / "frames.pcap", device, SaidOf(said))
    assert as_device.mismatches > 0
    source = TpacketHashes(SaidOf(said))
    found = validate(DEVICE / "frames.pcap", device, source, report_numbers=DEVICE_HASH_REPORTS)
    assert (found.judged, found.mismatches) == (56, 0)
    assert found.not_compared == {"not-the-devices": 44, "not-shown": 4}
