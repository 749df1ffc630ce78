"""The conformance set: what it answers, and that no rule can be broken without an answer that differs."""

import json
import shutil
import subprocess

import pytest

import pcaphash
from naive.configuration import Configuration
from naive.device import answer
from pcaphash.report.conformance import write_conformance
from pcaphash.studies.conformance import given_key, list_cases, list_devices
from support.command import complaints, run
from support.mutants import MUTATIONS, mutant
from support.shared import ROOT

FOLDER = ROOT / "sample_traces" / "conformance"
STORED = json.loads((FOLDER / "answers.json").read_text(encoding="utf-8"))


def configuration_of(device):
    """Describe a device for the naive reference."""
    return {
        "spec": device.spec,
        "hash_types": device.hash_types,
        "tunnel_types": device.tunnel_types,
        "key": given_key(device),
        "indirection_table": device.indirection_table,
        "unclassified_queue": device.unclassified_queue,
    }


DEVICES = {device.name: configuration_of(device) for device in list_devices()}


def all_answers(configuration, ask):
    """Answer every packet under every configuration, in the columns of the set."""
    for packet in STORED["packets"]:
        data, length, link_type = bytes.fromhex(packet["bytes"]), packet["original_length"], packet["link_type"]
        for name, fields in DEVICES.items():
            found = ask(data, length, link_type, configuration(**fields))
            yield packet, name, [
                found.encapsulation, found.header, found.hash_report, found.hash_report_tunnel,
                None if found.hash_input is None else found.hash_input.hex(),
                None if found.hash_value is None else f"0x{found.hash_value:08x}",
                found.queue, found.reason or None,
            ]  # fmt: skip


def test_the_stored_set_is_what_is_written(tmp_path):
    written = write_conformance(tmp_path)
    assert sorted(path.name for path in written) == sorted(path.name for path in FOLDER.iterdir())
    for path in written:
        assert path.read_bytes() == (FOLDER / path.name).read_bytes(), path.name


def test_it_is_small():
    assert len(STORED["packets"]) == len(list_cases()) <= 300
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 1_000_000


def test_the_naive_reference_gives_every_answer():
    for packet, name, found in all_answers(Configuration, answer):
        assert packet["answers"][name] == found, (packet["file"], packet["packet"], packet["name"], name)


def test_every_value_of_every_report_is_there():
    reports = {(name[:2], each[2]) for packet in STORED["packets"] for name, each in packet["answers"].items()}
    types = ["NONE", "IPv4", "TCPv4", "UDPv4", "IPv6", "TCPv6", "UDPv6", "IPv6_EX", "TCPv6_EX", "UDPv6_EX", "UNKNOWN"]
    assert reports == {(spec, each) for spec in ("v7", "1.") for each in types}
    tunnels = {each[3] for packet in STORED["packets"] for each in packet["answers"].values()}
    assert tunnels == {"NONE", "GRE", "VXLAN", "GENEVE", "UNKNOWN"}
    kinds = {each[0] for packet in STORED["packets"] for each in packet["answers"].values()}
    assert kinds >= {"NONE", "GRE", "GRE_2784", "GRE_2890", "GRE_7676", "NVGRE", "GRE_UDP", "VXLAN", "VXLAN_GPE"}
    reasons = {each[7] for packet in STORED["packets"] for each in packet["answers"].values()}
    assert reasons == {None, "not-ip", "inner-not-ip", "no-type", "truncated", "link-type"}


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.rule)
def test_no_rule_can_be_broken_unnoticed(mutation):
    broken = mutant(mutation)
    for packet, name, found in all_answers(broken.Configuration, broken.answer):
        if packet["answers"][name] != found:
            return
    pytest.fail(f"no packet shows whether a device keeps to this rule: {mutation.rule}")


def test_captures_hold_the_packets_and_the_first_answers():
    first = list_devices()[0]
    for path in sorted(FOLDER.glob("*.pcapng")):
        packets = [each for each in STORED["packets"] if each["file"] == path.name]
        rows = pcaphash.hashes(path, first)
        assert rows["captured_length"].tolist() == [each["captured_length"] for each in packets]
        assert rows["original_length"].tolist() == [each["original_length"] for each in packets]
        known = [each["answers"][first.name] for each in packets if each["answers"][first.name][6] is not None]
        if any(each[5] for each in known):
            found = pcaphash.validate(path, first)
            assert (found.mismatches, found.reported["queue"]) == (0, len(known)), path.name


def test_commands_program_such_devices():
    for name, each in STORED["configurations"].items():
        words = ["--spec", DEVICES[name]["spec"], "--rss-config", each["rss_config"]]
        if "hash_tunnel_set" in each:
            words += ["--hash-tunnel-set", each["hash_tunnel_set"]]
        if name == "v7-filled-key":
            words.append("--pad-key")
        if DEVICES[name]["hash_types"] == 0:
            continue
        result = run("hashes", FOLDER / "ethernet.pcapng", *words, "--format", "jsonl")
        assert result.returncode in (0, 3), (name, result.stderr)
        rows = [json.loads(line) for line in result.stdout.splitlines()]
        packets = [packet for packet in STORED["packets"] if packet["file"] == "ethernet.pcapng"]
        assert [row["queue"] for row in rows] == [packet["answers"][name][6] for packet in packets], name


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is another reader of captures")
def test_tshark_reads_all_of_it():
    for path in sorted(FOLDER.glob("*.pcapng")):
        command = ["tshark", "-n", "-r", path, "-T", "fields", "-e", "frame.len", "-e", "frame.cap_len"]
        shown = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
        packets = [each for each in STORED["packets"] if each["file"] == path.name]
        expected = [f"{each['original_length']}\t{each['captured_length']}" for each in packets]
        assert shown.splitlines() == expected, path.name


def test_readme_has_a_row_for_each_packet():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    for packet in STORED["packets"]:
        place = packet["file"].removesuffix(".pcapng")
        assert f"| {place} | {packet['packet']} | {packet['name']} | {packet['rule']} |" in text


def test_the_set_is_written_whole_by_the_command(tmp_path):
    result = run("synth", "--conformance", tmp_path / "set")
    assert result.returncode == 0
    assert (tmp_path / "set" / "answers.json").read_bytes() == (FOLDER / "answers.json").read_bytes()
    (line,) = complaints(run("synth", "--conformance", tmp_path / "other", "-w", tmp_path / "t.pcap"))
    assert "--conformance" in line
