"""Linux's own tunnel devices take outer headers off; what they do not take is counted, with the reason."""

import struct
from collections import Counter
from pathlib import Path

import pytest

import pcaphash
from naive.capture import load
from pcaphash import Device
from pcaphash.capture.delivered.opening import open_table
from pcaphash.capture.reported.table import ReportedTable
from pcaphash.errors import ConfigurationError, Field
from pcaphash.standards.ethernet import ETHERNET
from pcaphash.standards.virtio import TUNNEL_TYPES
from pcaphash.studies.replay.into import Loss, Sent, Unsent, send_into
from pcaphash.studies.validate import validate
from pcaphash.targets import namespace, tunnels
from pcaphash.targets.answer import Lost, NotSent, TargetAnswer, WhyLost
from pcaphash.targets.tap import open_tap
from support import builders
from support.builders import GRE, IPV4, IPV6, TCP, UDP
from support.comparing import capture_paths
from support.shared import ROOT, needs_shared
from support.taps import missing, odd_frames
from support.traffic import write

MISSING = missing()
pytestmark = [pytest.mark.jit_only, pytest.mark.skipif(bool(MISSING), reason=MISSING)]

INNER = builders.ethernet(builders.ipv4(builders.tcp(), TCP), IPV4)
VXLAN = builders.udp(builders.vxlan(INNER), 5000, 4789)
GPE = Device("1.4", tunnel_types="VXLAN+VXLAN_GPE")


def ipv4(payload: bytes, protocol: int = UDP, length: int = 0, **options: object) -> bytes:
    """IPv4 with a valid checksum."""
    packet = bytearray(builders.ipv4(payload, protocol, **options))
    header = 4 * (packet[0] & 15)
    struct.pack_into(">H", packet, 2, length or len(packet))
    total = sum(struct.unpack(f">{header // 2}H", bytes(packet[:10]) + bytes(2) + bytes(packet[12:header])))
    struct.pack_into(">H", packet, 10, 0xFFFF - (total % 0xFFFF))
    return bytes(packet)


OUTER = ipv4(VXLAN)


def with_byte(data: bytes, place: int, value: int) -> bytes:
    return data[:place] + bytes([value]) + data[place + 1 :]


@pytest.mark.parametrize("types", [(0x8100,), (0x88A8,), (0x88A8, 0x8100), (0x8100, 0x8100, 0x8100)])
def test_vlan_tags_before_the_outer_header_are_taken_off(types):
    frame, ethertype = OUTER, IPV4
    for each in reversed(types):
        frame, ethertype = builders.vlan(frame, ethertype, 1111), each
    with open_tap(Device(), with_hash=True, decapsulated=True) as tap:
        plain, tagged = tap.answer([builders.ethernet(OUTER, IPV4), builders.ethernet(frame, ethertype)])
    assert isinstance(plain, TargetAnswer)
    assert tagged == plain


LOST = {
    "in no tunnel": (builders.ethernet(ipv4(builders.udp(bytes(9))), IPV4), "NONE", None),
    "UDP checksum": (builders.ethernet(ipv4(with_byte(VXLAN, 6, 1)), IPV4), "VXLAN", WhyLost.UDP_CHECKSUM),
    "UDP length": (builders.ethernet(ipv4(with_byte(VXLAN, 4, 1)), IPV4), "VXLAN", WhyLost.UDP_LENGTH),
    "IPv4 checksum": (
        builders.ethernet(with_byte(OUTER, 10, OUTER[10] ^ 1), IPV4),
        "VXLAN",
        WhyLost.IPV4_CHECKSUM,
    ),
    "IPv4 length": (
        builders.ethernet(ipv4(VXLAN, length=999), IPV4),
        "VXLAN",
        WhyLost.SHORT,
    ),
    "IPv6 length": (
        builders.ethernet(with_byte(builders.ipv6(VXLAN, UDP), 4, 9), IPV6),
        "VXLAN",
        WhyLost.SHORT,
    ),
    "to itself": (
        builders.ethernet(ipv4(VXLAN, source=bytes([127, 0, 0, 1])), IPV4),
        "VXLAN",
        WhyLost.ADDRESS,
    ),
    "from a group": (
        builders.ethernet(builders.ipv6(VXLAN, UDP, bytes([255]) * 16), IPV6),
        "VXLAN",
        WhyLost.HEADER,
    ),
    "a reserved bit": (
        builders.ethernet(ipv4(builders.udp(builders.vxlan(INNER, flags=0x88), 5000, 4789)), IPV4),
        "VXLAN",
        WhyLost.TUNNEL_HEADER,
    ),
    "no Ethernet inside": (
        builders.ethernet(ipv4(builders.udp(builders.vxlan(INNER[:13]), 5000, 4789)), IPV4),
        "VXLAN",
        None,
    ),
}


def sent(tmp_path, device: Device, *frames: bytes) -> Sent:
    with open_tap(device, with_hash=False, decapsulated=True) as tap:
        return send_into(write(tmp_path / "sent.pcapng", frames), tap, device)


def test_why_a_packet_did_not_come_out_is_counted(tmp_path):
    frames = [frame for frame, _, _ in LOST.values()]
    whole = builders.ethernet(OUTER, IPV4)
    found = sent(tmp_path, Device(), whole, *frames, whole)
    assert found.returned == 2
    assert found.losses == Counter(Loss(name, why) for _, name, why in LOST.values())


def in_gpe(payload: bytes, next_protocol: int) -> bytes:
    return builders.ethernet(ipv4(builders.udp(builders.vxlan_gpe(payload, next_protocol), 5000, 4790)), IPV4)


def test_what_there_is_no_tunnel_device_for_is_counted(tmp_path, monkeypatch):
    def configure(*commands: str) -> None:
        if any(" gpe " in command for command in commands):
            raise ConfigurationError(Field("into"), "there is no such device", "do without")
        namespace.configure(*commands)

    monkeypatch.setattr(tunnels, "configure", configure)
    found = sent(tmp_path, GPE, builders.ethernet(OUTER, IPV4), in_gpe(INNER, 3), in_gpe(INNER, 3))
    assert (found.returned, found.lost) == (1, 0)
    assert found.not_sent == {Unsent(NotSent.NO_TUNNEL_DEVICE, "VXLAN_GPE"): 2}


def test_ethernet_in_vxlan_gpe_is_taken_out(tmp_path):
    tagged = builders.ethernet(builders.vlan(INNER[14:], IPV4, 7), 0x8100)
    with open_tap(GPE, with_hash=True, decapsulated=True) as tap:
        assert tap.decapsulates == GPE.tunnel_types
        plain, *others = tap.answer([builders.ethernet(OUTER, IPV4), in_gpe(INNER, 3), in_gpe(tagged, 3)])
    assert isinstance(plain, TargetAnswer)
    assert others == [plain, plain]


def test_ip_in_vxlan_gpe_comes_out_or_the_module_that_lacks_is_named(tmp_path):
    found = sent(tmp_path, GPE, in_gpe(INNER[14:], 1), in_gpe(INNER, 3))
    if found.lost:
        (loss,) = found.losses
        assert loss.encapsulation == "VXLAN_GPE"
        assert loss.why == WhyLost.NO_ETHERNET
    assert found.returned == 2 - found.lost


def test_what_is_neither_ethernet_nor_ip_in_vxlan_gpe_is_counted(tmp_path, monkeypatch):
    real = tunnels._redirect
    monkeypatch.setattr(tunnels, "_redirect", lambda *words: real(*words[:3]))  # any kernel can do without a header
    found = sent(tmp_path, GPE, in_gpe(bytes(30), 4), in_gpe(INNER, 3))
    assert found.returned == 1
    assert found.losses == {Loss("VXLAN_GPE", WhyLost.NEITHER_ETHERNET_NOR_IP): 1}


GROUPS = {
    4: [bytes(each) for each in ([224, 0, 0, 1], [232, 1, 1, 1], [239, 1, 2, 3], [255, 255, 255, 255])],
    6: [bytes([0xFF, scope, *([0] * 13), last]) for scope, last in ((2, 1), (2, 0xFB), (5, 9), (14, 7))],
}


def to_group(version: int, group: bytes) -> bytes:
    if version == 4:
        return builders.ethernet(ipv4(VXLAN, destination=group), IPV4)
    return builders.ethernet(builders.ipv6(VXLAN, UDP, destination=group), IPV6)


@pytest.mark.parametrize("version", GROUPS)
def test_packets_to_groups_come_out_as_others_do(version):
    frames = [to_group(version, group) for group in GROUPS[version]]
    many = [to_group(version, group[:-2] + bytes([4, n])) for n in range(100) for group in GROUPS[version][2:3]]
    with open_tap(Device(), with_hash=True, decapsulated=True) as tap:
        plain, *others = tap.answer([builders.ethernet(OUTER, IPV4), *frames, *many])
    assert isinstance(plain, TargetAnswer)
    assert others == [plain] * (len(frames) + len(many))


@pytest.mark.parametrize("version", GROUPS)
def test_more_groups_than_one_socket_can_join(version):
    """Linux lets a socket join some 2,700 groups of IPv4, and fewer of IPv6."""
    group = GROUPS[version][2]
    frames = [to_group(version, group[:-2] + n.to_bytes(2, "big")) for n in range(3_000)]
    with open_tap(Device(), with_hash=True, decapsulated=True) as tap:
        answers = tap.answer(frames)
    assert isinstance(answers[0], TargetAnswer)
    assert answers == answers[:1] * len(frames)


def test_a_group_that_no_packet_may_have_is_counted(tmp_path):
    found = sent(tmp_path, Device(), builders.ethernet(OUTER, IPV4), to_group(6, bytes([0xFF, 1]) + bytes(14)))
    assert found.losses == {Loss("VXLAN", WhyLost.HEADER): 1}


def test_what_the_device_does_not_look_into_is_not_sent(tmp_path):
    gre = builders.ethernet(ipv4(builders.gre(INNER, 0x6558), GRE), IPV4)
    found = sent(tmp_path, Device(hash_types="base+VXLAN_INNER"), builders.ethernet(OUTER, IPV4), gre)
    assert (found.returned, found.lost, found.not_sent) == (1, 0, {Unsent(NotSent.NOT_LOOKED_INTO): 1})


# What Linux's tunnel devices hand to the eBPF program, as ``--flavor qemu-ebpf-inner`` has it.

SAMPLES = sorted((ROOT / "sample_traces").glob("*.pcap*"))
INSIDE = Device("1.4", flavor="qemu-ebpf-inner")
NOT_TAKEN = {"vxlan.pcap": 4, "tcpdump__nsh-over-vxlan-gpe.pcap": 1}
"""Packets that Linux drops: VXLAN with a reserved bit or no whole Ethernet header, VXLAN-GPE with NSH or no P flag."""


def assert_confirmed(trace: Path) -> tuple[int, int]:
    """Send the uncut tunnel packets of a trace; return how many there are of which Linux takes the header off.

    Returns
    -------
    packets : int
        Packets in tunnels that there are tunnel devices for, but for those that this kernel lacks a module for.
    answered : int
        Those of them that came out, with the hash and the queue that the flavor expects.
    """
    found = []
    for record, row in zip(load(trace).records, pcaphash.hashes(trace, INSIDE).itertuples(), strict=True):
        if record.link_type == ETHERNET and len(record.captured) >= record.original_length:
            found.append((record.captured, row, TUNNEL_TYPES.get(row.encapsulation, 0)))
    if not any(tunnel_type for _, _, tunnel_type in found):
        return 0, 0
    with open_tap(INSIDE, with_hash=True, decapsulated=True) as tap:
        tried = [(frame, row) for frame, row, tunnel_type in found if tunnel_type & tap.decapsulates]
        answers = tap.answer([frame for frame, _ in tried])
    answered = [
        (answer, row) for answer, (_, row) in zip(answers, tried, strict=True) if isinstance(answer, TargetAnswer)
    ]
    for answer, row in answered:
        expected = None if row.hash_report == "NONE" else int(str(row.hash_value), 0)
        if expected == 0:
            continue  # the program has it for no hash
        assert (answer.hash_value, answer.queue) == (expected, row.queue), (trace, row)
    lacking = [
        row
        for answer, (_, row) in zip(answers, tried, strict=True)
        if isinstance(answer, Lost) and answer.why == WhyLost.NO_ETHERNET and row.reason != "inner-not-ip"
    ]
    return len(tried) - len(lacking), len(answered)


@pytest.mark.parametrize("trace", SAMPLES, ids=lambda path: path.name)
def test_all_tunnel_packets_of_samples_are_confirmed(trace):
    packets, answered = assert_confirmed(trace)
    assert answered == packets - NOT_TAKEN.get(trace.name, 0)


@needs_shared
@pytest.mark.slow
def test_all_tunnel_packets_of_public_captures_are_confirmed():
    total = 0
    for trace in capture_paths():
        if trace.suffix in (".pcap", ".pcapng", ".cap"):
            packets, answered = assert_confirmed(trace)
            assert answered == packets - NOT_TAKEN.get(trace.name, 0), trace
            total += packets
    assert total >= 140


def test_the_diagnosis_names_the_program_behind_tunnels(tmp_path):
    trace, table, device = ROOT / "sample_traces" / "vxlan.pcap", tmp_path / "linux.csv", Device()
    with open_tap(device, with_hash=True, decapsulated=True) as tap, open_table(str(table)) as encoder:
        send_into(trace, tap, device, [encoder])
    found = validate(trace, device, ReportedTable(table))
    (cause,) = found.diagnosis.causes
    assert [fault.name for fault in cause.faults] == ["flavor-qemu-ebpf-inner"]
    assert (cause.packets, found.mismatches) == (1, 1)  # which has two VLAN tags inside


ETHERNET_IN = {
    "VXLAN": lambda frame: builders.ethernet(ipv4(builders.udp(builders.vxlan(frame), 5000, 4789)), IPV4),
    "VXLAN_GPE": lambda frame: in_gpe(frame, 3),
}


@pytest.mark.parametrize("tunnel", ETHERNET_IN)
@pytest.mark.parametrize("types", ["base", "0x1ff"])
def test_the_flavor_is_what_the_program_does_with_inner_frames_that_nobody_sends(types, tunnel, tmp_path):
    device = Device("1.4", flavor="qemu-ebpf-inner", hash_types=types)
    frames = [ETHERNET_IN[tunnel](frame) for frame in odd_frames(1500) if len(frame) > 40]
    rows = pcaphash.hashes(write(tmp_path / "frames.pcapng", frames), device).itertuples()
    with open_tap(device, with_hash=True, decapsulated=True) as tap:
        answers = tap.answer(frames)
    assert sum(isinstance(answer, TargetAnswer) for answer in answers) > 0.9 * len(frames)
    for answer, row, frame in zip(answers, rows, frames, strict=True):
        if isinstance(answer, TargetAnswer):
            expected = None if row.hash_report == "NONE" else int(str(row.hash_value), 0)
            assert (answer.hash_value, answer.queue) == (expected, row.queue), frame.hex()
