"""Each rule of what the device does with a packet, on a frame made for it."""

import struct

import pytest

from naive.configuration import HASH_TYPES, TUNNEL_TYPES, Configuration
from naive.device import Answer, answer
from support import builders
from support.builders import (
    ARP,
    DESTINATION_V4,
    DESTINATION_V6,
    ETHERNET,
    IPV4,
    IPV6,
    SOURCE_V4,
    SOURCE_V6,
    framed,
    in_udp,
)

V7 = Configuration("v7", 0xFFF, unclassified_queue=9)
RATIFIED = Configuration("1.4", 0x1FF, tunnel_types=0x1FF, unclassified_queue=9)

PORTS = struct.pack("!HH", 40000, 443)
INNER_SOURCE, INNER_DESTINATION = bytes([10, 1, 0, 5]), bytes([10, 1, 0, 9])
INNER = builders.ipv4(builders.tcp(), builders.TCP, INNER_SOURCE, INNER_DESTINATION)
INNER_FRAME = builders.ethernet(INNER, IPV4)
INNER_INPUT = INNER_SOURCE + INNER_DESTINATION + PORTS


def hash_mask(*names: str) -> int:
    return sum(1 << HASH_TYPES.index(name) for name in names)


def tunnel_mask(*names: str) -> int:
    return sum(1 << TUNNEL_TYPES.index(name) for name in names)


def ask(
    frame: bytes,
    device: Configuration = V7,
    link_type: int = 1,
    *,
    captured: int | None = None,
    length: int | None = None,
) -> Answer:
    """Ask for a frame of which only ``captured`` bytes are shown, or which claims another ``length``."""
    return answer(frame[:captured], len(frame) if length is None else length, link_type, device)


def short(result: Answer) -> str:
    return f"{result.header} {result.hash_report} {result.reason}".strip()


def over_ipv4(payload: bytes, protocol: int, **fields: object) -> bytes:
    return framed(builders.ipv4(payload, protocol, **fields))


def over_ipv6(payload: bytes, protocol: int, *headers: tuple[int, bytes]) -> bytes:
    return framed(builders.ipv6(*builders.chain(payload, protocol, headers)))


TCP_IN_V4 = builders.ipv4(builders.tcp(), builders.TCP)
TCP_IN_V6 = builders.ipv6(builders.tcp(), builders.TCP)


class TestLink:
    @pytest.mark.parametrize("tags", [[], [0x8100], [0x88A8, 0x8100], [0x9100] * 5])
    @pytest.mark.parametrize(("link", "link_type"), [(builders.ethernet, 1), (builders.sll, 113), (builders.sll2, 276)])
    def test_vlan_tags_of_any_depth_are_skipped(self, tags, link, link_type):
        for packet, ethertype, name in ((TCP_IN_V4, IPV4, "TCPv4"), (TCP_IN_V6, IPV6, "TCPv6")):
            frame = link(*builders.vlan_stack(packet, ethertype, tags))
            assert short(ask(frame, link_type=link_type)) == f"outer {name}"

    @pytest.mark.parametrize("link_type", [12, 14, 101, 228, 229])
    def test_raw_packets_tell_their_version_themselves(self, link_type):
        assert short(ask(TCP_IN_V4, link_type=link_type)) == "outer TCPv4"
        assert short(ask(TCP_IN_V6, link_type=link_type)) == "outer TCPv6"
        assert short(ask(b"\x55" * 60, link_type=link_type)) == "none NONE not-ip"
        assert short(ask(b"", link_type=link_type)) == "none NONE not-ip"

    @pytest.mark.parametrize("link_type", [0, 108])
    @pytest.mark.parametrize("order", "<>")
    @pytest.mark.parametrize(
        ("family", "packet", "expected"),
        [(2, TCP_IN_V4, "outer TCPv4"), (2, TCP_IN_V6, "none NONE not-ip"), (23, TCP_IN_V6, "none NONE not-ip")]
        + [(family, TCP_IN_V6, "outer TCPv6") for family in (10, 24, 28, 30)],
    )
    def test_loopback_families(self, link_type, order, family, packet, expected):
        assert short(ask(builders.null(packet, family, order), link_type=link_type)) == expected

    @pytest.mark.parametrize("ethertype", [100, ARP, 0x8847, 0x8864, 0x6558])
    def test_other_ethertypes_are_not_ip(self, ethertype):
        result = ask(builders.ethernet(TCP_IN_V4, ethertype))
        assert result == Answer("NONE", "none", "NONE", "NONE", None, None, 9, "not-ip")

    def test_other_link_types_are_unknown(self):
        unknown = Answer("UNKNOWN", "none", "UNKNOWN", "UNKNOWN", None, None, None, "link-type")
        assert ask(TCP_IN_V4, link_type=105) == unknown


class TestIPv4:
    def test_ports_are_behind_the_options(self):
        result = ask(over_ipv4(builders.tcp(), builders.TCP, options=bytes(40)))
        assert result.hash_input == SOURCE_V4 + DESTINATION_V4 + PORTS

    @pytest.mark.parametrize("fields", [{"version": 6}, {"version": 5}, {"header_words": 4}, {"header_words": 15}])
    def test_a_wrong_header_is_not_ip(self, fields):
        assert short(ask(over_ipv4(b"", builders.TCP, **fields))) == "none NONE not-ip"

    @pytest.mark.parametrize("fields", [{"more_fragments": True}, {"fragment_offset": 1}])
    @pytest.mark.parametrize("protocol", [builders.TCP, builders.UDP, builders.GRE])
    def test_fragments_have_no_ports_and_are_no_tunnels(self, fields, protocol):
        result = ask(over_ipv4(builders.udp(builders.vxlan(INNER_FRAME), 1, 4789), protocol, **fields))
        assert (result.encapsulation, short(result)) == ("NONE", "outer IPv4")

    @pytest.mark.parametrize(
        ("protocol", "size", "expected"),
        [
            (builders.TCP, 20, "TCPv4"),
            (builders.TCP, 19, "IPv4"),
            (builders.UDP, 8, "UDPv4"),
            (builders.UDP, 7, "IPv4"),
            (builders.SCTP, 40, "IPv4"),
            (builders.AUTHENTICATION, 40, "IPv4"),
        ],
    )
    def test_a_transport_must_be_complete_within_the_frame(self, protocol, size, expected):
        assert ask(over_ipv4(bytes(size), protocol)).hash_report == expected

    def test_length_fields_bound_nothing(self):
        frame = over_ipv4(builders.tcp(), builders.TCP)
        assert short(ask(frame[:16] + b"\0\0" + frame[18:])) == "outer TCPv4"


HOME, OTHER_HOME, CARE = b"\xaa" * 16, b"\xbb" * 16, b"\xcc" * 16


class TestIPv6:
    @pytest.mark.parametrize(
        ("headers", "source", "destination"),
        [
            ([builders.options_header(builders.home_address(HOME))], HOME, DESTINATION_V6),
            ([builders.routing(CARE)], SOURCE_V6, CARE),
            ([builders.routing(CARE), builders.options_header(builders.home_address(HOME))], HOME, CARE),
            # The first of each counts, wherever it stands.
            (
                [builders.options_header(builders.home_address(address)) for address in (HOME, OTHER_HOME)],
                HOME,
                DESTINATION_V6,
            ),
            (
                [builders.options_header(b""), builders.options_header(builders.home_address(HOME))],
                HOME,
                DESTINATION_V6,
            ),
            (
                [builders.options_header(builders.home_address(HOME) + builders.home_address(OTHER_HOME))],
                HOME,
                DESTINATION_V6,
            ),
            (
                [builders.options_header(builders.home_address(b"four") + b"\0" + builders.home_address(HOME))],
                HOME,
                DESTINATION_V6,
            ),
            ([builders.routing(bytes(16), 0), builders.routing(CARE), builders.routing(HOME)], SOURCE_V6, CARE),
            # What looks like one and is none.
            (
                [builders.options_header(builders.home_address(HOME), builders.HOP_BY_HOP)],
                SOURCE_V6,
                DESTINATION_V6,
            ),
            ([builders.options_header(b"\x05\xff" + builders.home_address(HOME))], SOURCE_V6, DESTINATION_V6),
            ([(60, bytes([0, 1, 0xC9, 16]) + bytes(12))], SOURCE_V6, DESTINATION_V6),
            ([builders.routing(CARE, segments_left=0)], SOURCE_V6, DESTINATION_V6),
            ([builders.routing(CARE, segments_left=2)], SOURCE_V6, DESTINATION_V6),
            ([builders.routing(CARE + bytes(16))], SOURCE_V6, DESTINATION_V6),
            ([builders.authentication(0)], SOURCE_V6, DESTINATION_V6),
            ([builders.authentication(5), builders.mobility(bytes(14))], SOURCE_V6, DESTINATION_V6),
        ],
    )
    def test_addresses_from_extension_headers(self, headers, source, destination):
        frame = over_ipv6(builders.tcp(), builders.TCP, *headers)
        assert ask(frame).hash_report == "TCPv6_EX"
        assert ask(frame).hash_input == source + destination + PORTS
        plain = Configuration("v7", hash_mask("TCPv6"))
        assert ask(frame, plain).hash_input == SOURCE_V6 + DESTINATION_V6 + PORTS

    @pytest.mark.parametrize(
        ("enabled", "expected"),
        [
            (["TCPv6_EX", "IPv6_EX", "TCPv6", "IPv6"], "TCPv6_EX"),
            (["UDPv6_EX", "IPv6_EX", "TCPv6", "IPv6"], "IPv6_EX"),
            (["UDPv6_EX", "TCPv6", "IPv6"], "TCPv6"),
            (["UDPv6_EX", "UDPv6", "IPv6"], "IPv6"),
            (["UDPv6_EX", "UDPv6", "TCPv4"], "NONE"),
        ],
    )
    def test_precedence_with_extension_headers(self, enabled, expected):
        frame = over_ipv6(builders.tcp(), builders.TCP, builders.mobility())
        assert ask(frame, Configuration("v7", hash_mask(*enabled))).hash_report == expected

    @pytest.mark.parametrize("protocol", [builders.TCP, builders.ESP, builders.NO_NEXT, 253])
    def test_ex_types_mean_nothing_without_extension_headers(self, protocol):
        frame = over_ipv6(builders.tcp(), protocol)
        every = ask(frame).hash_report
        assert every == ("TCPv6" if protocol == builders.TCP else "IPv6")
        assert short(ask(frame, Configuration("v7", 0x1C0))) == "none NONE no-type"

    @pytest.mark.parametrize("offset", [0, 1])
    def test_fragments_have_no_ports(self, offset):
        frame = over_ipv6(builders.tcp(), builders.TCP, builders.fragment(offset))
        assert short(ask(frame)) == "outer IPv6_EX"

    def test_the_chain_ends_at_a_later_fragment(self):
        home = builders.options_header(builders.home_address(HOME))
        first = over_ipv6(b"", builders.TCP, builders.fragment(0, True), home)
        later = over_ipv6(b"", builders.TCP, builders.fragment(1), home)
        assert ask(first).hash_input == HOME + DESTINATION_V6
        assert ask(later).hash_input == SOURCE_V6 + DESTINATION_V6
        assert short(ask(later, length=len(later) - 8, captured=len(later) - 8)) == "outer IPv6_EX"

    @pytest.mark.parametrize("header", [builders.mobility(), builders.authentication(5), builders.fragment()])
    def test_an_incomplete_extension_header_is_not_ip(self, header):
        frame = over_ipv6(b"", builders.TCP, header)
        assert ask(frame).header == "outer"
        assert short(ask(frame[:-1])) == "none NONE not-ip"
        assert short(ask(frame[: 14 + 40])) == "none NONE not-ip"


class TestEncapsulation:
    @pytest.mark.parametrize(
        ("frame", "v7", "ratified"),
        [
            (over_ipv4(builders.gre(INNER, IPV4), builders.GRE), "GRE", "GRE_2784"),
            (over_ipv4(builders.gre(INNER, IPV4, checksum=True), builders.GRE), "GRE", "GRE_2784"),
            (over_ipv4(builders.gre(INNER_FRAME, ETHERNET), builders.GRE), "GRE", "GRE_2784"),
            (over_ipv4(builders.gre(INNER, IPV4, key=1), builders.GRE), "GRE", "GRE_2890"),
            (over_ipv4(builders.gre(INNER, IPV4, sequence=1), builders.GRE), "GRE", "GRE_2890"),
            (over_ipv6(builders.gre(INNER, IPV4, key=1), builders.GRE), "GRE", "GRE_2890"),
            (over_ipv6(builders.gre(INNER, IPV4), builders.GRE), "GRE", "GRE_7676"),
            (over_ipv4(builders.nvgre(INNER_FRAME), builders.GRE), "GRE", "NVGRE"),
            (over_ipv6(builders.nvgre(INNER_FRAME), builders.GRE, builders.mobility()), "GRE", "NVGRE"),
            (over_ipv4(builders.gre(INNER_FRAME, ETHERNET, key=1, checksum=True), builders.GRE), "GRE", "GRE_2890"),
            (over_ipv4(builders.gre(INNER_FRAME, ETHERNET, key=1, sequence=1), builders.GRE), "GRE", "GRE_2890"),
            (in_udp(builders.vxlan(INNER_FRAME), 4789), "VXLAN", "VXLAN"),
            (in_udp(builders.vxlan(INNER_FRAME, flags=0xFF), 8472), "VXLAN", "VXLAN"),
            (in_udp(builders.geneve(INNER_FRAME), 6081), "GENEVE", "GENEVE"),
            (in_udp(builders.geneve(INNER, IPV4, options=bytes(252), flags=0xFF), 6081), "GENEVE", "GENEVE"),
            (in_udp(builders.vxlan_gpe(INNER, 1), 4790), "NONE", "VXLAN_GPE"),
            (in_udp(builders.vxlan_gpe(INNER_FRAME, 3, flags=0x3F), 4790), "NONE", "VXLAN_GPE"),
            (in_udp(builders.vxlan_gpe(INNER_FRAME, 1, flags=0x08), 4790), "NONE", "VXLAN_GPE"),
            (in_udp(builders.gre(INNER, IPV4, key=1), 4754), "NONE", "GRE_UDP"),
            (over_ipv4(INNER, builders.IPIP), "NONE", "IPIP"),
        ],
    )
    def test_types(self, frame, v7, ratified):
        result = ask(frame)
        assert (result.encapsulation, result.hash_report_tunnel) == (v7, v7)
        assert (result.header, result.hash_input == INNER_INPUT) == (
            ("outer", False) if v7 == "NONE" else ("inner", True)
        )
        result = ask(frame, RATIFIED)
        assert (result.encapsulation, result.hash_report_tunnel) == (ratified, "NONE")
        assert (result.header, result.hash_report, result.hash_input) == ("inner", "TCPv4", INNER_INPUT)
        others = Configuration("1.4", 0x1FF, tunnel_types=0x1FF & ~tunnel_mask(ratified))
        assert (ask(frame, others).encapsulation, ask(frame, others).header) == (ratified, "outer")

    def test_an_ipv6_payload_is_gre_7676(self):
        frame = over_ipv4(builders.gre(TCP_IN_V6, IPV6), builders.GRE)
        assert ask(frame, RATIFIED).encapsulation == "GRE_7676"

    @pytest.mark.parametrize(
        "frame",
        [
            over_ipv4(builders.gre(INNER, IPV4, version=1), builders.GRE),
            over_ipv4(builders.gre(INNER, IPV4, routing=True), builders.GRE),
            over_ipv4(builders.gre(b"", IPV4, key=1)[:7], builders.GRE),
            over_ipv4(builders.gre(b"", IPV4)[:3], builders.GRE),
            in_udp(builders.vxlan(INNER_FRAME, flags=0xF7), 4789),
            in_udp(builders.vxlan(b"")[:7], 4789),
            in_udp(builders.vxlan_gpe(INNER, 1, flags=0x04), 4790),
            in_udp(builders.geneve(INNER_FRAME, version=1), 6081),
            in_udp(builders.geneve(b"", options=bytes(8))[:15], 6081),
            in_udp(builders.gre(INNER, IPV4, version=1), 4754),
            in_udp(builders.vxlan(INNER_FRAME), 53),
            over_ipv6(INNER, builders.IPIP),
            over_ipv4(TCP_IN_V6, builders.IPV6_IN_IP),
        ],
    )
    def test_no_tunnels(self, frame):
        for device in (V7, RATIFIED):
            assert (ask(frame, device).encapsulation, ask(frame, device).header) == ("NONE", "outer")

    @pytest.mark.parametrize(
        "frame",
        [
            over_ipv4(builders.gre(builders.arp(), ARP), builders.GRE),
            over_ipv4(builders.gre(INNER_FRAME, 0x88BE), builders.GRE),
            over_ipv4(builders.gre(TCP_IN_V6, IPV4), builders.GRE),
            over_ipv4(builders.gre(b"", IPV4), builders.GRE),
            in_udp(builders.vxlan(builders.ethernet(builders.arp(), ARP)), 4789),
            in_udp(builders.geneve(INNER, 0), 6081),
        ],
    )
    def test_an_inner_packet_that_is_not_ip(self, frame):
        result = ask(frame)
        assert (result.header, result.hash_report, result.hash_report_tunnel) == ("none", "NONE", "NONE")
        assert (result.queue, result.reason) == (9, "inner-not-ip")
        result = ask(frame, Configuration("v7", 0xFFF, inner_miss="outer"))
        assert (result.header, result.hash_report_tunnel, result.reason) == ("outer", "NONE", "")

    @pytest.mark.parametrize("next_protocol", [0, 2, 4])
    def test_vxlan_gpe_with_something_else_inside(self, next_protocol):
        frame = in_udp(builders.vxlan_gpe(INNER, next_protocol), 4790)
        assert short(ask(frame, RATIFIED)) == "none NONE inner-not-ip"

    def test_no_type_for_the_inner_header_never_means_the_outer(self):
        frame = over_ipv6(builders.gre(INNER, IPV4), builders.GRE)
        device = Configuration("v7", hash_mask("IPv6") | 0x200, inner_miss="outer")
        assert short(ask(frame, device)) == "none NONE no-type"

    def test_only_one_level_is_looked_through(self):
        nested = builders.ipv4(builders.gre(INNER, IPV4), builders.GRE, INNER_SOURCE, INNER_DESTINATION)
        result = ask(over_ipv4(builders.gre(nested, IPV4), builders.GRE))
        assert (result.header, result.hash_report) == ("inner", "IPv4")
        assert result.hash_input == INNER_SOURCE + INNER_DESTINATION

    def test_other_ports(self):
        device = Configuration("v7", 0xFFF, vxlan_ports=(53,), geneve_ports=())
        assert ask(in_udp(builders.vxlan(INNER_FRAME), 53), device).header == "inner"
        assert ask(in_udp(builders.vxlan(INNER_FRAME), 4789), device).header == "outer"


VXLAN_FRAME = in_udp(builders.vxlan(INNER_FRAME), 4789)
ETHERNET_END, IPV4_END, UDP_PORTS_END, UDP_END, VXLAN_END = 14, 34, 38, 42, 50
INNER_ETHERNET_END, INNER_IPV4_END, INNER_PORTS_END = 64, 84, 88


class TestTruncation:
    @pytest.mark.parametrize(
        ("enabled", "captured_from", "expected"),
        [
            # No tunnel enabled: the outer header is enough.
            (hash_mask("IPv4"), IPV4_END, "outer IPv4"),
            (hash_mask("UDPv4", "IPv4"), UDP_PORTS_END, "outer UDPv4"),
            (hash_mask("TCPv6"), IPV4_END, "none NONE no-type"),
            (0, IPV4_END, "none NONE no-type"),
            # GRE is none that UDP could be.
            (hash_mask("IPv4") | 0x200, IPV4_END, "outer IPv4"),
            # GENEVE would be, and the packet is looked at until it turns out to be VXLAN.
            (hash_mask("IPv4") | 0x800, VXLAN_END, "outer IPv4"),
            (hash_mask("IPv4") | 0x400, INNER_IPV4_END, "inner IPv4"),
            (hash_mask("TCPv4") | 0x400, INNER_PORTS_END, "inner TCPv4"),
            (hash_mask("TCPv6") | 0x400, INNER_IPV4_END, "none NONE no-type"),
        ],
    )
    def test_bytes_are_needed_only_as_far_as_the_order_leads(self, enabled, captured_from, expected):
        device = Configuration("v7", enabled)
        for captured in range(len(VXLAN_FRAME) + 1):
            result = ask(VXLAN_FRAME, device, captured=captured)
            assert short(result) == (expected if captured >= captured_from else "none UNKNOWN truncated")
            assert result.encapsulation == ("VXLAN" if captured >= VXLAN_END else "UNKNOWN")

    def test_what_the_frame_never_held_is_not_truncated(self):
        for length in range(len(VXLAN_FRAME) + 1):
            assert ask(VXLAN_FRAME, captured=length, length=length).reason != "truncated"

    def test_another_ethertype_is_known_without_what_follows(self):
        frame = builders.ethernet(builders.arp(), ARP)
        assert short(ask(frame, captured=13)) == "none UNKNOWN truncated"
        assert short(ask(frame, captured=14)) == "none NONE not-ip"

    def test_options_and_bodies_that_are_skipped_need_not_be_captured(self):
        frame = over_ipv4(builders.tcp(), builders.TCP, options=bytes(40))
        addresses = Configuration("v7", hash_mask("IPv4"))
        assert short(ask(frame, addresses, captured=34)) == "outer IPv4"
        frame = over_ipv6(builders.tcp(), builders.TCP, builders.mobility(bytes(14)))
        assert short(ask(frame, Configuration("v7", hash_mask("IPv6")), captured=14 + 40 + 8)) == "outer IPv6"
        assert (
            short(ask(frame, Configuration("v7", hash_mask("IPv6")), captured=14 + 40 + 7)) == "none UNKNOWN truncated"
        )

    def test_options_are_read_until_the_first_home_address(self):
        options = builders.pad_n(6) + builders.home_address(HOME) + builders.pad_n(8)
        frame = over_ipv6(builders.tcp(), builders.TCP, builders.options_header(options))
        begin = 14 + 40 + 2
        addresses = Configuration("v7", hash_mask("IPv6"))
        assert short(ask(frame, addresses, captured=begin + 7)) == "none UNKNOWN truncated"
        # The option is found by its type and length; its address is needed only where it is hashed.
        assert short(ask(frame, addresses, captured=begin + 8)) == "outer IPv6"
        extended = Configuration("v7", hash_mask("IPv6_EX"))
        assert short(ask(frame, extended, captured=begin + 23)) == "none UNKNOWN truncated"
        assert short(ask(frame, extended, captured=begin + 24)) == "outer IPv6_EX"

    def test_a_captured_length_above_the_original_raises_it(self):
        assert ask(VXLAN_FRAME, length=20).hash_input == INNER_INPUT
