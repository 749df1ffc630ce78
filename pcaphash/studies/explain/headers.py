"""The headers of a packet with their fields, cut out where the kernels found them."""

from collections.abc import Callable, Iterator, Sequence

from pcaphash.standards import ethernet as eth
from pcaphash.standards import ip
from pcaphash.standards import tunnel as tun
from pcaphash.studies.explain import names
from pcaphash.studies.explain.dissection import Dissection, Level
from pcaphash.studies.explain.extensions import FieldForm, cut, cut_extension
from pcaphash.studies.explain.names import decimal, hexadecimal
from pcaphash.studies.explain.packet import Packet
from pcaphash.studies.explain.result import PacketHeader
from pcaphash.studies.explain.steps import Layer, StopReason, TraceStep

_PORTS: list[FieldForm] = [("source port", 0, 2, decimal), ("destination port", 2, 2, decimal)]
_VNI: FieldForm = ("VNI", tun.NETWORK_NUMBER_OFFSET, 3, decimal)

# Headers whose fields stand at the same places in every packet.
_FORMS: dict[Layer, tuple[str, Sequence[FieldForm]]] = {
    Layer.ETHERNET: (
        "Ethernet",
        [
            ("destination", 0, eth.MAC_LEN, names.mac_address),
            ("source", eth.MAC_LEN, eth.MAC_LEN, names.mac_address),
            ("EtherType", eth.ETHERNET_TYPE_OFFSET, 2, names.ethertype_field),
        ],
    ),
    Layer.LOOPBACK: ("loopback", [("address family", 0, eth.NULL_LEN, hexadecimal)]),
    Layer.IPV4: (
        "IPv4",
        [
            ("version, length", 0, 1, lambda data: f"{data[0] >> 4}, {4 * (data[0] & 15)} bytes"),
            ("total length", 2, 2, decimal),
            ("fragment", 6, 2, names.ipv4_fragment),
            ("protocol", 9, 1, names.protocol_field),
            ("source", 12, 4, names.address),
            ("destination", 16, 4, names.address),
        ],
    ),
    Layer.IPV6: (
        "IPv6",
        [
            ("version", 0, 1, lambda data: str(data[0] >> 4)),
            ("payload length", 4, 2, decimal),
            ("next header", 6, 1, names.protocol_field),
            ("source", 8, 16, names.address),
            ("destination", 24, 16, names.address),
        ],
    ),
    Layer.VXLAN: ("VXLAN", [("flags", 0, 1, hexadecimal), _VNI]),
    Layer.VXLAN_GPE: (
        "VXLAN-GPE",
        [("flags", 0, 1, hexadecimal), ("next protocol", tun.VXLAN_GPE_NEXT_PROTOCOL_OFFSET, 1, decimal), _VNI],
    ),
}
_COOKED: dict[int, tuple[str, int, Sequence[FieldForm]]] = {
    eth.LINUX_SLL: (
        "Linux cooked",
        eth.SLL_LEN,
        [
            ("packet type", 0, 2, names.packet_type_field),
            ("source", 6, 6, names.mac_address),
            ("protocol", eth.SLL_TYPE_OFFSET, 2, names.ethertype_field),
        ],
    ),
    eth.LINUX_SLL2: (
        "Linux cooked, version 2",
        eth.SLL2_LEN,
        [
            ("protocol", eth.SLL2_TYPE_OFFSET, 2, names.ethertype_field),
            ("interface", eth.SLL2_INTERFACE_OFFSET, 4, decimal),
            ("packet type", eth.SLL2_PACKET_TYPE_OFFSET, 1, names.packet_type_field),
            ("source", 12, 6, names.mac_address),
        ],
    ),
}
_TAG_FORMS: list[FieldForm] = [("VLAN", 0, 2, names.vlan_field), ("EtherType", 2, 2, names.ethertype_field)]
_GRE_OPTIONS: tuple[tuple[int, str, Callable[[bytes], str]], ...] = (
    (tun.GRE_CHECKSUM, "checksum", hexadecimal),
    (tun.GRE_KEY, "key", hexadecimal),
    (tun.GRE_SEQUENCE, "sequence number", decimal),
)


def list_headers(dissection: Dissection) -> tuple[PacketHeader, ...]:
    """Cut all headers out of a packet, in order of their offsets."""
    levels = [dissection.outer, *([dissection.inner] if dissection.inner else [])]
    return tuple(header for level in levels for header in _of_level(dissection.packet, level))


def _of_level(packet: Packet, level: Level) -> Iterator[PacketHeader]:
    """Cut out the headers of one packet: link layer, IP, what IP carries, and a tunnel's own."""
    for before, step in zip((None, *level.links), level.links, strict=False):
        yield from _link_headers(packet, step, before)
    if level.ip:
        name, forms = _FORMS[level.ip.layer]
        # A header length below 20 is wrong, or QEMU does not look at it.
        yield cut(packet, name, level.ip, forms, length=max(level.ip.length, level.ip.needed))
    for step in level.extensions:
        yield cut_extension(packet, step, level)
    if level.transport:
        yield from _transport_headers(packet, level, level.transport)
    if level.tunnel:
        yield from _tunnel_headers(packet, level.tunnel)


def _link_headers(packet: Packet, step: TraceStep, before: TraceStep | None) -> Iterator[PacketHeader]:
    """Cut out a link layer header, and the VLAN tag after it that the device does not step over."""
    if before and step.layer == Layer.VLAN_TAG:
        yield cut(packet, names.tag_name(before.value), step, _TAG_FORMS)
    elif step.layer == Layer.LINUX_COOKED:
        name, length, forms = _COOKED[packet.link_type]
        yield cut(packet, name, step, forms, offset=0, length=length)
    elif step.layer in _FORMS:
        yield cut(packet, _FORMS[step.layer][0], step, _FORMS[step.layer][1])
    if step.reason == StopReason.TAG_NOT_SKIPPED:
        yield cut(packet, names.tag_name(step.value), step, _TAG_FORMS, offset=step.end, length=eth.VLAN_TAG_LEN)


def _transport_headers(packet: Packet, level: Level, step: TraceStep) -> Iterator[PacketHeader]:
    """Cut out what an IP header carries, where any of it is in the packet; a tunnel without UDP has its own headers."""
    if not packet.fits(step.offset, 1):
        return
    if step.value == ip.TCP:
        yield cut(packet, "TCP", step, [*_PORTS, ("flags", 13, 1, lambda data: names.tcp_flags(data[0]))])
    elif step.value == ip.UDP:
        yield cut(packet, "UDP", step, [*_PORTS, ("length", 4, 2, decimal)])
    elif not level.tunnel:
        yield cut(packet, names.protocol_name(step.value), step, length=packet.length - step.offset)


def _tunnel_headers(packet: Packet, step: TraceStep) -> Iterator[PacketHeader]:
    """Cut out a tunnel header, where the packet has room for what is always there."""
    if step.layer == Layer.IPIP or (step.reason == StopReason.PACKET_END and step.length == step.needed):
        return
    is_read = step.reason != StopReason.CAPTURED_END
    if step.layer == Layer.GRE:
        yield cut(packet, "GRE", step, _gre_forms(packet.number(step.offset, 2)) if is_read else ())
    elif step.layer == Layer.GENEVE:
        yield cut(packet, "GENEVE", step, _GENEVE_FORMS, length=tun.GENEVE_LEN)
        if step.length > tun.GENEVE_LEN and step.reason != StopReason.WRONG_VERSION:
            yield _geneve_options(packet, step)
    else:
        yield cut(packet, _FORMS[step.layer][0], step, _FORMS[step.layer][1])


_GENEVE_FORMS: list[FieldForm] = [
    ("version, options", 0, 1, lambda data: f"{data[0] >> 6}, {4 * (data[0] & 63)} bytes of options"),
    ("protocol", tun.GENEVE_PROTOCOL_OFFSET, 2, names.ethertype_field),
    _VNI,
]


def _geneve_options(packet: Packet, step: TraceStep) -> PacketHeader:
    """List the options of a GENEVE header (RFC 8926 section 3.5)."""
    forms: list[FieldForm] = []
    start, length = step.offset + tun.GENEVE_LEN, step.length - tun.GENEVE_LEN
    at = 0
    while at + 4 <= length and packet.has(start + at, 4):
        option_class, option_type = packet.number(start + at, 2), packet.data[start + at + 2]
        option_len = 4 + 4 * (packet.data[start + at + 3] & 31)
        name = f"0x{option_class:04x} 0x{option_type:02x}"
        forms.append((name, at, min(option_len, length - at), names.geneve_option))
        at += option_len
    return cut(packet, "GENEVE options", step, forms, offset=start, length=length)


def _gre_forms(flags: int) -> list[FieldForm]:
    forms: list[FieldForm] = [
        ("flags, version", 0, 2, names.gre_flags),
        ("protocol type", 2, 2, names.ethertype_field),
    ]
    at = tun.GRE_LEN
    for bit, name, show in _GRE_OPTIONS:
        if flags & bit:
            forms.append((name, at, 2 if bit == tun.GRE_CHECKSUM else 4, show))
            at += 4
    return forms
