"""The configurations that are compared by default, and those that text gives."""

from dataclasses import replace

import pytest

from pcaphash.device import Device, default_configs, field_without_inner, make_file_configs, parse_config
from pcaphash.errors import ConfigurationError, Field
from pcaphash.report.words.device import missing_config_lines
from pcaphash.standards.virtio import MICROSOFT_KEY

KEY = bytes(range(1, 41))
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


def test_why_a_default_configuration_is_missing():
    assert field_without_inner(Device()) is None
    assert missing_config_lines(Device()) == []
    base = Device(features="CTRL_VQ+RSS")
    assert field_without_inner(base) == Field("features")
    (line,) = missing_config_lines(base)
    assert line == "features: without the HASH_TUNNEL feature, there is no configuration 'inner' to compare"
    assert field_without_inner(Device(flavor="qemu")) == Field("flavor")


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


def test_a_configuration_may_have_its_own_key():
    base = Device("1.4", hash_key=bytes(range(40)), tunnel_types="VXLAN")
    config = parse_config("mine=base@symmetric", base)
    assert (config.hash_key.hex(), config.tunnel_types_text) == ("6d5a" * 20, "VXLAN")
    assert parse_config("mine=base/none@Microsoft", base).hash_key == MICROSOFT_KEY
    assert parse_config(f"mine=0x3f/GENEVE@{KEY.hex(':')}", base).hash_key == KEY
    assert parse_config("mine=base", base).hash_key == base.hash_key


def test_configurations_of_a_file():
    configs = {
        "a": {"hash_key": "symmetric"},
        "b": {"hash_types": "linux", "queues": 2},
        "c": {"tunnel_types": "VXLAN"},
    }
    a, b, c = make_file_configs({"spec": "1.4", "queues": 4, "hash_types": "base"}, configs)
    assert a == Device("1.4", "base", hash_key="6d5a" * 20, queues=4, name="a")
    assert b == Device("1.4", "linux", tunnel_types=0, queues=2, name="b")
    assert c == Device("1.4", "base", tunnel_types="VXLAN", queues=4, name="c")
    (d,) = make_file_configs({"spec": "1.4", "tunnel_types": "IPIP"}, {"d": {"hash_types": "base"}})
    assert d.tunnel_types_text == "IPIP"
    (e,) = make_file_configs({"indirection_table": [0, 1]}, {"e": {"indirection_table_size": 64}})
    assert len(e.indirection_table) == 64


def test_a_refused_configuration_of_a_file_is_named():
    with pytest.raises(ConfigurationError, match=r"queues: in \[config\.a\]: 0 is out of range"):
        make_file_configs({}, {"a": {"queues": 0}})


def test_tunnel_types_that_are_not_named_come_from_the_base():
    assert parse_config("mine=linux", Device("1.4", tunnel_types="VXLAN")).tunnel_types_text == "VXLAN"
    assert parse_config("mine=linux", Device("1.4", features="CTRL_VQ+RSS")).tunnel_types == 0


@pytest.mark.parametrize(
    ("spec", "text", "part"),
    [
        ("v7", "base", "'base' has no '='; write NAME=HASH_TYPES"),
        ("1.4", "base", "write NAME=HASH_TYPES/TUNNEL_TYPES"),
        ("v7", "=base", "'' is not a usable name"),
        ("v7", "a\tb=base", "is not a usable name"),
        ("v7", "a=", "'a=': a name is missing"),
        ("v7", "a=TCPv5", "did you mean TCPv4 or TCPv6?"),
        ("v7", "a=base/VXLAN", "draft v7 has no enabled_tunnel_types"),
        ("1.4", "a=base/", "a name is missing"),
        ("1.4", "a=base/VXLAM", "did you mean VXLAN?"),
        ("1.4", "a=base+VXLAN_INNER", "use tunnel_types=VXLAN"),
        ("1.4", "a=base/VXLAN/GENEVE", "is not a tunnel type"),
        ("v7", "a=base@", "'a=base@': the hash key is empty"),
        ("v7", "a=base@6d5", "an odd number of hex digits"),
        ("v7", "a=base@symetric", "is not hex, the name of a key or a file; did you mean symmetric?"),
        ("v7", "a=@symmetric", "a name is missing"),
        ("v7", "base", "followed by @KEY"),
    ],
)
def test_refusals(spec, text, part):
    with pytest.raises(ConfigurationError) as caught:
        parse_config(text, Device(spec))
    assert str(caught.value.place) == "config"
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_configuration_needs_the_features_of_the_base():
    with pytest.raises(ConfigurationError, match="tunnel types need the HASH_TUNNEL feature"):
        parse_config("a=all", Device(features="CTRL_VQ+RSS"))
