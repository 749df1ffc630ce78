"""What shells are offered for values of options, and that it is what the options take."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pcaphash import Device
from pcaphash.cli.completion import formats
from support.command import complaints, run

FORMATS = formats()
PROGRAM = Path(sys.executable).with_name("pcaphash")


def offered(line: str) -> list[str]:
    """Return what bash is offered where a line ends."""
    words = line.split(" ")
    variables = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1), "_PCAPHASH_COMPLETE": "complete_bash"}
    command = [PROGRAM]
    result = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, check=True, timeout=60)
    assert result.stderr == ""
    return result.stdout.split()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("pcaphash ana", ["analyze"]),
        ("pcaphash hash", ["hashes", "hash"]),
        ("pcaphash --color ", ["auto", "always", "never"]),
        ("pcaphash analyze --quie", ["--quiet"]),
        ("pcaphash analyze --spec ", ["v7", "1.4"]),
        ("pcaphash analyze --flavor q", ["qemu", "qemu-ebpf", "qemu-ebpf-inner"]),
        ("pcaphash analyze --key m", ["microsoft", "mlx5", "mana", "mlx4"]),
        ("pcaphash analyze --hash-types TCPv4+UDPv", ["TCPv4+UDPv4", "TCPv4+UDPv6"]),
        ("pcaphash analyze --hash-types UDPv4+UDPv", ["UDPv4+UDPv6"]),
        ("pcaphash analyze --hash-types VX", ["VXLAN_INNER"]),
        ("pcaphash analyze --spec 1.4 --hash-types VX", []),
        ("pcaphash analyze --spec 1.4 --tunnel-types IP", ["IPIP"]),
        ("pcaphash info --encapsulation VX", ["VXLAN", "VXLAN_GPE"]),
        ("pcaphash hash --protocol t", ["tcp"]),
        ("pcaphash sweep --by jain", ["jain_packets", "jain_bytes"]),
        ("pcaphash validate --source ", ["tpacket"]),
        ("pcaphash validate --direction ", ["in", "out", "all"]),
    ],
)
def test_values_are_offered(line, words):
    assert sorted(offered(line)) == sorted(words)


@pytest.mark.parametrize("command", FORMATS)
def test_formats_are_those_of_the_command(command):
    assert offered(f"pcaphash {command} --format ") == list(FORMATS[command])
    needed = {
        "hash": ["192.0.2.1", "192.0.2.2"],
        "explain": ["nothing", "--packet", "1"],
        "synth": [],
        "steer": ["192.0.2.1", "192.0.2.2"],
    }.get(command, ["nothing"])
    (line,) = complaints(run(command, *needed, "--format", "zzz"))
    assert line.endswith(f"choose {', '.join(FORMATS[command])}")


def test_every_command_with_formats_is_known():
    listed = [
        line.split()[0] for line in run("--help").stdout.decode().partition("Commands:\n")[2].splitlines() if line
    ]
    commands = listed[: listed.index("General:")]
    with_formats = [each for each in commands if b"--format" in run(each, "--help").stdout.partition(b"Output:")[2]]
    assert sorted(with_formats) == sorted(FORMATS)


@pytest.mark.parametrize(("command", "option"), [("tune", "--measure"), ("sweep", "--by")])
def test_measures_are_those_of_the_command(command, option):
    (line,) = complaints(run(command, "nothing", option, "zzz"))
    known = line.rpartition("use ")[2].split(", ")
    assert sorted(offered(f"pcaphash {command} {option} ")) == sorted(known)


def test_keys_that_are_offered_are_taken():
    for name in offered("pcaphash hash --key "):
        assert Device(hash_key=name).hash_key
