"""Help texts show options in groups, every option in the one that says what it belongs to."""

import re

import pytest

from support.command import run

PLACES = {
    "analyze": {
        "Output": ["--output", "--format"],
        "Selection of packets": ["-c", "--start", "--end", "--direction", "--encapsulation", "--vni", "--endpoint"],
        "Device": ["--config", "--device", "--ethtool", "--spec", "--hash-types", "--key", "--queues", "--flavor"],
        "Tunnels": ["--tunnel-types", "--inner-miss", "--vxlan-port", "--geneve-port"],
        "General": ["--help"],
    },
    "validate": {"Options": ["--lenient"], "Reported values": ["--reported", "--virtio-header", "--testpmd"]},
    "tune": {"Options": ["--keys", "--seed", "--measure"]},
    "info": {"Options": ["--heaviest"], "Tunnels": ["--vxlan-port", "--gre-udp-port"], "Output": ["--format"]},
}


def groups_of(text: str) -> dict[str, str]:
    """Return what stands below each heading."""
    parts = re.split(r"^(\w[\w ]*):\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("command", PLACES)
def test_options_are_in_their_groups(command):
    result = run(command, "--help")
    assert (result.returncode, result.stderr) == (0, b"")
    groups = groups_of(result.stdout.decode())
    for heading, options in PLACES[command].items():
        for option in options:
            holding = [
                each for each, text in groups.items() if re.search(rf"^  (-\w, )?{option}\b", text, re.MULTILINE)
            ]
            assert holding == [heading], option


def test_arguments_are_named_without_types_of_python():
    groups = groups_of(run("analyze", "--help").stdout.decode())
    assert groups["Arguments"].startswith("  TRACE  Captures")


def test_usage_has_no_braces():
    assert run("analyze", "--help").stdout.startswith(b"Usage: pcaphash analyze [OPTIONS] [TRACE]...\n")


def test_commands_come_before_options():
    text = run("--help").stdout.decode()
    assert list(groups_of(text))[-2:] == ["Commands", "General"]


COMPARED = "three configurations, see --config"


@pytest.mark.parametrize(
    ("command", "option", "default"),
    [
        ("hash", "--hash-types", "all"),
        ("explain", "--hash-types", "all"),
        ("analyze", "--hash-types", COMPARED),
        ("replay", "--hash-types", COMPARED),
        ("replay", "--direction", "in"),
        ("info", "--direction", "all"),
        ("hashes", "--direction", "all"),
    ],
)
def test_a_default_is_that_of_the_command(command, option, default):
    text = run(command, "--help").stdout.decode()
    found = re.search(rf"^  {option} .*?\[default: (.*?)\]", text, re.MULTILINE | re.DOTALL)
    assert " ".join(found[1].split()) == default
