"""Changes of a running device: what they make of it, and which of them it refuses."""

import pytest

from pcaphash.cli.changes import read_changes
from pcaphash.device import Device, TimedOptions, change_device, change_devices, default_configs, read_device_file
from pcaphash.errors import ConfigurationError
from support.payloads import encode_hash_config

KEY = bytes(range(40))
V7, V14 = Device(name="v7"), Device(spec="1.4", name="new")


def changed(device, **options):
    return change_device(device, TimedOptions(0, options))


def test_what_commands_set():
    device = changed(V7, hash_types="linux", hash_key=KEY.hex(), indirection_table=[3, 1], unclassified_queue=2)
    assert (device.hash_types_text, device.hash_key, device.indirection_table) == (
        "IPv4+TCPv4+UDPv4+IPv6+TCPv6+UDPv6",
        KEY,
        (3, 1),
    )
    assert (device.unclassified_queue, device.name) == (2, "v7")
    assert changed(V14, tunnel_types="VXLAN").tunnel_types_text == "VXLAN"


def test_other_queues_bring_the_default_table_for_them():
    device = changed(Device(indirection_table_size=16), queues=3)
    assert device.indirection_table == tuple(i % 3 for i in range(16))
    assert changed(V7, indirection_table_size=4).indirection_table == (0, 1, 2, 3)


@pytest.mark.parametrize(
    ("device", "options", "said"),
    [
        (V7, {"spec": "1.4"}, "spec is settled when the driver starts"),
        (V7, {"features": "none"}, "features is settled"),
        (V7, {"vxlan_ports": "1"}, "vxlan_ports is settled"),
        (Device(features="CTRL_VQ+HASH_REPORT"), {"indirection_table": [0]}, "RSS_CONFIG needs the RSS feature"),
        (Device(features="CTRL_VQ+MQ"), {"hash_types": "all"}, "needs the RSS feature"),
        (
            Device(spec="1.4", features="CTRL_VQ+RSS"),
            {"tunnel_types": "VXLAN"},
            "HASH_TUNNEL_SET needs the HASH_TUNNEL",
        ),
        (V7, {"queues": 0}, "a device has at least one receive queue"),
        (V7, {"indirection_table": [0, 1, 2]}, "power of two"),
        (V7, {"hash_key": "00"}, "at: 0s: hash_key: "),
    ],
)
def test_what_a_device_refuses(device, options, said):
    with pytest.raises(ConfigurationError) as error:
        changed(device, **options)
    assert str(error.value).startswith("at: 0s: ")
    assert said in str(error.value)


def test_what_it_has_anyway_may_be_said_again():
    assert changed(V7, spec="v7") == V7


def test_changes_are_taken_in_order_of_time_by_those_they_are_for():
    devices = default_configs(Device())
    changes = [TimedOptions(2, {"queues": 2}, "inner"), TimedOptions(1, {"queues": 4})]
    outer, _, inner = change_devices(devices, changes)
    assert [(time, device.queues) for time, device in outer] == [(1, 4)]
    assert [(time, device.queues) for time, device in inner] == [(1, 4), (2, 2)]
    with pytest.raises(ConfigurationError, match="no configuration 'other'; use one of outer-addresses, outer, inner"):
        change_devices(devices, [TimedOptions(0, {"queues": 2}, "other")])


def test_a_file_has_changes(tmp_path):
    path = tmp_path / "device.toml"
    path.write_text('queues = 4\n[[at]]\ntime = "2.5s"\nhash_types = "all"\n[[at]]\ntime="0s"\nqueues=2\nconfig="a"\n')
    found = read_device_file(path)
    assert found.options == {"queues": 4}
    assert found.changes == (
        TimedOptions(2_500_000_000_000, {"hash_types": "all"}),
        TimedOptions(0, {"queues": 2}, "a"),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("at = 3", "line 1: at is for tables"),
        ("[[at]]\nqueues = 4", r"line 1: \[\[at\]\] needs a time"),
        ('[[at]]\ntime = "3"\nqueues = 4', "'3' is not a length of time"),
        ('[[at]]\ntime = "3s"\nqueue = 4', "line 3: 'queue' is not an option of a device"),
    ],
)
def test_changes_that_a_file_cannot_have(tmp_path, text, said):
    path = tmp_path / "device.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=said):
        read_device_file(path)


def test_changes_in_the_words_of_the_command_line():
    devices = default_configs(Device())
    (all_of_them,) = read_changes([("2.5s", "--queues 4 --hash-types linux")], devices)
    assert (all_of_them.time_ps, all_of_them.config) == (2_500_000_000_000, "")
    assert change_device(devices[0], all_of_them).hash_types_text == "IPv4+TCPv4+UDPv4+IPv6+TCPv6+UDPv6"
    one, other = read_changes([("1ms", f"--config inner=base@{KEY.hex()} --config outer=all")], devices)
    assert (one.config, other.config) == ("inner", "outer")
    assert change_device(devices[2], one).hash_key == KEY


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("2.5", "--queues 4"), "at: '2.5' is not a length of time"),
        (("1s", ""), "at: '' changes nothing"),
        (("1s", "--nonsense 4"), "--nonsense is not an option; write options of devices"),
        (("1s", "--help"), "--help is not an option; write options of devices"),
        (("1s", "--queues"), "--queues has no value after it"),
        (("1s", "--queues '4"), "No closing quotation"),
        (("1s", "--config other=all"), "there is no configuration 'other'"),
    ],
)
def test_words_that_change_nothing(given, said):
    with pytest.raises(ConfigurationError) as error:
        read_changes([given], default_configs(Device()))
    assert said in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_a_captured_command_keeps_the_tunnel_types():
    from pcaphash.device.payloads.options import encode_rss_config

    payload = encode_rss_config(Device(spec="1.4", queues=2, hash_types="linux")).hex()
    (change,) = read_changes([("0s", f"--rss-config {payload}")], [V14])
    after = change_device(V14, change)
    assert (after.tunnel_types, after.hash_types_text) == (V14.tunnel_types, "IPv4+TCPv4+UDPv4+IPv6+TCPv6+UDPv6")
    assert set(after.indirection_table) == {0, 1}


def test_a_captured_command_does_not_change_how_many_queues_there_are():
    from pcaphash.device.payloads.options import encode_rss_config

    payload = encode_rss_config(Device(queues=2, hash_types="linux")).hex()
    (change,) = read_changes([("0s", f"--rss-config {payload}")], [V7])
    assert change_device(V7, change).queues == V7.queues
    with pytest.raises(ConfigurationError, match="at: 0s: indirection_table: 1 is out of range"):
        change_device(Device(queues=1), change)


def test_the_last_of_rss_config_and_hash_config_counts():
    from pcaphash.device.payloads.options import encode_rss_config

    device = Device(spec="1.4", queues=4, hash_types="all", unclassified_queue=3, table_index="modulo")
    wanted = Device(spec="1.4", queues=4, hash_types="linux", hash_key=KEY)
    given = [
        ("1s", f"--hash-config {encode_hash_config(wanted).hex()}"),
        ("2s", "--hash-types IPv4"),
        ("3s", f"--rss-config {encode_rss_config(wanted).hex()}"),
    ]
    ((_, reporting), (_, still), (_, steering)) = change_devices([device], read_changes(given, [device]))[0]
    assert [each.has_queue for each in (reporting, still, steering)] == [False, False, True]
    assert (reporting.hash_types_text, reporting.hash_key) == (wanted.hash_types_text, KEY)
    assert all(each.reports_hash and each.tunnel_types == device.tunnel_types for each in (reporting, steering))
    assert (still.hash_types_text, steering.features) == ("IPv4", device.features)
    assert steering.indirection_table == wanted.indirection_table


def test_hash_config_needs_hash_report():
    device = Device(features="CTRL_VQ+MQ+RSS", hash_types="linux")
    (change,) = read_changes(
        [("1s", f"--hash-config {encode_hash_config(Device(hash_types='linux')).hex()}")], [device]
    )
    with pytest.raises(ConfigurationError, match="HASH_CONFIG needs the HASH_REPORT feature"):
        change_device(device, change)
