"""What a verdict says of traffic does not contradict itself, nor the counts that it rests on, whatever the traffic."""

import math
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pcaphash import Device
from pcaphash.device import default_configs
from pcaphash.engine.saved import save_census
from pcaphash.errors import NothingReadableError
from pcaphash.report.compare.words import put_into_words
from pcaphash.studies.census import census
from pcaphash.studies.compare import compare
from support import builders
from support.captures import pcapng_of
from support.comparing import small_capture_paths
from support.shared import ROOT, needs_shared
from support.traffic import flows, plain, tunnelled, write

pytestmark = pytest.mark.jit_only  # baselines draw a thousand ideal hashes for every flow

EVEN, LUCKY, CUT = 0.1, 0.5, 0.2
SAMPLES = sorted((ROOT / "sample_traces").glob("*.pcap*"))
# Names that say something else than what the configurations do.
MISNAMED = [
    Device(hash_types="base", name="inner"),
    Device(hash_types="all", name="outer"),
    Device(hash_types="addresses", name="evenly"),
]
CONFIGURATIONS = {
    "default": default_configs(Device()),
    "two queues": default_configs(Device(queues=2)),
    "odd queues": default_configs(Device(queues=5)),
    "virtio 1.4": default_configs(Device(spec="1.4")),
    "one queue": default_configs(Device(queues=1)),
    "one configuration": [Device(hash_types="base", name="outer")],
    "no types": [Device(hash_types=0, name="none"), Device(name="all")],
    "misnamed": MISNAMED,
    "bad key": [Device(hash_key=bytes(40), name="zero"), Device(name="good")],
}


def excess_of(outcome) -> float:
    """Return how far the busiest receive queue is above an even share, in plain Python."""
    loads = outcome.distribution.queues[:, 0].tolist()
    return max(loads) * len(loads) / sum(loads) - 1


def assert_consistent(comparison) -> None:
    """Hold that facts, advice and words of a comparison agree with each other and with the counts."""
    verdict, words = comparison.verdict, put_into_words(comparison.verdict, comparison.reading)
    outcomes = {outcome.device.name: outcome for outcome in comparison.outcomes}
    judged = [finding for finding in verdict.findings if not math.isnan(finding.excess)]
    kinds = {advice.kind for advice in verdict.advice}

    for finding in verdict.findings:
        outcome = outcomes[finding.config]
        queues, n_packets = outcome.device.queues, int(outcome.distribution.queues[:, 0].sum())
        is_few = n_packets < max(32, 4 * queues)
        if finding.cause == "too-few":
            assert is_few
            assert (finding.facts.packets, finding.facts.needed) == (n_packets, max(32, 4 * queues))
        elif finding.cause == "cut":
            assert finding.facts.cut == outcome.distribution.reasons["truncated"] >= CUT * outcome.distribution.packets
        elif finding.cause == "nothing":
            assert not outcome.device.has_queue or queues == 1 or not outcome.distribution.hashed
        else:
            assert finding.excess == pytest.approx(excess_of(outcome))
            assert not is_few or finding.cause == "table"
        if finding.cause == "even":
            assert finding.excess <= EVEN
        if finding.cause == "hash":
            assert finding.ideal.percentile > 99.9
        if finding.cause == "single-flow":
            assert finding.facts.share > 1 / queues
        if finding.cause == "unhashed":
            assert finding.facts.share == pytest.approx(outcome.distribution.unhashed / n_packets)

    if not judged:
        assert (verdict.best, verdict.worst, verdict.gain) == (None, None, None)
        assert verdict.conclusion in ("nothing", "too-few", "cut")
        of_nothing = {"add-queues", "compare-inner", "find-unhashed"} if verdict.conclusion == "nothing" else set()
        assert kinds <= of_nothing
        return
    assert verdict.best.excess == min(finding.excess for finding in judged)
    assert verdict.worst.excess == max(finding.excess for finding in judged)
    assert (verdict.conclusion == "even") == (verdict.worst.excess <= EVEN)
    assert (verdict.conclusion == "gain") == (verdict.gain is not None)
    if verdict.conclusion == "even":
        assert verdict.advice == []

    gains = [advice.gain for advice in verdict.advice if advice.kind in ("hash-inner", "hash-ports")]
    for gain in [*gains, *([verdict.gain] if verdict.gain else [])]:
        told = {finding.config: finding for finding in judged}
        worse, better = told[gain.instead_of], told[gain.config]
        assert (gain.excess, gain.excess_instead) == (better.excess, worse.excess)
        assert gain.excess <= LUCKY * gain.excess_instead
        if worse.ideal is not None and worse.cause != "hash":
            assert gain.excess < worse.ideal.low  # a lucky hash of the worse one's input would not do as well
    for advice in verdict.advice:
        if advice.kind == "hash-inner":
            one, other = (outcomes[name].device.tunnel_mask for name in (advice.gain.instead_of, advice.gain.config))
            assert other & ~one
        if advice.kind == "find-unhashed":
            assert outcomes[advice.config].distribution.reasons[advice.reason] == advice.packets > 0
    # No flow is called unsplittable where a setting, or another reading of the packets, would split it.
    assert not kinds & {"split-flow", "avoid-portless"} or verdict.best.cause in ("single-flow", "no-ports")
    assert_words_agree(verdict, words)


def assert_words_agree(verdict, words) -> None:
    """Hold that sentences are whole, and promise and deny nothing that the facts do not."""
    text = " ".join(words.lines)
    assert not re.search(r"\b(nan|None|inf)\b|[{}]", text)
    assert all(line.endswith((".", ")")) for line in (words.headline, *(each.text for each in words.findings)))
    assert ("would help" in words.headline) <= (verdict.gain is not None)
    assert ("No configuration here spreads" in words.headline) <= (verdict.best.excess > EVEN)
    told = {finding.config: finding for finding in verdict.findings}
    blamed = verdict.best if verdict.gain is None else told[verdict.gain.instead_of]
    assert ("The hash is at fault" in words.headline) == (blamed.cause == "hash" and verdict.conclusion != "even")
    if "Inner hashing would help" in words.headline:
        assert any(advice.kind == "hash-inner" for advice in verdict.advice)
    # Where one configuration is judged, "nothing to spread" is said of none that sends packets to a receive queue.
    for finding, said in zip(verdict.findings, words.findings, strict=True):
        is_nothing = "nothing to spread" in said.text or "since none has a hash" in said.text
        assert is_nothing == (finding.cause == "nothing")


def save(trace: Path, devices, path: Path) -> Path:
    with path.open("wb") as stream:
        save_census(census(trace, devices), stream)
    return path


@pytest.mark.parametrize("trace", SAMPLES, ids=lambda path: path.name)
@pytest.mark.parametrize("named", ["default", "misnamed", "two queues"])
def test_samples(trace, named):
    assert_consistent(compare(trace, CONFIGURATIONS[named]))


@pytest.mark.parametrize("named", CONFIGURATIONS)
def test_the_overlay_under_many_configurations(named):
    assert_consistent(compare(ROOT / "sample_traces" / "overlay.pcap", CONFIGURATIONS[named]))


@pytest.mark.parametrize("trace", SAMPLES, ids=lambda path: path.name)
def test_saved_censuses(trace, tmp_path):
    devices = default_configs(Device())
    comparison = compare(save(trace, devices, tmp_path / "saved.census"), devices)
    assert_consistent(comparison)
    assert not comparison.verdict.gain or not comparison.verdict.gain.is_certain


@needs_shared
@pytest.mark.parametrize("trace", small_capture_paths(), ids=lambda path: path.name)
def test_public_captures(trace):
    try:
        assert_consistent(compare(trace))
    except NothingReadableError:
        pytest.skip("not a capture that can be read")


ARP = builders.ethernet(builders.arp(), builders.ARP)


@st.composite
def mixes(draw):
    """Draw packets: flows of several weights, some in tunnels with one source port or many, some without a hash."""
    packets = []
    for number in range(draw(st.integers(1, 3))):
        chosen = flows(draw(st.sampled_from([1, 2, 7, 40, 300])), seed=number)
        weight = draw(st.sampled_from([1, 3, 30]))
        place = draw(st.sampled_from(["plain", "varied", "fixed", "one-pair"]))
        for source, destination, *ports in chosen:
            if place == "one-pair":
                packets += [plain((b"\x0a\0\0\1", b"\x0a\0\0\2", *ports))] * weight
            elif place == "plain":
                packets += [plain((source, destination, *ports))] * weight
            else:
                flow = (source, destination, *ports)
                packets += [tunnelled(flow, number, source_port=5000 if place == "fixed" else None)] * weight
    return packets + [ARP] * draw(st.sampled_from([0, 1, 50]))


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(mixes(), st.sampled_from([name for name in CONFIGURATIONS if name != "virtio 1.4"]))
def test_mixes_of_flows(packets, named):
    with TemporaryDirectory() as folder:
        assert_consistent(compare(write(Path(folder) / "mix.pcapng", packets), CONFIGURATIONS[named]))


@pytest.mark.parametrize("n_packets", [1, 10, 31])
def test_few_packets_get_no_verdict(tmp_path, n_packets):
    comparison = compare(write(tmp_path / "few.pcapng", [tunnelled(flow) for flow in flows(n_packets)]))
    assert_consistent(comparison)
    assert {finding.cause for finding in comparison.verdict.findings} == {"too-few"}
    assert put_into_words(comparison.verdict, comparison.reading).headline.startswith(
        f"{n_packets} packet{'s are' if n_packets > 1 else ' is'} too few to judge the spread over 8 receive queues; "
    )


def test_no_hash_under_one_configuration_is_no_reason_to_say_nothing(tmp_path):
    """GRE around something that is not IP: hashed by its outer addresses, and not at all where the inner is hashed."""
    packet = builders.ipv4(builders.gre(bytes(60), 0x9000), 47, bytes([10, 3, 34, 171]), bytes([10, 33, 10, 23]))
    comparison = compare(write(tmp_path / "gre.pcapng", [builders.ethernet(packet, builders.IPV4)] * 200))
    assert_consistent(comparison)
    causes = [finding.cause for finding in comparison.verdict.findings]
    assert causes == ["no-ports", "no-ports", "unhashed"]
    assert "hash-inner" not in {advice.kind for advice in comparison.verdict.advice}
    assert "nothing to spread" not in " ".join(put_into_words(comparison.verdict, comparison.reading).lines)


def test_every_packet_unknown(tmp_path):
    frames = [plain(flow)[:20] for flow in flows(100)]
    path = tmp_path / "cut.pcapng"
    path.write_bytes(pcapng_of([(frame, 200, 1) for frame in frames]))
    comparison = compare(path)
    assert_consistent(comparison)
    assert comparison.verdict.conclusion == "cut"
