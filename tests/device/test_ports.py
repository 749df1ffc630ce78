"""UDP destination ports: in range, in one list only."""

import pytest

from pcaphash.device.ports import check_disjoint, parse_ports, spare_ports
from pcaphash.errors import ConfigurationError


def test_order_and_repetition_do_not_matter():
    assert parse_ports("vxlan_ports", [8472, 4789, 8472]) == (4789, 8472)
    assert parse_ports("vxlan_ports", 4789) == (4789,)
    assert parse_ports("vxlan_ports", "8472,4789") == (4789, 8472)
    assert parse_ports("vxlan_ports", ["8472", "4789, 4790", 8472]) == (4789, 4790, 8472)
    assert parse_ports("vxlan_ports", ["4789 8472"]) == parse_ports("vxlan_ports", " 8472,4789 ") == (4789, 8472)
    assert parse_ports("vxlan_ports", []) == ()
    assert parse_ports("vxlan_ports", (1, 65535)) == (1, 65535)


@pytest.mark.parametrize(
    "port", [0, -1, 65536, True, 4789.0, "x", "4789,", "4789;8472", "4789-4799", "0x12b5", "65536", b"4789"]
)
def test_refused_ports(port):
    with pytest.raises(ConfigurationError) as caught:
        parse_ports("geneve_ports", [port])
    assert str(caught.value.place) == "geneve_ports"


def test_a_port_in_two_lists_is_refused():
    check_disjoint({"vxlan_ports": (1, 2), "geneve_ports": (3,)})
    with pytest.raises(ConfigurationError, match=r"geneve_ports: port 2 is also in the list of vxlan_ports"):
        check_disjoint({"vxlan_ports": (1, 2), "geneve_ports": (2, 3)})


def test_ports_of_a_tunnel_that_the_text_does_not_know():
    def spare(value, taken=()):
        return spare_ports("gre_udp_ports", value, (4754, 4755), taken, "draft v7")

    assert spare(None) == (4754, 4755)
    assert spare(None, [4754]) == (4755,)
    assert spare((4755,)) == spare(()) == (4754, 4755)  # as dataclasses.replace hands it back
    for given in ([4754], 4754, "4754", (5000,), []):
        with pytest.raises(ConfigurationError, match="gre_udp_ports: draft v7 has no such tunnel"):
            spare(given)
