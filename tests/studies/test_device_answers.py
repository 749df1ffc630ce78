"""``hashes`` agrees with what a real virtio-net device answered (QEMU 7.2), but where that deviates from the text.

That the deviations are known ones is held where the naive reference is compared with the same answers.
"""

import csv
import re
from pathlib import Path

import pytest

import pcaphash
from support.shared import SHARED, needs_shared

DEVICE = SHARED / "device"


def reported_files() -> list[Path]:
    return sorted(DEVICE.glob("reported*.csv"))


def device_of(remarks: str, flavor: str = "spec") -> pcaphash.Device:
    """Make the device that the remarks before the answers describe."""
    return pcaphash.Device(
        flavor=flavor,
        hash_types=int(re.search(r"hash_types: 0x(\w+)", remarks)[1], 16),
        hash_key=re.search(r"key: (\w+)", remarks)[1],
        queues=4,
        unclassified_queue=3,
    )


def remarks_and_answers(path: Path) -> tuple[str, list[dict[str, str]]]:
    """Read how the device was set up, and what it answered for each frame."""
    lines = path.read_text().splitlines()
    remarks = "\n".join(line for line in lines if line.startswith("#"))
    return remarks, list(csv.DictReader(line for line in lines if not line.startswith("#")))


@needs_shared
@pytest.mark.parametrize("path", reported_files(), ids=lambda path: path.stem)
def test_hashes_agree_with_the_device(path):
    remarks, answers = remarks_and_answers(path)
    rows = pcaphash.hashes(DEVICE / "frames.pcap", device_of(remarks))
    assert len(rows) == len(answers) == 104
    for row, answer in zip(rows.itertuples(), answers, strict=True):
        found = (row.hash_value or "0x00000000", row.hash_report)
        if answer["verdict"].startswith("DEVIATES"):
            assert found == (f"0x{int(answer['spec_hash'], 16):08x}", answer["spec_report"]), answer
            continue
        assert found == (f"0x{int(answer['hash'], 16):08x}", answer["report"]), answer
        if "HASH_CONFIG" not in remarks:  # without RSS_CONFIG, the queue is not the hash's
            assert row.queue == int(answer["queue"]), answer


# What the device answered for these depends on the frame before.
LEFTOVERS = re.compile("v[46]-header-cut")


@needs_shared
@pytest.mark.parametrize("path", reported_files(), ids=lambda path: path.stem)
def test_flavor_qemu_agrees_with_the_device_everywhere(path):
    remarks, answers = remarks_and_answers(path)
    rows = pcaphash.hashes(DEVICE / "frames.pcap", device_of(remarks, "qemu"))
    compared = 0
    for row, answer in zip(rows.itertuples(), answers, strict=True):
        if LEFTOVERS.match(answer["label"]):
            continue
        compared += 1
        assert (row.hash_value or "0x00000000", row.hash_report) == (f"0x{answer['hash']}", answer["report"]), answer
        if "HASH_CONFIG" not in remarks:  # without RSS_CONFIG, the queue is not the hash's
            assert row.queue == int(answer["queue"]), answer
    assert compared == 100


@needs_shared
def test_there_are_nine_files_of_answers():
    assert len(reported_files()) == 9
