"""Verdicts on traffic in which one thing is easily taken for another."""

from dataclasses import replace

import pytest

from pcaphash import Device
from pcaphash.device import default_configs
from pcaphash.engine.saved import save_census
from pcaphash.report.compare.words import put_into_words
from pcaphash.report.words.values import percent
from pcaphash.studies.census import census
from pcaphash.studies.compare import compare
from support import builders
from support.builders import erspan_i, framed, in_gre
from support.captures import pcapng_of
from support.traffic import Flow, flows, plain, tunnelled, write

pytestmark = pytest.mark.jit_only  # baselines draw a thousand ideal hashes for every flow

LOW_KEY = bytes([1]) * 40  # leaves 256 hashes at most


def judged(tmp_path, packets, devices=None):
    comparison = compare(write(tmp_path / "trace.pcapng", packets), devices or default_configs(Device()))
    return comparison.verdict, put_into_words(comparison.verdict, comparison.reading)


def tcp(flow: Flow) -> bytes:
    segment = builders.tcp(b"", flow[2], flow[3])
    return framed(builders.ipv4(segment, builders.TCP, flow[0], flow[1]))


def fragment(flow: Flow) -> bytes:
    datagram = builders.udp(bytes(10), flow[2], flow[3])
    return framed(builders.ipv4(datagram, builders.UDP, flow[0], flow[1], more_fragments=True))


def sctp(flow: Flow) -> bytes:
    packet = builders.sctp(b"data", flow[2], flow[3])
    return framed(builders.ipv4(packet, builders.SCTP))


def test_even_under_one_and_lucky_under_none_is_no_contradiction(tmp_path):
    verdict, words = judged(tmp_path, [tcp(flow) for flow in flows(700) for _ in range(3)])
    assert (verdict.best.excess <= 0.1, verdict.worst.excess > 0.1, verdict.gain) == (True, True, None)
    assert "evenly" not in words.headline
    assert words.headline.startswith("No configuration here is clearly better: the busiest receive queue is ")
    assert f"({verdict.best.config}) to " in words.headline


def test_a_heavy_flow_stays_one_where_a_small_one_shares_its_hash_input(tmp_path):
    several = flows(200)
    packets = [plain(flow) for flow in several for _ in range(5)] + [fragment(several[0])] * 700
    verdict, words = judged(tmp_path, packets)
    assert {finding.cause for finding in verdict.findings} == {"no-ports"}
    assert [advice.kind for advice in verdict.advice] == ["avoid-portless"]
    assert "have no ports to hash" in words.headline


def test_many_flows_of_one_hash_input_are_no_heavy_flow(tmp_path):
    packets = [tunnelled(flow, source_port=5000) for flow in flows(50) for _ in range(9)]
    packets += [tunnelled(flows(1)[0], source_port=5000)] * 500  # about half of them
    verdict, _ = judged(tmp_path, packets, [Device(hash_types="base", name="outer")])
    assert verdict.findings[0].cause == "few-inputs"


def test_ports_of_sctp_are_not_denied(tmp_path):
    _, words = judged(tmp_path, [sctp(flow) for flow in flows(300)])
    (advice,) = words.advice
    assert "hash types cover only the ports of TCP and UDP" in advice.text
    assert "has no ports" not in advice.text
    assert "fragments" not in advice.text


@pytest.mark.parametrize(
    ("worse", "better", "packet", "kind"),
    [
        (0, "all", plain, "find-unhashed"),
        ("addresses", "all", plain, "hash-ports"),
        ("base", "all", lambda flow: tunnelled(flow, source_port=5000), "hash-inner"),
        ("addresses", "all", lambda flow: tunnelled(flow, source_port=5000), "hash-inner"),
    ],
)
def test_a_gain_is_owed_to_what_the_traffic_has(tmp_path, worse, better, packet, kind):
    ends = (bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2]))
    packets = [packet((*ends, *flow[2:])) for flow in flows(900)] * 2
    devices = [Device(hash_types=worse, name="worse"), Device(hash_types=better, name="better")]
    verdict, words = judged(tmp_path, packets, devices)
    assert verdict.gain is not None
    assert verdict.advice[0].kind == kind
    assert ("Inner hashing would help" in words.headline) == (kind == "hash-inner")
    assert ("Hashing ports would help" in words.headline) == (kind == "hash-ports")


def test_traffic_that_only_a_configuration_without_ports_spreads_unevenly_is_no_alarm(tmp_path):
    several = [(*flow[:2], *ports) for flow in flows(20) for ports in ((1024 + n, 443) for n in range(500))]
    devices = default_configs(Device())
    verdict, words = judged(tmp_path, [tcp(flow) for flow in several], devices)
    worst = verdict.worst
    assert (verdict.gain.step, worst.config, verdict.is_mostly_even) == ("ports", "outer-addresses", True)
    assert words.headline.startswith(
        "This traffic spreads evenly under outer and inner: the busiest receive queue is at "
    )
    assert words.headline.endswith(f" Under outer-addresses, it is {percent(worst.excess)} above.")
    given = [replace(devices[0], name="given"), *devices[1:]]  # a device that is there is worth a change
    assert "Hashing ports would help" in judged(tmp_path, [tcp(flow) for flow in several], given)[1].headline


def test_inner_hashing_is_named_beside_a_configuration_that_hashes_little(tmp_path):
    packets = [tunnelled(flow, flow[0][0] % 3 + 1, source_port=5000) for flow in flows(900)] * 2
    types = {"little": "TCPv6", "outer": "base", "inner": "all"}
    devices = [Device(hash_types=each, name=name) for name, each in types.items()]
    verdict, words = judged(tmp_path, packets, devices)
    assert (verdict.worst.config, verdict.best.config) == ("little", "inner")
    assert "Inner hashing would help" in words.headline
    (advice, *_) = verdict.advice
    assert (advice.kind, advice.gain.instead_of, advice.gain.config) == ("hash-inner", "outer", "inner")


@pytest.mark.parametrize(
    ("hash_types", "packets", "expected"),
    [
        ("TCPv4", [plain(flow) for flow in flows(60)] + [tcp(flow) for flow in flows(9)], "enable hash types for"),
        ("base", [builders.ethernet(builders.arp(), builders.ARP)] * 70 + [tcp(flow) for flow in flows(9)], "expect"),
    ],
)
def test_advice_on_packets_without_a_hash_fits_the_reason(tmp_path, hash_types, packets, expected):
    _, words = judged(tmp_path, packets, [Device(hash_types=hash_types, name="one")])
    (advice,) = words.advice
    assert advice.text.startswith(expected)


def test_a_mirror_session_is_named_beside_what_has_no_hash(tmp_path):
    frame = tcp(flows(1)[0])
    mirrored = [in_gre(erspan_i(frame))] * 90
    verdict, words = judged(tmp_path, [*mirrored, *(tcp(flow) for flow in flows(20))])
    assert "look-into" in {advice.kind for advice in verdict.advice}
    assert any("strip=erspan" in advice.text for advice in words.advice)


def test_a_key_that_repeats_a_byte_is_blamed(tmp_path):
    """Such a key is symmetric, too, but nobody means its few hashes: ideal hashes are those of any other key."""
    trace = [plain(flow) for flow in flows(2000)] * 2
    low, usual = judged(tmp_path, trace, [Device(hash_key=LOW_KEY, name="low"), Device(name="usual")])[0].findings
    assert (low.ideal.low, low.ideal.high) == pytest.approx((usual.ideal.low, usual.ideal.high), abs=0.01)


def test_packets_whose_queue_is_unknown_are_not_counted_as_all(tmp_path):
    frames = [tcp(flow) for flow in flows(30)]
    trace = tmp_path / "cut.pcapng"
    trace.write_bytes(pcapng_of([(frame if i < 26 else frame[:20], len(frame), 1) for i, frame in enumerate(frames)]))
    comparison = compare(trace, [Device(name="one")])
    words = put_into_words(comparison.verdict, comparison.reading)
    assert words.headline.startswith("26 packets with a known receive queue are too few to judge the spread over 8 ")


def test_a_saved_census_says_once_how_uneven_traffic_is(tmp_path):
    devices = default_configs(Device())
    saved = tmp_path / "one.census"
    with saved.open("wb") as stream:
        save_census(census(write(tmp_path / "trace.pcapng", [tcp(flows(1)[0])] * 99), devices), stream)
    comparison = compare(saved, devices)
    words = put_into_words(comparison.verdict, comparison.reading)
    assert words.headline == (
        "No configuration here spreads this traffic evenly: at best, the busiest receive queue is 700% above the ideal "
        "share (outer-addresses); up to 10% counts as even."
    )


def test_one_entry_is_singular(tmp_path):
    _, words = judged(tmp_path, [tcp(flow) for flow in flows(60)], [Device(indirection_table=[0], name="one")])
    assert "1 of 1 entry" in words.findings[0].text
    assert "Use a larger table, or 1 receive queue." in words.advice[0].text
