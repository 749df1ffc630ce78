"""The hash key in every notation that is accepted, and those that are not."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcaphash.device.hash_key import DRIVER_KEYS, NAMED_KEYS, TITLES, parse_hash_key
from pcaphash.errors import ConfigurationError
from pcaphash.standards import hash_keys, virtio
from support.shared import ROOT

KEY = virtio.MICROSOFT_KEY


def c_bytes(key, per_line=8):
    lines = [", ".join(f"0x{byte:02x}" for byte in key[i : i + per_line]) for i in range(0, len(key), per_line)]
    return ",\n    ".join(lines)


NOTATIONS = {
    "hex": bytes.hex,
    "capitals": lambda key: key.hex().upper(),
    "colons": lambda key: key.hex(":"),
    "colons between groups": lambda key: key.hex(":", 4),
    "blanks": lambda key: key.hex(" "),
    "dashes": lambda key: key.hex("-").upper(),
    "commas": lambda key: key.hex(","),
    "commas and blanks": lambda key: ", ".join(f"{byte:02x}" for byte in key),
    "dots": lambda key: key.hex("."),
    "0x and the whole": lambda key: f"0x{key.hex()}",
    "0x and blanks": lambda key: " ".join(map(hex, key)),
    "0x and colons": lambda key: ":".join(map(hex, key)),
    "0X": lambda key: ",".join(f"0X{byte:02X}" for byte in key),
    "lines of pairs": lambda key: "\n".join(key[i : i + 16].hex(" ") for i in range(0, len(key), 16)),
    "C bytes": c_bytes,
    "C bytes with a last comma": lambda key: f"{c_bytes(key)},\n",
    "C array": lambda key: f"static const uint8_t rss_key[{len(key)}] = {{\n    {c_bytes(key)},\n}};\n",
    "C array with comments": lambda key: "/* 0x11 } */ char k[] = { // { it\n " + c_bytes(key, 5) + " /* end */ };",
    "C array of decimals": lambda key: f"u8 key[] = {{ {', '.join(map(str, key))} }};",
    "JSON": lambda key: json.dumps(list(key)),
    "JSON on lines": lambda key: json.dumps(list(key), indent=1),
    "JSON of one name": lambda key: json.dumps({"rss-hash-key": list(key)}),
    "JSON of hex": lambda key: json.dumps([f"{byte:02x}" for byte in key]),
    "a list of Python": lambda key: f"[{', '.join(map(hex, key))}]",
    "bytes of Python": lambda key: f"bytes([{', '.join(map(hex, key))}])",
    "quotes": lambda key: f'"{key.hex(":")}"',
    "escapes": lambda key: "".join(f"\\x{byte:02x}" for byte in key),
    "escapes in quotes": lambda key: '"' + "".join(f"\\x{byte:02X}" for byte in key) + '"',
    "escapes in strings": lambda key: "char k[] =\n" + "\n".join(f' "\\x{byte:02x}"' for byte in key) + ";",
}  # fmt: skip


@pytest.mark.parametrize("notation", NOTATIONS)
@given(key=st.binary(min_size=9, max_size=300))
def test_every_key_in_every_notation(notation, key):
    parsed = parse_hash_key(NOTATIONS[notation](key))
    assert parsed == key
    assert type(parsed) is bytes


@given(st.binary(min_size=1, max_size=300))
def test_keys_that_are_no_text(key):
    assert parse_hash_key(key) == parse_hash_key(bytearray(key)) == parse_hash_key(list(key)) == key
    assert parse_hash_key(f" {key.hex()}\n") == parse_hash_key(key.hex(" ")) == key


@pytest.mark.parametrize("width", [24, 32, 40, 60])
def test_lines_of_bytes_are_no_words(width):
    assert parse_hash_key("\n".join(KEY.hex()[i : i + width] for i in range(0, 80, width))) == KEY


def test_words_that_read_the_same_either_way():
    assert parse_hash_key("0xfefefefe, 0xfefefefe") == b"\xfe" * 8
    assert parse_hash_key("0000 ffff") == b"\0\0\xff\xff"


def test_named_keys():
    assert parse_hash_key("microsoft") == KEY
    assert parse_hash_key(" Symmetric ") == bytes.fromhex("6d5a" * 20)
    assert set(NAMED_KEYS) == set(TITLES) == set(hash_keys.DRIVERS)


@pytest.mark.parametrize(
    ("driver", "key"),
    [
        ("ixgbe", KEY),
        ("net_ixgbe", KEY),
        ("hinic", KEY),
        ("mlx4", hash_keys.MLX5_KEY),
        ("NetVSC", hash_keys.MLX5_KEY),
        ("mana", hash_keys.MLX5_KEY),
        ("sfc", b"\x6d\x5a" * 20),
        ("i40e", hash_keys.I40E_KEY),
        ("atlantic", hash_keys.ATLANTIC_KEY),
        ("cnxk", b"\xfe" * 48),
    ],
)
def test_keys_of_drivers(driver, key):
    assert parse_hash_key(driver) == key


def test_every_name_is_in_the_docs():
    page = (ROOT / "docs" / "devices.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \|(.*?)\|", page, re.MULTILINE))
    for name, drivers in hash_keys.DRIVERS.items():
        assert re.findall(r"`(\w+)`", rows[name]) == [driver for driver in drivers if driver != name]


def test_names_are_not_hex():
    for name in (*NAMED_KEYS, *DRIVER_KEYS):
        assert len(name) % 2 or not set(name) <= set("0123456789abcdef")  # e1000 has five digits


@pytest.mark.parametrize("content", [KEY.hex(":"), f"{KEY.hex()}\n", NOTATIONS["C array"](KEY), KEY])
def test_files(tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "key.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert parse_hash_key(f"@{path}") == parse_hash_key(str(path)) == parse_hash_key("key.txt") == KEY


def test_dumps(tmp_path):
    rows = [(at, KEY[at : at + 16]) for at in range(0, 40, 16)]
    xxd = "".join(f"{at:08x}: {row.hex(' ', -2):39}  {'.' * len(row)}\n" for at, row in rows)
    path = tmp_path / "key.xxd"
    path.write_text(xxd)
    assert parse_hash_key(xxd) == parse_hash_key(f"@{path}") == KEY
    words = "".join(f"{at:07x} {row.hex(' ', -2)}\n" for at, row in rows)
    with pytest.raises(ConfigurationError, match="the hash key is a dump: line 1: this dump shows 16-bit words"):
        parse_hash_key(words)


def test_files_that_give_no_key(tmp_path):
    with pytest.raises(ConfigurationError, match=r"nothing.txt': No such file"):
        parse_hash_key(f"@{tmp_path}/nothing.txt")
    path = tmp_path / "key.txt"
    for content, part in (
        ("0x6d5a56da 0x255b0ec2", "in 32-bit words"),
        ("hello", "which is not hex"),
        ("", "the hash key is empty"),
        ("0" * 70000, "is longer than any hash key"),
    ):
        path.write_text(content)
        with pytest.raises(ConfigurationError, match=part):
            parse_hash_key(f"@{path}")


NO_BYTES = "the byte order of the words is unknown"
LOW_FIRST = ", ".join(f"0x{int.from_bytes(hash_keys.I40E_KEY[i : i + 4], 'little'):08x}" for i in range(0, 52, 4))


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ("", "the hash key is empty"),
        (b"", "the hash key is empty"),
        ([], "the hash key is empty"),
        ("{ }", "the hash key is empty"),
        ("6d5", "an odd number of hex digits"),
        ("6d 5 a5", "has '5', an odd number of hex digits"),
        ("6d:5", "has '6d:5', which is not hex"),
        ("6d:5:a5", "not hex"),
        (":6d", "not hex"),
        ("6d::5a", "not hex"),
        ("hello", "'hello' is not hex, the name of a key or a file; write its bytes, or one of these names: micro"),
        ("symetric", "did you mean symmetric?"),
        ("ixbge", "did you mean ixgbe?"),
        ("atlantik", "did you mean atlantic?"),
        ("6d5a/56da", "not hex"),
        ("0x6d5a56da,0x255b0ec2", f"is written in 32-bit words, and {NO_BYTES}"),
        ("0x6d5a56da", NO_BYTES),
        ("6d5a56da 255b0ec2", NO_BYTES),
        ("6d5a 56da 255b", "in 16-bit words"),
        ("0x6d5a56da255b0ec2, 0x4167253d43a38fb0", "in 64-bit words"),
        ("uint32_t k[] = { 0x6d5a56da, 0x255b0ec2 };", NO_BYTES),
        ("6d5a56da,255b0ec2", "write its bytes in the order of hash_key_data"),
        (LOW_FIRST, "it may be the key of the i40e driver: use hash_key=i40e"),
        ("0x6d, 0x5g", "has '0x5g', which is not hex"),
        ("[109, 256]", "contains 256, but a byte is at most 255"),
        ("\\x6d\\x5", "has characters besides \\x escapes"),
        (5, "5 is not a hash key"),
        ([0x6D, 256], "is not a hash key: it contains values that are not numbers from 0 to 255"),
        ([0x6D, "5a"], "is not a hash key"),
    ],
)  # fmt: skip
def test_refusals(value, part):
    with pytest.raises(ConfigurationError) as caught:
        parse_hash_key(value)
    assert str(caught.value.place) == "hash_key"
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.text(max_size=60) | st.text("0123456789abcdefx{}[],;:\\\"' \n", max_size=60))
def test_any_text_gives_a_key_or_a_one_line_refusal(text):
    try:
        outcome = parse_hash_key(text).hex()
    except ConfigurationError as error:
        outcome = str(error)
    assert len(outcome.splitlines()) == 1


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-be with its mark"]


def encode(text, encoding):
    return b"\xfe\xff" + text.encode("utf-16-be") if "mark" in encoding else text.encode(encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("notation", ["hex", "colons", "C array", "JSON", "escapes"])
def test_a_file_may_have_any_usual_encoding(tmp_path, encoding, notation):
    file = tmp_path / "key.txt"
    file.write_bytes(encode(NOTATIONS[notation](KEY) + "\r\n", encoding))
    assert parse_hash_key(f"@{file}") == KEY


def test_blanks_that_do_not_break_lines_are_blanks(tmp_path):
    file = tmp_path / "key.txt"
    file.write_text(KEY.hex(" ").replace(" ", "\u00a0"), "utf-8")
    assert parse_hash_key(f"@{file}") == KEY


def test_text_with_other_characters_is_not_taken_as_bytes(tmp_path):
    file = tmp_path / "key.txt"
    file.write_text(KEY.hex(" ").replace(" ", "\u2013"), "utf-8")
    with pytest.raises(ConfigurationError, match="which is not hex"):
        parse_hash_key(f"@{file}")


@pytest.mark.parametrize("key", [KEY, bytes(range(40)), bytes(range(200, 252)), b"\xff\xfe" * 20])
def test_a_file_may_hold_the_bytes_themselves(tmp_path, key):
    file = tmp_path / "key.bin"
    file.write_bytes(key)
    assert parse_hash_key(f"@{file}") == key


@pytest.mark.parametrize(
    "text",
    [
        f"RSS hash key:\n{KEY.hex(':')}\n",
        f"RSS key: {KEY.hex().upper()}",
        f"hkey {KEY.hex(':')}",
        f"net.core.netdev_rss_key = {KEY.hex(':')}",
        f"`{KEY.hex()}`",
        f"\ufeff{KEY.hex(':')}",
        "\n".join(f"> {line}" for line in c_bytes(KEY).splitlines()),
        "\n".join(f">> {line}" for line in ["u8 key[] = {", *c_bytes(KEY).splitlines(), "};"]),
    ],
)
def test_what_stands_around_a_pasted_key(text):
    assert parse_hash_key(text) == KEY


@pytest.mark.parametrize("width", [60, 62, 80, 3])
def test_a_terminal_may_break_lines_at_colons(width):
    text = KEY.hex(":")
    assert parse_hash_key("\n".join(text[i : i + width] for i in range(0, len(text), width))) == KEY


def test_a_list_may_hold_text():
    assert parse_hash_key([f"{byte:02x}" for byte in KEY]) == KEY
    assert parse_hash_key([hex(byte) for byte in KEY]) == KEY
    with pytest.raises(ConfigurationError, match="32-bit words"):
        parse_hash_key([KEY[i : i + 4].hex() for i in range(0, 40, 4)])


@pytest.mark.parametrize("path", ["rss.key", "./key", "/no/such/key.txt", "~/key.bin"])
def test_a_file_that_is_not_there(path):
    with pytest.raises(ConfigurationError) as caught:
        parse_hash_key(path)
    assert caught.value.problem == f"{path!r} is not hex, and there is no such file"
