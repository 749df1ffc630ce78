"""The steps that a dissection notes: of known packets, and of any packet as the naive reference reads it."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from naive.configuration import Configuration
from naive.device import read_outer
from naive.frame import Frame, LinkTypeError, NotIpError, TruncatedError
from naive.ip import read_packet
from naive.tunnel import find_encapsulation
from pcaphash.device import Device
from pcaphash.engine.census.census import CensusIdentity
from pcaphash.engine.rules import ReadingRules
from pcaphash.kernels import header, trace, tunnel
from pcaphash.kernels.dissect import N_SIGNATURES, split_signature
from pcaphash.kernels.link import CUT, NOT_IP
from pcaphash.kernels.records import RECORD
from pcaphash.kernels.rows import INPUT_LEN, NOTHING, describe_packets
from pcaphash.kernels.trace_packet import trace_packet
from support import builders
from support.builders import ARP, ETHERNET, IPV4, IPV6
from support.comparing import device_of
from support.packets import configurations, frames, whole_frames

Row = tuple[int, ...]

INNER = builders.ethernet(builders.ipv4(builders.tcp(), builders.TCP), IPV4)
TUNNELED = builders.ethernet(builders.ipv4(builders.udp(builders.vxlan(INNER), 1000, 4789), builders.UDP), IPV4)
ENDS = (trace.PACKET_END, trace.CAPTURED_END)
LINKS = range(trace.ETHERNET, trace.OTHER_LINK + 1)
INTERNET = (trace.IPV4, trace.IPV6, trace.EXTENSION)
TUNNELS = (trace.UDP_PORTS, trace.GRE, trace.VXLAN, trace.VXLAN_GPE, trace.GENEVE, trace.IPIP)


def traced(
    captured: bytes, original_length: int = 0, device: Device | None = None, link_type: int = 1
) -> tuple[int, list[Row]]:
    """Trace a packet; return its signature and its steps."""
    rows = trace.new_trace(len(captured))
    packet = np.array(list(captured), np.uint8)
    arguments = ReadingRules.of(device or Device()).arguments
    signature = trace_packet(packet, len(captured), original_length, link_type, *arguments, rows)
    return int(signature), [tuple(row) for row in rows[1 : 1 + rows[0, trace.N_STEPS]].tolist()]


def places(captured: bytes, original_length: int = 0, **options: object) -> list[tuple[int, int, int]]:
    """Say of each step which layer it is, where, and what was read."""
    return [
        (row[trace.LAYER], row[trace.OFFSET], row[trace.VALUE])
        for row in traced(captured, original_length, **options)[1]
    ]


def test_one_header():
    signature, rows = traced(INNER)
    assert split_signature(signature) == (header.KIND_IPV4 + header.TRANSPORT_TCP, tunnel.NO_ENCAPSULATION, 0)
    assert rows == [
        (0, trace.ETHERNET, 0, 14, 14, IPV4, 0, 0),
        (0, trace.IPV4, 14, 20, 20, builders.TCP, 0, 0),
        (0, trace.TRANSPORT, 34, 20, 4, builders.TCP, 0, 0),
    ]


def test_no_ethernet_header():
    assert places(INNER[14:], link_type=101)[:2] == [(trace.RAW_IP, 0, 4), (trace.IPV4, 0, builders.TCP)]


def test_a_tunnel():
    signature, rows = traced(TUNNELED)
    assert split_signature(signature)[1] == tunnel.VXLAN
    assert [(row[trace.LEVEL], row[trace.LAYER], row[trace.OFFSET]) for row in rows] == [
        (0, trace.ETHERNET, 0),
        (0, trace.IPV4, 14),
        (0, trace.TRANSPORT, 34),
        (0, trace.UDP_PORTS, 34),
        (0, trace.VXLAN, 42),
        (1, trace.ETHERNET, 50),
        (1, trace.IPV4, 64),
        (1, trace.TRANSPORT, 84),
    ]


def test_an_inner_header_behind_tags():
    frame = builders.ethernet(builders.vlan(INNER[14:], IPV4), 0x8100)
    packet = builders.ethernet(builders.ipv4(builders.gre(frame, ETHERNET, key=7), builders.GRE), IPV4)
    assert (trace.GRE, 34, ETHERNET) in places(packet)
    assert places(packet)[-4:] == [
        (trace.ETHERNET, 42, 0x8100),
        (trace.VLAN_TAG, 56, IPV4),
        (trace.IPV4, 60, builders.TCP),
        (trace.TRANSPORT, 80, builders.TCP),
    ]


@pytest.mark.parametrize(
    ("captured", "layer", "offset", "needed"),
    [
        (13, trace.ETHERNET, 0, 14),
        (33, trace.IPV4, 14, 20),
        (37, trace.UDP_PORTS, 34, 4),
        (49, trace.VXLAN, 42, 8),
        (63, trace.ETHERNET, 50, 14),
        (64, trace.IPV4, 64, 20),
        (87, trace.TRANSPORT, 84, 4),
    ],
)
def test_where_the_capture_ends(captured, layer, offset, needed):
    last = traced(TUNNELED[:captured], len(TUNNELED))[1][-1]
    assert (last[trace.LAYER], last[trace.OFFSET], last[trace.NEEDED]) == (layer, offset, needed)
    assert last[trace.STOP :] == (trace.CAPTURED_END, captured)


def over_ipv4(payload: bytes, protocol: int, **options: object) -> bytes:
    return builders.ethernet(builders.ipv4(payload, protocol, **options), IPV4)


@pytest.mark.parametrize(
    ("packet", "stop"),
    [
        (builders.ethernet(builders.arp(), ARP), (trace.ETHERNET, 0, trace.NOT_IP_TYPE)),
        (over_ipv4(b"", builders.TCP, version=5), (trace.IPV4, 14, trace.WRONG_VERSION)),
        (over_ipv4(b"", builders.TCP, more_fragments=True), (trace.IPV4, 14, trace.FRAGMENT)),
        (over_ipv4(b"", builders.ICMP), (trace.TRANSPORT, 34, trace.OTHER_TRANSPORT)),
        (over_ipv4(bytes(7), builders.UDP), (trace.UDP_PORTS, 34, trace.PACKET_END)),
        (over_ipv4(builders.udp(), builders.UDP), (trace.UDP_PORTS, 34, trace.NO_TUNNEL_PORT)),
        (over_ipv4(builders.gre(b"", 0x88BE), builders.GRE), (trace.GRE, 34, trace.NOT_IP_TYPE)),
        (over_ipv4(b"\x40\0\x08\0", builders.GRE), (trace.GRE, 34, trace.ROUTING_FLAG)),
        (over_ipv4(builders.udp(bytes(8), 1, 4789), builders.UDP), (trace.VXLAN, 42, trace.NO_INSTANCE_FLAG)),
    ],
)
def test_why_it_stops(packet, stop):
    last = traced(packet)[1][-1]
    assert (last[trace.LAYER], last[trace.OFFSET], last[trace.STOP]) == stop


def test_addresses_in_extension_headers():
    headers = [builders.options_header(builders.home_address(bytes(16))), builders.routing(bytes(16))]
    chained, first = builders.chain(builders.tcp(), builders.TCP, headers)
    packet = builders.ethernet(builders.ipv6(chained, first), IPV6)
    # The home address option starts behind four bytes of header and option, the routing header's address behind eight.
    assert places(packet)[2:] == [
        (trace.EXTENSION, 54, builders.DESTINATION_OPTIONS),
        (trace.EXTENSION, 78, builders.ROUTING),
        (trace.TRANSPORT, 102, builders.TCP),
        (trace.HOME_ADDRESS, 58, 0),
        (trace.ROUTING_ADDRESS, 86, 0),
    ]
    *_, routing_address = traced(packet[:100], len(packet))[1]
    assert routing_address[trace.STOP :] == (trace.CAPTURED_END, 100)


def test_qemu_reads_on():
    broken = builders.ethernet(builders.ipv4(builders.tcp(), builders.TCP, version=5), IPV4)
    assert split_signature(traced(broken)[0])[0] == NOT_IP
    signature, rows = traced(broken, device=Device(flavor="qemu"))
    assert split_signature(signature)[0] == header.KIND_IPV4
    assert rows[-1][trace.STOP] == trace.WRONG_VERSION


def test_a_trace_has_room_for_every_step():
    # Of the headers that can be many, QEMU reads the fewest bytes: two of each extension header.
    chain = bytes([60, 0]) * 400
    for device in (Device(), Device(flavor="qemu")):
        for packet in (builders.ethernet(builders.ipv6(chain, 60), IPV6), builders.ethernet(b"\x81\0" * 400, 0x8100)):
            signature, rows = traced(packet, 10**6, device)
            assert len(rows) < len(trace.new_trace(len(packet))) - 1
            assert rows[-1][trace.STOP]
            assert split_signature(signature)[0] in (CUT, NOT_IP, header.KIND_IPV6_EX)


def signature_in_rows(captured: bytes, original_length: int, link_type: int, device: Device) -> int:
    """Have the kernel behind ``hashes`` say what signature a packet has."""
    identity = CensusIdentity.of(device)
    records = np.zeros(1, RECORD)
    records["captured_length"], records["original_length"] = len(captured), original_length
    records["link_type"] = link_type
    picks = np.full(N_SIGNATURES, NOTHING, np.int32)
    signatures = np.empty(1, np.int32)
    described = (signatures, np.empty(1, np.uint32), np.empty(INPUT_LEN, np.uint8), np.empty(1, np.int64))
    of_device = (identity.prepared_key, identity.rules.port_types, identity.departures)
    describe_packets(np.array(list(captured), np.uint8), records, 1, *of_device, picks, *described)
    return int(signatures[0])


@given(frame=frames(), configuration=configurations())
def test_steps_fit_the_packet_and_its_signature(frame, configuration):
    captured, original_length, link_type = frame
    device = device_of(configuration)
    signature, rows = traced(captured, original_length, device, link_type)
    assert signature == signature_in_rows(captured, original_length, link_type, device)
    frame_end = max(original_length, len(captured))
    walked = [row for row in rows if row[trace.LAYER] not in (trace.HOME_ADDRESS, trace.ROUTING_ADDRESS)]
    assert walked
    assert [row[trace.OFFSET] for row in walked] == sorted(row[trace.OFFSET] for row in walked)
    assert [row[trace.LEVEL] for row in walked] == sorted(row[trace.LEVEL] for row in walked)
    for row in rows:
        end = row[trace.OFFSET] + row[trace.NEEDED]
        if row[trace.STOP] == trace.CAPTURED_END:
            assert row[trace.LIMIT] == len(captured) < end <= frame_end
        elif row[trace.STOP] == trace.PACKET_END:
            assert row[trace.LIMIT] == frame_end < row[trace.OFFSET] + row[trace.LENGTH]
        elif row[trace.NEEDED]:  # IP in IP has no header of its own, and a transport that is not read needs nothing
            assert end <= len(captured)


@given(frame=whole_frames(), configuration=configurations(), data=st.data())
def test_a_step_needs_its_bytes(frame, configuration, data):
    # With the last needed byte not captured, or not in the packet, the dissection stops there and nowhere before.
    whole, link_type = frame
    assume(configuration.flavor == "spec")  # QEMU believes lengths that lead back into a header
    device = device_of(configuration)
    rows = traced(whole, 0, device, link_type)[1]
    at = data.draw(st.integers(0, len(rows) - 1))
    step = rows[at]
    needed, length = step[trace.OFFSET] + step[trace.NEEDED], step[trace.OFFSET] + step[trace.LENGTH]
    is_address = step[trace.LAYER] in (trace.HOME_ADDRESS, trace.ROUTING_ADDRESS)
    if step[trace.NEEDED] and step[trace.STOP] not in ENDS:
        # Addresses in extension headers are read after all headers, one of which may need the same byte; not one that
        # the packet is too short for anyway.
        read = [row[trace.NEEDED] if row[trace.STOP] not in ENDS else 0 for row in rows]
        ends = [n_bytes and row[trace.OFFSET] + n_bytes for row, n_bytes in zip(rows, read, strict=True)]
        first = next(number for number, end in enumerate(ends) if end >= needed) if is_address else at
        cut = traced(whole[: needed - 1], len(whole), device, link_type)[1][first]
        assert cut[: trace.OFFSET + 1] == rows[first][: trace.OFFSET + 1]
        assert cut[trace.STOP :] == (trace.CAPTURED_END, needed - 1)
    if step[trace.LENGTH] and step[trace.STOP] not in ENDS and not is_address:
        short = traced(whole[: length - 1], 0, device, link_type)[1][at]
        assert short[: trace.OFFSET + 1] == step[: trace.OFFSET + 1]
        # A version, and the flag of a routing field, are judged before the options that follow are asked for.
        stops = {trace.PACKET_END} | ({step[trace.STOP]} & {trace.WRONG_VERSION, trace.ROUTING_FLAG})
        assert short[trace.STOP] in stops
        assert short[trace.LIMIT] in (length - 1, step[trace.LIMIT])


class WatchedFrame(Frame):
    """A frame that remembers which field was the last that did not fit: where it would end, and why."""

    def __init__(self, captured: bytes, length: int) -> None:
        super().__init__(captured, length)
        object.__setattr__(self, "missing", None)

    def holds(self, offset: int, size: int) -> bool:
        fits = super().holds(offset, size)
        object.__setattr__(self, "missing", None if fits else (trace.PACKET_END, offset + size))
        return fits

    def read(self, offset: int, size: int) -> bytes:
        object.__setattr__(self, "missing", (trace.CAPTURED_END, offset + size))
        field = super().read(offset, size)
        object.__setattr__(self, "missing", None)
        return field


def naive_end(watched: WatchedFrame, link_type: int, configuration: Configuration) -> tuple[object, str]:
    """Read a packet with the naive reference; return which field is missing where it stops, and how far it got."""
    reached = "outer"
    try:
        outer = read_outer(watched, link_type, configuration)
        reached = "tunnel"
        found = find_encapsulation(watched, outer, configuration)
        if found is None:
            return watched.missing, reached
        reached = "inner"
        read_packet(watched, *found.inner_network_layer(watched))
    except (NotIpError, TruncatedError, LinkTypeError):
        return watched.missing, reached
    return None, "end"


def end_of(row: Row) -> tuple[int, int] | None:
    """Say which field a step lacks, as ``naive_end`` does."""
    if row[trace.STOP] == trace.CAPTURED_END:
        return trace.CAPTURED_END, row[trace.OFFSET] + row[trace.NEEDED]
    if row[trace.STOP] == trace.PACKET_END:
        return trace.PACKET_END, row[trace.OFFSET] + row[trace.LENGTH]
    return None


@given(frame=frames(), configuration=configurations())
def test_the_naive_reference_stops_at_the_same_byte(frame, configuration):
    captured, original_length, link_type = frame
    assume(configuration.flavor == "spec")  # of QEMU the reference reads other fields at a time
    watched = WatchedFrame(captured, max(original_length, len(captured)))
    missing, reached = naive_end(watched, link_type, configuration)
    rows = traced(captured, original_length, device_of(configuration), link_type)[1]
    # Draft v7 does not know these tunnels, and the reference does not look for them; the kernels find both texts' own.
    layers = [row[trace.LAYER] for row in rows if not row[trace.LEVEL]]
    is_only_1_4 = bool({trace.VXLAN_GPE, trace.IPIP} & set(layers)) or {trace.UDP_PORTS, trace.GRE} <= set(layers)
    assume(configuration.spec == "1.4" or not is_only_1_4)
    level = 1 if reached == "inner" else 0
    looked_at = TUNNELS if reached == "tunnel" else (*LINKS, *INTERNET)
    ways = [row for row in rows if row[trace.LEVEL] == level and row[trace.LAYER] in looked_at]
    found = end_of(ways[-1]) if ways and reached != "end" else None
    assert found == missing
