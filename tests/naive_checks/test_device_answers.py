"""The naive reference agrees with what a real virtio-net device answered (QEMU 7.2), but for its known deviations."""

import csv
import re
from dataclasses import replace
from pathlib import Path

import pytest

from naive.capture import load
from naive.device import Configuration, answer
from support.shared import SHARED, needs_shared

DEVICE = SHARED / "device"

# Every frame for which this device deviates from the virtio text under some configuration, by cause.
DEVIATIONS = {
    "IPv6 without extension headers is hashed and reported by the EX types": {
        "ms-v6-tcp",
        "qinq-88a8-8100-v6-tcp",
        "v6-tcp ports 1111 2222",
        "v6-tcp ports 3333 4444",
        "v6-udp",
        "v6-udp to 2001:db8:1::1",
        "v6-udp to 2001:db8:2::2",
        "vlan-v6-udp",
        "vxlan-v6",
        "4in6-tcp",
        "6in6-tcp",
        "v6-esp",
        "v6-icmp6-echo",
        "v6-no-next-header",
        "v6-sctp",
    },
    "the authentication header's length is counted in units of 8 bytes": {"v6-ah-tcp", "v6-ah-tcp-long-payload"},
    "a second destination options header makes it forget the home address": {
        "v6-hao-dstopt-tcp (2nd dstopt without home)"
    },
    "an IP header that is cut is hashed with leftovers of an earlier frame": {
        "v4-header-cut (16 of 20 bytes, after 192.0.2.1)",
        "v4-header-cut (16 of 20 bytes, after 198.51.100.9)",
        "v6-header-cut (30 of 40 bytes, after 2001:db8:1::1)",
        "v6-header-cut (30 of 40 bytes, after 2001:db8:2::2)",
    },
    "version 5 under the ethertype of IPv4 is hashed": {"v4-bad-version (5)"},
    "VLAN tags beyond one, or two of which the first is 0x88A8, are not skipped": {
        "qinq-8100-8100-v4-tcp",
        "vlan-triple-v4-tcp",
    },
}
DEVIATING_LABELS = set().union(*DEVIATIONS.values())


def reported_files() -> list[Path]:
    return sorted(DEVICE.glob("reported*.csv"))


def read_reported(path: Path) -> tuple[Configuration, list[dict[str, str]]]:
    """Read a device's configuration from the remarks before its answers, and the answers."""
    lines = path.read_text().splitlines()
    remarks = "\n".join(line for line in lines if line.startswith("#"))
    configuration = Configuration(
        spec="v7",
        hash_types=int(re.search(r"hash_types: 0x(\w+)", remarks)[1], 16),
        key=bytes.fromhex(re.search(r"key: (\w+)", remarks)[1]),
        indirection_table=tuple(i % 4 for i in range(128)),
        unclassified_queue=3,
    )
    return configuration, list(csv.DictReader(line for line in lines if not line.startswith("#")))


@needs_shared
@pytest.mark.parametrize("path", reported_files(), ids=lambda path: path.stem)
def test_naive_agrees_with_the_device(path):
    configuration, rows = read_reported(path)
    has_rss = "HASH_CONFIG" not in path.read_text().splitlines()[0]  # without it, the queue is not the hash's
    records = load(DEVICE / "frames.pcap").records
    assert len(rows) == len(records) == 104
    for row, record in zip(rows, records, strict=True):
        result = answer(record.captured, record.original_length, record.link_type, configuration)
        ours = (result.hash_value or 0, result.hash_report)
        if row["verdict"].startswith("DEVIATES"):
            assert row["label"] in DEVIATING_LABELS
            assert ours == (int(row["spec_hash"], 16), row["spec_report"]), row
        else:
            # "no ports for a fragment" among them: there the texts are silent and devices agree.
            assert row["verdict"].startswith("spec")
            assert ours == (int(row["hash"], 16), row["report"]), row
            assert not has_rss or result.queue == int(row["queue"]), row


@needs_shared
@pytest.mark.parametrize("path", reported_files(), ids=lambda path: path.stem)
def test_naive_agrees_with_the_device_as_its_flavor(path):
    configuration, rows = read_reported(path)
    has_rss = "HASH_CONFIG" not in path.read_text().splitlines()[0]
    records = load(DEVICE / "frames.pcap").records
    for row, record in zip(rows, records, strict=True):
        if "header-cut" in row["label"]:
            continue  # the answer depends on the frame before
        flavored = replace(configuration, flavor="qemu")
        result = answer(record.captured, record.original_length, record.link_type, flavored)
        assert (result.hash_value or 0, result.hash_report) == (int(row["hash"], 16), row["report"]), row
        assert not has_rss or result.queue == int(row["queue"]), row


@needs_shared
def test_every_listed_deviation_occurs():
    deviating = set()
    for path in reported_files():
        deviating |= {row["label"] for row in read_reported(path)[1] if row["verdict"].startswith("DEVIATES")}
    assert deviating == DEVIATING_LABELS
