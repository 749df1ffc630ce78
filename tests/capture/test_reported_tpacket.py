"""Hashes that Linux's packet sockets gave, of which 0 is none."""

from pcaphash.capture.reported.notes import Lack, Lacking, NoRow
from pcaphash.capture.reported.table import ReportedTable
from pcaphash.capture.reported.tpacket import DEVICE_HASH_REPORTS, TpacketHashes
from pcaphash.standards.virtio import HASH_REPORTS
from support.reported import read_reported, small_trace


def test_types_whose_hash_is_handed_on():
    names = {HASH_REPORTS[number] for number in DEVICE_HASH_REPORTS}
    assert names == {"TCPv4", "UDPv4", "TCPv6", "UDPv6", "TCPv6_EX", "UDPv6_EX"}


def test_a_hash_of_0_is_none(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("packet,hash_value,queue\n1,0x0,1\n2,0x5,2\n4,,4\n")
    found = read_reported(small_trace(tmp_path / "trace.pcap", 4), TpacketHashes(ReportedTable(path)))
    assert [(value, queue) for value, *_, queue in found.packets] == [(None, 1), (5, 2), (None, None), (None, 4)]
    assert found.notes == [NoRow(str(path), 1, 4), Lacking(Lack.TP_RXHASH, 1, 4)]
