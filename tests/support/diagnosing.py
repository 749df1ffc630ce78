"""Devices that misbehave in one way, told in plain Python, and traffic that tells them apart."""

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest

import naive.device
import naive.ip
import naive.link
from naive.configuration import Configuration
from naive.device import Answer, answer_header, not_hashed
from naive.ena import ena_hash, is_ena
from naive.hash_type import TCP
from naive.ip import UDP, Packet
from naive.tunnel import Encapsulation
from pcaphash.capture.reader import Block
from pcaphash.capture.reported.notes import Note
from pcaphash.capture.reported.source import NOT_REPORTED, Reported
from pcaphash.standards.virtio import HASH_REPORT_TUNNELS, HASH_REPORTS
from support import builders
from support.builders import IPV4
from support.variety import HOME, ROUTED, ethernet_frames, tunnels

ESP, IPV6_IN_IP, GTP_U = 50, 41, 2152


@dataclass(frozen=True)
class Said:
    """What a device says of a packet; None where it does not say."""

    value: int | None
    report: str | None = None
    tunnel: str | None = None
    queue: int | None = None


class SaidOf:
    """A source of reported values: a list with an item for each packet."""

    def __init__(self, said: list[Said]) -> None:
        self._said = said

    def read(self, block: Block, first: int) -> tuple[Block, Reported]:
        reported = Reported.nothing(len(block.records))
        for i, said in enumerate(self._said[first - 1 : first - 1 + len(block.records)]):
            reported.has_hash[i] = said.value is not None
            reported.hash_values[i] = said.value or 0
            reported.hash_reports[i] = NOT_REPORTED if said.report is None else HASH_REPORTS.index(said.report)
            reported.hash_report_tunnels[i] = (
                NOT_REPORTED if said.tunnel is None else HASH_REPORT_TUNNELS.index(said.tunnel)
            )
            reported.queues[i] = NOT_REPORTED if said.queue is None else said.queue
        return block, reported

    def finish(self, n_packets: int) -> list[Note]:
        return []


def separating_frames() -> list[bytes]:
    """Make whole frames by which every fault can be told from every other."""
    frames = []
    for round_ in range(4):
        port = 1000 + 700 * round_
        plain = ethernet_frames(port)
        frames += plain + tunnels(port + 3000)
        frames += [
            tagged(plain[i], tags) for i in (0, 1, 2, 4, 8, 12) for tags in ([0x8100], [0x88A8, 0x8100], [0x8100] * 2)
        ]
        frames += _turned(port) + _fragments(port) + _chains(port) + _nested(port)
        frames += _ip_in_ip(port) + _odd(port)
    return [*frames, *_wrong_versions(), *_impossible_extensions(), *_sctp()]


def _wrong_versions() -> list[bytes]:
    """Make packets whose EtherType says IPv4, and whose header says version 5."""
    frames = []
    for host in (1, 2):
        packet = bytearray(builders.ipv4(builders.icmp(), builders.ICMP, bytes([10, 55, 0, host])))
        packet[0] = 0x55
        frames.append(builders.ethernet(bytes(packet), IPV4))
    return frames


def _sctp() -> list[bytes]:
    """Make SCTP packets, whose ports no hash type of the spec covers."""
    frames = []
    for port in (1000, 2000, 3000):
        packet = builders.sctp(bytes(8), port)
        frames.append(builders.framed(builders.ipv4(packet, builders.SCTP)))
        frames.append(builders.framed(builders.ipv6(packet, builders.SCTP)))
    return frames


def tagged(frame: bytes, tags: list[int]) -> bytes:
    payload, ethertype = builders.vlan_stack(frame[14:], int.from_bytes(frame[12:14], "big"), tags)
    return builders.ethernet(payload, ethertype)


def _turned(port: int) -> list[bytes]:
    """Make both directions of connections, whose addresses and ports are ordered alike and contrarily."""
    frames = []
    for one, other in ((9, 200), (200, 9)):
        for source_port, destination_port in ((port, 60000), (60000, port)):
            segment = builders.tcp(b"", source_port, destination_port)
            addresses = bytes([10, one, 0, 1]), bytes([10, other, 0, 1])
            frames.append(builders.framed(builders.ipv4(segment, builders.TCP, *addresses)))
            frames.append(builders.framed(builders.ipv6(segment, builders.TCP, bytes([one]) * 16, bytes([other]) * 16)))
            datagram = builders.udp(b"", source_port, destination_port)
            frames.append(builders.framed(builders.ipv4(datagram, builders.UDP, addresses[0], addresses[0])))
    return frames


def _fragments(port: int) -> list[bytes]:
    """Make first and later fragments."""
    segment = builders.tcp(bytes(8), port)
    host = bytes([10, 44, port % 251, 1])
    frames = [
        builders.framed(builders.ipv4(segment, builders.TCP, host, fragment_offset=offset, more_fragments=True))
        for offset in (0, 100)
    ]
    for offset in (0, 800):
        chained, first = builders.chain(segment, builders.TCP, [builders.fragment(offset, more=True)])
        frames.append(builders.framed(builders.ipv6(chained, first, host * 4)))
    return frames


def _chains(port: int) -> list[bytes]:
    """Make IPv6 packets with authentication headers, one or two destination options headers, and routing headers."""
    home = builders.options_header(builders.home_address(HOME))
    empty = builders.options_header(builders.pad_n(6))
    routing = builders.routing(ROUTED)
    frames = []
    for headers in (
        [builders.authentication()],
        [builders.authentication(6)],
        [home, empty],
        [routing],
        [home],
        [empty],
    ):
        for protocol, payload in ((TCP, builders.tcp(bytes(40), port)), (UDP, builders.udp(bytes(50), port))):
            chained, first = builders.chain(payload, protocol, headers)
            frames.append(builders.framed(builders.ipv6(chained, first)))
    return frames


def _impossible_extensions() -> list[bytes]:
    """Make IPv6 packets whose extension headers are longer than the frame, or hold a home address of 8 bytes."""
    short = bytes([0xC9, 8]) + bytes(range(8)) + builders.pad_n(2)
    frames = []
    for port in (1000, 2000):
        chained, first = builders.chain(builders.tcp(b"", port), builders.TCP, [builders.options_header(short)])
        frames.append(builders.framed(builders.ipv6(chained, first)))
        long = bytes([builders.TCP, 40]) + bytes(6) + builders.tcp(b"", port)
        host = bytes([32, 1, 13, port % 251]) * 4
        frames.append(builders.framed(builders.ipv6(long, builders.DESTINATION_OPTIONS, host)))
    return frames


def _nested(port: int) -> list[bytes]:
    """Make a tunnel in a tunnel."""
    innermost = ethernet_frames(port)[0]
    inner = builders.ipv4(builders.udp(builders.vxlan(innermost), port, 4789), builders.UDP, bytes([10, 1, 1, 1]))
    outer = builders.ipv4(builders.gre(inner, IPV4), builders.GRE, bytes([10, 2, 2, 2]))
    return [builders.ethernet(outer, IPV4)]


def _ip_in_ip(port: int) -> list[bytes]:
    """Make an IPv4 packet in another one."""
    host = bytes([10, 66, port % 251, 1])
    inner = builders.ipv4(builders.tcp(b"", port), builders.TCP, host)
    return [builders.framed(builders.ipv4(inner, builders.IPIP, host))]


def without_syn(port: int) -> bytes:
    """Make a TCP segment of an open connection."""
    segment = bytearray(builders.tcp(bytes(8), port))
    segment[13] = 0x10
    return bytes(segment)


def _odd(port: int) -> list[bytes]:
    """Make what devices treat each in its own way: DF, options, open connections, ESP, GTP-U, 6in4, short frames."""
    frames = []
    for number in range(2):
        host = bytes([10, 77, port % 251, number])
        tcp, udp = without_syn(port + number), builders.udp(bytes(8), port + number)
        inner = builders.ipv6(tcp, TCP, host * 4)
        frames += [
            builders.framed(builders.ipv4(tcp, TCP, host, fragment_offset=0x4000)),
            builders.framed(builders.ipv4(udp, UDP, host, fragment_offset=0x4000)),
            builders.framed(builders.ipv4(tcp, TCP, host[::-1], options=bytes([1] * 8))),
            builders.framed(builders.ipv4(udp, UDP, host[::-1], options=bytes([1] * 4))),
            builders.framed(builders.ipv6(tcp, TCP, host[::-1] * 4)),
            builders.framed(builders.ipv4(builders.esp(bytes(32), port + number), ESP, host)),
            builders.framed(builders.ipv6(builders.esp(bytes(32), port + number), ESP, host * 4)),
            builders.framed(builders.ipv4(builders.udp(_gtp_u(tcp, host, port + number), port, GTP_U), UDP, host)),
            builders.framed(builders.ipv4(inner, IPV6_IN_IP, host)),
            builders.framed(builders.ipv6(inner, IPV6_IN_IP, host * 4)),
            builders.framed(builders.ipv4(tcp[:16], TCP, bytes([11, *host[1:]]))),
            builders.framed(builders.ipv4(udp[:6], UDP, bytes([12, *host[1:]]))),
            builders.framed(builders.ipv6(tcp[:12], TCP, bytes([13, *host[1:]]) * 4)),
        ]
    return frames


def _gtp_u(segment: bytes, host: bytes, tunnel_id: int) -> bytes:
    packet = builders.ipv4(segment, TCP, host)
    return bytes([0x30, 0xFF]) + len(packet).to_bytes(2, "big") + tunnel_id.to_bytes(4, "big") + packet


@contextmanager
def behaving(change: Callable[[pytest.MonkeyPatch], None]) -> Iterator[None]:
    """Have the naive reference read packets as a device with a fault does."""
    with pytest.MonkeyPatch.context() as patch:
        change(patch)
        yield


def _set(module: object, name: str, value: object) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda patch: patch.setattr(module, name, value)


def _transport_of_fragments(later_too: bool) -> Callable[[Packet, object], int | None]:
    def transport(packet: Packet, frame) -> int | None:
        if packet.is_fragment and packet.protocol is None and not later_too:
            return None
        protocol = packet.later_protocol if packet.protocol is None else packet.protocol
        if packet.version == 4 and not later_too and packet.is_later:
            return None
        if protocol == TCP and frame.holds(packet.payload_offset, 20):
            return TCP
        return UDP if protocol == UDP and frame.holds(packet.payload_offset, 8) else None

    return transport


_read_ipv4, _skip = naive.ip.read_ipv4, naive.ip.skip_extension_header


@dataclass(frozen=True)
class _Fragment(Packet):
    """A packet that remembers of which fragment it is."""

    is_later: bool = False
    later_protocol: int | None = None


def _remembering(patch: pytest.MonkeyPatch, later_too: bool) -> None:
    def read_ipv4(frame, offset):
        packet = _read_ipv4(frame, offset)
        is_later = int.from_bytes(frame.captured[offset + 6 : offset + 8], "big") & 0x1FFF != 0
        return _Fragment(**vars(packet), is_later=is_later)

    def skip(frame, packet):
        before = packet if isinstance(packet, _Fragment) else _Fragment(**vars(packet))
        after = _skip(frame, before)
        if after.protocol is None:
            return replace(after, later_protocol=frame.captured[packet.payload_offset])
        return after

    patch.setattr(naive.ip, "read_ipv4", read_ipv4)
    patch.setattr(naive.ip, "skip_extension_header", skip)
    patch.setattr(Packet, "transport", _transport_of_fragments(later_too))


def _second_level(patch: pytest.MonkeyPatch) -> None:
    original = naive.device.answer_packet

    def answer_packet(frame, outer, configuration):
        first = naive.device.enabled_encapsulation(frame, outer, configuration)
        if first is None or not isinstance(first, Encapsulation):
            return original(frame, outer, configuration)
        try:
            inner = naive.device.read_packet(frame, *first.inner_network_layer(frame))
        except naive.device.NotIpError:
            return original(frame, outer, configuration)
        second = naive.device.enabled_encapsulation(frame, inner, configuration)
        if second is None:
            return original(frame, outer, configuration)
        try:
            innermost = naive.device.read_packet(frame, *second.inner_network_layer(frame))
        except naive.device.NotIpError:
            return not_hashed(configuration, "inner-not-ip")
        return answer_header(frame, innermost, configuration, "inner", first.name)

    patch.setattr(naive.device, "answer_packet", answer_packet)


def _forgetting(patch: pytest.MonkeyPatch) -> None:
    def skip(frame, packet):
        forgets = packet.protocol == naive.ip.DESTINATION_OPTIONS
        return _skip(frame, replace(packet, home_address=None) if forgets else packet)

    patch.setattr(naive.ip, "skip_extension_header", skip)


def _extended_always(patch: pytest.MonkeyPatch) -> None:
    read = naive.ip.read_ipv6
    patch.setattr(naive.ip, "read_ipv6", lambda *of: replace(read(*of), has_extension=True))


def _past_frame(patch: pytest.MonkeyPatch) -> None:
    def skip(frame, packet):
        try:
            return _skip(frame, packet)
        except naive.ip.NotIpError:
            return replace(packet, protocol=None, has_extension=True, is_fragment=True)

    patch.setattr(naive.ip, "skip_extension_header", skip)


def _any_length(frame, offset: int, length: int) -> int | None:
    position, end = offset + 2, offset + length
    while position < end:
        if frame.read(position, 1)[0] == naive.ip.PAD1:
            position += 1
            continue
        if position + 2 > end:
            return None
        option_type, option_length = frame.read(position, 2)
        if option_type == naive.ip.HOME_ADDRESS and position + 2 + option_length <= end:
            return position + 2 if frame.holds(position + 2, 16) else None
        position += 2 + option_length
    return None


def _version_unchecked(patch: pytest.MonkeyPatch) -> None:
    def read_ipv4(frame, offset):
        try:
            return _read_ipv4(frame, offset)
        except naive.ip.NotIpError:
            header = frame.read_or_not_ip(offset, 20)
            return Packet(4, header[12:16], header[16:20], None, offset, is_fragment=True)

    by_version = naive.ip.read_ipv6

    def read_ipv6(frame, offset):
        frame.read_or_not_ip(offset, 40)
        as_of_version_6 = frame.captured[:offset] + b"\x60" + frame.captured[offset + 1 :]
        return by_version(replace(frame, captured=as_of_version_6), offset)

    patch.setattr(naive.ip, "read_ipv4", read_ipv4)
    patch.setattr(naive.ip, "read_ipv6", read_ipv6)


def _two_tags(patch: pytest.MonkeyPatch) -> None:
    by_ethertype = naive.link.by_ethertype

    def limited(frame, ethertype, offset):
        tags = []
        at, kind = offset, ethertype
        while kind in naive.link.VLAN_ETHERTYPES:
            tags.append(kind)
            kind, at = int.from_bytes(frame.captured[at + 2 : at + 4], "big"), at + 4
        if tags not in ([], [0x8100], [0x88A8], [0x88A8, 0x8100]):
            raise naive.link.NotIpError
        return by_ethertype(frame, ethertype, offset)

    def ethernet(frame, offset):
        is_outer = offset == 0
        ethertype = int.from_bytes(frame.read_or_not_ip(offset + 12, 2), "big")
        return (limited if is_outer else by_ethertype)(frame, ethertype, offset + 14)

    patch.setattr(naive.link, "ethernet", ethernet)


def _fragments_not_hashed(patch: pytest.MonkeyPatch) -> None:
    def read_ipv4(frame, offset):
        return _refuse_fragment(_read_ipv4(frame, offset))

    patch.setattr(naive.ip, "read_ipv4", read_ipv4)
    patch.setattr(naive.ip, "skip_extension_header", lambda frame, packet: _refuse_fragment(_skip(frame, packet)))


def _refuse_fragment(packet: Packet) -> Packet:
    if packet.is_fragment:
        raise naive.ip.NotIpError
    return packet


def _sctp_ports(patch: pytest.MonkeyPatch) -> None:
    transport = Packet.transport

    def with_sctp(packet: Packet, frame) -> int | None:
        if packet.protocol == builders.SCTP and frame.holds(packet.payload_offset, 12):
            return UDP
        return transport(packet, frame)

    patch.setattr(Packet, "transport", with_sctp)


def _ipv4_refused(refuses: Callable[[bytes], bool]) -> Callable[[pytest.MonkeyPatch], None]:
    """Make a device that takes some IPv4 headers for none."""

    def read_ipv4(frame, offset):
        if frame.holds(offset, 20) and refuses(frame.read(offset, 20)):
            raise naive.ip.NotIpError
        return _read_ipv4(frame, offset)

    return _set(naive.ip, "read_ipv4", read_ipv4)


def _do_not_fragment(patch: pytest.MonkeyPatch) -> None:
    def read_ipv4(frame, offset):
        packet = _read_ipv4(frame, offset)
        return replace(packet, is_fragment=True) if frame.captured[offset + 6] & 0x40 else packet

    patch.setattr(naive.ip, "read_ipv4", read_ipv4)


def _extensions_refused(patch: pytest.MonkeyPatch) -> None:
    def skip(frame, packet):
        raise naive.ip.NotIpError

    patch.setattr(naive.ip, "skip_extension_header", skip)


def _one_tag(patch: pytest.MonkeyPatch) -> None:
    def by_ethertype(frame, ethertype, offset):
        if ethertype in naive.link.VLAN_ETHERTYPES:
            ethertype = int.from_bytes(frame.read_or_not_ip(offset + 2, 2), "big")
            offset += 4
        return naive.link.version_of(ethertype), offset

    patch.setattr(naive.link, "by_ethertype", by_ethertype)


def _after_reading(change: Callable[[object, Packet], Packet]) -> Callable[[pytest.MonkeyPatch], None]:
    """Make a device that thinks again about a packet that it has read."""
    read = naive.device.read_packet
    return _set(naive.device, "read_packet", lambda frame, *where: change(frame, read(frame, *where)))


def _short_refused(frame, packet: Packet) -> Packet:
    needed = {TCP: 20, UDP: 8}.get(packet.protocol, 0)
    if not packet.is_fragment and not frame.holds(packet.payload_offset, needed):
        raise naive.ip.NotIpError
    return packet


def _syn_refused(frame, packet: Packet) -> Packet:
    is_tcp = packet.protocol == TCP and not packet.is_fragment and frame.holds(packet.payload_offset, 20)
    if is_tcp and not frame.read(packet.payload_offset + 13, 1)[0] & 0x02:
        raise naive.ip.NotIpError
    return packet


def _tunnel_id(frame, packet: Packet) -> Packet:
    offset = packet.payload_offset
    is_udp = packet.protocol == UDP and not packet.is_fragment and frame.holds(offset, 20)
    if is_udp and int.from_bytes(frame.read(offset + 2, 2), "big") == GTP_U:
        return replace(packet, payload_offset=offset + 12)
    return packet


def _spi(patch: pytest.MonkeyPatch) -> None:
    transport = Packet.transport

    def with_esp(packet: Packet, frame) -> int | None:
        if packet.protocol == ESP and not packet.is_fragment and frame.holds(packet.payload_offset, 8):
            return UDP
        return transport(packet, frame)

    patch.setattr(Packet, "transport", with_esp)


def looks_into(protocol: int | None, port: int | None) -> Callable[[pytest.MonkeyPatch], None]:
    """Make a device that hashes IPv6 directly in IP, or what stands behind VXLAN headers to another port."""

    def change(patch: pytest.MonkeyPatch) -> None:
        original = naive.device.answer_packet

        def answer_packet(frame, outer, configuration):
            at = outer.payload_offset
            if outer.is_fragment:
                return original(frame, outer, configuration)
            if protocol is not None and outer.protocol == protocol:
                where = (6, at)
            elif (
                port is not None
                and outer.protocol == UDP
                and frame.captured[at + 2 : at + 4] == port.to_bytes(2, "big")
            ):
                where = naive.link.ethernet(frame, at + 16)
            else:
                return original(frame, outer, configuration)
            inner = naive.device.read_packet(frame, *where)
            return answer_header(frame, inner, configuration, "inner", "NONE" if port is None else "VXLAN")

        patch.setattr(naive.device, "answer_packet", answer_packet)

    return change


READING = {
    "df-as-fragment": _do_not_fragment,
    "ipv4-options-not-hashed": _ipv4_refused(lambda header: header[0] & 15 > 5),
    "short-transport-not-hashed": _after_reading(_short_refused),
    "syn-only": _after_reading(_syn_refused),
    "gtp-tunnel-id": _after_reading(_tunnel_id),
    "esp-spi": _spi,
    "extension-headers-not-hashed": _extensions_refused,
    "authentication-header-not-skipped": _set(
        naive.ip,
        "EXTENSION_HEADERS",
        tuple(each for each in naive.ip.EXTENSION_HEADERS if each != naive.ip.AUTHENTICATION),
    ),
    "vlan-one-tag": _one_tag,
    "fragments-not-hashed": _fragments_not_hashed,
    "sctp-ports": _sctp_ports,
    "vlan-not-skipped": _set(naive.link, "VLAN_ETHERTYPES", ()),
    "vlan-two-tags": _two_tags,
    "version-unchecked": _version_unchecked,
    "first-fragment-ports": lambda patch: _remembering(patch, later_too=False),
    "fragment-ports": lambda patch: _remembering(patch, later_too=True),
    "extension-headers-not-skipped": _set(naive.ip, "EXTENSION_HEADERS", ()),
    "authentication-header-in-eights": _set(
        naive.ip, "extension_length", lambda kind, length: 8 if kind == naive.ip.FRAGMENT else (length + 1) * 8
    ),
    "home-address-ignored": _set(naive.ip, "find_home_address", lambda *_: None),
    "home-address-forgotten": _forgetting,
    "home-address-of-any-length": _set(naive.ip, "find_home_address", _any_length),
    "extension-headers-past-frame": _past_frame,
    "routing-header-ignored": _set(naive.ip, "is_type_2_routing", lambda header: False),
    "extended-types-for-plain-ipv6": _extended_always,
    "second-level-inner": _second_level,
}
"""By the name that the diagnosis should give: what makes the naive reference such a device."""

_UDP_BITS, _TCP_BITS, _EX_BITS, _ALL_IPV6_BITS = 0x124, 0x092, 0x1C0, 0x1F8
RECONFIGURED = {
    "outer-instead-of-inner": lambda types: types & 0x1FF,
    "outer-of-gre": lambda types: types & ~0x200,
    "outer-of-vxlan": lambda types: types & ~0x400,
    "outer-of-geneve": lambda types: types & ~0x800,
    "addresses-only": lambda types: types & ~(_TCP_BITS | _UDP_BITS),
    "udp-addresses-only": lambda types: types & ~_UDP_BITS,
    "tcp-addresses-only": lambda types: types & ~_TCP_BITS,
    "extended-types-ignored": lambda types: types & ~_EX_BITS,
    "ipv6-not-hashed": lambda types: types & ~_ALL_IPV6_BITS,
}
"""Likewise: the hash types by which it behaves, of those that it was given (draft v7)."""

FLAVORED = {f"flavor-{name}": name for name in ("ena-gen4", "ena-gen5", "corundum", "vpp")}
"""Likewise: devices that are known by name, as the naive reference has them."""


def _swap_endpoints(data: bytes) -> bytes:
    return _swap_addresses(_swap_ports(data))


def _halves(data: bytes) -> tuple[bytes, bytes, bytes]:
    half = 16 if len(data) >= 32 else 4
    return data[:half], data[half : 2 * half], data[2 * half :]


def _swap_addresses(data: bytes) -> bytes:
    source, destination, ports = _halves(data)
    return destination + source + ports


def _swap_ports(data: bytes) -> bytes:
    source, destination, ports = _halves(data)
    return source + destination + ports[2:] + ports[:2]


def _sort_endpoints(data: bytes) -> bytes:
    source, destination, ports = _halves(data)
    return _swap_endpoints(data) if (source, ports[:2]) > (destination, ports[2:]) else data


def _sort_addresses(data: bytes) -> bytes:
    source, destination, _ = _halves(data)
    return _swap_addresses(data) if source > destination else data


def _sort_ports(data: bytes) -> bytes:
    ports = _halves(data)[2]
    return _swap_ports(data) if ports[:2] > ports[2:] else data


def _only(source: bool, destination: bool, source_port: bool, destination_port: bool) -> Callable[[bytes], bytes]:
    """Make what leaves zeros in place of fields."""

    def arrange(data: bytes) -> bytes:
        parts = _halves(data)
        ports = parts[2][:2], parts[2][2:]
        if not ports[0] and not source and not destination:
            return data
        kept = zip((*parts[:2], *ports), (source, destination, source_port, destination_port), strict=True)
        return b"".join(part if is_kept else bytes(len(part)) for part, is_kept in kept)

    return arrange


def _moved_up(name: str) -> Callable[[bytes], bytes]:
    """Make what hashes destinations only, or ports only, at the start of the input; zeros behind add nothing."""

    def arrange(data: bytes) -> bytes:
        _, destination, ports = _halves(data)
        short = destination + ports[2:] if name == "destination" else ports
        return short.ljust(len(data), b"\0") if ports or name == "destination" else data

    return arrange


INPUTS = {
    "only-source": _only(True, False, True, False),
    "only-destination": _only(False, True, False, True),
    "only-source-address": _only(True, False, False, False),
    "only-destination-address": _only(False, True, False, False),
    "only-ports": _only(False, False, True, True),
    "only-source-port": _only(False, False, True, False),
    "only-destination-port": _only(False, False, False, True),
    "only-addresses-and-source-port": _only(True, True, True, False),
    "only-addresses-and-destination-port": _only(True, True, False, True),
    "only-moved-up-destination": _moved_up("destination"),
    "only-moved-up-ports": _moved_up("ports"),
    "endpoints-swapped": _swap_endpoints,
    "addresses-swapped": _swap_addresses,
    "ports-swapped": _swap_ports,
    "endpoints-sorted": _sort_endpoints,
    "addresses-and-ports-sorted": lambda data: _sort_addresses(_sort_ports(data)),
    "addresses-sorted": _sort_addresses,
    "ports-sorted": _sort_ports,
    "input-bits-reversed": lambda data: bytes(int(f"{byte:08b}"[::-1], 2) for byte in data),
    "input-words-swapped": lambda data: b"".join(data[i : i + 4][::-1] for i in range(0, len(data), 4)),
}
"""Likewise: what it makes of the hash input."""

_WORDS = range(0, 40, 4)


def _shift(key: bytes, bits: int, is_rotated: bool) -> bytes:
    digits = "".join(f"{byte:08b}" for byte in key)
    if bits > 0:
        digits = digits[bits:] + (digits[:bits] if is_rotated else "0" * bits)
    else:
        digits = (digits[bits:] if is_rotated else "0" * -bits) + digits[:bits]
    return bytes(int(digits[i : i + 8], 2) for i in range(0, len(digits), 8))


KEYS = {
    "key-bytes-reversed": lambda key: key[::-1],
    "key-words-reversed": lambda key: b"".join(key[i : i + 4] for i in reversed(_WORDS)),
    "key-words-swapped": lambda key: b"".join(key[i : i + 4][::-1] for i in _WORDS),
    "key-bits-reversed": lambda key: bytes(int(f"{byte:08b}"[::-1], 2) for byte in key),
    "key-zero": lambda key: bytes(40),
    "key-symmetric": lambda key: bytes.fromhex("6d5a" * 20),
    "key-mlx5": lambda key: bytes.fromhex(
        "2cc681d15bdbf4f7fca28319db1a3e946b9e38d92c9c03d1ad9944a7d9563d59063c25f3fc1fdc2a"
    ),
    "key-shifted-left-1": lambda key: _shift(key, 1, False),
    "key-rotated-left-8": lambda key: _shift(key, 8, True),
    "key-shifted-right-4": lambda key: _shift(key, -4, False),
    "key-rotated-right-31": lambda key: _shift(key, -31, True),
    "key-first-bytes-16": lambda key: key[:16],
    "key-first-bytes-36": lambda key: key[:36] + bytes(4),
    "key-repeated-16": lambda key: key[:16] * 2 + key[:8],
}
"""Likewise: what it makes of the key."""

VALUES = {
    "value-byte-swapped": lambda value: int.from_bytes(value.to_bytes(4, "big"), "little"),
    "value-bit-reversed": lambda value: int(f"{value:032b}"[::-1], 2),
    "value-halves-swapped": lambda value: (value << 16 | value >> 16) & 0xFFFFFFFF,
    "initial-value-ones": lambda value: value ^ 0xFFFFFFFF,
    "value-low-bits-16": lambda value: value & 0xFFFF,
    "value-low-bits-8": lambda value: value & 0xFF,
    "value-low-bits-7": lambda value: value & 0x7F,
    "value-shifted-right-1": lambda value: value >> 1,
    "value-shifted-right-16": lambda value: value >> 16,
    "value-and-0xffff0000": lambda value: value & 0xFFFF0000,
    "value-and-0xffffffbf": lambda value: value & ~0x40,
    "value-or-0x80000000": lambda value: value | 1 << 31,
    "value-stuck-0x00000040-0x80000000": lambda value: value & ~0x40 | 1 << 31,
    "value-stuck-0xffff0000-0x00000101": lambda value: value & 0xFFFF | 0x101,
    "value-xor-0x00000001": lambda value: value ^ 1,
    "value-xor-0x0badcafe": lambda value: value ^ 0x0BADCAFE,
    "value-shifted-left-1": lambda value: value << 1 & 0xFFFFFFFF,
}
"""Likewise: what it makes of the hash."""


def _crc32c(data: bytes) -> int:
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def _fold(data: bytes) -> int:
    value = 0
    for at in range(0, len(data), 4):
        value ^= int.from_bytes(data[at : at + 4], "big")
    return value


def _turn(value: int, bits: int) -> int:
    return (value << bits | value >> 32 - bits) & 0xFFFFFFFF


def _jhash(data: bytes) -> int:
    """Hash as Linux's jhash2 does, step by step as its header writes them."""
    most = 0xFFFFFFFF
    words = [int.from_bytes(data[at : at + 4], "little") for at in range(0, len(data), 4)]
    a = b = c = 0xDEADBEEF + len(data) & most
    while len(words) > 3:
        a, b, c = a + words[0] & most, b + words[1] & most, c + words[2] & most
        a, c = (a - c & most) ^ _turn(c, 4), c + b & most
        b, a = (b - a & most) ^ _turn(a, 6), a + c & most
        c, b = (c - b & most) ^ _turn(b, 8), b + a & most
        a, c = (a - c & most) ^ _turn(c, 16), c + b & most
        b, a = (b - a & most) ^ _turn(a, 19), a + c & most
        c, b = (c - b & most) ^ _turn(b, 4), b + a & most
        words = words[3:]
    words += [0] * (3 - len(words))
    a, b, c = a + words[0] & most, b + words[1] & most, c + words[2] & most
    c = (c ^ b) - _turn(b, 14) & most
    a = (a ^ c) - _turn(c, 11) & most
    b = (b ^ a) - _turn(a, 25) & most
    c = (c ^ b) - _turn(b, 16) & most
    a = (a ^ c) - _turn(c, 4) & most
    b = (b ^ a) - _turn(a, 14) & most
    return (c ^ b) - _turn(b, 24) & most


HASHING = {"function-crc32": zlib.crc32, "function-crc32c": _crc32c, "function-xor": _fold, "function-jhash": _jhash}
"""Likewise: the hash function in place of Toeplitz."""


def as_said(answer: Answer, types_too: bool = True) -> Said:
    """Put a naive answer as a device says it."""
    if answer.hash_report == "UNKNOWN":
        return Said(None)
    value = answer.hash_value or 0
    if not types_too:
        return Said(value)
    return Said(value, answer.hash_report, answer.hash_report_tunnel, answer.queue)


def misbehave(frames: list[bytes], configuration: Configuration, *names: str) -> list[Said]:
    """Answer frames as a device with these faults does."""
    changed = configuration
    for name in names:
        if name in RECONFIGURED:
            changed = replace(changed, hash_types=RECONFIGURED[name](changed.hash_types))
        if name in ("symmetric-xor", "symmetric-or-xor"):
            changed = replace(changed, input_transform=name)
        if name == "outer-where-inner-not-ip":
            changed = replace(changed, inner_miss="outer")
        if name in FLAVORED:
            changed = replace(changed, flavor=FLAVORED[name], hash_types=changed.hash_types & 0x1FF, tunnel_types=0)
        if name in KEYS:
            changed = replace(changed, key=KEYS[name](changed.key))
    patches = [READING[name] for name in names if name in READING]
    with behaving(lambda patch: [each(patch) for each in patches]):
        answers = [naive.device.answer(frame, len(frame), 1, changed) for frame in frames]
    return [as_said(_rehashed(answer, changed, names)) for answer in answers]


def _rehashed(answer: Answer, configuration: Configuration, names: tuple[str, ...]) -> Answer:
    if answer.hash_input is None:
        return answer
    data = answer.hash_input
    for name in names:
        data = INPUTS[name](data) if name in INPUTS else data
    toeplitz = naive.device.toeplitz(configuration.key, data)
    value = ena_hash(data, configuration) if is_ena(configuration) else toeplitz
    for name in names:
        value = HASHING[name](data) if name in HASHING else value
    table = configuration.indirection_table
    for name in names:
        value = VALUES[name](value) if name in VALUES else value
    return replace(answer, hash_value=value, queue=table[value & (len(table) - 1)])
