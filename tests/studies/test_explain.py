"""An explanation says what ``hashes`` says, of every packet; and its words say why."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pcaphash
from pcaphash import Device
from pcaphash.capture.reader import Reader
from pcaphash.errors import ConfigurationError, PcaphashError
from pcaphash.report.explain.outcome import because_words, list_rules
from pcaphash.report.explain.write import write_explanation
from pcaphash.standards import ethernet
from pcaphash.studies.conformance.plain import links
from pcaphash.studies.explain import Explanation, StopReason, explain
from pcaphash.studies.explain.study import explain_record
from support import builders
from support.builders import ARP, ETHERNET, IPV4
from support.captures import pcap, pcap_record, pcapng_of
from support.comparing import LARGE, device_of, small_capture_paths
from support.packets import configurations, frames, whole_frames
from support.shared import CAPTURES, ROOT, needs_shared

SAMPLES = sorted(path for path in (ROOT / "sample_traces").iterdir() if path.suffix in (".pcap", ".pcapng"))
DEVICES = [
    Device(),
    Device(hash_types="linux", queues=5, unclassified_queue=3),
    Device("1.4"),
    Device("1.4", hash_types="TCPv4+UDPv6+IP_EX", tunnel_types="GRE_2890+VXLAN+IPIP", input_transform="symmetric-xor"),
    Device(flavor="qemu", table_index="modulo", indirection_table_size=100),
    Device(flavor="qemu-ebpf", hash_types="IPv4+UDPv4+IPv6+TCPv6+IP_EX+TCP_EX"),
    Device(features="CTRL_VQ+HASH_TUNNEL+HASH_REPORT", inner_miss="outer"),
    Device(flavor="ena-gen4"),
    Device(flavor="ena-gen5", hash_types="linux"),
    Device(flavor="corundum"),
    Device(flavor="vpp"),
]
EACH = 12  # packets of a trace that are explained


def explained_rows(path: Path, device: Device, chosen: set[int]) -> list[tuple[object, ...]]:
    """Explain the chosen packets; give what ``hashes`` has columns for."""
    rows, number = [], 0
    for block in Reader(str(path)).blocks():
        for place in range(len(block.records)):
            number += 1
            if number in chosen:
                found = explain_record(str(path), number, block, place, device, [])
                assert_words_fit(found)
                answer = found.answer
                value = "" if answer.hash_value is None else f"0x{answer.hash_value:08x}"
                packet = (number, found.timestamp_ns, found.captured_length, found.original_length, found.direction)
                kinds = (answer.encapsulation, answer.header, answer.hash_report, answer.hash_report_tunnel)
                rows.append((*packet, *kinds, answer.hash_input.hex(), value, answer.queue, answer.reason))
    return rows


def assert_words_fit(found: Explanation) -> None:
    """Hold what is said to what came out."""
    answer, rules = found.answer, list_rules(found)
    said = {rule.rule: rule.decision for rule in rules}
    if answer.hash_value is None:
        assert because_words(found)
        assert found.input_fields == ()
        assert "hash" not in said
    else:
        assert because_words(found) == ""
        assert said["hash"] == f"0x{answer.hash_value:08x}"
        assert b"".join(field.data for field in found.input_fields) == answer.hash_input
    expected = (
        "none to tell" if not answer.device.has_queue else "unknown" if answer.queue is None else str(answer.queue)
    )
    assert said["receive queue"] == expected
    assert all(rule.why and rule.source for rule in rules)
    assert_choices_fit(found)
    assert_stop_fits(found)
    assert_missing_bytes_are_named(found)
    for header in found.headers:
        for field in header.fields:
            assert header.offset <= field.offset
            assert len(field.data) <= field.length


def assert_choices_fit(found: Explanation) -> None:
    """Hold the header and the hash type that are said to be chosen, and where the hash input is, to what was hashed."""
    answer, choice = found.answer, found.type_choice
    captured = found.dissection.packet.data
    for field in found.input_fields:
        if field.packet_offset is not None:
            assert captured[field.packet_offset : field.packet_offset + len(field.data)] == field.data
    if answer.hash_value is not None:
        assert choice is not None
        assert choice.level.part == answer.header
        assert choice.missing == ()
        reported = choice.chosen.replace("_EX", "v6_EX")
        assert answer.hash_report == reported
    elif choice is not None:
        assert bool(choice.missing) == (answer.reason == "truncated")
        assert bool(choice.chosen) == (answer.reason != "no-type")


def assert_stop_fits(found: Explanation) -> None:
    """Hold where the dissection is said to stop to the lengths of the packet, and to the reason without a hash."""
    stop, packet = found.stop, found.dissection.packet
    if stop is None:
        assert found.answer.reason in ("", "no-type")
        return
    if stop.reason == StopReason.CAPTURED_END:
        assert stop.limit == len(packet.data) < stop.offset + stop.required <= packet.length
    elif stop.reason == StopReason.PACKET_END:
        assert stop.limit == packet.length < stop.offset + stop.required
    if found.answer.reason == "link-type":
        assert stop.reason == StopReason.UNKNOWN_LINK_TYPE


def assert_missing_bytes_are_named(found: Explanation) -> None:
    """Hold that bytes are said to be missing where nothing is known for that, and only there; and that they are."""
    shown = f"the capture shows {found.captured_length} of {max(found.original_length, found.captured_length)} bytes; "
    because = because_words(found)
    is_too_short = found.dissection.outer.is_too_short
    assert ("QEMU then hashes what an earlier packet left" in because) == is_too_short
    assert (shown in because) == (found.answer.reason == "truncated" and not is_too_short)
    if shown in because:
        _, _, missing = because.partition(shown)
        lasts = [int(last) for last in re.findall(r"(?:at bytes \d+ to|goes on to byte) (\d+)", missing)]
        assert lasts
        assert all(last >= found.captured_length for last in lasts)


def hashes_rows(path: Path, device: Device, chosen: set[int]) -> list[tuple[object, ...]]:
    rows = pcaphash.hashes(path, device)
    rows = rows[rows["packet"].isin(chosen)].astype(object)
    return list(rows.where(rows.notna(), None).itertuples(index=False, name=None))


def some_of(path: Path) -> set[int]:
    n_packets = sum(len(block.records) for block in Reader(str(path)).blocks())
    return set(np.linspace(1, n_packets, EACH).astype(int).tolist()) if n_packets else set()


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
@pytest.mark.parametrize("device", DEVICES, ids=range(len(DEVICES)))
def test_samples(path, device):
    chosen = some_of(path)
    assert explained_rows(path, device, chosen) == hashes_rows(path, device, chosen)


@needs_shared
@pytest.mark.parametrize("path", small_capture_paths(), ids=lambda path: path.name)
def test_every_capture(path):
    assert_some_agree(path)


@needs_shared
@pytest.mark.jit_only
@pytest.mark.parametrize("name", LARGE)
def test_large_captures(name):
    assert_some_agree(CAPTURES / name)


def assert_some_agree(path: Path) -> None:
    chosen = some_of(path)
    for device in DEVICES:
        assert explained_rows(path, device, chosen) == hashes_rows(path, device, chosen)


@given(packets=st.lists(frames(), min_size=1, max_size=4), configuration=configurations())
def test_any_packet_under_any_device(scratch, packets, configuration):
    path = scratch / "packets.pcapng"
    path.write_bytes(pcapng_of(packets))
    device, chosen = device_of(configuration), set(range(1, len(packets) + 1))
    assert explained_rows(path, device, chosen) == hashes_rows(path, device, chosen)


@given(frame=frames(), place=st.integers(0, 200), value=st.integers(0, 255))
def test_packets_with_a_byte_changed(scratch, frame, place, value):
    captured = bytearray(frame[0])
    if captured:
        captured[place % len(captured)] = value
    path = scratch / "changed.pcapng"
    path.write_bytes(pcapng_of([(bytes(captured), *frame[1:])]))
    assert explained_rows(path, DEVICES[2], {1}) == hashes_rows(path, DEVICES[2], {1})


@pytest.mark.parametrize("device", [*DEVICES, Device(hash_types="IPv6+IP_EX")], ids=range(len(DEVICES) + 1))
@given(frame=whole_frames())
@settings(max_examples=5)
def test_packets_cut_at_every_byte(scratch, frame, device):
    whole, link_type = frame
    cuts = range(0, min(len(whole), 200) + 1)
    path = scratch / "cut.pcapng"
    path.write_bytes(pcapng_of([(whole[:length], len(whole), link_type) for length in cuts]))
    chosen = set(range(1, len(cuts) + 1))
    assert explained_rows(path, device, chosen) == hashes_rows(path, device, chosen)


def told(tmp_path: Path, captured: bytes, original_length: int | None = None, device: Device | None = None) -> str:
    """Explain one packet as the terminal shows it, in one line."""
    path = tmp_path / "one.pcap"
    path.write_bytes(pcap(pcap_record(captured, original_length)))
    with (tmp_path / "told.txt").open("w+") as stream:
        write_explanation(explain(path, 1, device), "tree", stream)
        stream.seek(0)
        return " ".join(stream.read().split())


def test_the_home_address_is_what_is_hashed(tmp_path):
    chained, first = builders.chain(
        builders.tcp(b"", 1000, 80), builders.TCP, [builders.options_header(builders.home_address(bytes(15) + b"\1"))]
    )
    text = told(tmp_path, builders.framed(builders.ipv6(chained, first)))
    assert "TCPv6_EX" in text
    assert "home address ::1" in text
    assert "home address ::1, byte" in text  # in the list of what is hashed, with its place
    assert "it takes the home address in place of the source address" in text
    assert "RFC 6275" in text


@pytest.mark.parametrize(("hash_types", "is_hashed"), [("IPv6+IP_EX", True), ("IPv6+TCP_EX", False)])
def test_a_plain_type_of_qemus_program_takes_the_home_address(tmp_path, hash_types, is_hashed):
    headers = [builders.options_header(builders.home_address(bytes(15) + b"\1"))]
    chained, first = builders.chain(builders.tcp(b"", 1000, 80), builders.TCP, headers)
    frame, device = builders.framed(builders.ipv6(chained, first)), Device(hash_types=hash_types, flavor="qemu-ebpf")
    text = told(tmp_path, frame, device=device)
    assert ("it takes the home address in place of the source address" in text) == is_hashed
    assert ("home address ::1, byte" in text) == is_hashed
    text = told(tmp_path, frame[:64], len(frame), device)
    assert ("the home address is at bytes" in text) == is_hashed


@needs_shared
def test_a_captured_home_address_is_what_is_hashed():
    found = explain(CAPTURES / "zeek__ipv6-mobile-hoa.pcap", 1)
    names = [(field.name, field.value, field.packet_offset) for field in found.input_fields]
    assert names[0] == ("home address", "2001:78:1:32::1", 62)
    assert names[1][0] == "destination address"
    (rule,) = (rule for rule in list_rules(found) if rule.rule == "hash type")
    assert rule.why.endswith("it takes the home address in place of the source address")


@pytest.mark.parametrize("flavor", ["spec", "qemu"])
@pytest.mark.parametrize(("captured", "missing"), [(15, "14 to 17"), (20, "18 to 21")])
def test_tags_that_the_capture_cuts(tmp_path, flavor, captured, missing):
    tagged = builders.vlan(builders.vlan(builders.ipv4(builders.tcp(), builders.TCP), IPV4), 0x8100)
    frame = builders.ethernet(tagged, 0x88A8)
    told_of_cut = told(tmp_path, frame[:captured], len(frame), Device(flavor=flavor))
    assert "hash and receive queue unknown (reason truncated)" in told_of_cut
    assert f"a VLAN tag of the outer header is at bytes {missing}" in told_of_cut
    text = told(tmp_path, frame[:captured], None, Device(flavor=flavor))
    assert "no hash (reason not-ip)" in text
    assert f"a VLAN tag of the outer header would need 4 bytes from byte {missing.split()[0]}" in text


@pytest.mark.parametrize(("name", "offset"), [("IPv4", 19), ("IPv6", 39)])
def test_a_packet_that_is_too_short_is_not_one_that_the_capture_cut(tmp_path, name, offset):
    """Of an IP header that the packet does not have whole, QEMU hashes what was there before; no spec does."""
    packet = {"IPv4": builders.ipv4, "IPv6": builders.ipv6}[name](builders.tcp(), builders.TCP)
    frame = builders.framed(packet)
    captured, qemu = frame[: 14 + offset], Device(flavor="qemu")
    short = told(tmp_path, captured, None, qemu)
    assert "hash and receive queue unknown (reason truncated)" in short
    assert "unknown: the packet ends too early" in short
    left = f"the outer {name} header would need {offset + 1} bytes from byte 14, but the packet has {offset} left"
    assert f"{left}: QEMU then hashes what an earlier packet left in its memory" in short
    cut = told(tmp_path, captured, len(frame), qemu)
    assert "hash and receive queue unknown (reason truncated)" in cut
    assert "unknown: the capture ends too early" in cut
    assert f"the outer {name} header is at bytes 14 to {14 + offset}" in cut
    of_spec = told(tmp_path, captured)
    assert "no hash (reason not-ip)" in of_spec
    assert left in of_spec
    assert "QEMU" not in of_spec


@pytest.mark.parametrize("tag_types", [[0x9100], [0x8100, 0x8100], [0x88A8, 0x8100, 0x8100]])
@pytest.mark.parametrize("is_cut", [False, True])
def test_tags_that_qemu_does_not_step_over(tmp_path, tag_types, is_cut):
    tagged, ethertype = builders.vlan_stack(builders.ipv4(builders.tcp(), builders.TCP), IPV4, tag_types)
    frame = builders.ethernet(tagged, ethertype)
    captured = frame[: 14 + 4 * (len(tag_types) - 1)] if is_cut else frame
    text = told(tmp_path, captured, len(frame), Device(flavor="qemu"))
    assert "no hash (reason not-ip)" in text
    assert "a tag that QEMU does not step over" in text


@pytest.mark.parametrize(("tag_types", "said"), [
    ([0x8100, 0x8100], "is 0x0800 (IPv4), but the program steps over 1 tag, whatever follows, and reads 0x8100"),
    ([0x88A8], "is 0x0800 (IPv4), but the program steps over 2 tags, whatever follows, and reads 40"),
])  # fmt: skip
def test_where_qemus_program_looks_for_the_ethertype(tmp_path, tag_types, said):
    tagged, ethertype = builders.vlan_stack(builders.ipv4(builders.tcp(), builders.TCP), IPV4, tag_types)
    text = told(tmp_path, builders.ethernet(tagged, ethertype), device=Device(flavor="qemu-ebpf"))
    assert said in text
    assert "the device reads the EtherType at another byte" in text
    assert "IPv4, 4 bytes" not in text


def test_only_what_the_hash_type_is_over_is_missing(tmp_path):
    # The capture lacks the routing header's address, and with it the ports: those matter to TCP_EX alone.
    chained, first = builders.chain(builders.tcp(), builders.TCP, [builders.routing(bytes(16))])
    frame = builders.framed(builders.ipv6(chained, first))
    address, ports = "the routing header's address is at bytes 62 to 77", "the ports are at bytes 78 to 81"
    text = told(tmp_path, frame[:62], len(frame), Device(hash_types="IP_EX"))
    assert address in text
    assert ports not in text
    text = told(tmp_path, frame[:62], len(frame), Device(hash_types="TCP_EX"))
    assert address in text
    assert ports in text
    text = told(tmp_path, frame[:78], len(frame), Device(hash_types="TCP_EX"))
    assert address not in text
    assert ports in text


def test_what_may_be_a_tunnel_says_which_bytes_would_tell(tmp_path):
    frame = builders.framed(builders.ipv4(builders.udp(builders.vxlan(bytes(60)), 1000, 4789), builders.UDP))
    text = told(tmp_path, frame[:40], len(frame)).partition("headers, by byte offset")[0]
    assert "the VXLAN header is at bytes 42 to 49; the packet may be a tunnel whose inner header is hashed" in text


def test_a_fragment_has_no_ports(tmp_path):
    packet = builders.ipv4(builders.udp(bytes(8), 1000, 4789), builders.UDP, more_fragments=True)
    text = told(tmp_path, builders.ethernet(packet, IPV4))
    assert "over the outer header, IPv4, receive queue" in text
    assert "fragment" in text
    assert "source port" not in text.partition("hash input,")[2]


def test_a_geneve_packet_that_the_snap_length_cut(tmp_path):
    inner = builders.framed(builders.ipv4(builders.tcp(), builders.TCP))
    outer = builders.ipv4(builders.udp(builders.geneve(inner), 1000, 6081), builders.UDP)
    frame = builders.ethernet(outer, IPV4)
    text = told(tmp_path, frame[:70], len(frame))
    assert f"70 of {len(frame)} bytes captured" in text
    assert "hash and receive queue unknown (reason truncated)" in text
    assert "the inner IPv4 header is at bytes 64 to 83" in text
    # With addresses alone the answer is known: the tunnel is not looked into.
    assert "outer-addresses: hash 0x" in text


def test_arp_in_vxlan_has_no_hash(tmp_path):
    inner = builders.ethernet(builders.arp(), ARP)
    outer = builders.ipv4(builders.udp(builders.vxlan(inner), 1000, 4789), builders.UDP)
    text = told(tmp_path, builders.ethernet(outer, IPV4))
    assert "no hash (reason inner-not-ip): unclassified queue 0" in text
    assert "the EtherType at byte 62 is 0x0806 (ARP)" in text
    assert "no hash, and never the hash of the outer header" in text


def test_gre_that_carries_ethernet_is_looked_through_to_its_ports(tmp_path):
    inner = builders.framed(builders.ipv4(builders.tcp(b"", 1234, 80), builders.TCP))
    packet = builders.ipv4(builders.gre(inner, ETHERNET, key=7), builders.GRE)
    text = told(tmp_path, builders.ethernet(packet, IPV4), device=Device("1.4"))
    assert "over the inner header, TCPv4" in text
    assert "NVGRE" in text
    assert "source port 1234" in text


def test_what_cannot_be_explained(tmp_path):
    path = tmp_path / "two.pcap"
    path.write_bytes(pcap(pcap_record(bytes(60)) * 2))
    with pytest.raises(ConfigurationError, match="has no packet 3: there are 2; give a number from 1 to 2"):
        explain(path, 3)
    for number in (0, -1, 1.5, "one"):
        with pytest.raises(ConfigurationError, match=r"^packet: "):
            explain(path, number)
    path.write_bytes(pcap())
    with pytest.raises(ConfigurationError, match="has no packets"):
        explain(path, 1)
    path.write_bytes(pcap(pcap_record(bytes(60)) * 2)[:-5])
    assert explain(path, 1).packet == 1
    with pytest.raises(PcaphashError, match="packet 2 would come after that") as caught:
        explain(path, 2)
    assert caught.value.exit_code == 3


def test_other_configurations_are_told_too():
    found = explain(SAMPLES[0].parent / "gre.pcap", 1, Device(), [Device(hash_types="addresses", name="a"), Device()])
    assert [answer.device.name for answer in found.others] == ["a"]
    row = pcaphash.hashes(SAMPLES[0].parent / "gre.pcap", Device(hash_types="addresses")).iloc[0]
    assert f"0x{found.others[0].hash_value:08x}" == row["hash_value"]
    assert pd.notna(row["queue"])


_HEADERS = {
    "options": builders.framed(builders.ipv4(builders.tcp(), builders.TCP, options=bytes([1] * 8))),
    "fragment": builders.framed(builders.ipv4(builders.tcp(bytes(8)), builders.TCP, fragment_offset=100)),
    "IPv6": builders.framed(builders.ipv6(builders.tcp(), builders.TCP)),
    "extension": builders.framed(
        builders.ipv6(*builders.chain(builders.tcp(), builders.TCP, [builders.options_header(b"", 0)]))
    ),
}


@pytest.mark.parametrize(
    ("flavor", "header", "words"),
    [
        ("corundum", "options", "a header length of 28 bytes, not 20: Corundum looks no further than the addresses"),
        ("vpp", "options", "a header length of 28 bytes, not 20: VPP's soft-rss hashes no such packets"),
        ("corundum", "fragment", "a fragment, which Corundum does not look for, of protocol 6 at byte 23"),
        ("vpp", "fragment", "bytes 20 and 21 say so: VPP's soft-rss hashes no fragments"),
        ("corundum", "IPv6", "Corundum does not hash IPv6"),
        ("vpp", "IPv6", "no extension header; next header 6 at byte 20"),
        ("vpp", "extension", "VPP's soft-rss does not step over extension headers; next header 0 at byte 20"),
    ],
)
def test_what_corundum_and_vpp_make_of_headers(tmp_path, flavor, header, words):
    text = told(tmp_path, _HEADERS[header], device=Device(flavor=flavor))
    assert words in text
    is_hashed = (flavor, header) not in {("vpp", "options"), ("vpp", "fragment"), ("corundum", "IPv6")}
    assert ("no hash (reason not-ip)" in text) != is_hashed


@pytest.mark.parametrize(
    ("flavor", "words"),
    [
        ("ena-gen4", "the smaller address and the smaller port come first, the 32-bit words of the key are taken in"),
        ("ena-gen5", "the bytes of the key are taken in reversed order, and the hash starts at 0xffffffff"),
    ],
)
def test_how_ena_calculates_the_hash(tmp_path, flavor, words):
    text = told(tmp_path, builders.framed(builders.ipv4(builders.tcp(), builders.TCP)), device=Device(flavor=flavor))
    assert words in text
    assert ("smaller port" in text) == (flavor == "ena-gen4")
    assert "amzn-ec2-ena-utilities, toeplitz_calc.py" in text


def _ipv4(segment: bytes = b"", first: int = 0x45, fragment: int = 0) -> bytes:
    """Make an IPv4 packet from a larger address to a smaller one, with two bytes of its header as given."""
    packet = bytearray(builders.ipv4(segment or builders.tcp(b"", 7, 9), builders.TCP, bytes([10, 0, 0, 9]), bytes(4)))
    packet[0], packet[6:8] = first, fragment.to_bytes(2, "big")
    return builders.ethernet(bytes(packet), IPV4)


@pytest.mark.parametrize("field", [0x4000, 0x8000])
def test_what_qemus_program_takes_for_a_fragment(tmp_path, field):
    frame = _ipv4(fragment=field)
    text = told(tmp_path, frame, device=Device(flavor="qemu-ebpf"))
    assert "IPv4, carrying TCP (taken for a fragment) at byte 34" in text
    assert f"bytes 20 and 21 are 0x{field:04x}: QEMU's steering program takes a packet with any bit there for" in text
    assert "at byte 14: the device takes the packet for a fragment." in text
    assert "the packet is a fragment" not in text
    assert "over the outer header, IPv4, receive queue" in text
    assert "taken for a fragment" not in told(tmp_path, frame)
    fragment = told(tmp_path, _ipv4(fragment=0x2000), device=Device(flavor="qemu-ebpf"))
    assert "a fragment of TCP (offset 0, more follow)" in fragment
    assert "taken for a fragment" not in fragment


@pytest.mark.parametrize(
    ("flavor", "first", "said", "carried"),
    [
        ("qemu", 0x43, "version 4, a header of 12 bytes, not a fragment, {}; QEMU does not check the length", 26),
        ("qemu-ebpf", 0x43, "version 4, a header of 12 bytes, not a fragment, {}; {} does not check the length", 26),
        ("qemu-ebpf", 0x46, "version 4, a header of 24 bytes, not a fragment, {} [RFC 791 section 3.1]", 38),
        ("qemu-ebpf", 0x53, "version 5, a header of 12 bytes, {}{} does not check the version or the length", 26),
        ("corundum", 0x65, "version 6, a header of 20 bytes, {}Corundum does not check the version", 34),
        ("corundum", 0x45, "version 4, a header of 20 bytes, not a fragment, {} [RFC 791 section 3.1]", 34),
    ],
)
def test_what_is_not_checked_of_an_ipv4_header(tmp_path, flavor, first, said, carried):
    frame = _ipv4(builders.tcp(bytes(20), 7, 9), first)
    text = told(tmp_path, frame, device=Device(flavor=flavor))
    rest = "protocol 6 at byte 23" if "not a fragment" in said else "not a fragment, protocol 6 at byte 23; "
    assert said.format(rest, "QEMU's steering program") in text
    assert f"IPv4, carrying TCP at byte {carried}" in text


@pytest.mark.parametrize("flavor", ["qemu", "qemu-ebpf"])
def test_the_version_of_ipv6_is_not_checked(tmp_path, flavor):
    packet = bytearray(builders.ipv6(builders.tcp(), builders.TCP))
    packet[0] = 0x50
    text = told(tmp_path, builders.ethernet(bytes(packet), 0x86DD), device=Device(flavor=flavor))
    who = {"qemu": "QEMU", "qemu-ebpf": "QEMU's steering program"}[flavor]
    assert f"version 5, which {who} does not check; no extension header; next header 6 at byte 20 [QEMU 7.2]" in text
    assert "TCPv6" in text


@pytest.mark.parametrize(
    ("flavor", "what", "source"),
    [
        ("corundum", "the TCP ports would need 4 bytes from byte 34, but the packet has 3 left: Corundum", "rx_hash.v"),
        ("vpp", "the TCP ports would need 4 bytes from byte 34, but the packet has 3 left: VPP's soft-rss", "soft-rss"),
        ("qemu-ebpf", "the TCP header would need 20 bytes from byte 34, but the packet has 3 left: QEMU's", "QEMU 7.2"),
    ],
)
def test_frames_that_end_within_the_transport_header(tmp_path, flavor, what, source):
    text = told(tmp_path, _ipv4(builders.tcp()[:3]), device=Device(flavor=flavor))
    assert what in text.partition("headers, by byte offset")[0]
    assert "hashes no such packets" in text
    assert f"{source}]" in text
    assert "TCP, " in text
    assert "hop-by-hop" not in text


@pytest.mark.parametrize(
    ("flavor", "tag_types", "who", "source"),
    [
        ("corundum", [0x8100], "Corundum", "Corundum, fpga/common/rtl/rx_hash.v"),
        ("corundum", [0x88A8, 0x8100], "Corundum", "Corundum, fpga/common/rtl/rx_hash.v"),
        ("vpp", [0x8100, 0x8100], "VPP's soft-rss", "VPP, src/plugins/soft-rss"),
        ("qemu-ebpf", [0x9100], "QEMU's steering program", "QEMU 7.2"),
    ],
)
def test_tags_that_a_known_device_does_not_step_over(tmp_path, flavor, tag_types, who, source):
    tagged, ethertype = builders.vlan_stack(builders.ipv4(builders.tcp(), builders.TCP), IPV4, tag_types)
    text = told(tmp_path, builders.ethernet(tagged, ethertype), device=Device(flavor=flavor))
    assert f"tag): a tag that {who} does not step over [{source}]" in text
    assert "no hash (reason not-ip)" in text


def test_where_the_hash_input_of_ena_comes_from(tmp_path):
    text = told(tmp_path, _ipv4(builders.tcp(b"", 9, 7)), device=Device(flavor="ena-gen4"))
    for row in ("source 10.0.0.9 (hashed)", "destination 0.0.0.0 (hashed)",
                "source port 9 (hashed)", "destination port 7 (hashed)",
                "smaller address 0.0.0.0, byte 30 of the packet", "larger address 10.0.0.9, byte 26 of the packet",
                "smaller port 7, byte 36 of the packet", "larger port 9, byte 34 of the packet"):  # fmt: skip
        assert row in text


@pytest.mark.parametrize(("tag_types", "names"), [
    ([0x8100], ["802.1Q tag"]),
    ([0x88A8, 0x8100], ["802.1ad tag", "802.1Q tag"]),
    ([0x9100, 0x9100], ["old QinQ tag", "old QinQ tag"]),
    ([0x9200, 0x9200, 0x8100], ["old triple QinQ tag", "old triple QinQ tag", "802.1Q tag"]),
    ([0x9200, 0x1234, 0x86DD], ["old triple QinQ tag", "VLAN tag", "VLAN tag"]),
])  # fmt: skip
def test_tags_that_vpp_steps_over(tmp_path, tag_types, names):
    tagged, ethertype = builders.vlan_stack(builders.ipv4(builders.tcp(), builders.TCP), IPV4, tag_types)
    text = told(tmp_path, builders.ethernet(tagged, ethertype), device=Device(flavor="vpp"))
    assert "hash 0x" in text
    assert re.findall(r"((?:old (?:triple )?QinQ|802\.1\w+|VLAN) tag), 4 bytes", text) == names


LINKED = {case.link_type: case.packet for case in reversed(links())}


@pytest.mark.parametrize("link_type", ethernet.LINK_TYPE_NAMES, ids=ethernet.LINK_TYPE_NAMES.get)
def test_every_link_type_has_a_header_and_words_wherever_it_is_cut(tmp_path, link_type):
    """A link type that is dissected needs these, and a packet of it in the conformance set."""
    frame, path = LINKED[link_type], tmp_path / "linked.pcap"
    for captured in range(len(frame) + 1):
        path.write_bytes(pcap(pcap_record(frame[:captured], len(frame)), link_type=link_type))
        found = explain(path, 1)
        assert_words_fit(found)
        if captured:
            assert found.headers[0].offset == 0, captured
