"""Every option of ``replay`` either has an effect on packets that are sent into a target, or is refused there."""

import re

import pytest
import typer

from pcaphash import errors
from pcaphash.cli import app
from pcaphash.cli.sending import Sending
from pcaphash.cli.words import options_of, speak_in_options
from pcaphash.engine.reading import Reading
from pcaphash.errors import ConfigurationError
from support.shared import ROOT

TRACE = str(ROOT / "sample_traces" / "vxlan.pcap")
PROGRAM = typer.main.get_command(app)
OPTIONS = set(options_of(type("", (), {"commands": {"replay": PROGRAM.commands["replay"]}})).values())
DEVICE = "04000000 0000 0000 0000 0100 28" + "01" * 40
HASH_CONFIG = "04000000 0000 0000 0000 0000 28" + "01" * 40

BOTH, TAP, QEMU, INTERFACE, ALL, NONE = ("tap", "qemu"), ("tap",), ("qemu",), ("lo",), ("tap", "qemu", "lo"), ()

EFFECTS = [
    # words, and the targets on which they have an effect
    (["--ring-size", "64"], NONE),
    (["--service-rate", "1Mpps"], NONE),
    (["--service-time", "1us"], NONE),
    (["--service-time-per-byte", "1ns"], NONE),
    (["--window", "1s"], NONE),
    (["--at", "1s", "--queues 2"], NONE),
    (["--rebase"], NONE),
    (["--speed", "2x"], INTERFACE),
    (["--rate", "1Mpps"], INTERFACE),
    (["--loop", "2"], INTERFACE),
    (["-o", "results"], NONE),
    (["--format", "csv"], NONE),
    (["-w", "out.pcapng"], BOTH),
    (["--virtio-header", "20", "-w", "out.pcap"], BOTH),
    (["--split-by-queue", "queues"], BOTH),
    (["--reported", "out.csv"], BOTH),
    (["--explain", "-w", "out.pcapng"], NONE),
    (["--read-hash"], TAP),
    (["--decapsulate"], TAP),
    (["-c", "5"], ALL),
    (["--start", "0"], ALL),
    (["--end", "2000000000"], ALL),
    (["--direction", "all"], ALL),
    (["--encapsulation", "VXLAN"], ALL),
    (["--vni", "7"], ALL),
    (["--endpoint", "10.0.0.1"], ALL),
    (["--to", "10.0.0.1"], ALL),
    (["--destination-mac", "02:00:00:00:00:01"], ALL),
    (["--interface", "0"], ALL),
    (["--strip", "vxlan"], NONE),
    (["--config", "a=base"], BOTH),
    (["--ethtool", "ethtool.txt"], BOTH),
    (["--rss-config", DEVICE], BOTH),
    (["--hash-config", HASH_CONFIG], NONE),
    (["--hash-tunnel-set", "10000000"], NONE),
    (["--hash-tunnel-set", "10000000", "--decapsulate"], TAP),
    (["--hash-types", "base"], BOTH),
    (["--features", "CTRL_VQ+RSS+HASH_REPORT"], BOTH),
    (["--features", "CTRL_VQ+RSS"], TAP),
    (["--features", "CTRL_VQ+HASH_REPORT"], NONE),
    (["--key", "symmetric"], BOTH),
    (["--pad-key", "--key", "01" * 30], BOTH),
    (["--queues", "4"], BOTH),
    (["--indirection-table-size", "64"], BOTH),
    (["--indirection-table", "0,1"], BOTH),
    (["--unclassified-queue", "1"], BOTH),
    (["--table-index", "modulo"], TAP),
    (["--flavor", "qemu"], QEMU),
    (["--flavor", "qemu-ebpf"], TAP),
    *((["--flavor", name], NONE) for name in ("ena-gen4", "ena-gen5", "corundum", "vpp")),
    (["--input-transform", "symmetric-xor"], NONE),
    (["--inner-miss", "outer"], NONE),
    (["--inner-miss", "outer", "--decapsulate"], NONE),
    (["--tunnel-types", "VXLAN", "--spec", "1.4"], NONE),
    (["--tunnel-types", "VXLAN", "--spec", "1.4", "--decapsulate"], TAP),
    # What says how headers are read matters where packets are selected by their encapsulation.
    (["--spec", "1.4"], BOTH),
    (["--device", "device.toml"], BOTH),
    *(
        ([option, "1", *more, "--spec", "1.4"], effect)
        for option in ("--vxlan-port", "--geneve-port", "--vxlan-gpe-port", "--gre-udp-port")
        for more, effect in (([], NONE), (["--vni", "7"], ALL), (["--decapsulate"], TAP))
    ),
    (["--device", "device.toml", "--vni", "7"], ALL),
    (["--spec", "1.4", "--encapsulation", "VXLAN"], ALL),
]


def named(words: list[str]) -> set[str]:
    """List the options that are given, by their long names."""
    return {{"-o": "--output", "-w": "--write"}.get(word, word) for word in words if word.startswith("-")}


def refused(words: list[str]) -> str:
    """Return why the command refuses words; empty where it does not."""
    try:
        PROGRAM(["replay", TRACE, *words], standalone_mode=False)
    except ConfigurationError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("into", ["tap", "qemu", "lo"])
@pytest.mark.parametrize(("words", "targets"), EFFECTS, ids=lambda value: "_".join(value))
def test_an_option_without_an_effect_is_refused(into, words, targets, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "device.toml").write_text("unclassified_queue = 1\n")
    (tmp_path / "ethtool.txt").write_text("RSS hash key:\n" + ":".join(["01"] * 40) + "\n")
    monkeypatch.setattr(errors, "_Words", type("_Words", (errors._Words,), {}))
    speak_in_options(PROGRAM)
    monkeypatch.setattr(Sending, "run", lambda *_: Reading())
    why = refused([*words, "--into", into])
    assert bool(why) == (into not in targets), why
    assert not why or re.match(r"(--[a-z-]+)", why)[1] in named(words)


def test_every_option_is_looked_at():
    known = set().union(*(named(words) for words, _ in EFFECTS))
    assert {name for name in OPTIONS if name.startswith("-")} - known == {"--into", "--quiet", "--color"}
