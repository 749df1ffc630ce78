"""What a device known by name delivers is right for it, and is recognized where the spec is asked for."""

import io
from dataclasses import replace

import pytest

from naive.configuration import Configuration
from pcaphash import Device
from pcaphash.device.flavor import FLAVORS
from pcaphash.report.validate.text import show_validation
from pcaphash.studies.validate import validate
from support.command import run
from support.comparing import device_of
from support.diagnosing import Said, SaidOf, misbehave, separating_frames
from support.shared import ROOT
from support.traffic import write

pytestmark = pytest.mark.jit_only

OVERLAY = ROOT / "sample_traces" / "overlay.pcap"
NAMED = {
    "ena-gen4": {"flavor-ena-gen4"},
    "ena-gen5": {"flavor-ena-gen5"},
    "corundum": {"flavor-corundum", "ipv6-not-hashed", "outer-instead-of-inner"},
    "vpp": {"flavor-vpp"},  # which a few fragments without a hash tell from others that hash outer headers
}


@pytest.mark.parametrize("flavor", NAMED)
def test_what_it_delivers_is_its_own(tmp_path, flavor):
    path = tmp_path / "delivered.pcapng"
    done = run("replay", str(OVERLAY), "--flavor", flavor, "-w", str(path))
    assert done.returncode == 0
    found = validate(path, Device(flavor=flavor))
    assert (found.judged, found.mismatches) == (6060, 0)
    found = validate(path, Device())
    causes = {fault.name for cause in found.diagnosis.causes for fault in cause.faults}
    assert causes
    assert causes <= NAMED[flavor]


def test_a_known_device_that_explains_all_comes_before_a_fault_that_leaves_some_unexplained(tmp_path):
    """Packets without a hash have only their queue here: few of them weigh little beside the hashes of fragments."""
    path = tmp_path / "delivered.pcapng"
    fragments = ROOT / "sample_traces" / "fragments.pcap"
    done = run("replay", str(fragments), "--flavor", "corundum", "--hash-types", "base", "-w", str(path))
    assert done.returncode == 0
    found = validate(path, Device(hash_types="base"))
    (cause,) = found.diagnosis.causes
    assert [fault.name for fault in cause.faults] == ["flavor-corundum"]
    assert (cause.packets, found.diagnosis.unexplained, found.queue_diagnosis) == (found.mismatches, 0, None)


@pytest.mark.parametrize("n_right", [0, 3])
def test_what_a_known_device_makes_of_cut_headers_speaks_neither_for_it_nor_against_it(tmp_path, n_right):
    """Of an IP header that does not fit into the frame, QEMU hashes what an earlier frame left, or nothing."""
    frames = separating_frames()
    short = [frame[: 14 + 19] for frame in frames if frame[12:14] == b"\x08\x00"][:8]
    configuration = Configuration("v7", 0x1FF, key=bytes(range(11, 51)), flavor="qemu")
    said = misbehave(frames, configuration)
    left_over = [Said(0, "NONE")] * n_right + [Said(0x11223344 + i, "IPv4") for i in range(len(short) - n_right)]
    device = Device(hash_types="base", hash_key=configuration.key)
    path = write(tmp_path / "short.pcapng", [*frames, *short])
    found = validate(path, device, SaidOf([*said, *left_over]))
    (cause,) = found.diagnosis.causes
    assert [fault.name for fault in cause.faults] == ["flavor-qemu"]
    assert (found.diagnosis.not_shown, found.diagnosis.unexplained) == (len(short) - n_right, 0)
    assert cause.packets + found.diagnosis.not_shown == found.mismatches
    stream = io.StringIO()
    show_validation(found, stream)
    shows_too_little = "the capture shows too little to tell what such a device would report."
    assert f"For {len(short) - n_right} more wrong packets, {shows_too_little}" in " ".join(stream.getvalue().split())


def test_only_cut_headers_are_no_evidence(tmp_path):
    short = [frame[: 14 + 19] for frame in separating_frames() if frame[12:14] == b"\x08\x00"][:8]
    said = SaidOf([Said(0x11223344 + i, "IPv4") for i in range(len(short))])
    found = validate(write(tmp_path / "short.pcapng", short), Device(hash_types="base"), said)
    assert (found.diagnosis.causes, found.diagnosis.not_shown) == ([], 0)
    assert found.diagnosis.unexplained == len(short)


HELD_TO = {"qemu-ebpf": "the steering program of QEMU 7.2", "corundum": "Corundum"}


@pytest.mark.parametrize("flavor", HELD_TO)
@pytest.mark.parametrize("wrong", [0, 1])
def test_what_a_device_is_held_to_is_said(tmp_path, flavor, wrong):
    frames = separating_frames()[:40]
    configuration = Configuration("v7", 0x1FF, key=bytes(range(11, 51)), flavor=flavor)
    said = misbehave(frames, configuration)
    hashed = next(i for i, each in enumerate(said) if each.value)
    said[hashed] = replace(said[hashed], value=said[hashed].value ^ wrong)
    device = Device(flavor=flavor, hash_types="base", hash_key=configuration.key)
    found = validate(write(tmp_path / "few.pcapng", frames), device, SaidOf(said))
    assert found.mismatches == wrong
    stream = io.StringIO()
    show_validation(found, stream)
    verdict = stream.getvalue().splitlines()[0]
    assert verdict.endswith(f"match {HELD_TO[flavor]}.")
    assert f"as expected of {HELD_TO[flavor]} " in stream.getvalue()
    assert any(fact.endswith(f"do not match {HELD_TO[flavor]}") for fact in found.facts())
    assert "the spec" not in stream.getvalue()


def test_a_key_that_linux_shows_is_all_that_generation_5_needs(tmp_path):
    path, key = tmp_path / "delivered.pcapng", bytes(range(7, 47)).hex()
    run("replay", str(OVERLAY), "--flavor", "ena-gen5", "--key", key, "-w", str(path))
    found = validate(path, Device(hash_types="base", hash_key=key))
    assert [fault.name for fault in found.diagnosis.faults] == ["flavor-ena-gen5"]
    assert (found.diagnosis.alternatives, found.diagnosis.unexplained) == ([], 0)


@pytest.mark.parametrize("name", ["flavor-ena-gen4", "flavor-ena-gen5", "initial-value-ones"])
def test_receive_queues_alone_tell_another_hash_and_no_rule_besides(tmp_path, name):
    configuration, frames = Configuration("v7", 0xFFF, key=bytes(range(11, 51))), separating_frames()
    said = [Said(None, queue=each.queue) for each in misbehave(frames, configuration, name)]
    found = validate(write(tmp_path / "queues.pcapng", frames), device_of(configuration), SaidOf(said))
    assert [fault.name for fault in found.diagnosis.faults] == [name]
    assert found.queue_diagnosis is None


@pytest.mark.parametrize("flavor", FLAVORS[1:])
@pytest.mark.parametrize(
    ("trace", "types", "name"),
    [
        ("overlay.pcap", "all", "flavor-spec"),
        ("overlay.pcap", "base", "flavor-spec-outer"),
        ("ipv6-extensions.pcap", "all", "flavor-spec"),
    ],
)
def test_what_follows_the_spec_is_recognized_where_another_device_is_asked_for(tmp_path, trace, types, name, flavor):
    path, delivered = ROOT / "sample_traces" / trace, tmp_path / "delivered.pcapng"
    assert run("replay", str(path), "--hash-types", types, "-w", str(delivered)).returncode == 0
    found = validate(delivered, Device(flavor=flavor))
    is_about_inner = flavor == "qemu-ebpf-inner"
    if types == "all" if is_about_inner else (name == "flavor-spec-outer" and flavor.startswith("qemu")):
        assert found.conclusion == "match"  # nothing in this trace tells them apart
        return
    name = "outer-instead-of-inner" if is_about_inner else name
    assert [fault.name for fault in found.diagnosis.faults] == [name]
    assert found.diagnosis.unexplained == 0
