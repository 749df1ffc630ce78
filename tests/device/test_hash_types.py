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


def test_all_is_what_the_profile_has():
    assert parse_hash_types("all", VIRTIO_1_4) == 0x1FF
    assert parse_tunnel_types("all", VIRTIO_1_4) == 0x1FF
    assert parse_tunnel_types("none", VIRTIO_1_4) == 0


HASH_TYPE_REFUSALS = [
    ("v7", "TCPv5", "'TCPv5' is not a hash type of draft v7; did you mean TCPv6?"),
    ("v7", "tcp4", "did you mean TCPv4?"),
    ("v7", "linus", "did you mean linux?"),
    ("v7", "zzzzz", "use IPv4, TCPv4, UDPv4, IPv6"),
    ("v7", "", "a name is missing"),
    ("v7", "IPv4+", "a name is missing"),
    ("v7", "-1", "'-1' is not a hash type"),
    ("v7", "0x", "'0x' is not a hash type"),
    ("v7", "1_0", "'1_0' is not a hash type"),
    ("v7", "٣", "is not a hash type"),
    ("v7", "9" * 5000, "is not a hash type"),
    ("v7", -1, "-1 is no mask"),
    ("v7", True, "True is no mask"),
    ("v7", 1.0, "1.0 is no mask"),
    ("v7", ["IPv4"], "is no mask"),
    ("v7", 0x1000, "bit 12 does not exist: hash_types of draft v7 has bits 0 to 11; leave 0x1000 out"),
    ("v7", 1 << 70, "bit 70 does not exist"),
    ("v7", "GRE", "use GRE_INNER"),
    ("v7", "NVGRE", "use GRE_INNER"),
    ("v7", "vxlan", "use VXLAN_INNER"),
    ("v7", "GENEVE", "use GENEVE_INNER"),
    ("v7", "IPIP", "use --spec 1.4"),
    ("1.4", "GRE_INNER", "use --tunnel-types GRE_2784+GRE_2890+GRE_7676+NVGRE"),
    ("1.4", "GENEVE_INNER", "use --tunnel-types GENEVE"),
    ("1.4", "VXLAN", "use --tunnel-types VXLAN"),
    ("1.4", "base+IPIP", "use --tunnel-types IPIP"),
    (
        "1.4",
        0x200,
        "bit 9 does not exist: hash_types of virtio 1.4 has bits 0 to 8; choose tunnels with --tunnel-types",
    ),
    ("1.4", "0x1000", "bit 12 does not exist: hash_types of virtio 1.4 has bits 0 to 8; leave 0x1000 out"),
]


@pytest.mark.parametrize(("spec", "value", "part"), HASH_TYPE_REFUSALS)
def test_refused_hash_types(spec, value, part):
    with pytest.raises(ConfigurationError) as caught:
        parse_hash_types(value, PROFILES[spec])
    assert caught.value.option == "--hash-types"
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


TUNNEL_TYPE_REFUSALS = [
    ("v7", "VXLAN", "draft v7 has no enabled_tunnel_types: its tunnel types are bits of hash_types; add GRE_INNER"),
    ("v7", "none", "draft v7 has no enabled_tunnel_types"),
    ("1.4", "GRE_INNER", "a name of draft v7, not a tunnel type of virtio 1.4; use GRE_2784+GRE_2890+GRE_7676+NVGRE"),
    ("1.4", "VXLAN_INNER", "use VXLAN, or --spec v7"),
    ("1.4", "GRE", "use GRE_2784+GRE_2890+GRE_7676+NVGRE"),
    ("1.4", "VXLAN_GEP", "did you mean VXLAN_GPE?"),
    ("1.4", "", "a name is missing"),
    ("1.4", 0x200, "bit 9 does not exist: enabled_tunnel_types of virtio 1.4 has bits 0 to 8; leave 0x200 out"),
    ("1.4", True, "True is no mask"),
]


@pytest.mark.parametrize(("spec", "value", "part"), TUNNEL_TYPE_REFUSALS)
def test_refused_tunnel_types(spec, value, part):
    with pytest.raises(ConfigurationError) as caught:
        parse_tunnel_types(value, PROFILES[spec])
    assert caught.value.option == "--tunnel-types"
    assert part in str(caught.value)


@given(st.text())
def test_any_text_is_a_mask_or_a_one_line_refusal(text):
    try:
        outcome = format_mask(parse_hash_types(text, DRAFT_V7), DRAFT_V7.hash_types)
    except ConfigurationError as error:
        outcome = str(error)
    assert len(outcome.splitlines()) == 1
