"""Payloads from dumps of xxd, hexdump, od and others: the programs themselves where they are installed."""

import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcaphash.device import Device
from pcaphash.device.dumps import DumpRefusal, read_dump
from pcaphash.device.payloads.options import decode_hash_tunnel_set, decode_rss_config, encode_rss_config
from pcaphash.errors import ConfigurationError

DEVICE = Device(hash_types="linux", queues=4, indirection_table=[3, 2, 1, 0] * 32, unclassified_queue=1)
PAYLOAD = encode_rss_config(DEVICE)


def rows(data, width=16):
    return [(at, data[at : at + width]) for at in range(0, len(data), width)]


def text_of(data):
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data)


def groups(data, size):
    return " ".join(data[i : i + size].hex() for i in range(0, len(data), size))


def xxd(data, size=2, width=16):
    column = 2 * width + width // size
    return "".join(f"{at:08x}: {groups(part, size):{column}} {text_of(part)}\n" for at, part in rows(data, width))


def hexdump_c(data, is_short=True):
    """Write as ``hexdump -C`` does, with an asterisk for lines that repeat."""
    lines, before, starred = [], b"", False
    for at, part in rows(data):
        if is_short and part == before:
            lines += [] if starred else ["*"]
            starred = True
            continue
        before, starred = part, False
        lines.append(f"{at:08x}  {groups(part[:8], 1)}  {groups(part[8:], 1):23}  |{text_of(part)}|")
    return "\n".join([*lines, f"{len(data):08x}", ""])


def od(data, base="o"):
    return "".join(f"{at:07{base}} {groups(part, 1)}\n" for at, part in rows(data)) + f"{len(data):07{base}}\n"


DUMPS = {
    "xxd": xxd,
    "xxd -g1": lambda data: xxd(data, 1),
    "xxd -c8": lambda data: xxd(data, 2, 8),
    "xxd -u": lambda data: xxd(data).upper(),
    "xxd without text": lambda data: "".join(f"{at:08x}: {groups(part, 2)}\n" for at, part in rows(data)),
    "hexdump -C": hexdump_c,
    "hexdump -Cv": lambda data: hexdump_c(data, is_short=False),
    "od -tx1": od,
    "od -A d -tx1": lambda data: od(data, "d"),
    "od -A x -tx1z": lambda data: "".join(f"{at:06x} {groups(p, 1):47}  >{text_of(p)}<\n" for at, p in rows(data)),
    "an analyser": lambda data: "".join(f"{at:04x}   {groups(p, 1):47}   {text_of(p)}\n" for at, p in rows(data)),
    "tcpdump -x": lambda data: "".join(f"\t0x{at:04x}:  {groups(part, 2)}\n" for at, part in rows(data)),
}


@pytest.mark.parametrize("dump", DUMPS)
@given(data=st.binary(min_size=1, max_size=400) | st.binary(min_size=1, max_size=17).map(lambda data: data * 30))
def test_every_dump_of_everything(dump, data):
    assert read_dump(DUMPS[dump](data)) == data


@pytest.mark.parametrize("dump", DUMPS)
@pytest.mark.parametrize("quote", ["", "> ", "    ", "# "])
def test_payloads(tmp_path, dump, quote):
    text = "".join(f"{quote}{line}\n" for line in DUMPS[dump](PAYLOAD).splitlines())
    path = tmp_path / "payload.txt"
    path.write_text(text)
    assert decode_rss_config(text) == decode_rss_config(path) == decode_rss_config(PAYLOAD)


@pytest.mark.parametrize(
    "command",
    [
        ("xxd",),
        ("xxd", "-g1"),
        ("xxd", "-p"),
        ("xxd", "-i"),
        ("hexdump", "-C"),
        ("od", "-tx1"),
        ("od", "-Ax", "-tx1z", "-v"),
        ("od", "-An", "-v", "-tx1"),
    ],
    ids=" ".join,
)
def test_what_the_programs_write(tmp_path, command):
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    path = tmp_path / "payload.bin"
    path.write_bytes(PAYLOAD)
    written = subprocess.run([*command, path.name], capture_output=True, check=True, cwd=tmp_path).stdout
    (tmp_path / "dump.txt").write_bytes(written)
    assert decode_rss_config(written.decode()) == decode_rss_config(tmp_path / "dump.txt") == decode_rss_config(path)


@pytest.mark.parametrize("text", ["{0x50, 0x00, 0x00, 0x00};", "[80, 0, 0, 0]", "\\x50\\x00\\x00\\x00", "50-00-00-00"])
def test_payloads_in_other_notations(text):
    assert decode_hash_tunnel_set(text).options["tunnel_types"] == "VXLAN+GENEVE"


def words(data, base="x", size=2):
    """Write as ``hexdump`` and ``od`` do by default on a machine that puts the low byte first."""
    columns = (
        " ".join(f"{int.from_bytes(p[i : i + size], 'little'):0{2 * size}x}" for i in range(0, len(p), size))
        for _, p in rows(data)
    )
    return "".join(f"{16 * i:07{base}} {column}\n" for i, column in enumerate(columns)) + f"{len(data):07{base}}\n"


@pytest.mark.parametrize("text", [words(PAYLOAD), words(PAYLOAD, "o"), words(PAYLOAD, "x", 4), words(PAYLOAD[:40])])
def test_words_in_the_order_of_the_machine_are_refused(text):
    with pytest.raises(ConfigurationError) as caught:
        decode_rss_config(text)
    assert str(caught.value.place) == "rss_config"
    assert "words, in the byte order of the machine that made it" in caught.value.problem
    assert caught.value.advice == "dump it with xxd, hexdump -C or od -tx1"


def test_groups_of_four_bytes_are_read_where_their_text_shows_the_order():
    data = b"\x01abc\x02def\x03ghi\x04jkl\x05mno"
    assert read_dump(xxd(data, 4)) == data
    swapped = "".join(
        f"{at:08x}: {' '.join(p[i : i + 4][::-1].hex() for i in range(0, len(p), 4)):35}  {text_of(p)}\n"
        for at, p in rows(data)
    )
    assert read_dump(swapped) == data
    with pytest.raises(DumpRefusal, match="line 1: words of 4 bytes, and their byte order is unknown"):
        read_dump(xxd(bytes(range(16)), 4))


def test_a_line_that_is_missing():
    lines = xxd(PAYLOAD).splitlines(keepends=True)
    with pytest.raises(
        ConfigurationError, match="line 3: the offset does not continue from the previous line; copy the whole"
    ):
        decode_rss_config("".join([*lines[:2], *lines[3:]]))


@pytest.mark.parametrize("base", "xod")
def test_the_line_after_a_gap_is_named_whatever_base_offsets_are_in_and_whatever_repeats(base):
    row, other = groups(bytes(16), 1), groups(bytes(range(16)), 1)
    offsets = [f"{at:07{base}}" for at in (0, 0x200, 0x210, 0x230)]
    text = f"{offsets[0]} {row}\n*\n{offsets[1]} {other}\n{offsets[2]} {other}\n{offsets[3]} {other}\n"
    with pytest.raises(DumpRefusal, match="line 5: the offset does not continue"):
        read_dump(text)


@pytest.mark.parametrize("end", ["ffffffff", "ffffffffffffffff", "00000008"])
def test_an_asterisk_that_stands_for_no_payload_is_refused(end):
    with pytest.raises(ConfigurationError, match="line 3: the offset does not continue from the previous line"):
        decode_rss_config(f"00000000  {groups(bytes(16), 1)}\n*\n{end}\n")


@pytest.mark.parametrize(
    "text", ["", "3f00", "0000003f", "00000000", "0000 3f00", "3f000000 0300 0100", "hello", "0000: x"]
)
def test_what_is_no_dump(text):
    assert read_dump(text) is None


@given(st.text("0123456789abcdef:*| \n>", max_size=200))
def test_any_text_is_a_dump_or_none_or_refused_in_one_line(text):
    try:
        outcome = repr(read_dump(text))
    except DumpRefusal as error:
        outcome = str(error)
    assert len(outcome.splitlines()) == 1
