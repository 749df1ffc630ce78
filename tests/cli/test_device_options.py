"""Devices as the command line is told of them: keys, ports, hash types, what other programs print."""

import pytest

from pcaphash.standards.virtio import MICROSOFT_KEY
from support.command import run
from support.shared import ROOT, SHARED, needs_shared

MICROSOFT, VXLAN = ROOT / "sample_traces" / "microsoft.pcap", ROOT / "sample_traces" / "vxlan.pcap"
FIRST = "0x51ccc178"
"""What Microsoft's page has for the first packet, with ports."""


def first_hash(*options, stdin=b""):
    done = run("hashes", MICROSOFT, "-c", 1, *options, stdin=stdin)
    assert done.returncode == 0
    return done.stdout.decode().splitlines()[1].split(",")[10]


def refusal(*options, stdin=b""):
    done = run("hashes", MICROSOFT, *options, stdin=stdin)
    assert (done.returncode, done.stdout) == (2, b"")
    (line,) = done.stderr.decode().splitlines()
    return line


C_ARRAY = ",\n".join(", ".join(f"0x{byte:02x}" for byte in MICROSOFT_KEY[i : i + 8]) for i in range(0, 40, 8))


@pytest.mark.parametrize(
    "key",
    [C_ARRAY, f"static uint8_t key[40] = {{\n{C_ARRAY}\n}};", MICROSOFT_KEY.hex(" "), "ixgbe", "@{file}", "{file}"],
)
def test_keys(tmp_path, key):
    path = tmp_path / "key.h"
    path.write_text(f"{{ {C_ARRAY} }}\n")
    assert first_hash("--key", key.replace("{file}", str(path))) == FIRST


@needs_shared
def test_the_key_of_a_public_report():
    assert first_hash("--key", (SHARED / "cases/reports/g08-key-c-array.txt").read_text()) == FIRST


def test_short_keys():
    line = refusal("--key", MICROSOFT_KEY[:16].hex())
    assert (
        "--key: 16 bytes, but hashing IPv6 addresses and ports needs 40; give the whole key, or add --pad-key" in line
    )
    assert first_hash("--key", MICROSOFT_KEY[:16].hex(), "--pad-key") == FIRST
    assert first_hash("--key", MICROSOFT_KEY[:16].hex(), "--hash-types", "tcp4") == FIRST


@pytest.mark.parametrize("ports", [["4789,8472"], ["4789", "8472"], ["8472 4789"], ["4789,8472", "4789"]])
def test_ports(ports):
    options = [word for port in ports for word in ("--vxlan-port", port)]
    done = run("hashes", VXLAN, *options)
    assert done.returncode == 0
    assert done.stdout == run("hashes", VXLAN).stdout


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (("--vxlan-port", "4789;8472"), "--vxlan-port: '4789;8472' is not a whole number; give decimal numbers"),
        (("--geneve-port", "x"), "--geneve-port: 'x' is not a whole number"),
        (("--vxlan-port", "70000"), "--vxlan-port: 70000 is out of range"),
        (("--queues", "four"), "error: --queues: 'four' is not a whole number; give one, such as 8"),
        (("-c", "1.5"), "-c: '1.5' is not a whole number"),
        (("--indirection-table-size", "1k"), "--indirection-table-size: '1k' is not a whole number"),
        (("--hash-types", "ipv4-frag"), "no hash type for 'ipv4-frag'; use IPv4"),
        (("--hash-types", "TCPv4,UDPv9"), "did you mean UDPv4 or UDPv6?"),
        (("--key", "mlx9"), "did you mean mlx"),
    ],
)
def test_refusals(options, part):
    assert part in refusal(*options)


@pytest.mark.parametrize("types", ["ipv4-tcp", "tcp4", "TCPv4,UDPv4", "RTE_ETH_RSS_NONFRAG_IPV4_TCP", "tcp"])
def test_hash_types(types):
    assert first_hash("--hash-types", types) == FIRST


def test_ethtool_from_standard_input():
    line = f"ethtool -X eth0 hkey {MICROSOFT_KEY.hex(':')} equal 4\n"
    done = run("hashes", MICROSOFT, "--ethtool", "-", "--key", "symmetric", "--queues", "2", stdin=line.encode())
    told = done.stderr.decode()
    assert "--key symmetric overrides 6d5a56da" in told
    assert "--queues 2 overrides 4 of --ethtool -" in told
    assert "--ethtool -: line 1: ethtool -X does not say how many entries the table has" in told
    assert done.returncode == 0


def test_an_input_transformation_of_the_command_line_wins(tmp_path):
    path = tmp_path / "eth0.txt"
    path.write_text(
        "RX flow hash indirection table for eth0 with 2 RX ring(s):\n    0:  0 1\n"
        f"RSS hash key:\n{MICROSOFT_KEY.hex(':')}\nRSS input transformation:\n    symmetric-xor: on\n"
    )
    done = run("hashes", MICROSOFT, "-c", 1, "--ethtool", path, "--input-transform", "none")
    assert FIRST in done.stdout.decode()
    assert "--input-transform none overrides symmetric-xor of --ethtool" in done.stderr.decode()
    path.write_text(path.read_text().replace(": on", ": off") + "    Unknown bits in RSS input transformation: 0x10\n")
    assert "set what the device does with --input-transform" in refusal("--ethtool", path)
    assert first_hash("--ethtool", path, "--input-transform", "none") == FIRST


def test_a_table_of_a_file_that_needs_more_queues_is_told_by_the_name_of_the_file(tmp_path):
    shown = tmp_path / "eth0.txt"
    shown.write_text("RX flow hash indirection table for eth0 with 16 RX ring(s):\n    0:      0     1     2    15\n")
    done = run("analyze", MICROSOFT, "--ethtool", shown, "--queues", "4")
    said = f"error: --ethtool {shown}: its indirection table has receive queue 15, but with --queues 4, the last is 3"
    assert said in done.stderr.decode()
    assert done.returncode == 2
    assert run("analyze", MICROSOFT, "--ethtool", shown, "--queues", "16").returncode == 0
    assert run("analyze", MICROSOFT, "--ethtool", shown, "--queues", "4", "--indirection-table", "0,3").returncode == 0
