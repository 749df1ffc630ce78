"""What is changed in outer headers so that Linux takes packets for its own."""

import struct
from ipaddress import ip_address

import pytest

from pcaphash.targets.outer import is_ip_in_gre_over_ipv6, make_passable, multicast_group
from support import builders
from support.builders import DESTINATION_OPTIONS, ETHERNET, GRE, IPV4, IPV6, UDP

ADDRESS = bytes.fromhex("020304050607")
INNER = builders.ethernet(builders.vlan(builders.ipv4(builders.udp(bytes(9)), UDP), IPV4, 7), 0x8100)
VXLAN = builders.udp(builders.vxlan(INNER), 5000, 4789)


def with_checksum(datagram: bytes, checksum: int) -> bytes:
    return datagram[:6] + struct.pack(">H", checksum) + datagram[8:]


def sum_of(*parts: bytes) -> int:
    """Add 16-bit words in ones' complement."""
    data = b"".join(parts)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def packet(version: int, payload: bytes) -> tuple[bytes, int]:
    return (builders.ipv4(payload, UDP), IPV4) if version == 4 else (builders.ipv6(payload, UDP), IPV6)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("types", [(), (0x8100,), (0x88A8, 0x8100), (0x8100, 0x8100, 0x8100)])
def test_only_the_outer_vlans_lose_their_numbers(version, types):
    frame, ethertype = packet(version, VXLAN)
    expected = frame
    for each in reversed(types):
        frame, expected = builders.vlan(frame, ethertype, 0xE123), builders.vlan(expected, ethertype, 0xE000)
        ethertype = each
    made = make_passable(builders.ethernet(frame, ethertype), ADDRESS)
    assert made == builders.ethernet(expected, ethertype, destination=ADDRESS)


@pytest.mark.parametrize("version", [4, 6])
def test_a_checksum_that_was_left_to_the_nic_is_taken_out(version):
    addresses = (builders.SOURCE_V4, builders.DESTINATION_V4) if version == 4 else ()
    addresses = addresses or (builders.SOURCE_V6, builders.DESTINATION_V6)
    left_out = sum_of(*addresses, struct.pack(">HH", UDP, len(VXLAN)))
    for checksum, expected in ((left_out, 0), (left_out ^ 1, left_out ^ 1), (0, 0)):
        frame, ethertype = packet(version, with_checksum(VXLAN, checksum))
        other, _ = packet(version, with_checksum(VXLAN, expected))
        assert (
            make_passable(builders.ethernet(frame, ethertype), ADDRESS)[6:] == builders.ethernet(other, ethertype)[6:]
        )


def test_what_is_cut_or_no_udp_is_left_alone():
    whole = builders.ethernet(builders.vlan(*packet(4, VXLAN)), 0x8100)
    for length in range(14, len(whole)):
        assert len(make_passable(whole[:length], ADDRESS)) == length
    fragment = builders.ethernet(builders.ipv4(VXLAN, UDP, more_fragments=True), IPV4)
    arp = builders.ethernet(bytes(28), 0x0806)
    for frame in (fragment, arp):
        assert make_passable(frame, ADDRESS) == ADDRESS + frame[6:]


@pytest.mark.parametrize(
    ("address", "is_group"),
    [
        ("223.255.255.255", False), ("224.0.0.0", True), ("239.255.255.255", True), ("240.0.0.1", False),
        ("fe80::1", False), ("ff02::1", True), ("ff0e::1:2", True),
    ],
)  # fmt: skip
def test_destinations_that_are_groups(address, is_group):
    destination = ip_address(address)
    make, ethertype = (builders.ipv4, IPV4) if destination.version == 4 else (builders.ipv6, IPV6)
    frame = builders.ethernet(make(VXLAN, UDP, destination=destination.packed), ethertype)
    assert multicast_group(frame) == (destination.packed if is_group else b"")
    assert multicast_group(frame[:33]) == b""


def test_ip_in_gre_over_ipv6_is_recognized():
    inner = builders.ipv4(builders.udp(bytes(9)), UDP)
    options = bytes([GRE, 0, 1, 4, 0, 0, 0, 0])
    for payload, following in (
        (builders.gre(inner, IPV4), GRE),
        (options + builders.gre(inner, IPV4), DESTINATION_OPTIONS),
    ):
        assert is_ip_in_gre_over_ipv6(builders.ethernet(builders.ipv6(payload, following), IPV6))
    for frame in (
        builders.ethernet(builders.ipv6(builders.gre(INNER, ETHERNET), GRE), IPV6),
        builders.ethernet(builders.ipv4(builders.gre(inner, IPV4), GRE), IPV4),
        builders.ethernet(builders.ipv6(VXLAN, UDP), IPV6),
    ):
        assert not is_ip_in_gre_over_ipv6(frame)
