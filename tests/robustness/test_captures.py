"""Nothing that a capture can hold makes a study fail; what is complete is counted, what is damaged is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import pcaphash
from naive.capture import Capture, load
from naive.capture import read as naive_read
from pcaphash.errors import CaptureError
from pcaphash.kernels.base import COMPILED
from support.captures import pcapng_of
from support.comparing import index_of
from support.reading import NO_CAPTURE, assert_reads_as
from support.shared import CAPTURES, ROBUSTNESS, needs_shared

DEVICES = [pcaphash.Device("v7"), pcaphash.Device("1.4"), pcaphash.Device("v7", "0x3f", name="linux")]

# Every format, link type and kind of block, in few bytes.
SMALL = [
    "packetnet__gre_ipv6.pcap",
    "tcpdump__nsh-over-vxlan-gpe.pcap",
    "zeek__ipv6-mobile-hoa.pcap",
    "zeek__ipv6-mobile-routing.pcap",
    "tcpdump__ipv6-srh-ext-header.pcap",
    "suricata-verify__tests__decode-sll2-01__input.pcap",
    "brimcap__bad-caplen.pcap",
    "arkime__bigendian.pcap",
    "pcap-parser__modified-format.pcap",
    "gopacket__epb.pcapng",
    "python-pcapng__test006-fixed.ntar",
    "pcapng-testgen__output_le__basic__test016.pcapng",
]


def is_unreadable(expected: Capture) -> bool:
    return expected.damage is not None and expected.damage.reason in NO_CAPTURE


def robustness_captures(part: int) -> Iterator[tuple[Path, Capture]]:
    """Read every tenth of them by the naive reference."""
    for row in index_of(ROBUSTNESS)[part::10]:
        path = ROBUSTNESS / row["file"]
        yield path, load(path)


@needs_shared
@pytest.mark.parametrize("part", range(10))
def test_robustness_captures_are_analyzed(part):
    for path, expected in robustness_captures(part):
        if is_unreadable(expected):
            with pytest.raises(CaptureError):
                pcaphash.analyze(path, DEVICES)
            continue
        analysis = pcaphash.analyze(path, DEVICES)
        reading = analysis.reading
        assert reading.packets == len(expected.records), path.name
        assert [damage.offset for damage in reading.damages] == ([expected.damage.offset] if expected.damage else [])
        sent = sum(record.direction == "out" for record in expected.records)
        assert sum(reading.left_out.values()) == sent
        assert [distribution.packets for distribution in analysis.distributions] == [reading.packets - sent] * 3


@needs_shared
@pytest.mark.parametrize("part", range(10))
def test_robustness_captures_get_rows(part):
    for path, expected in robustness_captures(part):
        if is_unreadable(expected):
            continue
        rows = pcaphash.hashes(path, DEVICES[part % 3])
        assert len(rows) == len(expected.records), path.name
        if expected.damage:
            assert f"byte {expected.damage.offset}" in rows.attrs["damage"]
        else:
            assert "damage" not in rows.attrs


@needs_shared
@pytest.mark.parametrize("name", SMALL)
def test_captures_cut_at_every_byte(tmp_path, name):
    data = (CAPTURES / name).read_bytes()
    path = tmp_path / "cut"
    for length in range(len(data)):
        path.write_bytes(data[:length])
        expected = naive_read(data[:length])
        # A buffer of just that length: with bounds checks, a read past it is an error.
        assert_reads_as(path, expected, block_len=max(length, 64))
        assert len(expected.records) <= length // 16


@needs_shared
@pytest.mark.parametrize("name", SMALL)
def test_cut_captures_are_analyzed(tmp_path, name):
    data = (CAPTURES / name).read_bytes()
    path = tmp_path / "cut"
    for length in range(24, len(data), 7 if COMPILED else 29):
        path.write_bytes(data[:length])
        expected = naive_read(data[:length])
        reading = pcaphash.analyze(path, DEVICES).reading
        assert reading.packets == len(expected.records)
        assert bool(reading.damages) == bool(expected.damage)


@needs_shared
@pytest.mark.parametrize("name", SMALL)
def test_packets_cut_at_every_byte(tmp_path, name):
    # The same packets, of which the capture shows ever less: what is known must not change.
    (whole, *_) = load(CAPTURES / name).records
    path = tmp_path / "snapped"
    for device in DEVICES[:2]:
        path.write_bytes(
            pcapng_of(
                (whole.captured[:n], whole.original_length, whole.link_type) for n in range(len(whole.captured) + 1)
            )
        )
        rows = pcaphash.hashes(path, device)
        last = rows.iloc[-1]
        known = rows[rows["hash_report"] != "UNKNOWN"]
        for column in ("hash_report", "hash_input", "hash_value", "reason"):
            assert set(known[column]) <= {last[column]}
        assert rows["hash_report"].iloc[0] == "UNKNOWN" or last["reason"] == "not-ip"
