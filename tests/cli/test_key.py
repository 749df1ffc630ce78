"""``pcaphash key``: what it says, writes and refuses."""

import json
import sys
from subprocess import run as run_process

import pytest

from support.command import complaints, run

GRE = "sample_traces/gre.pcap"
SECRET = "8f" + bytes(range(100, 139)).hex()


def said(*words):
    result = run("key", *words)
    assert result.returncode == 0
    return result.stdout.decode()


def joined(text):
    """Put lines together that were one."""
    return text.replace("\n    ", " ")


def test_a_key_is_examined_without_a_trace():
    result = run("key")
    assert (result.returncode, complaints(result)) == (0, [])
    text = result.stdout.decode()
    said_first = joined(text).replace("\n  ", " ")
    assert said_first.startswith("Apart from being published, the key has no weakness: an address or a source port ")
    assert (
        joined(said("--key", SECRET))
        .replace("\n  ", " ")
        .startswith(
            "The key has no weakness: an address or a source port that takes every value reaches all 128 table entries."
        )
    )
    assert "It is published (Microsoft's published key), so anybody can calculate its" in text
    assert "IPv6 addresses and ports: source port" in text


def test_neither_compiler_nor_kernels_are_needed():
    code = "import sys; from pcaphash.studies.key import examine_key; examine_key(); print(*sys.modules)"
    loaded = run_process([sys.executable, "-c", code], capture_output=True, check=True).stdout.decode().split()
    assert {"numba", "llvmlite", "numpy", "pandas"} & set(loaded) == set()


def test_weak_keys_are_named():
    assert said("--key", "symmetric").startswith("The key is weak: it gives only 65,536 different hash values.")
    ones = said("--key", "ff" * 40)
    assert "can reach only 2 of 128 table entries: bits 0 to 6 of the index only change together." in joined(ones)
    assert "It repeats itself after 1 bit: it has only 1 window of 32 bits." in ones
    zero = run("key", "--key", "00" * 40)
    assert zero.stdout.decode().startswith("The key is all zero: every hash is 0")
    assert any("all bytes of the hash key are 0" in line for line in complaints(zero))
    padded = said("--key", "01" * 16, "--pad-key")
    assert "hashes do not depend on" in padded
    assert "Its last 24 bytes are zero" in padded
    short = said("--key", bytes(range(7, 23)).hex(), "--hash-types", "IPv4+TCPv4")
    assert "too few for hash types that are not enabled here: 36 for IPv6" in joined(short)
    assert "It has 52 bytes; no hash depends on those after the first 40." in said("--key", "i40e")
    assert said("--input-transform", "symmetric-or-xor").startswith("With symmetric-or-xor,")
    (line,) = complaints(run("key", "--key", "01" * 16))
    assert "16 bytes, but hashing IPv6 addresses and ports needs 40" in line


def test_low_bits_of_the_index_may_be_all_that_is_symmetric():
    key = bytearray(bytes.fromhex("6d5a" * 20))
    key[0] ^= 0x80  # which only the highest bit of a hash depends on
    text = said("--key", bytes(key).hex())
    assert "the same table index" in joined(text)


def test_configurations_stand_side_by_side():
    text = said("--config", "ours=all@mlx5", "--config", "other=all@symmetric")
    assert "ours: Apart from being published, the key has no weakness" in text
    assert "other: The key is weak" in text
    table = said("--config", "a=base", "--config", "b=addresses", "--format", "csv").splitlines()
    assert len(table) == 1 + 12 + 4
    assert table[1].startswith("a,ipv4-addresses,source-address,,,32,7,7,128,,,")


@pytest.mark.parametrize(("words", "named"), [
    (["-c", "5"], "-c 5"),
    (["--vni", "7", "-c", "3"], "-c 3 --vni 7"),
    (["--direction", "all"], "--direction all"),
    (["--strip", "gre", "--format", "json"], "--strip gre"),
])  # fmt: skip
def test_packets_are_not_selected_without_a_trace(words, named):
    result = run("key", *words)
    assert (result.returncode, result.stdout) == (2, b"")
    (line,) = complaints(result)
    assert line.endswith(f"{named}: selects packets, but no trace is given; name one, or leave this out")


def test_packets_are_selected_of_a_trace():
    assert json.loads(said(GRE, "-c", "5", "--format", "json"))["packets"] == 5


def test_traces_say_what_varies_in_traffic(tmp_path):
    text = said(GRE)
    assert "inner: what the traffic reaches of 128 table entries" in text
    found = json.loads(said(GRE, "--hash-types", "base", "--format", "json"))
    (configuration,) = found["configurations"]
    assert found["packets"] > 0
    assert configuration["weaknesses"] == ["published"]
    assert {each["kind"] for each in configuration["traffic"]} <= {"ipv4-addresses", "ipv4-ports", "ipv6-addresses"}
    assert all(each["text"] for each in configuration["traffic"])
    (port,) = (
        choice
        for each in configuration["inputs"]
        if each["kind"] == "ipv4-ports"
        for choice in each["choices"]
        if choice["varying"] == "source-port"
    )
    assert (port["bits"], port["rank"], port["reachable"], port["dependencies"]) == (16, 7, 128, [])
    unhashed = said(GRE, "--features", "CTRL_VQ+HASH_REPORT")
    assert "Without RSS there is no table whose entries could be reached." in " ".join(unhashed.split())
    (line,) = complaints(run("key", tmp_path / "missing.pcap"))
    assert "No such file" in line


@pytest.mark.parametrize(("words", "lines"), [
    (["--flavor", "ena-gen5", "--key", "00" * 40], ["every hash is 0xffffffff"]),
    (["--flavor", "ena-gen5", "--key", "6d5a56da", "--pad-key"], ["bits 0 to 6 of the index are always 1"]),
    (["--flavor", "ena-gen5", "--key", "6db6db" * 13 + "6d"], ["It repeats itself after 24 bits: it has only 24"]),
    (["--indirection-table-size", "65536"], ["two IPv4 addresses, 8 ports lead", "two IPv6 addresses, 1 port leads"]),
    (["--indirection-table-size", "65536"], ["nothing that varies reaches fewer table entries than with 99 of 100"]),
    (["--indirection-table-size", "1", "--queues", "1"], ["no weakness: the table has only one entry."]),
    (["--table-index", "modulo", "--indirection-table-size", "100"], ["has 100 entries, which is not a power of two"]),
    (["--key", "ff" * 40], ["Every input: all bits can reach only 2 of 128 table entries"]),
    (["--key", "00" * 36 + "11223344"], ["with it, some traffic reaches fewer table entries"]),
])  # fmt: skip
def test_sentences_say_what_is_so(words, lines):
    text = " ".join(said(*words).split())
    for line in lines:
        assert line in text
