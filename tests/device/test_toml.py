"""Device options in a TOML file."""

import pytest

from pcaphash.device import Device, read_device_file, read_options
from pcaphash.device.files import device_from_toml
from pcaphash.device.options import WORDS
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
table_index = "modulo"
inner_miss = "outer"
flavor = "spec"
input_transform = "symmetric-or-xor"
pad_key = true
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
        hash_key="6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73b00000000",
        queues=4,
        indirection_table="3,2,1,0",
        unclassified_queue=1,
        vxlan_ports=[4789],
        geneve_ports=[6081, 7000],
        vxlan_gpe_ports=[4790],
        gre_udp_ports=[],
        table_index="modulo",
        inner_miss="outer",
        input_transform="symmetric-or-xor",
    )
    assert set(WORDS) == {line.split(" =")[0] for line in EVERY_WORD.split("\n")} - {""}


def test_an_empty_file_gives_the_defaults(tmp_path):
    assert Device(**read_options(write(tmp_path, ""))) == Device()
    assert Device(**read_options(str(write(tmp_path, "# nothing\n")))) == Device()


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('hash_type = "linux"', "line 1: 'hash_type' is not an option of a device; did you mean hash_types?"),
        ('hash_key = "6d5a"', "did you mean key?"),
        ("vxlan_ports = [1]", "did you mean vxlan_port?"),
        ('zzz = "1"', "use spec, hash_types"),
        ("queues = 4\n\n[device]\nqueues = 4", "line 3: 'device' is not an option"),
        ("spec = 1.4", 'spec = 1.4 is not text in quotes; write spec = "..."'),
        ('# no\n queues = "8"', "line 2: queues = '8' is not a whole number; write queues = 8"),
        ("queues = true", "queues = True is not a whole number"),
        ("queues = 8.0", "queues = 8.0 is not a whole number"),
        ("hash_types = [1]", "hash_types = [1] is not text in quotes or a whole number"),
        ("key = 0x6d5a", "is not text in quotes"),
        ("features = 60", "features = 60 is not text in quotes or a list"),
        ("indirection_table = 128", "indirection_table = 128 is not text in quotes or a list"),
        ("vxlan_port = true", "is not a whole number or a list or text in quotes"),
        ("pad_key = 1", "pad_key = 1 is not true or false; write pad_key = true"),
        ("queues = 2024-01-01", "is not a whole number"),
        ("queues = ", "is not TOML"),
        ("queues = 1\nqueues = 2", "is not TOML"),
        (b"\xff\xfe=", "is not TOML"),
        ("queues = 4\n[config.a]\nqueues = '2'", "line 3: queues = '2' is not a whole number"),
        ('[config."a b"]\n"queue" = 2', "line 2: 'queue' is not an option of a device; did you mean queues?"),
        ("queues = 4\nconfig.a.queues = '2'", ": queues = '2' is not a whole number"),
        ("config = 'linux'", "line 1: config is for tables, one for each configuration; write [config.NAME]"),
        ("[config]\nqueues = 4", "line 1: config is for tables"),
        ("name = 'a'", "'name' is not an option of a device"),
    ],
)
def test_refusals(tmp_path, text, part):
    path = write(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        read_options(path)
    assert str(caught.value.place) == f"device_file={path}"
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_a_file_that_cannot_be_read(tmp_path, name):
    with pytest.raises(ConfigurationError, match="check the path and its permissions"):
        read_options(tmp_path / name)


def test_list_elements_are_judged_by_the_device(tmp_path):
    with pytest.raises(ConfigurationError, match=r"geneve_ports: 6081\.5 is not a whole number"):
        Device(**read_options(write(tmp_path, "geneve_port = [6081.5]")))


def test_configurations(tmp_path):
    text = 'queues = 4\n[config.plain]\n[config.mine]\nhash_types = "linux"\nkey = "symmetric"\nvxlan_port = [4790]\n'
    file = read_device_file(write(tmp_path, text))
    assert file.options == {"queues": 4}
    assert file.configs == {
        "plain": {},
        "mine": {"hash_types": "linux", "hash_key": "symmetric", "vxlan_ports": [4790]},
    }
    assert list(file.configs) == ["plain", "mine"]
    assert read_device_file(write(tmp_path, "queues = 4")).configs == {}


def test_devices_from_files(tmp_path):
    path = write(tmp_path, 'queues = 4\nvxlan_port = "4789,8472"\n[config.a]\nhash_types = "tcp4,udp4"\nqueues = 2\n')
    assert device_from_toml(path) == Device(queues=4)
    assert device_from_toml(path, queues=3) == Device(queues=3)
    device = device_from_toml(str(path), "a", unclassified_queue=1)
    assert device == Device(hash_types="TCPv4+UDPv4", queues=2, unclassified_queue=1, name="a")
    with pytest.raises(ConfigurationError, match=r"has no \[config.b\]; it has a"):
        device_from_toml(path, "b")


def test_keys_and_ports_in_every_notation(tmp_path):
    path = write(tmp_path, 'key = """\n{ 0x6d, 0x5a,\n  0x56, 0xda }"""\npad_key = true\nvxlan_port = "4789 8472"\n')
    assert device_from_toml(path) == Device(hash_key=b"\x6d\x5a\x56\xda", pad_key=True, vxlan_ports=[4789, 8472])
    path = write(tmp_path, "key = [109, 90, 86]\npad_key = true\n")
    assert device_from_toml(path).hash_key == b"\x6d\x5a\x56" + bytes(37)
    path = write(tmp_path, 'key = "6d5a"\n')
    with pytest.raises(ConfigurationError, match="2 bytes, but hashing IPv6 addresses and ports needs 40"):
        device_from_toml(path)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_files_of_windows(tmp_path, encoding):
    text = EVERY_WORD.replace("\n", "\r\n")
    assert read_options(write(tmp_path, text.encode(encoding))) == read_options(write(tmp_path, EVERY_WORD))


@pytest.mark.parametrize("form", ["{}", "0x{:02x}", '"{:02x}"', '"0x{:02x}"'])
def test_a_key_as_an_array(tmp_path, form):
    key = bytes(range(200, 240))
    text = f"key = [\n  {', '.join(form.format(byte) for byte in key)},\n]\n"
    assert Device(**read_options(write(tmp_path, text))).hash_key == key
