"""What unexplained packets have in common is said: a device that spoils the hashes of one kind of packets shows it."""

import random
from dataclasses import replace

import pytest

from naive.configuration import Configuration
from pcaphash.studies.validate import validate
from pcaphash.studies.validate.search.traits import ICMP, Trait, TraitKind
from support import builders
from support.captures import enhanced, interface, section
from support.comparing import device_of
from support.diagnosing import Said, SaidOf, misbehave, tagged
from support.traffic import flows, plain, tunnelled, write

pytestmark = pytest.mark.jit_only

CONFIGURATION = Configuration("v7", 0xFFF, key=random.Random(7).randbytes(40))
ESP, OSPF = 50, 89


def host(number: int) -> bytes:
    return bytes([10, 7, number // 250, number % 250])


def ipv4(payload: bytes, protocol: int, number: int, **options) -> bytes:
    return builders.framed(builders.ipv4(payload, protocol, host(number), **options))


def chained(number: int, headers) -> bytes:
    packet, first = builders.chain(builders.tcp(b"", 2000 + number), builders.TCP, headers)
    return builders.framed(builders.ipv6(packet, first, host(number) * 4))


def ipv6_icmp(number: int) -> bytes:
    return builders.framed(builders.ipv6(builders.icmp(), 58, host(number) * 4))


def tunnelled_frame(frame: bytes, port: int = 4789) -> bytes:
    content = builders.udp(builders.vxlan(frame), 50000, port)
    return builders.framed(builders.ipv4(content, builders.UDP, host(1)))


def with_flags(number: int, flags: int) -> bytes:
    segment = bytearray(builders.tcp(b"", 3000 + number))
    segment[13] = flags
    return ipv4(bytes(segment), builders.TCP, number)


KINDS = {
    Trait(TraitKind.FRAGMENT): lambda n: ipv4(bytes(16), builders.UDP, n, more_fragments=True, fragment_offset=n % 2),
    Trait(TraitKind.FRAGMENT, "later"): lambda n: ipv4(bytes(8), builders.UDP, n, fragment_offset=9),
    Trait(TraitKind.EXTENSION, 51): lambda n: chained(n, [builders.authentication()]),
    Trait(TraitKind.EXTENSION, 60): lambda n: chained(n, [builders.options_header(builders.pad_n(6))]),
    Trait(TraitKind.OPTIONS): lambda n: ipv4(builders.tcp(b"", n + 1), builders.TCP, n, options=bytes([1] * 4)),
    Trait(TraitKind.SHORT): lambda n: ipv4(builders.tcp(b"", n + 1)[:19], builders.TCP, n),
    Trait(TraitKind.TAGS, 2): lambda n: tagged(plain(flows(200)[n]), [0x88A8, 0x8100]),
    Trait(TraitKind.PROTOCOL, builders.SCTP): lambda n: ipv4(builders.sctp(bytes(8), n + 1), builders.SCTP, n),
    Trait(TraitKind.PROTOCOL, ESP): lambda n: ipv4(builders.esp(bytes(32), n), ESP, n),
    Trait(TraitKind.PROTOCOL, builders.ICMP): lambda n: ipv4(builders.icmp(), builders.ICMP, n),
    Trait(TraitKind.PROTOCOL, OSPF): lambda n: ipv4(bytes(40), OSPF, n),
    Trait(TraitKind.FLAG, "SYN"): lambda n: with_flags(n, 0x02),
    Trait(TraitKind.ENCAPSULATION, "VXLAN"): lambda n: tunnelled(flows(200)[n]),
    Trait(TraitKind.REPORT, "TCPv6"): lambda n: builders.framed(
        builders.ipv6(builders.tcp(b"", n + 1), builders.TCP, host(n) * 4)
    ),
    Trait(TraitKind.SOURCE, "c0a80102"): lambda n: builders.framed(
        builders.ipv4(builders.udp(b"", n + 1), builders.UDP, bytes([192, 168, 1, 2]), host(n))
    ),
    Trait(TraitKind.TAGS): lambda n: tagged(plain(flows(200)[n]), [0x8100] * (n % 2 + 1)),
    Trait(TraitKind.PROTOCOL, ICMP): lambda n: ipv4(builders.icmp(), builders.ICMP, n) if n % 2 else ipv6_icmp(n),
    Trait(TraitKind.PORTS, 6): lambda n: builders.framed(
        builders.ipv6((builders.tcp, builders.udp)[n % 2](b"", n + 1), (builders.TCP, builders.UDP)[n % 2], host(n) * 4)
    ),
    Trait(TraitKind.HASHED_VERSION, 6): lambda n: ipv6_icmp(n) if n % 2 else tunnelled_frame(chained(n, [])),
    Trait(TraitKind.OUTER_PORT, 8472): lambda n: tunnelled_frame(plain(flows(200)[n]), 8472),
    Trait(TraitKind.DESTINATION_PORT, 7777): lambda n: ipv4(builders.udp(b"", n + 1, 7777), builders.UDP, n),
}
OTHERS = [frame for n, flow in enumerate(flows(160)) for frame in (plain(flow), with_flags(n, 0x10))]


def spoiled(path, frames, is_spoiled):
    """Validate a device whose hashes of some packets are wrong in a way that no fault explains."""
    said = misbehave(frames, CONFIGURATION)
    said = [
        replace(each, value=each.value * 0x9E3779B1 % (1 << 32) ^ 0x1234567) if wrong and each.value else each
        for each, wrong in zip(said, is_spoiled, strict=True)
    ]
    return validate(path, device_of(CONFIGURATION), SaidOf(said))


@pytest.mark.parametrize("trait", KINDS, ids=lambda trait: f"{trait.kind}-{trait.subject}")
def test_a_kind_of_packets(tmp_path, trait):
    packets = [(KINDS[trait](n), True) for n in range(40)] + [(frame, False) for frame in OTHERS]
    random.Random(1).shuffle(packets)
    frames = [frame for frame, _ in packets]
    found = spoiled(write(tmp_path / "trace.pcapng", frames), frames, [own for _, own in packets])
    assert found.diagnosis.faults == ()
    assert found.diagnosis.unexplained == found.mismatches == 40
    assert trait in found.diagnosis.common.traits
    assert found.diagnosis.common.others == 0


def test_packets_of_one_interface(tmp_path):
    is_second = [i % 7 == 0 for i in range(len(OTHERS))]
    blocks = [enhanced(frame, number=int(second)) for frame, second in zip(OTHERS, is_second, strict=True)]
    path = tmp_path / "trace.pcapng"
    path.write_bytes(b"".join([section(), interface(), interface(), *blocks]))
    found = spoiled(path, OTHERS, is_second)
    assert found.diagnosis.common.traits == (Trait(TraitKind.INTERFACE, 1),)


def test_packets_of_a_stretch(tmp_path):
    found = spoiled(write(tmp_path / "trace.pcapng", OTHERS), OTHERS, [200 < i < 250 for i in range(len(OTHERS))])
    common = found.diagnosis.common
    assert common.traits == ()
    assert [found.examples[each].packet for each in (common.span.first, common.span.last)] == [202, 250]


def test_a_stretch_in_which_some_packets_get_no_hash(tmp_path):
    """Nothing can be wrong with their hashes, so that they do not speak against it."""
    frames = list(OTHERS)
    for at in (220, 270, 300):
        frames[at] = builders.ethernet(bytes(46), 0x0806)
    found = spoiled(write(tmp_path / "trace.pcapng", frames), frames, [i > 200 for i in range(len(frames))])
    span = found.diagnosis.common.span
    assert (found.examples[span.first].packet, span.last) == (202, None)


@pytest.mark.parametrize("n_flows", [1, 3])
def test_a_stretch_of_few_flows(tmp_path, n_flows):
    """That equal hash inputs were right before shows that time makes the difference."""
    frames = [plain(flow) for flow in flows(n_flows)] * (300 // n_flows)
    found = spoiled(write(tmp_path / "trace.pcapng", frames), frames, [i >= 150 for i in range(300)])
    span = found.diagnosis.common.span
    assert (found.examples[span.first].packet, span.last) == (151, None)


def test_packets_at_random_have_nothing_in_common(tmp_path):
    numbers = random.Random(4)
    is_spoiled = [numbers.random() < 0.2 for _ in OTHERS]
    found = spoiled(write(tmp_path / "trace.pcapng", OTHERS), OTHERS, is_spoiled)
    assert found.diagnosis.common is None


def test_two_packets_show_nothing(tmp_path):
    frames = [KINDS[Trait(TraitKind.OPTIONS)](n) for n in range(1)] + OTHERS[:20]
    found = spoiled(write(tmp_path / "trace.pcapng", frames), frames, [True] + [False] * 20)
    assert found.diagnosis.common is None


@pytest.mark.parametrize(("share", "by_flow"), [(0.2, False), (0.7, False), (0.5, True)])
def test_hashes_that_are_missing_at_random(tmp_path, share, by_flow):
    frames = OTHERS * 6
    numbers = random.Random(3)
    keeps = {frame: numbers.random() < share for frame in OTHERS}
    nothing = Said(0, "NONE", "NONE", 0)
    said = [
        each if (keeps[frame] if by_flow else numbers.random() < share) else nothing
        for frame, each in zip(frames, misbehave(frames, CONFIGURATION), strict=True)
    ]
    found = validate(write(tmp_path / "trace.pcapng", frames), device_of(CONFIGURATION), SaidOf(said)).diagnosis
    assert found.faults == ()
    assert found.sampled == (None if by_flow else pytest.approx(share, abs=0.05))
