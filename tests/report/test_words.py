"""Counts, sizes, bars and names for readers."""

import pytest

from pcaphash.device import Device
from pcaphash.device.hash_types import parse_hash_types
from pcaphash.report.words.values import bar, brief_types, duration, link_type_name, packets, size, trace_names
from pcaphash.standards.ethernet import LINK_TYPE_NAMES
from pcaphash.standards.other_link_types import OTHER_LINK_TYPE_NAMES


@pytest.mark.parametrize(
    ("n_bytes", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_949, "999.9 kB"), (999_950, "1.0 MB")]
)
def test_sizes_change_unit_before_they_reach_a_thousand(n_bytes, text):
    assert size(n_bytes) == text


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0 s"),
        (0.5, "0.5 ns"),
        (999.4e6, "999 ms"),
        (999.6e6, "1 s"),
        (999_999_999, "1 s"),
        (1e9, "1 s"),
        (1234.5e9, "1,234 s"),
    ],
)
def test_durations_change_unit_before_they_reach_a_thousand(nanoseconds, text):
    assert duration(nanoseconds) == text


def test_counts_of_packets():
    assert [packets(n) for n in (0, 1, 2, 1000)] == ["0 packets", "1 packet", "2 packets", "1,000 packets"]


def test_bars_are_ten_characters_whatever_the_share():
    for share in (0, 0.001, 0.5, 0.999, 1):
        assert len(bar(share)) == len(bar(share, is_ascii=True)) == 10
    assert bar(0.55) == "█████▌    "
    assert bar(0.55, is_ascii=True) == "######    "


@pytest.mark.parametrize(
    ("traces", "names"),
    [
        (["/captures/a.pcap"], "a.pcap"),
        (["-"], "standard input"),
        (["a", "x/b"], "a and b"),
        (["a", "-", "c", "d", "e"], "a, standard input and 3 more"),
    ],
)
def test_traces_are_named_without_folders(traces, names):
    assert trace_names(traces) == names


def test_link_types_have_names():
    assert link_type_name(1) == "ETHERNET"
    assert link_type_name(105) == "IEEE802_11"
    assert link_type_name(127) == "IEEE802_11_RADIOTAP"
    assert link_type_name(162) == "USER15"
    assert link_type_name(65000) is None
    assert not LINK_TYPE_NAMES.keys() & OTHER_LINK_TYPE_NAMES.keys()


@pytest.mark.parametrize("mask", [0, 0x1, 0x3F, 0x49, 0x1FF, 0x200, 0x3F | 0x400, 0x1FF | 0x600, 0x155, 0xFFF])
def test_brief_types_can_be_given_back(mask):
    device = Device(hash_types=mask)
    assert parse_hash_types(brief_types(device), device.profile) == mask
    assert len(brief_types(device)) <= len(device.hash_types_text)


def test_a_preset_and_tunnels_are_told_apart():
    assert brief_types(Device(hash_types=0x3F | 0x400)) == "linux+VXLAN_INNER"
    assert brief_types(Device("1.4", hash_types=0x3F, tunnel_types="VXLAN+NVGRE")) == "linux/VXLAN+NVGRE"
    assert brief_types(Device("1.4", hash_types=0)) == "none/all"
