"""Fields that are hashed besides those of the spec are found by what they add to hashes; devices are plain Python."""

import random
from dataclasses import replace

import pytest

import naive.device
from naive.configuration import Configuration
from naive.toeplitz import toeplitz
from pcaphash.studies.validate import Validation, validate
from pcaphash.studies.validate.search.traits import Trait, TraitKind
from support import builders
from support.comparing import device_of
from support.diagnosing import Said, SaidOf, as_said, tagged
from support.traffic import flows, plain, write

pytestmark = pytest.mark.jit_only

CONFIGURATION = Configuration("v7", 0xFFF, key=random.Random(7).randbytes(40))
LONG_KEY = CONFIGURATION.key + random.Random(8).randbytes(12)
"""What a device goes on with that hashes more than the spec has."""


def labelled(n: int) -> list[bytes]:
    """Make IPv6 packets, each of a flow and with a flow label of its own, and some without a label, and IPv4."""
    numbers, frames = random.Random(3), []
    for i, (source, destination, source_port, destination_port) in enumerate(flows(n, 5)):
        segment = builders.udp(bytes(8), source_port, destination_port)
        if i % 5 == 4:
            frames.append(builders.framed(builders.ipv4(segment, builders.UDP, source, destination)))
            continue
        packet = bytearray(builders.ipv6(segment, builders.UDP, source * 4, destination * 4))
        label = numbers.getrandbits(20) if i % 5 else 0
        packet[1:4] = bytes([packet[1] & 0xF0 | label >> 16]) + (label & 0xFFFF).to_bytes(2, "big")
        frames.append(builders.framed(bytes(packet)))
    return frames


def in_vlans(n: int) -> list[bytes]:
    """Make packets in several VLANs, and some in none."""
    numbers, frames = random.Random(4), []
    for i, flow in enumerate(flows(n, 6)):
        frame = plain(flow)
        if i % 3:
            frame = bytearray(tagged(frame, [0x8100]))
            frame[14:16] = (numbers.choice((5, 17, 200, 3000)) | numbers.choice((0, 0x6000))).to_bytes(2, "big")
        frames.append(bytes(frame))
    return frames


def of_protocols(n: int) -> list[bytes]:
    """Make packets of TCP, UDP, ICMP and OSPF, over both IP versions."""
    frames = []
    for i, (source, destination, source_port, destination_port) in enumerate(flows(n, 7)):
        protocol = (builders.TCP, builders.UDP, 1, 89)[i % 4]
        make = {builders.TCP: builders.tcp, builders.UDP: builders.udp}.get(protocol, lambda data, *_: data)
        payload = make(bytes(8), source_port, destination_port)
        if i % 8 < 4:
            frames.append(builders.framed(builders.ipv4(payload, protocol, source, destination)))
        else:
            frames.append(builders.framed(builders.ipv6(payload, protocol, source * 4, destination * 4)))
    return frames


def flow_label_of(frame: bytes) -> bytes:
    return (int.from_bytes(frame[14:18], "big") & 0xFFFFF).to_bytes(3, "big") if frame[14] >> 4 == 6 else b""


def vlan_of(frame: bytes) -> bytes:
    return frame[14:16] if frame[12:14] == b"\x81\x00" else b""


def protocol_of(frame: bytes) -> bytes:
    return frame[20:21] if frame[14] >> 4 == 6 else frame[23:24]


TRAFFIC = {
    "flow-label": (labelled, flow_label_of),
    "vlan": (in_vlans, vlan_of),
    "protocol": (of_protocols, protocol_of),
}


def hashing_too(frames: list[bytes], field_of, key: bytes = LONG_KEY) -> list[Said]:
    """Answer as a device does that has a field behind those of the spec."""
    said = []
    for frame in frames:
        answer = naive.device.answer(frame, len(frame), 1, CONFIGURATION)
        if answer.hash_input is not None:
            value = toeplitz(key, answer.hash_input + field_of(frame))
            table = CONFIGURATION.indirection_table
            answer = replace(answer, hash_value=value, queue=table[value & (len(table) - 1)])
        said.append(as_said(answer))
    return said


def diagnose(tmp_path, frames, said) -> Validation:
    return validate(write(tmp_path / "trace.pcapng", frames), device_of(CONFIGURATION), SaidOf(said))


@pytest.mark.parametrize("name", TRAFFIC)
def test_a_field_that_is_hashed_too(tmp_path, name):
    make, field_of = TRAFFIC[name]
    frames = make(300)
    found = diagnose(tmp_path, frames, hashing_too(frames, field_of)).diagnosis
    assert [fault.name for fault in found.faults] == [f"also-hashes-{name}"]
    assert (found.alternatives, found.unexplained) == ([], 0)


@pytest.mark.parametrize("name", TRAFFIC)
def test_few_packets_do_not_show_it(tmp_path, name):
    """What a field adds is read off as many packets as it has bits that vary: these tell nothing."""
    make, field_of = TRAFFIC[name]
    frames = make(8)
    found = diagnose(tmp_path, frames, hashing_too(frames, field_of)).diagnosis
    assert found.faults == ()


@pytest.mark.parametrize("chosen", [Trait(TraitKind.PORTS, 4), Trait(TraitKind.PROTOCOL, builders.UDP)])
def test_bits_that_are_inverted_in_packets_of_a_kind_are_not_told_as_a_field(tmp_path, chosen):
    """Every value of the field adds the same: that there are several is no reason to name it."""
    frames = [frame for i, frame in enumerate(of_protocols(600)) if i % 4 < 2]
    is_chosen = {
        TraitKind.PORTS: lambda frame: frame[14] >> 4 == 4,
        TraitKind.PROTOCOL: lambda frame: protocol_of(frame)[0] == builders.UDP,
    }[chosen.kind]
    said = [
        replace(each, value=each.value ^ 0xDEADBEEF, queue=None) if is_chosen(frame) else each
        for frame, each in zip(frames, hashing_too(frames, lambda _: b""), strict=True)
    ]
    found = diagnose(tmp_path, frames, said).diagnosis
    (cause,) = found.causes
    assert [fault.name for fault in cause.faults] == ["value-xor-0xdeadbeef"]
    assert (cause.packets, cause.part, found.unexplained) == (sum(map(is_chosen, frames)), chosen, 0)


def test_a_wrong_bit_of_the_key_that_only_ports_meet_is_not_told_as_a_field(tmp_path):
    """All TCP packets go to one port and all UDP packets to another: hashes differ by protocol as well."""
    frames = []
    for i, (source, destination, source_port, _) in enumerate(flows(200, 9)):
        make, protocol, port = ((builders.tcp, builders.TCP, 443), (builders.udp, builders.UDP, 4790))[i % 2]
        frames.append(builders.framed(builders.ipv4(make(bytes(8), source_port, port), protocol, source, destination)))
    key = bytearray(LONG_KEY)
    key[15] ^= 0x02  # the hash depends on it by the last bit of the destination port
    found = diagnose(tmp_path, frames, hashing_too(frames, lambda _: b"", bytes(key))).diagnosis
    assert found.faults == ()
    assert found.unexplained > 50
