"""The device as a whole: defaults, canonical fields, what each feature allows, and every refusal."""

import pickle
from dataclasses import FrozenInstanceError, replace
from itertools import combinations

import pytest

from pcaphash.device import Device
from pcaphash.errors import ConfigurationError
from pcaphash.standards import virtio


def refusal(**options):
    """Return the error that these options give."""
    with pytest.raises(ConfigurationError) as caught:
        Device(**options)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    return caught.value


def test_defaults_of_draft_v7():
    device = Device()
    assert device.spec == "v7"
    assert device.hash_types == 0xFFF
    assert device.base_types == 0x1FF
    assert device.tunnel_types == 0
    assert device.features == {"CTRL_VQ", "MQ", "RSS", "HASH_REPORT", "HASH_TUNNEL"}
    assert device.hash_key == virtio.MICROSOFT_KEY
    assert device.queues == 8
    assert device.indirection_table == tuple(i % 8 for i in range(128))
    assert device.unclassified_queue == 0
    assert (device.vxlan_ports, device.geneve_ports) == ((4789, 8472), (6081,))
    assert (device.vxlan_gpe_ports, device.gre_udp_ports) == ((4790,), (4754,))
    assert device.name == "inner"
    assert device.warnings == ()
    assert device.has_queue
    assert device.reports_hash
    assert device.reports_tunnel
    assert not device.is_calculation_only


def test_defaults_of_virtio_1_4():
    device = Device("1.4")
    assert device.hash_types == device.base_types == 0x1FF
    assert device.tunnel_types == device.tunnel_mask == 0x1FF
    assert not device.reports_tunnel


@pytest.mark.parametrize(
    ("hash_types", "tunnel_types"),
    [
        ("base", "none"),
        ("GRE_INNER", "GRE_2784+GRE_2890+GRE_7676+NVGRE"),
        ("VXLAN_INNER", "VXLAN"),
        ("GENEVE_INNER", "GENEVE"),
        ("all", "GRE_2784+GRE_2890+GRE_7676+NVGRE+VXLAN+GENEVE"),
    ],
)
def test_tunnel_bits_of_draft_v7_in_words_of_virtio_1_4(hash_types, tunnel_types):
    same = Device("1.4", hash_types=0, tunnel_types=tunnel_types)
    assert Device(hash_types=hash_types).tunnel_mask == same.tunnel_mask == same.tunnel_types


def test_names_for_tables():
    assert Device(hash_types=0x803).hash_types_text == "IPv4+TCPv4+GENEVE_INNER"
    assert Device(hash_types=0).hash_types_text == "none"
    assert Device().tunnel_types_text == ""
    assert Device("1.4", tunnel_types=0x11).tunnel_types_text == "GRE_2784+VXLAN"
    assert Device("1.4", tunnel_types=0).tunnel_types_text == "none"


def test_different_words_for_the_same_device_are_equal():
    words = Device("V7", "linux+VXLAN_INNER", hash_key=virtio.MICROSOFT_KEY.hex(":"), vxlan_ports=[8472, 4789, 4789])
    numbers = Device(
        "v7", 0x43F, features=[17, 22, 52, 57, 60], indirection_table=[i % 8 for i in range(128)], queues=8
    )
    assert words == numbers
    assert hash(words) == hash(numbers)
    assert {words: 1}[numbers] == 1
    assert words != replace(words, name="other")


def test_a_device_can_be_sent_but_not_changed():
    device = Device("1.4", queues=3, name="sent")
    assert pickle.loads(pickle.dumps(device)) == device
    with pytest.raises(FrozenInstanceError):
        device.queues = 4


@pytest.mark.parametrize("device", [Device(), Device("1.4"), Device(features="none"), Device("1.4", features="17+57")])
def test_replacing_nothing_gives_the_same(device):
    assert replace(device) == device


def test_replacing_queues():
    assert replace(Device(), queues=16).indirection_table == Device().indirection_table
    assert replace(Device(), queues=16, indirection_table=None) == Device(queues=16)
    assert replace(Device(), queues=4, indirection_table=None) == Device(queues=4)


@pytest.mark.parametrize("spec", ["v7", "1.4"])
def test_every_allowed_set_of_features_has_defaults(spec):
    names = ("MQ", "RSS", "HASH_REPORT", "HASH_TUNNEL")
    for n in range(5):
        for some in combinations(names, n):
            if spec == "1.4" and "HASH_TUNNEL" in some and not {"RSS", "HASH_REPORT"} & set(some):
                continue
            device = Device(spec, features=["CTRL_VQ", *some])
            assert device.has_queue == ("RSS" in some)
            assert device.reports_hash == ("HASH_REPORT" in some)
            assert device.is_calculation_only == (not {"RSS", "HASH_REPORT"} & set(some))
            assert device.queues == (8 if {"MQ", "RSS"} & set(some) else 1)
            assert bool(device.tunnel_mask) == ("HASH_TUNNEL" in some)
            assert device.reports_tunnel == (spec == "v7" and {"HASH_REPORT", "HASH_TUNNEL"} <= set(some))
            assert device.base_types == 0x1FF


def test_a_size_gives_the_default_table_of_that_size():
    assert Device(queues=3, indirection_table_size=4).indirection_table == (0, 1, 2, 0)
    assert Device(indirection_table=[1, 0], indirection_table_size=2).indirection_table == (1, 0)
    assert len(Device(indirection_table_size=65536).indirection_table) == 65536


def test_most_queues():
    assert Device(queues=32768, indirection_table_size=32768).indirection_table[-1] == 32767
    assert Device(queues=1).indirection_table == (0,) * 128


def test_short_keys_are_zero_padded_with_a_warning():
    assert Device(hash_key=b"\x6d" * 40).warnings == ()
    (line,) = Device(hash_key=b"\x6d" * 39).warnings
    assert line.startswith("--key: 39 bytes, zero padded to 40")


def test_long_keys_are_for_calculation_only():
    assert Device(hash_key=bytes(255)).warnings == ()
    error = refusal(hash_key=bytes(256))
    assert error.option == "--key"
    assert "256 bytes: hash_key_length is one byte" in str(error)
    for features in ("CTRL_VQ+RSS", "CTRL_VQ+HASH_REPORT"):
        assert refusal(hash_key=bytes(256), features=features).option == "--key"
    device = Device(hash_key=bytes(256), features="none")
    assert len(device.hash_key) == 256
    assert any("no device would hash" in line for line in device.warnings)


def test_tables_need_rss():
    for features in ("none", "CTRL_VQ+MQ+HASH_REPORT"):
        assert refusal(features=features, indirection_table_size=64).option == "--indirection-table"
        assert "without the feature RSS" in str(refusal(features=features, indirection_table=[0]))
    assert refusal(features="CTRL_VQ+MQ+HASH_REPORT", unclassified_queue=1).option == "--unclassified-queue"
    assert Device(features="CTRL_VQ+MQ+HASH_REPORT", queues=4).queues == 4


REFUSALS = [
    ({"spec": "1.3"}, "--spec", "'1.3' is not known; did you mean 1.4?"),
    ({"spec": "x"}, "--spec", "use v7, 1.4"),
    ({"spec": 1.4}, "--spec", "1.4 is no text; use one of 'v7', '1.4'"),
    ({"spec": "1.4", "features": "CTRL_VQ+RSS", "tunnel_types": "VXLAN"}, "--tunnel-types", "needs the feature HASH_T"),
    (
        {"features": "CTRL_VQ+RSS", "hash_types": "all"},
        "--hash-types",
        "GRE_INNER+VXLAN_INNER+GENEVE_INNER: tunnel bits",
    ),
    ({"features": "CTRL_VQ+RSS", "hash_types": "GRE_INNER"}, "--hash-types", "add HASH_TUNNEL to --features"),
    ({"hash_types": 0x1000}, "--hash-types", "bit 12 does not exist"),
    ({"spec": "1.4", "hash_types": 0x200}, "--hash-types", "choose tunnels with --tunnel-types"),
    ({"tunnel_types": "VXLAN"}, "--tunnel-types", "draft v7 has no enabled_tunnel_types"),
    ({"tunnel_types": False}, "--tunnel-types", "draft v7 has no enabled_tunnel_types"),
    ({"features": "RSS"}, "--features", "RSS (bit 60) needs CTRL_VQ"),
    ({"queues": 0}, "--queues", "at least one receive queue"),
    ({"queues": 32769}, "--queues", "an rss_rq_id has 15 bits"),
    ({"queues": "8"}, "--queues", "'8' is no whole number"),
    ({"queues": True}, "--queues", "True is no whole number"),
    ({"queues": 2, "features": "CTRL_VQ+HASH_REPORT"}, "--queues", "more than one needs the feature MQ or RSS"),
    ({"queues": 2, "features": "none"}, "--queues", "more than one needs the feature MQ or RSS"),
    ({"queues": 4, "indirection_table": "0,4"}, "--indirection-table", "with --queues 4 the last is 3"),
    ({"indirection_table": "0,1,2"}, "--indirection-table", "must be a power of two"),
    ({"indirection_table_size": 100}, "--indirection-table-size", "must be a power of two"),
    ({"indirection_table": "0,1", "indirection_table_size": 4}, "--indirection-table-size", "lists 2; give one of"),
    ({"unclassified_queue": 8}, "--unclassified-queue", "with --queues 8 the last is 7"),
    ({"unclassified_queue": -1}, "--unclassified-queue", "-1 is out of range"),
    ({"hash_key": ""}, "--key", "the hash key is empty"),
    ({"vxlan_ports": 0}, "--vxlan-port", "a UDP port has two bytes and is not 0"),
    ({"geneve_ports": [4789]}, "--geneve-port", "port 4789 is in the list of --vxlan-port too"),
    ({"vxlan_gpe_ports": [4789]}, "--vxlan-gpe-port", "port 4789 is in the list of --vxlan-port too"),
    ({"gre_udp_ports": [6081]}, "--gre-udp-port", "port 6081 is in the list of --geneve-port too"),
    ({"name": ""}, "--config", "'' is no name"),
    ({"name": "a\nb"}, "--config", "is no name"),
    ({"name": 5}, "--config", "5 is no name"),
]


@pytest.mark.parametrize(("options", "option", "part"), REFUSALS)
def test_refusals_name_the_option_and_the_rule(options, option, part):
    error = refusal(**options)
    assert error.option == option
    assert part in str(error)
