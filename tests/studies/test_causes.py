"""Verdicts name the cause that is there, on traffic and devices made to have one."""

from dataclasses import replace
from pathlib import Path

import pytest

from pcaphash import Device
from pcaphash.device.configs import default_configs
from pcaphash.engine.reading import Reading
from pcaphash.engine.saved import save_census
from pcaphash.report.compare.words import put_into_words
from pcaphash.report.words.values import percent
from pcaphash.studies.census import census
from pcaphash.studies.compare import compare
from pcaphash.studies.compare.advice import (
    AddQueues,
    AvoidPortless,
    CompareInner,
    EvenTable,
    FindUnhashed,
    HashInner,
    HashPorts,
    OtherKey,
    RebalanceTable,
    SteerInSoftware,
    VarySourcePort,
)
from pcaphash.studies.compare.causes import (
    FewFlows,
    HeavyFlow,
    Nothing,
    NothingToSpread,
    UnevenTable,
    Unexplained,
    Unhashed,
)
from pcaphash.studies.compare.gain import Gain, Step
from pcaphash.studies.shared.chance.enough import CutShort
from support import builders
from support.captures import pcapng_of, simple
from support.traffic import flows, plain, tunnelled, write

pytestmark = pytest.mark.jit_only  # baselines draw a thousand ideal hashes for every flow


def verdict_on(tmp_path, packets, devices=None, **options):
    return compare(write(tmp_path / "trace.pcapng", packets), devices or Device(), **options).verdict


def test_equal_flows_are_few_and_not_heavy(tmp_path):
    verdict = verdict_on(tmp_path, [plain(flow) for flow in flows(40)] * 20)
    (finding,) = verdict.findings
    assert finding.cause == "few-flows"
    assert finding.facts == FewFlows(inputs=40, half=20, queues=8)
    assert verdict.conclusion == "uneven"
    (advice,) = verdict.advice
    assert advice == RebalanceTable("inner", 40, 8)


@pytest.mark.parametrize(
    ("options", "facts", "fitting"),
    [
        ({"queues": 2, "indirection_table": [0, 0, 0, 1]}, UnevenTable(0, 3, 4, 2, 0), 2),
        ({"queues": 12, "indirection_table_size": 16}, UnevenTable(0, 2, 16, 12, 0), 8),
        ({"queues": 1024}, UnevenTable(0, 1, 128, 1024, 896), 128),
    ],
)
def test_an_uneven_table_is_blamed(tmp_path, options, facts, fitting):
    verdict = verdict_on(tmp_path, [plain(flow) for flow in flows(5000)], Device(**options))
    (finding,) = verdict.findings
    assert finding.cause == "table"
    assert finding.facts == facts
    (advice,) = verdict.advice
    excess = facts.entries * facts.queues / facts.table_size - 1
    assert replace(advice, remains={}) == EvenTable(facts, excess, fitting, {})
    assert list(advice.remains) == (["inner"] if fitting == facts.queues else [])


def test_what_remains_with_an_even_table_is_told_of_each_configuration(tmp_path):
    packets = [tunnelled(flow, source_port=50000) for flow in flows(3000)]
    uneven = verdict_on(tmp_path, packets, default_configs(Device(queues=4, indirection_table=[0, 1] * 64)))
    (table,) = [advice for advice in uneven.advice if isinstance(advice, EvenTable)]
    even = verdict_on(tmp_path, packets, default_configs(Device(queues=4)))
    assert table.remains == {finding.config: finding.excess for finding in even.findings}


def test_an_even_table_is_the_first_step_and_inner_headers_are_the_next(tmp_path):
    """Outer headers have three hash inputs, which no table spreads over 16 receive queues."""
    table = [*range(16), *[0] * 16, *range(16), *range(16)]
    packets = [tunnelled(flow, source_port=port) for n, flow in enumerate(flows(6000)) for port in [50000 + n % 3]]
    devices = [Device(hash_types="base", name="outer"), Device(name="inner")]
    uneven = [replace(device, queues=16, indirection_table=table) for device in devices]
    verdict = verdict_on(tmp_path, packets, uneven)
    even = verdict_on(
        tmp_path, packets, [replace(device, queues=16, indirection_table=[*range(16)] * 4) for device in devices]
    )
    assert [finding.cause for finding in verdict.findings] == ["few-inputs", "table"]
    assert verdict.gain is None
    assert verdict.with_even_table.gain == even.gain
    assert (even.gain.step, even.gain.config) == (Step.INNER, "inner")
    first, second = verdict.advice[:2]
    assert (first.kind, second) == ("even-table", HashInner(even.gain))
    assert first.remains == {finding.config: finding.excess for finding in even.findings}
    said = put_into_words(verdict, Reading()).headline
    excesses = f"{percent(even.gain.excess_instead)} (outer) to {percent(even.gain.excess)} (inner)"
    assert f"With an even one, inner hashing would help: the busiest receive queue drops from {excesses}" in said


def test_a_table_is_not_blamed_for_what_other_queues_carry(tmp_path):
    """Queue 1 has fewer entries than an even share, and one flow."""
    packets = [plain(flow) for flow in flows(1)] * 3000 + [plain(flow) for flow in flows(3000, seed=2)]
    even = verdict_on(tmp_path, packets, Device(queues=4))
    heavy = even.findings[0].facts.queue
    others = [queue for queue in range(4) if queue != heavy]
    table = [heavy if entry % 4 == heavy else others[0] for entry in range(128)]
    (finding,) = verdict_on(tmp_path, packets, Device(queues=4, indirection_table=table)).findings
    assert (finding.cause, finding.facts.queue) == ("single-flow", heavy)


def test_a_heavy_flow_that_explains_little_is_not_blamed(tmp_path):
    # One has a share of packets that is just above even; nine others that are nearly as heavy do the rest.
    heavy = [plain(flow) for flow in flows(9)]
    packets = heavy * 400 + heavy[:1] * 30 + [plain(flow) for flow in flows(300, seed=2)]
    (finding,) = verdict_on(tmp_path, packets).findings
    assert finding.cause == "heavy-flows"


def test_fragments_of_many_flows_are_no_single_flow(tmp_path):
    def fragment(source_port: int, offset: int) -> bytes:
        content = builders.udp(bytes(64), source_port, 2049)
        packet = builders.ipv4(
            content, 17, bytes([10, 1, 1, 1]), bytes([10, 1, 1, 2]), more_fragments=True, fragment_offset=offset
        )
        return builders.ethernet(packet, builders.IPV4)

    verdict = verdict_on(tmp_path, [fragment(port, offset) for port in range(2000, 2200) for offset in (0, 9)])
    (finding,) = verdict.findings
    assert finding.cause == "no-ports"
    assert finding.facts == HeavyFlow("10.1.1.1 > 10.1.1.2", "NONE", 1.0, 1 / 8, finding.facts.queue)
    assert verdict.advice == [AvoidPortless("inner", "10.1.1.1 > 10.1.1.2", "NONE", has_fragments=True)]


@pytest.mark.parametrize("other", [0, 1])
def test_packets_without_ports_that_are_no_fragments_are_not_called_so(tmp_path, other):
    ping = builders.ipv4(bytes(64), 1, bytes([10, 1, 1, 1]), bytes([10, 1, 1, 2]))
    # Fragments between other addresses change nothing.
    fragment = builders.ipv4(bytes(64), 17, bytes([10, 1, 1, 3]), bytes([10, 1, 1, 2]), more_fragments=True)
    packets = [builders.ethernet(each, builders.IPV4) for each in [ping] * 200 + [fragment] * other]
    verdict = verdict_on(tmp_path, packets)
    assert verdict.findings[0].cause == "no-ports"
    assert verdict.advice == [AvoidPortless("inner", "10.1.1.1 > 10.1.1.2", "NONE")]


def test_a_bad_key_is_blamed_under_every_configuration(tmp_path):
    zero = Device(hash_key=bytes(40))
    verdict = verdict_on(
        tmp_path,
        [plain(flow) for flow in flows(2000)],
        [Device(hash_types="addresses", hash_key=zero.hash_key, name="a"), Device(hash_key=zero.hash_key, name="b")],
    )
    assert [finding.cause for finding in verdict.findings] == ["hash", "hash"]
    assert (verdict.conclusion, verdict.gain, verdict.advice) == ("uneven", None, [OtherKey(["a", "b"])])


def test_flows_that_were_not_kept_are_not_judged_by(tmp_path):
    elephant, *others = flows(400)
    packets = [plain(elephant)] * 4000 + [plain(flow) for flow in others]
    assert [finding.cause for finding in verdict_on(tmp_path, packets).findings] == ["single-flow"]
    kept = verdict_on(tmp_path, packets, most_flows=20)
    (finding,) = kept.findings
    # Which flows are kept depends on what they are: the elephant is not among them.
    assert finding.cause == "uneven"
    assert isinstance(finding.facts, Unexplained)
    assert 0 < finding.facts.kept_share < 1
    assert finding.ideal is None


def test_luck_is_no_remedy(tmp_path):
    # Each flow has addresses of its own, so that ports add nothing; one of the two hashes is luckier, and that is all.
    heavy = [plain(flow) for flow in flows(12, seed=16)]
    verdict = verdict_on(
        tmp_path,
        heavy * 100,
        [Device(hash_types="addresses", name="addresses"), Device(hash_types="base", name="ports")],
    )
    first, second = (finding.excess for finding in verdict.findings)
    assert min(first, second) <= max(first, second) / 2
    assert (verdict.conclusion, verdict.gain) == ("uneven", None)
    assert verdict.best.cause == "few-flows"
    assert [advice.kind for advice in verdict.advice] == ["rebalance-table"]


def test_ports_help_where_there_are_many_more_hash_inputs(tmp_path):
    one_pair = [(bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]), port, 80) for port in range(2000, 5000)]
    devices = [Device(hash_types="addresses", name="addresses"), Device(hash_types="base", name="ports")]
    verdict = verdict_on(tmp_path, [plain(flow) for flow in one_pair], devices)
    worse, better = (finding.excess for finding in verdict.findings)
    gain = Gain(Step.PORTS, "ports", "addresses", better, worse, is_certain=True)
    assert (verdict.conclusion, verdict.gain) == ("gain", gain)
    assert verdict.advice == [HashPorts(gain, ["udp4"], is_tunnelled=False)]
    inside = verdict_on(tmp_path, [tunnelled(flow) for flow in one_pair], devices)
    assert next(advice for advice in inside.advice if isinstance(advice, HashPorts)).is_tunnelled


def test_a_single_receive_queue_is_nothing_to_judge(tmp_path):
    verdict = verdict_on(tmp_path, [plain(flow) for flow in flows(20)], Device(queues=1))
    assert verdict.conclusion == "nothing"
    assert [finding.facts for finding in verdict.findings] == [NothingToSpread(Nothing.ONE_QUEUE, 20, {})]
    assert verdict.advice == [AddQueues()]


def test_packets_that_no_hash_type_covers_are_all_in_one_place(tmp_path):
    arp = builders.ethernet(builders.arp(), builders.ARP)
    devices = default_configs(Device(unclassified_queue=3))
    verdict = verdict_on(tmp_path, [arp] * 50, devices)
    assert verdict.conclusion == "nothing"
    assert {(finding.facts.why, finding.facts.queue) for finding in verdict.findings} == {(Nothing.NO_HASH, 3)}
    assert verdict.advice == [FindUnhashed("outer-addresses", "not-ip", 50, 3)]
    inside = verdict_on(tmp_path, [tunnelled(flow) for flow in flows(50)], Device(hash_types=0, name="none"))
    assert inside.advice == [FindUnhashed("none", "no-type", 50, 0), CompareInner(1.0)]  # the cause first


def test_a_comparison_without_inner_headers_says_so_where_there_are_some(tmp_path):
    packets = [tunnelled(flow, source_port=50000) for flow in flows(500)]
    device = Device(hash_types="base", name="given")
    assert verdict_on(tmp_path, packets, device).advice[0] == CompareInner(1.0)
    without = replace(device, features="CTRL_VQ+MQ+RSS")
    for packets_of, devices in (
        (packets, without),
        (packets, [device, Device()]),
        ([plain(flows(1)[0])] * 500, device),
    ):
        kinds = {advice.kind for advice in verdict_on(tmp_path, packets_of, devices).advice}
        assert kinds
        assert "compare-inner" not in kinds


def test_cut_packets_are_not_called_unclassified(tmp_path):
    arp = builders.ethernet(builders.arp(), builders.ARP)
    whole = [plain(flow) for flow in flows(2000)]
    packets = [(each, len(each), 1) for each in [arp] * 400 + whole] + [
        (each[:20], len(each), 1) for each in whole[:500]
    ]
    path = tmp_path / "cut.pcapng"
    path.write_bytes(pcapng_of(packets))
    assert compare(path, Device()).verdict.advice == [FindUnhashed("inner", "not-ip", 400, 0)]


def test_a_capture_that_is_cut_too_short_is_not_judged_by(tmp_path):
    # 14 bytes of Ethernet, 20 of IPv4, 8 of UDP and 8 of VXLAN: nothing of the inner header is there.
    pair = [(bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]), port, 80) for port in range(2000, 3000)]
    frames = [tunnelled(flow) for flow in pair] + [plain(flow) for flow in flows(1000, seed=3)]

    def cut_verdict(n_cut):
        kept = [each[:50] if place < n_cut else each for place, each in enumerate(frames)]
        path = tmp_path / f"cut-{n_cut}.pcapng"
        path.write_bytes(pcapng_of([(short, len(each), 1) for short, each in zip(kept, frames, strict=True)]))
        return compare(path).verdict

    verdict = cut_verdict(800)
    *outer, inner = verdict.findings
    assert (inner.cause, inner.facts) == ("cut", CutShort(2000, 800))
    assert [(finding.cause, finding.facts) for finding in outer] == [("uneven", Unexplained(1.0, 0.0, 0.0, 0.4))] * 2
    assert verdict.gain.step == Step.PORTS  # which the outer header shows, and nothing follows from the inner one
    assert [advice.kind for advice in verdict.advice] == ["hash-ports"]
    whole = cut_verdict(0)
    assert (whole.findings[0].cause, whole.findings[-1].is_judged) == ("few-inputs", True)
    assert cut_verdict(200).findings[-1].is_judged


def test_a_capture_that_shows_no_ip_header_gives_no_verdict(tmp_path):
    frames = [plain(flow) for flow in flows(500)]
    path = tmp_path / "cut.pcapng"
    path.write_bytes(pcapng_of([(each[:20], len(each), 1) for each in frames]))
    verdict = compare(path).verdict
    assert verdict.conclusion == "cut"
    assert {finding.facts for finding in verdict.findings} == {CutShort(500, 500)}


def test_what_a_saved_census_tells_without_flows(tmp_path):
    def saved(packets):
        taken = census(write(tmp_path / "trace.pcapng", packets), Device())
        path = tmp_path / "saved.census"
        with path.open("wb") as stream:
            save_census(taken, stream)
        return path

    many, arp = [plain(flow) for flow in flows(3000)], builders.ethernet(builders.arp(), builders.ARP)
    (unhashed,) = compare(saved([*many, *[arp] * 1500]), Device()).verdict.findings
    assert (unhashed.cause, unhashed.facts) == ("unhashed", Unhashed(1500 / 4500, 0, "not-ip"))
    (table,) = compare(saved(many), Device(queues=2, indirection_table=[0, 0, 0, 1])).verdict.findings
    assert table.cause == "table"


def test_a_symmetric_key_is_not_blamed_for_what_it_is_meant_to_do(tmp_path):
    there = flows(1000)
    back = [(destination, source, port, source_port) for source, destination, source_port, port in there]
    packets = [plain(flow) for flow in there + back]
    comparison = compare(write(tmp_path / "trace.pcapng", packets), Device(hash_key="symmetric"))
    assert comparison.outcomes[0].baseline.n_inputs <= 1000
    assert comparison.verdict.findings[0].cause in ("even", "few-flows")
    assert not any(isinstance(advice, OtherKey) for advice in comparison.verdict.advice)


def test_a_symmetric_key_is_blamed_for_making_one_of_unrelated_connections(tmp_path):
    """Where ports go up with addresses, 400 connections have few sums of 16 bits, and so few hashes."""
    there = [(bytes([10, 0, 0, i]), bytes([10, 9, 9, 9]), 3000 + i, 80) for i in range(200)]
    back = [(destination, source, port, source_port) for source, destination, source_port, port in there]
    packets = [plain(flow) for flow in there + back]
    verdict = verdict_on(tmp_path, packets, Device(hash_key="symmetric", name="sym"))
    assert verdict.findings[0].cause == "hash"
    assert verdict.advice == [OtherKey(["sym"], is_symmetric=True)]
    assert verdict.findings[0].ideal.high < 1


def test_fewer_flows_than_queues_may_all_meet_on_one(tmp_path):
    packets = [plain((bytes([192, 0, 2, i]), bytes([198, 51, 100, 2]), 1000 + i, 443)) for i in range(3)] * 100
    verdict = verdict_on(tmp_path, packets, Device(name="one"))
    assert (verdict.findings[0].cause, verdict.findings[0].excess) == ("few-flows", 7)
    assert verdict.advice == []  # tune makes no table for so few


def test_sampling_does_not_depend_on_the_order_of_packets(tmp_path):
    packets = [plain(flow, size) for size, flow in enumerate(flows(300))] + [plain(flow) for flow in flows(50)]
    one = compare(write(tmp_path / "one.pcapng", packets), Device())
    other = compare(write(tmp_path / "other.pcapng", packets[::-1]), Device())
    assert one.baseline_rows == other.baseline_rows


def test_packets_without_a_time_are_counted_beside_the_windows(tmp_path):
    path = tmp_path / "simple.pcapng"
    frames = [plain(flow) for flow in flows(10)]
    path.write_bytes(pcapng_of([(frame, len(frame), 1) for frame in frames]) + b"".join(map(simple, frames[:3])))
    comparison = compare(path, Device(), window_ns=10**9)
    assert comparison.without_time == 3
    assert sum(row["packets"] for row in comparison.window_rows) == 10


def test_gains_are_those_over_the_device_given(tmp_path):
    inside = [(bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]), port, 80) for port in range(2000, 5000)]
    devices = [
        Device(hash_types="addresses", name="given"),
        Device(hash_types="base", name="outer"),
        Device(name="inner"),
    ]
    same_port = [tunnelled(flow, source_port=50000) for flow in inside]
    verdict = verdict_on(tmp_path, same_port, devices)
    assert (verdict.gain.step, verdict.gain.config, verdict.gain.instead_of) == (Step.INNER, "inner", "given")
    inner, varied, software = verdict.advice[:3]
    assert inner == HashInner(verdict.gain)
    assert varied == VarySourcePort(["192.0.2.1 > 198.51.100.1 VXLAN 1"], 0, 1.0, ["udp4"])
    assert software == SteerInSoftware(1.0)
    hashing_ports = verdict_on(tmp_path, same_port, [Device(hash_types="base", name="given"), devices[2]])
    assert hashing_ports.advice[1].protocols == []
    # A device that does well needs nothing, whatever others do.
    even = verdict_on(tmp_path, same_port, [Device(hash_types="base", name="outer"), Device(name="given")])
    assert (even.conclusion, even.gain, even.advice) == ("even", None, [])


def test_ports_are_the_second_best_where_inner_headers_do_better_still(tmp_path):
    # Half of the senders vary the source port.
    pairs = [(bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]), port, 80) for port in range(2000, 5000)]
    packets = [tunnelled(flow, source_port=50000) for flow in pairs[:200]] + [tunnelled(flow) for flow in pairs[200:]]
    verdict = verdict_on(
        tmp_path,
        packets * 2,
        [Device(hash_types="addresses", name="given"), Device(hash_types="base", name="outer"), Device(name="inner")],
    )
    assert verdict.gain.config == "inner"
    ports = next(advice for advice in verdict.advice if isinstance(advice, HashPorts))
    assert (ports.gain.instead_of, ports.protocols, ports.is_second_best) == ("given", ["udp4"], True)


def test_hashing_ports_is_no_advice_of_its_own_where_senders_keep_them(tmp_path):
    """Each of 48 networks has one source port: hashing ports helps since there are several, and could help more."""
    inside = [(bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]), port, 80) for port in range(2000, 5000)]
    packets = [tunnelled(flow, vni=n % 48, source_port=50000 + 7 * (n % 48)) for n, flow in enumerate(inside)]
    devices = [
        Device(hash_types="addresses", name="given"),
        Device(hash_types="base", name="outer"),
        Device(name="inner"),
    ]
    verdict = verdict_on(tmp_path, packets, devices)
    assert not any(isinstance(advice, HashPorts) for advice in verdict.advice)
    (varied,) = [advice for advice in verdict.advice if isinstance(advice, VarySourcePort)]
    excess = {finding.config: finding.excess for finding in verdict.findings}
    assert (varied.gain.excess, varied.gain.excess_instead) == (excess["outer"], excess["given"])
    assert (varied.protocols, varied.share) == (["udp4"], 1.0)


def test_packets_are_steered_after_decapsulation_where_the_nic_hashes_no_inner_headers(tmp_path):
    packets = [tunnelled(flow, source_port=50000) for flow in flows(500)]
    pair = [(bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]), port, 80) for port in range(2000, 2500)]
    packets = [tunnelled(flow, source_port=50000) for flow in pair]
    for features in ("CTRL_VQ+MQ+RSS", None):
        options = {} if features is None else {"features": features}
        advice = verdict_on(tmp_path, packets, Device(hash_types="base", name="given", **options)).advice
        assert SteerInSoftware(1.0) in advice
        assert (CompareInner(1.0) in advice) == (features is None)
    assert verdict_on(tmp_path, [plain(flow) for flow in flows(500)] * 2, Device(hash_types="base")).advice == []


def test_a_table_is_not_made_for_so_few_packets_that_tune_would_not_judge_it(tmp_path):
    few, enough = ([plain(flow) for flow in flows(n)] for n in (63, 64))
    assert verdict_on(tmp_path, few).advice == []
    assert [advice.kind for advice in verdict_on(tmp_path, enough).advice] == ["rebalance-table"]


def test_inner_headers_are_compared_with_the_same_key(tmp_path):
    inside = [(bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]), port, 80) for port in range(2000, 5000)]
    devices = [
        Device(hash_types="base", hash_key="mlx5", name="a"),
        Device(hash_key="mlx5", name="b"),
        Device(hash_key="symmetric", name="c"),
    ]
    verdict = verdict_on(tmp_path, [tunnelled(flow, source_port=50000) for flow in inside], devices)
    assert (verdict.gain.step, verdict.gain.config, verdict.gain.instead_of) == (Step.INNER, "b", "a")
    assert HashInner(verdict.gain) in verdict.advice


def test_a_lucky_worst_configuration_does_not_hide_what_inner_headers_gain():
    # Over 3 queues, 1 in 40 hashes of addresses alone does as well as the inner header, and hardly one of the ports.
    devices = default_configs(Device(queues=3))
    verdict = compare(Path(__file__).resolve().parents[2] / "sample_traces" / "overlay.pcap", devices).verdict
    assert (verdict.gain.step, verdict.gain.config, verdict.gain.instead_of) == (Step.INNER, "inner", "outer")
    assert verdict.findings[-1].cause == "few-flows"
    assert verdict.findings[-1].facts == FewFlows(2093, 257, 3)


def test_inner_headers_are_advised_where_only_luck_of_outer_ones_would_do_as_well():
    """With 4 receive queues, 1 in 40 hashes of the outer headers of this trace does as well as the inner ones."""
    overlay = Path(__file__).resolve().parents[2] / "sample_traces" / "overlay.pcap"
    devices = default_configs(Device(queues=4))
    verdict = compare(overlay, devices).verdict
    told = {finding.config: finding for finding in verdict.findings}
    assert told["outer"].ideal.low < told["inner"].excess < 0.1 < told["outer"].excess < told["outer-addresses"].excess
    assert (verdict.gain.step, verdict.gain.instead_of, verdict.gain.config) == (Step.INNER, "outer-addresses", "inner")
    assert [advice.kind for advice in verdict.advice] == ["hash-inner", "vary-source-port", "steer-in-software"]
    given = Device(hash_types="IPv4+TCPv4+IPv6+TCPv6", queues=4, name="given")
    verdict = compare(overlay, [given, *devices]).verdict
    assert (verdict.gain.step, verdict.gain.instead_of, verdict.gain.config) == (Step.INNER, "given", "inner")
