"""Device options in a TOML file."""

import pytest

from pcaphash.device import Device, combine_options, read_options
from pcaphash.errors import ConfigurationError

EVERY_WORD = """
spec = "1.4"
hash_types = "linux"
tunnel_types = 0x50
features = ["CTRL_VQ", 60, "HASH_TUNNEL"]
key = "6d:5a:56:da:25:5b:0e:c2:41:67:25:3d:43:a3:8f:b0:d0:ca:2b:cb:ae:7b:30:b4:77:cb:2d:a3:80:30:f2:0c:6a:42:b7:3b"
queues = 4
indirection_table = [3, 2, 1, 0]
indirection_table_size = 4
unclassified_queue = 1
vxlan_port = 4789
geneve_port = [6081, 7000]
vxlan_gpe_port = [4790]
gre_udp_port = []
"""


def write(tmp_path, text):
    path = tmp_path / "device.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_every_word(tmp_path):
    device = Device(**read_options(write(tmp_path, EVERY_WORD)))
    assert device == Device(
        spec="1.4",
        hash_types=0x3F,
        tunnel_types="VXLAN+GENEVE",
        features="CTRL_VQ+RSS+HASH_TUNNEL",
        hash_key="6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73b",
        queues=4,
        indirection_table="3,2,1,0",
        unclassified_queue=1,
        vxlan_ports=[4789],
        geneve_ports=[6081, 7000],
        vxlan_gpe_ports=[4790],
        gre_udp_ports=[],
    )


def test_an_empty_file_gives_the_defaults(tmp_path):
    assert Device(**read_options(write(tmp_path, ""))) == Device()
    assert Device(**read_options(str(write(tmp_path, "# nothing\n")))) == Device()


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('hash_type = "linux"', "'hash_type' is not an option of a device; did you mean hash_types?"),
        ('hash_key = "6d5a"', "did you mean key?"),
        ("vxlan_ports = [1]", "did you mean vxlan_port?"),
        ('zzz = "1"', "use spec, hash_types"),
        ("[device]\nqueues = 4", "'device' is not an option"),
        ("spec = 1.4", 'spec = 1.4 is not text in quotes; write spec = "..."'),
        ('queues = "8"', "queues = '8' is not a whole number; write queues = 8"),
        ("queues = true", "queues = True is not a whole number"),
        ("queues = 8.0", "queues = 8.0 is not a whole number"),
        ("hash_types = [1]", "hash_types = [1] is not text in quotes or a whole number"),
        ("key = 0x6d5a", "is not text in quotes"),
        ("features = 60", "features = 60 is not text in quotes or a list"),
        ("indirection_table = 128", "indirection_table = 128 is not text in quotes or a list"),
        ("vxlan_port = '4789'", "is not a whole number or a list"),
        ("queues = 2024-01-01", "is not a whole number"),
        ("queues = ", "is no TOML"),
        ("queues = 1\nqueues = 2", "is no TOML"),
        (b"\xff\xfe", "is no TOML"),
    ],
)
def test_refusals(tmp_path, text, part):
    path = write(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        read_options(path)
    assert caught.value.option == f"--device {path}"
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_a_file_that_cannot_be_read(tmp_path, name):
    with pytest.raises(ConfigurationError, match="check the path and its permissions"):
        read_options(tmp_path / name)


def test_list_elements_are_judged_by_the_device(tmp_path):
    with pytest.raises(ConfigurationError, match=r"--geneve-port: 6081\.5 is no whole number"):
        Device(**read_options(write(tmp_path, "geneve_port = [6081.5]")))


def test_the_command_line_wins():
    assert combine_options({"queues": 4, "spec": "1.4"}, {"queues": 2}) == {"queues": 2, "spec": "1.4"}
    assert combine_options({"queues": 4}, {}) == {"queues": 4}


def test_a_table_or_size_of_the_command_line_displaces_both_of_the_file():
    of_file = {"indirection_table": [0, 1], "indirection_table_size": 2, "queues": 2}
    assert combine_options(of_file, {"indirection_table_size": 64}) == {"indirection_table_size": 64, "queues": 2}
    assert combine_options(of_file, {"indirection_table": "1,0"}) == {"indirection_table": "1,0", "queues": 2}
    assert of_file["indirection_table"] == [0, 1]
