"""The configurations that are compared by default, and those of ``--config``."""

from dataclasses import replace

import pytest

from pcaphash.device import Device, default_configs, parse_config
from pcaphash.errors import ConfigurationError

BASE = Device(queues=4, hash_key=bytes(range(40)), indirection_table="3,2,1,0", unclassified_queue=2, geneve_ports=7000)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("v7", [("outer-addresses", 0x049, 0), ("outer", 0x1FF, 0), ("inner", 0xFFF, 0)]),
        ("1.4", [("outer-addresses", 0x049, 0), ("outer", 0x1FF, 0), ("inner", 0x1FF, 0x1FF)]),
    ],
)
def test_default_configurations(spec, expected):
    configs = default_configs(Device(spec, hash_types="linux"))
    assert [(config.name, config.hash_types, config.tunnel_types) for config in configs] == expected
    assert [bool(config.tunnel_mask) for config in configs] == [False, False, True]


def test_default_configurations_without_the_inner_header_hash():
    for spec in ("v7", "1.4"):
        configs = default_configs(Device(spec, features="CTRL_VQ+RSS"))
        assert [config.name for config in configs] == ["outer-addresses", "outer"]


def test_everything_else_comes_from_the_base():
    for config in [*default_configs(BASE), parse_config("mine=linux", BASE)]:
        own = {"name": BASE.name, "hash_types": BASE.hash_types, "tunnel_types": BASE.tunnel_types}
        assert replace(config, **own) == BASE


def test_parse_config():
    config = parse_config("mine=linux+VXLAN_INNER", Device())
    assert (config.name, config.hash_types) == ("mine", 0x43F)
    assert parse_config(" spaced = 0x3f ", Device()).name == "spaced"
    base = Device("1.4", tunnel_types="VXLAN")
    config = parse_config("mine=base/GENEVE+IPIP", base)
    assert (config.name, config.hash_types, config.tunnel_types_text) == ("mine", 0x1FF, "GENEVE+IPIP")
    assert parse_config("mine=base/none", base).tunnel_types == 0


def test_tunnel_types_that_are_not_named_come_from_the_base():
    assert parse_config("mine=linux", Device("1.4", tunnel_types="VXLAN")).tunnel_types_text == "VXLAN"
    assert parse_config("mine=linux", Device("1.4", features="CTRL_VQ+RSS")).tunnel_types == 0


@pytest.mark.parametrize(
    ("spec", "text", "part"),
    [
        ("v7", "base", "'base' gives no name; write NAME=HASH_TYPES"),
        ("1.4", "base", "write NAME=HASH_TYPES/TUNNEL_TYPES"),
        ("v7", "=base", "'' is no name"),
        ("v7", "a\tb=base", "is no name"),
        ("v7", "a=", "'a=': a name is missing"),
        ("v7", "a=TCPv5", "did you mean TCPv6?"),
        ("v7", "a=base/VXLAN", "draft v7 has no enabled_tunnel_types"),
        ("1.4", "a=base/", "a name is missing"),
        ("1.4", "a=base/VXLAM", "did you mean VXLAN?"),
        ("1.4", "a=base+VXLAN_INNER", "use --tunnel-types VXLAN"),
        ("1.4", "a=base/VXLAN/GENEVE", "is not a tunnel type"),
    ],
)
def test_refusals(spec, text, part):
    with pytest.raises(ConfigurationError) as caught:
        parse_config(text, Device(spec))
    assert caught.value.option == "--config"
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_configuration_needs_the_features_of_the_base():
    with pytest.raises(ConfigurationError, match="tunnel bits need the feature HASH_TUNNEL"):
        parse_config("a=all", Device(features="CTRL_VQ+RSS"))
