"""IP headers with their extension headers, and the transport header behind them."""

from dataclasses import dataclass

from pcaphash.kernels import header as kinds
from pcaphash.kernels.header import KIND_IPV4, KIND_IPV6, KIND_IPV6_EX, KIND_IPV6_EX_CUT, N_TRANSPORTS
from pcaphash.kernels.link import CUT, NOT_IP
from pcaphash.standards import ip
from pcaphash.studies.explain import names
from pcaphash.studies.explain.links import IPV4, IPV6, missing
from pcaphash.studies.explain.packet import (
    FieldForm,
    Packet,
    Trouble,
    agree,
    decimal,
    hexadecimal,
)
from pcaphash.studies.explain.result import Header

IPV4_SOURCE = "RFC 791 section 3.1"
IPV6_SOURCE = "RFC 8200 section 3"
EXTENSION_SOURCE = "RFC 8200 section 4"
FRAGMENTS = "Microsoft, RSS hashing types; the virtio specs do not say"
QEMU_SOURCE = "QEMU 7.2"
EXTENDED = "IPv6 with extension headers"
NO_PORTS = "no fragment is searched for ports or tunnels, not even the first"
FOLLOWED = frozenset({ip.HOP_BY_HOP, ip.ROUTING, ip.FRAGMENT, ip.AUTHENTICATION, ip.DESTINATION_OPTIONS, ip.MOBILITY})
"""Next headers that are extension headers, which are stepped over."""

_FRAGMENT = "fragment"
_PORTS = {ip.TCP: ip.TCP_LEN, ip.UDP: ip.UDP_LEN}


@dataclass(frozen=True)
class Place:
    """Where the kernels found one IP header, as ``kernels.layout`` says."""

    part: str
    kind: int
    ip: int
    source: int
    destination: int
    payload: int

    @property
    def is_ip(self) -> bool:
        """Whether there is an IP header that could be read."""
        return self.kind >= KIND_IPV4

    @property
    def is_ipv4(self) -> bool:
        """Whether it is IPv4."""
        return KIND_IPV4 <= self.kind < KIND_IPV6

    @property
    def is_extended(self) -> bool:
        """Whether it is IPv6 with extension headers."""
        return self.kind >= KIND_IPV6_EX

    @property
    def lacks_addresses(self) -> bool:
        """Whether the capture cut the home address or the routing header's address."""
        return self.kind >= KIND_IPV6_EX_CUT

    @property
    def transport(self) -> int:
        """TRANSPORT_NONE, _TCP, _UDP, _TCP_CUT or _UDP_CUT (``kernels.header``)."""
        return (self.kind - KIND_IPV4) % N_TRANSPORTS

    @property
    def plain(self) -> tuple[int, int]:
        """Where the plain addresses stand."""
        return (self.ip + 12, self.ip + 16) if self.is_ipv4 else (self.ip + 8, self.ip + 24)

    @property
    def address_len(self) -> int:
        """Bytes of an address."""
        return 4 if self.is_ipv4 else 16


@dataclass(frozen=True)
class Internet:
    """An IP header, read.

    Parameters
    ----------
    headers : tuple of Header
        It and its extension headers, as far as they could be read.
    protocol : int or None
        Of the payload; None for every fragment, and where the chain of extension headers does not lead to one.
    kind : str
        In words, such as ``IPv6 with extension headers``.
    payload_text : str
        What it carries, in words.
    why, source : str
        What says so, and where the rule stands.
    trouble : Trouble or None
        Why it could not be read.
    """

    headers: tuple[Header, ...]
    protocol: int | None
    kind: str
    payload_text: str
    why: str
    source: str
    trouble: Trouble | None = None


def read_internet(packet: Packet, network: str, place: Place, is_qemu: bool) -> Internet:
    """Read an IP header where the kernels found it."""
    if network == IPV4:
        return _read_ipv4(packet, place, is_qemu)
    return _read_ipv6(packet, place, is_qemu)


def _read_ipv4(packet: Packet, place: Place, is_qemu: bool) -> Internet:
    offset = place.ip
    words = packet.data[offset] & 15 if packet.has(offset, 1) else 5
    length = max(4 * words, ip.IPV4_LEN)
    header = packet.header(
        "IPv4",
        place.part,
        offset,
        length,
        [
            ("version, length", 0, 1, lambda data: f"{data[0] >> 4}, {4 * (data[0] & 15)} bytes"),
            ("total length", 2, 2, decimal),
            (_FRAGMENT, 6, 2, _show_ipv4_fragment),
            ("protocol", 9, 1, _show_protocol),
            ("source", 12, 4, names.address),
            ("destination", 16, 4, names.address),
        ],
    )
    trouble = missing(packet, f"the {place.part} IPv4 header", offset, ip.IPV4_LEN, IPV4_SOURCE)
    if not trouble and not is_qemu:
        trouble = _ipv4_trouble(packet, offset)
    if trouble:
        agree("an IPv4 header", (trouble.kind, offset), (place.kind, place.payload))
        return Internet((header,), None, IPV4, "", trouble.why, trouble.source, trouble)
    agree("an IPv4 header", (True, offset + 4 * words), (place.is_ipv4, place.payload))
    protocol = packet.data[offset + 9]
    if packet.data[offset] >> 4 != 4:
        why = f"byte {offset} has a version other than 4: QEMU looks no further than the addresses"
        return Internet((header,), None, IPV4, "what QEMU does not read", why, QEMU_SOURCE)
    if packet.number(offset + 6, 2) & ip.IPV4_FRAGMENT_MASK:
        shown = _show_ipv4_fragment(packet.data[offset + 6 : offset + 8])
        text = f"a fragment of {names.protocol_name(protocol)} ({shown})"
        why = f"bytes {offset + 6} and {offset + 7} say so: {NO_PORTS}"
        return Internet((header,), None, IPV4, text, why, FRAGMENTS)
    why = f"version 4, a header of {header.length} bytes, not a fragment, protocol {protocol} at byte {offset + 9}"
    return Internet((header,), protocol, IPV4, names.protocol_name(protocol), why, IPV4_SOURCE)


def _ipv4_trouble(packet: Packet, offset: int) -> Trouble | None:
    """Say what is wrong with an IPv4 header whose 20 bytes are there."""
    version, length = packet.data[offset] >> 4, 4 * (packet.data[offset] & 15)
    announced = f"IPv4 is announced, but byte {offset} has"
    if version != 4:
        return Trouble(NOT_IP, f"{announced} version {version}", IPV4_SOURCE)
    if length < ip.IPV4_LEN:
        return Trouble(NOT_IP, f"{announced} a header length of {length} bytes, less than 20", IPV4_SOURCE)
    if not packet.fits(offset, length):
        why = f"{announced} a header length of {length} bytes, and the packet has {packet.length - offset} left"
        return Trouble(NOT_IP, why, IPV4_SOURCE)
    return None


def _read_ipv6(packet: Packet, place: Place, is_qemu: bool) -> Internet:
    offset = place.ip
    header = packet.header(
        "IPv6",
        place.part,
        offset,
        ip.IPV6_LEN,
        [
            ("version", 0, 1, lambda data: str(data[0] >> 4)),
            ("payload length", 4, 2, decimal),
            ("next header", 6, 1, _show_protocol),
            ("source", 8, 16, names.address),
            ("destination", 24, 16, names.address),
        ],
    )
    trouble = missing(packet, f"the {place.part} IPv6 header", offset, ip.IPV6_LEN, IPV6_SOURCE)
    if not trouble and not is_qemu and packet.data[offset] >> 4 != 6:
        version = packet.data[offset] >> 4
        trouble = Trouble(NOT_IP, f"IPv6 is announced, but byte {offset} has version {version}", IPV6_SOURCE)
    if trouble:
        agree("an IPv6 header", trouble.kind, place.kind)
        return Internet((header,), None, IPV6, "", trouble.why, trouble.source, trouble)
    return _read_extensions(packet, place, header, is_qemu)


def _read_extensions(packet: Packet, place: Place, header: Header, is_qemu: bool) -> Internet:
    """Follow the extension headers up to where the kernels stopped, and say why they did."""
    headers: tuple[Header, ...] = (header,)
    fragment: Header | None = None
    offset, next_header = place.ip + ip.IPV6_LEN, packet.data[place.ip + 6]
    while next_header in FOLLOWED and offset < place.payload:
        headers += (_extension(packet, place, offset, next_header, is_qemu),)
        fragment = headers[-1] if next_header == ip.FRAGMENT else fragment
        next_header = packet.data[offset]
        offset += headers[-1].length
    agree("extension headers", offset, place.payload)
    kind = EXTENDED if len(headers) > 1 else IPV6
    if next_header in FOLLOWED and (is_qemu or fragment is None or not _is_later(packet, fragment)):
        headers += (_extension(packet, place, offset, next_header, is_qemu),)
        if place.is_ip:
            # Only QEMU goes on where the chain runs past the packet.
            agree("the chain of extension headers", True, is_qemu and not packet.fits(offset, 2))
            why = f"the chain of extension headers runs past the packet at byte {offset}: QEMU hashes what it has"
            return Internet(headers, None, EXTENDED, "no transport", why, QEMU_SOURCE)
        trouble = _extension_trouble(packet, offset, next_header, headers[-1].length, is_qemu)
        agree("an extension header", trouble.kind, place.kind)
        return Internet(headers, None, EXTENDED, "", trouble.why, trouble.source, trouble)
    agree("IPv6", (True, len(headers) > 1), (place.is_ip, place.is_extended))
    if fragment is not None:
        shown = next(field.value for field in fragment.fields if field.name == _FRAGMENT)
        text = f"a fragment of {names.protocol_name(next_header)} ({shown})"
        why = f"there is a fragment header at byte {fragment.offset}: {NO_PORTS}"
        return Internet(headers, None, kind, text, why, FRAGMENTS)
    payload = names.protocol_name(next_header)
    if len(headers) == 1:
        why = f"no extension header; next header {next_header} at byte {place.ip + 6}"
        return Internet(headers, next_header, kind, payload, why, IPV6_SOURCE)
    why = f"{_chain(place, headers[1:])}; then next header {next_header}, at byte {headers[-1].offset}"
    return Internet(headers, next_header, kind, payload, why, EXTENSION_SOURCE)


def _chain(place: Place, extensions: tuple[Header, ...]) -> str:
    """Name extension headers, and the addresses in them that stand in for those of the IPv6 header."""
    words = [f"{header.name} at byte {header.offset}" for header in extensions]
    source, destination = place.plain
    if place.source != source:
        words.append(f"home address at byte {place.source}")
    if place.destination != destination:
        words.append(f"routing address at byte {place.destination}")
    return names.listed(words)


def _is_later(packet: Packet, fragment: Header) -> bool:
    """Tell whether a fragment is not the first: what follows its header is no header then."""
    return bool(packet.number(fragment.offset + 2, 2) & ip.IPV6_FRAGMENT_OFFSET_MASK)


def _extension_trouble(packet: Packet, offset: int, next_header: int, length: int, is_qemu: bool) -> Trouble:
    """Say why an extension header could not be stepped over."""
    what = f"the {_extension_name(next_header)} (next header {next_header})"
    if is_qemu:
        why = f"{packet.cut}; {what}, which QEMU goes through, is at bytes {offset} to {offset + length - 1}"
        return Trouble(CUT, why, QEMU_SOURCE)
    trouble = missing(packet, what, offset, ip.EXTENSION_LEN, EXTENSION_SOURCE)
    if trouble:
        return trouble
    if not packet.fits(offset, length):
        why = f"{what} at byte {offset} has {length} bytes, but the packet has {packet.length - offset} left"
        return Trouble(NOT_IP, f"{why}: the chain of extension headers is broken", EXTENSION_SOURCE)
    why = f"{packet.cut}; {what} goes on to byte {offset + length - 1}, and a home address could be in it"
    return Trouble(CUT, why, "RFC 6275 section 6.3")


def _extension_name(next_header: int) -> str:
    name = names.PROTOCOLS[next_header]
    return name if name.endswith("header") else f"{name} header"


def _extension(packet: Packet, place: Place, offset: int, next_header: int, is_qemu: bool) -> Header:
    """Cut an extension header out of the packet."""
    length = ip.EXTENSION_LEN
    if packet.has(offset, 2):
        units = packet.data[offset + 1]
        if is_qemu or next_header not in (ip.FRAGMENT, ip.AUTHENTICATION):
            length = (units + 1) * 8
        elif next_header == ip.AUTHENTICATION:
            length = (units + 2) * 4
    forms: list[FieldForm] = [("next header", 0, 1, _show_protocol)]
    if next_header == ip.FRAGMENT:
        forms += [(_FRAGMENT, 2, 2, _show_ipv6_fragment), ("identification", 4, 4, hexadecimal)]
    elif next_header == ip.AUTHENTICATION:
        forms += [("SPI", 4, 4, hexadecimal), ("sequence number", 8, 4, decimal)]
    elif next_header == ip.ROUTING:
        forms += [("routing type", 2, 1, _show_routing_type), ("segments left", 3, 1, decimal)]
        if place.destination == offset + ip.ROUTING_ADDRESS_OFFSET:
            forms.append(("address", ip.ROUTING_ADDRESS_OFFSET, 16, names.address))
    elif next_header in (ip.HOP_BY_HOP, ip.DESTINATION_OPTIONS):
        forms += _options(packet, offset, length, place)
    return packet.header(_extension_name(next_header), place.part, offset, length, forms)


def _options(packet: Packet, header: int, length: int, place: Place) -> list[FieldForm]:
    """List the options of an options header (RFC 8200 section 4.2), padding left out, as far as they were captured."""
    forms: list[FieldForm] = []
    offset, end = header + 2, header + length
    while offset < end and packet.has(offset, 1):
        option = packet.data[offset]
        if option == ip.OPTION_PAD1:
            offset += 1
            continue
        if offset + 2 > end or not packet.has(offset, 2):
            break
        body = packet.data[offset + 1]
        if option != 1:
            name = names.IPV6_OPTIONS.get(option, f"option 0x{option:02x}")
            is_address = option == ip.OPTION_HOME_ADDRESS and body == ip.HOME_ADDRESS_LEN
            if option == ip.OPTION_HOME_ADDRESS and place.is_ip and offset + 2 != place.source:
                name = f"unused {name}"
            forms.append((name, offset + 2 - header, body, names.address if is_address else hexadecimal))
        offset += 2 + body
    return forms


def read_transport(packet: Packet, place: Place, internet: Internet) -> tuple[Header, ...]:
    """Cut the header out that an IP header carries, and hold its ports to what the kernels found."""
    offset, protocol = place.payload, internet.protocol
    needed = _PORTS.get(protocol or 0, 0)
    expected = kinds.TRANSPORT_NONE
    if needed and packet.fits(offset, needed):
        expected = kinds.TRANSPORT_TCP if protocol == ip.TCP else kinds.TRANSPORT_UDP
        if not packet.has(offset, kinds.PORTS_LEN):
            expected += kinds.TRANSPORT_TCP_CUT - kinds.TRANSPORT_TCP
    agree("the transport", expected, place.transport)
    if protocol is None or not packet.fits(offset, 1):
        return ()
    ports: list[FieldForm] = [("source port", 0, 2, decimal), ("destination port", 2, 2, decimal)]
    if protocol == ip.TCP:
        forms = [*ports, ("flags", 13, 1, lambda data: names.tcp_flags(data[0]))]
        return (packet.header("TCP", place.part, offset, ip.TCP_LEN, forms),)
    if protocol == ip.UDP:
        return (packet.header("UDP", place.part, offset, ip.UDP_LEN, [*ports, ("length", 4, 2, decimal)]),)
    if place.part == "outer" and (protocol == ip.GRE or (protocol == ip.IPIP and place.is_ipv4)):
        return ()  # shown as a tunnel
    return (packet.header(names.protocol_name(protocol), place.part, offset, packet.length - offset),)


def _show_protocol(data: bytes) -> str:
    return names.protocol(data[0])


def _show_routing_type(data: bytes) -> str:
    return names.routing_type(data[0])


def _show_ipv4_fragment(data: bytes) -> str:
    field = int.from_bytes(data, "big")
    if not field & ip.IPV4_FRAGMENT_MASK:
        return "no"
    return f"offset {8 * (field & 0x1FFF)}, {'more follow' if field & 0x2000 else 'the last'}"


def _show_ipv6_fragment(data: bytes) -> str:
    field = int.from_bytes(data, "big")
    return f"offset {field & ip.IPV6_FRAGMENT_OFFSET_MASK}, {'more follow' if field & 1 else 'the last'}"
