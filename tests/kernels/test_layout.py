"""Where the headers of known packets stand, as the kernel says that explanations are held to."""

import numpy as np
import pytest

from pcaphash.device import Device
from pcaphash.engine.census import Identity
from pcaphash.kernels import tunnel
from pcaphash.kernels.header import (
    KIND_IPV4,
    KIND_IPV6_EX,
    KIND_IPV6_EX_CUT,
    TRANSPORT_TCP,
    TRANSPORT_TCP_CUT,
    TRANSPORT_UDP,
)
from pcaphash.kernels.layout import locate_headers
from pcaphash.kernels.link import CUT, NOT_IP
from support import builders
from support.builders import ARP, ETHERNET, IPV4, IPV6

NOWHERE = (0, 0, 0, 0, 0)
INNER = builders.ethernet(builders.ipv4(builders.tcp(), builders.TCP), IPV4)
TUNNELED = builders.ethernet(builders.ipv4(builders.udp(builders.vxlan(INNER), 1000, 4789), builders.UDP), IPV4)
OUTER = (KIND_IPV4 + TRANSPORT_UDP, 14, 26, 30, 34)


def located(
    captured: bytes, original_length: int = 0, device: Device | None = None, link_type: int = 1
) -> tuple[int, ...]:
    identity = Identity.of(device or Device())
    packet = np.array(list(captured), np.uint8)
    of_device = (identity.prepared_key, identity.port_types, identity.departures)
    return tuple(locate_headers(packet, len(captured), original_length, link_type, *of_device))


def test_one_header():
    assert located(INNER) == (tunnel.NO_ENCAPSULATION, KIND_IPV4 + TRANSPORT_TCP, 14, 26, 30, 34, *NOWHERE)


def test_no_ethernet_header():
    assert located(INNER[14:], link_type=101)[1:6] == (KIND_IPV4 + TRANSPORT_TCP, 0, 12, 16, 20)


def test_an_inner_header_behind_tags():
    tagged = builders.vlan(INNER[14:], IPV4)
    frame = builders.ethernet(tagged, 0x8100)
    packet = builders.ethernet(builders.ipv4(builders.gre(frame, ETHERNET, key=7), builders.GRE), IPV4)
    assert located(packet)[0] == tunnel.NVGRE
    assert located(packet)[6:] == (KIND_IPV4 + TRANSPORT_TCP, 60, 72, 76, 80)


def test_a_tunnel():
    assert located(TUNNELED) == (tunnel.VXLAN, *OUTER, KIND_IPV4 + TRANSPORT_TCP, 64, 76, 80, 84)


@pytest.mark.parametrize(
    ("captured", "inner"),
    [
        (64, (CUT, 64)),  # no byte of the inner IPv4 header
        (83, (CUT, 64)),
        (84, (KIND_IPV4 + TRANSPORT_TCP_CUT, 64)),
        (87, (KIND_IPV4 + TRANSPORT_TCP_CUT, 64)),
        (88, (KIND_IPV4 + TRANSPORT_TCP, 64)),
    ],
)
def test_a_tunnel_that_the_capture_cuts(captured, inner):
    found = located(TUNNELED[:captured], len(TUNNELED))
    assert found[:6] == (tunnel.VXLAN, *OUTER)
    assert found[6:8] == inner


def test_an_inner_packet_that_is_not_ip():
    frame = builders.ethernet(builders.arp(), ARP)
    packet = builders.ethernet(builders.ipv4(builders.udp(builders.vxlan(frame), 1000, 4789), builders.UDP), IPV4)
    assert located(packet)[:7] == (tunnel.VXLAN, *OUTER, NOT_IP)


def test_ports_of_tunnels_are_the_device_s():
    assert located(TUNNELED, device=Device(vxlan_ports=[4790]))[0] == tunnel.NO_ENCAPSULATION


def test_addresses_in_extension_headers():
    headers = [builders.options_header(builders.home_address(bytes(16))), builders.routing(bytes(16))]
    chained, first = builders.chain(builders.tcp(), builders.TCP, headers)
    packet = builders.ethernet(builders.ipv6(chained, first), IPV6)
    # The home address option starts behind four bytes of header and option, the routing header's address behind eight.
    expected = (14, 54 + 4, 78 + 8, 102)
    assert located(packet)[1:6] == (KIND_IPV6_EX + TRANSPORT_TCP, *expected)
    assert located(packet[:100], len(packet))[1:6] == (KIND_IPV6_EX_CUT + TRANSPORT_TCP_CUT, *expected)


def test_qemu_has_a_signature_of_its_own():
    broken = builders.ethernet(builders.ipv4(builders.tcp(), builders.TCP, version=5), IPV4)
    assert located(broken)[1] == NOT_IP
    assert located(broken, device=Device(flavor="qemu"))[1] >= KIND_IPV4
