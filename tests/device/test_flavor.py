"""Devices known by name: the values that their makers publish, and what they do not accept.

AWS publishes an example in ENA_Linux_Best_Practices.rst of amzn/amzn-drivers ("Configuring RSS"), for generation 5 and
its drivers. Of generation 4 the issue amzn/amzn-drivers#256 shows what AWS's toeplitz_calc.py printed.
"""

import random
from dataclasses import replace

import pytest

import pcaphash
from naive.configuration import MICROSOFT_KEY, Configuration
from naive.ena import GENERATION_4_KEY, ena_hash, ena_input
from naive.toeplitz import toeplitz
from pcaphash import ConfigurationError, Device
from pcaphash.device.flavor import ABSENT, FLAVORS, TITLES
from pcaphash.device.hash_form import hash_form
from pcaphash.engine.rules import FLAVORS as READ_AS

KEY = (
    "77:d1:c9:34:a4:c9:bd:87:6e:35:dd:17:b2:e3:23:9e:39:6d:8a:93:"
    "2a:95:b4:72:3a:b3:7f:56:8e:de:b6:01:97:af:3b:2f:3a:70:e7:04"
)
EXAMPLE = ("1.2.3.4:7000", "1.2.3.5:7000")
OWN_NAMES = FLAVORS[1:]


@pytest.mark.parametrize(
    ("flavor", "value", "entry"),
    [("spec", 0xA9828BD4, 84), ("ena-gen5", 0x5B5EB8E5, 101)],
    ids=["DPDK and FreeBSD", "Linux and Windows"],
)
def test_the_example_that_aws_publishes(flavor, value, entry):
    found = pcaphash.hash_tuple(*EXAMPLE, protocol="tcp", device=Device(flavor=flavor, hash_key=KEY))
    assert (found.hash_value, found.table_entry) == (value, entry)


def test_linux_with_a_driver_up_to_2_6_reverses_only_the_key():
    backwards = bytes.fromhex(KEY.replace(":", ""))[::-1]
    found = pcaphash.hash_tuple(*EXAMPLE, protocol="tcp", device=Device(hash_key=backwards))
    assert (found.hash_value, found.table_entry) == (0xA4A1471A, 26)


@pytest.mark.parametrize(
    ("one", "other", "value", "entry"),
    [("10.100.0.40", "10.100.0.36", 0x0A7B0A7B, 123), ("10.100.0.42", "10.100.0.41", 0x10F110F1, 113)],
)
def test_what_the_calculator_of_aws_printed_for_generation_4(one, other, value, entry):
    device = Device(flavor="ena-gen4")
    for pair in ((one, other), (other, one)):
        found = pcaphash.hash_tuple(*pair, device=device)
        assert (found.hash_value, found.table_entry) == (value, entry)
        found = pcaphash.hash_tuple(*(f"{address}:0" for address in pair), protocol="udp", device=device)
        assert found.hash_value == value, "the calculator is given ports of 0 where there are none"


def test_the_key_of_generation_4_is_microsofts_in_another_order():
    assert Device(flavor="ena-gen4").used_key == GENERATION_4_KEY
    assert sorted(GENERATION_4_KEY) == sorted(MICROSOFT_KEY)


@pytest.mark.parametrize("flavor", ["ena-gen4", "ena-gen5"])
def test_single_hashes_are_those_of_the_reference(flavor):
    numbers = random.Random(3)
    for _ in range(200):
        key = MICROSOFT_KEY if flavor == "ena-gen4" else numbers.randbytes(40)
        configuration, device = Configuration("v7", 0x1FF, key=key, flavor=flavor), Device(flavor=flavor, hash_key=key)
        source, destination = (".".join(str(numbers.randrange(256)) for _ in range(4)) for _ in range(2))
        ports = [numbers.randrange(65536) for _ in range(2)]
        found = pcaphash.hash_tuple(source, destination, *ports, "tcp", device)
        wire = bytes(map(int, f"{source}.{destination}".split("."))) + b"".join(port.to_bytes(2) for port in ports)
        assert found.hash_input == ena_input(wire, configuration)
        assert found.hash_value == ena_hash(found.hash_input, configuration)


def test_corundum_hashes_no_ipv6():
    found = pcaphash.hash_tuple("2001:db8::1", "2001:db8::2", device=Device(flavor="corundum"))
    assert (found.hash_report, found.hash_value) == ("NONE", None)
    found = pcaphash.hash_tuple("192.0.2.1:1", "192.0.2.2:2", protocol="tcp", device=Device(flavor="corundum"))
    assert found.hash_value == toeplitz(MICROSOFT_KEY, found.hash_input)


def test_every_flavor_has_a_name_and_a_way_to_read():
    assert set(READ_AS) == set(ABSENT) == set(FLAVORS)
    assert set(TITLES) == set(OWN_NAMES)


@pytest.mark.parametrize("flavor", OWN_NAMES)
def test_a_device_of_a_flavor_can_be_made_again(flavor):
    device = Device(flavor=flavor)
    assert replace(device) == device
    assert device.hash_types == (0x1FF if "HASH_TUNNEL" in ABSENT[flavor] else 0xFFF)
    assert hash_form(flavor).used_key(device.hash_key) == device.used_key


REFUSALS = [
    ({"flavor": "ena-gen4", "hash_key": KEY}, "hash_key", "the hash key of ENA of generation 4 cannot be changed"),
    ({"flavor": "ena-gen5", "hash_key": bytes(52)}, "hash_key", "52 bytes, but ENA of generation 5 accepts at most 40"),
    ({"flavor": "ena-gen5", "indirection_table_size": 256}, "indirection_table", "accepts at most 128"),
    ({"flavor": "corundum", "hash_key": bytes(52)}, "hash_key", "Corundum accepts at most 40"),
    ({"flavor": "vpp", "indirection_table_size": 512}, "indirection_table", "VPP's soft-rss accepts at most 256"),
    ({"flavor": "vpp", "hash_types": "all"}, "hash_types", "VPP's soft-rss hashes only outer headers"),
]


@pytest.mark.parametrize(("options", "place", "part"), REFUSALS)
def test_what_such_devices_do_not_accept(options, place, part):
    with pytest.raises(ConfigurationError, match=part) as caught:
        Device(**options)
    assert str(caught.value.place) == place


def test_tables_and_keys_without_a_limit():
    assert len(Device(flavor="corundum", indirection_table_size=1024).indirection_table) == 1024
    assert len(Device(flavor="vpp", hash_key=bytes(52)).hash_key) == 52


def test_no_flows_are_solved_for_where_addresses_are_sorted():
    with pytest.raises(ConfigurationError, match="sorts addresses and ports"):
        pcaphash.steer("192.0.2.1", "198.51.100.2:443", protocol="tcp", device=Device(flavor="ena-gen4"))
    found = pcaphash.steer("192.0.2.1", "198.51.100.2:443", protocol="tcp", device=Device(flavor="ena-gen5"))
    for target in found.targets:
        assert [flow[0].queue for flow in target.flows] == [target.queue] * len(target.flows)
