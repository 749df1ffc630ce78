"""The naive reader counts the packets of all public captures, and survives the malformed ones."""

import csv
import re
from pathlib import Path

import pytest

from naive.capture import Record, load
from naive.configuration import Configuration
from naive.device import answer
from naive.frame import Frame, LinkTypeError, NotIpError, TruncatedError
from naive.ip import read_packet
from naive.link import ETHERNET, IPV4_ETHERTYPE, IPV6_ETHERTYPE, network_layer
from naive.tunnel import ETHERNET_ETHERTYPE, Encapsulation, find_encapsulation
from support import builders
from support.shared import CAPTURES, ROBUSTNESS, needs_shared

EVERYTHING = [Configuration("v7", 0xFFF), Configuration("1.4", 0x1FF, tunnel_types=0x1FF)]


def index(folder: Path) -> list[dict[str, str]]:
    path = folder / "INDEX.csv"
    if not path.exists():
        return []
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


def expected_packets(row: dict[str, str]) -> int:
    """Take the count of complete records; the tool behind the column `packets` gave up on some link types."""
    if row["file"] == "pcapplusplus__crash-pcapng-epb-unbounded-length":
        return 0  # the scan counted a block whose packet of 64 KiB has no room in it
    scanned = re.search(r"ownscan=(\d+)", row["notes"])
    return int(scanned[1] if scanned else row["packets"])


@needs_shared
@pytest.mark.parametrize("row", index(CAPTURES), ids=lambda row: row["file"])
def test_packet_counts(row):
    assert len(load(CAPTURES / row["file"]).records) == int(row["packets"])


@needs_shared
def test_robustness_captures_are_read_and_answered():
    rows = index(ROBUSTNESS)
    assert len(rows) == 434
    for row in rows:
        capture = load(ROBUSTNESS / row["file"])
        assert len(capture.records) == expected_packets(row), row["file"]
        for record in capture.records:
            for configuration in EVERYTHING:
                answer(record.captured, record.original_length, record.link_type, configuration)


def find(record: Record, configuration: Configuration) -> tuple[Frame, Encapsulation | None]:
    frame = Frame(record.captured, max(record.original_length, len(record.captured)))
    try:
        outer = read_packet(frame, *network_layer(frame, record.link_type))
        return frame, find_encapsulation(frame, outer, configuration)
    except (NotIpError, TruncatedError, LinkTypeError):
        return frame, None


def decapsulate(frame: Frame, encapsulation: Encapsulation) -> tuple[bytes, int]:
    """Make an Ethernet frame of what is in a tunnel: captured bytes and length."""
    header = b""
    if encapsulation.inner_ethertype in (IPV4_ETHERTYPE, IPV6_ETHERTYPE):
        header = builders.ethernet(b"", encapsulation.inner_ethertype)
    elif encapsulation.inner_ethertype != ETHERNET_ETHERTYPE:
        header = builders.ethernet(b"", builders.ARP)
    captured = header + frame.captured[encapsulation.inner_offset :]
    return captured, len(header) + frame.length - encapsulation.inner_offset


@needs_shared
def test_the_inner_hash_is_the_outer_hash_of_the_decapsulated_packet(records):
    tunnels = 0
    for configuration in EVERYTHING:
        for record in records:
            frame, encapsulation = find(record, configuration)
            if encapsulation is None:
                continue
            tunnels += 1
            inside = answer(record.captured, record.original_length, record.link_type, configuration)
            outer_types = Configuration(configuration.spec, configuration.hash_types & 0x1FF)
            alone = answer(*decapsulate(frame, encapsulation), ETHERNET, outer_types)
            assert inside.hash_report == alone.hash_report
            assert inside.hash_input == alone.hash_input
            assert inside.hash_value == alone.hash_value
            assert inside.queue == alone.queue
            assert inside.reason.removeprefix("inner-") == alone.reason
            assert inside.header == ("none" if alone.header == "none" else "inner")
    assert tunnels > 7000


@pytest.fixture(scope="module")
def records() -> list[Record]:
    """All records of the public captures but of those two that are large and hold no tunnel."""
    large = {"suricata-verify__defrag-af-confusion-spray-h8.pcap", "zeek__echo-connections.pcap.gz"}
    names = [row["file"] for row in index(CAPTURES) if row["file"] not in large]
    return [record for name in names for record in load(CAPTURES / name).records]
