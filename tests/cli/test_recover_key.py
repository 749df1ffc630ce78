"""The command ``recover-key``: the key, how much of it is known, and what is wrong in one line."""

import json
import re
import shlex

from support.command import complaints, run
from support.shared import ROOT

SAMPLES = ROOT / "sample_traces"


def test_what_is_known_is_shown():
    result = run("recover-key", SAMPLES / "interfaces.pcapng")
    assert result.returncode == 0
    text = result.stdout.decode()
    assert text.startswith("127 of the 319 key bits that a hash can depend on are known.")
    assert "key: 6d5a56da255b0ec24167253d43a38fb????" in text
    assert "Microsoft's published key" in text
    assert "enough to calculate every hash of these inputs: IPv4 addresses; IPv4 addresses and ports" in " ".join(
        text.split()
    )


def test_json():
    document = json.loads(run("recover-key", SAMPLES / "interfaces.pcapng", "--format", "json").stdout)
    assert document["known_bits"] == sum(bin(byte).count("1") for byte in bytes.fromhex(document["key_mask"])) == 127
    assert document["best"] == "as configured"
    assert [each["fits"] for each in document["assumptions"]] == [True, False, False, False]
    assert [each["kind"] for each in document["notes"]] == ["lacking", "lacking", "other-algorithms"]
    assert document["notes"][0]["facts"]["lack"] == "epb-hash"


def test_a_device_that_no_key_explains():
    result = run("recover-key", SAMPLES / "faulty-device.pcapng")
    assert result.returncode == 0
    assert result.stdout.startswith(b"No key produces these hashes.")


def test_what_hashes_writes_gives_the_key_away(tmp_path):
    table = tmp_path / "hashes.csv"
    assert run("hashes", SAMPLES / "overlay.pcap", "--key", "mlx5", "-o", table).returncode == 0
    document = json.loads(run("recover-key", SAMPLES / "overlay.pcap", "--reported", table, "--format", "json").stdout)
    assert document["known_name"] == "the key of the mlx5 driver"


def test_the_command_that_validates_names_the_same_values(tmp_path):
    table, own = tmp_path / "what it said.csv", ["--hash-types", "all"]
    assert run("hashes", SAMPLES / "overlay.pcap", "--key", "mlx5", "-o", table).returncode == 0
    text = run("recover-key", SAMPLES / "overlay.pcap", "--reported", table, "--key=6d5a", "--pad-key", *own).stdout
    (command,) = re.findall("to validate with it.*: (pcaphash .*)", text.decode())
    words = shlex.split(command)
    assert words == [
        *("pcaphash", "validate", str(SAMPLES / "overlay.pcap"), "--reported", str(table), *own, "--key", "mlx5")
    ]
    assert run(*words[1:]).returncode == 0


def test_what_is_wrong_takes_one_line(tmp_path):
    one_queue = tmp_path / "q0.pcapng"
    one_queue.write_bytes((SAMPLES / "interfaces.pcapng").read_bytes())
    empty = tmp_path / "empty.pcap"
    empty.write_bytes((SAMPLES / "overlay.pcap").read_bytes()[:24])
    for words, said in (
        ((SAMPLES / "overlay.pcap",), "no packet has a reported hash"),
        ((SAMPLES / "interfaces.pcapng", "--format", "csv"), "--format"),
        ((empty,), "there are no packets; give a trace with packets"),
        ((one_queue, "--per-queue"), "no packet has a reported hash"),
    ):
        result = run("recover-key", *words)
        assert result.returncode == 2
        (line,) = complaints(result)
        assert said in line
