"""The constants against the relations that the texts state, and against the reference's own list."""

from naive import configuration as naive
from pcaphash.standards import virtio


def test_each_hash_type_bit_is_its_report_value_less_one():
    for (name, bit), report in zip(virtio.BASE_HASH_TYPES.items(), virtio.HASH_REPORTS[1:], strict=True):
        assert bit == 1 << (virtio.HASH_REPORTS.index(report) - 1)
        assert report.replace("v6_EX", "_EX") == name


def test_masks():
    assert sum(virtio.BASE_HASH_TYPES.values()) == virtio.BASE_HASH_TYPES_MASK == 0x1FF
    assert sum(virtio.INNER_HASH_TYPES.values()) == 0xE00
    assert sum(virtio.TUNNEL_TYPES.values()) == 0x1FF


def test_agrees_with_the_reference():
    assert naive.MICROSOFT_KEY == virtio.MICROSOFT_KEY
    assert virtio.HASH_REPORTS[1:] == naive.HASH_TYPES
    assert virtio.HASH_REPORT_TUNNELS[1:] == naive.V7_TUNNEL_TYPES
    assert tuple(virtio.TUNNEL_TYPES) == naive.TUNNEL_TYPES
    default = naive.Configuration("v7", 0)
    assert default.vxlan_ports == virtio.VXLAN_PORTS
    assert default.geneve_ports == virtio.GENEVE_PORTS
    assert default.vxlan_gpe_ports == virtio.VXLAN_GPE_PORTS
    assert default.gre_udp_ports == virtio.GRE_UDP_PORTS
