"""Masks of hash types and tunnel types, as names and numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcaphash.device.hash_types import format_mask, parse_hash_types, parse_tunnel_types
from pcaphash.device.profile import DRAFT_V7, PROFILES, VIRTIO_1_4
from pcaphash.errors import ConfigurationError


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_every_mask_survives_being_written_and_read(profile):
    for mask in range(profile.all_hash_types + 1):
        assert parse_hash_types(format_mask(mask, profile.hash_types), profile) == mask


def test_every_tunnel_mask_survives_being_written_and_read():
    for mask in range(VIRTIO_1_4.all_tunnel_types + 1):
        assert parse_tunnel_types(format_mask(mask, VIRTIO_1_4.tunnel_types), VIRTIO_1_4) == mask


@given(mask=st.integers(0, 0xFFF), write=st.sampled_from([int, str, hex, lambda mask: f"0X{mask:X}", np.uint32]))
def test_numbers_in_every_notation(mask, write):
    assert parse_hash_types(write(mask), DRAFT_V7) == mask


@given(st.lists(st.sampled_from([*DRAFT_V7.hash_types]), min_size=1), st.randoms())
def test_case_order_blanks_and_repetition_do_not_matter(names, random):
    text = " + ".join("".join(random.choice([c.lower(), c.upper()]) for c in name) for name in names)
    assert parse_hash_types(text, DRAFT_V7) == sum({DRAFT_V7.hash_types[name] for name in names})


@pytest.mark.parametrize(
    ("text", "mask"),
    [
        ("linux", 0x03F),
        ("addresses", 0x049),
        ("base", 0x1FF),
        ("all", 0xFFF),
        ("none", 0),
        ("base+VXLAN_INNER", 0x5FF),
        ("linux+0x40", 0x07F),
        ("IPv4+TCPv4", 0x003),
    ],
)
def test_presets(text, mask):
    assert parse_hash_types(text, DRAFT_V7) == mask


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("tcp4", "TCPv4"),
        ("ip4+udp4,tcp6 ip6", "IPv4+UDPv4+TCPv6+IPv6"),
        ("ipv4-tcp", "TCPv4"),
        ("ipv4-udp,ipv6-tcp", "UDPv4+TCPv6"),
        ("ipv6-ex+ipv6-tcp-ex+ipv6-udp-ex", "IP_EX+TCP_EX+UDP_EX"),
        ("tcp6-ex,udp6-ex", "TCP_EX+UDP_EX"),
        ("ip", "IPv4+IPv6+IP_EX"),
        ("tcp,udp", "TCPv4+TCPv6+TCP_EX+UDPv4+UDPv6+UDP_EX"),
        ("RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV6_UDP", "TCPv4+UDPv6"),
        ("ETH_RSS_IPV4|ETH_RSS_IPV6_TCP_EX", "IPv4+TCP_EX"),
        ("VIRTIO_NET_HASH_TYPE_TCPv4,VIRTIO_NET_RSS_HASH_TYPE_UDPv6", "TCPv4+UDPv6"),
        ("NDIS_HASH_IPV4|NDIS_HASH_TCP_IPV4|NDIS_HASH_TCP_IPV6_EX", "IPv4+TCPv4+TCP_EX"),
        ("TCPv6_EX+IPv6_EX", "TCP_EX+IP_EX"),
        ("TCPv4,UDPv4", "TCPv4+UDPv4"),
        ("linux,vxlan-inner", "linux+VXLAN_INNER"),
        ("linux, 0x40", "linux+IP_EX"),
    ],
)
def test_names_of_other_programs(text, names):
    assert parse_hash_types(text, DRAFT_V7) == parse_hash_types(names, DRAFT_V7)


@pytest.mark.parametrize("text", ["VXLAN,GENEVE", "vxlan|geneve", "VIRTIO_NET_HASH_TUNNEL_TYPE_VXLAN geneve", "0x50"])
def test_tunnel_types_likewise(text):
    assert parse_tunnel_types(text, VIRTIO_1_4) == parse_tunnel_types("VXLAN+GENEVE", VIRTIO_1_4)
    assert parse_tunnel_types("vxlan-gpe", VIRTIO_1_4) == parse_tunnel_types("VXLAN_GPE", VIRTIO_1_4)


def test_all_is_what_the_profile_has():
    assert parse_hash_types("all", VIRTIO_1_4) == 0x1FF
    assert parse_tunnel_types("all", VIRTIO_1_4) == 0x1FF
    assert parse_tunnel_types("none", VIRTIO_1_4) == 0


HASH_TYPE_REFUSALS = [
    ("v7", "TCPv5", "'TCPv5' is not a hash type of draft v7; did you mean TCPv4 or TCPv6?"),
    ("v7", "ipv4-tpc", "did you mean TCPv4?"),
    ("v7", "linus", "did you mean linux?"),
    ("v7", "zzzzz", "use IPv4, TCPv4, UDPv4, IPv6"),
    ("v7", "ipv4-icmpp", "; use IPv4, TCPv4, UDPv4, IPv6"),  # near ipv4-tcp, and not meant
    ("v7", "ipv4-frag", "no hash type for 'ipv4-frag'; use IPv4, which hashes the addresses of such packets"),
    ("v7", "RTE_ETH_RSS_FRAG_IPV6", "use IPv6, which hashes the addresses"),
    ("v7", "ipv6-other", "use IPv6, which hashes the addresses"),
    ("v7", "sctp4", "no hash type for 'sctp4'; use IPv4, which"),
    ("v7", "ipv6-sctp", "use IPv6, which"),
    ("v7", "esp", "use IPv4+IPv6, which hashes the addresses"),
    ("v7", "ah6", "use IPv6, which hashes the addresses"),
    ("1.4", "gtpu4e", "no hash type for 'gtpu4e'; use UDPv4, which hashes the outer addresses and ports"),
    ("v7", "ETH_RSS_GTPU", "use UDPv4+UDPv6, which"),
    ("v7", "l2-payload", "leave it out"),
    ("v7", "RTE_ETH_RSS_TUNNEL", "leave it out"),
    ("v7", "RTE_ETH_RSS_VXLAN", "use VXLAN_INNER"),
    ("v7", "vxlan_iner", "did you mean VXLAN_INNER?"),
    ("v7", "tcp4,udp9", "'udp9' is not a hash type of draft v7; did you mean UDPv4 or UDPv6?"),
    ("v7", "IPv4,,IPv6", "a name is missing; give names joined by + or commas"),
    ("v7", "", "a name is missing"),
    ("v7", "IPv4+", "a name is missing"),
    ("v7", "-1", "'-1' is not a hash type"),
    ("v7", "0x", "'0x' is not a hash type"),
    ("v7", "1_0", "'1_0' is not a hash type"),
    ("v7", "٣", "is not a hash type"),
    ("v7", "9" * 5000, "is not a hash type"),
    ("v7", -1, "-1 is not a mask"),
    ("v7", True, "True is not a mask"),
    ("v7", 1.0, "1.0 is not a mask"),
    ("v7", ["IPv4"], "is not a mask"),
    ("v7", 0x1000, "bit 12 does not exist: hash_types of draft v7 has bits 0 to 11; leave 0x1000 out"),
    ("v7", 1 << 70, "bit 70 does not exist"),
    ("v7", "GRE", "use GRE_INNER"),
    ("v7", "NVGRE", "use GRE_INNER"),
    ("v7", "vxlan", "use VXLAN_INNER"),
    ("v7", "GENEVE", "use GENEVE_INNER"),
    ("v7", "IPIP", "use spec=1.4"),
    ("1.4", "GRE_INNER", "use tunnel_types=GRE_2784+GRE_2890+GRE_7676+NVGRE"),
    ("1.4", "GENEVE_INNER", "use tunnel_types=GENEVE"),
    ("1.4", "VXLAN", "use tunnel_types=VXLAN"),
    ("1.4", "base+IPIP", "use tunnel_types=IPIP"),
    (
        "1.4",
        0x200,
        "bit 9 does not exist: hash_types of virtio 1.4 has bits 0 to 8; choose tunnels with tunnel_types",
    ),
    ("1.4", "0x1000", "bit 12 does not exist: hash_types of virtio 1.4 has bits 0 to 8; leave 0x1000 out"),
]


@pytest.mark.parametrize(("spec", "value", "part"), HASH_TYPE_REFUSALS)
def test_refused_hash_types(spec, value, part):
    with pytest.raises(ConfigurationError) as caught:
        parse_hash_types(value, PROFILES[spec])
    assert str(caught.value.place) == "hash_types"
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


TUNNEL_TYPE_REFUSALS = [
    ("v7", "VXLAN", "draft v7 has no enabled_tunnel_types: its tunnel types are bits of hash_types; add GRE_INNER"),
    ("v7", "none", "draft v7 has no enabled_tunnel_types"),
    ("1.4", "GRE_INNER", "a name of draft v7, not a tunnel type of virtio 1.4; use GRE_2784+GRE_2890+GRE_7676+NVGRE"),
    ("1.4", "VXLAN_INNER", "use VXLAN, or spec=v7"),
    ("1.4", "GRE", "use GRE_2784+GRE_2890+GRE_7676+NVGRE"),
    ("1.4", "VXLAN_GEP", "did you mean VXLAN_GPE?"),
    ("1.4", "genev", "did you mean GENEVE?"),
    ("1.4", "gtpu", "'gtpu' is not a tunnel type of virtio 1.4; use GRE_2784, GRE_2890"),
    ("1.4", "", "a name is missing"),
    ("1.4", 0x200, "bit 9 does not exist: enabled_tunnel_types of virtio 1.4 has bits 0 to 8; leave 0x200 out"),
    ("1.4", True, "True is not a mask"),
]


@pytest.mark.parametrize(("spec", "value", "part"), TUNNEL_TYPE_REFUSALS)
def test_refused_tunnel_types(spec, value, part):
    with pytest.raises(ConfigurationError) as caught:
        parse_tunnel_types(value, PROFILES[spec])
    assert str(caught.value.place) == "tunnel_types"
    assert part in str(caught.value)


@given(st.text())
def test_any_text_is_a_mask_or_a_one_line_refusal(text):
    try:
        outcome = format_mask(parse_hash_types(text, DRAFT_V7), DRAFT_V7.hash_types)
    except ConfigurationError as error:
        outcome = str(error)
    assert len(outcome.splitlines()) == 1
