"""Link layer headers: what they announce, and where it starts."""

from dataclasses import dataclass

from pcaphash.kernels.link import CUT, NOT_IP, OTHER_LINK_TYPE
from pcaphash.standards import ethernet as eth
from pcaphash.standards.link_types import OTHER_LINK_TYPE_NAMES
from pcaphash.studies.explain import names
from pcaphash.studies.explain.packet import Packet, Trouble, agree, decimal, hexadecimal, mac_address
from pcaphash.studies.explain.result import Header

LINK_TYPES = "registry of link-layer header types for pcap and pcapng"
ETHERNET = "IEEE 802.3"
TAGS = "IEEE 802.1Q"

IPV4, IPV6, NEITHER = "IPv4", "IPv6", ""

_NETWORKS = {eth.ETHERTYPE_IPV4: IPV4, eth.ETHERTYPE_IPV6: IPV6}
_TAG_NAMES = {
    eth.ETHERTYPE_VLAN: "802.1Q tag",
    eth.ETHERTYPE_SERVICE_VLAN: "802.1ad tag",
    eth.ETHERTYPE_OLD_SERVICE_VLAN: "old QinQ tag",
}
_FAMILIES_IPV6 = (eth.FAMILY_IPV6_LINUX, eth.FAMILY_IPV6_BSD, eth.FAMILY_IPV6_FREEBSD, eth.FAMILY_IPV6_DARWIN)


@dataclass(frozen=True)
class Link:
    """What a link layer says.

    Parameters
    ----------
    headers : tuple of Header
        Its headers.
    network : str
        What it announces: ``IPv4``, ``IPv6``, or nothing of both.
    why, source : str
        How it does that, and where the rule stands.
    trouble : Trouble or None
        Why no IP header can follow.
    """

    headers: tuple[Header, ...]
    network: str
    why: str
    source: str
    trouble: Trouble | None = None


def read_link(packet: Packet, network_start: int, is_qemu: bool) -> Link:
    """Read the link layer of a packet up to where the kernels found what is behind it."""
    link_type = packet.link_type
    if link_type == eth.ETHERNET:
        return read_ethernet(packet, "outer", 0, network_start, is_qemu)
    if link_type in (eth.LINUX_SLL, eth.LINUX_SLL2):
        return _read_cooked(packet, network_start)
    if link_type in (eth.NULL, eth.LOOP):
        return _read_family(packet, network_start)
    agree("the link layer", 0, network_start)
    if link_type not in eth.LINK_TYPE_NAMES:
        why = f"{link_type_text(link_type)} is not a link type that is dissected"
        return _without_ip((), Trouble(OTHER_LINK_TYPE, why, LINK_TYPES))
    return _read_version(packet)


def link_type_text(link_type: int) -> str:
    """Name a link type."""
    name = eth.LINK_TYPE_NAMES.get(link_type) or OTHER_LINK_TYPE_NAMES.get(link_type)
    return f"link type {link_type} ({name})" if name else f"link type {link_type}"


def read_ethernet(packet: Packet, part: str, start: int, network_start: int, is_qemu: bool = False) -> Link:
    """Read an Ethernet header and the VLAN tags behind it, up to where the kernels found what is behind them."""
    header = packet.header(
        "Ethernet",
        part,
        start,
        eth.ETHERNET_LEN,
        [
            ("destination", 0, 6, mac_address),
            ("source", 6, 6, mac_address),
            ("EtherType", eth.ETHERNET_TYPE_OFFSET, 2, _show_ethertype),
        ],
    )
    trouble = missing(packet, f"the {part} Ethernet header", start, eth.ETHERNET_LEN, ETHERNET)
    if trouble:
        agree("an Ethernet header", start, network_start)
        return _without_ip((header,), trouble)
    type_offset, payload = start + eth.ETHERNET_TYPE_OFFSET, start + eth.ETHERNET_LEN
    return _read_tags(packet, (header,), part, type_offset, payload, network_start, is_qemu)


def missing(packet: Packet, what: str, offset: int, length: int, source: str) -> Trouble | None:
    """Say what is wrong with bytes that are needed: nothing, they are not in the packet, or not in the capture."""
    if not packet.fits(offset, length):
        left = max(packet.length - offset, 0)
        why = f"{what} would need {length} bytes from byte {offset}, but the packet has {left} left"
        return Trouble(NOT_IP, why, source)
    if not packet.has(offset, length):
        why = f"{packet.cut}; {what} is at bytes {offset} to {offset + length - 1}"
        return Trouble(CUT, why, source)
    return None


def _read_tags(
    packet: Packet,
    headers: tuple[Header, ...],
    part: str,
    type_offset: int,
    offset: int,
    network_start: int,
    is_qemu: bool = False,
) -> Link:
    """Read VLAN tags, then name what the last EtherType announces."""
    ethertype = packet.number(type_offset, 2)
    # Where a tag is not there to be read, the kernel that reads as QEMU stays in front of all headers.
    is_stuck = network_start < offset
    while ethertype in _TAG_NAMES and (packet.has(offset, eth.VLAN_TAG_LEN) if is_stuck else offset < network_start):
        headers += (_tag(packet, part, offset, ethertype),)
        type_offset = offset + 2
        ethertype = packet.number(type_offset, 2)
        offset += eth.VLAN_TAG_LEN
    if is_stuck:
        agree("a VLAN tag that cannot be read", True, ethertype in _TAG_NAMES)
    else:
        agree("VLAN tags", offset, network_start)
    shown = f"the EtherType at byte {type_offset} is {names.ethertype(ethertype)}"
    if ethertype in _TAG_NAMES:
        headers += (_tag(packet, part, offset, ethertype),)
        if is_qemu and not is_stuck:
            return _without_ip(headers, Trouble(NOT_IP, f"{shown}: a tag that QEMU does not step over", "QEMU 7.2"))
        trouble = missing(packet, f"a VLAN tag of the {part} header", offset, eth.VLAN_TAG_LEN, TAGS)
        assert trouble is not None
        return _without_ip(headers, trouble)
    network = _NETWORKS.get(ethertype, NEITHER)
    source = TAGS if len(headers) > 1 else ETHERNET
    trouble = None if network else Trouble(NOT_IP, f"{shown}: not IP", source)
    return Link(headers, network, shown, source, trouble)


def _tag(packet: Packet, part: str, offset: int, ethertype: int) -> Header:
    forms = [("VLAN", 0, 2, _show_vlan), ("EtherType", 2, 2, _show_ethertype)]
    return packet.header(_TAG_NAMES[ethertype], part, offset, eth.VLAN_TAG_LEN, forms)


def _read_cooked(packet: Packet, network_start: int) -> Link:
    """Read a Linux cooked header of either version; its protocol alone is needed."""
    is_first = packet.link_type == eth.LINUX_SLL
    length = eth.SLL_LEN if is_first else eth.SLL2_LEN
    type_offset = eth.SLL_TYPE_OFFSET if is_first else eth.SLL2_TYPE_OFFSET
    protocol = ("protocol", type_offset, 2, _show_ethertype)
    if is_first:
        forms = [("packet type", 0, 2, _show_packet_type), ("source", 6, 6, mac_address), protocol]
    else:
        forms = [
            protocol,
            ("interface", 4, 4, decimal),
            ("packet type", eth.SLL2_PACKET_TYPE_OFFSET, 1, _show_packet_type),
            ("source", 12, 6, mac_address),
        ]
    name = "Linux cooked" if is_first else "Linux cooked, version 2"
    header = packet.header(name, "outer", 0, length, forms)
    trouble = missing(packet, "the protocol of the Linux cooked header", type_offset, 2, LINK_TYPES)
    if trouble:
        agree("a Linux cooked header", 0, network_start)
        return _without_ip((header,), trouble)
    return _read_tags(packet, (header,), "outer", type_offset, length, network_start)


def _read_family(packet: Packet, network_start: int) -> Link:
    """Read a loopback header: an address family in the capturing host's byte order."""
    header = packet.header("loopback", "outer", 0, eth.NULL_LEN, [("address family", 0, 4, hexadecimal)])
    trouble = missing(packet, "the loopback header", 0, eth.NULL_LEN, LINK_TYPES)
    if trouble:
        agree("a loopback header", 0, network_start)
        return _without_ip((header,), trouble)
    agree("a loopback header", eth.NULL_LEN, network_start)
    families = [
        int.from_bytes(packet.data[: eth.NULL_LEN], "big"),
        int.from_bytes(packet.data[: eth.NULL_LEN], "little"),
    ]
    for family in families:
        if family == eth.FAMILY_IPV4 or family in _FAMILIES_IPV6:
            network = IPV4 if family == eth.FAMILY_IPV4 else IPV6
            return Link((header,), network, f"address family {family} is {network}", LINK_TYPES)
    why = f"address family {min(families)} is neither 2 (IPv4) nor 10, 24, 28 or 30 (IPv6)"
    return _without_ip((header,), Trouble(NOT_IP, why, LINK_TYPES))


def _read_version(packet: Packet) -> Link:
    """Let the version nibble decide where there is no link layer header."""
    trouble = missing(packet, "the IP version", 0, 1, LINK_TYPES)
    if trouble:
        return _without_ip((), trouble)
    version = packet.data[0] >> 4
    why = f"{link_type_text(packet.link_type)} begins with IP, and the version in byte 0 is {version}"
    if version not in (4, 6):
        return _without_ip((), Trouble(NOT_IP, f"{why}: neither 4 nor 6", LINK_TYPES))
    return Link((), IPV4 if version == 4 else IPV6, why, LINK_TYPES)


def _without_ip(headers: tuple[Header, ...], trouble: Trouble) -> Link:
    return Link(headers, NEITHER, trouble.why, trouble.source, trouble)


def _show_ethertype(data: bytes) -> str:
    return names.ethertype(int.from_bytes(data, "big"))


def _show_packet_type(data: bytes) -> str:
    return names.packet_type(int.from_bytes(data, "big"))


def _show_vlan(data: bytes) -> str:
    tag = int.from_bytes(data, "big")
    return f"{tag & 0xFFF}, priority {tag >> 13}"
