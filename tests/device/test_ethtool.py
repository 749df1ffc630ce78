"""Devices from outputs of ethtool, as they are pasted, logged and cut."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcaphash.device import Device
from pcaphash.device.ethtool.options import read_ethtool
from pcaphash.errors import ConfigurationError
from pcaphash.standards.virtio import MICROSOFT_KEY

KEY = MICROSOFT_KEY.hex(":")


def header(interface="eth0", rings=4):
    return f"RX flow hash indirection table for {interface} with {rings} RX ring(s):\n"


def rows(entries):
    """Write a table as ethtool does."""
    lines = [
        f"{first:5}: " + "".join(f" {entry:5}" for entry in entries[first : first + 8])
        for first in range(0, len(entries), 8)
    ]
    return "".join(f"{line}\n" for line in lines)


def functions(enabled="toeplitz"):
    states = (f"    {name}: {'on' if name in enabled.split() else 'off'}\n" for name in ("toeplitz", "xor", "crc32"))
    return "RSS hash function:\n" + "".join(states)


def transforms(enabled=""):
    names = ("symmetric-xor", "symmetric-or-xor")
    states = (f"    {name}: {'on' if name in enabled.split() else 'off'}\n" for name in names)
    return "RSS input transformation:\n" + "".join(states)


def shown(entries, key=KEY, interface="eth0", rings=4, enabled="toeplitz", transform=""):
    return f"{header(interface, rings)}{rows(entries)}RSS hash key:\n{key}\n{functions(enabled)}{transforms(transform)}"


def flow(name, *fields):
    protocol, version = name[:3].upper(), name[3]
    title = f"{protocol} over IPV{version} flows use these fields for computing Hash flow key:\n"
    return title + "".join(f"{field}\n" for field in fields) + "\n"


SOURCE, DESTINATION = "IP SA", "IP DA"
PORTS = ("L4 bytes 0 & 1 [TCP/UDP src port]", "L4 bytes 2 & 3 [TCP/UDP dst port]")
ALL_FOUR = (SOURCE, DESTINATION, *PORTS)
DEFAULT = [i % 4 for i in range(128)]


@pytest.fixture
def read(tmp_path):
    """Return what reads a text as a file."""

    def read_text(text, interface=""):
        path = tmp_path / "ethtool.txt"
        path.write_bytes(text.encode())
        return read_ethtool(f"{path}{interface}").options

    return read_text


@pytest.fixture
def refusal(tmp_path, read):
    """Return what says why a text is refused, without the name of the file."""

    def refuse(text, interface=""):
        with pytest.raises(ConfigurationError) as caught:
            read(text, interface)
        assert str(caught.value.place) == f"ethtool={tmp_path / 'ethtool.txt'}{interface}"
        assert "\n" not in str(caught.value)
        return f"{caught.value.problem}; {caught.value.advice}"

    return refuse


def test_a_whole_output(read):
    options = read(shown(DEFAULT))
    assert options == {
        "hash_key": MICROSOFT_KEY.hex(),
        "input_transform": "none",
        "queues": 4,
        "indirection_table_size": 128,
    }
    assert Device(**options) == Device(queues=4)


def test_a_table_of_its_own(read):
    device = Device(**read(shown([3, 2, 1, 0] * 4)))
    assert device.indirection_table == (3, 2, 1, 0) * 4
    assert (device.queues, device.table_index) == (4, "mask")


def test_rings_that_the_table_leaves_out_count(read):
    assert Device(**read(shown([0, 1] * 8, rings=6))).queues == 6


def test_a_table_of_another_length_is_indexed_by_the_remainder(read):
    device = Device(**read(shown([i % 3 for i in range(100)], rings=3)))
    assert (len(device.indirection_table), device.table_index) == (100, "modulo")
    device = Device(**read(shown([2, 1, 0], rings=3)))
    assert (device.indirection_table, device.table_index) == ((2, 1, 0), "modulo")


def test_the_largest_table(read):
    entries = [i * 7 % 32768 for i in range(65536)]
    assert Device(**read(shown(entries, rings=32768))).indirection_table == tuple(entries)


@pytest.mark.parametrize("n_bytes", [40, 52, 60, 255])
def test_long_keys(read, n_bytes):
    key = bytes(range(n_bytes))
    assert Device(**read(shown(DEFAULT, key.hex(":")))).hash_key == key


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_key_of_zeros_is_hidden(tmp_path, form):
    path = tmp_path / "ethtool.txt"
    zeros = bytes(40)
    values = {"rss-indirection-table": DEFAULT, "rss-hash-key": list(zeros)}
    path.write_text(shown(DEFAULT, zeros.hex(":")) if form == "text" else as_json(**values))
    found = read_ethtool(path)
    assert "hash_key" not in found.options
    assert found.options["queues"] == 4
    (note,) = found.notes
    assert "hash key is shown as zeros" in note
    assert "ethtool -X eth0 hkey KEY" in note
    assert found.is_key_hidden
    given = read_ethtool(path, {"hash_key"})
    assert (given.notes, given.is_key_hidden) == ((), False)
    # A command that sets such a key means it.
    path.write_text(f"{path.read_text()}\n# ethtool -X eth0 hkey {zeros.hex(':')}\n")
    set_to_zeros = read_ethtool(path)
    assert (set_to_zeros.options["hash_key"], set_to_zeros.notes) == (zeros.hex(), ())


@pytest.mark.parametrize("width", [1, 2, 3, 4, 31, 80, 118])
def test_keys_over_several_lines(read, width):
    wrapped = "\n".join(KEY[i : i + width] for i in range(0, len(KEY), width))
    assert read(shown(DEFAULT, wrapped))["hash_key"] == MICROSOFT_KEY.hex()


@pytest.mark.parametrize("key", [MICROSOFT_KEY.hex(), MICROSOFT_KEY.hex(" "), KEY.upper(), f"  {KEY}  "])
def test_keys_in_other_notations_of_bytes(read, key):
    assert read(shown(DEFAULT, key))["hash_key"] == MICROSOFT_KEY.hex()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: text.replace("\n", "\r\r\n"),
        lambda text: "\n".join(line.strip() for line in text.split("\n")),
        lambda text: "\n".join("\t".join(line.split(" ")) for line in text.split("\n")),
        lambda text: "\ufeff" + text,
        lambda text: text.rstrip(),
        lambda text: f"root@host:~# ethtool -x eth0\n{text}root@host:~# \n",
        lambda text: f"[root@host ~]# ethtool -x eth0\n{text}[root@host ~]#\n",
        lambda text: f"$ sudo ethtool -x eth0\n{text}$\n",
        lambda text: f"# my NIC, {text[:20]}\n\n{text}\n# the end\n",
        lambda text: text.replace("RSS hash key:\n", "RSS hash key: "),
        lambda text: f"driver: ixgbe\nversion: 6.1\n\n{text}\ndriver: ixgbe\n",
    ],
)
def test_copies_that_suffered(read, change):
    text = shown([1, 0, 3, 2, 1]) + flow("tcp4", SOURCE, DESTINATION)
    assert read(change(text)) == read(text)


def test_parts_that_are_not_supported(read):
    assert read(f"{header()}Operation not supported\nRSS hash key:\n{KEY}\n") == {
        "hash_key": MICROSOFT_KEY.hex(),
        "queues": 4,
    }
    assert read(f"{header()}{rows([1, 0])}RSS hash key:\nOperation not supported\n{functions()}") == {
        "queues": 4,
        "indirection_table": [1, 0],
    }
    assert read(f"{header()}Operation not supported RSS hash key:\n{KEY}\n")["hash_key"] == MICROSOFT_KEY.hex()
    assert read(f"{header()}Operation not supportedRSS hash key:\nOperation not supportedRSS hash function:\n") == {
        "queues": 4
    }
    assert read(f"{header()}{rows([1, 0])}RSS hash function:\n    Operation not supported\n")["queues"] == 4


@pytest.mark.parametrize(("enabled", "expected"), [("", "none"), ("symmetric-xor",) * 2, ("symmetric-or-xor",) * 2])
def test_input_transformations(read, enabled, expected):
    assert Device(**read(shown(DEFAULT, transform=enabled))).input_transform == expected


def as_json(**values):
    return json.dumps([{"ifname": "eth0", **values}], indent=4)


WHOLE_JSON = as_json(
    **{
        "rss-indirection-table": [0, 1, 2, 2],
        "rss-hash-key": list(MICROSOFT_KEY),
        "rss-hash-function": "toeplitz",
        "rss-input-transformation": {"symmetric-xor": True, "symmetric-or-xor": False},
    }
)


@pytest.mark.parametrize("prompt", ["", "[root@host ~]# ethtool --json -x eth0\n", "\n\n"])
def test_json(read, prompt):
    assert read(f"{prompt}{WHOLE_JSON}\n{flow('udp4', 'None')}") == {
        "hash_key": MICROSOFT_KEY.hex(),
        "input_transform": "symmetric-xor",
        "queues": 3,
        "indirection_table": [0, 1, 2, 2],
        "hash_types": "TCPv4+IPv6+TCPv6+UDPv6",
    }


def test_json_on_one_line_and_as_one_object(read):
    values = json.loads(WHOLE_JSON)
    assert read(json.dumps(values)) == read(json.dumps(values[0])) == read(WHOLE_JSON)


@pytest.mark.parametrize(
    ("flows", "hash_types"),
    [
        ([flow("tcp4", *ALL_FOUR)], "linux"),
        ([flow("tcp4", SOURCE, DESTINATION)], "IPv4+UDPv4+IPv6+TCPv6+UDPv6"),
        ([flow("tcp4", "None")], "UDPv4+IPv6+TCPv6+UDPv6"),
        ([flow("udp6", SOURCE, DESTINATION), flow("tcp6", *ALL_FOUR)], "IPv4+TCPv4+UDPv4+IPv6+TCPv6"),
        ([flow("udp4", "None"), flow("tcp4", *ALL_FOUR)], "TCPv4+IPv6+TCPv6+UDPv6"),
        ([flow(name, "None") for name in ("tcp4", "udp4", "tcp6", "udp6")], "none"),
        ([flow(name, SOURCE, DESTINATION) for name in ("tcp4", "udp4", "tcp6", "udp6")], "IPv4+IPv6"),
        (["tcp4 sd\nudp4: s d f n\n"], "IPv4+UDPv4+IPv6+TCPv6+UDPv6"),
        (["ethtool -N eth0 rx-flow-hash udp4 sd\n"], "IPv4+TCPv4+IPv6+TCPv6+UDPv6"),
        ([flow("udp6", "s d")], "IPv4+TCPv4+UDPv4+IPv6+TCPv6"),
        ([flow("udp6", "sd")] * 2, "IPv4+TCPv4+UDPv4+IPv6+TCPv6"),
        (["For RSS context 1:\n" + flow("udp4", SOURCE, DESTINATION)], "IPv4+TCPv4+IPv6+TCPv6+UDPv6"),
    ],
)
def test_flow_types(read, flows, hash_types):
    expected = {"hash_types": Device(hash_types=hash_types).hash_types_text}
    assert read("".join(flows)) == expected
    assert (
        read(shown([1, 0]) + "".join(flows)) == read("".join(flows) + shown([1, 0])) == read(shown([1, 0])) | expected
    )


def test_what_is_shown_of_other_protocols_is_passed_over(read, refusal):
    others = (
        "SCTP over IPV4 flows use these fields for computing Hash flow key:\nIP SA\nL4 bytes 0 & 1 [TCP/UDP src port]\n"
    )
    commands = "$ ethtool -n eth0 rx-flow-hash sctp4\n"
    failed = "Cannot get RX network flow hashing options: Operation not supported\n"
    assert read(f"{shown([1, 0])}{commands}{others}{failed}") == read(shown([1, 0]))
    told = refusal(others)
    assert told.startswith("line 1 shows only rx-flow-hash of sctp4, which no hash type covers; save that of tcp4")


TWO = shown([0, 1]) + shown([1, 0], interface="ens3", enabled="xor")


def test_one_of_several_interfaces(read, refusal):
    assert refusal(TWO).startswith("shows several interfaces that differ: eth0, ens3; choose one, such as ethtool=")
    assert refusal(TWO).endswith("ethtool.txt#eth0")
    assert read(TWO, "#eth0") == read(shown([0, 1]))
    assert "line 16: the RSS hash function is xor" in refusal(TWO, "#ens3")
    assert refusal(TWO, "#eth1") == "shows no interface 'eth1'; it shows eth0, ens3"


def test_several_interfaces_that_agree(read):
    assert read(shown([0, 1]) + shown([0, 1], interface="ens3")) == read(shown([0, 1]))


def test_flows_of_several_interfaces(read, refusal):
    command = "$ ethtool -n {} rx-flow-hash udp4\n".format
    two = shown([0, 1]) + shown([0, 1], interface="ens3")
    flows = command("eth0") + flow("udp4", *ALL_FOUR) + command("ens3") + flow("udp4", SOURCE, DESTINATION)
    assert read(two + flows, "#eth0")["hash_types"] == Device(hash_types="linux").hash_types_text
    assert "UDPv4" not in read(two + flows, "#ens3")["hash_types"]
    assert "differ: eth0, ens3" in refusal(two + flows)
    assert "line 23: it is unclear which interface this rx-flow-hash belongs to" in refusal(
        two + flow("udp4", *ALL_FOUR), "#eth0"
    )


def test_a_file_whose_name_has_the_mark_is_read_as_it_is(tmp_path):
    path = tmp_path / "nic#1.txt"
    path.write_text(shown([0, 1]))
    assert read_ethtool(path) == read_ethtool(f"{path}#eth0")
    assert read_ethtool(path).options["queues"] == 4


WORDS = " ".join(MICROSOFT_KEY[i : i + 4].hex() for i in range(0, 40, 4))
REFUSALS = [
    ("", "is empty; save the output of ethtool -x IF"),
    (" \n\n", "is empty"),
    ("hello\n", "has no output of ethtool -x or of ethtool -n IF rx-flow-hash; save"),
    ("$ ethtool -x eth0\n", "has no output of ethtool"),
    ("[]", "has no output of ethtool"),
    ('[ { "ifname": "eth0", "speed": 1 } ]', "has no output of ethtool"),
    (as_json(**{"rss-hash-function": "toeplitz"}), "line 1: neither a hash key nor an indirection table is shown"),
    ("RSS hash key:\n", "line 1: neither a hash key nor an indirection table"),
    (shown([0, 1], WORDS), "line 4: the RSS hash key is in words of unknown byte order"),
    (shown([0, 1], WORDS.replace(" ", "\n")), "line 4: the RSS hash key is in words"),
    (shown([0, 1], "0x6d5a56da 0x255b0ec2"), "line 4: the RSS hash key is in words"),
    (shown([0, 1], "6d5a 56da"), "line 4: the RSS hash key is in words"),
    (shown([0, 1], "0x6d:0x5a"), "line 4: the RSS hash key is in words"),
    (shown([0, 1], WORDS), "write two hex digits per byte, in order, separated by colons, as ethtool -x prints"),
    (shown([0, 1], "6d:5a:5"), "line 4: the RSS hash key 6d:5a:5 is not in bytes"),
    (shown([0, 1], "6d:5a\n5g:da"), "line 5: '5g:da' is not part of a hash key"),
    (shown([0, 1]) + f"RSS hash key:\n{KEY}\n", "line 12: a second RSS hash key"),
    (shown([0, 1], enabled="xor"), "line 5: the RSS hash function is xor, but only toeplitz can be calculated"),
    (shown([0, 1], enabled="crc32"), "the RSS hash function is crc32, but only toeplitz"),
    (shown([0, 1], enabled=""), "the RSS hash function is none"),
    (shown([0, 1]).replace("crc32: off", "Unknown hash function: 0x8"), "function is 0x8, but only toeplitz"),
    (as_json(**{"rss-hash-function": "xor"}), "line 1: the RSS hash function is xor"),
    (as_json(**{"rss-hash-function-raw": 8}), "the RSS hash function is 8"),
    (
        shown([0, 1], transform="symmetric-xor symmetric-or-xor"),
        "line 9: the RSS input transformation symmetric-xor and s",
    ),
    (
        f"{transforms()}    Unknown bits in RSS input transformation: 0x4\n",
        "input transformation 0x4 cannot be calculated",
    ),
    (header(rings=0), "line 1: 0 RX rings, but a device has 1 to 32768"),
    (header(rings=-1), "line 1: -1 RX rings"),
    (header(rings=32769), "line 1: 32769 RX rings"),
    (shown([0, 1, 4]), "line 2: queue 4 is in the indirection table, but with 4 RX rings the last is 3"),
    (
        header() + rows([0] * 24).replace("   16:", "   24:"),
        "line 4: the row of entry 24, but entry 16 should be next",
    ),
    (header() + rows([0] * 24).replace("    8:", "    0:"), "line 3: the row of entry 0, but entry 8 should be next"),
    (header() + "    0:  0 1\n    8:  0 1\n", "line 3: the row of entry 8, but entry 2 should be next"),
    (header() + "    0:  0 1 x\n", "line 2: '0: 0 1 x' is not a row of the indirection table; write rows such as"),
    (header() + "    0:  0 -1\n", "line 2: '0: 0 -1' is not a row"),
    (header() + "    0:\n", "line 2: '0:' is not a row"),
    (header() + rows([0] * 65544), "line 8194: the indirection table has more than 65536 entries"),
    (shown([0, 1]) + shown([1, 0]), "line 12: a second output of ethtool -x eth0 that differs from the first"),
    ('[ {\n"ifname": "eth0",\n', "line 3 is not JSON"),
    ("[" * 100000, "has no output of ethtool"),
    ('[{"a":' * 100000, "is not JSON"),
    (
        as_json(**{"rss-indirection-table": [0, "1"]}),
        "rss-indirection-table contains '1', which is not a whole number from 0",
    ),
    (as_json(**{"rss-indirection-table": [0, True]}), "contains True"),
    (as_json(**{"rss-indirection-table": [0, -1]}), "contains -1"),
    (as_json(**{"rss-indirection-table": [0, 32768]}), "contains 32768"),
    (as_json(**{"rss-indirection-table": 5}), "rss-indirection-table is not a list"),
    (as_json(**{"rss-hash-key": [256]}), "rss-hash-key contains 256, which is not a whole number from 0 to 255"),
    (as_json(**{"rss-hash-key": KEY}), "rss-hash-key is not a list"),
    (flow("tcp4"), "line 1: no fields follow for tcp4"),
    (flow("tcp4", SOURCE), "line 1: tcp4 has fields that no hash type covers (s); only sd, sdfn and None"),
    (flow("tcp4", *ALL_FOUR, "VLAN tag"), "has fields that no hash type covers (dfnsv)"),
    (flow("udp6", SOURCE, DESTINATION, "IPv6 Flow Label"), "line 1: udp6 has fields that no hash type covers (dls)"),
    (flow("udp4", *ALL_FOUR) + flow("udp4", "None"), "line 7: udp4 contradicts line 1"),
    (
        flow("udp4", "None") + flow("tcp4", SOURCE, DESTINATION),
        "line 1: udp4 hashes nothing, but tcp4 hashes addresses: no hash_types can express both",
    ),
    ("TCP over IPV4 flows - All matching flows discarded on RX\n", "line 1: tcp4 flows are discarded"),
]


@pytest.mark.parametrize(("text", "part"), REFUSALS)
def test_refusals_name_the_line(refusal, text, part):
    assert part in refusal(text)


@pytest.mark.parametrize("name", ["missing.txt", "missing.txt#eth0", ".", "a\0b"])
def test_a_file_that_cannot_be_read(tmp_path, name):
    with pytest.raises(ConfigurationError, match="check the path and its permissions") as caught:
        read_ethtool(f"{tmp_path}/{name}")
    assert str(caught.value.place) == f"ethtool={tmp_path}/{name}"


def test_a_file_that_is_far_too_long(tmp_path):
    path = tmp_path / "long"
    path.write_bytes(b"0" * (1 << 24) + b"0")
    with pytest.raises(ConfigurationError, match="is longer than any ethtool output"):
        read_ethtool(path)


WHOLE = shown([1, 0, 3, 2, 1], transform="symmetric-xor") + flow("tcp4", *ALL_FOUR) + WHOLE_JSON


@given(
    st.one_of(
        st.binary(max_size=300),
        st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 60), st.text(max_size=20)).map(
            lambda cut: (WHOLE[: cut[0]] + cut[2] + WHOLE[cut[0] + cut[1] :]).encode()
        ),
    )
)
def test_any_file_gives_a_device_or_a_one_line_refusal(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "ethtool-any.txt"
    path.write_bytes(data)
    try:
        outcome = repr(Device(**read_ethtool(path).options))
    except ConfigurationError as error:
        outcome = str(error)
    assert len(outcome.splitlines()) == 1


def test_the_table_of_an_rss_context_behind_the_main_one_is_refused(read, refusal):
    told = refusal(f"{shown([0, 1, 2, 3])}RSS Context ID: 1\n{header()}{rows([1, 1])}")
    assert "RSS Context ID: 1 follows" in told
    assert "keep only the one" in told
    assert read(f"RSS Context ID: 1\n{shown([3, 2, 1, 0])}")["indirection_table"] == [3, 2, 1, 0]
