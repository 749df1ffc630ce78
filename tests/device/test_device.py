"""The device as a whole: defaults, canonical fields, what each feature allows, and every refusal."""

import pickle
from dataclasses import FrozenInstanceError, replace
from itertools import combinations

import pytest

from pcaphash.device import Device
from pcaphash.device.warnings import DeviceWarning, find_warnings
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
    assert find_warnings(device) == ()
    assert device.has_queue
    assert device.reports_hash
    assert not device.is_calculation_only
    assert (device.table_index, device.inner_miss, device.flavor, device.input_transform) == (
        "mask",
        "none",
        "spec",
        "none",
    )


def test_defaults_of_virtio_1_4():
    device = Device("1.4")
    assert device.hash_types == device.base_types == 0x1FF
    assert device.tunnel_types == device.tunnel_mask == 0x1FF


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
            assert device.base_types == 0x1FF


def test_a_size_gives_the_default_table_of_that_size():
    assert Device(queues=3, indirection_table_size=4).indirection_table == (0, 1, 2, 0)
    assert Device(indirection_table=[1, 0], indirection_table_size=2).indirection_table == (1, 0)
    assert len(Device(indirection_table_size=65536).indirection_table) == 65536


def test_most_queues():
    assert Device(queues=32768, indirection_table_size=32768).indirection_table[-1] == 32767
    assert Device(queues=1).indirection_table == (0,) * 128


@pytest.mark.parametrize(
    ("hash_types", "needed", "of"),
    [
        ("all", 40, "IPv6 addresses and ports"),
        ("TCPv6", 40, "IPv6 addresses and ports"),
        ("UDP_EX", 40, "IPv6 addresses and ports"),
        ("IPv4+TCPv4+IPv6", 36, "IPv6 addresses"),
        ("IP_EX", 36, "IPv6 addresses"),
        ("UDPv4+VXLAN_INNER", 16, "IPv4 addresses and ports"),
        ("IPv4", 12, "IPv4 addresses"),
        ("none", 1, ""),
        ("GRE_INNER", 1, ""),
    ],
)
def test_a_key_that_is_too_short_for_the_types_is_refused_unless_it_is_to_be_padded(hash_types, needed, of):
    key = bytes(range(1, needed + 1))
    assert Device(hash_types=hash_types, hash_key=key).hash_key == key
    if not of:
        return
    error = refusal(hash_types=hash_types, hash_key=key[:-1])
    assert str(error.place) == "hash_key"
    assert f"{needed - 1} bytes, but hashing {of} needs {needed};" in str(error)
    assert "pad_key" in error.advice
    padded = Device(hash_types=hash_types, hash_key=key[:-1], pad_key=True)
    assert padded.hash_key == key[:-1] + bytes(41 - needed)
    assert replace(padded, hash_types="all").hash_key == padded.hash_key


def test_padding_leaves_longer_keys_alone():
    assert Device(hash_key=bytes(range(52)), pad_key=True).hash_key == bytes(range(52))


def test_long_keys_are_for_calculation_only():
    assert find_warnings(Device(hash_key=bytes(range(255)))) == ()
    error = refusal(hash_key=bytes(256))
    assert str(error.place) == "hash_key"
    assert "256 bytes: hash_key_length is one byte" in str(error)
    for features in ("CTRL_VQ+RSS", "CTRL_VQ+HASH_REPORT"):
        assert str(refusal(hash_key=bytes(256), features=features).place) == "hash_key"
    device = Device(hash_key=bytes(256), features="none")
    assert len(device.hash_key) == 256
    assert find_warnings(device) == (DeviceWarning.CALCULATION_ONLY, DeviceWarning.ZERO_KEY)


def test_tables_need_rss():
    for features in ("none", "CTRL_VQ+MQ+HASH_REPORT"):
        for option, value in {
            "indirection_table_size": 64,
            "indirection_table": "0,1,2,3",
            "unclassified_queue": 7,
            "table_index": "modulo",
        }.items():
            error = refusal(features=features, **{option: value})
            assert str(error.place) == option
            assert "needs the RSS feature" in str(error)
    assert Device(features="CTRL_VQ+MQ+HASH_REPORT", queues=4).queues == 4


REFUSALS = [
    ({"spec": "1.3"}, "spec", "'1.3' is not known; did you mean 1.4?"),
    ({"spec": "x"}, "spec", "use v7, 1.4"),
    ({"spec": 1.4}, "spec", "1.4 is not text; use one of 'v7', '1.4'"),
    (
        {"spec": "1.4", "features": "CTRL_VQ+RSS", "tunnel_types": "VXLAN"},
        "tunnel_types",
        "VXLAN: tunnel types need the H",
    ),
    (
        {"features": "CTRL_VQ+RSS", "hash_types": "all"},
        "hash_types",
        "GRE_INNER+VXLAN_INNER+GENEVE_INNER: tunnel types need",
    ),
    ({"features": "CTRL_VQ+RSS", "hash_types": "GRE_INNER"}, "hash_types", "add HASH_TUNNEL to features"),
    ({"hash_types": 0x1000}, "hash_types", "bit 12 does not exist"),
    ({"spec": "1.4", "hash_types": 0x200}, "hash_types", "choose tunnels with tunnel_types"),
    ({"tunnel_types": "VXLAN"}, "tunnel_types", "draft v7 has no enabled_tunnel_types"),
    ({"tunnel_types": False}, "tunnel_types", "draft v7 has no enabled_tunnel_types"),
    ({"features": "RSS"}, "features", "RSS (bit 60) needs CTRL_VQ"),
    ({"queues": 0}, "queues", "at least one receive queue"),
    ({"queues": 32769}, "queues", "an rss_rq_id has 15 bits"),
    ({"queues": "8"}, "queues", "'8' is not a whole number"),
    ({"queues": True}, "queues", "True is not a whole number"),
    ({"queues": 2, "features": "CTRL_VQ+HASH_REPORT"}, "queues", "more than one queue needs the MQ or RSS feature"),
    ({"queues": 2, "features": "none"}, "queues", "more than one queue needs the MQ or RSS feature"),
    ({"queues": 4, "indirection_table": "0,4"}, "indirection_table", "with queues=4, the last is 3"),
    ({"indirection_table": "0,1,2"}, "indirection_table", "is not a power of two"),
    ({"indirection_table_size": 100}, "indirection_table_size", "is not a power of two"),
    ({"indirection_table": "0,1", "indirection_table_size": 4}, "indirection_table_size", "lists 2; give one of"),
    ({"unclassified_queue": 8}, "unclassified_queue", "with queues=8, the last is 7"),
    ({"unclassified_queue": -1}, "unclassified_queue", "-1 is out of range"),
    ({"hash_key": ""}, "hash_key", "the hash key is empty"),
    ({"vxlan_ports": 0}, "vxlan_ports", "a UDP port has two bytes and is not 0"),
    ({"geneve_ports": [4789]}, "geneve_ports", "port 4789 is also in the list of vxlan_ports"),
    ({"spec": "1.4", "vxlan_gpe_ports": [4789]}, "vxlan_gpe_ports", "port 4789 is also in the list of vxlan_ports"),
    ({"spec": "1.4", "gre_udp_ports": [6081]}, "gre_udp_ports", "port 6081 is also in the list of geneve_ports"),
    ({"spec": "1.4", "vxlan_ports": [4790]}, "vxlan_gpe_ports", "port 4790 is also in the list of vxlan_ports"),
    ({"vxlan_gpe_ports": [4790]}, "vxlan_gpe_ports", "draft v7 has no such tunnel; leave this option out"),
    ({"gre_udp_ports": 5000}, "gre_udp_ports", "draft v7 has no such tunnel"),
    ({"table_index": "modulus"}, "table_index", "'modulus' is not known; did you mean modulo?"),
    ({"inner_miss": "inner"}, "inner_miss", "'inner' is not known"),
    ({"flavor": "kvm"}, "flavor", "use spec, qemu"),
    ({"flavor": None}, "flavor", "None is not text"),
    ({"input_transform": "symmetric_xor"}, "input_transform", "did you mean symmetric-xor?"),
    ({"table_index": "modulo", "indirection_table_size": 65537}, "indirection_table_size", "1 to 65536 entries"),
    ({"table_index": "modulo", "indirection_table": []}, "indirection_table", "0 entries"),
    ({"indirection_table": "0,,5,"}, "indirection_table", "a number is missing beside a comma"),
    ({"flavor": "qemu", "hash_types": "all"}, "hash_types", "QEMU 7.2 hashes only outer headers"),
    (
        {"flavor": "qemu", "spec": "1.4", "tunnel_types": "VXLAN"},
        "tunnel_types",
        "VXLAN: QEMU 7.2 hashes only outer headers",
    ),
    (
        {"flavor": "qemu", "features": "all"},
        "features",
        "HASH_TUNNEL (bit 52) is a feature that QEMU 7.2 does not offer",
    ),
    ({"flavor": "qemu", "hash_key": bytes(41)}, "hash_key", "41 bytes, but QEMU 7.2 accepts at most 40"),
    ({"flavor": "qemu", "indirection_table_size": 256}, "indirection_table", "256 entries, but QEMU 7.2 accepts"),
    ({"name": ""}, "name", "'' is not a usable name"),
    ({"name": "a\nb"}, "name", "is not a usable name"),
    ({"name": 5}, "name", "5 is not a usable name"),
]


@pytest.mark.parametrize(("options", "option", "part"), REFUSALS)
def test_refusals_name_the_option_and_the_rule(options, option, part):
    error = refusal(**options)
    assert str(error.place) == option
    assert part in str(error)


def test_under_modulo_a_table_has_any_length():
    device = Device(queues=3, indirection_table_size=100, table_index="Modulo")
    assert device.indirection_table == tuple(i % 3 for i in range(100))
    assert device.table_index == "modulo"
    assert Device(queues=3, indirection_table="2,1,0", table_index="modulo").indirection_table == (2, 1, 0)
    assert len(Device(indirection_table_size=65535, table_index="modulo").indirection_table) == 65535


@pytest.mark.parametrize("spec", ["v7", "1.4"])
def test_the_device_of_qemu(spec):
    device = Device(spec, flavor="qemu")
    assert device.features == {"CTRL_VQ", "MQ", "RSS", "HASH_REPORT"}
    assert (device.hash_types, device.tunnel_types, device.tunnel_mask) == (0x1FF, 0, 0)
    assert replace(device) == device
    assert Device(spec, "linux", flavor="qemu", features="CTRL_VQ+RSS").hash_types == 0x3F


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({}, "inner"),
        ({"spec": "1.4"}, "inner"),
        ({"hash_types": "base"}, "outer"),
        ({"spec": "1.4", "tunnel_types": 0}, "outer"),
        ({"features": "CTRL_VQ+RSS"}, "outer"),
        ({"flavor": "qemu"}, "outer"),
        ({"hash_types": "addresses"}, "outer-addresses"),
        ({"hash_types": "linux"}, "device"),
        ({"spec": "1.4", "tunnel_types": "VXLAN"}, "device"),
        ({"hash_types": "linux", "name": "inner"}, "inner"),
    ],
)
def test_default_names_say_what_is_hashed(options, name):
    assert Device(**options).name == name


def test_replacing_types_keeps_the_name_unless_told_otherwise():
    assert replace(Device(), hash_types="base").name == "inner"
    assert replace(Device(), hash_types="base", name=None).name == "outer"


def test_under_draft_v7_the_ports_of_unknown_tunnels_are_free():
    for port in (4790, 4754):
        device = Device(vxlan_ports=port)
        assert device.vxlan_ports == (port,)
        assert port not in device.vxlan_gpe_ports + device.gre_udp_ports
        assert replace(device, geneve_ports=device.geneve_ports) == device
        assert replace(device, vxlan_ports=(4789, 8472)) == Device()
    assert Device(geneve_ports=[4754, 4790]).ports == {
        "vxlan_ports": (4789, 8472),
        "geneve_ports": (4754, 4790),
        "vxlan_gpe_ports": (),
        "gre_udp_ports": (),
    }


def test_both_texts_have_the_same_ports_by_default():
    assert Device().ports == Device("1.4").ports


def test_replacing_types_of_a_device_with_the_largest_table_does_not_read_it_again():
    device = Device(indirection_table_size=65536)
    assert replace(device, hash_types="base").indirection_table is device.indirection_table


def test_a_warning_if_queues_can_never_be_reached():
    assert find_warnings(Device(queues=16, indirection_table_size=8)) == (DeviceWarning.FEW_ENTRIES,)
    assert find_warnings(Device(queues=4, indirection_table=[0, 0])) == (DeviceWarning.FEW_ENTRIES,)
    assert find_warnings(Device(queues=8, indirection_table_size=8)) == ()
    assert find_warnings(Device(queues=200, features="CTRL_VQ+MQ+HASH_REPORT")) == ()


def test_a_warning_if_the_default_table_is_uneven():
    for uneven in (
        Device(queues=48),
        Device(queues=3, indirection_table_size=4),
        Device(queues=13),  # 10 and 9 entries
        Device(queues=48, indirection_table=[*range(48), *range(16)]),
    ):
        assert find_warnings(uneven) == (DeviceWarning.UNEVEN_TABLE,)
    assert find_warnings(Device(queues=12)) == ()  # 11 and 10 entries
    assert find_warnings(Device(queues=48, indirection_table=[*range(16), *range(48)])) == ()  # chosen so


def test_a_warning_if_the_key_is_zeros():
    assert find_warnings(Device(hash_key=bytes(52))) == (DeviceWarning.ZERO_KEY,)
    assert find_warnings(Device(hash_key=bytes(40) + b"\1")) == (DeviceWarning.ZERO_KEY,)
    assert find_warnings(Device(hash_key=bytes(39) + b"\1")) == ()
