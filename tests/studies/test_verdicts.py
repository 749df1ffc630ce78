"""Verdicts on what a device reported are those that can be told packet by packet, in plain Python."""

import random
from collections import Counter
from dataclasses import replace

import pytest

import naive.device
from naive.configuration import Configuration
from pcaphash.engine.running.run import begin, finish
from pcaphash.engine.selecting.selection import Selection
from pcaphash.errors import ConfigurationError
from pcaphash.standards.virtio import HASH_REPORT_TUNNELS, HASH_REPORTS
from pcaphash.studies.shared.asking import inputs_of
from pcaphash.studies.validate import validate
from pcaphash.studies.validate.deciding import TunnelNames
from pcaphash.studies.validate.study import ValidationRequest, stream_verdicts
from pcaphash.studies.validate.verdicts import FAULTS, REASONS, TunnelNaming
from support import builders
from support.captures import pcapng_of
from support.comparing import device_of
from support.diagnosing import Said, SaidOf, as_said
from support.slow import slow_but
from support.variety import variety

CONFIGURATION = Configuration("v7", 0xFFF, unclassified_queue=5)
GRAVEST_FIRST = list(FAULTS.values())


def majority_is_for_the_packet(answers, said: list[Said]) -> bool:
    """Say which reading of hash_report_tunnel more packets are for, of those that tell."""
    votes = Counter()
    for answer, each in zip(answers, said, strict=True):
        if answer.hash_report != "UNKNOWN" and answer.hash_report_tunnel != answer.encapsulation:
            votes[each.tunnel == answer.encapsulation] += each.tunnel in (answer.encapsulation, "NONE")
    return votes[True] > votes[False]


def naive_verdict(answer, said: Said, configuration, lenient: bool, of_packet: bool) -> str:
    """Judge one packet, one question after the other."""
    if said == Said(None):
        return "nothing-reported"
    if answer.hash_report == "UNKNOWN":
        return "link-type" if answer.reason == "link-type" else "not-shown"
    faults = []
    is_due = answer.hash_value is not None
    if said.report is not None:
        gives, denies = said.report != "NONE", said.report == "NONE"
    else:
        is_zero = said.value == 0 and answer.hash_value != 0
        gives, denies = said.value is not None and not is_zero, is_zero
    if is_due and denies:
        faults.append("hash-missing")
    if not is_due and gives:
        faults.append("hash-unexpected")
    if is_due and not denies:
        if said.value is not None and said.value != answer.hash_value:
            faults.append("wrong-value")
        if said.report is not None:
            same = {f"{name}_EX": name for name in ("IPv6", "TCPv6", "UDPv6")} if lenient else {}
            if same.get(said.report, said.report) != same.get(answer.hash_report, answer.hash_report):
                faults.append("wrong-type")
    if said.tunnel is not None and "hash-missing" not in faults and "hash-unexpected" not in faults:
        one, other = answer.hash_report_tunnel, answer.encapsulation
        right = {one, other} if lenient else {other if of_packet else one}
        if said.tunnel not in right:
            faults.append("wrong-tunnel")
    if said.queue is not None:
        own = answer.queue
        if gives and said.value is not None:
            own = configuration.indirection_table[said.value & (len(configuration.indirection_table) - 1)]
        elif denies:
            own = configuration.unclassified_queue
        if said.queue not in (own, answer.queue):
            faults.append("wrong-queue")
    return next((name for name in GRAVEST_FIRST if name in faults), "match")


def spoiled(said: Said, numbers: random.Random) -> Said:
    """Change something of what is said, or leave it out."""
    for name, values in (
        ("value", [None, 0, numbers.getrandbits(32)]),
        ("report", [None, *HASH_REPORTS]),
        ("tunnel", [None, *HASH_REPORT_TUNNELS]),
        ("queue", [None, *range(8)]),
    ):
        if numbers.random() < 0.3:
            said = replace(said, **{name: numbers.choice(values)})
    # A type without a hash, and a hash of no type, are not said by any source.
    return replace(said, value=None) if said.report == "NONE" else said


def rows_and_result(request: ValidationRequest, trace):
    """Judge the packets of a trace, and return the row of each beside what was found."""
    partial = begin(request)
    rows = [row for part in stream_verdicts(request, partial, inputs_of(trace)) for row in part.itertuples()]
    return rows, finish(request, partial)


@pytest.mark.jit_only
@pytest.mark.parametrize("lenient", slow_but(1, [False, True]))
@pytest.mark.parametrize("with_types", slow_but(1, [True, False]))
def test_verdicts_are_those_of_the_plain_judge(tmp_path, lenient, with_types):
    frames = [*variety() * 3, (bytes(60), 60, 147)]
    trace = tmp_path / "frames.pcapng"
    trace.write_bytes(pcapng_of(frames))
    numbers = random.Random(5)
    answers = [naive.device.answer(*frame, CONFIGURATION) for frame in frames]
    said = [spoiled(as_said(answer, with_types), numbers) for answer in answers]
    request = ValidationRequest(
        (device_of(CONFIGURATION),), Selection(direction="all"), (SaidOf(said),), lenient=lenient
    )
    rows, result = rows_and_result(request, trace)
    of_packet = majority_is_for_the_packet(answers, said)
    expected = [naive_verdict(*pair, CONFIGURATION, lenient, of_packet) for pair in zip(answers, said, strict=True)]
    found = [row.not_compared if row.verdict == "not-comparable" else row.verdict for row in rows]
    assert found == expected
    counts = Counter(expected)
    assert set(counts) >= {"match", "wrong-value", "hash-unexpected", "hash-missing", "wrong-queue", "not-shown"}
    assert result.verdicts == {name: counts[name] for name in ("match", *GRAVEST_FIRST)}
    assert result.not_compared == {name: counts[name] for name in REASONS if counts[name]}
    assert result.mismatches == sum(n for name, n in counts.items() if name in GRAVEST_FIRST)


def test_rows_say_both_sides(tmp_path):
    trace = tmp_path / "one.pcapng"
    frame = builders.framed(builders.ipv4(builders.udp(), 17))
    trace.write_bytes(pcapng_of([(frame, len(frame), 1)]))
    answer = naive.device.answer(frame, len(frame), 1, CONFIGURATION)
    request = ValidationRequest((device_of(CONFIGURATION),), sources=(SaidOf([Said(0x1234, "TCPv4", "GRE", 7)]),))
    ((row,), _) = rows_and_result(request, trace)
    assert row._asdict() == {
        "Index": 0,
        "trace": str(trace),
        "packet": 1,
        "verdict": "wrong-value",
        "faults": "wrong-value+wrong-type+wrong-tunnel+wrong-queue",
        "not_compared": "",
        "hash_report": "UDPv4",
        "hash_report_tunnel": "NONE",
        "hash_value": f"0x{answer.hash_value:08x}",
        "queue": answer.queue,
        "reported_hash_report": "TCPv4",
        "reported_hash_report_tunnel": "GRE",
        "reported_hash_value": "0x00001234",
        "reported_queue": 7,
    }


def arp_in_vxlan(n: int) -> list[tuple[bytes, int, int]]:
    frame = builders.ethernet(builders.arp(), builders.ARP)
    outer = builders.ipv4(builders.udp(builders.vxlan(frame), 50000, 4789), 17)
    whole = builders.ethernet(outer, builders.IPV4)
    return [(whole, len(whole), 1)] * n


def test_what_hash_report_tunnel_names_holds_for_the_trace(tmp_path):
    trace = tmp_path / "arp.pcapng"
    trace.write_bytes(pcapng_of(arp_in_vxlan(5)))

    def judged(tunnels, lenient=False):
        said = [Said(None, "NONE", tunnel) for tunnel in tunnels]
        return validate(trace, device_of(CONFIGURATION), SaidOf(said), lenient=lenient)

    of_hash, of_packet = judged(["NONE"] * 5), judged(["VXLAN"] * 5)
    assert (of_hash.mismatches, of_hash.decisions, of_hash.notes) == (0, [], [])
    assert of_packet.mismatches == 0
    assert of_packet.decisions == [TunnelNames((TunnelNaming.EVERY,), 5, 0, 5)]
    assert judged(["VXLAN", "VXLAN", "VXLAN", "NONE", "NONE"]).verdicts["wrong-tunnel"] == 2
    assert judged(["VXLAN", "VXLAN", "VXLAN", "NONE", "NONE"], lenient=True).mismatches == 0
    # Of names that say nothing, some agree with any reading.
    assert judged(["VXLAN", "VXLAN", "GRE", "GRE", "GENEVE"]).decisions == []
    assert judged(["GRE"] * 5, lenient=True).verdicts["wrong-tunnel"] == 5


@pytest.mark.parametrize(
    ("tunnels", "named", "n_wrong"),
    [
        (["NONE", "NONE", "NONE"], [], 0),
        (["GRE", "GRE", "NONE"], [TunnelNames((TunnelNaming.HASHED,), 3, 1, 3)], 0),
        (["GRE", "GRE", "VXLAN"], [TunnelNames((TunnelNaming.EVERY,), 3, 0, 3)], 0),
        (["GRE", "NONE", "NONE"], [], 1),
        (["GRE", "GRE", "GRE"], [TunnelNames((TunnelNaming.HASHED, TunnelNaming.EVERY), 2, 0, 3)], 1),
    ],
)
def test_a_packet_without_hash_may_have_no_tunnel(tmp_path, tunnels, named, n_wrong):
    """GRE is hashed over the outer header here, and VXLAN around ARP not at all."""
    configuration = replace(CONFIGURATION, hash_types=0xDFF)
    inner = builders.ipv4(builders.udp(), 17)
    outer = builders.framed(builders.ipv4(builders.gre(inner, builders.IPV4), 47))
    frames = [(outer, len(outer), 1)] * 2 + arp_in_vxlan(1)
    answers = [naive.device.answer(frame, length, 1, configuration) for frame, length, _ in frames]
    assert [answer.hash_report for answer in answers] == ["IPv4", "IPv4", "NONE"]
    said = [Said(as_said(answer).value, answer.hash_report, of) for answer, of in zip(answers, tunnels, strict=True)]
    trace = tmp_path / "some.pcapng"
    trace.write_bytes(pcapng_of(frames))
    found = validate(trace, device_of(configuration), SaidOf(said))
    assert found.verdicts["wrong-tunnel"] == found.mismatches == n_wrong
    assert found.decisions == named


def test_nothing_reported_is_refused(tmp_path):
    trace = tmp_path / "arp.pcapng"
    trace.write_bytes(pcapng_of(arp_in_vxlan(2)))
    with pytest.raises(ConfigurationError, match="no packet has a reported hash or queue"):
        validate(trace, device_of(CONFIGURATION))


def test_what_is_selected_is_judged(tmp_path):
    frames = variety()
    trace = tmp_path / "frames.pcapng"
    trace.write_bytes(pcapng_of(frames))
    said = [as_said(naive.device.answer(*frame, CONFIGURATION)) for frame in frames]
    request = ValidationRequest(
        (device_of(CONFIGURATION),), Selection(encapsulation=["VXLAN"], count=2), (SaidOf(said),)
    )
    rows, result = rows_and_result(request, trace)
    encapsulations = [naive.device.answer(*frame, CONFIGURATION).encapsulation for frame in frames]
    assert [row.packet for row in rows] == [i + 1 for i, name in enumerate(encapsulations) if name == "VXLAN"][:2]
    assert result.mismatches == 0
