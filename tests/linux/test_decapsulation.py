"""Linux's own tunnel devices take outer headers off; what they do not take is counted, with the reason."""

import struct
from collections import Counter

import pytest

from pcaphash import Device
from pcaphash.studies.replay.into import Loss, Sent, send_into
from pcaphash.targets.answer import NOT_LOOKED_INTO, Answer
from pcaphash.targets.tap import open_tap
from support import builders
from support.builders import GRE, IPV4, IPV6, TCP, UDP
from support.taps import missing
from support.traffic import write

MISSING = missing()
pytestmark = [pytest.mark.jit_only, pytest.mark.skipif(bool(MISSING), reason=MISSING)]

INNER = builders.ethernet(builders.ipv4(builders.tcp(), TCP), IPV4)
VXLAN = builders.udp(builders.vxlan(INNER), 5000, 4789)
NO_SUCH_DEVICE = Device("1.4", tunnel_types="VXLAN+GRE_UDP")


def ipv4(payload: bytes, protocol: int = UDP, length: int = 0, **options: object) -> bytes:
    """IPv4 with a valid checksum."""
    packet = bytearray(builders.ipv4(payload, protocol, **options))
    header = 4 * (packet[0] & 15)
    struct.pack_into(">H", packet, 2, length or len(packet))
    total = sum(struct.unpack(f">{header // 2}H", bytes(packet[:10]) + bytes(2) + bytes(packet[12:header])))
    struct.pack_into(">H", packet, 10, 0xFFFF - (total % 0xFFFF))
    return bytes(packet)


OUTER = ipv4(VXLAN)


def with_byte(data: bytes, place: int, value: int) -> bytes:
    return data[:place] + bytes([value]) + data[place + 1 :]


@pytest.mark.parametrize("types", [(0x8100,), (0x88A8,), (0x88A8, 0x8100), (0x8100, 0x8100, 0x8100)])
def test_vlan_tags_before_the_outer_header_are_taken_off(types):
    frame, ethertype = OUTER, IPV4
    for each in reversed(types):
        frame, ethertype = builders.vlan(frame, ethertype, 1111), each
    with open_tap(Device(), with_hash=True, decapsulated=True) as tap:
        plain, tagged = tap.answer([builders.ethernet(OUTER, IPV4), builders.ethernet(frame, ethertype)])
    assert isinstance(plain, Answer)
    assert tagged == plain


LOST = {
    "in no tunnel": (builders.ethernet(ipv4(builders.udp(bytes(9))), IPV4), "NONE", ""),
    "UDP checksum": (builders.ethernet(ipv4(with_byte(VXLAN, 6, 1)), IPV4), "VXLAN", "the UDP checksum is wrong"),
    "UDP length": (builders.ethernet(ipv4(with_byte(VXLAN, 4, 1)), IPV4), "VXLAN", "the UDP length is wrong"),
    "IPv4 checksum": (
        builders.ethernet(with_byte(OUTER, 10, OUTER[10] ^ 1), IPV4),
        "VXLAN",
        "the checksum of the outer IPv4 header is wrong",
    ),
    "IPv4 length": (
        builders.ethernet(ipv4(VXLAN, length=999), IPV4),
        "VXLAN",
        "the packet is shorter than the outer IP header says",
    ),
    "IPv6 length": (
        builders.ethernet(with_byte(builders.ipv6(VXLAN, UDP), 4, 9), IPV6),
        "VXLAN",
        "the packet is shorter than the outer IP header says",
    ),
    "to itself": (
        builders.ethernet(ipv4(VXLAN, source=bytes([127, 0, 0, 1])), IPV4),
        "VXLAN",
        "Linux accepts no packets with such outer addresses",
    ),
    "from a group": (
        builders.ethernet(builders.ipv6(VXLAN, UDP, bytes([255]) * 16), IPV6),
        "VXLAN",
        "the outer IP header is not valid",
    ),
    "a reserved bit": (
        builders.ethernet(ipv4(builders.udp(builders.vxlan(INNER, flags=0x88), 5000, 4789)), IPV4),
        "VXLAN",
        "the tunnel header has what Linux does not accept, or the inner packet is too short",
    ),
    "no Ethernet inside": (
        builders.ethernet(ipv4(builders.udp(builders.vxlan(INNER[:13]), 5000, 4789)), IPV4),
        "VXLAN",
        "",
    ),
}


def sent(tmp_path, device: Device, *frames: bytes) -> Sent:
    with open_tap(device, with_hash=False, decapsulated=True) as tap:
        return send_into(write(tmp_path / "sent.pcapng", frames), tap, device)


def test_why_a_packet_did_not_come_out_is_counted(tmp_path):
    frames = [frame for frame, _, _ in LOST.values()]
    whole = builders.ethernet(OUTER, IPV4)
    found = sent(tmp_path, Device(), whole, *frames, whole)
    assert found.returned == 2
    assert found.losses == Counter(Loss(name, why) for _, name, why in LOST.values())


def test_what_there_is_no_tunnel_device_for_is_counted(tmp_path):
    in_gre = builders.ethernet(ipv4(builders.udp(builders.gre(INNER, 0x6558), 5000, 4754)), IPV4)
    found = sent(tmp_path, NO_SUCH_DEVICE, builders.ethernet(OUTER, IPV4), in_gre, in_gre)
    assert (found.returned, found.lost) == (1, 0)
    assert found.not_sent == {"no tunnel device here takes GRE_UDP off": 2}


def test_what_the_device_does_not_look_into_is_not_sent(tmp_path):
    gre = builders.ethernet(ipv4(builders.gre(INNER, 0x6558), GRE), IPV4)
    found = sent(tmp_path, Device(hash_types="base+VXLAN_INNER"), builders.ethernet(OUTER, IPV4), gre)
    assert (found.returned, found.lost, found.not_sent) == (1, 0, {NOT_LOOKED_INTO: 1})
