"""A device in words."""

import pytest

from pcaphash.device import Device, make_file_configs, parse_config
from pcaphash.report.words.device import (
    describe,
    describe_common,
    describe_own,
    given_and_assumed,
    given_and_assumed_lines,
    warning_lines,
)

OTHER = Device(
    "1.4",
    hash_types="linux",
    tunnel_types="VXLAN",
    features="CTRL_VQ+RSS+HASH_TUNNEL",
    hash_key=bytes(range(40)),
    queues=3,
    indirection_table=[2, 1, 0, 0] * 8,
    unclassified_queue=1,
    vxlan_ports=4789,
    gre_udp_ports=[1, 2],
)

NUMBERS = {"queues", "unclassified_queue"}
ARGUMENTS = {"key": "hash_key"}


NIC = Device(
    queues=3, indirection_table=[0, 1, 2], table_index="modulo", inner_miss="outer", input_transform="symmetric-xor"
)


@pytest.mark.parametrize(
    "device",
    [
        Device(flavor="qemu"),
        Device(vxlan_ports=4790),
        NIC,
        Device(),
        Device("1.4"),
        OTHER,
        Device(features="none"),
        Device(hash_types=0, features="17+22+57"),
    ],
)
def test_the_full_description_gives_the_device_again(device):
    options = {}
    for word, value in describe(device):
        argument = f"{word}s" if word.endswith("_port") else ARGUMENTS.get(word, word)
        options[argument] = int(value) if word in NUMBERS else value
    assert Device(**options) == device


def test_words():
    words = [word for word, _ in describe(Device())]
    assert words[:4] == ["spec", "hash_types", "features", "key"]
    assert "vxlan_gpe_port" not in words  # draft v7 knows no such tunnel
    assert [word for word, _ in describe(Device("1.4"))][:3] == ["spec", "hash_types", "tunnel_types"]
    without_rss = [word for word, _ in describe(Device(features="CTRL_VQ+HASH_REPORT"))]
    assert "indirection_table" not in without_rss
    assert "unclassified_queue" not in without_rss


def test_what_is_common_is_short_and_says_what_is_default():
    assert describe_common(Device()) == [
        ("spec", "v7 (default)"),
        ("features", "CTRL_VQ+MQ+HASH_TUNNEL+HASH_REPORT+RSS (default)"),
        ("key", "Microsoft's published key (default)"),
        ("queues", "8 (default)"),
        ("indirection_table", "128 entries, queue i % 8 at entry i (default)"),
        ("unclassified_queue", "0 (default)"),
        ("vxlan_port", "4789,8472 (default)"),
        ("geneve_port", "6081 (default)"),
    ]


def test_departures_from_the_texts_are_named_only_where_there_are_some():
    words = ["flavor", "table_index", "inner_miss", "input_transform"]
    assert not set(words) & {word for word, _ in describe(Device())}
    assert describe_common(NIC)[-3:] == [
        ("table_index", "modulo"),
        ("inner_miss", "outer"),
        ("input_transform", "symmetric-xor"),
    ]
    qemu = dict(describe_common(Device(flavor="qemu")))
    assert qemu["flavor"] == "qemu"
    assert qemu["features"] == "CTRL_VQ+MQ+HASH_REPORT+RSS (default)"


def test_what_configurations_share_and_what_each_has_of_its_own():
    a, b = Device("1.4", hash_key="symmetric"), Device("1.4", hash_types="linux", inner_miss="outer")
    common = [word for word, _ in describe_common(a)]
    assert [word for word, _ in describe_common(a, [b])] == [word for word in common if word != "key"]
    assert describe_own(a, [b]) == [
        ("hash_types", "IPv4+TCPv4+UDPv4+IPv6+TCPv6+UDPv6+IP_EX+TCP_EX+UDP_EX"),
        ("tunnel_types", a.tunnel_types_text),
        ("key", "symmetric"),
    ]
    assert describe_own(b, [a])[-2:] == [("key", "Microsoft's published key"), ("inner_miss", "outer")]
    assert describe_own(Device()) == [("hash_types", Device().hash_types_text)]


def test_what_is_common_of_another_device():
    assert describe_common(OTHER) == [
        ("spec", "1.4"),
        ("features", "CTRL_VQ+HASH_TUNNEL+RSS"),
        ("key", bytes(range(40)).hex()),
        ("queues", "3"),
        ("indirection_table", "32 entries, 2,1,0,0,2,1,0,0,2,1,0,0,2,1,0,0,..."),
        ("unclassified_queue", "1"),
        ("vxlan_port", "4789"),
        ("geneve_port", "6081 (default)"),
        ("vxlan_gpe_port", "4790 (default)"),
        ("gre_udp_port", "1,2"),
    ]


def test_a_default_that_somebody_gave_is_not_assumed():
    common = dict(describe_common(Device(queues=8, given=["queues", "hash_key", "indirection_table_size"])))
    assert common["queues"] == "8"
    assert common["key"] == "Microsoft's published key"
    assert common["indirection_table"] == "128 entries, queue i % 8 at entry i"
    assert common["spec"] == "v7 (default)"
    assert Device(given=["queues"]) == Device()


def test_tables_in_brief():
    def brief(**options):
        return dict(describe_common(Device(**options)))["indirection_table"]

    assert brief(queues=4) == "128 entries, queue i % 4 at entry i (default)"
    assert brief(indirection_table_size=256) == "256 entries, queue i % 8 at entry i"
    assert brief(indirection_table="1,0") == "1,0"
    assert brief(indirection_table="1,0", queues=2) == "1,0"


def test_what_is_hardly_meant():
    assert warning_lines([Device(), Device("1.4")]) == []
    assert warning_lines([Device(queues=16, indirection_table_size=8)]) == [
        "--indirection-table-size: 8 entries for 16 receive queues: at least 8 of them get no hashed packets"
    ]
    assert warning_lines([Device(queues=4, indirection_table=[0])] * 2) == [
        "--indirection-table-size: 1 entry for 4 receive queues: at least 3 of them get no hashed packets"
    ]
    assert warning_lines([Device(queues=48)]) == [
        "--indirection-table-size: 128 entries do not divide evenly among 48 receive queues: 32 queues have 3, "
        "16 others have 2"
    ]
    (line,) = warning_lines([Device(queues=3, indirection_table_size=4)])
    assert line.endswith("1 queue has 2, 2 others have 1")
    assert warning_lines([Device(hash_key=bytes(40), features="none")]) == [
        "--features has neither RSS nor HASH_REPORT: hashes are calculated, but a real device would not hash",
        "all bytes of the hash key are 0, so all hashes are the same; drivers that do not show their key print zeros",
    ]


def test_a_key_of_one_configuration_is_called_so():
    zero = f"zero=base@{'00' * 40}"
    lines = warning_lines([Device(), parse_config(zero, Device())])
    assert [line.partition(", so")[0] for line in lines] == ["all bytes of the hash key of configuration 'zero' are 0"]
    lines = warning_lines([parse_config(zero, Device())])
    assert [line.partition(", so")[0] for line in lines] == ["all bytes of the hash key are 0"]


def test_what_a_configuration_gives_by_itself_is_given():
    key = Device().hash_key.hex()
    (of_file,) = make_file_configs({"given": frozenset({"queues"}), "queues": 8}, {"one": {"hash_key": key}})
    assert of_file.given == {"queues", "hash_key"}
    named = parse_config(f"one=base/VXLAN@{key}", Device("1.4", given=["queues"]))
    assert named.given == {"queues", "hash_types", "tunnel_types", "hash_key"}
    assert parse_config("one=base", Device(given=["queues"])).given == {"queues", "hash_types"}


def test_what_is_given_and_what_is_assumed_stand_apart():
    device = Device(queues=4, given=["queues"])
    assert given_and_assumed(device)["given"] == "queues 4"
    assert given_and_assumed(device)["assumed"].startswith("spec v7; ")
    assert "queues" not in given_and_assumed(device)["assumed"]
    with_types = given_and_assumed(Device(hash_types="base", given=["hash_types"]), with_types=True, protocol="tcp")
    assert with_types["given"] == "types base"
    assert with_types["assumed"].startswith("protocol tcp; spec v7; ")
    everything = ["spec", "features", "hash_key", "queues", "indirection_table", "unclassified_queue"]
    given = Device(given=[*everything, "vxlan_ports", "geneve_ports"])
    assert [line.partition(":")[0] for line in given_and_assumed_lines(given)] == ["given"]
