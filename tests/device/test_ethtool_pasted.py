"""Outputs and commands of ethtool as people paste them: quoted, commented, wrapped, with what they did in between."""

import json

import pytest

from pcaphash.device import Device
from pcaphash.device.ethtool.options import parse_ethtool, read_ethtool
from pcaphash.device.files import device_from_ethtool
from pcaphash.errors import ConfigurationError
from pcaphash.standards.virtio import MICROSOFT_KEY
from support.shared import SHARED, needs_shared

KEY = MICROSOFT_KEY.hex(":")
SYMMETRIC = ":".join(["6d:5a"] * 20)


def table(entries, interface="eth0", rings=4):
    lines = [f"RX flow hash indirection table for {interface} with {rings} RX ring(s):"]
    lines += [f"{i:5}: " + "".join(f" {entry:5}" for entry in entries[i : i + 8]) for i in range(0, len(entries), 8)]
    return "\n".join(lines) + "\n"


def output(entries, interface="eth0", rings=4, key=KEY):
    states = "    toeplitz: on\n    xor: off\n    crc32: off\n"
    return f"{table(entries, interface, rings)}RSS hash key:\n{key}\nRSS hash function:\n{states}"


def flow(title, *fields):
    return f"{title} flows use these fields for computing Hash flow key:\n" + "".join(f"{each}\n" for each in fields)


ALL_FOUR = ("IP SA", "IP DA", "L4 bytes 0 & 1 [TCP/UDP src port]", "L4 bytes 2 & 3 [TCP/UDP dst port]")
WHOLE = "$ ethtool -x eth0\n" + output([3] * 8 + [2] * 8) + "\n" + flow("UDP over IPV4", "IP SA", "IP DA")


def options_of(text, interface=None):
    return parse_ethtool(text, interface).options


def refusal(text, interface=None):
    with pytest.raises(ConfigurationError) as caught:
        parse_ethtool(text, interface)
    assert str(caught.value.place) == "ethtool"
    assert "\n" not in str(caught.value)
    return f"{caught.value.problem}; {caught.value.advice}"


def in_front(mark):
    return lambda text: "".join(f"{mark}{line}\n" for line in text.split("\n"))


@needs_shared
def test_the_mail_of_a_public_report():
    device = Device(**read_ethtool(SHARED / "cases/reports/g03-ethtool-mail-quoted.txt").options)
    assert device.hash_key == bytes.fromhex("6d5a" * 20)
    assert device.indirection_table == (3,) * 8 + (2,) * 8
    assert device.queues == 4


@pytest.mark.parametrize(
    "quote",
    [
        *map(
            in_front, ("> ", ">> ", "> > ", ">>> ", ">", "| ", "# ", "// ", "; ", " * ", "JK> ", "&gt; ", "    ", "\t")
        ),
        lambda text: "On Thu, 13 Oct 2022 someone wrote:\n" + in_front("> ")(text),
        lambda text: "".join(f"| {line:90} |\n" for line in text.split("\n")),
        lambda text: f"```\n{text}```\n",
        lambda text: in_front("> ")(text).replace("    8:", "    8:\x1b[0m"),
        lambda text: in_front("> ")(text).replace("RSS hash key:", "RSS hash key:\r"),
    ],
)
def test_quoted(quote):
    assert options_of(quote(WHOLE)) == options_of(WHOLE)


def test_remarks_between_quoted_lines():
    quoted = in_front("> ")(WHOLE).split("\n")
    at = next(i for i, line in enumerate(quoted) if "8:" in line and "2 " in line)
    remarked = [*quoted[:at], "", "Why all threes? And 4 of them:", "4", "", *quoted[at:]]
    assert options_of("\n".join(remarked)) == options_of(WHOLE)
    told = refusal("\n".join([*quoted[:at], "> what is this", *quoted[at:]]))
    assert "'what is this' is not a row of the indirection table" in told


@pytest.mark.parametrize("width", [20, 60, 90])
def test_mails_whose_long_lines_were_wrapped_without_the_mark(width):
    text = in_front("> ")(WHOLE).replace(KEY, f"{KEY[:width]}\n{KEY[width:]}")
    assert options_of(text) == options_of(WHOLE)


def test_a_table_row_that_was_wrapped():
    text = in_front("> ")(WHOLE).replace("3     3     3     3\n", "3     3\n3     3\n")
    assert options_of(text) == options_of(WHOLE)


def test_quoted_json_of_several_interfaces():
    document = [
        {"ifname": name, "rss-indirection-table": entries, "rss-hash-key": list(MICROSOFT_KEY)}
        for name, entries in (("eth0", [0, 1, 1, 0]), ("eth1", [2, 1, 0, 2]))
    ]
    text = in_front("> ")(f"$ ethtool --json -x eth0\n{json.dumps(document, indent=4)}\n")
    assert options_of(text, "eth1")["indirection_table"] == [2, 1, 0, 2]
    assert options_of(text, "eth0")["indirection_table"] == [0, 1, 1, 0]
    assert refusal(text) == "shows several interfaces that differ: eth0, eth1; choose one, such as ethtool=TEXT#eth0"
    one_by_one = "\n".join(json.dumps([each]) for each in document)
    assert options_of(one_by_one, "eth1") == options_of(text, "eth1")


NOT_SET = "    symmetric-xor: on\n    symmetric-or-xor: on\n    Unknown bits in RSS input transformation: 0xfc\n"
NOT_SET_BEFORE = "    symmetric-xor: on\n    Unknown bits in RSS input transformation: 0xfe\n"


@pytest.mark.parametrize("states", [NOT_SET, NOT_SET_BEFORE, "    not set\n", "    symmetric-xor: off\n"])
def test_no_input_transformation(states):
    found = parse_ethtool(f"{output([0, 1])}RSS input transformation:\n{states}")
    assert found.options["input_transform"] == "none"
    assert (found.notes != ()) == ("0xf" in states)


@pytest.mark.parametrize("state", [{"symmetric-xor": True, "symmetric-or-xor": True, "raw": 255}, {"raw": 255}])
def test_no_input_transformation_in_json(state):
    found = parse_ethtool(json.dumps([{"ifname": "eth0", "rss-input-transformation": state}]))
    assert found.options == {"input_transform": "none"}
    assert found.notes == ("ethtool: line 1: the RSS input transformation 0xff means that none was set",)


@pytest.mark.parametrize("name", ["0xzz", "0xff", "0x1"])
def test_only_raw_is_a_number_in_json(name):
    text = json.dumps([{"ifname": "eth0", "rss-input-transformation": {name: True}, "rss-hash-key": list(range(40))}])
    assert refusal(text).startswith(f"line 1: the RSS input transformation {name} cannot be calculated")


def test_an_input_transformation_that_something_else_gives(tmp_path):
    path = tmp_path / "eth0.txt"
    unknown = "    symmetric-xor: off\n    Unknown bits in RSS input transformation: 0x8\n"
    path.write_text(f"{output([0, 1])}RSS input transformation:\n{unknown}")
    with pytest.raises(
        ConfigurationError, match="transformation 0x8 cannot be calculated; set what the device does with"
    ):
        read_ethtool(path)
    options = read_ethtool(path, {"input_transform": "symmetric-xor"}).options
    assert "input_transform" not in options
    assert options["queues"] == 4


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("SCTP over IPV4", "sctp4"),
        ("SCTP over IPV6", "sctp6"),
        ("IPSEC AH/ESP over IPV4", "IPSEC AH/ESP over IPV4"),
        ("GTP-U over IPV4", "GTP-U over IPV4"),
        ("GTP-U PSC Uplink over IPV6", "GTP-U PSC Uplink over IPV6"),
        ("GTP-U over IPV4 Uplink", "GTP-U over IPV4 Uplink"),
        ("Ethernet", "Ethernet"),
    ],
)
def test_flows_that_no_hash_type_covers(title, name):
    told = refusal(flow(title, *ALL_FOUR))
    assert told.startswith(f"line 1 shows only rx-flow-hash of {name}, which no hash type covers; save that of tcp4")
    found = parse_ethtool(output([0, 1]) + flow(title, *ALL_FOUR))
    assert "hash_types" not in found.options
    assert found.notes == (f"ethtool: line 9: rx-flow-hash of {name} is ignored: no hash type covers it",)
    assert "hash_types" in options_of(flow(title, *ALL_FOUR) + flow("TCP over IPV4", *ALL_FOUR))


def test_flows_are_named_as_the_command_names_them():
    told = refusal("$ ethtool -n eth0 rx-flow-hash esp4\n" + flow("IPSEC AH/ESP over IPV4", "IP SA", "IP DA"))
    assert "only rx-flow-hash of esp4," in told
    assert "only rx-flow-hash of sctp4, ah6," in refusal(
        "ethtool -N e rx-flow-hash sctp4 sdfn\nethtool -U e rx-flow-hash ah6 sd"
    )


@needs_shared
def test_the_flow_of_a_public_report():
    with pytest.raises(ConfigurationError, match="shows only rx-flow-hash of sctp4, which no hash type covers"):
        read_ethtool(SHARED / "cases/reports/g13-ethtool-n-sctp4.txt")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (f"ethtool -X eth0 hkey {SYMMETRIC} equal 16", {"hash_key": "6d5a" * 20, "queues": 16}),
        (f"# sudo ethtool -X eth3 hkey {SYMMETRIC.upper()} equal 16", {"hash_key": "6d5a" * 20, "queues": 16}),
        ("ethtool --set-rxfh-indir $IF equal 4;", {"queues": 4}),
        ("ethtool -X eth0 equal 2 && echo done", {"queues": 2}),
        ("> # ethtool --rxfh eth0 xfrm symmetric-xor hfunc toeplitz", {"input_transform": "symmetric-xor"}),
        ("ethtool -X eth0 start 2 equal 2", {"queues": 4, "indirection_table": [2, 3] * 64}),
        ("ethtool -X eth0 weight 1 0 3", {"queues": 3, "indirection_table": [0] * 32 + [2] * 96}),
        ("ethtool -X eth0 start 1 weight 1 2", {"queues": 3, "indirection_table": [1] * 42 + [2] * 86}),
        (
            f"ethtool -X eth0 hkey {SYMMETRIC[:59]}:\\\n   {SYMMETRIC[60:]} \\\n  equal 8",
            {"hash_key": "6d5a" * 20, "queues": 8},
        ),
    ],
)
def test_commands(command, expected):
    found = parse_ethtool(command)
    assert found.options == expected
    assert bool(found.notes) == ("queues" in expected)
    assert all(
        "ethtool -X does not say how many entries the table has; 128 are assumed" in note for note in found.notes
    )


def test_the_line_that_tune_prints_gives_its_device():
    device = Device(hash_types="linux", hash_key=MICROSOFT_KEY, queues=6)
    line = f"ethtool -X DEV hkey {device.hash_key.hex(':')} equal 6"
    assert Device(hash_types="linux", **options_of(line)) == device


def test_commands_change_what_was_shown_before_them():
    before = output([0, 1, 2, 3] * 4)
    after = f"{before}# ethtool -X eth0 weight 2 1 1\n"
    assert parse_ethtool(after).notes == ()
    assert options_of(after)["indirection_table"] == [0] * 8 + [1] * 4 + [2] * 4
    assert options_of(after)["queues"] == 4
    assert options_of(after)["hash_key"] == MICROSOFT_KEY.hex()
    shown_again = f"{after}# ethtool -x eth0\n{output([0] * 8 + [1] * 4 + [2] * 4, key=SYMMETRIC)}"
    assert options_of(shown_again)["hash_key"] == "6d5a" * 20
    back = f"{after}# ethtool -X eth0 default\n"
    assert options_of(back) == options_of(before)
    other = f"{before}# ethtool -X eth1 equal 2\n"
    assert options_of(other, "eth0") == options_of(before)
    assert "differ: eth0, eth1" in refusal(other)


def test_flows_that_a_command_changes():
    shown = "ethtool -n eth0 rx-flow-hash udp4\n" + flow("UDP over IPV4", "IP SA", "IP DA")
    change = "ethtool -N eth0 rx-flow-hash udp4 sdfn\n"
    assert "UDPv4" not in options_of(shown)["hash_types"]
    assert "UDPv4" in options_of(shown + change)["hash_types"]
    again = "ethtool -n eth0 rx-flow-hash udp4\n" + flow("UDP over IPV4", *ALL_FOUR)
    assert options_of(shown + change + again) == options_of(shown + change)
    assert "udp4 contradicts line 2" in refusal(shown + again)


HOST_KEY = bytes(range(1, 53))


@pytest.mark.parametrize(
    "text",
    [
        HOST_KEY.hex(":"),
        f"{HOST_KEY.hex(':')}\n",
        f"$ cat /proc/sys/net/core/netdev_rss_key\n{HOST_KEY.hex(':')}\n$\n",
        f"> net.core.netdev_rss_key = {HOST_KEY.hex(':')}\n",
        f"{HOST_KEY.hex(':')[:75]}\n{HOST_KEY.hex(':')[75:]}\n",
    ],
)
def test_the_key_of_the_host(text):
    assert options_of(text) == {"hash_key": HOST_KEY.hex()}


def test_the_key_of_the_host_counts_where_the_interface_shows_none():
    shown = f"{table([0, 1])}RSS hash key:\nOperation not supported\n$ cat netdev_rss_key\n{HOST_KEY.hex(':')}\n"
    assert options_of(shown)["hash_key"] == HOST_KEY.hex()
    assert options_of(f"{output([0, 1])}\n{HOST_KEY.hex(':')}\n")["hash_key"] == MICROSOFT_KEY.hex()


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("ethtool -X eth0 equal", "line 1: equal needs one value after it"),
        ("ethtool -X eth0 equal 0", "equal 0 is not a number of receive queues"),
        ("ethtool -X eth0 equal N", "equal n is not a number of receive queues; write it in the form ethtool accepts"),
        ("\nethtool -X eth0 weight 1 x", "line 2: the weights '1 x' must be whole numbers"),
        ("ethtool -X eth0 weight 0 0", "the weights '0 0' must be whole numbers, not all of them 0"),
        ("ethtool -X eth0 weight 100 100", "the weights add up to 200, but the table has 128 entries"),
        ("ethtool -X eth0 hkey 6d:5g equal 4", "the hkey '6d:5g' is not hex bytes separated by colons"),
        ("ethtool -X eth0 hfunc xor", "line 1: the RSS hash function is xor, but only toeplitz can be calculated"),
        ("ethtool -X eth0 xfrm symmetric", "the RSS input transformation symmetric cannot be calculated"),
        ("ethtool -X eth0 context new equal 4", "is about an RSS context other than the main one; remove the line"),
        ("ethtool -X eth0 evenly", "ethtool -X does not know 'evenly'"),
        ("ethtool -X eth0 default", "their number is unknown; add the output of ethtool -x"),
        (output([0, 1] * 4) + "ethtool -X eth0 equal 8", "line 9: queue 7 is in the indirection table, but with 4 RX"),
        ("ethtool -X eth0", "neither a hash key nor an indirection table is shown"),
    ],
)  # fmt: skip
def test_refused_commands(text, part):
    assert part in refusal(text)


def test_devices_from_texts_and_files(tmp_path):
    path = tmp_path / "eth 0.txt"
    path.write_text(output([1, 0], "eth0") + output([3, 2, 1, 0], "eth1"))
    expected = Device(indirection_table=[3, 2, 1, 0], queues=4)
    assert device_from_ethtool(path, "eth1") == device_from_ethtool(f"{path}#eth1") == expected
    assert device_from_ethtool(path.read_text(), "eth1") == expected
    assert device_from_ethtool(path, "eth1", queues=8, hash_types="tcp4") == Device(
        indirection_table=[3, 2, 1, 0], queues=8, hash_types="TCPv4"
    )
    with pytest.raises(ConfigurationError, match="differ: eth0, eth1"):
        device_from_ethtool(path)
    with pytest.raises(ConfigurationError, match="No such file"):
        device_from_ethtool(tmp_path / "eth1.txt")


def test_what_a_device_assumes_is_warned_of():
    with pytest.warns(UserWarning, match="128 are assumed"):
        assert device_from_ethtool("ethtool -X eth0 equal 4") == Device(queues=4)


def test_a_session_in_which_channels_change():
    text = (
        f"$ sudo ethtool -x eth0\n{output([0, 1, 0, 1], rings=2)}\n$ sudo ethtool -L eth0 combined 4\n"
        f"$ sudo ethtool -x eth0\n{output([0, 1, 2, 3], rings=4)}"
    )
    found = parse_ethtool(in_front("> ")(text))
    assert (found.options["queues"], found.options["indirection_table_size"], found.notes) == (4, 4, ())
    found = parse_ethtool(f"{text}$ ethtool -L eth0 combined 2\n")
    assert found.options["queues"] == 4
    assert "ethtool -L may have changed the indirection table after it was shown" in found.notes[0]
    assert "has no output" in refusal("$ ethtool -l eth0\nCombined: 4\n")


def test_commands_that_failed_and_commands_that_are_spoken_of():
    shown = output([0, 1, 2, 3])
    failed = "$ sudo ethtool -X eth0 equal 2\nCannot set RX flow hash configuration: Invalid argument\n"
    assert options_of(shown + failed) == options_of(shown)
    assert options_of(shown + in_front("> ")(failed)) == options_of(shown)
    flows = (
        "$ ethtool -N eth0 rx-flow-hash udp4 sdfn\nCannot change RX network flow hashing options: Invalid argument\n"
    )
    assert "hash_types" not in options_of(shown + flows)
    spoken = "Before this change, running `ethtool -X $iface default` fails if there are more.\n\n"
    assert options_of(spoken + shown) == options_of(shown)
    asked = "Please run this:\nethtool -X <iface> weight 0 0 0 1\n\n"
    found = parse_ethtool(asked + shown)
    assert found.options == options_of(shown)
    assert found.notes == ("ethtool: line 2: the command for <iface> is ignored: it names no interface",)


@pytest.mark.parametrize("left_out", ["...", "[...snip...]", "[snip]", "..", "   ...", "…"])
def test_tables_that_are_cut(left_out):
    rows = in_front("> ")(output([7] * 64, rings=8)).split("\n")
    told = refusal("\n".join([*rows[:4], f"> {left_out}", *rows[6:]]))
    assert told == "line 5: part of the output is missing here; copy the whole output again"


def test_rows_behind_something_else_are_not_lost():
    rows = output([7] * 24, rings=8).split("\n")
    told = refusal("\n".join([*rows[:3], "", "about 50 of these", "", *rows[3:]]))
    assert "this row of the indirection table does not follow the one before it; remove the lines between" in told


def test_a_prompt_behind_a_key_in_a_mail():
    key = bytes(range(1, 53)).hex(":")
    prompts = "root@ECA:~# uname\nroot@ECA:~# ethtool --show-priv-flags eth2\n"
    text = f"{table([7] * 16, 'eth2', 12)}RSS hash key:\n{key}\n{prompts}"
    assert options_of(in_front("> > ")(text))["hash_key"] == bytes(range(1, 53)).hex()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be with its mark"])
def test_files_of_windows(tmp_path, encoding):
    text = WHOLE.replace("\n", "\r\n")
    file = tmp_path / "shown.txt"
    file.write_bytes(b"\xfe\xff" + text.encode("utf-16-be") if "mark" in encoding else text.encode(encoding))
    assert read_ethtool(file).options == options_of(WHOLE)


@pytest.mark.parametrize(
    "text",
    [
        "$ ethtool -x eth0\nCannot get RX flow hash indirection table: Operation not supported\n",
        "\nnetlink error: Operation not supported\n",
        "# ethtool -n eth0 rx-flow-hash tcp4\n> Cannot get RX network flow hashing options: Operation not supported",
    ],
)
def test_a_driver_that_does_not_answer(text):
    problem, _, advice = refusal(text).partition("; ")
    assert problem == "line 2: ethtool got no answer from the driver (Operation not supported)"
    assert advice == "describe the device with hash_key, queues and hash_types"


@pytest.mark.parametrize(
    ("function", "transformation", "expected"),
    [
        ("toeplitz", {"symmetric-xor": True, "symmetric-or-xor": False}, "symmetric-xor"),
        ({"toeplitz": "on", "xor": "off", "crc32": "off"}, {"symmetric-xor": False}, "none"),
        ({"toeplitz": True, "xor": False}, "symmetric-or-xor", "symmetric-or-xor"),
        ("toeplitz", "none", "none"),
        ("toeplitz", {"symmetric-xor": False, "symmetric-or-xor": False, "raw": 255}, "none"),
    ],
)
def test_functions_and_transformations_in_json(function, transformation, expected):
    shown = {"ifname": "eth0", "rss-indirection-table": [0, 1], "rss-hash-key": list(MICROSOFT_KEY)}
    shown |= {"rss-hash-function": function, "rss-input-transformation": transformation}
    options = options_of(json.dumps([shown]))
    assert (options["input_transform"], options["hash_key"]) == (expected, MICROSOFT_KEY.hex())


def test_another_function_in_json():
    shown = {"ifname": "eth0", "rss-indirection-table": [0], "rss-hash-function": {"toeplitz": False, "xor": True}}
    assert refusal(json.dumps(shown)).startswith("line 1: the RSS hash function is xor, but only toeplitz")
