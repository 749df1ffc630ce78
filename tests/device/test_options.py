"""Options of several sources: which wins, and what is said of it."""

import pytest

from pcaphash.device import combine_options, list_overrides


def test_the_last_wins():
    assert combine_options({"queues": 4, "spec": "1.4"}, {"queues": 2}) == {"queues": 2, "spec": "1.4"}
    assert combine_options({"queues": 4}, {}) == {"queues": 4}
    assert combine_options() == {}
    assert combine_options({"queues": 1}, {"queues": 2, "spec": "v7"}, {"queues": 3}) == {"queues": 3, "spec": "v7"}


def test_a_table_or_size_displaces_both():
    of_file = {"indirection_table": [0, 1], "indirection_table_size": 2, "queues": 2}
    assert combine_options(of_file, {"indirection_table_size": 64}) == {"indirection_table_size": 64, "queues": 2}
    assert combine_options(of_file, {"indirection_table": "1,0"}) == {"indirection_table": "1,0", "queues": 2}
    assert of_file["indirection_table"] == [0, 1]


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ({"queues": 8}, {"queues": 4}, ["queues=4 overrides 8 of FILE"]),
        ({"queues": 8}, {"queues": 8, "spec": "1.4"}, []),
        ({"hash_key": "6d:5A"}, {"hash_key": "6d5a"}, []),
        ({"hash_key": "6d5a" * 20}, {"hash_key": "symmetric"}, []),
        ({"hash_key": "6d5a"}, {"hash_key": "6d5b"}, ["hash_key=6d5b overrides 6d5a of FILE"]),
        ({"hash_types": "linux"}, {"hash_types": 0x3F}, []),
        ({"hash_types": "linux"}, {"hash_types": "base"}, ["hash_types=base overrides linux of FILE"]),
        ({"hash_types": "nonsense"}, {"hash_types": "base"}, ["hash_types=base overrides nonsense of FILE"]),
        ({"spec": "1.4", "tunnel_types": "VXLAN"}, {"tunnel_types": 0x10}, []),
        ({"features": ["CTRL_VQ", 60]}, {"features": "17+60"}, []),
        ({"vxlan_ports": 4789}, {"vxlan_ports": [4789]}, []),
        ({"vxlan_ports": [1, 2]}, {"vxlan_ports": [4789]}, ["vxlan_ports=4789 overrides 1,2 of FILE"]),
        ({"indirection_table": [0, 1]}, {"indirection_table": "0, 1"}, []),
        (
            {"indirection_table": [0, 1] * 64},
            {"indirection_table_size": 64},
            [
                "indirection_table_size=64 overrides "
                "indirection_table=0,1,0,1,0,1,0,1,0,1,0,1,0,1,0,1,0,1,0,1,... of FILE"
            ],
        ),
        ({"flavor": "Spec"}, {"flavor": "qemu"}, ["flavor=qemu overrides Spec of FILE"]),
        ({"table_index": "modulo"}, {"table_index": "Modulo"}, []),
    ],
)
def test_what_is_overridden(before, after, lines):
    assert list_overrides([("FILE", before), ("", after)]) == lines


def test_each_source_is_held_against_the_one_that_won_before_it():
    sources = [
        ("device_file=d.toml", {"queues": 8, "indirection_table": [0]}),
        ("ethtool=eth0.txt", {"queues": 4, "indirection_table_size": 128}),
        ("", {"queues": 2, "indirection_table_size": 64}),
    ]
    assert list_overrides(sources) == [
        "ethtool=eth0.txt: queues=4 overrides 8 of device_file=d.toml",
        "ethtool=eth0.txt: indirection_table_size=128 overrides indirection_table=0 of device_file=d.toml",
        "queues=2 overrides 4 of ethtool=eth0.txt",
        "indirection_table_size=64 overrides 128 of ethtool=eth0.txt",
    ]
