"""Traffic from a seed: valid packets, the same bytes everywhere, and the distributions that were asked for."""

import hashlib
import io
import math
import shutil
import subprocess
from collections import Counter
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import pcaphash
from pcaphash import Traffic
from pcaphash.errors import ConfigurationError, OutputError
from pcaphash.kernels.base import COMPILED
from pcaphash.kernels.synth_frames import FIRST_FRAGMENT, LATER_FRAGMENT
from pcaphash.standards import flow_sizes
from pcaphash.studies.synth import distribution, study
from pcaphash.studies.synth.templates import ENCAPSULATIONS
from support.synthesized import equal_records, records_of, verify_frame

EVERYTHING = Traffic(
    packets=3000 if COMPILED else 300,
    tunnels=",".join(ENCAPSULATIONS),
    fragments="30%",
    vlans=0.3,
    udp=0.5,
    ipv6=0.5,
    outer_ipv6=0.5,
    snap_length=0,
)
LIKELY = 1e-4
"""A seed is fixed, so that a test that passes once passes always; this is how likely it was to pass."""


def test_the_same_seed_makes_the_same_bytes_everywhere(tmp_path):
    """Digests are those of one machine; every other has to make the same bytes, compiled or not."""
    made = {
        "campus.pcap": Traffic(packets=200),
        "rpc.pcapng": Traffic(
            packets=200, flow_sizes="rpc", tunnels=",".join(ENCAPSULATIONS), fragments=0.3, vlans=0.5
        ),
        "zipf.pcap": Traffic(packets=200, flow_sizes="zipf:1.1", flows=50, arrivals="on-off", seed=2**64 - 1),
        "pareto.pcap": Traffic(packets=200, flow_sizes="pareto:1.2", arrivals="even", packet_size=99, snap_length=0),
    }
    for name, traffic in made.items():
        pcaphash.synth(tmp_path / name, traffic)
        pcaphash.synth(tmp_path / f"{name}.gz", traffic)
        packed = (tmp_path / f"{name}.gz").read_bytes()
        pcaphash.synth(tmp_path / f"{name}.gz", traffic)
        assert (tmp_path / f"{name}.gz").read_bytes() == packed
    digests = {name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()[:16] for name in made}
    assert digests == DIGESTS


DIGESTS = {
    "campus.pcap": "b7df35fdb6965745",
    "pareto.pcap": "904df8837ee317b2",
    "rpc.pcapng": "a615631dfc9cf597",
    "zipf.pcap": "c1f9be32dd261eb8",
}


def test_other_seeds_make_other_bytes(tmp_path):
    pcaphash.synth(tmp_path / "a.pcap", Traffic(packets=50))
    pcaphash.synth(tmp_path / "b.pcap", Traffic(packets=50, seed=2))
    assert (tmp_path / "a.pcap").read_bytes() != (tmp_path / "b.pcap").read_bytes()


def test_every_length_and_checksum_is_right(tmp_path):
    made = pcaphash.synth(tmp_path / "t.pcap", EVERYTHING)
    headers = Counter()
    for _, length, frame in records_of(tmp_path / "t.pcap"):
        assert len(frame) == length
        headers.update(set(verify_frame(frame)))
    assert headers["VLAN"] == made.tagged > 0
    assert headers["fragment"] == made.fragments > 0
    assert {"VXLAN", "VXLAN_GPE", "GENEVE", "GRE_UDP", "IPIP", "NVGRE", "key", "GRE", "TCP", "UDP"} <= headers.keys()


@given(
    seed=st.integers(0, 2**64 - 1),
    size=st.one_of(st.sampled_from(["imix", "full"]), st.integers(28, 2000)),
    profile=st.sampled_from(["campus", *flow_sizes.OF_BYTES, "pareto:0.5", "zipf:2"]),
    outer=st.one_of(st.just("entropy"), st.integers(0, 65535)),
)
@settings(max_examples=40 if COMPILED else 5)
def test_any_traffic_is_valid(scratch, seed, size, profile, outer):
    traffic = Traffic(
        packets=40, seed=seed, packet_size=size, flow_sizes=profile, outer_source_port=outer, concurrent=3,
        tunnels=",".join(ENCAPSULATIONS), fragments=0.5, vlans=0.5, udp=0.7, ipv6=0.5, outer_ipv6=0.5, snap_length=0,
    )  # fmt: skip
    pcaphash.synth(scratch / "any.pcap", traffic)
    frames = [frame for _, _, frame in records_of(scratch / "any.pcap")]
    assert len(frames) == 40
    for frame in frames:
        verify_frame(frame)


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is another reader of packets")
@pytest.mark.parametrize("suffix", ["pcap", "pcapng"])
def test_wireshark_finds_nothing_wrong(tmp_path, suffix):
    path = tmp_path / f"t.{suffix}"
    pcaphash.synth(path, EVERYTHING)
    checks = [word for name in ("ip", "tcp", "udp") for word in ("-o", f"{name}.check_checksum:TRUE")]
    wrong = "_ws.malformed || _ws.expert.severity >= 6291456 || " + " || ".join(
        f"{name}.checksum.status == 0" for name in ("ip", "tcp", "udp")
    )
    for display_filter, expected in ((wrong, 0), ("frame", EVERYTHING.packets)):
        command = ["tshark", "-n", "-r", path, *checks, "-Y", display_filter, "-T", "fields", "-e", "frame.number"]
        shown = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
        assert len(shown.split()) == expected, shown[:200]


def test_both_formats_and_snap_lengths_hold_the_same_packets(tmp_path):
    whole = pcaphash.synth(tmp_path / "whole.pcap", EVERYTHING)
    cut = Traffic(**{**vars(EVERYTHING), "snap_length": 61})
    pcaphash.synth(tmp_path / "cut.pcap", cut)
    records = list(records_of(tmp_path / "whole.pcap"))
    assert [(time, length, frame[:61]) for time, length, frame in records] == list(records_of(tmp_path / "cut.pcap"))
    pcaphash.synth(tmp_path / "cut.pcapng", cut)
    device = pcaphash.Device("1.4", tunnel_types="all", hash_types="all")
    tables = [pcaphash.hashes(tmp_path / name, device) for name in ("cut.pcap", "cut.pcapng")]
    assert tables[0].equals(tables[1])
    assert whole.packets == len(records)


def test_what_it_says_can_be_counted_again(tmp_path):
    made = pcaphash.synth(tmp_path / "t.pcap", Traffic(**{**vars(EVERYTHING), "snap_length": 256}))
    info = pcaphash.info(tmp_path / "t.pcap")
    counted = {each.virtio_1_4: (each.packets, each.n_bytes) for each in info.encapsulations}
    assert counted == {part.name: (part.packets, part.n_bytes) for part in made.encapsulations}
    device = pcaphash.Device("1.4", tunnel_types="all")
    rows = pcaphash.hashes(tmp_path / "t.pcap", device)
    # A fragment has extension headers under IPv6, so that its hash type is IPv6_EX.
    types = rows["hash_report"].str.removesuffix("_EX").value_counts().to_dict()
    assert types == {part.name: part.packets for part in made.hash_types}
    assert made.packets == len(rows) == EVERYTHING.packets
    assert rows["original_length"].sum() == made.n_bytes
    times = rows["timestamp_ns"]
    assert times.is_monotonic_increasing
    assert times.iloc[-1] - times.iloc[0] == made.duration_ns
    whole = rows[~rows["hash_report"].isin(["IPv4", "IPv6_EX"])]
    flows = whole.groupby(["encapsulation", "hash_report", "hash_input"]).ngroups
    assert flows <= made.flows < 1.2 * flows  # but for flows that were only seen in fragments


def test_analyze_agrees(tmp_path):
    made = pcaphash.synth(tmp_path / "t.pcap", EVERYTHING)
    analysis = pcaphash.analyze(tmp_path / "t.pcap", pcaphash.Device("1.4", tunnel_types="all"))
    row = analysis.summary.iloc[0]
    assert (row["packets"], row["hashed"], row["unknown"]) == (made.packets, made.packets, 0)
    assert analysis.distribution["bytes"].sum() == made.n_bytes


# Distributions


def flow_totals(path, by_bytes):
    """Return the packets or bytes of payload of each flow of UDP over IPv4 without a tunnel."""
    frames = equal_records(path, 60)
    keys = np.ascontiguousarray(frames[:, 26:38]).view("S12").ravel()
    values = (frames[:, 38].astype(int) << 8 | frames[:, 39]) - 8 if by_bytes else np.ones(len(frames), int)
    _, index = np.unique(keys.astype("V12"), return_inverse=True)
    return np.bincount(index, values).astype(np.int64)


def campus_probability(number):
    """Return the published probability of flows up to so many packets, with another library."""
    uniform = sum(float(weight) * min(number / end, 1) for end, weight in flow_sizes.CAMPUS_UNIFORM)
    return uniform + sum(
        float(weight) * stats.lognorm.cdf(number, float(sigma), scale=float(median))
        for sigma, median, weight in flow_sizes.CAMPUS_LOGNORMAL
    )


def published_probability(points):
    numbers, shares = zip(*points, strict=True)
    return lambda number: float(np.interp(number, numbers, shares)) / 100


PROBABILITIES = {
    "campus": campus_probability,
    "pareto:1.2": lambda number: 1 - (number + 1) ** -1.2,
    **{name: published_probability(points) for name, points in flow_sizes.OF_BYTES.items()},
}


@pytest.mark.jit_only
@pytest.mark.parametrize("profile", PROBABILITIES)
def test_flows_have_the_sizes_that_were_asked_for(tmp_path, profile):
    n_flows = {"web-search": 400, "data-mining": 300, "hadoop": 2000}.get(profile, 4000)
    traffic = Traffic(
        flows=n_flows, flow_sizes=profile, tunnels="NONE", udp=1, ipv6=0, snap_length=60, packet_size=9000,
        concurrent=100, seed=5,
    )  # fmt: skip
    made = pcaphash.synth(tmp_path / "t.pcap", traffic)
    totals = flow_totals(tmp_path / "t.pcap", traffic.is_by_bytes)
    assert (len(totals), made.flows, made.finished) == (n_flows, n_flows, n_flows)
    probability = PROBABILITIES[profile]
    edges = np.unique(np.quantile(totals, np.linspace(0, 1, 21)[1:-1]).astype(np.int64))
    edges = edges[np.diff([probability(int(edge)) for edge in edges], prepend=0) * n_flows >= 8]
    expected = np.diff([probability(int(edge)) for edge in edges], prepend=0, append=1) * n_flows
    observed = np.diff([np.sum(totals <= edge) for edge in edges], prepend=0, append=n_flows)
    assert len(edges) >= 5
    assert stats.chisquare(observed, expected).pvalue > LIKELY


@pytest.mark.jit_only
def test_a_wrong_distribution_would_be_found(tmp_path):
    pcaphash.synth(tmp_path / "t.pcap", Traffic(flows=4000, tunnels="NONE", udp=1, ipv6=0, snap_length=60))
    totals = flow_totals(tmp_path / "t.pcap", False)
    edges = range(1, 10)
    wrong = np.diff([1 - (n + 1) ** -1.2 for n in edges], prepend=0, append=1) * len(totals)
    observed = np.diff([np.sum(totals <= edge) for edge in edges], prepend=0, append=len(totals))
    assert stats.chisquare(observed, wrong).pvalue < 1e-12


@pytest.mark.jit_only
@pytest.mark.parametrize(("exponent", "ranks"), [(1.1, 200), (0.8, 3000), (2, 5000)])
def test_ranks_follow_zipfs_law(tmp_path, exponent, ranks):
    traffic = Traffic(packets=200_000, flow_sizes=f"zipf:{exponent}", flows=ranks, snap_length=60)
    making = study._Making(traffic, False)
    for _ in making.chunks():
        pass
    observed = making._slots["packets"].astype(float)
    weights = np.arange(1, ranks + 1) ** -float(exponent)
    expected = weights / weights.sum() * observed.sum()
    # Ranks side by side that are expected to have 50 packets together.
    groups = np.searchsorted(np.cumsum(expected), np.arange(0, expected.sum(), 50)) if ranks > 200 else np.arange(ranks)
    starts = np.unique(groups)[:-1]
    first, second = (np.add.reduceat(each, starts) for each in (observed, expected))
    assert len(starts) > 40
    assert stats.chisquare(first, second * first.sum() / second.sum()).pvalue > LIKELY


@pytest.mark.jit_only
def test_flows_have_the_shares_that_were_asked_for(tmp_path):
    tunnels = {"VXLAN": 5, "GENEVE": 3, "NVGRE": 1, "NONE": 1}
    traffic = Traffic(
        flows=20_000, flow_sizes="pareto:3", tunnels=tunnels, udp="40%", ipv6="1/3", outer_ipv6=0.2, snap_length=60
    )
    made = pcaphash.synth(tmp_path / "t.pcap", traffic)
    flows = {part.name: part.flows for part in made.encapsulations}
    total = sum(tunnels.values())
    expected = [made.flows * share / total for share in tunnels.values()]
    assert stats.chisquare([flows[name] for name in tunnels], expected).pvalue > LIKELY
    kinds = {part.name: part.flows for part in made.hash_types}
    shares = {"TCPv4": 0.6 * 2 / 3, "UDPv4": 0.4 * 2 / 3, "TCPv6": 0.6 / 3, "UDPv6": 0.4 / 3}
    expected = [made.flows * share for share in shares.values()]
    assert stats.chisquare([kinds[name] for name in shares], expected).pvalue > LIKELY
    versions = {part.name: part.flows for part in made.outer_versions}
    six = 0.9 * 0.2 + 0.1 / 3
    expected = [made.flows * (1 - six), made.flows * six]
    assert stats.chisquare([versions["IPv4"], versions["IPv6"]], expected).pvalue > LIKELY


@pytest.mark.jit_only
def test_endpoints_networks_and_ports_are_spread_evenly(tmp_path):
    traffic = Traffic(
        flows=5000, flow_sizes="pareto:9", tunnels="VXLAN", outer_ipv6=0, endpoints=5, networks=7, snap_length=60
    )
    pcaphash.synth(tmp_path / "t.pcap", traffic)
    frames = equal_records(tmp_path / "t.pcap", 60)
    for chosen, n in ((frames[:, 29], 5), (frames[:, 48], 7), (frames[:, 34] >> 2 & 0xF, 16)):
        counts = np.unique(chosen, return_counts=True)[1]
        assert len(counts) == n
        assert stats.chisquare(counts).pvalue > LIKELY
    assert set((frames[:, 34].astype(int) << 8 | frames[:, 35]) >= 49152) == {True}


def test_a_fixed_outer_port_is_that_of_all(tmp_path):
    pcaphash.synth(tmp_path / "t.pcap", Traffic(packets=50, tunnels="GENEVE", outer_ipv6=0, outer_source_port=6081))
    assert {frame[34:36] for _, _, frame in records_of(tmp_path / "t.pcap")} == {(6081).to_bytes(2)}


# Time


def gaps_of(tmp_path, **words):
    made = pcaphash.synth(tmp_path / "t.pcap", Traffic(snap_length=60, tunnels="NONE", **words))
    return made, np.diff([time for time, _, _ in records_of(tmp_path / "t.pcap")])


def test_even_gaps_are_even(tmp_path):
    _, gaps = gaps_of(tmp_path, packets=100, arrivals="even", rate="1kpps")
    assert set(gaps) == {1_000_000}


@pytest.mark.jit_only
def test_gaps_of_poisson_arrivals_are_exponential(tmp_path):
    _, gaps = gaps_of(tmp_path, packets=20_000, rate="10kpps")
    assert stats.kstest(gaps, stats.expon(scale=100_000).cdf).pvalue > LIKELY


@pytest.mark.jit_only
def test_bursts_have_their_length_and_their_speed(tmp_path):
    made, gaps = gaps_of(tmp_path, packets=100_000, arrivals="on-off", burst_packets=20, peak=1000, rate="1Mpps")
    assert made.duration_ns == pytest.approx(100_000_000, rel=0.05)
    pauses = gaps > 100  # in a burst, a gap is a nanosecond on average; between bursts it is 20 microseconds
    assert len(gaps) / pauses.sum() == pytest.approx(20, rel=0.05)
    lengths = np.diff(np.flatnonzero(pauses))
    expected = [stats.geom.pmf(n, 1 / 20) * len(lengths) for n in range(1, 60)]
    observed = np.bincount(lengths, minlength=61)[1:60]
    rest = [len(lengths) - sum(observed)], [len(lengths) - sum(expected)]
    assert stats.chisquare([*observed, *rest[0]], [*expected, *rest[1]]).pvalue > LIKELY
    assert gaps[~pauses].mean() == pytest.approx(1, rel=0.05)


def test_traffic_ends_where_it_should(tmp_path):
    made, gaps = gaps_of(tmp_path, duration="1ms", arrivals="even", rate="100kpps")
    assert (made.packets, len(gaps)) == (100, 99)
    made, _ = gaps_of(tmp_path, flows=7, flow_sizes="pareto:3", concurrent=100)
    assert (made.flows, made.finished) == (7, 7)
    made, _ = gaps_of(tmp_path, flows=50, packets=20)
    assert made.packets == 20
    assert Traffic(flows=3).packets is None
    assert Traffic(flows=3, flow_sizes="zipf:1").packets == 100_000


def test_slow_traffic_ends_before_times_overflow(tmp_path):
    made, gaps = gaps_of(tmp_path, packets=10_000, rate="0.001pps", arrivals="even", flow_sizes="pareto:1")
    assert made.packets == 2**62 // 10**15 + 1
    assert set(gaps) == {10**12}


def test_logarithms_are_right():
    table = study._tabulate_logarithms()
    assert len(table) == 257
    for i in (0, 1, 100, 255, 256):
        assert table[i] == round(-math.log(0.5 + i / 512) * 2**24)


def test_tables_hold_what_was_published():
    for name, points in flow_sizes.OF_BYTES.items():
        numbers, shares = zip(*points, strict=True)
        assert list(numbers) == sorted(set(numbers)), name
        assert list(shares) == sorted(shares), name
        assert (shares[0], shares[-1]) == (0, 100)
        table = distribution.of_per_cents(points)
        for number, share in points:
            assert table.probability(number) == pytest.approx(share / 100, abs=1e-9)
    weights = [*(each[-1] for each in flow_sizes.CAMPUS_UNIFORM), *(each[-1] for each in flow_sizes.CAMPUS_LOGNORMAL)]
    assert sum(map(Decimal, weights)) == 1


def test_campus_is_the_mixture():
    table = distribution.campus()
    for number in (1, 2, 3, 10, 64, 1000, 100_000):
        assert table.probability(number) == pytest.approx(campus_probability(number), abs=1e-4)


def test_kinds_of_fragments_are_numbered_as_the_kernel_does():
    assert (FIRST_FRAGMENT, LATER_FRAGMENT) == (1, 2)


# What is refused


@pytest.mark.parametrize(
    ("words", "field", "problem"),
    [
        ({"packets": 0}, "packets", "out of range"),
        ({"flow_sizes": "campsu"}, "flow_sizes", "'campsu' is not a profile of flow sizes"),
        ({"flow_sizes": "zipf:0"}, "flow_sizes", "exponent is 0"),
        ({"tunnels": "VXLNA"}, "tunnels", "'VXLNA' is not an encapsulation"),
        ({"tunnels": "VXLAN=1,vxlan=2"}, "tunnels", "VXLAN is given twice"),
        ({"tunnels": {"VXLAN": 0}}, "tunnels", "all shares are 0"),
        ({"ipv6": "120%"}, "ipv6", "'120%' is not a share"),
        ({"udp": "x"}, "udp", "'x' is not a share"),
        ({"packet_size": "large"}, "packet_size", "'large' is not a size"),
        ({"packet_size": 20}, "packet_size", "20 is out of range"),
        ({"outer_source_port": "random"}, "outer_source_port", "'random' is not a port"),
        ({"outer_source_port": 70000}, "outer_source_port", "out of range"),
        ({"rate": "1Gbps"}, "rate", "is not a rate"),
        ({"rate": "2Tpps"}, "rate", "too fast"),
        ({"duration": "long"}, "duration", "is not a length of time"),
        ({"arrivals": "random"}, "arrivals", "'random' is not known"),
        ({"peak": 1}, "peak", "out of range"),
        ({"rate": "0.001pps", "burst_packets": 100}, "burst_packets", "many hours"),
        ({"flow_sizes": "zipf:1", "flows": 2**25}, "flows", "out of range"),
        ({"snap_length": -1}, "snap_length", "out of range"),
    ],
)
def test_what_is_impossible_is_refused(words, field, problem):
    with pytest.raises(ConfigurationError, match=problem) as error:
        Traffic(**words)
    assert str(error.value.place).partition("=")[0] == field


def test_shares_are_read_in_any_form():
    assert Traffic(ipv6=".5").ipv6 == Traffic(ipv6="50%").ipv6 == Traffic(ipv6=0.5).ipv6 == Fraction(1, 2)
    assert Traffic(tunnels="vxlan-gpe=3,none").shares == {"NONE": Fraction(1, 4), "VXLAN_GPE": Fraction(3, 4)}


def test_a_file_is_there_whole_or_not_at_all(tmp_path):
    with pytest.raises(ConfigurationError, match="names no format"):
        pcaphash.synth(tmp_path / "t.txt")
    with pytest.raises(OutputError, match="cannot be written"):
        pcaphash.synth(tmp_path / "no" / "t.pcap", Traffic(packets=1))

    def stop(frames):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pcaphash.synth(tmp_path / "t.pcap", Traffic(packets=10), stop)
    assert list(tmp_path.iterdir()) == []


def test_the_result_shows_itself(tmp_path):
    made = pcaphash.synth(tmp_path / "t.pcap", Traffic(packets=100, flows=10, flow_sizes="pareto:1.1"))
    assert repr(made).startswith(f"<Synthesis: {made.packets} packets of ")
    assert "VXLAN" in made._repr_html_()
    from pcaphash.report.synth.write import write_synthesis

    stream = io.StringIO()
    write_synthesis(made, "table", stream)
    assert "encapsulations" in stream.getvalue()
