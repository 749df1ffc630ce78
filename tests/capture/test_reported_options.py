"""Packet options of pcapng files, as DPDK and others write them."""

import struct

import pytest

from naive.packet_options import read_packet_options
from pcaphash.capture.reported.notes import Lack, Lacking, MalformedOptions, OtherAlgorithms
from pcaphash.capture.reported.packet_options import PacketOptions
from pcaphash.capture.reported.writer import ReportedPacket, write_pcapng
from support import captures
from support.reported import read_reported, small_trace
from support.shared import CAPTURES, needs_shared

PACKETS = [
    ReportedPacket(bytes(61), hash_value=0x51CCC178, queue=3, timestamp_ns=1_700_000_000_000_000_001),
    ReportedPacket(bytes(64), 60, hash_value=0, queue=0),
    ReportedPacket(b"", queue=70000),
    ReportedPacket(bytes(3)),
]
EXPECTED = [(0x51CCC178, None, None, 3), (0, None, None, 0), (None, None, None, 70000), (None, None, None, None)]


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("block_len", [64, 200, 4096])
def test_what_dpdk_writes(tmp_path, big_endian, block_len):
    path = tmp_path / "dpdk.pcapng"
    with path.open("wb") as stream:
        write_pcapng(stream, PACKETS, big_endian=big_endian)
    source = PacketOptions()
    found = read_reported(path, source, block_len)
    assert found.packets == EXPECTED
    assert found.lengths == [61, 60, 0, 3]
    assert found.frames == [packet.captured for packet in PACKETS]
    assert (source.n_hashes, source.n_queues, source.algorithms) == (2, 3, {"Toeplitz": 2})
    naive = read_packet_options(path.read_bytes())
    assert naive.packets == [(value, queue) for value, _, _, queue in EXPECTED]


def test_bytes_as_dpdk_writes_them_on_a_little_endian_host(tmp_path):
    path = tmp_path / "dpdk.pcapng"
    with path.open("wb") as stream:
        write_pcapng(stream, PACKETS[:1])
    flags, queue = "0200040001000000", "0600040003000000"
    hash_option = "030005000578c1cc51000000"
    assert path.read_bytes()[-32:-4].hex() == flags + queue + hash_option  # and no end of the options


def test_the_byte_order_is_that_of_each_section(tmp_path):
    path = tmp_path / "sections.pcapng"
    option = {order: captures.option(3, b"\x05" + struct.pack(f"{order}I", 258), order) for order in "<>"}
    sections = [
        captures.section(order) + captures.interface(order=order) + captures.enhanced(b"a", options=data, order=order)
        for order, data in option.items()
    ]
    path.write_bytes(b"".join(sections))
    assert [value for value, *_ in read_reported(path, PacketOptions()).packets] == [258, 258]


def test_other_algorithms_are_ignored_and_counted(tmp_path):
    path = tmp_path / "others.pcapng"
    kinds = [bytes([2, 1, 2, 3, 4]), bytes([2, 1, 2, 3, 4]), bytes([77]), bytes([5, 1, 2]), bytes([3, *bytes(16)])]
    packets = [captures.enhanced(b"a", options=captures.option(3, kind)) for kind in kinds]
    path.write_bytes(captures.section() + captures.interface() + b"".join(packets))
    source = PacketOptions()
    found = read_reported(path, source)
    assert found.packets == [(None, None, None, None)] * 5
    assert source.algorithms == {"CRC32": 2, "MD5": 1, "algorithm 77": 1}
    assert found.notes == [
        Lacking(Lack.EPB_HASH, 5, 5),
        Lacking(Lack.EPB_QUEUE, 5, 5),
        OtherAlgorithms({"CRC32": 2, "MD5": 1, "algorithm 77": 1}),
        MalformedOptions(1),
    ]


def test_a_pcap_has_no_options(tmp_path):
    source = PacketOptions()
    found = read_reported(small_trace(tmp_path / "trace.pcap", 2), source)
    assert found.packets == [(None, None, None, None)] * 2
    assert source.n_hashes == source.n_queues == 0


@needs_shared
@pytest.mark.jit_only
def test_public_captures():
    paths = sorted(path for path in CAPTURES.rglob("*.pcapng") if path.stat().st_size < 2**20)
    assert paths
    for path in paths:
        naive = read_packet_options(path.read_bytes())
        found = read_reported(path, PacketOptions())
        assert [(value, queue) for value, _, _, queue in found.packets] == naive.packets, path.name
