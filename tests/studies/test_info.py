"""What ``info`` finds in captures built by hand, fact by fact, and that it agrees with the other studies."""

import gzip
import sys
from itertools import pairwise

import numpy as np
import pytest

import pcaphash
from naive.capture import load
from pcaphash import Device
from pcaphash.capture.reader import Reader
from pcaphash.engine.flows.grouping import sum_groups
from pcaphash.engine.flows.table import FlowTable, join_flows
from pcaphash.engine.flows.tunnels import find_tunnels
from pcaphash.engine.rules import ReadingRules
from pcaphash.engine.saved import save_census
from pcaphash.engine.selecting.selection import EVERYTHING, Selection
from pcaphash.errors import ConfigurationError, NothingReadableError
from pcaphash.studies.census import census
from pcaphash.studies.info import info
from pcaphash.studies.info.tunnel_table import TunnelTable
from support import builders, captures
from support.builders import ARP, IPV4, UDP
from support.captures import enhanced, interface, obsolete, option, pcapng_of, section, simple
from support.comparing import index_of
from support.reading import NO_CAPTURE
from support.shared import CAPTURES, ROBUSTNESS, ROOT, needs_shared
from support.traffic import flows, plain, tunnelled, write
from support.variety import variety

INBOUND, OUTBOUND = (option(2, bytes([flags, 0, 0, 0])) for flags in (1, 2))
FLOW = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]), 2000, 53
PLAIN = plain(FLOW)
NOT_IP = builders.ethernet(builders.arp(), ARP)


def written(path, *parts: bytes):
    path.write_bytes(b"".join(parts))
    return path


def of(path, *parts: bytes, **words):
    return info(written(path, *parts), **words)


def save(trace, path, *arguments, **words):
    saved = census(trace, *arguments, **words)
    with path.open("wb") as stream:
        save_census(saved, stream)
    return path


# Files


@pytest.mark.parametrize(
    ("magic", "order", "name", "exponent", "more"),
    [
        (captures.MICROSECONDS, "<", "pcap", 6, b""),
        (captures.NANOSECONDS, ">", "pcap", 9, b""),
        (captures.MODIFIED, "<", "modified pcap", 6, bytes(8)),
        (captures.MODIFIED, ">", "modified pcap", 6, bytes(8)),
    ],
)
def test_a_pcap_file(tmp_path, magic, order, name, exponent, more):
    record = captures.pcap_record(PLAIN, order=order, more=more)
    (file,) = of(tmp_path / "one.pcap", captures.pcap(record * 2, 1, order, magic)).files
    assert (file.headers.format, file.compression, file.packets, file.damage) == (name, "none", 2, None)
    assert file.byte_order == {"<": "little", ">": "big"}[order]
    assert file.stored_bytes == (tmp_path / "one.pcap").stat().st_size
    assert (file.headers.n_sections, file.headers.n_interfaces) == (1, 1)
    (found,) = file.headers.interfaces
    assert (found.name, found.link_type, found.snap_length) == ("", 1, 0x40000)
    assert (found.resolution_base, found.resolution_exponent) == (10, exponent)
    assert file.times.first == 7 * 10**9 + 9 * 10 ** (9 - exponent)


def test_a_pcapng_file_of_two_sections(tmp_path):
    named = option(2, b"eth0") + option(3, "auf Gerät 2\x1b[31m".encode()) + option(9, bytes([9])) + option(0, b"")
    parts = [
        section("<"),
        interface(1, 96, named),
        enhanced(PLAIN),
        section(">"),
        interface(101, 0, order=">"),
        interface(1, 65535, option(9, bytes([0x80 | 20]), ">"), ">"),
        enhanced(PLAIN, number=1, order=">"),
    ]
    (file,) = of(tmp_path / "two.pcapng", *parts).files
    assert (file.headers.format, file.byte_order, file.packets) == ("pcapng", "mixed", 2)
    assert (file.headers.n_sections, file.headers.n_interfaces) == (2, 3)
    first, second, third = file.headers.interfaces
    assert (first.section, first.number, first.byte_order) == (1, 0, "little")
    # Nothing that a terminal would obey gets through.
    assert (first.name, first.description) == ("eth0", "auf Gerät 2\N{REPLACEMENT CHARACTER}[31m")
    assert (first.snap_length, first.resolution_base, first.resolution_exponent) == (96, 10, 9)
    assert (second.section, second.number, second.byte_order, second.name) == (2, 0, "big", "")
    assert (second.link_type, second.snap_length, second.resolution_exponent) == (101, 0, 6)
    assert (third.number, third.link_type, third.snap_length) == (1, 1, 65535)
    assert (third.resolution_base, third.resolution_exponent) == (2, 20)


def test_headers_are_followed_wherever_blocks_of_bytes_end(tmp_path, monkeypatch):
    parts = [section(), *(interface(1, 96, option(2, b"%d" % i)) for i in range(50)), enhanced(PLAIN, number=49)]
    whole = of(tmp_path / "many.pcapng", *parts)
    monkeypatch.setattr("pcaphash.capture.input.Reader", lambda trace, **part: Reader(trace, 70, **part))
    small = info(tmp_path / "many.pcapng")
    assert small.files == whole.files
    assert [each.name for each in small.files[0].headers.interfaces] == [str(i) for i in range(50)]


def test_no_more_interfaces_are_kept_than_memory_should_hold(tmp_path, monkeypatch):
    monkeypatch.setattr("pcaphash.studies.info.files.MOST_INTERFACES", 3)
    headers = of(tmp_path / "many.pcapng", section(), interface() * 5).files[0].headers
    assert (headers.n_interfaces, len(headers.interfaces)) == (5, 3)


def test_compressed_files(tmp_path):
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    data = pcapng_of([(PLAIN, len(PLAIN), 1)] * 3)
    for name, packed in {"gzip": gzip.compress(data), "zstd": zstd.compress(data)}.items():
        (file,) = of(tmp_path / name, packed).files
        assert (file.compression, file.packets, file.stored_bytes) == (name, 3, len(packed))


def test_damage_is_told_and_what_precedes_it_is_counted(tmp_path):
    whole = captures.pcap(captures.pcap_record(PLAIN) * 2)
    found = of(tmp_path / "cut.pcap", whole, bytes(15))
    assert (found.packets, found.reading.is_partial) == (2, True)
    assert found.files[0].damage.offset == len(whole)
    with pytest.raises(NothingReadableError):
        of(tmp_path / "none", b"no capture at all, but long enough")


# Packets


def test_lengths(tmp_path):
    tags = builders.vlan_stack(bytes(1500), IPV4, [0x88A8, 0x8100])
    cases = [
        # captured, original length, whether it is larger than usual
        (bytes(60), 60, False),
        (bytes(60), 1518, False),
        (bytes(60), 1519, True),
        (builders.ethernet(*tags), 1526, False),  # two tags allow 8 bytes more
        (builders.ethernet(*tags), 1527, True),
        (builders.ethernet(*builders.vlan_stack(bytes(1504), IPV4, [0x9100])), 1523, True),
        (builders.ethernet(*tags)[:13], 1520, True),  # no tag is to be seen
        (builders.ethernet(*builders.vlan_stack(bytes(2000), IPV4, [0x8100] * 30)), 1600, True),
        (bytes(10), 65535, True),
        (b"", 65535, True),
        (bytes(70), 0, False),
    ]
    frames = [(captured, original, 1) for captured, original, _ in cases]
    tally = of(tmp_path / "lengths.pcapng", pcapng_of(frames)).tally
    assert tally.packets == len(cases)
    assert tally.n_bytes == sum(original for _, original, _ in cases)
    assert tally.captured_bytes == sum(len(captured) for captured, _, _ in cases)
    assert tally.cut == sum(len(captured) < original for captured, original, _ in cases)
    assert (tally.longest, tally.oversized) == (65535, sum(larger for *_, larger in cases))
    for frame, (*_, larger) in zip(frames, cases, strict=True):
        assert of(tmp_path / "one.pcapng", pcapng_of([frame])).tally.oversized == larger, frame[1]
    assert tally.implausible == sum(original < len(captured) for captured, original, _ in cases)
    # Only Ethernet has that limit.
    assert of(tmp_path / "raw.pcapng", pcapng_of([(bytes(60), 65535, 101)])).tally.oversized == 0


def test_lengths_that_cannot_be_are_counted_and_are_not_the_longest(tmp_path):
    lengths = [60, 59, 0, 10**9, 10**9 + 1, 2**32 - 1]
    tally = of(tmp_path / "lengths.pcapng", pcapng_of([(bytes(60), length, 1) for length in lengths])).tally
    assert tally.implausible == 4
    assert (tally.n_bytes, tally.longest, tally.oversized) == (sum(lengths), 10**9, 1)


def test_directions(tmp_path):
    parts = [section(), interface(), interface(113), enhanced(PLAIN), simple(PLAIN)]
    parts += [enhanced(PLAIN, options=INBOUND)] * 3 + [enhanced(PLAIN, options=OUTBOUND)] * 4
    parts += [enhanced(builders.sll(bytes(20), IPV4, 4), number=1), enhanced(builders.sll(bytes(20), IPV4), number=1)]
    found = of(tmp_path / "directions.pcapng", *parts)
    assert found.tally.directions == {"in": 4, "out": 5, "unknown": 2}
    assert found.reading.left_out == {}  # what the host sent is counted, too
    received = info(tmp_path / "directions.pcapng", selection=Selection())
    assert received.tally.directions == {"in": 4, "out": 0, "unknown": 2}
    assert (received.packets, received.files[0].packets) == (6, 11)
    assert received.reading.left_out == {"sent by the capturing host": 5}


def test_times(tmp_path):
    ticks = [5, 9, 9, 3, 8, 2]
    parts = [simple(PLAIN), *(enhanced(PLAIN, ticks=each) for each in ticks), simple(PLAIN)]
    one = written(tmp_path / "one.pcapng", section(), interface(), *parts)
    two = written(tmp_path / "two.pcapng", section(), interface(), obsolete(PLAIN, ticks=1), obsolete(PLAIN, ticks=20))
    for times in (info(one).tally.times, info(one).files[0].times):
        assert (times.first, times.last, times.duration) == (2000, 9000, 7000)
        assert (times.without_time, times.out_of_order) == (2, 2)
    both = info([one, two])
    times = both.tally.times
    # A file that begins before the one in front of it ends is in order.
    assert (times.first, times.last, times.without_time, times.out_of_order) == (1000, 20000, 2, 2)
    assert [file.times.first for file in both.files] == [2000, 1000]
    none = of(tmp_path / "none.pcapng", section(), interface(), simple(PLAIN)).tally.times
    assert (none.first, none.last, none.duration, none.without_time) == (None, None, None, 1)


def test_times_do_not_depend_on_where_blocks_of_bytes_end(tmp_path, monkeypatch):
    ticks = np.random.default_rng(1).integers(1, 100, 60).tolist()
    parts = [simple(PLAIN) if each % 7 == 0 else enhanced(PLAIN, ticks=each) for each in ticks]
    whole = of(tmp_path / "times.pcapng", section(), interface(), *parts)
    known = [each for each in ticks if each % 7]
    assert whole.tally.times.out_of_order == sum(b < a for a, b in pairwise(known))
    monkeypatch.setattr("pcaphash.capture.input.Reader", lambda trace, **part: Reader(trace, 200, **part))
    assert info(tmp_path / "times.pcapng") == whole


def test_encapsulations_tunnels_and_reasons(tmp_path):
    gpe = builders.udp(builders.vxlan_gpe(PLAIN, identifier=9), 50000, 4790)
    cut = plain(FLOW)[:20]
    packets = [
        *(tunnelled(flow, 1, 7) for flow in flows(5)),
        *(tunnelled(flow, 2, 7) for flow in flows(3)),
        *(tunnelled(flow, 1, 8) for flow in flows(2)),
        builders.framed(builders.ipv4(gpe, UDP)),
        builders.framed(builders.ipv4(builders.nvgre(NOT_IP, 5000), 47)),
        *[NOT_IP] * 2,
        PLAIN,
    ]
    frames = [(packet, len(packet), 1) for packet in packets] + [(cut, 60, 1), (PLAIN, 60, 147)]
    found = of(tmp_path / "mixed.pcapng", pcapng_of(frames))
    by_name = {(each.v7, each.virtio_1_4): each.packets for each in found.encapsulations}
    assert by_name == {
        ("VXLAN", "VXLAN"): 10,
        ("NONE", "NONE"): 3,
        ("UNKNOWN", "UNKNOWN"): 2,
        ("NONE", "VXLAN_GPE"): 1,
        ("GRE", "NVGRE"): 1,
    }
    assert [each.packets for each in found.encapsulations] == [10, 3, 2, 1, 1]
    assert sum(each.n_bytes for each in found.encapsulations) == sum(length for _, length, _ in frames)
    assert found.reasons == {
        "v7": {"not-ip": 2, "inner-not-ip": 1, "link-type": 1, "truncated": 1},
        "1.4": {"not-ip": 2, "inner-not-ip": 1, "link-type": 1, "truncated": 1},
    }
    assert (found.tunnels.kept, found.tunnels.kept_share) == (5, 1)
    heaviest = [(str(each.tunnel), each.packets) for each in found.tunnels.heaviest]
    assert heaviest[:3] == [
        ("192.0.2.1 > 198.51.100.1 VXLAN 7", 5),
        ("192.0.2.2 > 198.51.100.1 VXLAN 7", 3),
        ("192.0.2.1 > 198.51.100.1 VXLAN 8", 2),
    ]
    assert sorted(heaviest[3:]) == [
        ("192.0.2.1 > 198.51.100.2 NVGRE 5000", 1),
        ("192.0.2.1 > 198.51.100.2 VXLAN_GPE 9", 1),
    ]
    assert found.tunnels.heaviest[0].n_bytes == 5 * len(packets[0])
    assert len(info(tmp_path / "mixed.pcapng", heaviest=2).tunnels.heaviest) == 2
    assert info(tmp_path / "mixed.pcapng", heaviest=0).tunnels.kept == 5


def test_the_device_says_which_ports_are_tunnels(tmp_path):
    trace = write(tmp_path / "one.pcapng", [tunnelled(flow) for flow in flows(4)])
    assert info(trace).encapsulations[0].v7 == "VXLAN"
    assert info(trace, device=Device(vxlan_ports=53)).encapsulations[0].v7 == "NONE"


def test_options_of_packets(tmp_path):
    toeplitz, crc = option(3, bytes([5, 1, 2, 3, 4])), option(3, bytes([2, 1, 2, 3, 4]))
    queue = option(6, bytes([3, 0, 0, 0]))
    parts = [enhanced(PLAIN, options=toeplitz + queue)] * 3 + [
        enhanced(PLAIN, options=crc),
        enhanced(PLAIN, options=queue),
    ]
    reported = of(tmp_path / "options.pcapng", section(), interface(), *parts, enhanced(PLAIN)).reported
    assert (reported.hashes, reported.queues, reported.algorithms) == (3, 4, {"CRC32": 1, "Toeplitz": 3})
    none = of(tmp_path / "none.pcap", captures.pcap(captures.pcap_record(PLAIN))).reported
    assert (none.hashes, none.queues, none.algorithms) == (0, 0, {})


# Selections, several traces, saved censuses


def test_selections(tmp_path):
    packets = [tunnelled(flow, 1 + i % 2, i % 3) for i, flow in enumerate(flows(30))] + [PLAIN] * 5
    trace = write(tmp_path / "many.pcapng", packets)
    chosen = info(trace, selection=Selection(vni=2, direction="all"))
    assert (chosen.packets, chosen.tally.packets, chosen.files[0].packets) == (10, 10, 35)
    assert {each.tunnel.network_number for each in chosen.tunnels.heaviest} == {2}
    first = info([trace, trace], selection=Selection(count=40, direction="all"))
    assert (first.packets, first.reading.is_stopped) == (40, True)
    assert [file.packets for file in first.files] == [35, 5]
    assert len(info([trace, trace], selection=Selection(count=35, direction="all")).files) == 1
    assert info(trace, selection=Selection(encapsulation="NONE", direction="all")).packets == 5
    with pytest.raises(ConfigurationError, match="none of the 35 packets matches the selection"):
        info(trace, selection=Selection(vni=17, direction="all"))


def test_an_empty_trace(tmp_path):
    found = of(tmp_path / "empty.pcapng", section())
    assert (found.packets, found.n_bytes, found.encapsulations, found.reasons) == (0, 0, [], {"v7": {}, "1.4": {}})
    assert (found.tally.times.first, found.tunnels.kept, found.files[0].byte_order) == (None, 0, "little")


def test_saved_censuses_beside_captures(tmp_path):
    frames = [(tunnelled(flow), 500, 1) for flow in flows(20)] + [(NOT_IP, 60, 1)] * 3
    parts = [enhanced(PLAIN, options=OUTBOUND)] * 4 + [enhanced(PLAIN)] * 2
    one = written(tmp_path / "one.pcapng", pcapng_of(frames))
    two = written(tmp_path / "two.pcapng", section(), interface(), *parts)
    saved = save(one, tmp_path / "one.census", Device(hash_key=b"k" * 40, vxlan_ports=(4789, 53)))
    other = save(two, tmp_path / "two.census", Device())
    found = info([saved, two, other])
    assert [each.path for each in found.saved] == [str(saved), str(other)]
    first, second = found.saved
    assert (first.packets, first.n_bytes) == (23, 20 * 500 + 3 * 60)
    assert (first.identity.hash_keys, first.identity.rules.vxlan_ports) == ((b"k" * 40,), (53, 4789))
    assert (first.reading.traces, first.reading.packets) == (["one.pcapng"], 23)
    assert (second.packets, second.reading.left_out) == (2, {"sent by the capturing host": 4})
    assert (found.packets, found.tally.packets, found.reading.packets) == (23 + 6 + 2, 6, 23 + 6 + 6)
    assert found.reading.selected == found.packets
    assert {each.v7: each.packets for each in found.encapsulations} == {"VXLAN": 20, "NONE": 11}
    assert found.reasons["v7"] == {"not-ip": 3}
    assert found.tunnels.kept == 0
    assert info([other, two]).reading.left_out == second.reading.left_out
    alone = info(saved)
    assert (alone.files, alone.tally, alone.tunnels, alone.reported) == ([], None, None, None)
    with pytest.raises(ConfigurationError, match=r"count=1.*saved census"):
        info(saved, selection=Selection(count=1, direction="all"))
    with pytest.raises(ConfigurationError, match=r"direction=in.*saved census"):
        info(saved, selection=Selection())


# Agreement with the other studies


def test_all_kinds_of_frames_are_counted_as_analyze_counts_them(tmp_path):
    trace = written(tmp_path / "variety.pcapng", pcapng_of(variety() * 2))
    agrees_with_analyze(trace)
    agrees_with_flows(trace)


def test_the_sample():
    trace = ROOT / "sample_traces" / "interfaces.pcapng"
    agrees_with_analyze(trace)
    agrees_with_flows(trace)


@pytest.mark.jit_only
def test_the_overlay():
    trace = ROOT / "sample_traces" / "overlay.pcap"
    agrees_with_analyze(trace)
    agrees_with_flows(trace)
    # sample_traces/README.md: seven tunnel endpoints, of which one has GRE over IPv4 and over IPv6.
    assert len({each.tunnel.source for each in info(trace, heaviest=100).tunnels.heaviest}) == 7


def agrees_with_analyze(trace) -> None:
    found = info(trace)
    analysis = pcaphash.analyze(trace, [Device("v7"), Device("1.4")], EVERYTHING)
    assert found.reading == analysis.reading
    for spec, distribution, names in zip(("v7", "1.4"), analysis.distributions, analysis.encapsulations, strict=True):
        assert (found.packets, found.n_bytes) == (distribution.packets, distribution.n_bytes)
        assert found.reasons[spec] == distribution.reasons
        sums: dict[str, int] = {}
        for each in found.encapsulations:
            name = each.v7 if spec == "v7" else each.virtio_1_4
            sums[name] = sums.get(name, 0) + each.packets
        assert sums == names
    assert (found.tally.packets, found.tally.n_bytes) == (found.packets, found.n_bytes)


def agrees_with_flows(trace) -> None:
    table = FlowTable(ReadingRules.of(Device("1.4")))
    for block in Reader(str(trace)).blocks():
        table.append(block)
    whole = join_flows(table.flows())
    tunnels = find_tunnels(whole, "1.4")
    loads = sum_groups(whole.loads, tunnels.of_flow, len(tunnels))
    expected = sorted((str(tunnels[i]), *loads[i].tolist()) for i in range(len(tunnels)))
    found = info(trace, heaviest=10**6).tunnels
    assert found.kept == len(tunnels)
    assert sorted((str(each.tunnel), each.packets, each.n_bytes) for each in found.heaviest) == expected


def tunnels_of(path, most: int, block_len: int) -> tuple[float, list[list[int]], list[int]]:
    table = TunnelTable(ReadingRules.of(Device("1.4")), most)
    for block in Reader(str(path), block_len).blocks():
        table.append(block, block.timestamps())
    kept = table.tunnels()
    rows = np.column_stack([kept.keys, kept.loads.astype(np.uint64)]).tolist()
    return table.kept_share, sorted(rows), table.loads.sum(axis=0).tolist()


@pytest.mark.jit_only
def test_more_tunnels_than_are_kept(tmp_path):
    packets = [tunnelled(flow, 1 + i % 250, i % 13) for i, flow in enumerate(flows(4000))]
    one = write(tmp_path / "one.pcapng", packets)
    two = write(tmp_path / "two.pcapng", packets[::-1])
    share, rows, sums = tunnels_of(one, 300, 1 << 20)
    assert share < 1
    assert 0 < len(rows) <= 300
    assert tunnels_of(one, 300, 1000) == tunnels_of(two, 300, 1 << 20) == (share, rows, sums)
    assert sums == [4000, sum(map(len, packets))]
    whole_share, whole_rows, _ = tunnels_of(one, 10**5, 1 << 20)
    assert whole_share == 1
    assert len(whole_rows) == 250 * 13
    assert {tuple(row) for row in rows} < {tuple(row) for row in whole_rows}  # what is kept is counted whole


def test_every_tunnel_type_that_occurs_has_tunnels(tmp_path):
    found = info(written(tmp_path / "variety.pcapng", pcapng_of(variety())), heaviest=1000)
    names = {each.virtio_1_4 for each in found.encapsulations} - {"NONE", "UNKNOWN"}
    assert len(names) > 5
    assert {each.tunnel.encapsulation for each in found.tunnels.heaviest} == names


# Real captures


@needs_shared
@pytest.mark.jit_only
def test_counts_of_the_public_captures_are_those_of_other_tools():
    for row in index_of(CAPTURES):
        found = info(CAPTURES / row["file"])
        assert [file.packets for file in found.files] == [int(row["packets"])], row["file"]
        assert found.packets == found.tally.packets == int(row["packets"])


@needs_shared
@pytest.mark.jit_only
@pytest.mark.parametrize("part", range(5))
def test_whatever_is_damaged_is_counted_up_to_there(part):
    for row in index_of(ROBUSTNESS)[part::5]:
        path = ROBUSTNESS / row["file"]
        expected = load(path)
        if expected.damage is not None and expected.damage.reason in NO_CAPTURE:
            with pytest.raises(NothingReadableError):
                info(path)
            continue
        found = info(path)
        assert found.packets == len(expected.records), path.name
        times = [record.timestamp_ns for record in expected.records if record.timestamp_ns is not None]
        assert (found.tally.times.first, found.tally.times.last) == (min(times, default=None), max(times, default=None))
        assert found.tally.times.without_time == len(expected.records) - len(times)
        assert found.tally.times.out_of_order == sum(b < a for a, b in pairwise(times))
        assert found.tally.cut == sum(len(each.captured) < each.original_length for each in expected.records)
        sent = sum(each.direction == "out" for each in expected.records)
        assert found.tally.directions["out"] == sent
        assert (found.files[0].damage is None) == (expected.damage is None)
