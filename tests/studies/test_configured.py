"""A device that is right, but configured otherwise than it is held to, is told so."""

import csv
from pathlib import Path

import pytest

import pcaphash
from pcaphash.capture.reported.table import ReportedTable
from pcaphash.device import Device

OVERLAY = "sample_traces/overlay.pcap"


def reported_by(device: Device, path: Path) -> Path:
    columns = ["packet", "hash_value", "hash_report", "queue"]
    pcaphash.hashes(OVERLAY, device)[columns].to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    ("own", "held_to"),
    [("base", "all"), ("addresses", "all"), ("linux+VXLAN_INNER", "all"), ("all", "addresses+VXLAN_INNER")],
)
def test_other_hash_types_are_told(tmp_path, own, held_to):
    path = reported_by(Device(hash_types=own), tmp_path / "reported.csv")
    found = pcaphash.validate(OVERLAY, Device(hash_types=held_to), ReportedTable(path))
    assert found.mismatches
    # Types that no packet shows may be any: what counts is that all packets match.
    assert not pcaphash.validate(OVERLAY, found.configured_so, ReportedTable(path)).mismatches


def test_a_right_device_is_configured_as_it_should_be(tmp_path):
    path = reported_by(Device(), tmp_path / "reported.csv")
    assert pcaphash.validate(OVERLAY, Device(), ReportedTable(path)).configured_so is None


def test_without_tunnel_types_is_told(tmp_path):
    reported = reported_by(Device("1.4", tunnel_types="none"), tmp_path / "reported.csv")
    found = pcaphash.validate(OVERLAY, Device("1.4"), ReportedTable(reported))
    assert found.configured_so.tunnel_types == 0
    assert found.configured_so.hash_types == Device("1.4").hash_types


def test_what_is_wrong_besides_is_not_a_configuration(tmp_path):
    path = reported_by(Device(hash_types="base"), tmp_path / "reported.csv")
    with path.open(newline="") as stream:
        columns, *rows = list(csv.reader(stream))
    turned = [[n, value and f"0x{int.from_bytes(bytes.fromhex(value[2:]), 'little'):08x}", *rest]
              for n, value, *rest in rows]  # fmt: skip
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([columns, *turned])
    found = pcaphash.validate(OVERLAY, Device(), ReportedTable(path))
    assert found.diagnosis.causes
    assert found.configured_so is None


def test_what_only_the_other_spec_configures_is_not_told(tmp_path):
    path = tmp_path / "reported.csv"
    trace = "sample_traces/ip-in-ip.pcap"
    pcaphash.hashes(trace, Device("1.4"))[["packet", "hash_value"]].to_csv(path, index=False)
    found = pcaphash.validate(trace, Device(), ReportedTable(path))
    assert found.mismatches
    assert found.configured_so is None
