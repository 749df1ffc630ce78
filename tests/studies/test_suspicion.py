"""Tunnels that a device does not look into are named with what would help; ordinary traffic is not accused."""

import json

import numpy as np
import pytest

import pcaphash
from pcaphash.capture.reader import Block
from pcaphash.engine.sampled.kept import MOST_KEPT, PacketKeeper
from pcaphash.kernels.records import RECORD
from pcaphash.studies.info import info
from pcaphash.studies.shared.suspicion import estimate_excess, find_suspects
from support import builders
from support.builders import in_udp
from support.captures import pcap, pcap_record
from support.command import run
from support.shared import CAPTURES, ROBUSTNESS, SHARED, needs_shared
from support.suspects import ORDINARY, SUSPECTS, inner_frame

REMEDIES = {
    ("VXLAN", 4799): "--vxlan-port 4799",
    ("VXLAN", 48879): "--vxlan-port 48879",
    ("VXLAN", 8473): "--vxlan-port 8473",
    ("VXLAN", 12345): "--vxlan-port 12345",
    ("VXLAN", 4800): "--vxlan-port 4800",
    ("VXLAN-GPE", 4791): "--spec 1.4 --vxlan-gpe-port 4791",
    ("VXLAN-GPE", 4790): "--spec 1.4",
    ("GENEVE", 6082): "--geneve-port 6082",
    ("GENEVE", 16081): "--geneve-port 16081",
    ("GRE in UDP", 4754): "--spec 1.4",
    ("GRE in UDP", 14754): "--spec 1.4 --gre-udp-port 14754",
    ("IPv4 in IPv4", None): "--spec 1.4",
}


def write(path, packets):
    path.write_bytes(pcap(b"".join(map(pcap_record, packets))))
    return path


def found_in(path) -> dict[tuple[str, int | None], dict[str, object]]:
    document = json.loads(run("info", path, "--format", "json").stdout)
    return {(each["kind"], each["port"]): each for each in document["suspected_tunnels"]}


def options_of(found: dict[str, object]) -> str:
    """Return the options with which a device looks into a tunnel, as they are typed."""
    assert found["ports"] or not found["ports_argument"]
    spec = [f"--spec {found['spec']}"] if found["spec"] else []
    option = "--" + found["ports_argument"].removesuffix("s").replace("_", "-")
    return " ".join([*spec, *(f"{option} {port}" for port in found["ports"])])


@pytest.mark.parametrize("kind", SUSPECTS, ids=lambda kind: f"{kind[0]}-{kind[1]}")
def test_each_kind_is_named_with_what_helps(tmp_path, kind):
    ordinary = [ORDINARY["dns"](i) for i in range(60)] + [ORDINARY["rtp"](i) for i in range(20)]
    path = write(tmp_path / "some.pcap", ordinary + [SUSPECTS[kind](i) for i in range(20)])
    found = found_in(path)
    assert list(found) == [kind]
    assert (found[kind]["packets"], found[kind]["share"]) == (20, 0.2)
    assert options_of(found[kind]) == REMEDIES.get(kind, "")
    assert REMEDIES.get(kind, "") in " ".join(run("info", path).stdout.decode().split())


@pytest.mark.parametrize("kind", REMEDIES, ids=lambda kind: f"{kind[0]}-{kind[1]}")
def test_what_helps_is_right(tmp_path, kind):
    path = write(tmp_path / "some.pcap", [SUSPECTS[kind](i) for i in range(200)])
    options = REMEDIES[kind].split()
    rows = run("hashes", path, *options, "--format", "csv").stdout.decode().splitlines()
    assert len(rows) == 201
    assert all(",inner," in row or row.endswith("inner-not-ip") for row in rows[1:])


def test_the_gain_is_that_of_a_recount(tmp_path):
    path = write(tmp_path / "some.pcap", [SUSPECTS["VXLAN", 4799](i) for i in range(300)])
    device = pcaphash.Device(hash_types="linux")
    reading = info(path).reading
    (suspect,) = find_suspects(reading, device)
    assert estimate_excess(reading, device) == 7.0
    recounted = pcaphash.analyze(path, pcaphash.Device(vxlan_ports=4799)).summary["max_ideal_packets"][0]
    assert estimate_excess(reading, suspect.remedy.device) == recounted < 0.5


def test_ports_that_have_tunnels_already_are_kept(tmp_path):
    known = [in_udp(builders.vxlan(inner_frame(i)), 4789) for i in range(10)]
    path = write(tmp_path / "some.pcap", known + [SUSPECTS["VXLAN", 4799](i) for i in range(10)])
    assert options_of(found_in(path)["VXLAN", 4799]) == "--vxlan-port 4789 --vxlan-port 4799"


def test_a_device_without_inner_hashes_is_promised_nothing(tmp_path):
    path = write(tmp_path / "some.pcap", [SUSPECTS["VXLAN", 4799](i) for i in range(10)])
    (suspect,) = find_suspects(info(path).reading, pcaphash.Device(features="CTRL_VQ+RSS"))
    assert suspect.remedy is None


def test_few_packets_among_others_of_a_port_are_no_tunnel(tmp_path):
    others = [ORDINARY["zeros"](50 + i) for i in range(50)]
    lookalikes = [SUSPECTS["VXLAN", 4799](i).replace(b"\x12\xbf", b"\x13\x89", 1) for i in range(10)]
    assert found_in(write(tmp_path / "some.pcap", others + lookalikes)) == {}
    assert list(found_in(write(tmp_path / "more.pcap", lookalikes))) == [("VXLAN", 5001)]


@pytest.mark.parametrize("snap", [64, 68, 96])
def test_headers_alone_are_enough(tmp_path, snap):
    packets = [SUSPECTS["VXLAN", 4799](i) for i in range(20)]
    records = b"".join(pcap_record(packet[:snap], len(packet)) for packet in packets)
    path = tmp_path / "cut.pcap"
    path.write_bytes(pcap(records))
    assert found_in(path)["VXLAN", 4799]["packets"] == 20


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_traffic_is_not_accused(tmp_path, name):
    assert found_in(write(tmp_path / "some.pcap", [ORDINARY[name](i) for i in range(500)])) == {}


def test_the_terminal_says_it_in_a_line(tmp_path):
    path = write(tmp_path / "some.pcap", [SUSPECTS["GTP-U", 2152](i) for i in range(10)])
    assert (
        "GTP-U on UDP port 2152: 10 packets (100%); neither spec looks into GTP-U" in run("info", path).stdout.decode()
    )


def test_packets_are_kept_at_random_and_for_all_alike():
    keeper = PacketKeeper(64)
    data = np.arange(10_000 * 4, dtype=np.uint32).view(np.uint8)
    records = np.zeros(1000, RECORD)
    records["captured_length"] = 16
    for block in range(10):
        records["offset"] = records["start"] = (block * 1000 + np.arange(1000)) * 16
        keeper.append(Block(data, records), block)
    kept = keeper.kept()
    assert 24 <= len(kept) <= 64
    numbers = kept.data.view(np.uint32).reshape(-1, 64)[: len(kept), 0] // 4
    assert (numbers // 1000 == kept.traces).all()
    assert len(set(numbers.tolist())) == len(kept)
    assert len(np.unique(numbers % 8)) >= 2
    assert numbers.min() < 2500
    assert numbers.max() >= 7500


def test_all_packets_are_kept_where_there_is_room(tmp_path):
    path = write(tmp_path / "some.pcap", [ORDINARY["dns"](i) for i in range(100)])
    kept = info(path).reading.keeper.kept()
    assert len(kept) == 100 < MOST_KEPT
    assert kept.data[: kept.records["captured_length"][0]].tobytes() == ORDINARY["dns"](0)


# What public captures hold of it, each seen by eye.
IN_CAPTURES = {
    "libpcap__AH-IPcomp-IPv6.pcap": {("IPv6 in IPv6", None): 8},
    "libtrace__100_packetsns.pcap": {("ESP", None): 1},
    "ndpi__4in4tunnel.pcap": {("IPv4 in IPv4", None): 5},
    "ndpi__4in6tunnel.pcap": {("IPv4 in IPv6", None): 4},
    "ndpi__6in4tunnel.pcap": {("IPv6 in IPv4", None): 127},
    "tcpdump__08-sunrise-sunset-esp2.pcap": {("ESP", None): 8},
    "tcpdump__erspan-type-i-3.pcap": {("ERSPAN", None): 1},
    "tcpdump__erspan-type-i-4.pcap": {("ERSPAN", None): 88},
    "tcpdump__erspan-type-ii-2.pcap": {("ERSPAN", None): 16},
    "tcpdump__erspan-type-ii-3.pcap": {("ERSPAN", None): 108},
    "tcpdump__erspan-type-iii-ft-0.pcap": {("ERSPAN", None): 9},
    "tcpdump__erspan-type-iii-pb-1.pcap": {("ERSPAN", None): 1},
    "tcpdump__ipv6-srh-ext-header.pcap": {("IPv6 in IPv6", None): 1},
    "tcpdump__isakmp4500.pcap": {("ESP in UDP", 4500): 8},
    "tcpdump__mpls-over-udp.pcap": {("MPLS in UDP", 6635): 2},
    "zeek__6in6in6.pcap": {("IPv6 in IPv6", None): 1},
    "zeek__gre-over-udp-4754.pcap": {("GRE in UDP", 4754): 14},
}


@needs_shared
@pytest.mark.jit_only
def test_public_captures():
    found = {}
    for path in sorted([*CAPTURES.iterdir(), *ROBUSTNESS.iterdir()]):
        try:
            suspects = info(path).suspects
        except (pcaphash.errors.PcaphashError, IsADirectoryError):
            continue
        if suspects:
            found[path.name] = {(each.kind.value, each.port): each.packets for each in suspects}
    assert found == IN_CAPTURES


@needs_shared
def test_a_report_of_vxlan_on_another_port():
    path = SHARED / "cases" / "reports" / "g04-vxlan-port-4799.pcap"
    found = found_in(path)
    assert options_of(found["VXLAN", 4799]) == "--vxlan-port 4799"


# What compare makes of it.


def compared(tmp_path, packets, *options) -> dict:
    path = write(tmp_path / "some.pcap", packets)
    return json.loads(run("compare", path, "--format", "json", *options).stdout)["verdict"]


NOT_LOOKED_INTO = [
    ("GTP-U", 2152),
    ("IPv6 in IPv4", None),
    ("ESP in UDP", 4500),
    ("L2TPv3", None),
    ("WireGuard", 51820),
]


@pytest.mark.parametrize("kind", [("VXLAN", 4799), ("VXLAN", 48879), ("GENEVE", 6082)], ids=lambda kind: str(kind[1]))
@pytest.mark.jit_only
def test_compare_names_the_port_and_the_gain(tmp_path, kind):
    verdict = compared(tmp_path, [SUSPECTS[kind](i) for i in range(300)])
    assert {finding["cause"] for finding in verdict["findings"]} == {"missed-tunnel"}
    recounted = pcaphash.analyze(tmp_path / "some.pcap", pcaphash.Device(**{f"{kind[0].lower()}_ports": kind[1]}))
    excess = recounted.summary["max_ideal_packets"][0]
    advice, *further = verdict["advice"]
    assert {each["kind"] for each in further} <= {"vary-source-port", "steer-in-software"}
    assert advice["facts"]["tunnel"]["excess"] == excess < 0.6
    assert advice["facts"]["excess"] == 7.0
    for text in (verdict["headline"], advice["text"]):
        assert f"{kind[0]} on UDP port {kind[1]}" in text
        assert f"--{kind[0].lower()}-port {kind[1]}" in text
        assert f"{excess:.1%} above the ideal share" in text
    assert "above the ideal share instead of 700% (" in advice["text"]
    assert "no hash can split" not in json.dumps(verdict)


@pytest.mark.jit_only
def test_compare_suggests_the_other_spec(tmp_path):
    verdict = compared(tmp_path, [SUSPECTS["IPv4 in IPv4", None](i) for i in range(300)])
    assert "--spec 1.4" in verdict["headline"]
    verdict = compared(tmp_path, [SUSPECTS["IPv4 in IPv4", None](i) for i in range(300)], "--spec", "1.4")
    assert (verdict["conclusion"], "look like" in verdict["headline"]) == ("gain", False)


@pytest.mark.parametrize("kind", NOT_LOOKED_INTO, ids=lambda kind: kind[0])
@pytest.mark.jit_only
def test_compare_says_that_neither_spec_looks_into_it(tmp_path, kind):
    verdict = compared(tmp_path, [SUSPECTS[kind](2 * i) for i in range(300)])
    assert verdict["best"] is not None
    assert f"neither spec looks into {kind[0]}" in verdict["headline"]
    (advice,) = verdict["advice"]
    assert (advice["kind"], advice["facts"]["tunnel"]["excess"]) == ("look-into", None)
    assert "no hash can split" not in json.dumps(verdict)


@pytest.mark.jit_only
def test_one_flow_in_a_missed_tunnel_is_one_flow_all_the_same(tmp_path):
    verdict = compared(tmp_path, [SUSPECTS["VXLAN", 4799](7)] * 300)
    assert {finding["cause"] for finding in verdict["findings"]} == {"single-flow"}


@pytest.mark.jit_only
def test_two_missed_tunnels_are_looked_into_together(tmp_path):
    """Looking into one alone does not help, for the other still is one flow to the device."""
    packets = [SUSPECTS[kind](i) for i in range(400) for kind in (("VXLAN", 4799), ("GENEVE", 6082))]
    verdict = compared(tmp_path, packets, "--config", "outer=base", "--config", "inner=all")
    assert {finding["cause"] for finding in verdict["findings"]} == {"missed-tunnel"}
    ports = {"vxlan_ports": 4799, "geneve_ports": 6082}
    recounted = pcaphash.analyze(tmp_path / "some.pcap", pcaphash.Device(**ports)).summary["max_ideal_packets"][0]
    advice = verdict["advice"][0]
    tunnel = advice["facts"]["tunnel"]
    assert {(each["kind"], each["port"]) for each in (tunnel, *tunnel["beside"])} == {("VXLAN", 4799), ("GENEVE", 6082)}
    assert tunnel["excess"] == recounted < 0.6
    for option in ("--vxlan-port 4799", "--geneve-port 6082"):
        assert option in verdict["headline"]
        assert option in advice["text"]
    assert "One flow" not in json.dumps(verdict)


@pytest.mark.jit_only
def test_a_missed_tunnel_is_no_flow_even_where_another_flow_is_heavy(tmp_path):
    packets = [SUSPECTS["VXLAN", 4799](i) for i in range(500)] + [ORDINARY["rtp"](i) for i in range(300)]
    verdict = compared(tmp_path, packets, "--config", "outer=base")
    (finding,) = verdict["findings"]
    assert (finding["cause"], finding["facts"]["port"]) == ("missed-tunnel", 4799)
    assert 1.5 < finding["facts"]["excess"] < finding["excess"]


@pytest.mark.jit_only
def test_a_gain_is_an_estimate_where_not_all_packets_are_examined(tmp_path):
    packets = [SUSPECTS["VXLAN", 4799](i) for i in range(MOST_KEPT + 1)]
    verdict = compared(tmp_path, packets)
    assert verdict["findings"][0]["facts"]["is_estimate"]
    assert "would be about " in verdict["headline"]
    assert "is then about " in verdict["advice"][0]["text"]


@pytest.mark.jit_only
def test_senders_and_linux_can_help_where_the_device_cannot_look_into_a_tunnel(tmp_path):
    packets = [SUSPECTS["VXLAN-GPE", 4790](i) for i in range(400)]
    kinds = {each["kind"]: each["facts"] for each in compared(tmp_path, packets)["advice"]}
    assert {"look-into", "steer-in-software"} <= set(kinds)
    assert kinds["steer-in-software"]["share"] == 1.0
    ports = {packet[34:36] for packet in packets}
    assert ("vary-source-port" in kinds) == (len(ports) == 1)
    one_port = [packet[:34] + (5555).to_bytes(2, "big") + packet[36:] for packet in packets]
    kinds = {each["kind"]: each["facts"] for each in compared(tmp_path, one_port)["advice"]}
    assert kinds["vary-source-port"]["tunnels"] == ["VXLAN-GPE on UDP port 4790"]
    assert kinds["vary-source-port"]["share"] == 1.0


@needs_shared
@pytest.mark.jit_only
def test_a_mirror_session_without_a_header_of_its_own_is_named_too():
    text = run("compare", CAPTURES / "tcpdump__erspan-type-i-4.pcap", "--format", "json").stdout
    assert "look like ERSPAN: a mirror session" in json.loads(text)["verdict"]["headline"]


@pytest.mark.jit_only
def test_a_heavy_flow_beside_a_missed_tunnel_is_to_blame_itself(tmp_path):
    heavy = [ORDINARY["rtp"](i) for i in range(300)]
    verdict = compared(tmp_path, heavy + [SUSPECTS["VXLAN", 4799](i) for i in range(60)], "--config", "outer=base")
    assert {finding["cause"] for finding in verdict["findings"]} == {"single-flow"}
    assert verdict["advice"][0]["kind"] == "split-flow"


@pytest.mark.slow
@pytest.mark.jit_only
def test_a_missed_tunnel_that_spreads_by_its_source_port_needs_nothing(tmp_path):
    packets = [in_udp(builders.vxlan(inner_frame(i)), 4799, 49152 + 3 * i) for i in range(4000)]
    verdict = compared(tmp_path, packets, "--config", "outer=base")
    assert "look like" not in verdict["headline"]
    assert verdict["advice"] == []
    # It is named all the same, among what the verdict does not rest on.
    text = run("compare", tmp_path / "some.pcap", "--config", "outer=base").stdout.decode()
    note = "100% of packets look like VXLAN on UDP port 4799, which no configuration here looks into: try --vxlan-port"
    assert note in " ".join(text.split())


@pytest.mark.jit_only
def test_what_is_left_beside_known_tunnels_is_named(tmp_path):
    known = [in_udp(builders.vxlan(inner_frame(i)), 4789) for i in range(600)]
    verdict = compared(tmp_path, known + [SUSPECTS["VXLAN", 4799](i) for i in range(400)])
    assert verdict["conclusion"] == "gain"
    assert "--vxlan-port 4789 --vxlan-port 4799" in verdict["headline"]


@needs_shared
@pytest.mark.jit_only
def test_the_verdict_on_the_report(tmp_path):
    verdict = json.loads(
        run("compare", SHARED / "cases" / "reports" / "g04-vxlan-port-4799.pcap", "--format", "json").stdout
    )["verdict"]
    assert "With --vxlan-port 4799, the busiest receive queue would be 22.7% above" in verdict["headline"]
    assert "instead of 700%" in verdict["advice"][0]["text"]


# What validate makes of it.


def reported_by(tmp_path, path, *options):
    """Write what a device with these options reports."""
    (tmp_path / "reported.csv").write_bytes(run("hashes", path, "--format", "csv", *options).stdout)
    return tmp_path / "reported.csv"


@pytest.mark.parametrize("kind", [("VXLAN", 4799), ("GENEVE", 6082), ("IPv4 in IPv4", None)], ids=lambda kind: kind[0])
@pytest.mark.slow
@pytest.mark.jit_only
def test_validate_names_what_the_device_may_look_into(tmp_path, kind):
    path = write(tmp_path / "some.pcap", [SUSPECTS[kind](i) for i in range(60)])
    reported = reported_by(tmp_path, path, *REMEDIES[kind].split())
    wrong = run("validate", path, "--reported", reported)
    assert wrong.returncode == 1
    assert f"packets look like {kind[0]}" in wrong.stderr.decode()
    assert REMEDIES[kind] in wrong.stderr.decode()
    right = run("validate", path, "--reported", reported, *REMEDIES[kind].split())
    assert (right.returncode, b"look like" in right.stderr) == (0, False)


@pytest.mark.jit_only
def test_validate_says_nothing_where_the_device_is_right(tmp_path):
    path = write(tmp_path / "some.pcap", [SUSPECTS["GTP-U", 2152](i) for i in range(60)])
    result = run("validate", path, "--reported", reported_by(tmp_path, path))
    assert (result.returncode, b"look like" in result.stderr) == (0, False)
