"""Comparisons: their tables add up, and their verdicts blame what is to blame, on traffic whose shape is known."""

import io
import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

import pcaphash
from pcaphash import Device
from pcaphash.device import default_configs
from pcaphash.engine.saved import save_census
from pcaphash.engine.timeline import BusiestShare, Timeline, parse_window
from pcaphash.errors import ConfigurationError
from pcaphash.report.compare.document import comparison_document
from pcaphash.report.compare.write import write_comparison
from pcaphash.report.words.values import no_packets
from pcaphash.studies.census import census
from pcaphash.studies.compare import compare
from pcaphash.studies.compare import outcome as outcomes
from pcaphash.studies.compare.causes import Nothing, NothingToSpread
from pcaphash.studies.shared.chance import sampling
from pcaphash.studies.shared.chance.spread import spread
from support import builders, captures
from support.captures import pcapng_of
from support.shared import ROOT
from support.traffic import flows, plain, tunnelled, write
from support.variety import variety

pytestmark = pytest.mark.jit_only  # baselines draw a thousand ideal hashes for every flow

OVERLAY = ROOT / "sample_traces" / "overlay.pcap"
INNER = Device()


def causes(comparison) -> dict[str, str]:
    return {finding.config: finding.cause for finding in comparison.verdict.findings}


@pytest.fixture(scope="module")
def overlay():
    return compare(OVERLAY, window_ns=10**9)


def test_the_overlay_is_judged_right_for_the_right_reason(overlay):
    verdict = overlay.verdict
    assert causes(overlay) == {"outer-addresses": "few-inputs", "outer": "few-inputs", "inner": "even"}
    assert (verdict.conclusion, verdict.best.config, verdict.worst.config) == ("gain", "inner", "outer-addresses")
    assert (verdict.gain.step, verdict.gain.config, verdict.gain.instead_of) == ("inner", "inner", "outer")
    # Ports of the outer header alone help no more than a lucky hash of the addresses would, and are not proposed.
    hash_inner, entropy, in_software = verdict.advice
    assert hash_inner.gain == verdict.gain
    assert in_software.share == pytest.approx(1 - 650 / 6060)
    assert entropy.protocols == ["udp4", "udp6"]  # outer addresses do not hash them
    # Of the seven tunnels these two are UDP with a fixed outer source port; make_samples.py has it so.
    assert entropy.tunnels == ["2001:db8::16 > 2001:db8:100::10 GENEVE 1", "192.0.2.13 > 198.51.100.10 VXLAN 1"]


def test_distributions_are_those_of_analyze(overlay):
    analysis = pcaphash.analyze(OVERLAY, default_configs(Device()))
    assert overlay.analysis.summary.equals(analysis.summary)
    assert overlay.analysis.distribution.equals(analysis.distribution)


def test_flows_bring_to_each_queue_what_the_census_has(overlay):
    for outcome in overlay.outcomes:
        assert np.array_equal(outcome.kept, outcome.distribution.queues)
        assert np.array_equal(sum(group.queues for group in outcome.encapsulations), outcome.distribution.queues)
        assert np.array_equal(outcome.timeline.loads.sum(axis=0), outcome.distribution.queues)


def test_half_of_the_packets(overlay):
    for outcome in overlay.outcomes:
        for n, loads in (
            (outcome.queues_with_half, outcome.distribution.queues[:, 0]),
            (outcome.inputs_with_half, outcome.inputs.loads[:, 0]),
        ):
            heaviest = sorted(loads.tolist(), reverse=True)
            assert 2 * sum(heaviest[: n - 1]) < sum(heaviest) <= 2 * sum(heaviest[:n])
    empty = replace(overlay.outcomes[0].distribution, queues=np.zeros((8, 2), np.int64))
    nothing = replace(overlay.outcomes[0], distribution=empty, inputs=None)
    assert (nothing.queues_with_half, nothing.inputs_with_half) == (0, 0)


def test_the_busiest_queue_of_single_windows():
    timeline = Timeline(INNER, 10)
    assert timeline.busiest is None
    for window, packets in enumerate(([4, 4], [1, 9], [0, 5], [3, 2], [6, 4])):
        timeline._loads[window + 7] = np.array([packets, packets]).T
    assert timeline.busiest == BusiestShare(0.6, pytest.approx(0.98), 1, 90)


def test_windows_are_those_of_hashes(overlay):
    rows = pcaphash.hashes(OVERLAY, INNER)
    expected = Counter(zip(rows["timestamp_ns"] // 10**9 * 10**9, rows["queue"], strict=True))
    found = {
        (row["window_start_ns"], row["queue"]): row["packets"]
        for row in overlay.window_rows
        if row["config"] == "inner" and row["packets"]
    }
    assert found == dict(expected)


def test_tunnels_are_those_of_hashes_by_outer_addresses(overlay):
    rows = pcaphash.hashes(OVERLAY, Device(hash_types="addresses"))
    inner = pcaphash.hashes(OVERLAY, INNER)
    in_tunnel = rows[rows["encapsulation"] != "NONE"]
    expected = Counter(zip(in_tunnel["hash_input"], inner["queue"][in_tunnel.index], strict=True))
    groups = next(outcome for outcome in overlay.outcomes if outcome.device.name == "inner").tunnels
    found = sorted(n for group in groups for n in group.queues[:, 0].tolist() if n)
    assert found == sorted(expected.values())
    totals = [int(group.queues[:, 0].sum()) for group in groups]
    assert totals == sorted(totals, reverse=True)


def test_the_baseline_stands_beside_the_measures(overlay):
    rows = {(row["config"], row["measure"], row["unit"]): row for row in overlay.baseline_rows}
    assert len(rows) == 3 * 6 * 2
    for outcome in overlay.outcomes:
        for column, unit in enumerate(("packets", "bytes")):
            for measure, value in spread(outcome.distribution.queues[:, column]).items():
                row = rows[outcome.device.name, measure, unit]
                assert row["value"] == value
                assert row["ideal_low"] <= row["ideal_median"] <= row["ideal_high"]
                assert row["sampling_low"] <= row["sampling_high"]


def test_flow_rows_name_the_heaviest_flows(overlay):
    rows = pcaphash.hashes(OVERLAY, Device(hash_types="all"))
    heaviest = Counter(rows["hash_input"]).most_common(1)[0][1]
    own = [row for row in overlay.flow_rows if row["config"] == "inner"]
    assert [row["rank"] for row in own] == list(range(1, 21))
    assert own[0]["packets"] == heaviest
    assert own[0]["packet_share"] == heaviest / len(rows)


def test_one_elephant_is_blamed_and_not_the_hash(tmp_path):
    elephant, *others = flows(400)
    trace = write(tmp_path / "elephant.pcapng", [plain(elephant)] * 2000 + [plain(flow) for flow in others] * 3)
    comparison = compare(trace)
    assert causes(comparison)["inner"] == "single-flow"
    assert comparison.verdict.conclusion == "uneven"
    (facts,) = (each.facts for each in comparison.verdict.findings if each.config == "inner")
    source, destination, source_port, destination_port = elephant
    assert facts.endpoints == (
        f"{'.'.join(map(str, source))}:{source_port} > {'.'.join(map(str, destination))}:{destination_port} UDP"
    )
    assert (facts.encapsulation, facts.share, facts.ideal_share) == ("NONE", 2000 / 3197, 1 / 8)
    (advice,) = comparison.verdict.advice
    assert advice.kind == "split-flow"
    (best,) = (each for each in comparison.outcomes if each.device.name == advice.config)
    assert advice.queue == best.distribution.queues[:, 0].argmax()


def test_a_bad_key_is_blamed(tmp_path):
    trace = write(tmp_path / "many.pcapng", [plain(flow) for flow in flows(2000)])
    comparison = compare(trace, [Device(hash_key=bytes(40), name="zero"), Device(name="microsoft")])
    assert causes(comparison) == {"zero": "hash", "microsoft": "even"}
    assert (comparison.verdict.gain.config, comparison.verdict.gain.step) == ("microsoft", "other")
    assert [(advice.kind, advice.configs) for advice in comparison.verdict.advice] == [("other-key", ["zero"])]
    zero, microsoft = (outcome.independence for outcome in comparison.outcomes)
    assert zero.probability < 1e-9
    assert microsoft.probability > 1e-3


def test_few_heavy_flows_are_blamed(tmp_path):
    heavy = [plain(flow) for flow in flows(9)]
    light = [plain(flow) for flow in flows(3000, seed=2)]
    trace = write(tmp_path / "heavy.pcapng", heavy * 400 + light)
    comparison = compare(trace, INNER)
    assert causes(comparison) == {"inner": "heavy-flows"}
    (finding,) = comparison.verdict.findings
    assert (finding.facts.inputs, finding.facts.half) == (3009, 9)  # 9 * 400 of 6,600 packets


def test_packets_without_a_hash_are_blamed(tmp_path):
    arp = builders.ethernet(builders.arp(), builders.ARP)
    trace = write(tmp_path / "arp.pcapng", [arp] * 900 + [plain(flow) for flow in flows(2000)])
    comparison = compare(trace, Device(unclassified_queue=5))
    assert causes(comparison) == {"inner": "unhashed"}
    (finding,) = comparison.verdict.findings
    assert (finding.facts.share, finding.facts.queue) == (900 / 2900, 5)
    assert (comparison.verdict.advice[0].reason, comparison.verdict.advice[0].packets) == ("not-ip", 900)


def test_a_fixed_source_port_is_named(tmp_path):
    fixed = [tunnelled(flow, 1, 7, source_port=5000) for flow in flows(500)]
    varied = [tunnelled(flow, 2, 8) for flow in flows(500, seed=3)]
    comparison = compare(write(tmp_path / "fixed.pcapng", fixed * 2 + varied))
    assert causes(comparison) == {"outer-addresses": "few-inputs", "outer": "few-inputs", "inner": "even"}
    (entropy,) = (advice for advice in comparison.verdict.advice if advice.kind == "vary-source-port")
    assert (entropy.tunnels, entropy.more, entropy.share) == (["192.0.2.1 > 198.51.100.1 VXLAN 7"], 0, 1000 / 1500)


def test_an_uneven_table_is_named(tmp_path):
    trace = write(tmp_path / "many.pcapng", [plain(flow) for flow in flows(3000)])
    comparison = compare(trace, Device(queues=5, indirection_table_size=8))
    (advice,) = comparison.verdict.advice
    assert (advice.kind, advice.table.table_size, advice.table.queues, advice.fitting) == ("even-table", 8, 5, 4)


def test_an_uneven_table_is_named_with_fewer_packets_than_an_even_one_takes_to_judge(tmp_path):
    trace = write(tmp_path / "few.pcapng", [plain(flow) for flow in flows(24)])
    comparison = compare(trace, Device(queues=4, indirection_table=[0, 0, 0, 0, 0, 0, 1, 2]))
    assert comparison.verdict.with_even_table is None
    advice = comparison.verdict.advice[0]
    even = compare(trace, Device(queues=4, indirection_table_size=8))
    loads = {each.device.name: each.queues[:, 0] for each in even.analysis.distributions}
    excess = {config: spread(packets)["max_ideal"] for config, packets in loads.items()}
    judged = [finding.config for finding in comparison.verdict.findings if finding.is_judged]
    assert judged
    assert set(causes(even).values()) == {"too-few"}
    assert (advice.kind, advice.remains) == ("even-table", {config: excess[config] for config in judged})
    text = io.StringIO()
    write_comparison(comparison, "table", text)
    assert "the indirection table is uneven" in text.getvalue()


@pytest.mark.parametrize(
    ("packets", "facts"),
    [
        ([], NothingToSpread(Nothing.NO_PACKETS, 0, {})),
        (
            [builders.ethernet(builders.arp(), builders.ARP)] * 3,
            NothingToSpread(Nothing.NO_HASH, 3, {"not-ip": 3}, 0),
        ),
    ],
)
def test_nothing_to_spread_is_said(tmp_path, packets, facts):
    comparison = compare(write(tmp_path / "nothing.pcapng", packets), window_ns=1000)
    assert comparison.verdict.conclusion == "nothing"
    assert [finding.facts for finding in comparison.verdict.findings] == [facts] * 3
    assert set(causes(comparison).values()) == {"nothing"}
    assert all(len(table.columns) for table in comparison.tables().values())


def test_of_packets_that_the_host_sent_it_is_told_that_none_was_received(tmp_path):
    sent = captures.enhanced(bytes(60), options=captures.number_option(2, "I", 2) + captures.option(0, b""))
    trace = tmp_path / "sent.pcapng"
    trace.write_bytes(captures.section() + captures.interface() + sent * 2)
    comparison = compare(trace)
    why = no_packets(comparison.reading)
    assert why.startswith("no packet was received; the host sent all 2 that there are; give ")
    assert comparison_document(comparison)["verdict"]["headline"] == f"There is nothing to spread: {why}."


def test_without_receive_queues(tmp_path):
    trace = write(tmp_path / "few.pcapng", [plain(flow) for flow in flows(9)])
    comparison = compare(trace, Device(features="CTRL_VQ+HASH_REPORT"))
    assert causes(comparison) == {"outer": "nothing"}
    assert comparison.group_rows == comparison.baseline_rows == []


def test_every_kind_of_packet(tmp_path):
    path = tmp_path / "variety.pcapng"
    path.write_bytes(pcapng_of(variety()))
    for spec in ("v7", "1.4"):
        for outcome in compare(path, default_configs(Device(spec=spec)), window_ns=10**6).outcomes:
            assert np.array_equal(outcome.kept, outcome.distribution.queues)


def test_lumped_flows_leave_distributions_alone_and_are_said(overlay):
    comparison = compare(OVERLAY, most_flows=500)
    assert comparison.analysis.summary.equals(overlay.analysis.summary)
    flow_set = comparison.outcomes[0].flow_set
    assert not flow_set.is_complete
    assert len(flow_set.flows.keys) <= 500
    assert flow_set.flows.loads[:, 0].sum() + flow_set.lumped[0] == 6060


def test_a_saved_census_tells_nothing_of_flows(tmp_path, overlay):
    saved = tmp_path / "overlay.census"
    taken = census([OVERLAY], default_configs(Device()))
    with saved.open("wb") as stream:
        save_census(taken, stream)
    comparison = compare(saved)
    assert comparison.analysis.summary.equals(overlay.analysis.summary)
    assert [each.flow_set for each in comparison.outcomes] == [None] * 3
    assert causes(comparison) == {"outer-addresses": "uneven", "outer": "uneven", "inner": "even"}


@pytest.mark.parametrize(
    ("text", "length"),
    [("100ms", 10**8), ("1s", 10**9), ("0.5 us", 500), ("2min", 12 * 10**10), ("7ns", 7), ("1.25s", 1_250_000_000)],
)
def test_lengths_of_time(text, length):
    assert parse_window(text) == length


@pytest.mark.parametrize("text", ["", "100", "ms", "0s", "-1s", "0.1ns", "1h", "1e3s", "100ms x", "9" * 30 + "s"])
def test_what_is_no_length_of_time(text):
    with pytest.raises(ConfigurationError, match="window_ns: "):
        parse_window(text)


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_neither_the_order_of_packets_nor_threads_matter(tmp_path, jobs):
    packets = variety() * 2
    documents = []
    for seed, some_jobs in ((0, 1), (1, jobs)):
        random.Random(seed).shuffle(packets)
        path = tmp_path / f"{seed}" / "packets.pcapng"
        path.parent.mkdir()
        path.write_bytes(pcapng_of(packets))
        document = comparison_document(compare(path, jobs=some_jobs))
        documents.append({name: document[name] for name in ("verdict", "baseline", "groups", "flows", "affinity")})
    assert documents[0] == documents[1]


def test_flows_are_resampled_only_where_that_is_shown(monkeypatch):
    resampled = []

    def resample(*arguments):
        resampled.append(arguments)
        return sampling.resample(*arguments)

    monkeypatch.setattr(outcomes, "resample", resample)
    comparison = compare(OVERLAY)
    write_comparison(comparison, "table", io.StringIO())
    assert resampled == []
    assert comparison.baseline_rows
    assert len(resampled) == 3


@pytest.mark.jit_only
def test_it_is_said_exactly_why_a_key_is_bad(tmp_path):
    some = [plain(flow) for flow in flows(300)]
    repeated = Device(hash_key=b"\xff" * 40)
    found = compare(write(tmp_path / "many.pcapng", some), [repeated, Device(name="other")])
    (limit,) = found.verdict.findings[0].limits
    assert (limit.reachable, limit.best_rank, limit.is_limited_by_key) == (2, 7, True)
    assert limit.entries == 2
    assert found.verdict.findings[1].limits == ()
    assert [reach.rank for outcome in found.outcomes for reach in outcome.reaches] == [1, 7]


@pytest.mark.jit_only
def test_few_inputs_are_no_limit_of_what_a_key_reaches(tmp_path):
    """Four inputs cannot reach more than four entries anyway."""
    addresses = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])
    ports = [plain((*addresses, 32768 + i, 80)) for i in range(4)]
    found = compare(write(tmp_path / "four.pcapng", ports * 100), [Device()])
    ((limit,),) = (outcome.limits for outcome in found.outcomes)
    assert (limit.dimension, limit.reachable, limit.is_limited_by_key) == (2, 4, False)
    assert [finding.limits for finding in found.verdict.findings] == [()]


@pytest.mark.parametrize("key", ["microsoft", "symmetric", "ff" * 40, "00" * 39 + "01"])
def test_limits_are_the_reaches_that_matter(key):
    devices = [Device(hash_types=types, hash_key=key, name=types) for types in ("addresses", "base", "all")]
    found = [compare(ROOT / "sample_traces" / name, devices) for name in ("overlay.pcap", "ipv6-extensions.pcap")]
    judged = [outcome for each in found for outcome in each.outcomes]
    for outcome in judged:
        assert outcome.limits == tuple(reach for reach in outcome.reaches if reach.matters)
    assert any(outcome.limits for outcome in judged)
